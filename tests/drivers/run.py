#!/usr/bin/env python3
"""The drivers suite: what people's programs do, through pgveil. usage: run.py [--only PART-OF-A-TITLE]

Each driver's bytes go through a tap, and no secret of the shop may ever be in what it received. Drivers for Python have
their cases in python_*.py; those of other languages are the programs of programs.py, which also run directly against
PostgreSQL and in shadow mode.
"""
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import world  # noqa: E402
from common import case, dsn, no_secret, shared, start, stop, suite, truth  # noqa: E402
from suite import contains, equal  # noqa: E402
import programs  # noqa: E402
import python_psycopg  # noqa: E402,F401
import python_asyncpg  # noqa: E402,F401


@case("node-postgres: rows, parameters, named statements, errors, held write, pool")
def _():
    environment = os.environ | {"NODE_PATH": str(programs.modules), "PGHOST": "127.0.0.1", "PGPORT": str(shared.tap.port),
                                "PGUSER": "copilot", "PGPASSWORD": world.agents["copilot"], "PGDATABASE": "shop"}
    done = subprocess.run(["node", here / "node_postgres.js"], env=environment, capture_output=True, text=True, timeout=60)
    equal(done.returncode, 0, done.stdout + done.stderr)
    contains(done.stdout, "all fine")
    no_secret()


@case("psql: the describe family, \\watch-less basics, FETCH_COUNT, \\gdesc, \\bind-less variables")
def _():
    script = "\\l\n\\dn\n\\dt\n\\d customers\n\\d+ orders\n\\dv\n\\df\n\\di\n\\ds\n\\dT\n\\du\n\\dp\n\\dx\nSELECT id, email FROM customers LIMIT 3 \\gdesc\n" \
             "\\set FETCH_COUNT 5\nSELECT id, email FROM customers WHERE id <= 20 ORDER BY id;\n\\set n 3\nSELECT :n;\n\\conninfo\n\\encoding\n"
    got = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", dsn()], input=script, capture_output=True, text=True, timeout=60)
    equal((got.returncode, got.stderr), (0, ""))
    for part in ("customers", "order_status", "email", "close_order", "(20 rows)"):
        contains(got.stdout, part)
    no_secret()


@case("psql: a transaction with a held write ends in ROLLBACK, verbose shows SQLSTATE, DETAIL and HINT")
def _():
    got = subprocess.run(["psql", "-X", "-v", "VERBOSITY=verbose", dsn()], input="BEGIN;\nSELECT 1;\nDELETE FROM tickets;\nSELECT 2;\nCOMMIT;\n",
                         capture_output=True, text=True, timeout=60)
    contains(got.stderr, "PV001")
    contains(got.stderr, "DETAIL:")
    contains(got.stderr, "25P02")
    contains(got.stdout, "ROLLBACK")


# --- the programs ------------------------------------------------------------------------------------------------

class Direct:
    lines = {}   # program's name -> what it printed


def written(products):
    """What the programs change: two stocks and the number of logged orders."""
    return [int(truth(f"SELECT {what}")[0][0]) for what in
            (f"stock FROM products WHERE id = {products[0]}", f"stock FROM products WHERE id = {products[1]}", "count(*) FROM order_log")]


def checked_run(program, target):
    at = programs.programs.index(program)
    products = (20 + at, 50 + at)
    if not program.installed:
        raise AssertionError(f"not installed: {program.missing()}")
    before = written(products)
    lines = programs.run(program, target, products, shared.directory)
    return lines, [after - earlier for after, earlier in zip(written(products), before)]


def oracle(program):
    if program not in Direct.lines:
        target = programs.Target(shared.cluster.port, "pgveil_writer", world.writer_password, shared.directory / "server.crt")
        Direct.lines[program] = checked_run(program, target)
        contains("\n".join(Direct.lines[program][0]), "reconnect: ")
    return Direct.lines[program]


def proxied(program, proxy, port):
    return checked_run(program, programs.Target(port, "copilot", world.agents["copilot"], proxy.dir / "server.crt", proxy))


def shadow_equals_direct(program):
    expected, expected_writes = oracle(program)
    lines, writes = proxied(program, shared.shadow, shared.shadow.port)
    different = programs.difference(lines, expected)
    assert not different, different
    equal(writes, expected_writes, "written")


def enforce(program):
    expected, expected_writes = oracle(program)
    shared.tap.to_client.clear()   # what is found in it is this program's
    lines, writes = proxied(program, shared.proxy, shared.tap.port)
    no_secret()
    printed = "\n".join(lines).encode()
    for secret in shared.secrets:
        assert secret not in printed, f"{secret!r} was printed"
    different = programs.difference(programs.plain(lines), programs.enforced(expected))
    assert not different, different
    equal(writes, expected_writes, "written")


for each in programs.programs:
    each.installed = not each.missing()
    if each.installed or world.slow:
        case(f"{each.name}: in enforce mode all as without pgveil, but masked, and a held write runs once approved", limit=90)(lambda p=each: enforce(p))
        case(f"{each.name}: in shadow mode every line as without pgveil", limit=90)(lambda p=each: shadow_equals_direct(p))
    else:
        print(f"skip drivers: {each.name} (not installed; scripts/test --all installs it)", flush=True)


if __name__ == "__main__":
    suite.main(start, stop)
