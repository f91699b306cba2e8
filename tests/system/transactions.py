"""Holds and locks inside transactions, and the server's own read-only line behind the analysis."""
from common import agent, case, direct, shared, truth
from suite import equal
from world import approve, held


def stock(product):
    return int(truth(f"SELECT stock FROM products WHERE id = {product}")[0][0])


@case("BEGIN, reads, COMMIT report their states as PostgreSQL does")
def _():
    for connect in (direct, agent):
        with connect() as c:
            states = [c.query(q).status for q in ("BEGIN", "SELECT 1", "SAVEPOINT a", "SELECT 1/0", "SELECT 1", "ROLLBACK TO a", "RELEASE a", "COMMIT")]
            equal("".join(states), "TTTEETTI")
            equal(c.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").tag, "BEGIN")
            equal(c.query("SHOW transaction_isolation").value, "repeatable read")
            equal(c.query("SHOW transaction_read_only").value, "on")
            equal(c.query("ROLLBACK").tag, "ROLLBACK")


@case("a write held after a read in a transaction fails the transaction on both sides")
def _():
    with agent() as a:
        a.query("BEGIN").ok()
        a.query("SELECT count(*) FROM products").ok()
        got = a.query("UPDATE products SET stock = 0 WHERE id = 30")
        held(got)
        assert got.error["H"].startswith("ROLLBACK"), got.error["H"]
        equal(got.status, "E")
        equal(a.query("SELECT 1").sqlstate, "25P02")
        got = a.query("COMMIT")
        equal((got.tag, got.status), ("ROLLBACK", "I"))
    assert stock(30) != 0 or truth("SELECT 1")


@case("an approved write runs inside a transaction, and ROLLBACK undoes it")
def _():
    sql, before = "UPDATE products SET stock = stock + 3 WHERE id = 31", stock(31)
    with agent() as a:
        approve(shared.proxy, held(a.query(sql))["request"])
        a.query("BEGIN").ok()
        equal(a.query(sql).ok().tag, "UPDATE 1")
        equal(a.query("SELECT stock FROM products WHERE id = 31").value, str(before + 3))
        a.query("ROLLBACK").ok()
    equal(stock(31), before)


@case("an approved write runs inside a transaction, and COMMIT keeps it")
def _():
    sql, before = "UPDATE products SET stock = stock + 4 WHERE id = 32", stock(32)
    with agent() as a:
        approve(shared.proxy, held(a.query(sql))["request"])
        a.query("BEGIN").ok()
        a.query("SELECT 1").ok()
        equal(a.query(sql).ok().tag, "UPDATE 1")
        a.query("SELECT 1").ok()
        equal(a.query("COMMIT").ok().tag, "COMMIT")
    equal(stock(32), before + 4)


@case("BEGIN READ WRITE is a wish: the server stays read-only for reads")
def _():
    with agent() as a:
        for begin in ("BEGIN READ WRITE", "START TRANSACTION READ WRITE", "BEGIN; SET TRANSACTION READ WRITE"):
            a.query(begin).ok()
            held(a.query("DELETE FROM order_items"))
            a.query("ROLLBACK").ok()
        a.query("BEGIN; SET TRANSACTION READ WRITE; COMMIT; START TRANSACTION; ROLLBACK AND CHAIN").ok()
        held(a.query("DELETE FROM order_items"))
        a.query("ROLLBACK").ok()
        equal(a.query("BEGIN READ WRITE; SELECT 1; COMMIT").sqlstate, "0A000", "a read of the same text would run without its shield")
        a.query("SET default_transaction_read_only = off").ok()
        held(a.query("DELETE FROM order_items"))
        a.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        held(a.query("DELETE FROM order_items"))


@case("a function that lies about its volatility cannot write")
def _():
    shared.cluster.sql("CREATE FUNCTION liar() RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN PERFORM liar2(); RETURN 1; END$$;"
                       "CREATE FUNCTION liar2() RETURNS int LANGUAGE plpgsql VOLATILE AS $$BEGIN DELETE FROM order_log; INSERT INTO order_log VALUES (1); RETURN 1; END$$", "shop")
    before = truth("SELECT count(*) FROM order_log")
    with agent() as a:
        got = a.query("SELECT liar()")
        assert got.sqlstate in ("25006", "PV001", "42501"), got
    equal(truth("SELECT count(*) FROM order_log"), before)


@case("SQL-level PREPARE and EXECUTE are judged as what they name")
def _():
    with agent() as a:
        a.query("PREPARE r AS SELECT $1::int + 1").ok()
        equal(a.query("EXECUTE r(4)").value, "5")
        got = a.query("PREPARE w AS DELETE FROM order_items")
        if not got.error:
            got = a.query("EXECUTE w")
        assert got.sqlstate in ("PV001", "42501"), got
        a.query("DEALLOCATE ALL").ok()
    assert truth("SELECT count(*) > 0 FROM order_items") == [["t"]]


@case("cursors: DECLARE, FETCH, CLOSE serve masked rows")
def _():
    secret = truth("SELECT email FROM customers WHERE id = 33")[0][0]
    with agent() as a:
        a.query("BEGIN").ok()
        a.query("DECLARE c CURSOR FOR SELECT id, email FROM customers WHERE id = 33").ok()
        equal(a.query("FETCH ALL FROM c").ok().rows[0][0], "33")
        a.query("CLOSE c").ok()
        a.query("COMMIT").ok()
        assert secret.encode() not in a.received


@case("the reading session cannot write even where PostgreSQL alone would decide")
def _():
    with agent("reader") as r:
        equal(r.query("SELECT has_table_privilege('orders', 'UPDATE')").value, "f")
        equal(r.query("SHOW default_transaction_read_only").sqlstate, None)


@case("autocommit off as psycopg does it: BEGIN with the first statement, reads, COMMIT")
def _():
    with agent() as a:
        for _ in range(3):
            a.query("BEGIN").ok()
            a.extended("SELECT email FROM customers WHERE id = $1", ["5"]).ok()
            equal(a.query("COMMIT").ok().status, "I")
