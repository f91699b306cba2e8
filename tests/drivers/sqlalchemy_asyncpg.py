# SQLAlchemy's asynchronous engine over asyncpg through pgveil; programs.py says what each line means and compares them.
import asyncio
import io
import os
import ssl

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from reflected import Product, reflection, tables
from shared import attempt_async, copy_lines, endless, other_product, out, product, rows, state_of, tagged, wrongs


def make_engine(**more):
    e = os.environ
    url = sa.engine.URL.create("postgresql+asyncpg", e["PGUSER"], e["PGPASSWORD"], e["PGHOST"], int(e["PGPORT"]), e["PGDATABASE"])
    secured = e["PGSSLMODE"] != "disable" and ssl.create_default_context(cafile=e["PGSSLROOTCERT"])
    return create_async_engine(url, connect_args={"ssl": secured}, pool_size=2, max_overflow=0, **more)


async def scalar(c, sql):
    return (await c.execute(sa.text(sql))).scalar()


async def reading(c):
    out("query", rows(await c.execute(sa.text(f"{tagged} <= 3 ORDER BY id"))))
    columns = tables.tables["customers"].c
    select = sa.select(columns.id, columns.full_name, columns.email, columns.birth_date).order_by(columns.id)
    out("parameters", rows(await c.execute(sa.text(f"{tagged} BETWEEN :low AND :high ORDER BY id"), {"low": 4, "high": 5})))
    out("parameters", rows(await c.execute(select.where(columns.id.in_([6, 7])))))
    for i in range(1, 6):
        out("prepared", rows(await c.execute(select.where(columns.id == i))))
    out("binary", rows(await c.exec_driver_sql(f"{tagged} = %s AND %s::bytea = '\\x0001ff'", (8, b"\x00\x01\xff"))))
    o = tables.tables["orders"].c
    out("types", (await c.execute(sa.select(o.total, o.placed_at, o.status).where(o.id <= 2).order_by(o.id))).all())
    out("batch", (await c.execute(sa.text(f"{tagged} = :id"), [{"id": 8}, {"id": 9}])).rowcount)      # executemany
    out("batch", await scalar(c, "SELECT 2"))
    streamed = await c.stream(select.where(columns.id <= 20), execution_options={"max_row_buffer": 7})
    async for part in streamed.partitions(7):
        out("cursor", rows(part))


async def copies(engine):
    async with engine.connect() as c:
        driver = (await c.get_raw_connection()).driver_connection     # asyncpg's, as one does for COPY
        copied = io.BytesIO()
        await driver.copy_from_query(f"{tagged} <= 3 ORDER BY id", output=copied)
        for line in copy_lines(copied.getvalue().decode()):
            out("copy out", line)
        await attempt_async("copy in", lambda: driver.copy_records_to_table("order_log", records=[(1,), (2,)], columns=["order_id"]))


async def cancel(engine):
    # A task that is cancelled cancels the statement; the pool drops the connection.
    async with engine.connect() as c:
        try:
            out("cancel", await asyncio.wait_for(scalar(c, endless), 1))
        except asyncio.TimeoutError:
            out("cancel", "timed out")
    async with engine.connect() as c:
        out("after cancel", await scalar(c, "SELECT 2"))


async def errors(engine):
    async with engine.connect() as c:
        for wrong in wrongs:
            try:
                await scalar(c, wrong)
            except sa.exc.DBAPIError as error:
                out("error", type(error).__name__, error.orig.pgcode, error.orig, error.connection_invalidated)
            await c.rollback()


async def transactions(engine):
    async with engine.connect() as c:
        await c.execution_options(isolation_level="SERIALIZABLE")
        async with c.begin():
            out("commit", await scalar(c, "SHOW transaction_isolation"))

    async def failing(c):
        async with c.begin_nested():
            await scalar(c, "SELECT 1/0")
    async with engine.begin() as c:
        out("savepoint", await state_of(failing(c)), await scalar(c, "SELECT 3"))
    products = tables.tables["products"]
    async with engine.connect() as c:
        changing = c.execute(products.update().where(products.c.id == other_product).values(stock=0))
        found = await state_of(changing)
        out("in a block", found if isinstance(found, str) else found.rowcount)
        out("failed block", await state_of(scalar(c, "SELECT 4")))
        await c.rollback()
        out("rollback", await scalar(c, "SELECT 5"))


async def session_write(engine):
    async with AsyncSession(engine) as session, session.begin():
        found = await session.get(Product, product)
        found.stock = Product.stock + 1
    return "flushed"


async def insert(engine):
    async with engine.begin() as c:
        return (await c.execute(tables.tables["order_log"].insert(), {"order_id": 1})).rowcount


async def main():
    engine = make_engine()
    async with engine.connect() as c:
        out("connect", await scalar(c, "SELECT 1"))
        await c.run_sync(reflection)
        await reading(c)
    await copies(engine)
    await cancel(engine)
    await errors(engine)
    await transactions(engine)
    await attempt_async("write", lambda: session_write(engine))
    await attempt_async("write", lambda: insert(engine))
    await engine.dispose()
    again = make_engine(pool_pre_ping=True)
    for _ in range(2):
        async with again.connect() as c:
            out("reconnect", await scalar(c, "SELECT 6"))
    await again.dispose()


asyncio.run(main())
