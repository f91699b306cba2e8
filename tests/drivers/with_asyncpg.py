# asyncpg, which prepares everything and speaks binary, through pgveil; programs.py says what each line means and compares them.
import asyncio
import io

import asyncpg

from shared import attempt_async, copy_lines, copy_rows, endless, other_product, out, product, rows, state_of, tagged, typed, wrongs


async def reading(c):
    out("query", rows(await c.fetch(f"{tagged} <= 3 ORDER BY id")))
    out("parameters", rows(await c.fetch(f"{tagged} BETWEEN $1 AND $2 ORDER BY id", 4, 5)))
    out("parameters", rows(await c.fetch(f"{tagged} = ANY($1) ORDER BY id", [6, 7])))
    one = await c.prepare(f"{tagged} = $1")
    for i in range(1, 6):
        out("prepared", rows(await one.fetch(i)))
    out("described", [p.name for p in one.get_parameters()], [(a.name, a.type.name) for a in one.get_attributes()], one.get_statusmsg())
    out("binary", rows([await c.fetchrow(f"{tagged} = $1 AND $2::bytea = '\\x0001ff'", 8, b"\x00\x01\xff")]))
    # The enum, which it does not know, makes it read the catalog.
    out("types", [tuple(row) for row in await c.fetch(typed)])
    out("array", [row["tags"] for row in await c.fetch("SELECT tags FROM products WHERE id <= 2 ORDER BY id")])
    await c.set_type_codec("jsonb", encoder=str, decoder=lambda text: ("json", text), schema="pg_catalog")
    out("types", await c.fetchval("SELECT to_jsonb(id) FROM orders WHERE id = $1", 1))
    out("batch", await c.execute(f"SELECT 1; SELECT 2; {tagged} <= 5"))
    out("batch", await c.executemany(f"{tagged} = $1", [(i,) for i in range(50)]), await c.fetchval("SELECT 3"))
    out("batch", await state_of(c.executemany("SELECT 1/$1::int", [(1,), (0,), (2,)])), await c.fetchval("SELECT 4"))


async def cursors(c):
    async with c.transaction():
        async for row in c.cursor(f"{tagged} <= $1 ORDER BY id", 20, prefetch=7):
            out("cursor", rows([row]))
        kept = await c.cursor(f"{tagged} <= 20 ORDER BY id")
        out("cursor", rows(await kept.fetch(3)), await kept.forward(5), rows([await kept.fetchrow()]))


async def copies(c):
    for form in ("text", "binary"):
        copied = io.BytesIO()
        out("copy out", await c.copy_from_query(f"{tagged} <= $1 ORDER BY id", 3, output=copied, format=form))
        out("copy out", ";".join(copy_lines(copied.getvalue().decode())) if form == "text" else rows(copy_rows(copied.getvalue())))
    await attempt_async("copy in", lambda: c.copy_to_table("order_log", source=io.BytesIO(b"1\n2\n3\n"), columns=["order_id"]))
    await attempt_async("copy in", lambda: c.copy_records_to_table("order_log", records=[(1,), (2,)], columns=["order_id"]))   # binary


async def cancel(c):
    # A time-out is its cancel, one for each statement.
    try:
        out("cancel", await c.fetch(endless, timeout=1))
    except asyncio.TimeoutError:
        out("cancel", "timed out")
    out("after cancel", await c.fetchval("SELECT 2"))


async def errors(c):
    for wrong in wrongs:
        try:
            await c.fetch(wrong)
        except asyncpg.PostgresError as error:
            out("error", type(error).__name__, error.sqlstate, error, error.severity)


async def change(c, change, number):
    return await c.execute(f"UPDATE products SET stock = {change} WHERE id = $1", number)


async def transactions(c):
    async with c.transaction(isolation="serializable", readonly=True, deferrable=True):
        out("commit", await c.fetchval("SHOW transaction_isolation"), await c.fetchval("SHOW transaction_read_only"))

    async def failing():
        async with c.transaction():
            await c.fetch("SELECT 1/0")
    async with c.transaction():
        out("savepoint", await state_of(failing()), await c.fetchval("SELECT 3"))
    for several in (False, True):
        block = c.transaction()
        await block.start()
        sql = "UPDATE products SET stock = 0 WHERE id = $1"
        out("in a block", await state_of(c.executemany(sql, [(other_product,)] * 2) if several else c.execute(sql, other_product)))
        out("failed block", await state_of(c.fetchval("SELECT 4")))
        await block.rollback()
    out("rollback", await c.fetchval("SELECT 5"))


async def main():
    c = await asyncpg.connect()
    out("connect", await c.fetchval("SELECT 1"))
    await reading(c)
    await cursors(c)
    await copies(c)
    await cancel(c)
    await errors(c)
    await transactions(c)
    await attempt_async("write", lambda: change(c, "stock + 1", product))
    await c.reset()
    out("reset", await c.fetchval("SELECT 6"))
    await c.close()
    async with asyncpg.create_pool(min_size=2, max_size=4) as pool:
        out("reconnect", *await asyncio.gather(*(pool.fetchval("SELECT $1::int", i) for i in range(20))))


asyncio.run(main())
