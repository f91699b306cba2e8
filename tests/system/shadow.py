"""Shadow mode: nothing refused, nothing masked, everything recorded. Warn: the same plus a NOTICE."""
from common import case, shared, truth
from suite import contains, equal
from wire import Refused
import world


@case("shadow mode passes reads in clear and writes through, and records what would have been")
def _():
    proxy = world.Pgveil(shared.cluster, mode="shadow")
    with proxy.agent() as a:
        equal(a.query("SELECT email FROM customers WHERE id = 90").value, truth("SELECT email FROM customers WHERE id = 90")[0][0])
        equal(a.query("UPDATE products SET stock = 5 WHERE id = 90").ok().tag, "UPDATE 1")
        a.query("SELECT id FROM customers WHERE email LIKE 'a%' LIMIT 1").ok()
        a.query("SET standard_conforming_strings = off").ok()
    world.wait_for(lambda: any(r["kind"] == "stmt.intent" and r.get("class") == "write" for r in proxy.records()), 5, "the write's record")
    record = next(r for r in proxy.records() if r["kind"] == "stmt.intent" and r.get("class") == "write")
    contains(str(record), "hold")
    try:
        proxy.agent("walker").close()
        raise AssertionError("shadow let in without a grant")
    except Refused as no:
        equal(no.sqlstate, "PV003")
    try:
        proxy.agent(password="wrong").close()
        raise AssertionError("shadow let in with a wrong password")
    except Refused as no:
        equal(no.sqlstate, "28P01")
    equal(proxy.stop(), 0)


@case("warn mode does the same and says so in a NOTICE")
def _():
    proxy = world.Pgveil(shared.cluster, mode="warn")
    with proxy.agent() as a:
        got = a.query("UPDATE products SET stock = 6 WHERE id = 91").ok()
        equal(got.tag, "UPDATE 1")
        assert got.of("N"), "no NOTICE"
    equal(proxy.stop(), 0)
