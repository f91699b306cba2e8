# psycopg 2 through pgveil; programs.py says what each line means and compares them.
import io
import os

import psycopg2
import psycopg2.extras
import psycopg2.pool

from shared import attempt, cancelled, copy_lines, copy_rows, endless, other_product, out, product, rows, state, tagged, typed, wrongs

where = f"dbname={os.environ['PGDATABASE']}"


class Session:
    def __init__(self):
        self.c = psycopg2.connect(where)
        self.c.autocommit = True

    def query(self, sql, values=None):
        with self.c.cursor() as q:
            q.execute(sql, values)
            return rows(q.fetchall())

    def change(self, change, number):
        with self.c.cursor() as q:
            q.execute(f"UPDATE products SET stock = {change} WHERE id = %s", (number,))
            return q.rowcount

    def copy(self, sql):
        copied = io.BytesIO()
        with self.c.cursor() as q:
            q.copy_expert(sql, copied)
        return copied.getvalue()

    def copy_in(self):
        with self.c.cursor() as q:
            q.copy_from(io.StringIO("1\n2\n3\n"), "order_log", columns=("order_id",))
            return q.rowcount


def reading(s):
    out("query", s.query(f"{tagged} <= 3 ORDER BY id"))
    out("parameters", s.query(f"{tagged} BETWEEN %s AND %s ORDER BY id", (4, 5)))
    out("parameters", s.query(f"{tagged} = ANY(%(some)s) ORDER BY id", {"some": [6, 7]}))
    s.c.cursor().execute(f"PREPARE one AS {tagged} = $1")
    for i in range(1, 6):
        out("prepared", s.query("EXECUTE one (%s)", (i,)))
    out("binary", rows(copy_rows(s.copy(f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT (FORMAT binary)"))))
    with s.c.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as q:
        q.execute(typed)
        out("types", [dict(row) for row in q], [column.type_code for column in q.description])
        q.execute("SELECT tags FROM products WHERE id <= 2 ORDER BY id")
        out("array", [row["tags"] for row in q])
    with s.c.cursor() as q:
        q.execute("SELECT 1; SELECT 2")
        out("batch", q.fetchall())
        psycopg2.extras.execute_batch(q, "SELECT %s * 2", [(i,) for i in range(50)], page_size=20)
        out("batch", q.fetchall())
        q.executemany(f"{tagged} = %s", [(8,), (9,)])
        out("batch", q.rowcount)
        out("batch", psycopg2.extras.execute_values(q, "SELECT * FROM (VALUES %s) AS v", [(i, str(i)) for i in range(3)], fetch=True))
    for line in copy_lines(s.copy(f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT").decode()):
        out("copy out", line)


def cursors(s):
    with s.c, s.c.cursor("batches") as q:
        q.itersize = 7
        q.execute(f"{tagged} <= 20 ORDER BY id")
        for row in q:
            out("cursor", rows([row]))
    with s.c, s.c.cursor("there_and_back", scrollable=True) as q:
        q.execute(f"{tagged} <= 20 ORDER BY id")
        q.scroll(9)
        out("cursor", rows(q.fetchmany(2)))
        q.scroll(2, mode="absolute")
        out("cursor back", rows([q.fetchone()]))


def transactions(s):
    s.c.set_session(isolation_level="REPEATABLE READ", readonly=True)
    with s.c:
        out("commit", s.query("SHOW transaction_isolation"), s.query("SHOW transaction_read_only"))
    s.c.set_session(isolation_level="DEFAULT", readonly="DEFAULT")
    s.c.cursor().execute("SAVEPOINT one")
    out("savepoint", state(lambda: s.query("SELECT 1/0")))
    s.c.cursor().execute("ROLLBACK TO one")
    out("savepoint", s.query("SELECT 3"))
    out("in a block", state(lambda: s.change("0", other_product)))
    out("failed block", state(lambda: s.query("SELECT 4")))
    s.c.rollback()
    out("rollback", s.query("SELECT 5"))
    s.c.rollback()


def main():
    s = Session()
    out("connect", s.query("SELECT 1"))
    reading(s)
    attempt("copy in", s.copy_in)
    out("cancel", cancelled(s.c.cancel, lambda: s.query(endless)))
    out("after cancel", s.query("SELECT 2"))
    for wrong in wrongs:
        try:
            s.query(wrong)
        except psycopg2.Error as error:
            out("error", type(error).__name__, error.pgcode, error, error.diag.severity)
    s.c.autocommit = False
    cursors(s)
    transactions(s)
    s.c.autocommit = True
    attempt("write", lambda: s.change("stock + 1", product))
    s.c.close()
    pool = psycopg2.pool.ThreadedConnectionPool(1, 2, where)
    for _ in range(3):
        s.c = pool.getconn()
        out("reconnect", s.query("SELECT 6"))
        pool.putconn(s.c)
    pool.closeall()


main()
