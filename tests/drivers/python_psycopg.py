"""psycopg 2 and 3: what they do through pgveil, with the types, cursors and pipelines that are theirs."""
import datetime
import decimal
import time

import psycopg
import psycopg2
import psycopg2.extras
from psycopg.pq import ExecStatus

import world
from common import case, check_customers, dsn, everything, no_secret, request_of, shared, truth
from suite import equal


# --- psycopg 2 ---------------------------------------------------------------------------------------------------

@case("psycopg2: masked rows, parameters, types")
def _():
    with psycopg2.connect(dsn()) as c, c.cursor() as q:
        q.execute(everything, (20,))
        check_customers(q.fetchall())
        q.execute("SELECT total, placed_at, status, shipping FROM orders WHERE id = ANY(%s)", ([1, 2, 3],))
        rows = q.fetchall()
        assert isinstance(rows[0][0], decimal.Decimal) and len(rows) == 3
    c.close()


@case("psycopg2: server-side cursor in batches")
def _():
    with psycopg2.connect(dsn()) as c:
        with c.cursor("batches") as q:
            q.itersize = 7
            q.execute("SELECT id, email FROM customers WHERE id <= 20 ORDER BY id")
            equal([r[0] for r in q], list(range(1, 21)))
    no_secret()
    c.close()


@case("psycopg2: a held write raises PV001, the connection rolls back and lives; approved it runs once")
def _():
    c = psycopg2.connect(dsn())
    q, sql = c.cursor(), "UPDATE products SET stock = %s WHERE id = %s"
    try:
        q.execute(sql, (71, 101))
        raise AssertionError("it ran")
    except psycopg2.Error as error:
        equal(error.pgcode, "PV001")
        request = request_of(error.diag.message_detail)
        assert error.diag.message_hint
    equal(c.closed, 0)
    c.rollback()
    q.execute("SELECT 1")
    c.rollback()
    world.approve(shared.proxy, request)
    q.execute(sql, (71, 101))
    equal(q.rowcount, 1)
    c.commit()
    equal(truth("SELECT stock FROM products WHERE id = 101"), [["71"]])
    try:
        q.execute(sql, (71, 101))
        raise AssertionError("it ran twice")
    except psycopg2.Error as error:
        equal(error.pgcode, "PV001")
    c.close()


@case("psycopg2: autocommit, isolation level, read-only, notices, errors")
def _():
    c = psycopg2.connect(dsn())
    c.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    with c.cursor() as q:
        q.execute("SHOW transaction_isolation")
        equal(q.fetchone()[0], "repeatable read")
        try:
            q.execute("SELECT nothing FROM orders")
            raise AssertionError("no error")
        except psycopg2.errors.UndefinedColumn:
            pass
    c.rollback()
    c.autocommit = True
    with c.cursor() as q:
        q.execute("SELECT count(*) FROM orders")
        equal(str(q.fetchone()[0]), truth("SELECT count(*) FROM orders")[0][0])
    c.close()


@case("psycopg2: cancel from another thread")
def _():
    import threading
    # Past the tap: PQcancel holds the interpreter, and the tap lives in it.
    c = psycopg2.connect(dsn(port=shared.proxy.port))
    threading.Timer(0.5, c.cancel).start()
    try:
        c.cursor().execute("SELECT count(*) FROM orders a, orders b, orders c")
        raise AssertionError("it ended by itself")
    except psycopg2.errors.QueryCanceled:
        pass
    c.rollback()
    c.cursor().execute("SELECT 1")
    c.close()


@case("psycopg2: pgveil.execute and pgveil.request from a driver")
def _():
    c = psycopg2.connect(dsn())
    c.autocommit = True
    q = c.cursor(cursor_factory=psycopg2.extras.DictCursor)
    try:
        q.execute("UPDATE products SET stock = 72 WHERE id = 102 RETURNING id, stock")
    except psycopg2.Error as error:
        request = request_of(error.diag.message_detail)
    q.execute("SELECT * FROM pgveil.request(%s)", (request,))
    equal(q.fetchone()["state"], "pending")
    world.approve(shared.proxy, request)
    q.execute("SELECT * FROM pgveil.execute(%s)", (request,))
    equal(truth("SELECT stock FROM products WHERE id = 102"), [["72"]])
    c.close()


# --- psycopg 3 ---------------------------------------------------------------------------------------------------

@case("psycopg3: masked rows, text and binary")
def _():
    for binary in (False, True):
        with psycopg.connect(dsn()) as c:
            check_customers(c.execute(everything, (20,), binary=binary).fetchall())
            row = c.execute("SELECT salary, hired_on, manager_id FROM employees WHERE id = 9", binary=binary).fetchone()
            equal(row[0], None)
            assert isinstance(row[1], datetime.date)


@case("psycopg3: prepared statements, repeated and with changing parameters")
def _():
    with psycopg.connect(dsn(), autocommit=True, prepare_threshold=1) as c:
        for i in range(1, 21):
            row = c.execute("SELECT id, email FROM customers WHERE id = %s", (i,), prepare=True).fetchone()
            equal(row[0], i)
        c.execute("DEALLOCATE ALL")
        equal(c.execute("SELECT id FROM customers WHERE id = %s", (3,), prepare=True).fetchone()[0], 3)
    no_secret()


@case("psycopg3: a pipeline, with an error and with a held write in it")
def _():
    with psycopg.connect(dsn(), autocommit=True) as c:
        with c.pipeline():
            cursors = [c.execute("SELECT %s::int * 2", (i,)) for i in range(50)]
            equal([q.fetchone()[0] for q in cursors], [i * 2 for i in range(50)])
        for sql, code in (("SELECT 1/0", "22012"), ("UPDATE products SET stock = 1 WHERE id = 103", "PV001")):
            try:
                with c.pipeline():
                    c.execute("SELECT 1")
                    c.execute(sql)
                    c.execute("SELECT 2")
                raise AssertionError("no error")
            except psycopg.Error as error:
                equal(error.sqlstate, code)
            equal(c.execute("SELECT 3").fetchone()[0], 3)


@case("psycopg3: executemany, server-side cursor, stream")
def _():
    with psycopg.connect(dsn()) as c:
        with c.cursor(name="s") as q:
            q.execute("SELECT id, email FROM customers WHERE id <= 20 ORDER BY id")
            equal(len(q.fetchmany(5)) + len(q.fetchall()), 20)
        with c.cursor() as q:
            equal(sum(1 for _ in q.stream("SELECT id, email FROM customers WHERE id <= 20")), 20)
    no_secret()


@case("psycopg3: transactions nest by savepoints; a held write fails the block and the connection lives")
def _():
    with psycopg.connect(dsn(), autocommit=True) as c:
        with c.transaction():
            c.execute("SELECT 1")
            try:
                with c.transaction():
                    c.execute("DELETE FROM tickets")
            except psycopg.Error as error:
                equal(error.sqlstate, "PV001")
            equal(c.execute("SELECT 2").fetchone()[0], 2)
        request = None
        try:
            c.execute("UPDATE products SET stock = %s WHERE id = %s", (73, 104))
        except psycopg.Error as error:
            request = request_of(error.diag.message_detail)
        world.approve(shared.proxy, request)
        with c.transaction():
            c.execute("SELECT 1")
            equal(c.execute("UPDATE products SET stock = %s WHERE id = %s", (73, 104)).rowcount, 1)
    equal(truth("SELECT stock FROM products WHERE id = 104"), [["73"]])


@case("psycopg3: a cancel that came too late does not hit the next statement")
def _():
    # As PQcancel promises: when it returns, the server has been told. Statements of many lengths meet it at every stage.
    with psycopg.connect(dsn(port=shared.shadow.port), autocommit=True) as c:
        cancel, outcomes = c.pgconn.get_cancel(), set()

        def run(rows, cancelled):
            c.pgconn.send_query(f"SELECT count(*) FROM generate_series(1, {rows})".encode())
            while c.pgconn.flush():
                pass
            if cancelled:
                cancel.cancel()
            found = []
            while result := c.pgconn.get_result():
                found.append(result.status)
            return found
        for i in range(400):
            outcomes |= set(run(1000 + i % 40 * 1000, True))
            equal(run(30000, False), [ExecStatus.TUPLES_OK], f"after {i} cancels")
        equal(outcomes, {ExecStatus.TUPLES_OK, ExecStatus.FATAL_ERROR})


@case("psycopg3: an approval given for text parameters serves a driver that turned to binary")
def _():
    sql = "UPDATE products SET stock = %s::int WHERE id = %s::int"
    with psycopg.connect(dsn(), autocommit=True) as c:
        try:
            c.execute("UPDATE products SET stock = %t::int WHERE id = %t::int", (74, 105))
        except psycopg.Error as error:
            world.approve(shared.proxy, request_of(error.diag.message_detail))
        c.execute(sql.replace("%s", "%b"), (74, 105))
    equal(truth("SELECT stock FROM products WHERE id = 105"), [["74"]])


@case("a thousand short statements over one connection of each driver keep their order", limit=120)
def _():
    started = time.monotonic()
    with psycopg2.connect(dsn()) as c, c.cursor() as q:
        for i in range(1000):
            q.execute("SELECT %s", (i,))
            equal(q.fetchone()[0], i)
    c.close()
    with psycopg.connect(dsn()) as c:
        for i in range(1000):
            equal(c.execute("SELECT %s::int", (i,)).fetchone()[0], i)
    assert time.monotonic() - started < 100
