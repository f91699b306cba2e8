#!/usr/bin/python3
"""Claimed lineage against the truth: random queries run over data in which every cell shows its column.

The same database exists once as it is and once for each column with that column's cells changed. For every
query: text of a column found in an output column must be claimed for it; an output that differs when a column
changes must be claimed as derived from it, or the column be reported as used in a condition; as-is outputs must
hold the column's cells and nothing else; names and number of the columns must be the server's.

usage: run.py [--build DIR] [--queries N] [--seed N] [--show]
"""
import argparse
import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import psycopg2  # noqa: E402

from generator import Generator  # noqa: E402
from suite import Suite  # noqa: E402
from world import Cluster, root  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
TEXTS = {"a.t1": "xa1", "a.t2": "xa2", "b.t3": "xb3", "b.j1": "xbj", "c.t4": "xc4", "c.r1": "xcr", "d.t1": "xd1", "e.p1": "xep"}
NUMBERS = {"a.n1": 71000, "b.n2": 72000, "c.n3": 73000, "d.n4": 74000}
COLUMNS = [*TEXTS, *NUMBERS]
ROWS = 6


def text_cell(column, row, changed):
    return f"{TEXTS[column]}{'w' if changed else 'v'}{row}"


def number_cell(column, row, changed):
    # changed numbers keep neither order nor equality between neighbours
    return NUMBERS[column] + (500 + (row * 7) % 11 if changed else row)


def inserts(changed):
    t = lambda column, i: "'" + text_cell(column, i, column == changed) + "'"  # noqa: E731
    n = lambda column, i: str(number_cell(column, i, column == changed))  # noqa: E731
    for i in range(1, ROWS + 1):
        yield f"INSERT INTO a VALUES ({i}, {i % 3}, {t('a.t1', i)}, {t('a.t2', i)}, {n('a.n1', i)})"
        yield f"""INSERT INTO b VALUES ({i}, {i % 2}, {t('b.t3', i)}, '{{"k": "{t('b.j1', i)[1:-1]}"}}', {n('b.n2', i)})"""
        yield f"INSERT INTO c VALUES ({i}, {t('c.t4', i)}, ARRAY[{t('c.r1', i)}, {t('c.r1', i + 10)}], {n('c.n3', i)})"
        yield f"INSERT INTO d VALUES ({i}, {t('d.t1', i)}, {n('d.n4', i)})"
        yield f"INSERT INTO e VALUES ({i}, ROW({t('e.p1', i)}, {i + (40 if changed == 'e.p1' else 0)}), ARRAY[ROW('q', {i})::pair])"


class Worlds:
    """One connection for the data as it is (None) and one for each changed column."""

    def __init__(self):
        self.cluster = Cluster("max_parallel_workers_per_gather = 0\nlog_statement = 'none'\n")
        self.connections = {}
        for number, changed in enumerate([None, *COLUMNS]):
            self.cluster.sql(f"CREATE DATABASE w{number}")
            connection = psycopg2.connect(host=str(self.cluster.dir), port=self.cluster.port, user="postgres", dbname=f"w{number}")
            cursor = connection.cursor()
            cursor.execute((here / "world.sql").read_text())
            for statement in inserts(changed):
                cursor.execute(statement)
            cursor.execute("CREATE MATERIALIZED VIEW ma AS SELECT id, t2 AS mt, n1 FROM a; SET statement_timeout = '300ms'")
            connection.commit()
            self.connections[changed] = connection

    def rows(self, changed, sql):
        """(names, rows as text) or None where the server refuses the query."""
        cursor = self.connections[changed].cursor()
        try:
            if sql.startswith("COPY"):
                out = io.StringIO()
                cursor.copy_expert(sql, out)
                names, *rows = csv.reader(io.StringIO(out.getvalue()))
                return names, [row or [""] * len(names) for row in rows]   # one empty cell is an empty line
            cursor.execute(sql)
            return [d.name for d in cursor.description], cursor.fetchall()
        except (psycopg2.Error, ValueError):   # nothing came
            return None
        finally:
            try:
                self.connections[changed].rollback()
            except psycopg2.Error:   # the time limit may strike here too, on a busy machine
                self.connections[changed].rollback()

    def conninfo(self):
        return f"host={self.cluster.dir} port={self.cluster.port} user=postgres dbname=w0"


def short(origins):
    """Names as COLUMNS has them; d's partitions count as d."""
    return {re.sub(r"^d[12]\.", "d.", o.removeprefix("public.")) for o in origins}


def is_write(sql):
    return re.search(r"\b(INSERT INTO|UPDATE b SET|DELETE FROM)\b", sql) is not None


def texts(rows, at):
    return sorted("" if row[at] is None else str(row[at]) for row in rows)


def cells(column, changed):
    made = text_cell if column in TEXTS else number_cell
    return {str(made(column, i, changed)) for i in range(1, ROWS + 1)}


class Truth:
    def __init__(self, worlds):
        self.worlds = worlds
        self.ran = self.refused = self.unknown = self.opaque = self.columns = self.depends = self.told = 0
        self.over = []

    def check(self, sql, claim):
        """None, or what is wrong with the claim."""
        base = self.worlds.rows(None, sql)
        if base is None:
            self.refused += 1
            return None
        self.ran += 1
        if not claim["known"]:
            self.unknown += 1
            return None
        names, rows = base
        claimed = claim["columns"]
        if [c[0] for c in claimed] != names:
            return f"columns are {names}, claimed {[c[0] for c in claimed]}"
        self.columns += len(names)
        self.opaque += sum(c[1] == "opaque" for c in claimed)
        predicates = short(claim["predicates"])
        changed_rows = {}
        for changed in COLUMNS:
            other = self.worlds.rows(changed, sql)
            if other is not None:
                changed_rows[changed] = other[1]
        for at, (name, flow, origins) in enumerate(claimed):
            origins = short(origins)
            self.count_over(sql, at, name, flow, origins, rows, changed_rows)
            if flow == "opaque":
                continue
            wrong = self.wrong_column(sql, at, flow, origins, predicates, rows, changed_rows)
            if wrong:
                return f"column {at + 1} ({name}), claimed {flow} of {sorted(origins)}: {wrong}"
        return None

    def count_over(self, sql, at, name, flow, origins, rows, changed_rows):
        """An output that is claimed for stored columns, yet shows none and follows none."""
        values = texts(rows, at)
        if not any(values) or is_write(sql):   # what a write returns is its table's, whatever was put there
            return
        self.told += 1
        everything = "\n".join(values).lower()
        needed = any(mark in everything for mark in TEXTS.values()) or any(texts(other, at) != values for other in changed_rows.values())
        if not needed and (flow == "opaque" or (origins & set(COLUMNS) and flow not in ("count", "constant"))):
            self.over.append(f"{flow} of {sorted(origins)} for {name}: {sql}")

    def wrong_column(self, sql, at, flow, origins, predicates, rows, changed_rows):
        values = texts(rows, at)
        everything = "\n".join(values).lower()
        for column, mark in TEXTS.items():
            if mark in everything and column not in origins:
                return f"holds cells of {column}"
        for column, other in changed_rows.items():
            others = texts(other, at)
            if others == values:
                continue
            self.depends += 1
            # Which of several rows a joined UPDATE or DELETE meets is the plan's affair.
            if column not in origins and column not in predicates and not is_write(sql):
                return f"changes with {column}"
            if column in NUMBERS and column not in origins:
                before, after = set(values) - {""}, set(others) - {""}
                if before and after and before <= cells(column, False) and after <= cells(column, True):
                    return f"shows the numbers of {column}"
        if flow in ("constant", "count") and origins:
            return "has origins"
        follows = any(mark in everything for mark in TEXTS.values()) or any(texts(other, at) != values for other in changed_rows.values())
        if flow == "as-is" and follows and not is_write(sql):
            allowed = {""} | {cell for o in origins if o in TEXTS or o in NUMBERS for cell in cells(o, False)}
            if origins <= set(COLUMNS) - {"b.j1", "c.r1", "e.p1"} and not set(values) <= allowed:
                return f"holds {sorted(set(values) - allowed)[:3]}"
        return None


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", default=os.environ.get("PGVEIL_BUILD", str(root / "build/test")))
    arguments.add_argument("--queries", type=int, default=20000 if os.environ.get("PGVEIL_TEST_ALL") else 600)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--show", action="store_true", help="print every query and claim")
    arguments.add_argument("--most", type=int, default=20, help="stop after this many wrong claims")
    options = arguments.parse_args()
    suite = Suite("lineage")
    build = pathlib.Path(options.build)
    subprocess.run(["ninja", "-C", build, "src/sql/analyze-driver", "src/catalog/catalog-dump"], check=True, stdout=subprocess.DEVNULL)
    worlds = Worlds()
    catalog = worlds.cluster.dir / "catalog"
    catalog.touch()
    subprocess.run([build / "src/catalog/catalog-dump", worlds.conninfo(), catalog], check=True, stderr=subprocess.DEVNULL)
    driver = subprocess.Popen([build / "src/sql/analyze-driver", catalog], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    truth, wrong = Truth(worlds), []
    for number in range(options.queries):
        sql = Generator(options.seed * 1_000_000 + number).statement()
        driver.stdin.write(sql + "\n")
        driver.stdin.flush()
        claim = json.loads(driver.stdout.readline())
        why = truth.check(sql, claim)
        if number % 100 == 99:
            print(f"     {number + 1} queries, {truth.ran} ran", flush=True)
        if options.show:
            print(sql, "\n   ", json.dumps(claim))
        if why:
            wrong.append(f"{why}\n  {sql}\n  {json.dumps(claim)}")
            print("WRONG", wrong[-1], flush=True)
            if len(wrong) >= options.most:
                break
    driver.stdin.close()
    driver.wait()

    def no_wrong_claim():
        assert not wrong, f"{len(wrong)} wrong claims, the first: {wrong[0]}"

    def enough_ran():
        assert truth.ran > number * 0.5, f"the server refused {truth.refused} of {number + 1}"
        assert truth.depends > truth.ran // 4, "the data does not reach the outputs: the check would not see a leak"
        assert truth.opaque < truth.columns * 0.1 and truth.unknown < truth.ran * 0.1, "too much is opaque to mean anything"
    def little_over():
        rate = len(truth.over) / max(truth.told, 1)
        assert rate <= 0.05, f"{100 * rate:.2f} %: " + "\n".join(truth.over[:10])
    if options.show:
        print("OVER", *truth.over, sep="\n")
    suite.check(f"no claim about {truth.ran} random queries is contradicted by their rows", no_wrong_claim)
    suite.check(f"most queries ran and were traced ({truth.refused} refused, {truth.unknown} unknown, "
                f"{truth.opaque} of {truth.columns} columns opaque, {truth.depends} dependences seen)", enough_ran)
    suite.check(f"at most 5 % of the columns are claimed without need ({len(truth.over)} of {truth.told})", little_over)
    suite.finish()


if __name__ == "__main__":
    main()
