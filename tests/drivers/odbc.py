# psqlodbc through unixODBC's manager and pyodbc through pgveil; programs.py says what each line means and compares them.
import os
import sys
import threading

import pyodbc

from shared import endless, out, rows, tagged, wrongs

pyodbc.pooling = False


def connect(more="", autocommit=True):
    where = {"Server": "PGHOST", "Port": "PGPORT", "Database": "PGDATABASE", "Uid": "PGUSER", "Pwd": "PGPASSWORD", "SSLmode": "PGSSLMODE"}
    text = "".join(f"{key}={os.environ[name]};" for key, name in where.items())
    return pyodbc.connect("Driver={PostgreSQL Unicode};" + text + more, autocommit=autocommit)


def state(do):
    try:
        return do()
    except pyodbc.Error as error:
        return f"{error.args[0]} {type(error).__name__}"


def attempt(step, do):
    try:
        return out(step, do())
    except pyodbc.Error as error:
        out(step, error.args[0])
        if error.args[0] != "PV001":
            return
        out("held", error.args[1])
    sys.stdin.readline()
    out("approved", do())
    out("again", state(do).split()[0])


def cancel(c):
    running, ended, q = threading.Event(), threading.Event(), c.cursor()

    def keep_cancelling():
        running.wait()
        while not ended.wait(0.1):
            q.cancel()
    thread = threading.Thread(target=keep_cancelling)
    thread.start()
    running.set()
    out("cancel", state(lambda: q.execute(endless)))
    ended.set()
    thread.join()


def write(c, column, value, product):
    return c.execute(f"UPDATE products SET {column} = {value} WHERE id = ?", int(os.environ[product])).rowcount


def main():
    c = connect()
    out("connect", c.execute("SELECT 1").fetchval())
    out("query", rows(c.execute(f"{tagged} <= 3 ORDER BY id")))
    out("parameters", rows(c.execute(f"{tagged} BETWEEN ? AND ? ORDER BY id", 4, 5)))
    q = c.cursor()
    for i in range(1, 6):
        out("prepared", rows(q.execute(f"{tagged} = ?", i).fetchall()))
    out("binary", rows(c.execute(f"{tagged} = ? AND ?::bytea = '\\x0001ff'", 8, b"\0\1\xff")))
    for row in c.execute("SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id"):
        out("types", *(repr(cell) for cell in row))
    out("tables", sorted(r.table_name for r in q.tables(schema="public", tableType="TABLE")))
    out("columns", [(r.column_name, r.type_name, r.nullable) for r in q.columns(table="customers", schema="public")])
    out("keys", [r.column_name for r in q.primaryKeys("order_items", schema="public")], [r[2] for r in q.statistics("orders")])
    out("foreign keys", sorted((r[2], r[6], r[7]) for r in q.foreignKeys(foreignTable="orders")))
    several = c.execute("SELECT 1; SELECT 2")
    out("batch", several.fetchval(), several.nextset(), several.fetchval())
    q.fast_executemany = True
    q.executemany(f"{tagged} = ?", [(8,), (9,)])
    out("batch", c.execute("SELECT 3").fetchval())
    with connect("UseDeclareFetch=1;Fetch=7;", autocommit=False) as batches:
        q = batches.execute(f"{tagged} <= 20 ORDER BY id")
        for row in q:
            out("cursor", rows([row]))
        batches.rollback()
    for mode in ("UseServerSidePrepare=0;", "Protocol=7.4-2;", "ByteaAsLongVarBinary=1;BoolsAsChar=0;"):
        with connect(mode) as other:
            out("options", rows(other.execute(f"{tagged} = ?", 7)))
    cancel(c)
    out("after cancel", c.execute("SELECT 2").fetchval())
    for wrong in wrongs:
        out("error", state(lambda: c.execute(wrong)))
    c.autocommit = False
    out("commit", c.execute("SELECT 3").fetchval())
    c.commit()
    out("in a block", str(state(lambda: write(c, "stock", 0, "OTHER_PRODUCT"))).split()[0])
    # A block that failed would answer 25P02, but psqlodbc returns to a savepoint of its own.
    out("same block", str(state(lambda: c.execute("SELECT 4").fetchval())).split()[0])
    c.rollback()
    out("rollback", c.execute("SELECT 5").fetchval())
    c.rollback()
    c.autocommit = True
    attempt("write", lambda: write(c, "stock", "stock + 1", "PRODUCT"))
    c.close()
    c = connect()
    out("reconnect", c.execute("SELECT 6").fetchval())


main()
