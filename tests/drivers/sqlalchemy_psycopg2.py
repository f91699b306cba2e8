# SQLAlchemy over psycopg 2 through pgveil: Core, reflection, sessions; programs.py says what each line means and compares them.
import io
import os

import sqlalchemy as sa
from sqlalchemy import orm

from reflected import Product, reflection, tables
from shared import attempt, cancelled, copy_lines, copy_rows, endless, other_product, out, product, rows, state, tagged, wrongs


def make_engine(**more):
    e = os.environ
    url = sa.engine.URL.create("postgresql+psycopg2", e["PGUSER"], e["PGPASSWORD"], e["PGHOST"], int(e["PGPORT"]), e["PGDATABASE"],
                               query={"sslmode": e["PGSSLMODE"], "sslrootcert": e["PGSSLROOTCERT"]})
    return sa.create_engine(url, future=True, pool_size=2, max_overflow=0, **more)


def people():
    c = tables.tables["customers"].c
    return sa.select(c.id, c.full_name, c.email, c.birth_date).order_by(c.id), c


def reading(c):
    out("query", rows(c.execute(sa.text(f"{tagged} <= 3 ORDER BY id"))))
    select, columns = people()
    out("parameters", rows(c.execute(sa.text(f"{tagged} BETWEEN :low AND :high ORDER BY id"), {"low": 4, "high": 5})))
    out("parameters", rows(c.execute(select.where(columns.id.in_([6, 7])))))
    out("parameters", rows(c.exec_driver_sql(f"{tagged} = %(id)s", {"id": 8})))
    orders = tables.tables["orders"]
    joined = sa.select(orders.c.id, columns.full_name, orders.c.total, orders.c.status).join_from(orders, tables.tables["customers"])
    out("select", rows(c.execute(joined.where(orders.c.id == 1).with_only_columns(orders.c.id, orders.c.total, orders.c.status))))
    out("types", c.execute(sa.select(orders).with_only_columns(orders.c.total, orders.c.placed_at, orders.c.status).where(orders.c.id <= 2).order_by(orders.c.id)).all())
    c.exec_driver_sql(f"PREPARE one AS {tagged} = $1")
    for i in range(1, 6):
        out("prepared", rows(c.exec_driver_sql("EXECUTE one (%s)", (i,))))
    c.exec_driver_sql("DEALLOCATE one")
    out("batch", c.execute(sa.text("SELECT 1; SELECT 2")).all())
    out("batch", c.execute(sa.text(f"{tagged} = :id"), [{"id": 8}, {"id": 9}]).rowcount)      # executemany
    streamed = c.execution_options(stream_results=True, max_row_buffer=7).execute(select.where(columns.id <= 20))
    for part in streamed.partitions(7):
        out("cursor", rows(part))


def copies(engine):
    raw = engine.raw_connection()     # the DBAPI's connection, as one does for COPY
    for form in ("text", "binary"):
        copied = io.BytesIO()
        raw.cursor().copy_expert(f"COPY ({tagged} <= 3 ORDER BY id) TO STDOUT (FORMAT {form})", copied)
        if form == "binary":
            out("binary", rows(copy_rows(copied.getvalue())))
        else:
            out("copy out", ";".join(copy_lines(copied.getvalue().decode())))

    def copy_in():
        try:
            with raw.cursor() as q:
                q.copy_expert("COPY order_log (order_id) FROM STDIN", io.StringIO("1\n2\n3\n"))
            raw.commit()
            return q.rowcount
        except Exception:
            raw.rollback()
            raise
    attempt("copy in", copy_in)
    raw.close()


def transactions(engine):
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as c, c.begin():
        out("commit", c.execute(sa.text("SHOW transaction_isolation")).scalar())
    with engine.begin() as c:
        def failing():
            with c.begin_nested():
                c.execute(sa.text("SELECT 1/0"))
        out("savepoint", state(failing), c.execute(sa.text("SELECT 3")).scalar())
    with engine.connect() as c:
        products = tables.tables["products"]
        out("in a block", state(lambda: c.execute(products.update().where(products.c.id == other_product).values(stock=0)).rowcount))
        out("failed block", state(lambda: c.execute(sa.text("SELECT 4")).scalar()))
        c.rollback()
        out("rollback", c.execute(sa.text("SELECT 5")).scalar())


def session_write(engine):
    with orm.Session(engine) as session, session.begin():
        found = session.get(Product, product)
        found.stock = Product.stock + 1
    return "flushed"


def insert_many(engine):
    with engine.begin() as c:
        return c.execute(tables.tables["order_log"].insert(), [{"order_id": i} for i in range(3)]).rowcount


def main():
    engine = make_engine()
    with engine.connect() as c:
        out("connect", c.execute(sa.text("SELECT 1")).scalar())
        reflection(engine)
        reading(c)
    copies(engine)
    with engine.connect() as c:
        out("cancel", cancelled(c.connection.cancel, lambda: c.execute(sa.text(endless)).scalar()))
        c.rollback()
        out("after cancel", c.execute(sa.text("SELECT 2")).scalar())
        for wrong in wrongs:
            try:
                c.execute(sa.text(wrong))
            except sa.exc.DBAPIError as error:
                out("error", type(error).__name__, error.orig.pgcode, error.orig, error.connection_invalidated)
            c.rollback()
    transactions(engine)
    attempt("write", lambda: session_write(engine))
    attempt("write", lambda: insert_many(engine))
    engine.dispose()
    again = make_engine(pool_pre_ping=True)
    for _ in range(2):
        with again.connect() as c:
            out("reconnect", c.execute(sa.text("SELECT 6")).scalar())
    again.dispose()


main()
