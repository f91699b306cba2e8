"""What an agent may take: a rule's time, bytes and log a day, comparisons an hour; each with a pgveil of its own."""
import json
import time

from common import case, shared, truth
from suite import absent, contains, equal
from wire import bind, execute, parse, sync
from world import approve, held
import world

timed = """
[[rule]]
name = "quick"
when = { kind = ["read"] }
action = "allow"
limits = { time = "1s" }
"""


def own(**options):
    return world.Pgveil(shared.cluster, **options)


@case("a rule's time ends a statement with PV010, in every protocol and transaction state, and nothing that follows is hit")
def _():
    proxy = own(more=timed)
    slow = "SELECT count(*) FROM generate_series(1, 2000000000)"
    with proxy.agent() as a:
        for _ in range(3):
            begun = time.monotonic()
            got = a.query(slow)
            equal((got.sqlstate, got.status), ("PV010", "I"))
            contains(got.error["M"], "time limit")
            assert 0.9 < time.monotonic() - begun < 6, time.monotonic() - begun
            for _ in range(20):
                equal(a.query("SELECT 1").value, "1")
        a.query("BEGIN").ok()
        equal((a.query(slow).sqlstate, a.query("SELECT 1").sqlstate), ("PV010", "25P02"))
        a.query("ROLLBACK").ok()
        equal(a.extended(slow).sqlstate, "PV010")
        equal(a.extended("SELECT 2").value, "2")
        # rows on their way when the time is over: the result is not whole and says so
        got = a.query("SELECT g, repeat('x', 500) FROM generate_series(1, 30000000) g")
        equal((got.sqlstate, got.status, got.of("C")), ("PV010", "I", []))
        equal(a.query("SELECT 3").value, "3")
    records = world.wait_for(lambda: [r for r in proxy.records() if r.get("sqlstate") == "PV010"], 5, "the record")
    equal(records[0]["rule"], "quick")
    proxy.kill()


@case("statements in a pipeline have their own time each, and an idle session has all the time there is")
def _():
    proxy = own(more=timed)
    with proxy.agent() as a:
        one = parse("SELECT pg_sleep(0.4), 7") + bind() + execute()
        a.send(one * 4, sync)
        got = a.until().ok()
        equal([r[1] for r in got.rows], ["7"] * 4)   # 1.6 s in all
        time.sleep(1.5)   # what is tested is that time passes
        equal(a.query("SELECT 1").value, "1")
    proxy.kill()


@case("a spent egress budget cuts the result with PV012, refuses reads and lets the rest be; other agents go on")
def _():
    proxy = own(agent_more='egress = "1MiB/day"')
    big = "SELECT repeat('x', 1000) FROM generate_series(1, 2000)"
    with proxy.agent() as a, proxy.agent("reader") as other:
        equal(len(a.query("SELECT repeat('x', 1000) FROM generate_series(1, 500)").ok().rows), 500)
        got = a.query(big)
        equal((got.sqlstate, got.of("C")), ("PV012", []))
        contains(got.error["M"], "incomplete")
        got = a.query("SELECT 1")
        equal((got.sqlstate, got.status), ("PV012", "I"))
        contains(got.error["M"], "NOT EXECUTED")
        equal(json.loads(got.error["D"])["executed"], False)
        equal(a.extended("SELECT 1").sqlstate, "PV012")
        a.query("BEGIN").ok()
        equal(a.query("SELECT 1").sqlstate, "PV012")
        equal(a.query("ROLLBACK").ok().tag, "ROLLBACK")
        held(a.query("UPDATE products SET stock = 1 WHERE id = 1"))
        with proxy.agent() as again:
            equal(again.query("SELECT 1").sqlstate, "PV012")
        equal(other.query("SELECT 1").value, "1")
        proxy.write_config(agent_more='egress = "1GiB/day"')
        proxy.reload()
        world.wait_for(lambda: a.query("SELECT 1").sqlstate is None, 10, "the larger budget")
    refused = [r for r in proxy.records() if r.get("rule") == "agent.egress"]
    assert refused and all(r["decision"] == "deny" for r in refused), refused
    proxy.kill()


@case("COPY OUT spends the egress budget too, and shadow mode knows it as well")
def _():
    for mode in ("enforce", "shadow"):
        proxy = own(mode=mode, agent_more='egress = "1MiB/day"')
        with proxy.agent() as a:
            got = a.query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT")
            equal((got.sqlstate, got.of("C")), ("PV012", []), mode)
            equal(a.query("SELECT 1").sqlstate, "PV012", mode)
        proxy.kill()


@case("a spent log budget refuses the agent everything but the end of its transaction, and the log stops growing for it")
def _():
    proxy = own(agent_more='log_budget = "64KiB/day"')
    with proxy.agent() as a, proxy.agent("reader") as other:
        a.query("BEGIN").ok()
        for i in range(2000):
            got = a.query("SELECT " + ", ".join(str(n) for n in range(50)))
            if got.sqlstate:
                break
        equal(got.sqlstate, "PV012")
        contains(got.error["M"], "log budget")
        assert 20 < i < 1000, i
        equal(a.query("ROLLBACK").ok().tag, "ROLLBACK")
        before = len(proxy.records())
        for _ in range(200):
            equal(a.query("SELECT 1").sqlstate, "PV012")
            equal(a.extended("SELECT 1").sqlstate, "PV012")
            equal(a.query("BEGIN").sqlstate, "PV012")
        equal(other.query("SELECT 1").value, "1")
        assert len(proxy.records()) - before < 10, len(proxy.records()) - before
    proxy.kill()


@case("comparisons beyond equality_limit.hour are held; the same one again is free, and an approval lets one through")
def _():
    proxy = own(masking="equality_limit = { statement = 5, hour = 12 }\n" + world.masked_columns)
    addresses = [row[0] for row in truth("SELECT email FROM customers ORDER BY id LIMIT 30")]
    with proxy.agent() as a, proxy.agent() as second:
        ask = "SELECT id FROM customers WHERE email = '{}'"
        for n, address in enumerate(addresses[:12]):
            equal(len((a, second)[n % 2].query(ask.format(address)).ok().rows), 1)
        got = a.query(ask.format(addresses[12]))
        request = held(got)["request"]
        contains(str(held(got)), "equality_limit.hour")
        for _ in range(30):
            equal(len(second.query(ask.format(addresses[0])).ok().rows), 1)          # known already
        held(second.extended("SELECT id FROM customers WHERE email = $1", [addresses[13]]))
        held(second.extended("SELECT id FROM customers WHERE email IN ($1, $2)", [addresses[0], addresses[14]]))
        equal(second.query("SELECT id FROM customers WHERE id = 4").value, "4")
        approve(proxy, request)
        equal(len(a.query(ask.format(addresses[12])).ok().rows), 1)
        held(a.query(ask.format(addresses[12])))
        absent(str(held(a.query(ask.format(addresses[15])))), addresses[15])
    proxy.kill()
