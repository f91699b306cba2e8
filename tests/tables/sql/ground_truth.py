#!/usr/bin/env python3
"""Kinds against a real server: no statement judged a read may be rejected by a READ ONLY transaction, or change anything.

usage: ground_truth.py BUILD-DIR      needs PGHOST, PGPORT and PGUSER of a server on which it may make a database

Statements are made of fragments that do something put into every place an expression can stand in, and of the tables of this folder.
"""
import os
import pathlib
import subprocess
import sys

import psycopg2

here = pathlib.Path(__file__).resolve().parent
build = pathlib.Path(sys.argv[1])
database = f"pgveil_truth_{os.getpid()}"

NUMBERS = ["1", "nextval('invoice_numbers')", "setval('invoice_numbers', 7)", "lo_create(0)::bigint", "next_invoice()", "deep(1)", "order_count(1)",
           "calm(1)::bigint", "sly(1)::bigint", "atomic_count()", "txid_current()", "(SELECT count(*) FROM orders)", "(SELECT n FROM loud_view LIMIT 1)",
           "(random() * 5)::bigint", "extract(epoch FROM now())::bigint", "length(customer_label(ROW(1, 'a', 'b', 'c', NULL, 'd', 'ok')::customers))::bigint",
           "length('x'::logged_text)::bigint", "length('a@b'::email_address)::bigint", "('x'::text::pair).a::bigint", "(1 === 1)::int::bigint", "(1 ==~ 1)::int::bigint",
           "(SELECT noisy_sum(id) FROM customers)::bigint", "length(customer_purge(ROW(1, 'a', 'b', 'c', NULL, 'd', 'ok')::customers))::bigint",
           "(SELECT count(*) FROM secured)", "(SELECT count(*) FROM tenant)", "(SELECT count(*) FROM order_totals)", "('invoice_numbers'::regclass).nextval",
           "length(wipe(1)::text)::bigint", "length(refund(1)::text)::bigint", "length(upper('a', 1))::bigint", "(SELECT 1 FROM customers LIMIT 1 FOR UPDATE)::bigint"]
PLACES = ["SELECT {}", "SELECT 1 WHERE {} = 1", "SELECT id FROM customers ORDER BY {}", "SELECT count(*) FROM customers GROUP BY {}",
          "SELECT count(*) FROM customers HAVING {} > 0", "VALUES ({})", "WITH a AS MATERIALIZED (SELECT {} AS x) SELECT * FROM a", "SELECT (SELECT {})", "SELECT ARRAY[{}]",
          "SELECT * FROM customers LIMIT abs({})", "SELECT * FROM generate_series(1, 1 + {} % 3)", "SELECT sum({}) OVER () FROM customers",
          "SELECT count(*) FILTER (WHERE {} > 0) FROM customers", "SELECT * FROM customers c JOIN LATERAL (SELECT {} AS y) l ON true", "SELECT CASE WHEN {} > 0 THEN 1 END",
          "SELECT 1 UNION ALL SELECT {}", "EXPLAIN SELECT {}", "EXPLAIN ANALYZE SELECT {}", "COPY (SELECT {}) TO STDOUT", "PREPARE p AS SELECT {}; EXECUTE p; DEALLOCATE p",
          "SELECT coalesce(NULL, {})", "SELECT * FROM unnest(ARRAY[{}]) u", "SELECT ({})::text || 'x'", "SELECT row_to_json(x) FROM (SELECT {} AS x) x",
          "SELECT DISTINCT ON ({}) id FROM customers", "SELECT {} IN (1, 2)", "SELECT 1 BETWEEN {} AND 5", "WITH RECURSIVE r(n) AS (SELECT {} UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r"]


def table_statements():
    for name in ("kinds.txt", "forgotten.txt"):
        lines = []
        for line in (here / name).read_text().split("\n"):
            if line.startswith("=> "):
                yield "\n".join(lines)
                lines = []
            elif line and not (not lines and line.startswith("#")):
                lines.append(line)


def kinds_of(statements, catalog):
    done = subprocess.run([build / "src/sql/sql-kinds", catalog, os.environ["PGUSER"]], input="\0".join(statements) + "\0", capture_output=True, text=True, check=True)
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


DIGEST = """SELECT (SELECT last_value || is_called::text FROM invoice_numbers), (SELECT count(*) FROM log), (SELECT sum(hashtext(o::text)) FROM orders o),
    (SELECT sum(hashtext(c::text)) FROM customers c), (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')"""


def digest(watch):
    with watch.cursor() as cursor:
        cursor.execute(DIGEST)
        return cursor.fetchone()


def run_read_only(statement):
    """None, or the SQLSTATE. A connection of its own, so that what a session keeps cannot pass to the next statement."""
    connection = psycopg2.connect(dbname=database)
    connection.autocommit = True
    cursor = connection.cursor()
    try:
        cursor.execute("SET statement_timeout = '2s'; BEGIN READ ONLY")
        if statement.lstrip().upper().startswith("COPY"):
            cursor.copy_expert(statement, open(os.devnull, "w"))
        else:
            cursor.execute(statement)
        cursor.execute("COMMIT")
        return None
    except psycopg2.Error as error:
        return error.pgcode or "no code"
    finally:
        connection.close()


def main():
    subprocess.run(["createdb", database], check=True)
    try:
        subprocess.run(["psql", "-q", "-X", "-d", database, "-v", "ON_ERROR_STOP=1", "-f", here / "fixture.sql"], check=True)
        subprocess.run(["psql", "-q", "-X", "-d", database, "-c", """INSERT INTO customers VALUES (1, 'a', 'b', 'c', NULL, 'd', 'ok'), (2, 'e', 'f', 'g', NULL, 'h', 'sad');
            INSERT INTO orders VALUES (1, 1, 5), (2, 1, 6); INSERT INTO secured VALUES (1, 'a'); INSERT INTO tenant VALUES (1, 'a')"""], check=True)
        catalog = f"/tmp/{database}.catalog"
        subprocess.run([build / "src/catalog/catalog-dump", f"dbname={database}", catalog], check=True, stderr=subprocess.DEVNULL)
        statements = [place.format(number) for place in PLACES for number in NUMBERS] + list(table_statements())
        kinds = kinds_of(statements, catalog)
        assert len(kinds) == len(statements)
        watch = psycopg2.connect(dbname=database)
        watch.autocommit = True
        before = digest(watch)
        reads = ran = failed = refused = harmless = 0
        for statement, kind in zip(statements, kinds):
            if kind not in ("read", "write"):
                continue
            code = run_read_only(statement)
            after = digest(watch)
            if kind == "read":
                reads += 1
                ran += code is None
                if code == "25006" or after != before:
                    failed += 1
                    print(f"judged read, but {'rejected in READ ONLY' if code == '25006' else 'it changed something'}: {statement}")
            elif code == "25006" or after != before:
                refused += 1
            else:
                harmless += code is None
            before = after
        print(f"== ground truth: {len(statements)} statements, {reads} reads of which {ran} ran, {failed} failed; "
              f"{refused} writes seen by the server, {harmless} judged writes that it let pass")
        return 1 if failed or ran < 200 or refused < 200 else 0
    finally:
        subprocess.run(["dropdb", "--force", "--if-exists", database], check=False)


sys.exit(main())
