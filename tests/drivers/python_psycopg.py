"""psycopg 2 and 3: what they do through pgveil, with the types, cursors and pipelines that are theirs."""
import datetime
import decimal
import time

import psycopg
import psycopg2
import psycopg2.extras
from psycopg.pq import ExecStatus

import world
from common import case, check_customers, dsn, everything, request_of, shared, truth
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


@case("psycopg3: a held write in a pipeline fails it, and the connection lives")
def _():
    with psycopg.connect(dsn(), autocommit=True) as c:
        try:
            with c.pipeline():
                c.execute("SELECT 1")
                c.execute("UPDATE products SET stock = 1 WHERE id = 103")
                c.execute("SELECT 2")
            raise AssertionError("no error")
        except psycopg.Error as error:
            equal(error.sqlstate, "PV001")
        equal(c.execute("SELECT 3").fetchone()[0], 3)


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
