"""Plays a dialogue on one side and gives the trace. A side is PostgreSQL itself or pgveil in some mode, with a role."""
import random
import select
import socket
import struct
import time

import wire
from language import encode, words_of
from traces import kinds_of, line_of, settled

marker = b"the end of this dialogue"
patience = 12     # seconds without a byte where one is due


class Side:
    def __init__(self, name, connect, user, password, database):
        self.name, self.connect, self.user, self.password, self.database = name, connect, user, password, database


class Segments:
    """How the bytes of one play are cut: whole, each byte alone, or at random."""

    def __init__(self, how, seed=0):
        self.how, self.random = how, random.Random(seed)

    def cut(self, data):
        if self.how == "whole" or len(data) > 20_000:
            return [data]
        if self.how == "bytes":
            return [data[i:i + 1] for i in range(len(data))]
        cuts = sorted(self.random.sample(range(len(data) + 1), min(len(data), self.random.randint(1, 6))))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)]) if a < b]


class Play:
    def __init__(self, dialogue, side, segments):
        self.dialogue, self.side, self.segments = dialogue, side, segments
        self.seen, self.out, self.closed, self.hung = [], b"", False, False

    def run(self):
        raw = "raw" in self.dialogue.flags
        self.wire = self.side.connect(login=not raw)
        self.wire.socket.settimeout(patience)
        try:
            for line in self.dialogue.lines:
                self.step(line)
            self.finish(raw)
        except (wire.Closed, BrokenPipeError, ConnectionResetError):
            self.rest()
        except (TimeoutError, socket.timeout):
            self.hung = True
        finally:
            self.wire.socket.close()
        return self

    def step(self, line):
        data = encode(line, self.side.user.encode())
        if data is not None:
            self.out += data
            return
        self.flush()
        verb, *rest = words_of(line)
        match verb:
            case b"?":
                for kind in rest[0].decode():
                    self.until(kind)
            case b"byte": self.seen.append(wire.Message("byte", self.wire.socket.recv(1)))
            case b"gap": self.read_what_is_there()
            case b"pause": time.sleep(float(rest[0]))
            case b"eof":
                self.wire.socket.shutdown(socket.SHUT_WR)
                self.rest()
            case b"tls": self.start_tls()
            case b"login": self.login(dict(w.decode().split("=", 1) for w in rest))

    def flush(self):
        data, self.out = self.out, b""
        for part in self.segments.cut(data):
            self.wire.socket.sendall(part)
            if self.segments.how == "random":
                time.sleep(0.0005)

    def until(self, kind):
        while True:
            self.seen.append(self.wire.read())
            if self.seen[-1].kind == kind:
                return

    def read_what_is_there(self):
        while select.select([self.wire.socket], [], [], 0.003)[0]:
            self.wire.more()
        while len(self.wire.buffer) >= 5 and len(self.wire.buffer) > struct.unpack_from(">i", self.wire.buffer, 1)[0]:
            self.seen.append(self.wire.read())

    def start_tls(self):
        self.wire.socket.sendall(struct.pack(">ii", 8, 80877103))
        answer = self.wire.socket.recv(1)
        self.seen.append(wire.Message("tls", answer))
        if answer == b"S":
            import ssl
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.wire.socket = context.wrap_socket(self.wire.socket)

    def login(self, more):
        version = int(more.pop("version", "196608"), 0)
        pairs = {"user": self.side.user, "database": self.side.database, **more}
        self.out += self.wire.startup_packet(pairs.pop("user"), pairs.pop("database"), pairs, version)
        self.flush()
        scram = wire.Scram(self.side.user, self.side.password)
        while True:
            self.seen.append(self.wire.read())
            got = self.seen[-1]
            if got.kind == "Z":
                return
            if got.kind == "R":
                code = struct.unpack_from(">i", got.body)[0]
                if code == 10:
                    first = scram.first()
                    self.out += wire.message("p", wire.string("SCRAM-SHA-256") + struct.pack(">i", len(first)) + first)
                elif code == 11:
                    self.out += wire.message("p", scram.final(got.body[4:]))
                self.flush()

    def finish(self, raw):
        """Whatever came before: after a Sync both sides must answer the same question."""
        if self.closed:
            return
        if raw and not any(m.kind == "Z" for m in self.seen):
            self.flush()
            return self.rest()
        self.out += wire.sync + wire.query(b"ROLLBACK; SELECT '" + marker + b"'")
        self.flush()
        while True:
            self.until("D")
            if marker in self.seen[-1].body:
                break
        self.until("Z")

    def rest(self):
        """All that is still to come until the end of the connection."""
        try:
            while True:
                self.seen.append(self.wire.read())
        except (wire.Closed, OSError) as end:
            if isinstance(end, TimeoutError):
                self.hung = True
            self.closed = True
            if self.wire.buffer:
                self.seen.append(wire.Message("bytes", bytes(self.wire.buffer)))

    def trace(self):
        lines = settled([line_of(m, self.side.user) for m in self.seen])
        return lines + (["HANG"] if self.hung else ["closed"] if self.closed else [])

    def short(self):
        kept = [m for m in self.seen if m.kind not in "SN"]
        if not self.closed and not self.hung:     # without the marker's own CTDCZ
            kept = kept[:-5]
        return kinds_of(kept, self.closed) + (" HANG" if self.hung else "")
