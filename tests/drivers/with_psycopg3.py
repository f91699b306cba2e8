# psycopg 3, its AsyncConnection too, through pgveil; programs.py says what each line means and compares them.
import asyncio

import psycopg
from psycopg.rows import namedtuple_row

from shared import attempt, cancelled, copy_lines, endless, other_product, out, product, rows, state, tagged, typed, wrongs


def query(c, sql, values=None, **how):
    return rows(c.execute(sql, values, **how).fetchall())


def change(c, change, number):
    return c.execute(f"UPDATE products SET stock = {change} WHERE id = %s", (number,)).rowcount


def reading(c):
    out("query", query(c, f"{tagged} <= 3 ORDER BY id"))
    out("parameters", query(c, f"{tagged} BETWEEN %s AND %s ORDER BY id", (4, 5)))
    out("parameters", query(c, f"{tagged} = ANY(%(some)s) ORDER BY id", {"some": [6, 7]}))
    out("parameters", query(c, f"{tagged} = %t OR id = %b ORDER BY id", (6, 7)))
    for i in range(1, 6):
        out("prepared", query(c, f"{tagged} = %s", (i,), prepare=True))
    for i in range(1, 9):        # the fifth time it is prepared, as it was not asked not to
        out("prepared", query(c, f"{tagged} = %s AND true", (i,)))
    for prepare in (False, True):
        out("binary", query(c, f"{tagged} BETWEEN %s AND %s ORDER BY id", (8, 9), binary=True, prepare=prepare))
    for binary in (False, True):
        q = c.execute(typed, binary=binary)
        out("types", q.fetchall(), [column.type_code for column in q.description])
        out("array", c.execute("SELECT tags FROM products WHERE id <= 2 ORDER BY id", binary=binary).fetchall())


def batches(c):
    q = c.cursor()
    q.execute("SELECT 1; SELECT 2")
    out("batch", q.fetchall(), q.nextset(), q.fetchall())
    q.executemany(f"{tagged} = %s", [(8,), (9,)], returning=True)
    out("batch", rows(q.fetchall()), q.nextset(), rows(q.fetchall()))
    with c.pipeline():
        asked = [c.execute("SELECT %s::int * 2", (i,)) for i in range(50)]
        asked.append(c.execute(f"{tagged} = %s", (7,)))
        out("batch", *(rows(q.fetchall()) for q in asked))

    def failing():
        with c.pipeline() as pipeline:
            c.execute("SELECT 1")
            c.execute("SELECT 1/%s::int", (0,))
            c.execute("SELECT 2")
            pipeline.sync()
    out("batch", state(failing), query(c, "SELECT 3"))


def cursors(c):
    with c.transaction(), c.cursor("batches", row_factory=namedtuple_row) as q:
        q.itersize = 7
        for row in q.execute(f"{tagged} <= %s ORDER BY id", (20,)):
            out("cursor", rows([row]))
    with c.transaction(), c.cursor("there_and_back", scrollable=True) as q:
        q.execute(f"{tagged} <= 20 ORDER BY id", binary=True)
        q.scroll(9)
        out("cursor", rows(q.fetchmany(2)))
        q.scroll(2, mode="absolute")
        out("cursor back", rows([q.fetchone()]))
    for row in c.cursor().stream(f"{tagged} <= 20 ORDER BY id"):
        out("single row", rows([row]))


def copy_in(c, form):
    with c.cursor() as q:
        with q.copy(f"COPY order_log (order_id) FROM STDIN (FORMAT {form})") as copy:
            copy.set_types(["int8"])
            for i in range(1, 4):
                copy.write_row([i])
        return q.rowcount


def copies(c):
    with c.cursor().copy(f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT") as copy:
        for line in copy_lines(b"".join(map(bytes, copy)).decode()):
            out("copy out", line)
    with c.cursor().copy(f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int4", "text", "text", "date"])
        for row in copy.rows():
            out("copy out", rows([row]))
    attempt("copy in", lambda: copy_in(c, "text"))
    attempt("copy in", lambda: copy_in(c, "binary"))


def transactions(c):
    c.isolation_level, c.read_only = psycopg.IsolationLevel.SERIALIZABLE, True
    with c.transaction():
        out("commit", query(c, "SHOW transaction_isolation"), query(c, "SHOW transaction_read_only"))
    c.isolation_level = c.read_only = None

    def failing():
        with c.transaction():
            c.execute("SELECT 1/0")
    with c.transaction():
        out("savepoint", state(failing), query(c, "SELECT 3"))
    with c.transaction(force_rollback=True):
        out("in a block", state(lambda: change(c, "0", other_product)))
        out("failed block", state(lambda: query(c, "SELECT 4")))
    out("rollback", query(c, "SELECT 5"))


async def asynchronously():
    async with await psycopg.AsyncConnection.connect("") as c:
        q = await c.execute(f"{tagged} = %s", (5,))
        out("reconnect", rows(await q.fetchall()))


def main():
    c = psycopg.connect("", autocommit=True)
    out("connect", query(c, "SELECT 1"))
    reading(c)
    batches(c)
    cursors(c)
    copies(c)
    out("cancel", cancelled(c.cancel, lambda: query(c, endless)))
    out("after cancel", query(c, "SELECT 2"))
    for wrong in wrongs:
        try:
            query(c, wrong)
        except psycopg.Error as error:
            out("error", type(error).__name__, error.sqlstate, error, error.diag.severity)
    transactions(c)
    attempt("write", lambda: change(c, "stock + 1", product))
    c.close()
    with psycopg.connect("") as c:
        out("reconnect", query(c, "SELECT 6"))
        out("prepared", query(c, f"{tagged} = %s", (9,), prepare=True))
        c.execute("DEALLOCATE ALL")
        out("prepared", query(c, f"{tagged} = %s OR false", (9,), prepare=True))
    asyncio.run(asynchronously())


main()
