"""What sessions may make the process keep: one of its own, and all of them together. Each case has a pgveil of its own."""
import pathlib

from common import case, shared
from suite import contains, equal
from wire import Closed, bind, parse, sync, wait_for
import world


def resident(proxy):
    """KiB."""
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def ended_for_memory(session):
    fields = session.until("E").error
    equal((fields["S"], fields["C"]), ("FATAL", "53200"))
    contains(fields["M"], "out of memory")
    assert getattr(session.until(), "closed", False)


def flood(session, text, count):
    """Prepares until it is ended; gives how many it took."""
    for i in range(count):
        session.send(parse(text.replace("#", str(i)), f"s{i}"), sync)
        if session.until().error:
            return i
    return count


@case("a message beyond proxy.session_memory ends its session alone, and one below it passes")
def _():
    proxy = world.Pgveil(shared.cluster, proxy='session_memory = "4MiB"')
    with proxy.agent() as other:
        a = proxy.agent()
        for _ in range(3):
            equal(a.extended("SELECT length($1)", ["x" * 3_000_000]).ok().value, "3000000")
        try:
            a.send(bind(["x" * 12_000_000]))
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            ended_for_memory(a)
        except (ConnectionResetError, Closed):
            pass   # its words were lost behind what it still sent
        equal(other.query("SELECT 1").ok().value, "1")
    proxy.stop()


@case("prepared statements count, whatever their text makes of them, and closing them gives the room back")
def _():
    proxy = world.Pgveil(shared.cluster, proxy='session_memory = "8MiB"')
    wide = "SELECT " + ", ".join(f"upper(email) AS c{i}_#" for i in range(300)) + " FROM customers"
    with proxy.agent() as a:
        for _ in range(100):   # one name, again and again: only the last is kept
            a.send(parse(wide.replace("#", "0")), sync)
            a.until().ok()
        for round in range(3):
            equal(flood(a, wide, 20), 20)
            a.query("DEALLOCATE ALL").ok()
    a = proxy.agent()
    before = resident(proxy)
    taken = flood(a, wide, 2000)
    assert 20 < taken < 200, taken
    assert resident(proxy) - before < 64 * 1024, resident(proxy) - before
    b = proxy.agent()
    for i in range(100_000):
        if b.query(f"PREPARE s{i} AS {wide.replace('#', str(i))}").error:
            break
    assert i < 200, i
    proxy.stop()


@case("beyond proxy.memory the sessions that keep much end, and those that keep little do not notice")
def _():
    proxy = world.Pgveil(shared.cluster, proxy='memory = "64MiB"')
    half = b"Q" + (60 << 20).to_bytes(4, "big") + b"x" * (30 << 20)
    small, first, second = proxy.agent(), proxy.agent(), proxy.agent()
    first.send(half)
    wait_for(lambda: resident(proxy) > 30 << 10, what="the first message's arrival")
    second.send(half)
    third = proxy.agent()
    try:
        third.send(half)
        third.socket.settimeout(2)
        ended = third.until("E").error
    except (OSError, Closed):
        ended = {"C": "53200"}
    equal(ended and ended["C"], "53200")
    equal(small.query("SELECT 1").ok().value, "1")
    proxy.stop()


@case("distinct statements without end do not make the process grow without end, with rows and without", limit=120)
def _():
    proxy = world.Pgveil(shared.cluster, workers=1)
    wide = "SELECT " + ", ".join(f"id + {i} AS c{i}_#" for i in range(200)) + " FROM customers LIMIT 1"
    with proxy.agent() as a:
        def some(begin):
            for i in range(begin, begin + 500):
                a.query(wide.replace("#", str(i))).ok()
            return resident(proxy)
        some(0)
        first = some(500)
        last = some(1000)
        assert last - first < 24 * 1024, f"{first} KiB became {last} KiB"
    proxy.stop()
