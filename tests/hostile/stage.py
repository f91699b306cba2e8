"""The world of the hostile suite, and what holds in every case.

One pgveil, four databases: `shop` and `tls` behind a man in the middle, `scram` too (its logins are scripted), `honest` straight
at the cluster. A case plays a script on one session and looks at what the client got; then, always: pgveil is up, the honest
session answers at once, the process did not grow by more than 8 MiB, and no sensitive value was on the client's wire.
"""
import socket
import struct
import time
import types

import world
from man import Man
from suite import Suite
from wire import Answer, Closed, Wire, query, wait_for

suite = Suite("hostile")
case = suite.case
most_grown = 8 << 10                # KiB
at_once = 2.0                       # seconds an honest session may wait on this machine
patience = 6                        # seconds until a client counts as hanging

sensitive = "SELECT id, full_name, email, phone, ssn, city FROM customers ORDER BY id LIMIT 3"
harmless = "SELECT id, sku FROM products ORDER BY id LIMIT 3"


class Stage:
    cluster = proxy = man = tls = honest = None
    canaries, email, name, number = (), "", "", 0
    honest_answer, expected, digest = None, {}, None


stage = Stage()


def start():
    stage.cluster = world.Cluster()
    world.load_shop(stage.cluster)
    rows = stage.cluster.sql("SELECT full_name, email, phone, ssn FROM customers ORDER BY id", "shop")
    # Of the other columns no row holds these words; short ones might stand in a number.
    stage.canaries = sorted({cell.encode() for row in rows for cell in row if cell and len(cell) > 7})
    stage.name, stage.email = rows[0][0], rows[0][1]
    stage.man = Man(stage.cluster.port)
    certificate = world.temporary("man")
    world.make_certificate(certificate)
    stage.tls = Man(stage.cluster.port, (certificate / "server.crt", certificate / "server.key"))
    front = types.SimpleNamespace(port=stage.man.port)
    stage.proxy = world.Pgveil(front, start=False, database_more='connect_timeout = "2s"\n', proxy='login_timeout = "4s"\ndrain_timeout = "3s"\n')
    stage.proxy.upstream += " sslmode=disable"
    stage.proxy.write_config(more=others())
    stage.proxy.start()
    for name in ("honest", "tls"):
        wait_for(lambda n=name: entered(n), 20, f"a login to {name}")
    stage.honest = stage.proxy.agent("reader", "honest")
    stage.honest_answer = stage.honest.query(sensitive).ok().rows
    for sql in (sensitive, harmless):
        with agent("reader", "first") as a:
            stage.expected[sql] = a.query(sql).ok().rows
    stage.digest = contents()


def contents():
    """What the database holds; an approved write that changed nothing may have moved its row."""
    dump, *rest = stage.cluster.digest("shop")
    return (sorted(dump.split("\n")), *rest)


def others():
    passfile = stage.proxy.dir / "pgpass"
    found = ""
    for name, port, more in (("honest", stage.cluster.port, "sslmode=disable"), ("tls", stage.tls.port, "sslmode=require")):
        where = f"host=127.0.0.1 port={port} dbname=shop passfile={passfile} {more}"
        found += (f'\n[[database]]\nname = "{name}"\nupstream = "{where} user=pgveil_reader"\nupstream_write = "{where} user=pgveil_writer"\n'
                  f'connect_timeout = "2s"\n')
        found += "".join(f'\n[[grant]]\nagent = "{a}"\ndatabase = "{name}"\naccess = "{access}"\nuntil = 2099-01-01T00:00:00Z\n'
                         for a, access in (("reader", "read"), ("copilot", "write")))
    return found


def entered(database, user="reader"):
    try:
        stage.proxy.agent(user, database).close()
        return True
    except (world.Refused, Closed, OSError):
        return False


def stop():
    for each in (stage.man, stage.tls):
        if each:
            each.close()
    if stage.proxy:
        stage.proxy.kill()
    if stage.cluster:
        stage.cluster.stop()


numbers = iter(range(1, 1 << 30))


def agent(user="reader", name=None, script=None, database="shop", **options):
    """A client whose server connection is the session of that name; a script plays from the login on."""
    name = name or f"s{next(numbers)}"
    man = stage.tls if database == "tls" else stage.man
    if script:
        man.scripts[name] = script
    made = stage.proxy.agent(user, database, startup={"application_name": name}, timeout=patience, **options)
    made.session, made.label = man.sessions.get(name), name
    return made


def ready(user="reader", **options):
    """An agent whose search path is known, so that what follows on the wire belongs to its own statements."""
    made = agent(user, **options)
    made.query("SELECT 1").ok()
    return made


# What the process takes

def status(field):
    with open(f"/proc/{stage.proxy.process.pid}/status") as lines:
        return int(next(line for line in lines if line.startswith(field)).split()[1])


class Watch:
    """Around a case: the most the process ever held during it, and whether the honest still get their answers."""

    def __enter__(self):
        with open(f"/proc/{stage.proxy.process.pid}/clear_refs", "w") as peak:
            peak.write("5")
        self.before = status("VmRSS")
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.look()

    def look(self):
        lives()
        grown = status("VmHWM") - self.before
        assert grown < most_grown, f"the process grew by {grown} KiB"


def lives():
    assert stage.proxy.process.poll() is None, f"pgveil ended with {stage.proxy.process.returncode}: {stage.proxy.stderr()[-2000:]}"
    began = time.monotonic()
    got = stage.honest.query(sensitive)
    assert got.rows == stage.honest_answer, got
    took = time.monotonic() - began
    assert took < at_once, f"an honest session waited {took:.1f} s"


# What a client got

def hear(client, answers=1):
    """Everything until that many ReadyForQuery or the end; a client that waits too long is told so."""
    got, left = Answer(), answers
    try:
        while left > 0:
            got.append(client.read())
            left -= got[-1].kind == "Z"
    except Closed:
        got.closed = True
    except (TimeoutError, socket.timeout):
        raise AssertionError(f"the client hangs after {got.kinds[-40:]!r}") from None
    return got


def closed(client):
    """Whether the connection ends now without another message."""
    try:
        client.read()
        return False
    except Closed:
        return True
    except (TimeoutError, socket.timeout):
        return False


def no_canary(client, what=""):
    if len(client.received) > 1 << 20:              # a flood says the same again and again
        raw = b"\n".join(distinct(client.received))
    else:
        raw = bytes(client.received)
    for canary in stage.canaries:
        if canary in raw:
            where = raw.index(canary)
            raise AssertionError(f"{what} a sensitive value reached the client: {raw[max(0, where - 40):where + 40]}")


def distinct(raw):
    found, at = {}, 0
    while at + 5 <= len(raw):
        end = at + 1 + struct.unpack_from(">i", raw, at + 1)[0]
        found[bytes(raw[at:end])] = True
        at = end
    return found


def ended(client, got, codes=("08006",)):
    """An error of PostgreSQL's kind, FATAL, and the end of the connection."""
    errors = got.of("E")
    assert errors, f"no error, but {got[-3:]}"
    last = errors[-1].fields
    assert last.get("S") == "FATAL" and last.get("V") == "FATAL" and last.get("C") in codes and last.get("M"), last
    assert getattr(got, "closed", False) or closed(client), f"the connection goes on after {last}"


def right(client, got, sql):
    """The rows that an honest server gives, and a session that goes on."""
    assert got.error is None, got.error
    assert got.rows == stage.expected[sql], got.rows
    client.session.script = None
    assert client.query("SELECT 7").value == "7"


def play(script, sql=sensitive, parts=None, answers=1, end=ended, user="reader", database="shop"):
    """One session, one script, one question; `end` says what must come of it. Gives what the client got."""
    with Watch():
        client = ready(user, database=database)
        try:
            client.session.script = script
            client.send(*(parts or [query(sql)]))
            if end is None:
                return None
            got = hear(client, answers)
            end(client, got) if end is not right else right(client, got, sql)
            no_canary(client)
            lives()
            return got
        finally:
            client.session.released.set()
            client.socket.close()
            assert client.session.over.wait(patience), "the server connection outlives its client"


def any_of(*ends):
    def one(client, got):
        told = []
        for end in ends:
            try:
                return end(client, got)
            except AssertionError as no:
                told.append(str(no))
        raise AssertionError(" / ".join(told))
    return one


def wire_to(database="shop", **options):
    return Wire("127.0.0.1", stage.proxy.port, login=False, timeout=patience, **options)
