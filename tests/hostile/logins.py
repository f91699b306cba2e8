"""Servers that are hostile before there is a session: TLS, authentication, settings, the question for the role."""
import struct
import time

from man import at, before
from stage import Watch, agent, case, entered, lives, most_grown, no_canary, patience, stage, status
from suite import absent, equal
from wire import Closed, Refused, message, string
import world

trouble = ("08001", "08006")


def auth(code, rest=b""):
    return message("R", struct.pack(">i", code) + rest)


def alone(play):
    """A server without PostgreSQL behind it."""
    def script(session, kind, body):
        session.alone = True
        play(session)
    return script


def refused(script=None, codes=trouble, database="shop", user="reader"):
    """The login ends with an error of PostgreSQL's kind, soon, and costs the others nothing."""
    began = time.monotonic()
    with Watch():
        try:
            agent(user, script=script, database=database).close()
        except Refused as no:
            equal((no.fields["S"], no.sqlstate in codes), ("FATAL", True), str(no.fields))
            assert no.fields["M"] and stage.email not in str(no.fields) and "127.0.0.1" not in str(no.fields), no.fields
            assert time.monotonic() - began < patience, f"told after {time.monotonic() - began:.1f} s"
            return
    raise AssertionError("it got in")


def let_in(script, check=lambda a: None, database="shop"):
    with Watch():
        with agent(script=script, database=database) as a:
            check(a)
            equal(a.query("SELECT 7").value, "7")
            no_canary(a)


@case("a server that says nothing, closes, resets, or speaks HTTP instead of a login")
def _():
    for play in (lambda s: s.listen(), lambda s: s.quit(), lambda s: s.reset(), lambda s: s.quit(b"HTTP/1.1 400 Bad Request\r\n\r\n"), lambda s: s.quit(b"\0" * 100), lambda s: s.quit(b"R"),
                 lambda s: s.quit(b"R\0\0\0"), lambda s: s.quiet(auth(10, b"SCRAM-SHA-256\0")[:-3])):
        refused(alone(play))


@case("first messages with lengths that are lies, of every type a login has")
def _():
    for kind in b"REvKSZN":
        for length in (0, 3, 0x7fffffff, 0xffffffff, 0x80000000, 1 << 30, 100_000):
            refused(alone(lambda s: s.quit(bytes([kind]) + struct.pack(">I", length) + b"few")))


@case("the password asked for by another method, and nobody home behind it")
def _():
    for code, rest in ((2, b""), (5, b"salt"), (6, b""), (7, b""), (8, b"data"), (9, b""), (10, b"\0"), (10, b"PLAIN\0\0"), (10, b"SCRAM-SHA-256-PLUS\0\0"), (10, b"X" * 1800), (11, b"x"), (12, b"v=x"), (99, b"")):
        refused(alone(lambda s: s.quit(auth(code, rest))))


@case("authentication without end: each message once more, as often as time allows")
def _():
    for told in (auth(10, b"SCRAM-SHA-256\0\0"), auth(0), message("N", b"SNOTICE\0VNOTICE\0C00000\0Mx\0\0"), auth(0) + message("S", b"a\0b\0"), message("v", struct.pack(">ii", 196608, 0))):
        refused(alone(lambda s: s.flood(told * 1000)))


@case("SCRAM: a signature that is wrong, missing or an error; a nonce that is not ours; iterations nobody can count")
def _():
    for said in (b"v=" + b"A" * 43 + b"=", b"e=other-error", b"", b"v=", b"v=" + b"A" * 60_000, b"x=1"):
        refused(lambda _, kind, body, said=said: auth(12, said) if kind == "R" and body[:4] == b"\0\0\0\x0c" else None)
    for change in (lambda t: t.replace(b"r=", b"r=x"), lambda t: b"r=,s=,i=1", lambda t: t.replace(b"i=4096", b"i=0"), lambda t: t.replace(b"i=4096", b"i=-1"), lambda t: t.replace(b"i=4096", b"i=2147483648"),
                   lambda t: t.replace(b"i=4096", b"i=4096x"), lambda t: t.replace(b"s=", b"s=!"), lambda t: b"m=ext," + t, lambda t: t + b",x=" + b"y" * 50_000):
        refused(lambda _, kind, body, change=change: auth(11, change(body[4:])) if kind == "R" and body[:4] == b"\0\0\0\x0b" else None)


@case("SCRAM: AuthenticationOk before the server has shown that it knows the password")
def _():
    refused(lambda _, kind, body: auth(0) if kind == "R" and body[:4] == b"\0\0\0\x0c" else None)
    refused(alone(lambda s: (s.send(auth(10, b"SCRAM-SHA-256\0\0")), s.wait_message(), s.quit(auth(0) + message("Z", b"I")))))


@case("an error at login: its words are the operator's, whatever they hold")
def _():
    for code in ("28P01", "22023", "42704", "53300", "57P03", "XX000", "zz"):
        body = f"SFATAL\0VFATAL\0C{code}\0Mask {stage.email}\x07\n\0D{stage.email}\0\0".encode()
        refused(alone(lambda s: s.quit(message("E", body))), codes=(*trouble, "22023"))
    refused(alone(lambda s: s.quit(b"Eold: no such thing\n\0")))
    refused(alone(lambda s: s.quit(message("E", b"M" + b"x" * (20 << 20) + b"\0\0"))))
    absent(stage.proxy.stderr(), "\x07")


@case("settings of the login that cannot be lived with are refused")
def _():
    for name, value in (("server_encoding", "LATIN1"), ("client_encoding", "LATIN1"), ("client_encoding", "SQL_ASCII"), ("standard_conforming_strings", "off")):
        refused(before("Z", message("S", string(name) + string(value))), codes=(*trouble, "0A000"))


@case("settings of the login that only describe the server are given on; a hundred thousand of them cost nothing")
def _():
    for name, value in (("server_version", "99.9"), ("server_version", "x"), ("server_version", ""), ("in_hot_standby", "on"), ("is_superuser", "on"), ("nobody_knows", "x"), ("TimeZone", "Nowhere"), ("", "")):
        let_in(before("Z", message("S", string(name) + string(value))))
    let_in(before("Z", message("S", b"TimeZone\0UTC\0") * 100_000))


@case("keys of the login: none, two, of another length; and a protocol talked down")
def _():
    key = message("K", bytes(8))
    let_in(before("Z", key))
    for made in (message("K"), message("K", bytes(3)), message("K", bytes(300))):
        try:
            refused(at("K", made))
        except AssertionError as no:
            equal(str(no), "it got in")
    for body in (b"", struct.pack(">ii", 196608, 0), struct.pack(">ii", 196608, 1 << 30), struct.pack(">ii", 0, -1), struct.pack(">ii", 196608, 1) + b"_pq_.x\0"):
        refused(before("Z", message("v", body)))


@case("what else may stand before the first ReadyForQuery, or right behind it")
def _():
    for more in (message("D", b"\0\0"), message("T", b"\0\0"), message("Z", b"X"), message("G", b"\0\0\0"), message("W", b"\0\0\0"), message("1"), message("z"), auth(3)):
        try:
            refused(before("Z", more))
        except AssertionError as no:        # libpq knows better than to mind all of it
            equal(str(no), "it got in")
    for state in (b"T", b"E", b"X", b""):
        refused(at("Z", message("Z", state)))


# The question for the role: its answer is kept for a minute, so each comes through a conninfo of its own.

def role_answers(script):
    """The first question of a fresh conninfo meets the script."""
    own_upstream = stage.proxy.upstream.partition(" fallback")[0]
    stage.proxy.upstream = own_upstream + f" fallback_application_name=f{time.monotonic_ns()}"
    stage.proxy.write_config()
    stage.proxy.console("RELOAD").ok()
    world.wait_for(lambda: entered("shop", "copilot"), 10, "the catalog")
    refused(script, codes=trouble)


@case("the question for the role: no answer, an error, no row, two, other columns, a flood; the server role stays unknown")
def _():
    row, complete = message("D", b"\0\1\0\0\0\1f"), message("C", b"SELECT 1\0")
    first = [lambda s, w: s.listen(), b"", row, row * 2, message("D", b"\0\0"), message("D", b"\0\x09" + b"\xff\xff\xff\xff" * 9), lambda s, w: s.flood(w * 100), message("G", b"\0\0\0"), message("H", b"\0\0\0"),
             lambda s, w: s.quit(), lambda s, w: s.quit(complete), message("E", b"SERROR\0VERROR\0C42501\0Mno\0\0")]
    for made in first:
        role_answers(at("D", made))
    role_answers(at("T", message("T", b"\xff\xff")))
    role_answers(at("C", message("Z", b"I")))


# TLS

def with_ssl(answer):
    stage.tls.on_ssl = answer
    try:
        refused(database="tls")
    finally:
        stage.tls.on_ssl = None


@case("SSLRequest answered by no, by an error, by nonsense, by nothing, by the end")
def _():
    for answer in (b"N", b"E", message("E", b"SFATAL\0VFATAL\0C08P01\0Mask\0\0"), b"X", b"G", b"\0", b"s", b"SS", b"R\0\0\0\x08\0\0\0\0"):
        with_ssl(lambda s: s.quit(answer))
        with_ssl(lambda s: s.quiet(answer))
    with_ssl(lambda s: s.quit())
    with_ssl(lambda s: s.listen())


@case("plain text behind S, and a handshake that is none")
def _():
    for more in (auth(0), auth(0) + message("Z", b"I"), b"\x16\x03\x01\xff\xff", b"\x15\x03\x03\0\2\2\x28", b"\x16\x03\x03\0\x04\2\0\0\0", b"HTTP/1.1 200 OK\r\n\r\n", bytes(5000)):
        with_ssl(lambda s: s.quit(b"S" + more))
        with_ssl(lambda s: (s.send(b"S"), s.exactly(5), s.quit(more)))
    with_ssl(lambda s: (s.send(b"S"), s.listen()))


@case("TLS torn in the middle of an answer is told as such")
def _():
    from stage import ended, hear, ready, sensitive
    from wire import query
    for keep in (0, 5, 30):
        with Watch():
            client = ready(database="tls")
            client.session.script = at("D", lambda s, whole: s.quit(whole[:keep]))
            client.send(query(sensitive))
            ended(client, hear(client))
            no_canary(client)
            client.socket.close()


@case("while a server lets every login wait, the sessions and logins of another go on")
def _():
    import threading
    seen = []

    def one():
        try:
            agent(script=alone(lambda s: s.listen()))
        except (Refused, Closed, OSError, AssertionError) as no:
            seen.append(no)
    waiting = [threading.Thread(target=one) for _ in range(12)]
    before_it = status("VmRSS")
    for thread in waiting:
        thread.start()
    world.wait_for(lambda: sum(not s.over.is_set() and s.alone for s in list(stage.man.sessions.values())) >= 2, 5, "logins that wait")
    began = time.monotonic()
    with stage.proxy.agent("reader", "honest") as a:
        equal(a.query("SELECT 7").value, "7")
    took = time.monotonic() - began
    lives()
    for thread in waiting:
        thread.join(30)
    equal(len(seen), 12)
    assert status("VmRSS") - before_it < most_grown
    assert took < 2, f"an honest login waited {took:.1f} s"
