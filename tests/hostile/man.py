"""The man in the middle: where pgveil believes its server to be. Relays to a real one until a script takes over.

A script is a function of (session, kind, body), called for each message of the server from the moment it is set; what it
returns goes to pgveil in place of that message. `kind` is empty once, before the server is connected: a script that then
sets `alone` is the server itself. Scripts of logins wait under the application_name that the agent gives.
"""
import select
import socket
import ssl
import struct
import threading

from wire import message

ssl_request, cancel_request = 80877103, 80877102


class Gone(Exception):
    """The other side of a connection is not there any more, or the session is over."""


class Session:
    def __init__(self, man, client):
        self.man, self.client, self.server = man, client, None
        self.script, self.alone, self.name, self.startup = None, False, None, {}
        self.heard, self.over, self.secured = [], threading.Event(), False
        self.released = threading.Event()      # for scripts that wait until the test has seen enough

    # for scripts and tests

    def send(self, data):
        try:
            self.client.sendall(data)
        except (OSError, ValueError):
            raise Gone from None

    def quit(self, data=b""):
        self.send(data)
        raise Gone

    def reset(self, data=b""):
        self.send(data)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def half_close(self, data=b""):
        """Sends no more, reads on until the other side is gone."""
        self.send(data)
        self.client.shutdown(socket.SHUT_WR)
        self.listen()

    def listen(self):
        """Never answers: reads what pgveil says until it goes."""
        while self.read():
            pass
        raise Gone

    def quiet(self, data=b""):
        self.send(data)
        self.listen()

    def flood(self, data, most=1 << 30):
        """Sends until pgveil has had enough of it, or `most` bytes are gone."""
        for _ in range(most // len(data)):
            self.send(data)

    def read(self, size=1 << 16):
        try:
            data = self.client.recv(size)
        except (OSError, ValueError):
            return b""
        self.heard.append(data)
        return data

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.read(size - len(data))
            if not more:
                raise Gone
            data += more
        return data

    def wait_message(self):
        """The next message of pgveil's, for scripts that are the server."""
        head = self.exactly(5)
        return head[:1].decode(), self.exactly(struct.unpack(">i", head[1:])[0] - 4)

    @property
    def said(self):
        return b"".join(self.heard)

    # how it runs

    def run(self):
        try:
            if self.begin():
                self.relay()
        except Gone:
            pass
        finally:
            for end in (self.client, self.server):
                if end is not None:
                    end.close()
            self.over.set()

    def begin(self):
        size, code = struct.unpack(">ii", self.exactly(8))
        if code == ssl_request:
            self.man.answer_ssl(self)
            size, code = struct.unpack(">ii", self.exactly(8))
        rest = self.exactly(size - 8)
        self.server = socket.create_connection(("127.0.0.1", self.man.target))
        self.server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        packet = struct.pack(">ii", size, code) + rest
        if code == cancel_request:
            self.server.sendall(packet)
            return False
        words = rest.split(b"\0")
        self.startup = {k.decode(): v.decode() for k, v in zip(words[::2], words[1::2]) if k}
        self.name = self.startup.get("application_name", "").rpartition("/")[2]
        self.script = self.man.scripts.pop(self.name, None)
        self.man.sessions[self.name] = self
        self.heard.clear()
        if self.script:
            self.send(self.script(self, "", b"") or b"")
        if not self.alone:
            self.server.sendall(packet)
        return not self.alone

    def relay(self):
        buffer = bytearray()
        while True:
            waiting = self.secured and self.client.pending()
            ready = [self.client] if waiting else select.select([self.client, self.server], [], [])[0]
            if self.client in ready:
                data = self.read()
                if not data:
                    return
                self.server.sendall(data)
            if self.server not in ready:
                continue
            data = self.server.recv(1 << 16)
            if not data:
                return
            buffer += data
            del buffer[:self.pass_on(buffer)]

    def pass_on(self, buffer):
        """Deals with the whole messages in it; gives the number of bytes that these are."""
        at, out = 0, []
        while len(buffer) - at >= 5:
            end = at + 1 + struct.unpack_from(">i", buffer, at + 1)[0]
            if end > len(buffer):
                break
            whole = bytes(buffer[at:end])
            at = end
            if self.script is None:
                out.append(whole)
                continue
            self.send(b"".join(out))
            out = []
            made = self.script(self, chr(whole[0]), whole[5:])
            self.send(whole if made is None else made)
        self.send(b"".join(out))
        return at


class Man:
    def __init__(self, target, certificate=None):
        self.target, self.certificate = target, certificate
        self.scripts, self.sessions = {}, {}
        self.on_ssl = None                     # a function of the session, in place of an honest answer
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=Session(self, client).run, daemon=True).start()

    def answer_ssl(self, session):
        if self.on_ssl:
            return self.on_ssl(session)
        if not self.certificate:
            return session.send(b"N")
        session.send(b"S")
        self.secure(session)

    def secure(self, session):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        try:
            session.client = context.wrap_socket(session.client, server_side=True)
        except (OSError, ssl.SSLError):
            raise Gone from None
        session.secured = True

    def close(self):
        self.listener.close()


# Scripts

def at(kind, made, nth=1):
    """In place of the nth message of this kind: `made`, or what it gives when called with (session, whole message)."""
    left = nth

    def script(session, seen, body):
        nonlocal left
        if seen != kind:
            return None
        left -= 1
        if left:
            return None
        whole = message(seen, body)
        return made(session, whole) if callable(made) else made
    return script


def after(kind, more, nth=1):
    return at(kind, lambda _, whole: whole + more, nth)


def before(kind, more, nth=1):
    return at(kind, lambda _, whole: more + whole, nth)


def header(kind, length, rest=b""):
    """A message that declares what it likes."""
    return kind.encode() + struct.pack(">I", length & 0xFFFFFFFF) + rest
