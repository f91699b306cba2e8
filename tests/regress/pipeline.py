"""PostgreSQL's libpq pipeline test program (src/test/modules/libpq_pipeline), directly and through pgveil in shadow mode.

Every test of it must end well through pgveil, and libpq's own trace of the messages must be the same, where PostgreSQL's
test compares one too (in the others the order of sending and receiving depends on time).
"""
import os
import re
import subprocess

import source

rows = 700


def build(tree, into):
    include = "/usr/include/postgresql/15/server"
    program = into / "libpq_pipeline"
    libraries = source.run("pg_config", "--pkglibdir").stdout.strip(), source.run("pg_config", "--libdir").stdout.strip()
    source.run("gcc", "-O1", "-w", f"-I{include}", "-I/usr/include/postgresql", "-o", program, tree / "src/test/modules/libpq_pipeline/libpq_pipeline.c",
               *(f"-L{path}" for path in libraries), "-lpq", "-lpgcommon", "-lpgport")
    return program


def names(program):
    return subprocess.run([program, "tests"], capture_output=True, text=True, check=True).stdout.split()


def traced(tree):
    """The tests whose trace PostgreSQL itself compares."""
    script = (tree / "src/test/modules/libpq_pipeline/t/001_libpq_pipeline.pl").read_text()
    return set(re.search(r"qw\(([^)]*)\)", script)[1].split())


def play(program, name, side, out, with_trace):
    """Exit status, standard output and the trace of one test."""
    user, password, port = side.who()
    trace = out / f"{side.name}-{name}.trace"
    wanted = ["-t", str(trace)] if with_trace else []
    done = subprocess.run([program, "-r", str(rows), *wanted, name, f"host=127.0.0.1 port={port} user={user} dbname=pipeline sslmode=disable gssencmode=disable"],
                          capture_output=True, text=True, timeout=120, cwd=out, env={"PATH": os.environ["PATH"], "PGPASSWORD": password})
    assert done.returncode == 0, f"{side.name}: exit {done.returncode}: {done.stderr[-600:]}"
    return done.stdout, trace.read_text() if with_trace else ""


def compare(program, name, sides, out, with_trace):
    direct, proxied = (play(program, name, side, out, with_trace) for side in sides)
    assert direct[0] == proxied[0], f"output differs: {direct[0]!r}, {proxied[0]!r}"
    a, b = direct[1].splitlines(), proxied[1].splitlines()
    different = next((i for i in range(max(len(a), len(b))) if a[i:i + 1] != b[i:i + 1]), None)
    assert different is None, f"trace differs at line {different + 1}: {a[different:different + 1]}, {b[different:different + 1]}"


def check(suite, tree, sides, out):
    out.mkdir()
    program = build(tree, out)
    for side in sides:
        side.database("pipeline")
    with_trace = traced(tree)
    for name in names(program):
        suite.check(f"pipeline: {name}", compare, program, name, sides, out, name in with_trace, limit=240)   # both sides' 120
    for side in sides:
        if side.proxy:
            side.proxy.kill()
        side.cluster.stop()
