#!/usr/bin/env python3
"""The drivers suite: what people's programs do, through pgveil: psql, psycopg 2, psycopg 3, asyncpg, node-postgres.

Each driver's bytes go through a tap, and no secret of the shop may ever be in what it received.
"""
import asyncio
import datetime
import decimal
import os
import pathlib
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "support"))
import world  # noqa: E402
from suite import Suite, absent, contains, equal  # noqa: E402

import asyncpg  # noqa: E402
import psycopg  # noqa: E402
import psycopg2  # noqa: E402
import psycopg2.extras  # noqa: E402

suite = Suite("drivers")
case = suite.case


class Shared:
    cluster = proxy = tap = None
    secrets = ()


def start():
    Shared.cluster = world.Cluster()
    world.load_shop(Shared.cluster)
    Shared.proxy = world.Pgveil(Shared.cluster)
    Shared.tap = world.Tap(Shared.proxy.port)
    rows = Shared.cluster.sql("SELECT email, full_name, ssn, phone FROM customers WHERE id <= 20", "shop")
    Shared.secrets = [cell.encode() for row in rows for cell in row if cell]


def stop():
    for part in (Shared.proxy, Shared.cluster):
        if part:
            (part.kill if part is Shared.proxy else part.stop)()


def dsn(name="copilot", port=None):
    return f"host=127.0.0.1 port={port or Shared.tap.port} user={name} password={world.agents[name]} dbname=shop sslmode=disable"


def no_secret():
    for secret in Shared.secrets:
        absent(bytes(Shared.tap.to_client), secret)


def truth(sql):
    return Shared.cluster.sql(sql, "shop")


everything = "SELECT id, full_name, email, phone, birth_date, ssn, city, created_at, newsletter, profile FROM customers WHERE id <= %s ORDER BY id"


def check_customers(rows):
    equal(len(rows), 20)
    assert all(r[2].endswith("@masked.invalid") for r in rows), rows[0]
    assert all(r[1] == "[PERSON]" and r[4] is None for r in rows), rows[0]
    assert isinstance(rows[0][7], datetime.datetime) and isinstance(rows[0][8], bool) and isinstance(rows[0][9], dict), rows[0]
    no_secret()


def request_of(error_detail):
    import json
    detail = json.loads(error_detail)
    equal((detail["state"], detail["executed"]), ("pending", False))
    return detail["request"]


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
    world.approve(Shared.proxy, request)
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
    c = psycopg2.connect(dsn(port=Shared.proxy.port))
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
    world.approve(Shared.proxy, request)
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
        world.approve(Shared.proxy, request)
        with c.transaction():
            c.execute("SELECT 1")
            equal(c.execute("UPDATE products SET stock = %s WHERE id = %s", (73, 104)).rowcount, 1)
    equal(truth("SELECT stock FROM products WHERE id = 104"), [["73"]])


@case("psycopg3: an approval given for text parameters serves a driver that turned to binary")
def _():
    sql = "UPDATE products SET stock = %s::int WHERE id = %s::int"
    with psycopg.connect(dsn(), autocommit=True) as c:
        try:
            c.execute("UPDATE products SET stock = %t::int WHERE id = %t::int", (74, 105))
        except psycopg.Error as error:
            world.approve(Shared.proxy, request_of(error.diag.message_detail))
        c.execute(sql.replace("%s", "%b"), (74, 105))
    equal(truth("SELECT stock FROM products WHERE id = 105"), [["74"]])


# --- asyncpg -----------------------------------------------------------------------------------------------------

def asynchronous(body):
    async def go():
        c = await asyncpg.connect(host="127.0.0.1", port=Shared.tap.port, user="copilot", password=world.agents["copilot"], database="shop", ssl=False)
        try:
            await body(c)
        finally:
            await c.close()
    asyncio.run(go())


@case("asyncpg: masked rows in binary, introspection of types, prepared statements")
def _():
    async def body(c):
        rows = await c.fetch(everything.replace("%s", "$1"), 20)
        equal(len(rows), 20)
        assert all(r["email"].endswith("@masked.invalid") and r["birth_date"] is None for r in rows), rows[0]
        orders = await c.fetch("SELECT id, status, total, placed_at, shipping FROM orders WHERE id < $1", 5)
        assert isinstance(orders[0]["total"], decimal.Decimal) and isinstance(orders[0]["placed_at"], datetime.datetime)
        statement = await c.prepare("SELECT tags, price FROM products WHERE id = $1")
        equal((await statement.fetchrow(4))["tags"][1], "shop")
        equal(await c.fetchval("SELECT count(*) FROM customers"), 2000)
    asynchronous(body)
    no_secret()


@case("asyncpg: cursors, transactions, reset, errors, timeout with cancel")
def _():
    async def body(c):
        async with c.transaction():
            equal([r["id"] async for r in c.cursor("SELECT id, email FROM customers WHERE id <= 20 ORDER BY id", prefetch=6)], list(range(1, 21)))
        async with c.transaction(isolation="serializable", readonly=True, deferrable=True):
            await c.fetch("SELECT 1")
        try:
            await c.fetch("SELECT 1/0")
            raise AssertionError("no error")
        except asyncpg.DivisionByZeroError:
            pass
        try:
            await c.fetch("SELECT count(*) FROM orders a, orders b, orders c", timeout=0.5)
            raise AssertionError("no time-out")
        except asyncio.TimeoutError:
            pass
        equal(await c.fetchval("SELECT 5"), 5)
        await c.reset()
        equal(await c.fetchval("SELECT 6"), 6)
    asynchronous(body)
    no_secret()


@case("asyncpg: a held write carries PV001 and its DETAIL; approved it runs")
def _():
    async def body(c):
        sql = "UPDATE products SET stock = $1 WHERE id = $2 RETURNING stock"
        try:
            await c.fetchval(sql, 75, 106)
            raise AssertionError("it ran")
        except asyncpg.PostgresError as error:
            equal(error.sqlstate, "PV001")
            request = request_of(error.detail)
        world.approve(Shared.proxy, request)
        equal(await c.fetchval(sql, 75, 106), 75)
        try:
            await c.fetchval(sql, 75, 106)
            raise AssertionError("twice")
        except asyncpg.PostgresError as error:
            equal(error.sqlstate, "PV001")
    asynchronous(body)
    equal(truth("SELECT stock FROM products WHERE id = 106"), [["75"]])


@case("asyncpg: a pool hands connections out and resets them")
def _():
    async def go():
        async with asyncpg.create_pool(host="127.0.0.1", port=Shared.tap.port, user="copilot", password=world.agents["copilot"], database="shop",
                                       ssl=False, min_size=2, max_size=4) as pool:
            equal(sorted(await asyncio.gather(*(pool.fetchval("SELECT $1::int", i) for i in range(20)))), list(range(20)))
    asyncio.run(go())


# --- node-postgres and psql --------------------------------------------------------------------------------------

@case("node-postgres: rows, parameters, named statements, errors, held write, pool")
def _():
    environment = os.environ | {"NODE_PATH": os.environ.get("PGVEIL_NODE_PATH", "/usr/share/nodejs"), "PGHOST": "127.0.0.1", "PGPORT": str(Shared.tap.port),
                                "PGUSER": "copilot", "PGPASSWORD": world.agents["copilot"], "PGDATABASE": "shop"}
    done = subprocess.run(["node", here / "node_postgres.js"], env=environment, capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, done.stdout + done.stderr)
    contains(done.stdout, "all fine")
    no_secret()


@case("psql: the describe family, \\watch-less basics, FETCH_COUNT, \\gdesc, \\bind-less variables")
def _():
    script = "\\l\n\\dn\n\\dt\n\\d customers\n\\d+ orders\n\\dv\n\\df\n\\di\n\\ds\n\\dT\n\\du\n\\dp\n\\dx\nSELECT id, email FROM customers LIMIT 3 \\gdesc\n" \
             "\\set FETCH_COUNT 5\nSELECT id, email FROM customers WHERE id <= 20 ORDER BY id;\n\\set n 3\nSELECT :n;\n\\conninfo\n\\encoding\n"
    got = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", dsn()], input=script, capture_output=True, text=True, timeout=60)
    equal((got.returncode, got.stderr), (0, ""))
    for part in ("customers", "order_status", "email", "close_order", "(20 rows)"):
        contains(got.stdout, part)
    no_secret()


@case("psql: a transaction with a held write ends in ROLLBACK, verbose shows SQLSTATE, DETAIL and HINT")
def _():
    got = subprocess.run(["psql", "-X", "-v", "VERBOSITY=verbose", dsn()], input="BEGIN;\nSELECT 1;\nDELETE FROM tickets;\nSELECT 2;\nCOMMIT;\n",
                         capture_output=True, text=True, timeout=60)
    contains(got.stderr, "PV001")
    contains(got.stderr, "DETAIL:")
    contains(got.stderr, "25P02")
    contains(got.stdout, "ROLLBACK")


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


if __name__ == "__main__":
    suite.main(start, stop)
