"""asyncpg: binary in both directions, prepared statements for everything, pools."""
import asyncio
import datetime
import decimal

import asyncpg

import world
from common import case, everything, no_secret, request_of, shared, truth
from suite import equal


def asynchronous(body):
    async def go():
        c = await asyncpg.connect(host="127.0.0.1", port=shared.tap.port, user="copilot", password=world.agents["copilot"], database="shop", ssl=False)
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
        world.approve(shared.proxy, request)
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
        async with asyncpg.create_pool(host="127.0.0.1", port=shared.tap.port, user="copilot", password=world.agents["copilot"], database="shop",
                                       ssl=False, min_size=2, max_size=4) as pool:
            equal(sorted(await asyncio.gather(*(pool.fetchval("SELECT $1::int", i) for i in range(20)))), list(range(20)))
    asyncio.run(go())
