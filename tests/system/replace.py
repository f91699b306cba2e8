"""Rolling restarts: `serve --replace` takes over from a running pgveil. Each case has a pgveil of its own."""
import array
import contextlib
import fcntl
import os
import re
import socket
import struct
import subprocess
import threading

from common import case, shared
from suite import contains, equal
from wire import Closed, Refused, Wire, query, wait_for
import world

hello, welcome, refused, take, yours, ready, failed, go = range(1, 9)
too_late, append, durable = 9, 10, 11


def own(**options):
    return world.Pgveil(shared.cluster, **options)


def ended(process, status=0, seconds=20):
    equal(process.wait(seconds), status, "the old process's exit")


def ends_with(session, code="57P01"):
    """The session's last word."""
    got = session.until()
    assert getattr(got, "closed", False) or got.error, got
    equal(got.sqlstate, code, str(got))


def active(pid):
    return shared.cluster.sql(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND state = 'active'")


def sessions_closed(proxy):
    """Every session that was opened was closed, in the one log; ids never repeat."""
    opened = [r["session"] for r in proxy.records() if r["kind"] == "session.open"]
    closed = [r["session"] for r in proxy.records() if r["kind"] == "session.close"]
    equal(len(opened), len(set(opened)), "a session id was used twice")
    equal(sorted(opened), sorted(closed), "sessions without an end")


def verified(proxy):
    contains(proxy.verify().stdout.lower(), "integrity")
    assert "FAIL" not in proxy.verify().stdout, proxy.verify().stdout


@case("replace: connections that come and go all the time notice none of three replacements", limit=180)
def _():
    proxy = own(workers=2)
    stop, troubles, counts = threading.Event(), [], [0] * 4

    def client(number):
        while not stop.is_set():
            try:
                with proxy.agent() as a:
                    assert a.query(f"SELECT {number} + 1").ok().value == str(number + 1)
                counts[number] += 1
            except (Refused, Closed, OSError, AssertionError) as trouble:
                troubles.append(repr(trouble))
    threads = [threading.Thread(target=client, args=(i,)) for i in range(len(counts))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            before, seen = proxy.replace(), list(counts)
            wait_for(lambda: all(n > s + 3 for n, s in zip(counts, seen)) or troubles, 30, "connections after the replacement")
            ended(before, seconds=30)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    equal(troubles, [])
    assert not any(thread.is_alive() for thread in threads), "a client hangs"
    equal(proxy.stop(), 0)
    sessions_closed(proxy)
    verified(proxy)


@case("replace: a transaction goes on in the old process, is recorded in the one log, and then its session ends with 57P01")
def _():
    for durability in ("strict", "group"):
        proxy = own(durability=durability)
        a = proxy.agent()
        a.query("BEGIN").ok()
        a.query("SELECT 101").ok()
        before = proxy.replace()
        for i in range(200):
            equal(a.query("SELECT 102").ok().value, "102")
        equal(before.poll(), None)
        with proxy.agent() as b:
            b.query("SELECT 103").ok()
        equal(a.query("COMMIT").ok().tag, "COMMIT")
        ends_with(a)
        ended(before)
        contains(proxy.stderr(), "replaced")
        equal(proxy.stop(), 0)
        records = proxy.records()
        session = [r["session"] for r in records if r["kind"] == "session.open"][1]     # the first one saw that it was ready
        done = [r for r in records if r.get("session") == session and r["kind"] == "stmt.result"]
        equal([r.get("rows") for r in done].count(1), 201)
        stops = [r for r in records if r["kind"] == "log.stop"]
        equal([r.get("more", {}).get("handed_over") for r in stops], ["yes", None])
        sessions_closed(proxy)
        verified(proxy)


@case("replace: an idle session ends with 57P01; the console serves at the new process at once, and ends at the old one")
def _():
    proxy = own()
    idle, busy, erik = proxy.agent(), proxy.agent("reader"), proxy.person()
    idle.query("SELECT 1").ok()
    busy.query("BEGIN").ok()
    before = proxy.replace()
    equal(erik.until().sqlstate, "57P01")
    contains(str(proxy.console("SHOW SESSIONS").ok().rows), "reader")
    ends_with(idle)
    busy.query("ROLLBACK").ok()
    ends_with(busy)
    ended(before)
    proxy.stop()
    sessions_closed(proxy)


@case("replace: a request that waits at the old process is approved at the new one and runs once")
def _():
    proxy = own()
    sql = "UPDATE products SET stock = 4711 WHERE id = 70"
    with proxy.agent() as a:
        a.query("SET pgveil.wait = '60s'").ok()
        a.send(query(sql))
        request = re.search(r"\br_\w+", a.until("NZ")[-1].fields["M"])[0]
        before = proxy.replace()
        world.approve(proxy, request)
        equal(a.until().ok().tag, "UPDATE 1")
        ends_with(a)
    ended(before)
    equal(shared.cluster.sql("SELECT stock FROM products WHERE id = 70", "shop"), [["4711"]])
    contains(str(proxy.console(f"SHOW REQUEST '{request}'").ok().rows), "executed")
    with proxy.agent() as a:
        assert world.held(a.query(sql))["request"] != request
    proxy.stop()
    kinds = [r["kind"] for r in proxy.records() if r.get("request") == request]
    for kind in ("request.file", "request.approve", "request.consume", "request.finish"):
        contains(kinds, kind)


@case("replace: what was approved before runs at the new process; a write that runs at the old one meanwhile is not called unknown")
def _():
    proxy = own()
    sql, long = "UPDATE products SET stock = 5 WHERE id = 71", "UPDATE products SET stock = 6 FROM pg_sleep(3) WHERE id = 72"
    with proxy.agent() as a:
        approved = world.held(a.query(sql))["request"]
        world.approve(proxy, approved)
        request = world.held(a.query(long))["request"]
        world.approve(proxy, request)
        a.send(query(long))
        wait_for(lambda: shared.cluster.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3)%' AND state = 'active' AND usename = 'pgveil_writer'"),
                 what="the write at work")
        before = proxy.replace()
        contains(str(proxy.console(f"SHOW REQUEST '{request}'").ok().rows), "executing")
        equal(a.until().ok().tag, "UPDATE 1")
    ended(before)
    contains(str(proxy.console(f"SHOW REQUEST '{request}'").ok().rows), "executed")
    with proxy.agent() as a:
        equal(a.query(sql).ok().tag, "UPDATE 1")
    proxy.stop()


@case("replace: REVOKE, DISABLE and KILL at the new process reach sessions of the old one")
def _():
    proxy = own()
    grant = proxy.console("GRANT read ON shop TO walker FOR '1 hour' REASON 'x'").ok().rows[0][0]
    walker, reader, killed, copilot = proxy.agent("walker"), proxy.agent("reader"), proxy.agent("copilot"), proxy.agent("denied")
    for session in (walker, reader, killed, copilot):
        session.query("BEGIN").ok()
        session.query("SELECT 1").ok()
    before = proxy.replace()
    proxy.console(f"REVOKE GRANT '{grant}'").ok()
    ends_with(walker, "PV003")
    proxy.console("DISABLE AGENT 'reader' REASON 'x'").ok()
    got = reader.until()
    assert got.sqlstate in ("57P01", "PV003"), got

    def listed():
        shown = proxy.console("SHOW SESSIONS").ok()
        rows = [dict(zip(shown.names, row)) for row in shown.rows]
        return [r for r in rows if "copilot" in r.values() and "closing" in r.values()]
    row = wait_for(listed, what="the old process's session")[0]
    number = next(v for v in row.values() if v and v.isdigit() and len(v) > 9)
    proxy.console(f"KILL '{number}'").ok()
    ends_with(killed)
    proxy.console("KILL AGENT 'denied'").ok()
    ends_with(copilot)
    ended(before)
    proxy.stop()
    sessions_closed(proxy)


@case("replace: a cancel request for a session of the old process works at the new one")
def _():
    proxy = own()
    with proxy.agent() as a:
        a.send(query("SELECT pg_sleep(60)"))
        wait_for(lambda: active(a.key[0]), what="the query at work")
        before = proxy.replace()
        a.cancel()
        equal(a.until().sqlstate, "57014")
        ends_with(a)
    ended(before)
    proxy.stop()


@case("replace: a new process that cannot open everything exits 3, and the old one goes on with nothing lost")
def _():
    proxy = own()
    with socket.create_server(("127.0.0.1", 0)) as taken, proxy.agent() as a:
        config = proxy.dir / "pgveil.toml"
        text = config.read_text()
        late = proxy.dir / "late.toml"
        late.write_text(text.replace(f'listen  = ["127.0.0.1:{proxy.port}"]', f'listen  = ["127.0.0.1:{proxy.port}", "127.0.0.1:{taken.getsockname()[1]}"]'))
        a.query("BEGIN").ok()
        again = subprocess.run([world.binary, "serve", "--replace", "--config", late], capture_output=True, text=True, timeout=60)
        equal(again.returncode, 3, again.stderr[-500:])
        contains(again.stderr, "Address already in use")
        wait_for(lambda: "nothing was lost" in proxy.stderr(), what="the old process's word")
        equal(a.query("SELECT 7").ok().value, "7")
        a.query("COMMIT").ok()
        with proxy.agent() as b:
            request = world.held(b.query("UPDATE products SET stock = 1 WHERE id = 73"))["request"]
            world.approve(proxy, request)
    before = proxy.replace()
    ended(before)
    equal(proxy.stop(), 0)
    sessions_closed(proxy)
    verified(proxy)


# A process that says what it should not, or nothing.

class Successor:
    def __init__(self, proxy):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(proxy.dir / "state/successor.sock"))

    def send(self, kind, body=b""):
        with contextlib.suppress(BrokenPipeError):      # whoever is turned away hears so before it has asked
            self.socket.sendall(struct.pack("<IB", len(body), kind) + body)

    def hello(self, version=1, mark=0x70677668):
        self.send(hello, struct.pack("<III", mark, version, 3) + b"1.0" + struct.pack("<q", 1))

    def read(self, size):
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            if not more:
                return None
            got += more
        return got

    def receive(self):
        """Kind, body, descriptors; None at the end."""
        head, more, *_ = self.socket.recvmsg(5, socket.CMSG_SPACE(100))
        fds = array.array("i")
        for _, _, data in more:
            fds.frombytes(data)
        if len(head) < 5:
            return None
        size, kind = struct.unpack("<IB", head)
        return kind, self.read(size), list(fds)

    def take(self):
        self.hello()
        equal(self.receive()[0], welcome)
        self.send(take)
        kind, _, fds = self.receive()
        equal(kind, yours)
        return [socket.socket(fileno=fd) for fd in fds]

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def successor(proxy):
    fake = Successor(proxy)
    try:
        yield fake
    finally:
        fake.close()


def lives(proxy, number):
    with proxy.agent() as a:
        equal(a.query(f"SELECT {number}").ok().value, str(number))


@case("replace: another version, another program, half a frame, too long a frame and silence are refused, and the old process goes on")
def _():
    proxy = own()
    equal((proxy.dir / "state/successor.sock").stat().st_mode & 0o777, 0o600)
    with successor(proxy) as other:
        other.hello(version=99)
        kind, body, _ = other.receive()
        equal(kind, refused)
        contains(body.decode(errors="replace"), "version")
    for first in (lambda s: s.hello(mark=1), lambda s: s.send(take), lambda s: s.socket.sendall(b"\xff\xff\xff\xff\x01"), lambda s: s.send(hello, b"x" * 100),
                  lambda s: s.socket.sendall(b"\x05\x00")):
        with successor(proxy) as other:
            first(other)
            other.socket.shutdown(socket.SHUT_WR)
            equal(other.receive(), None)
    with successor(proxy) as one:
        one.hello()
        equal(one.receive()[0], welcome)
        with successor(proxy) as two:                    # one at a time
            two.hello()
            equal(two.receive()[0], refused)
        again = subprocess.run([world.binary, "serve", "--replace", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=60)
        equal(again.returncode, 3)
        contains(again.stderr, "taking over now")
    lives(proxy, 1)
    ended(proxy.replace())
    lives(proxy, 2)
    proxy.stop()
    verified(proxy)


@case("replace: a new process that dies before it is ready leaves the old one as it was; what it did meanwhile is recorded")
def _():
    proxy = own()
    with proxy.agent() as a:
        a.query("BEGIN").ok()
        with successor(proxy) as fake:
            listening = fake.take()
            equal(listening[0].getsockname()[1], proxy.port)
            with proxy.agent() as b:                     # the old one still accepts
                b.send(query("SELECT 31"))
                a.send(query("SELECT 32"))
                for each in listening:
                    each.close()
                fake.close()
                equal(b.until().ok().value, "31")
        equal(a.until().ok().value, "32")
        with successor(proxy) as fake:                   # and again, with the wrong word
            fake.take()
            fake.send(durable, b"12345678")
            equal(fake.receive()[0], too_late)
        a.query("COMMIT").ok()
    proxy.stop()
    sessions_closed(proxy)
    verified(proxy)


if world.slow:
    @case("replace: a new process that never says that it is ready is given up after a minute", limit=120)
    def _():
        proxy = own()
        with proxy.agent() as a, successor(proxy) as fake:
            a.query("BEGIN").ok()
            a.socket.settimeout(90)
            fake.socket.settimeout(90)
            fake.take()
            a.send(query("SELECT 33"))
            equal(fake.receive()[0], too_late)
            equal(a.until().ok().value, "33")
        proxy.stop()
        verified(proxy)


@case("replace: if nothing can be taken back the old process refuses everything and ends with 3")
def _():
    proxy = own()
    with proxy.agent() as a, open(proxy.dir / "state/lock") as lock:
        a.query("BEGIN").ok()
        with successor(proxy) as fake:
            fake.take()
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            a.send(query("SELECT 41"))
        got = a.until()
        assert got.error or getattr(got, "closed", False), got
        equal(proxy.process.wait(30), 3)
    contains(proxy.stderr(), "nothing could be taken back")
    proxy.start()
    verified(proxy)
    proxy.stop()


@case("replace: the new process killed: the old one's sessions end, and the log holds what was acknowledged")
def _():
    proxy = own()
    a = proxy.agent()
    a.query("BEGIN").ok()
    before = proxy.replace()
    a.query("SELECT 51").ok()
    proxy.kill()
    got = a.until()
    assert got.error or getattr(got, "closed", False), got
    ended(before, 3)
    proxy.start()
    lives(proxy, 52)
    proxy.stop()
    intents = [r["sql"] for r in proxy.records() if r["kind"] == "stmt.intent"]      # a result's record may not have come that far
    equal([sql for sql in intents if sql.startswith("SELECT")], ["SELECT $1", "SELECT $1"])
    verified(proxy)


@case("replace: the old process killed while it ends its sessions: the new one goes on")
def _():
    proxy = own()
    sql = "UPDATE products SET stock = 8 FROM pg_sleep(30) WHERE id = 74"
    with proxy.agent() as a:
        request = world.held(a.query(sql))["request"]
        world.approve(proxy, request)
        a.send(query(sql))
        wait_for(lambda: "executing" in str(proxy.console(f"SHOW REQUEST '{request}'").ok().rows), what="the write at work")
        before = proxy.replace()
        before.kill()
        wait_for(lambda: "unknown" in str(proxy.console(f"SHOW REQUEST '{request}'").ok().rows), what="the outcome unknown")
    contains(proxy.stderr(), "gone without a word")
    lives(proxy, 61)
    second = proxy.replace()
    ended(second)
    lives(proxy, 62)
    equal(proxy.stop(), 0)
    verified(proxy)


@case("replace: while an old process still ends its sessions, no third one takes over; after that it may")
def _():
    proxy = own()
    with proxy.agent() as a:
        a.query("BEGIN").ok()
        before = proxy.replace()
        third = subprocess.run([world.binary, "serve", "--replace", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=60)
        equal(third.returncode, 3)
        contains(third.stderr, "still ends its sessions")
        a.query("COMMIT").ok()
        ends_with(a)
    ended(before)
    ended(proxy.replace())
    equal(proxy.stop(), 0)


@case("replace: serve alone on a state in use still exits 3; --replace with nobody to take over from is a plain start")
def _():
    proxy = own(start=False)
    config = str(proxy.dir / "pgveil.toml")
    with open(proxy.dir / "stderr", "ab") as log:
        proxy.process = subprocess.Popen([world.binary, "serve", "--replace", "--config", config], stderr=log, stdout=log)
    proxy.wait_ready()
    contains(proxy.stderr(), "nobody to take over from")
    again = subprocess.run([world.binary, "serve", "--config", config], capture_output=True, text=True, timeout=60)
    equal(again.returncode, 3)
    lives(proxy, 1)
    proxy.kill()                                          # leaves its socket file behind
    with open(proxy.dir / "stderr", "ab") as log:
        proxy.process = subprocess.Popen([world.binary, "serve", "--replace", "--config", config], stderr=log, stdout=log)
    proxy.wait_ready()
    equal(proxy.stop(), 0)
    assert not (proxy.dir / "state/successor.sock").exists()


@case("replace: a Unix socket goes on with the new process and ends with it; an address that is configured no more ends at once")
def _():
    proxy = own(start=False)
    config, text = proxy.dir / "pgveil.toml", (proxy.dir / "pgveil.toml").read_text()
    other = world.free_port()
    line = f'listen  = ["127.0.0.1:{proxy.port}"]'
    config.write_text(text.replace(line, f'listen  = ["127.0.0.1:{proxy.port}", "127.0.0.1:{other}", "unix:{proxy.dir}"]'))
    proxy.start()
    path = next(proxy.dir.glob(".s.PGSQL.*"))

    def over_unix(number):
        with Wire(str(proxy.dir), int(path.suffix[1:]), "copilot", world.agents["copilot"], "shop") as a:
            equal(a.query(f"SELECT {number}").ok().value, str(number))
    over_unix(1)
    config.write_text(text.replace(line, f'listen  = ["127.0.0.1:{proxy.port}", "unix:{proxy.dir}"]'))
    ended(proxy.replace())
    over_unix(2)
    try:
        socket.create_connection(("127.0.0.1", other)).close()
        raise AssertionError("an address that nobody serves takes connections")
    except ConnectionRefusedError:
        pass
    config.write_text(text)
    ended(proxy.replace())
    assert not path.exists(), "a socket's file that nobody listens on"
    lives(proxy, 3)
    proxy.stop()


@case("replace: SIGTERM at the new process waits for the old one's sessions; a planted file in the way stops no start")
def _():
    proxy = own(start=False)
    (proxy.dir / "state").mkdir(exist_ok=True)
    (proxy.dir / "state/successor.sock").write_text("planted")
    proxy.start()
    contains(proxy.stderr(), "no other process will be able to take over")
    again = subprocess.run([world.binary, "serve", "--replace", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=60)
    equal(again.returncode, 3)
    contains(again.stderr, "is no socket")
    proxy.stop()
    (proxy.dir / "state/successor.sock").unlink()
    proxy.start()
    with proxy.agent() as a:
        a.query("BEGIN").ok()
        before = proxy.replace()
        proxy.process.terminate()
        wait_for(lambda: "draining" in proxy.stderr(), what="the drain")
        equal(a.query("SELECT 71").ok().value, "71")
        equal(proxy.process.poll(), None)
        a.query("COMMIT").ok()
        ends_with(a)
    ended(before)
    equal(proxy.stop(), 0)
    sessions_closed(proxy)


@case("replace: systemd is told who the main process is, and nothing of a stop")
def _():
    proxy = own(start=False)
    path = str(proxy.dir / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            proxy.start()
            equal(manager.recv(200), b"READY=1")
            before = proxy.replace()
            equal(manager.recv(200).decode(), f"MAINPID={proxy.process.pid}\nREADY=1")
            ended(before)
            proxy.stop()
            equal(manager.recv(200), b"STOPPING=1")
        finally:
            del os.environ["NOTIFY_SOCKET"]
