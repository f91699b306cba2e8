#!/usr/bin/env python3
"""The drivers suite: what people's programs do, through pgveil. usage: run.py [--only PART-OF-A-TITLE]

Each driver has a program (programs.py), which runs directly against PostgreSQL and then in four ways: in shadow and in
enforce mode, plain and over TLS. A table of drivers and operations (table.py) is printed at the end. What drivers for
Python do besides is in python_*.py. The bytes go through taps, and no secret of the shop may be in what an enforcing
pgveil sent.
"""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import world  # noqa: E402
from common import case, dsn, no_secret, shared, start, stop, suite, truth  # noqa: E402
from suite import absent, contains, equal  # noqa: E402
import programs  # noqa: E402
import table  # noqa: E402
import python_psycopg  # noqa: E402,F401
import python_asyncpg  # noqa: E402,F401


@case("psql: a transaction with a held write ends in ROLLBACK, verbose shows SQLSTATE, DETAIL and HINT")
def _():
    got = subprocess.run(["psql", "-X", "-v", "VERBOSITY=verbose", dsn()], input="BEGIN;\nSELECT 1;\nDELETE FROM tickets;\nSELECT 2;\nCOMMIT;\n",
                         capture_output=True, text=True, timeout=60)
    contains(got.stderr, "PV001")
    contains(got.stderr, "DETAIL:")
    contains(got.stderr, "25P02")
    contains(got.stdout, "ROLLBACK")


# --- the programs ------------------------------------------------------------------------------------------------

direct = {}   # program's name -> what it printed and what it wrote, without pgveil
results = table.Table(programs.programs)


def written(products):
    """What the programs change: two stocks and the number of logged orders."""
    return [int(truth(f"SELECT {what}")[0][0]) for what in
            (f"stock FROM products WHERE id = {products[0]}", f"stock FROM products WHERE id = {products[1]}", "count(*) FROM order_log")]


def run(program, target, tls, lines):
    """What it wrote; its lines are in `lines`, also when it fails."""
    assert program.installed, f"not installed: {program.missing()}"
    products = programs.products(program, tls)
    before = written(products)
    programs.run(program, target, products, shared.directory, lines)
    return [after - earlier for after, earlier in zip(written(products), before)]


def oracle(program):
    if program.name not in direct:
        lines = []
        target = programs.Target(shared.cluster.port, "pgveil_writer", world.writer_password, shared.directory / "server.crt")
        direct[program.name] = lines, run(program, target, False, lines)
        stock, other_stock, logged = direct[program.name][1]
        assert stock and not other_stock and (logged or "copy in" in program.lacks), f"it did not write what it should: {lines}"
    return direct[program.name]


def proxied(mode, tls, certificate=None):
    proxy, tap = shared.parts[mode]
    tap.to_client.clear()   # what is found in it is this program's
    return programs.Target(tap.port, "copilot", world.agents["copilot"], certificate or proxy.dir / "server.crt", proxy, tls), tap


def check_encryption(tap, tls):
    """Each connection logs in with SCRAM, whose name is in clear exactly where there is no TLS."""
    login, agreed = b"SCRAM-SHA-256", b"S\x16\x03"
    if tls:
        absent(bytes(tap.to_client), login)
        assert tap.to_client.startswith(agreed), tap.to_client[:20]
    else:
        contains(bytes(tap.to_client), login)
        assert not tap.to_client.startswith(agreed), tap.to_client[:20]


def compare(program, mode, lines, writes, expected, expected_writes):
    if mode == "enforce":
        printed = "\n".join(lines).encode()
        no_secret()
        for secret in shared.secrets:
            assert secret not in printed, f"{secret!r} was printed"
        lines = programs.plain(lines)
    different = programs.difference(lines, expected)
    assert not different, different
    equal(writes, expected_writes, "written")


def one_way(program, mode, tls):
    cells, lines = dict.fromkeys(table.operations, "failed as a whole"), []
    try:
        expected, expected_writes = oracle(program)
        expected = list(programs.enforced(expected)) if mode == "enforce" else expected
        target, tap = proxied(mode, tls)
        try:
            writes = run(program, target, tls, lines)
        finally:
            judged = table.judged(program.lacks, programs.plain(lines) if mode == "enforce" else lines, expected)
            if any(judged.values()):
                cells = judged
        compare(program, mode, lines, writes, expected, expected_writes)
        check_encryption(tap, tls)
        cells = judged
        assert not any(cells.values()), "; ".join(filter(None, cells.values()))
    finally:
        results.record(program, mode, tls, cells)


def refuses_a_stranger(program):
    """Its TLS verifies: with the certificate of somebody else it does not connect."""
    lines, (target, tap) = [], proxied("enforce", True, shared.directory / "server.crt")
    try:
        run(program, target, True, lines)
    except AssertionError as ended:
        contains(str(ended), "status ")
        assert "connect: 1" not in lines, lines[:3]
        absent(bytes(tap.to_client), b"SCRAM-SHA-256")
        return
    raise AssertionError(f"it connected: {lines[:3]}")


case("the table: an operation that is missing, differs, or is declared and performed is a failure")(table.check)
for each in programs.programs:
    if not each.installed and not world.slow:
        print(f"skip drivers: {each.name} (not installed; scripts/test --all installs it)", flush=True)
        continue
    for mode in table.modes:
        for tls in (False, True):
            case(f"{each.name}: {mode}, {'TLS' if tls else 'plain'}", limit=90)(lambda of=(each, mode, tls): one_way(*of))
    case(f"{each.name}: TLS with a stranger's certificate does not connect")(lambda p=each: refuses_a_stranger(p))


def end():
    print("\n" + "\n".join(results.lines()) + "\n", flush=True)
    stop()


if __name__ == "__main__":
    suite.main(start, end)
