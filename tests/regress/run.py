#!/usr/bin/env python3
"""PostgreSQL's own regression, isolation and libpq pipeline tests, directly and through pgveil in shadow mode: the same results.

Not compared with the expected files but with each other: what a Debian build or this machine changes is changed in both.
What may differ stands in divergences.toml with its reason. usage: run.py [--only regress|isolation|pipeline] [--tests NAME...]
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import world  # noqa: E402
from suite import Suite  # noqa: E402
import pipeline  # noqa: E402
import source  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
cache = world.root / "build/regress-source"
tools = pathlib.Path("/usr/lib/postgresql/15/lib/pgxs/src/test")
suite = Suite("regress")
divergences = tomllib.loads((here / "divergences.toml").read_text())
roles = f"""CREATE ROLE pgveil_writer LOGIN SUPERUSER PASSWORD '{world.writer_password}';
CREATE ROLE pgveil_reader LOGIN SUPERUSER PASSWORD '{world.reader_password}'"""
settings = ("lc_messages = 'C'", "lc_monetary = 'C'", "lc_numeric = 'C'", "lc_time = 'C'", "bytea_output = 'hex'", "timezone_abbreviations = 'Default'")


class Side:
    """A cluster of its own, so that what the tests change cannot meet, and the address its clients use."""

    def __init__(self, name, work, proxied):
        self.name, self.out = name, work / name
        self.cluster = world.Cluster("log_statement = none\nmax_prepared_transactions = 0\n")
        for role in roles.split(";\n"):
            self.cluster.sql(role)
        self.proxy = None
        self.proxied = proxied

    def database(self, name):
        self.cluster.sql(f"CREATE DATABASE \"{name}\" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'")
        for setting in settings:
            self.cluster.sql(f'ALTER DATABASE "{name}" SET {setting}')
        if self.proxied:
            self.proxy = world.Pgveil(self.cluster, database=name, mode="shadow", durability="group", masking="", database_more="dangerous_role = true",
                                      proxy="max_clients = 200")

    def who(self):
        user, password = ("copilot", world.agents["copilot"]) if self.proxied else ("pgveil_writer", world.writer_password)
        return user, password, self.proxy.port if self.proxied else self.cluster.port

    def run(self, tool, inputs, libraries, database, schedule, tests):
        self.out.mkdir(exist_ok=True)
        out = self.out / database
        out.mkdir()
        shutil.chown(out, "postgres")
        user, password, port = self.who()
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", str(tool), "--use-existing", f"--inputdir={inputs}",
                   f"--outputdir={out}", f"--dlpath={libraries}", "--bindir=/usr/lib/postgresql/15/bin", "--host=127.0.0.1", f"--port={port}",
                   f"--user={user}", f"--dbname={database}", "--max-concurrent-tests=20"]
        command += tests or [f"--schedule={schedule}"]
        environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", "PGPASSWORD": password, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=out, timeout=1500)
        if self.proxy:
            self.proxy.kill()
        return out / "results", done.stdout + done.stderr


def results_of(directory):
    return {str(p.relative_to(directory)): p for p in sorted(directory.rglob("*.out"))}


def lines_of(path, side):
    """With the ports, addresses and paths of each side's own world taken out."""
    text = path.read_text(errors="replace")
    for found, word in ((str(side.out), "OUT"), (str(side.cluster.dir), "CLUSTER"), ('"copilot"', '"pgveil_writer"')):
        text = text.replace(found, word)
    for port in [side.cluster.port] + ([side.proxy.port] if side.proxy else []):
        text = re.sub(rf"(?<![0-9.]){port}(?![0-9])", "PORT", text)
    return text.splitlines()


def compare(name, direct, proxied, sides):
    if name not in proxied:
        raise AssertionError("no result through pgveil")
    a, b = lines_of(direct[name], sides[0]), lines_of(proxied[name], sides[1])
    known = divergences.get(pathlib.Path(name).stem)
    if a == b:
        assert known is None or known.get("sometimes"), "this test is listed as different, but it is not"
        return
    changed = [l for l in difflib.unified_diff(a, b, "direct", "pgveil", lineterm="", n=0) if l[:1] in "+-" and l[:3] not in ("+++", "---")]
    if known is not None and len(changed) <= known["lines"]:
        print(f"     known: {name}: {len(changed)} lines: {known['reason']}")
        return
    raise AssertionError(f"{len(changed)} lines differ\n" + "\n".join(changed[:24]))


def both(work, tool, inputs, libraries, database, schedule, tests):
    sides, found = [Side("direct", work, False), Side("pgveil", work, True)], []
    for side in sides:
        side.database(database)
        results, said = side.run(tool, inputs, libraries, database, schedule, tests)
        (work / f"{database}-{side.name}.txt").write_text(said)
        found.append(results_of(results) if results.exists() else {})
        side.cluster.stop()
    suite.check(f"{database}: the direct run gives results", lambda: (_ for _ in ()).throw(AssertionError("none")) if not found[0] else None)
    for name in found[0]:
        suite.check(f"{database}: {name}", compare, name, *found, sides)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--tests", nargs="*", default=[])
    arguments.add_argument("--only", choices=["regress", "isolation", "pipeline"])
    options = arguments.parse_args()
    work = world.temporary("regress")
    try:
        ready = suite.check("sources and libraries", lambda: setattr(options, "ready", source.prepare(cache, work)), limit=300)
        if ready:
            inputs, libraries = options.ready
            work.chmod(0o755)
            for path in [work, *work.rglob("*")]:
                shutil.chown(path, "postgres")
            if options.only in (None, "regress"):
                both(work, tools / "regress/pg_regress", inputs, libraries, "regression", inputs / "parallel_schedule", options.tests)
            if options.only in (None, "isolation"):
                isolation = work / "isolation"
                both(work, tools / "isolation/pg_isolation_regress", isolation, libraries, "isolation_regression", isolation / "isolation_schedule", options.tests)
            if options.only in (None, "pipeline"):
                pipeline.check(suite, source.tree(cache), [Side("direct", work, False), Side("pgveil", work, True)], work / "pipeline")
    finally:
        suite.finish()


if __name__ == "__main__":
    main()
