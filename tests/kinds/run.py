#!/usr/bin/python3
"""Kinds against a real server: nothing judged a read may be rejected by a READ ONLY transaction, or change anything in it;
what was judged otherwise and neither changed nor was rejected is over-hold, counted by construct.

usage: run.py [--build DIR] [--statements N] [--seed N] [--files N] [--show]
"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import regress  # noqa: E402
from builtins_check import check_builtins  # noqa: E402
from generator import LOUD, Generator  # noqa: E402
from suite import Suite  # noqa: E402
from truth import UNHELD, Truth  # noqa: E402
from world import Cluster, root, slow  # noqa: E402

GROUP = 16


class Judge:
    """sql-kinds over a dump of one database's catalog."""

    def __init__(self, build, conninfo, directory):
        self.build, self.conninfo, self.file = build, conninfo, directory / "catalog"
        self.dump()

    def dump(self):
        self.file.touch()
        subprocess.run([self.build / "src/catalog/catalog-dump", self.conninfo, self.file], check=True, stderr=subprocess.DEVNULL)

    def kinds(self, statements):
        done = subprocess.run([self.build / "src/sql/sql-kinds", self.file, "postgres"], input="\0".join(statements) + "\0", capture_output=True, text=True, check=True)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert len(lines) == len(statements), (len(lines), len(statements))
        return lines


class Counts:
    def __init__(self):
        self.outcomes = collections.Counter()
        self.false_reads, self.over, self.honest = [], [], 0
        self.constructs, self.over_by_construct, self.over_by_reason = collections.Counter(), collections.Counter(), collections.Counter()

    def add(self, statement, constructs, judged, outcome):
        kind, effects, reasons = judged
        held = kind not in UNHELD
        self.outcomes[("held " if held else "passed ") + outcome.split(" ")[0]] += 1
        self.constructs.update(constructs)
        self.honest += outcome == "nothing" and not constructs & LOUD
        if kind == "read" and outcome.split(" ")[0] in ("rejected", "changed"):
            self.false_reads.append(f"{outcome}: {statement}")
        if held and outcome == "nothing" and not constructs & LOUD:
            self.over.append(f"{kind} ({reasons}): {statement}")
            self.over_by_construct.update(constructs)
            self.over_by_reason[reasons] += 1

    @property
    def harmless(self):
        """Statements that changed nothing, nor could have had there been other rows."""
        return self.honest

    def rate(self):
        return len(self.over) / max(self.harmless, 1)

    def report(self, what):
        print(f"  {what}: {dict(sorted(self.outcomes.items()))}; over-hold {len(self.over)} of {self.harmless} harmless = {100 * self.rate():.2f} %")
        for construct, n in self.over_by_construct.most_common(12):
            print(f"     over-hold with {construct}: {n} of {self.constructs[construct]}")
        for reason, n in self.over_by_reason.most_common(12):
            print(f"     over-hold because {reason[:150]}: {n}")


def compare(truth, judge, statements, counts):
    """`statements`: (text, constructs). Reads share a digest; each other statement has its own."""
    judged = judge.kinds([s for s, _ in statements])
    group = []
    for (statement, constructs), line in zip(statements, judged):
        group.append((statement, constructs, line))
        if len(group) >= GROUP or line[0] not in UNHELD:
            settle(truth, group, counts)
            group = []
    settle(truth, group, counts)


def settle(truth, group, counts):
    # A statement that others hide behind would be found again alone: what changed is looked for by halves.
    for part in (group[:-1], group[-1:]):
        for (statement, constructs, line), outcome in zip(part, truth.changes([s for s, _, _ in part]) if part else []):
            counts.add(statement, constructs, line, outcome)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", default=os.environ.get("PGVEIL_BUILD", str(root / "build/test")))
    arguments.add_argument("--statements", type=int, default=40_000 if slow else 1500)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--files", type=int, help="of the regression SQL only so many files")
    arguments.add_argument("--show", action="store_true", help="print every over-held statement")
    options = arguments.parse_args()
    suite, build = Suite("kinds"), pathlib.Path(options.build)
    subprocess.run(["ninja", "-C", build, "src/sql/sql-kinds", "src/catalog/catalog-dump"], check=True, stdout=subprocess.DEVNULL)
    cluster = Cluster("max_parallel_workers_per_gather = 0\nlog_statement = 'none'\nautovacuum = off\nwal_level = logical\nmax_prepared_transactions = 5\n")
    cluster.sql("CREATE DATABASE truth")
    for file in (here.parent / "tables/sql/fixture.sql", here / "more.sql"):
        subprocess.run(["psql", "-q", "-X", "-h", cluster.dir, "-p", str(cluster.port), "-U", "postgres", "-d", "truth", "-v", "ON_ERROR_STOP=1", "-f", file], check=True, capture_output=True)
    conninfo = f"host={cluster.dir} port={cluster.port} user=postgres dbname=truth"
    judge, truth = Judge(build, conninfo, cluster.dir), Truth(conninfo)

    check_builtins(suite, build, judge, truth, compare, Counts, slow)
    counts = Counts()

    def no_false_read(of):
        assert not of.false_reads, f"{len(of.false_reads)} false reads:\n" + "\n".join(of.false_reads[:25])

    def few_over_held(of, most):
        assert of.rate() <= most, f"over-hold is {100 * of.rate():.2f} %:\n" + "\n".join(of.over[:15])

    def catalogue():
        bypasses = [line for line in (here / "bypasses.txt").read_text().splitlines() if line and not line.startswith("#")]
        listed = Counts()
        compare(truth, judge, [(s, frozenset(["bypass"])) for s in bypasses], listed)
        no_false_read(listed)
        passed = [s for s, line in zip(bypasses, judge.kinds(bypasses)) if line[0] in UNHELD]
        assert not passed, "would pass:\n" + "\n".join(passed)
    suite.check("every way that others were passed by is held", catalogue)

    def generated():
        statements = [Generator(options.seed * 1_000_000 + n).statement() for n in range(options.statements)]
        compare(truth, judge, statements, counts)
        counts.report(f"{options.statements} generated statements")
        if options.show:
            print("\n".join(counts.over))
        no_false_read(counts)
        assert counts.outcomes["held rejected"] + counts.outcomes["held changed"] > options.statements // 20 and counts.harmless > options.statements // 3, counts.outcomes
    suite.check(f"no false read among {options.statements} generated statements", generated, limit=7200)
    suite.check(f"over-hold on them is at most 2 % ({100 * counts.rate():.2f} %)", lambda: few_over_held(counts, 0.02))
    if slow:
        def regression():
            total, source = Counts(), regress.sources(cluster.dir)
            probe = (here / "more.sql").read_text()
            probe = probe[probe.index("CREATE FUNCTION public.probe()"):].split(";")[0] + ";"
            regress.run(source, cluster, lambda c: Judge(build, c, cluster.dir), lambda c: Truth(c, regress.DIGEST), regress.names_in(source)[:options.files], total, probe)
            total.report("PostgreSQL's regression SQL")
            if options.show:
                print("\n".join(total.over))
            no_false_read(total)
            assert total.harmless > 2000 or options.files, total.outcomes
        suite.check("no false read in PostgreSQL's regression SQL", regression, limit=7200)
    suite.finish()


if __name__ == "__main__":
    main()
