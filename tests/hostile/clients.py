"""Clients that are hostile in ways that neither tests/conformance nor tests/system tries: slow, many, huge, half gone."""
import os
import socket
import struct
import threading
import time

import world
from stage import Watch, agent, case, hear, lives, patience, ready, sensitive, stage, status, wire_to
from suite import absent, equal
from wire import Closed, Refused, Wire, bind, describe, execute, message, parse, query, string, sync, terminate

login_timeout = 4                  # as stage.py configures it


def over_within(a, seconds):
    """The proxy ends this connection without being spoken to."""
    a.settimeout(seconds)
    try:
        while a.recv(4096):
            pass
        return True
    except ConnectionError:
        return True
    except (TimeoutError, socket.timeout):
        return False


@case("half a login, then silence or a byte now and then: the end comes at a fixed time")
def _():
    with Watch():
        packet = wire_to().startup_packet("reader", "shop", {})
        began = time.monotonic()
        stop, slow = threading.Event(), []

        def drip(a, data):
            for byte in data:
                try:
                    a.sendall(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.3):
                    return
        for half in (b"", packet[:3], packet[:9], packet[:-1], packet):
            a = wire_to().socket
            a.sendall(half)
            slow.append(a)
        for data in (packet[:4] + packet[4:].ljust(60, b"x"), struct.pack(">ii", 8, 80877103)[:7] + b"\x2f" * 60):
            a = wire_to().socket
            threading.Thread(target=drip, args=(a, data), daemon=True).start()
            slow.append(a)
        for a in slow:
            assert over_within(a, login_timeout + 2 - (time.monotonic() - began)), "it waits on"
        stop.set()
        for a in slow:
            a.close()


@case("five hundred connections that come and go in the middle of a login cost nothing")
def _():
    packet = wire_to().startup_packet("reader", "shop", {})
    with Watch():
        for _ in range(5):
            many = [wire_to().socket for _ in range(100)]
            for i, a in enumerate(many):
                a.sendall((b"", packet[:5], packet, struct.pack(">ii", 8, 80877103), b"\x16\x03\x01\x02\x00\x01", os.urandom(200))[i % 6])
            for a in many:
                a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                a.close()
            lives()


@case("TLS: garbage instead of a handshake, in the middle of it and after it, never reaches anybody")
def _():
    with Watch():
        for garbage in (bytes(100), os.urandom(5000), b"\x16\x03\x01\xff\xff" + bytes(70000), b"\x15\x03\x03\0\2\1\0", b"\x17\x03\x03\0\x20" + bytes(32)):
            a = wire_to().socket
            a.sendall(struct.pack(">ii", 8, 80877103))
            equal(a.recv(1), b"S")
            try:
                a.sendall(garbage)
                a.shutdown(socket.SHUT_WR)
            except OSError:
                pass                      # it was ended before all was sent
            assert over_within(a, 5)
            a.close()
        tls = stage.proxy.agent("reader", "shop", tls=True)
        raw = socket.socket(fileno=os.dup(tls.socket.fileno()))
        raw.sendall(b"\x17\x03\x03\0\x20" + bytes(32))
        assert over_within(raw, 5)


@case("a cancel flood with wrong keys reaches no server and cancels nothing")
def _():
    with Watch():
        victim = ready()
        known = len(stage.man.sessions)
        for i in range(1000):
            with wire_to().socket as a:
                a.sendall(struct.pack(">iii", 16, 80877102, victim.key[0]) + os.urandom(4))
        for key in (b"", os.urandom(3), os.urandom(257), os.urandom(9000)):
            with wire_to().socket as a:
                a.sendall(struct.pack(">iii", 12 + len(key), 80877102, victim.key[0]) + key)
                assert over_within(a, 5)
        equal(victim.query("SELECT 7").value, "7")
        equal(len(stage.man.sessions), known)
        victim.close()


@case("user, database and options twice: who is checked is who gets in")
def _():
    def packet(*pairs):
        body = struct.pack(">i", 196608) + b"".join(string(k) + string(v) for k, v in pairs) + b"\0"
        return struct.pack(">i", len(body) + 4) + body
    for pairs, user, password, database in (
            ([("user", "reader"), ("user", "copilot"), ("database", "shop")], "copilot", "copilot", "shop"),
            ([("user", "copilot"), ("user", "reader"), ("database", "shop")], "reader", "reader", "shop"),
            ([("user", "reader"), ("database", "nowhere"), ("database", "shop")], "reader", "reader", "shop"),
            ([("user", "reader"), ("database", "shop"), ("database", "nowhere")], "reader", "reader", None)):
        a = wire_to()
        a.startup_packet = lambda *_, pairs=pairs: packet(*pairs)
        try:
            a.login(user, world.agents[password], database, {})
            assert database, f"{pairs} got in"
            equal(a.query("SHOW pgveil.whoami").rows[0][0], user)
            equal(a.query("SELECT current_database()").value, "shop")
        except Refused as no:
            assert database is None and no.sqlstate == "3D000", no.fields
        a.socket.close()


@case("a thousand protocol options, and a startup packet full of settings")
def _():
    with Watch():
        a = wire_to()
        a.send(a.startup_packet("reader", "shop", {f"_pq_.x{i}": "1" for i in range(700)}))
        got = a.until("R")
        equal(got.kinds, "vR")
        a.socket.close()
        for more in ({f"pgveil.x{i}": "1" for i in range(500)}, {"options": "-c a=b " * 1000}, {"options": "-c " * 3000}, {"application_name": "x" * 9000}, {"options": "-c search_path=" + "\\ " * 4000}):
            try:
                stage.proxy.agent("reader", "honest", startup=more).close()
            except (Refused, Closed):
                pass


@case("a message that is promised to be 1 GiB and dripped: memory by what came, and it can be left")
def _():
    for kind in "QPBF":
        with Watch():
            a = ready()
            a.send(kind.encode() + struct.pack(">I", 0x3ffffffe), b"SELECT '" + b"x" * 100_000)
            lives()
            a.socket.close()
            assert a.session.over.wait(patience), "its server connection stays"


@case("a reset between header and body, in a query, in a batch, in COPY, and while rows are on their way")
def _():
    with Watch():
        for parts in ([b"Q\0\0\1\0SEL"], [parse(sensitive), bind()[:7]], [parse(sensitive), bind(), execute()], [query("SELECT repeat('x', 1000) FROM generate_series(1, 100000)")], [query("BEGIN"), query("SELECT pg_sleep(30)")]):
            a = ready()
            a.send(*parts)
            a.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            a.socket.close()
            assert a.session.over.wait(patience), f"{parts[0][:20]}: its server connection stays"


@case("nothing behind Terminate is read")
def _():
    a = ready("copilot")
    a.send(terminate, query("SELECT 1"), query("SELECT 2"))
    equal(hear(a).kinds, "")
    assert a.session.over.wait(patience)
    absent(a.session.said, b"SELECT 2")


@case("sixty-five thousand parameters; a list of two hundred thousand; ten thousand parentheses: an answer, and the others do not notice")
def _():
    a = ready()
    count = 65535
    a.send(message("P", string("") + string("SELECT 1") + struct.pack(">H", count) + struct.pack(">I", 23) * count), sync)
    hear(a)
    a.send(parse("SELECT 1"), message("B", b"\0\0" + struct.pack(">H", 0) + struct.pack(">H", count) + b"\xff\xff\xff\xff" * count + b"\0\0"), sync)
    equal(hear(a).sqlstate, "08P01")
    lives()
    a.close()
    for text in ("SELECT " + "(" * 10_000 + "1" + ")" * 10_000, "SELECT " + "-" * 2 + "x" * 500_000 + "\n1", "SELECT 1 WHERE 1 IN (" + "1," * 200_000 + "1)", "SELECT " + "NOT " * 20_000 + "true",
                 "SELECT 1" + " UNION ALL SELECT 1" * 20_000, "SELECT '" + "\\" * 100_000 + "'", "SELECT $$" + "$" * 100_000, "/*" * 50_000, "SELECT " + "+".join(["1"] * 30_000), ";" * 100_000):
        a = ready()
        a.socket.settimeout(20)
        a.send(query(text))
        try:
            answers = hear(a)
        except AssertionError as no:
            raise AssertionError(f"{text[:30]}: {no}") from None
        assert answers.kinds[-1:] == "Z" or answers.sqlstate, f"{text[:30]}: {answers.kinds[-5:]}"
        lives()
        a.close()


@case("names without end: ten thousand statements and portals, each a kilobyte long")
def _():
    a = ready()
    before = status("VmRSS")
    for i in range(20):
        a.send(b"".join(parse("SELECT 1", f"{i}-{j}-" + "n" * 1000) for j in range(100)), sync)
        hear(a)
    a.send(b"".join(describe("S", "m" * 9000) + sync for _ in range(100)))
    hear(a, 100)
    grown = status("VmRSS") - before
    assert grown < 64 << 10, f"{grown} KiB"
    a.close()


@case("a client that sends and never reads: memory stays, and the others do not notice")
def _():
    with Watch():
        a = ready()
        a.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        a.socket.settimeout(1)
        try:
            for _ in range(20_000):
                a.send(query("SELECT repeat('x', 10000)") * 10)
        except (TimeoutError, socket.timeout):
            pass
        lives()
        a.socket.close()
        assert a.session.over.wait(patience)


@case("random bytes after the login, a thousand times: the end or an error, for this client alone")
def _():
    import random
    chance = random.Random(2026)
    with Watch():
        for i in range(150):
            a = stage.proxy.agent("reader", "honest")
            data = bytes(chance.choice(b"QPBDECHSFdcfpX\0\xff") for _ in range(chance.randrange(1, 40))) if i % 2 else chance.randbytes(chance.randrange(1, 300))
            try:
                a.send(chance.choice((b"", parse("SELECT 1"), query("BEGIN"), sync)), data)
                a.socket.shutdown(socket.SHUT_WR)
                a.socket.settimeout(patience)
                while a.read():
                    pass
            except (Closed, OSError):
                pass
            a.socket.close()
