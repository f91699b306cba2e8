"""asyncpg: the types that it makes of masked values."""
import asyncio
import datetime
import decimal

import asyncpg

import world
from common import case, everything, no_secret, shared
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
