#!/usr/bin/env python3
"""The benign suite: honest work passes untouched. Tools run through pgveil; what they send is captured from a server's
own log in this run (no stored copies), replayed both ways and compared; so are the reads of analytics.sql.
"""
import os
import pathlib
import re
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "support"))
import world  # noqa: E402
from suite import Suite, contains, equal  # noqa: E402
from wire import Wire  # noqa: E402

suite = Suite("benign")
case = suite.case


class Shared:
    cluster = proxy = None


def start():
    Shared.cluster = world.Cluster("lc_messages = 'C'")
    world.load_shop(Shared.cluster)
    subprocess.run([world.pg_bin / "pgbench", "-i", "-q", "-h", Shared.cluster.dir, "-p", str(Shared.cluster.port), "-U", "postgres", "shop"], check=True, capture_output=True)
    Shared.cluster.sql((here / "corpus/warehouse.sql").read_text(), "shop")
    Shared.cluster.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO pgveil_reader, pgveil_writer; ANALYZE", "shop")
    Shared.proxy = world.Pgveil(Shared.cluster)


def stop():
    for part, end in ((Shared.proxy, "kill"), (Shared.cluster, "stop")):
        if part:
            getattr(part, end)()


def direct(writes=False):
    who = ("pgveil_writer", world.writer_password) if writes else ("pgveil_reader", world.reader_password)
    return Wire("127.0.0.1", Shared.cluster.port, *who, "shop", startup={"application_name": "x"})


def through():
    return Shared.proxy.agent(startup={"application_name": "x"})


# Facts of one connection that two connections cannot share.
volatile = re.compile(r"pg_stat_|pg_locks|pg_backend_pid|txid_|pg_current_|inet_|now\(\)|clock_timestamp|random|pg_stat_activity|current_user|session_user|pg_settings|application_name", re.I)


def canonical(answer):
    return [(m.kind, m.fields["C"] if m.kind == "E" else bytes(m.body)) for m in answer if m.kind not in "SNZ"]


def difference(expected, seen):
    """The first thing that is not the same, down to the column."""
    if expected.error or seen.error:
        return f"PostgreSQL: {expected.error}\n    pgveil:     {seen.error}"
    for a, b in zip(expected.of("D"), seen.of("D")):
        for column, one, other in zip(expected.names, a.cells, b.cells):
            if one != other:
                return f"column {column}: PostgreSQL {one!r}, pgveil {other!r}"
    return f"PostgreSQL: {str(canonical(expected))[:400]}\n    pgveil:     {str(canonical(seen))[:400]}"


def compare(statements, extended=False, writes=False):
    """`writes`: beside the role of a session that may write, whose privileges information_schema shows."""
    troubles = []
    with direct(writes) as d, through() as t:
        for sql in statements:
            send = (lambda c: c.extended(sql)) if extended else (lambda c: c.query(sql))
            expected, seen = send(d), send(t)
            same = canonical(expected) == canonical(seen) if not volatile.search(sql) else [m.kind for m in expected if m.kind not in "SNDZ"] == [m.kind for m in seen if m.kind not in "SNDZ"]
            if not same:
                troubles.append(f"{sql[:1500]}\n    " + difference(expected, seen))
    assert not troubles, f"{len(troubles)} of {len(statements)} differ:\n" + "\n".join(troubles[:12])


def statements_of_file(name="analytics.sql"):
    text = "\n".join(line for line in (here / name).read_text().splitlines() if not line.startswith("--"))
    return [s.strip().rstrip(";") for s in re.split(r";\n", text) if s.strip()]


def captured(run):
    """The statements that `run` makes a client send, read from the server's log."""
    mark = len(Shared.cluster.log())
    run()
    found, entry = [], None
    for line in Shared.cluster.log()[mark:].splitlines():
        begins = re.match(r"\d{4}-\d\d-\d\d .*? LOG:  (?:statement|execute [^:]*): (.*)", line)
        if begins:
            entry = [begins[1]]
            found.append(entry)
        elif entry is not None and line.startswith("\t"):
            entry.append(line[1:])
        else:
            entry = None
    texts = ["\n".join(e) for e in found]
    return [t for t in dict.fromkeys(texts) if re.match(r"\s*(select|with|show|values|table)\b", t, re.I) and "$1" not in t]


def as_reader(*command):
    environment = os.environ | {"PGHOST": "127.0.0.1", "PGPORT": str(Shared.cluster.port), "PGUSER": "pgveil_reader", "PGPASSWORD": world.reader_password, "PGDATABASE": "shop"}
    return lambda: subprocess.run(command, env=environment, capture_output=True, timeout=60)


# Not \dconfig: it lists settings that are not at their default, and the proxy pins some.
describe_family = "".join(f"\\{c}\n" for c in (
    "d d+ dS dt dt+ dv dv+ dm di di+ ds dE dn dn+ df df+ dfS da dT dT+ dTS do dO dc dC dd ddp dD dp du du+ dg dx dF dFp dFd dFt dL dy dl db db+ dA dAc dAf dP drds dX dRp dRs l l+ z").split()) + "".join(
    f"\\d {t}\n\\d+ {t}\n" for t in ("customers", "orders", "payments", "order_items", "customer_contacts", "revenue_by_city", "order_number", "order_status")) + "\\sf order_total\n\\sv revenue_by_city\n\\df *order*\n\\dt *.*\n"


@case("analytic reads answer as PostgreSQL does, simple protocol")
def _():
    compare(statements_of_file())


@case("analytic reads answer as PostgreSQL does, extended protocol")
def _():
    compare([s for s in statements_of_file() if ";" not in s], extended=True)


@case("psql's describe family runs through pgveil without an error, and prints the same")
def _():
    run = lambda dsn: subprocess.run(["psql", "-X", dsn], input=describe_family, capture_output=True, text=True, timeout=120)  # noqa: E731
    expected = run(f"host=127.0.0.1 port={Shared.cluster.port} user=pgveil_reader password={world.reader_password} dbname=shop")
    seen = run(Shared.proxy.dsn())
    equal(seen.stderr, expected.stderr)
    for a, b in zip(expected.stdout.splitlines(), seen.stdout.splitlines()):
        equal(b, a)
    contains(seen.stdout, "order_status")


@case("psql's catalog queries, captured and replayed, answer the same")
def _():
    found = captured(lambda: subprocess.run(["psql", "-X", f"host=127.0.0.1 port={Shared.cluster.port} user=pgveil_reader password={world.reader_password} dbname=shop"],
                                            input=describe_family, capture_output=True, text=True, timeout=120))
    assert len(found) > 60, len(found)
    compare(found)


@case("introspection as JDBC, ORMs, pgAdmin, DBeaver, Metabase and PostgREST write it answers the same", limit=180)
def _():
    compare(statements_of_file("corpus/tools.sql"), writes=True)
    compare(statements_of_file("corpus/tools.sql"), extended=True, writes=True)


@case("the reports of two warehouses, after TPC-H and TPC-DS, answer the same", limit=180)
def _():
    for name in ("corpus/tpch.sql", "corpus/tpcds.sql"):
        found = statements_of_file(name)
        assert len(found) >= 15, len(found)
        compare(["SET search_path = wholesale, retail", *found])
        compare(["SET search_path = wholesale, retail", *found], extended=True)


@case("pg_dump's catalog queries, captured and replayed, answer the same")
def _():
    found = captured(as_reader(world.pg_bin / "pg_dump", "--schema-only", "--no-sync"))
    assert len(found) > 20, len(found)
    compare([s for s in found if not re.search(r"set_config|lock|snapshot", s, re.I)])


@case("pgbench -S runs in every mode, read only")
def _():
    for mode in ("simple", "extended", "prepared"):
        got = subprocess.run([world.pg_bin / "pgbench", "-n", "-S", "-M", mode, "-c", "4", "-t", "50", "-h", "127.0.0.1", "-p", str(Shared.proxy.port), "-U", "copilot", "shop"],
                             env=os.environ | {"PGPASSWORD": world.agents["copilot"], "PGSSLMODE": "disable"}, capture_output=True, text=True, timeout=60)
        equal(got.returncode, 0, got.stderr)
        contains(got.stdout, "200/200")


@case("SQLAlchemy connects, reflects every table and reads rows, with psycopg2", limit=90)
def _():
    import sqlalchemy
    engine = sqlalchemy.create_engine(f"postgresql+psycopg2://copilot:{world.agents['copilot']}@127.0.0.1:{Shared.proxy.port}/shop?sslmode=disable")
    plain = sqlalchemy.create_engine(f"postgresql+psycopg2://pgveil_reader:{world.reader_password}@127.0.0.1:{Shared.cluster.port}/shop")
    pictures = []
    for e in (plain, engine):
        meta = sqlalchemy.MetaData()
        meta.reflect(e, views=True)
        inspector = sqlalchemy.inspect(e)
        pictures.append([(n, str([(c.name, str(c.type), c.nullable) for c in t.columns]), str(inspector.get_indexes(n)), str(inspector.get_foreign_keys(n)), str(inspector.get_pk_constraint(n)))
                         for n, t in sorted(meta.tables.items())])
    equal(pictures[1], pictures[0])
    assert len(pictures[0]) >= 8
    with engine.connect() as c:
        orders = meta.tables["orders"]
        rows = c.execute(sqlalchemy.select(orders).where(orders.c.id < 10).order_by(orders.c.id)).fetchall()
        equal(len(rows), 9)
        equal(c.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(orders)).scalar(), 5000)
    engine.dispose()
    plain.dispose()


@case("what connection pools and health checks send passes")
def _():
    compare(["SELECT 1", "/* ping */ SELECT 1", "select current_schema()", "show standard_conforming_strings", "show transaction isolation level", "SELECT VERSION()", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
             "SET client_min_messages TO warning", "SET client_encoding = 'UTF8'", "SET timezone TO 'UTC'", "BEGIN", "ROLLBACK", "DISCARD ALL", "DEALLOCATE ALL", "RESET ALL", "UNLISTEN *", "CLOSE ALL", "SELECT pg_is_in_recovery()",
             "select pg_advisory_unlock_all()", "SHOW max_identifier_length", "SELECT current_setting('server_version_num')::int / 10000"])


@case("mistyped names and syntax get PostgreSQL's own errors")
def _():
    compare(["SELECT * FROM ordrs", "SELECT totl FROM orders", "SELECT foo(1)", "SELCT 1", "SELECT 1 +", "SELECT 'a", "SELECT o.nothing FROM orders o", "SELECT sum(status) FROM orders", "SELECT id FROM orders GROUP BY status", "SELECT 1 FROM orders o JOIN",
             "SELECT * FROM orders WHERE id = 'abc'", "SELECT 1/0", "SELECT * FROM public.nothing", "SELECT * FROM nowhere.orders", "SELECT date '2026-13-01'"])


@case("nothing of this suite was held, and no request was filed")
def _():
    rows = Shared.proxy.console("SHOW REQUESTS").ok().rows
    equal(rows, [])


suite.main(start, stop)
