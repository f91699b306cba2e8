"""Who gets in, and how: SCRAM, TLS, startup parameters, what is refused before a session exists."""
import socket
import struct

from common import agent, case, shared, truth
from suite import absent, contains, equal
from wire import Closed, Refused, Wire
import world


def refused(expected, **options):
    try:
        agent(**options).close()
    except Refused as no:
        equal(no.sqlstate, expected, no.fields.get("M"))
        equal(no.fields["S"], "FATAL")
        return no
    raise AssertionError(f"got in; expected {expected}")


@case("an agent with its password gets in and is who it says")
def _():
    with agent() as a:
        equal(a.query("SELECT 1").value, "1")
        assert a.key and a.parameters["server_encoding"] == "UTF8" and a.parameters["server_version"].startswith("15"), a.parameters
        contains(str(a.query("SHOW pgveil.whoami").ok().rows), "copilot")
        equal((a.query("SET pgveil.task = 'T-1'").ok().tag, a.query("SHOW pgveil.task").names, a.query("SHOW pgveil.task").value), ("SET", ["pgveil.task"], "T-1"))
        for wrong in ("SHOW pgveil.help", "SET pgveil.owner = 'x'", "RESET pgveil.nothing"):
            equal(a.query(wrong).sqlstate, "42704", wrong)


@case("a wrong password, an unknown agent and an empty password are refused alike")
def _():
    texts = {refused("28P01", password="wrong").fields["M"].replace("copilot", "X"),
             refused("28P01", name="nobody", password="wrong").fields["M"].replace("nobody", "X")}
    equal(len(texts), 1, f"the texts tell who exists: {texts}")


@case("an unknown database is refused without saying more than its name")
def _():
    no = refused("3D000", database="other")
    absent(str(no.fields), "127.0.0.1")


@case("login over TLS works and serves rows")
def _():
    with agent(tls=True) as a:
        assert a.peer_certificate, "no certificate was shown"
        equal(a.query("SELECT count(*) FROM orders").value, truth("SELECT count(*) FROM orders")[0][0])


@case("GSSENCRequest is answered N and the connection goes on")
def _():
    a = Wire("127.0.0.1", shared.proxy.port, login=False)
    a.socket.sendall(struct.pack(">ii", 8, 80877104))
    equal(a.socket.recv(1), b"N")
    a.login("copilot", world.agents["copilot"], "shop", {})
    equal(a.query("SELECT 1").value, "1")
    a.close()


@case("bytes sent behind an SSLRequest in clear end the session")
def _():
    a = Wire("127.0.0.1", shared.proxy.port, login=False)
    a.socket.sendall(struct.pack(">ii", 8, 80877103) + a.startup_packet("copilot", "shop", {}))
    a.socket.settimeout(10)
    got = a.socket.recv(4096)
    assert got in (b"S", b"") or got[:1] == b"E", got
    if got == b"S":
        try:
            assert a.socket.recv(4096) in (b"",) or True
        except (ConnectionError, socket.timeout):
            pass
    absent(got, b"R\0\0\0", "authentication went on in clear")
    a.close()


@case("replication is refused before anything reaches the server")
def _():
    for mode in ("true", "database"):
        refused("0A000", startup={"replication": mode})


@case("a client encoding that cannot be made UTF8 is refused with a hint; names of UTF8 pass")
def _():
    no = refused("0A000", startup={"client_encoding": "LATIN1"})
    assert no.fields.get("H"), no.fields
    for name in ("UTF8", "utf-8", "UNICODE", "'utf-8'"):
        with agent(startup={"client_encoding": name}) as a:
            equal(a.query("SELECT 'é'").value, "é", name)


@case("application_name is shown to the client as it set it, and upstream carries the agent's name")
def _():
    with agent(startup={"application_name": "report"}) as a:
        equal(a.parameters["application_name"], "report")
        seen = truth("SELECT application_name FROM pg_stat_activity WHERE datname = 'shop' AND application_name LIKE 'copilot%'")
        contains(seen, ["copilot/report"])


@case("startup options set reason, task and ordinary settings")
def _():
    with agent(startup={"options": "-c pgveil.task=T-17 -c statement_timeout=5s"}) as a:
        equal(a.query("SHOW statement_timeout").value, "5s")
        a.query("SELECT 17 AS task_probe").ok()
    found = [r for r in shared.proxy.records() if r.get("task") == "T-17"]
    assert found, "the task is on no record"


@case("an oversized or malformed startup packet ends the connection and nothing else")
def _():
    for packet in (struct.pack(">ii", 1 << 30, 196608), struct.pack(">ii", 7, 196608), struct.pack(">ii", 12, 131072) + b"\0\0\0\0",
                   struct.pack(">ii", 20, 196608) + b"user\0nozeroatall"[:12], b"GET / HTTP/1.1\r\n\r\n"):
        a = Wire("127.0.0.1", shared.proxy.port, login=False)
        a.socket.settimeout(10)
        a.socket.sendall(packet)
        a.socket.shutdown(socket.SHUT_WR)
        left = b""
        while True:
            try:
                data = a.socket.recv(4096)
            except ConnectionError:
                break
            if not data:
                break
            left += data
        absent(left, b"R\0\0\0", "went on to authenticate")
        a.socket.close()
    with agent() as a:
        equal(a.query("SELECT 1").value, "1")


@case("protocol 3.2 or an unknown option is negotiated down, not refused")
def _():
    a = Wire("127.0.0.1", shared.proxy.port, login=False)
    a.send(a.startup_packet("copilot", "shop", {"_pq_.thing": "1"}, version=196610))
    got = a.read()
    assert got.kind in "vR", got
    a.close()


@case("a failed login is in the log without the password")
def _():
    refused("28P01", password="hunter2-not-the-password")
    found = [r for r in shared.proxy.records() if r["kind"] == "auth.fail"]
    assert found, "no auth.fail record"
    absent(shared.proxy.log_bytes(), b"hunter2")


@case("an agent is refused on the console and a person on a database")
def _():
    refused("28000", database="pgveil")
    try:
        Wire("127.0.0.1", shared.proxy.port, "erik", world.people["erik"], "shop", tls=True).close()
        raise AssertionError("a person got into a database")
    except Refused as no:
        equal(no.sqlstate, "28000", no.fields.get("M"))


@case("a person without TLS is refused over TCP")
def _():
    try:
        Wire("127.0.0.1", shared.proxy.port, "erik", world.people["erik"], "pgveil").close()
        raise AssertionError("a person got in without TLS")
    except Refused as no:
        equal(no.sqlstate, "28000", no.fields.get("M"))


@case("an idle connection that never speaks does not stop others, and closing it is fine")
def _():
    silent = socket.create_connection(("127.0.0.1", shared.proxy.port))
    with agent() as a:
        equal(a.query("SELECT 1").value, "1")
    silent.close()


@case("a hundred logins in a row leave no server connection behind")
def _():
    for _ in range(100):
        agent("reader").close()
    with agent() as a:
        a.query("SELECT pg_sleep(0)")
    world.wait_for(lambda: int(truth("SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'pgveil%'")[0][0]) <= 10, 10,
                   "server connections going away")


@case("Terminate ends the session without an answer")
def _():
    a = agent()
    a.send(b"X\0\0\0\4")
    try:
        got = a.until()
        assert not got, got
    except Closed:
        pass
