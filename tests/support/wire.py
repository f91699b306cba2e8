"""A PostgreSQL protocol 3.0 client down to the byte, for tests: sends any message, keeps what it received.

Not a driver: no pooling, no types. Every byte the server sent after TLS is in `received`, so a test can ask
whether a value was ever on the wire. Messages are `Message(type, body)`; errors are never raised, only returned.
"""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct
import time


class Message:
    def __init__(self, kind, body):
        self.kind, self.body = kind, body

    @property
    def fields(self):
        """ErrorResponse and NoticeResponse: the manual's one-letter fields."""
        parts = self.body.split(b"\0")
        return {p[:1].decode(): p[1:].decode(errors="replace") for p in parts if p}

    @property
    def columns(self):
        """RowDescription: dicts of name, table, attnum, type, format."""
        count, at, found = struct.unpack_from(">h", self.body)[0], 2, []
        for _ in range(count):
            end = self.body.index(b"\0", at)
            table, attnum, oid, size, modifier, form = struct.unpack_from(">ihihih", self.body, end + 1)
            found.append({"name": self.body[at:end].decode(), "table": table, "attnum": attnum, "type": oid, "format": form})
            at = end + 19
        return found

    @property
    def cells(self):
        """DataRow: bytes or None for each column."""
        count, at, found = struct.unpack_from(">h", self.body)[0], 2, []
        for _ in range(count):
            size = struct.unpack_from(">i", self.body, at)[0]
            at += 4
            found.append(None if size < 0 else self.body[at:at + size])
            at += max(size, 0)
        return found

    @property
    def text(self):
        return self.body.rstrip(b"\0").decode(errors="replace")

    def __repr__(self):
        return f"{self.kind}{self.fields if self.kind in 'EN' else self.body[:120]}"


class Answer(list):
    """The messages up to ReadyForQuery, or up to where the connection ended."""

    def of(self, kind):
        return [m for m in self if m.kind == kind]

    @property
    def kinds(self):
        return "".join(m.kind for m in self)

    @property
    def rows(self):
        return [[None if c is None else c.decode(errors="replace") for c in m.cells] for m in self.of("D")]

    @property
    def value(self):
        return self.rows[0][0]

    @property
    def error(self):
        found = self.of("E")
        return found[0].fields if found else None

    @property
    def sqlstate(self):
        return self.error["C"] if self.error else None

    @property
    def tag(self):
        found = self.of("C")
        return found[-1].text if found else None

    @property
    def names(self):
        return [c["name"] for c in self.of("T")[0].columns]

    @property
    def status(self):
        found = self.of("Z")
        return found[-1].body.decode() if found else None

    def ok(self):
        assert self.error is None, f"unexpected error: {self.error}"
        return self


class Closed(Exception):
    """The server ended the connection."""


class Refused(Exception):
    def __init__(self, fields):
        super().__init__(f"{fields.get('C')}: {fields.get('M')}")
        self.fields, self.sqlstate = fields, fields.get("C")


def string(text):
    return (text.encode() if isinstance(text, str) else text) + b"\0"


def message(kind, body=b""):
    return kind.encode() + struct.pack(">i", len(body) + 4) + body


def query(sql):
    return message("Q", string(sql))


def parse(sql, name="", types=()):
    return message("P", string(name) + string(sql) + struct.pack(f">h{len(types)}i", len(types), *types))


def bind(values=(), statement="", portal="", formats=(), results=()):
    body = string(portal) + string(statement) + struct.pack(f">h{len(formats)}h", len(formats), *formats) + struct.pack(">h", len(values))
    for value in values:
        raw = value.encode() if isinstance(value, str) else value
        body += struct.pack(">i", -1) if raw is None else struct.pack(">i", len(raw)) + raw
    return message("B", body + struct.pack(f">h{len(results)}h", len(results), *results))


def describe(kind="S", name=""):
    return message("D", kind.encode() + string(name))


def execute(portal="", limit=0):
    return message("E", string(portal) + struct.pack(">i", limit))


def close(kind="S", name=""):
    return message("C", kind.encode() + string(name))


sync, flush, terminate = message("S"), message("H"), message("X")


class Wire:
    def __init__(self, host, port, user=None, password=None, database=None, tls=False, timeout=20, startup=None, login=True):
        self.received, self.sent = bytearray(), bytearray()
        self.parameters, self.key, self.notices, self.buffer = {}, None, [], b""
        if str(host).startswith("/"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(f"{host}/.s.PGSQL.{port}")
        else:
            self.socket = socket.create_connection((host, port), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address, self.peer_certificate = (host, port), None
        if tls:
            self.start_tls()
        if login:
            self.login(user, password, database, startup or {})

    def start_tls(self):
        self.socket.sendall(struct.pack(">ii", 8, 80877103))
        answer = self.socket.recv(1)
        assert answer == b"S", f"TLS was not offered: {answer!r}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.peer_certificate = self.socket.getpeercert(True)

    def send(self, *parts):
        data = b"".join(parts)
        self.sent += data
        self.socket.sendall(data)

    def startup_packet(self, user, database, more, version=196608):
        pairs = {"user": user, "database": database, **more}
        body = struct.pack(">i", version) + b"".join(string(k) + string(v) for k, v in pairs.items() if v is not None) + b"\0"
        return struct.pack(">i", len(body) + 4) + body

    def login(self, user, password, database, more):
        self.send(self.startup_packet(user, database, more))
        scram = None
        while True:
            got = self.read()
            if got.kind == "E":
                raise Refused(got.fields)
            if got.kind == "R":
                code = struct.unpack_from(">i", got.body)[0]
                if code == 10:
                    self.mechanisms = got.body[4:].rstrip(b"\0").split(b"\0")
                    scram = Scram(user, password)
                    first = scram.first()
                    self.send(message("p", string("SCRAM-SHA-256") + struct.pack(">i", len(first)) + first))
                elif code == 11:
                    self.send(message("p", scram.final(got.body[4:])))
                elif code == 12:
                    scram.verify(got.body[4:])
                elif code == 3:
                    self.send(message("p", string(password or "")))
                elif code != 0:
                    raise Refused({"C": "?", "M": f"authentication request {code}"})
            elif got.kind == "Z":
                return

    def read(self):
        """One message. ParameterStatus, BackendKeyData and notices are also kept."""
        while len(self.buffer) < 5:
            self.more()
        size = struct.unpack_from(">i", self.buffer, 1)[0]
        while len(self.buffer) < size + 1:
            self.more()
        got = Message(chr(self.buffer[0]), self.buffer[5:size + 1])
        self.buffer = self.buffer[size + 1:]
        if got.kind == "S":
            name, value = got.body.split(b"\0")[:2]
            self.parameters[name.decode()] = value.decode()
        elif got.kind == "K":
            self.key = struct.unpack(">iI", got.body[:8]) if len(got.body) == 8 else (struct.unpack_from(">i", got.body)[0], got.body[4:])
        elif got.kind == "N":
            self.notices.append(got)
        return got

    def more(self):
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        if not data:
            raise Closed("the server ended the connection")
        self.received += data
        self.buffer += data

    def until(self, kinds="Z"):
        got = Answer()
        while True:
            try:
                got.append(self.read())
            except Closed:
                got.closed = True
                return got
            if got[-1].kind in kinds:
                return got

    def query(self, sql):
        self.send(query(sql))
        return self.until()

    def extended(self, sql, values=(), types=(), formats=(), results=(), name="", limit=0):
        self.send(parse(sql, name, types), bind(values, name, "", formats, results), describe("P"), execute("", limit), sync)
        return self.until()

    def cancel(self):
        """The CancelRequest for this connection, on a connection of its own."""
        pid, key = self.key
        with socket.create_connection(self.address, 10) as other:
            raw = struct.pack(">I", key) if isinstance(key, int) else key
            other.sendall(struct.pack(">iii", 12 + len(raw), 80877102, pid) + raw)
            other.recv(1)

    def close(self):
        try:
            self.send(terminate)
        except OSError:
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Scram:
    """RFC 5802 and 7677, client side, without channel binding."""

    def __init__(self, user, password):
        self.password = (password or "").encode()
        self.nonce = base64.b64encode(os.urandom(18)).decode()

    def first(self):
        self.bare = f"n=,r={self.nonce}"
        return f"n,,{self.bare}".encode()

    def final(self, server_first):
        parts = dict(p.split("=", 1) for p in server_first.decode().split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(parts["s"]), int(parts["i"]))
        client = hmac.digest(salted, b"Client Key", "sha256")
        without = f"c=biws,r={parts['r']}"
        signed = f"{self.bare},{server_first.decode()},{without}".encode()
        proof = bytes(a ^ b for a, b in zip(client, hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")))
        self.server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return f"{without},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, server_final):
        assert server_final.decode() == f"v={base64.b64encode(self.server_signature).decode()}", "the server does not know the verifier"


def verifier(password, iterations=4096):
    """What a config stores instead of a password."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *(base64.b64encode(b).decode() for b in (salt, stored, server)))


def wait_for(condition, seconds=10, what="condition"):
    """Polls until `condition()` is true; the only place where tests wait for time to pass."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)
