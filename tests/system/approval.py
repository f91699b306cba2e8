"""Held writes: the ticket, the decision, the one run. Each case writes to a row of its own."""
import json
import re

from common import agent, case, shared, truth
from suite import absent, contains, equal
from wire import bind, describe, execute, parse, query, sync
from world import approve, held, wait_for


def stock(product):
    return int(truth(f"SELECT stock FROM products WHERE id = {product}")[0][0])


def console(command, who="erik"):
    return shared.proxy.console(command, who)


@case("an UPDATE is held with PV001, DETAIL as JSON and a HINT; nothing changes")
def _():
    before = stock(10)
    with agent() as a:
        detail = held(a.query("UPDATE products SET stock = stock + 1 WHERE id = 10"))
        contains(detail["run_sql"], detail["request"])
        contains(detail["status_sql"], detail["request"])
        equal(a.query("SELECT 1").value, "1", "the session lives")
    equal(stock(10), before)


@case("the same statement while pending is the same request; another is another")
def _():
    with agent() as a, agent() as b:
        one = held(a.query("UPDATE products SET stock = 1 WHERE id = 11"))["request"]
        equal(held(a.query("UPDATE products SET stock = 1 WHERE id = 11"))["request"], one)
        equal(held(b.query("UPDATE products SET stock = 1 WHERE id = 11 -- a comment"))["request"], one)
        assert held(a.query("UPDATE products SET stock = 2 WHERE id = 11"))["request"] != one


@case("approved, the same statement runs once, and the second time it is held again")
def _():
    with agent() as a:
        sql = "UPDATE products SET stock = stock + 7 WHERE id = 12"
        before, request = stock(12), held(a.query(sql))["request"]
        approve(shared.proxy, request)
        equal(stock(12), before, "approving executes nothing")
        equal(a.query(sql).ok().tag, "UPDATE 1")
        equal(stock(12), before + 7)
        assert held(a.query(sql))["request"] != request
        equal(stock(12), before + 7)


@case("pgveil.execute runs an approved request once, by literal and by parameter")
def _():
    with agent() as a:
        request = held(a.query("UPDATE products SET stock = 41 WHERE id = 13"))["request"]
        got = a.query(f"SELECT * FROM pgveil.execute('{request}')")
        equal(got.sqlstate, "PV001", "not yet approved")
        approve(shared.proxy, request)
        a.query(f"SELECT * FROM pgveil.execute('{request}')").ok()
        equal(stock(13), 41)
        assert a.query(f"SELECT * FROM pgveil.execute('{request}')").error, "it ran twice"
        request = held(a.query("UPDATE products SET stock = 42 WHERE id = 13"))["request"]
        approve(shared.proxy, request)
        a.extended("SELECT * FROM pgveil.execute($1)", [request], types=(25,)).ok()
        equal(stock(13), 42)


@case("Parse, Describe and Bind of pgveil.execute spend nothing; Execute does")
def _():
    with agent() as a:
        request = held(a.query("UPDATE products SET stock = 43 WHERE id = 14"))["request"]
        approve(shared.proxy, request)
        text = f"SELECT * FROM pgveil.execute('{request}')"
        a.send(parse(text, "e"), describe("S", "e"), bind(statement="e"), sync)
        a.until().ok()
        assert stock(14) != 43
        a.send(bind(statement="e"), execute(), sync)
        a.until().ok()
        equal(stock(14), 43)


@case("pgveil.request shows the state of an own request; another agent's id is unknown")
def _():
    with agent("denied") as a:
        request = held(a.query("DELETE FROM tickets WHERE id = 1 AND body IS NOT NULL"))["request"]
        got = a.query(f"SELECT * FROM pgveil.request('{request}')").ok()
        equal(got.names, ["id", "state", "executed", "reason", "decided_by", "expires_at"])
        equal(got.rows[0][:2], [request, "pending"])
        console(f"DENY '{request}' REASON 'keep the history'").ok()
        row = a.query(f"SELECT * FROM pgveil.request('{request}')").ok().rows[0]
        equal((row[1], row[4]), ("denied", "erik"))
        contains(row[3], "keep the history")
        contains(str(a.query("SHOW pgveil.requests").ok().rows), request)
    with agent("reader") as r:
        got = r.query(f"SELECT * FROM pgveil.request('{request}')")
        absent(str(got.rows), "denied")
        absent(str(got.error), "keep the history")


@case("a denied statement answers PV002 with the reason, and is not filed again at once")
def _():
    sql = "DELETE FROM tickets WHERE id = 2 AND subject IS NOT NULL"     # a shape of its own: a denial cools it down
    with agent("denied") as a:
        request = held(a.query(sql))["request"]
        console(f"DENY '{request}' REASON 'not this one'").ok()
        again = a.query(sql)
        assert again.sqlstate in ("PV002", "PV011"), again
        contains(str(again.error), "not this one")
    equal(truth("SELECT count(*) FROM tickets WHERE id = 2"), [["1"]])


@case("the approval binds parameters: another value is another request")
def _():
    with agent() as a:
        sql = "UPDATE products SET stock = $1 WHERE id = $2"
        request = held(a.extended(sql, ["55", "15"], types=(23, 23)))["request"]
        approve(shared.proxy, request)
        assert held(a.extended(sql, ["56", "15"], types=(23, 23)))["request"] != request
        equal(a.extended(sql, ["55", "15"], types=(23, 23)).ok().tag, "UPDATE 1")
        equal(stock(15), 55)


@case("the approval binds the agent, the settings and the text")
def _():
    sql = "UPDATE orders SET placed_at = '2026-01-02 03:00' WHERE id = 16"
    with agent() as a:
        request = held(a.query(sql))["request"]
        approve(shared.proxy, request)
        a.query("SET TimeZone = 'Asia/Tokyo'").ok()
        got = a.query(sql)
        assert got.sqlstate in ("PV001", "PV005"), got
        a.query("RESET TimeZone").ok()
        assert a.query(sql + " AND true").sqlstate in ("PV001", "PV005")
        equal(a.query(sql).ok().tag, "UPDATE 1")


@case("two sessions race for one approval: it runs once")
def _():
    import threading
    sql, tags = "UPDATE products SET stock = stock + 100 WHERE id = 17", []
    with agent() as a:
        before = stock(17)
        approve(shared.proxy, held(a.query(sql))["request"])

    def one():
        with agent() as b:
            got = b.query(sql)
            tags.append(got.tag or got.sqlstate)
    threads = [threading.Thread(target=one) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(tags.count("UPDATE 1"), 1, str(tags))
    equal(stock(17), before + 100)


@case("pgveil.wait: the statement waits on the wire with a NOTICE and runs when approved")
def _():
    sql = "UPDATE products SET stock = 77 WHERE id = 18"
    with agent() as a:
        a.query("SET pgveil.wait = '30s'").ok()
        a.send(query(sql))
        notice = a.until("NZ")[-1]
        equal(notice.kind, "N")
        request = re.search(r"\br_\w+", notice.fields["M"])[0]
        contains(str(console(f"SHOW REQUEST '{request}'").ok().rows), "stock = 77")
        assert stock(18) != 77
        approve(shared.proxy, request)
        equal(a.until().ok().tag, "UPDATE 1")
        equal(stock(18), 77)


@case("a waiting statement can be cancelled, denied, or left to its time")
def _():
    with agent() as a:
        a.query("SET pgveil.wait = '1s'").ok()
        held(a.query("UPDATE products SET stock = 1 WHERE id = 19"))
        a.query("SET pgveil.wait = '30s'").ok()
        a.send(query("UPDATE products SET stock = 2 WHERE id = 19"))
        a.until("N")
        a.cancel()
        equal(a.until().sqlstate, "57014")
        equal(a.query("SELECT 1").value, "1")


@case("RETURNING of an approved write is masked")
def _():
    secret = truth("SELECT email FROM customers WHERE id = 20")[0][0]
    with agent() as a:
        sql = "UPDATE customers SET city = 'Ulm' WHERE id = 20 RETURNING id, email, city"
        request = held(a.query(sql))["request"]
        approve(shared.proxy, request)
        got = a.query(sql).ok()
        equal([got.rows[0][0], got.rows[0][2]], ["20", "Ulm"])
        absent(bytes(a.received), secret.encode())


@case("DROP TABLE, TRUNCATE, CREATE, VACUUM and their kin are held or denied, and change nothing")
def _():
    before = shared.cluster.digest("shop")
    with agent() as a:
        for sql in ("DROP TABLE orders", "TRUNCATE orders CASCADE", "CREATE TABLE t (a int)", "ALTER TABLE orders ADD x int", "VACUUM orders",
                    "CREATE TABLE t AS SELECT * FROM orders", "SELECT * INTO t FROM orders", "DO $$BEGIN DELETE FROM orders; END$$",
                    "CALL nothing()", "LOCK TABLE orders", "SELECT nextval('order_number')", "SELECT close_order(1)",
                    "WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d", "EXPLAIN ANALYZE DELETE FROM orders", "SELECT * FROM orders FOR UPDATE",
                    "SELECT pg_advisory_lock(1)", "SELECT lo_create(0)", "NOTIFY x", "COMMENT ON TABLE orders IS 'x'", "GRANT SELECT ON orders TO PUBLIC"):
            got = a.query(sql)
            assert got.sqlstate in ("PV001", "42501", "PV011", "42883"), f"{sql}: {got}"
            equal(a.query("SELECT 1").value, "1", sql)
    equal(shared.cluster.digest("shop"), before)


@case("admin statements are denied with 42501 and not filed")
def _():
    with agent() as a:
        for sql in ("SELECT pg_read_file('/etc/passwd')", "SELECT pg_terminate_backend(1)", "ALTER SYSTEM SET work_mem = '1GB'", "CREATE ROLE x",
                    "COPY orders TO PROGRAM 'cat'", "COPY orders TO '/tmp/x'", "SELECT pg_reload_conf()", "PREPARE TRANSACTION 'x'",
                    "SELECT lo_import('/etc/passwd')", "CREATE DATABASE x"):
            got = a.query(sql)
            assert got.sqlstate in ("42501", "0A000"), f"{sql}: {got}"


@case("a write under a read grant is PV003")
def _():
    with agent("reader") as r:
        equal(r.query("UPDATE products SET stock = 1 WHERE id = 21").sqlstate, "PV003")
        equal(r.query("SELECT 1").value, "1")


@case("the owner of an agent can neither approve for it nor be told otherwise")
def _():
    with agent() as a:
        request = held(a.query("UPDATE products SET stock = 1 WHERE id = 22"))["request"]
    got = console(f"APPROVE '{request}'", "dana")
    assert got.error and got.sqlstate == "42501", got
    assert console(f"APPROVE '{request}'", "otto").error, "an auditor approved"
    assert stock(22) is not None


@case("an approver sees the statement, the agent, the reason and the rule")
def _():
    with agent() as a:
        a.query("SET pgveil.reason = 'restock after count'").ok()
        request = held(a.query("UPDATE products SET stock = 321 WHERE id = 23"))["request"]
    text = str(console(f"SHOW REQUEST '{request}'").ok().rows)
    for part in ("UPDATE products SET stock = 321 WHERE id = 23", "copilot", "restock after count", "write", "dana"):
        contains(text, part)


@case("denying withdraws an approval that is not yet executing")
def _():
    with agent("denied") as a:
        sql = "UPDATE products SET stock = 5 WHERE id = 24 AND sku IS NOT NULL"
        request = held(a.query(sql))["request"]
        approve(shared.proxy, request)
        console(f"DENY '{request}' REASON 'changed my mind'").ok()
        assert a.query(sql).sqlstate in ("PV002", "PV011")
        assert a.query(f"SELECT * FROM pgveil.execute('{request}')").error
    assert stock(24) != 5


@case("one text BEGIN; ...; COMMIT is one request and runs whole")
def _():
    sql = "BEGIN; UPDATE products SET stock = 61 WHERE id = 25; UPDATE products SET stock = 62 WHERE id = 26; COMMIT"
    with agent() as a:
        request = held(a.query(sql))["request"]
        approve(shared.proxy, request)
        a.query(sql).ok()
    equal((stock(25), stock(26)), (61, 62))


@case("an approved statement that fails on the server tells its own error and is not spent twice")
def _():
    with agent() as a:
        sql = "UPDATE products SET stock = stock / (id - id) WHERE id = 27"
        request = held(a.query(sql))["request"]
        approve(shared.proxy, request)
        assert a.query(sql).sqlstate in ("22012", "22000"), "the division"
        row = a.query(f"SELECT * FROM pgveil.request('{request}')").ok().rows[0]
        equal(row[1], "failed")


@case("request ids carry at least 80 random bits and never repeat")
def _():
    with agent() as a:
        ids = [held(a.query(f"UPDATE products SET stock = {9000 + i} WHERE id = 28"))["request"] for i in range(5)]
    equal(len(set(ids)), 5)
    assert all(len(i) >= 2 + 16 for i in ids), ids


@case("pgveil.submit files a request without failing anything; pgveil.explain tells without running")
def _():
    with agent() as a:
        got = a.query("SELECT * FROM pgveil.submit('UPDATE products SET stock = 1 WHERE id = 29')").ok()
        contains(str(got.rows), "r_")
        got = a.query("SELECT * FROM pgveil.explain('DELETE FROM orders')").ok()
        equal(got.names, ["kind", "action", "rule", "reasons", "columns"])
        equal(got.rows[0][:2], ["write", "hold"])
        json.loads(got.rows[0][4] or "[]")
