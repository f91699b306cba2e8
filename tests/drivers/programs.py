"""The programs beside this file, one a driver: how each is made and run, and what its lines must be.

The target's environment says where to connect to, and with PGSSLMODE whether with TLS, its certificate verified. What a
driver does not have stands in `lacks`, by the step of table.py that would prove it, with the reason.

A program prints `step: result` for every step, rows as `cell|cell;cell|cell`. Run directly against PostgreSQL it is the
oracle: in shadow mode its lines must be the same, in enforce mode the same but for what pgveil is there for, which
`enforced` writes down. A program whose write is held prints `held: ...` and waits for a line: by then it is approved.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import world

here = pathlib.Path(__file__).resolve().parent
cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", "/var/tmp"))
modules = pathlib.Path(os.environ.get("PGVEIL_NODE_PATH") or "/usr/share/nodejs")
gopath = pathlib.Path("/usr/share/gocode")


class Program:
    def __init__(self, name, file, command, needs, make=None, beside=(), environment=(), lacks=None, one_cancel=False):
        self.name, self.file, self.command, self.needs, self.environment = name, here / file, command, needs, dict(environment)
        self.make, self.beside, self.made = make, [here / b for b in beside], None
        # one_cancel: the driver cancels a statement once only; before the server has read the statement, that is lost.
        self.lacks, self.one_cancel, self.installed = lacks or {}, one_cancel, not self.missing()

    def missing(self):
        """What of its runtime is not installed: commands by name, anything else by path (with wildcards)."""
        return [str(n) for n in self.needs if not (list(pathlib.Path("/").glob(str(n)[1:])) if str(n).startswith("/") else shutil.which(n))]

    def ready(self, directory):
        """The command to run, made first if it is compiled."""
        if not self.made:
            target = directory / self.file.stem
            if self.make:
                done = subprocess.run([*self.make, target, self.file, *self.beside], capture_output=True, text=True, env=os.environ | self.environment, cwd=directory)
                assert done.returncode == 0, done.stdout + done.stderr
            self.made = [part.format(file=self.file, target=target) for part in self.command]
        return self.made


def node(name, file, *needs, **more):
    return Program(name, file, ["node", "{file}"], ["node", *(modules / n for n in needs)], environment={"NODE_PATH": str(modules)}, **more)


def go(name, file, package, **more):
    return Program(name, file, ["{target}"], ["go", gopath / "src/github.com" / package], make=["go", "build", "-o"], beside=["shared.go"],
                   environment={"GOPATH": str(gopath), "GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": str(cache / f"pgveil-go-{os.getuid()}")}, **more)


def python(name, file, *needs, **more):
    return Program(name, file, ["/usr/bin/python3", "{file}"], ["/usr/bin/python3", *(packages / n for n in needs)], **more)


packages = pathlib.Path("/usr/lib/python3/dist-packages")
jars = "/usr/share/java/postgresql.jar"
no_copy = {step: "node-postgres leaves it to pg-copy-streams" for step in ("copy out", "copy in")}
of_a_portal = no_copy | {
    "prepared": "it parses the unnamed statement each time",
    "binary": "it asks for every column as text",
    "batch": "it opens one portal after the other",
    "cancel": "it closes its portal; to cancel is node-postgres's",
    "after cancel": "it closes its portal; to cancel is node-postgres's"}
programs = [
    python("psql", "psql_script.py", "/usr/bin/psql"),
    python("psycopg2", "with_psycopg2.py", "psycopg2"),
    python("psycopg3", "with_psycopg3.py", "psycopg"),
    python("asyncpg", "with_asyncpg.py", "asyncpg", one_cancel=True),
    python("SQLAlchemy/psycopg2", "sqlalchemy_psycopg2.py", "sqlalchemy", "psycopg2"),
    python("SQLAlchemy/asyncpg", "sqlalchemy_asyncpg.py", "sqlalchemy", "asyncpg", "greenlet", one_cancel=True),
    node("node-postgres", "node_postgres.js", "pg", lacks=no_copy),
    node("pg-cursor", "pg_cursor.js", "pg", "pg-cursor", lacks=of_a_portal),
    node("pg-query-stream", "pg_query_stream.js", "pg", "pg-query-stream", lacks=of_a_portal),
    node("postgres.js", "postgres_js.js", "postgres"),
    Program("DBD::Pg", "dbd_pg.pl", ["/usr/bin/perl", "{file}"], ["/usr/bin/perl", "/usr/lib/*/perl5/*/DBD/Pg.pm"]),
    Program("ruby-pg", "ruby_pg.rb", ["/usr/bin/ruby", "{file}"], ["/usr/bin/ruby", "/usr/lib/ruby/vendor_ruby/pg.rb"]),
    Program("PHP pgsql", "php_pgsql.php", ["/usr/bin/php", "{file}"], ["/usr/bin/php", "/usr/lib/php/*/pgsql.so"]),
    Program("PHP PDO", "php_pdo.php", ["/usr/bin/php", "{file}"], ["/usr/bin/php", "/usr/lib/php/*/pdo_pgsql.so"],
            lacks={step: "PDO has no call that cancels" for step in ("cancel", "after cancel")}),
    python("ODBC", "odbc.py", "pyodbc*.so", "/usr/lib/*/odbc/psqlodbcw.so",
           lacks={"copy out": "ODBC has no call for it", "copy in": "ODBC has no call for it",
                  "failed block": "psqlodbc returns to a savepoint of its own, so the block goes on (the step `same block`)"}),
    Program("libpqxx", "libpqxx.cc", ["{target}"], ["g++", "/usr/include/pqxx/pqxx"],
            make=["g++", "-std=c++17", "-w", "-x", "c++", "-Wl,--push-state,--no-as-needed", "-lpqxx", "-lpq", "-Wl,--pop-state", "-pthread", "-o"]),
    Program("JDBC", "Jdbc.java", ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", jars, "{file}"], ["java", "javac", jars], one_cancel=True),
    go("pgx", "pgx.go", "jackc/pgx/v4"),
    go("lib/pq", "lib_pq.go", "lib/pq", one_cancel=True, lacks={"copy out": "lib/pq answers COPY TO with an error of its own"}),
]


def products(program, tls):
    """The two that a run changes: what is approved for one run is of no use to another."""
    first = 11 + 4 * programs.index(program) + 2 * tls
    return first, first + 1


class Target:
    """Where a program connects to: PostgreSQL itself, or a pgveil that may hold its writes."""

    def __init__(self, port, user, password, certificate, proxy=None, tls=False):
        self.proxy = proxy
        self.environment = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": user, "PGPASSWORD": password, "PGDATABASE": "shop",
                            "PGSSLMODE": "verify-full" if tls else "disable", "PGSSLROOTCERT": str(certificate), "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def run(program, target, products, directory, lines=None):
    """The lines it printed; also in `lines`, for when it fails. Each time its write is held, that one is approved."""
    environment = os.environ | target.environment | program.environment | {"PRODUCT": str(products[0]), "OTHER_PRODUCT": str(products[1])}
    lines = [] if lines is None else lines
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(program.ready(directory), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, text=True,
                                   errors="replace", bufsize=1, env=environment, cwd=directory)
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if line.startswith("held: "):
                    request = re.search(r"\br_[A-Za-z0-9_-]+", line)
                    assert request and target.proxy, f"no request in {line}"
                    world.approve(target.proxy, request.group())
                    print("approved", file=process.stdin, flush=True)
            process.wait()
        except TimeoutError as late:
            raise TimeoutError(f"{late}, after {lines[-3:]}") from None
        finally:
            process.kill()
            process.wait()
        complaints.seek(0)
        said = complaints.read()
        assert process.returncode == 0, f"status {process.returncode} after {lines[-3:]}: {said[-3000:]}"
    return lines


customer = re.compile(r"(\d+)\|[^|;]*\|[^|;]*@[^|;]*\|[^|; ]*")
masked = re.compile(r"(\d+)\|\[PERSON\]\|([a-z0-9]+)@masked\.invalid\|NULL")


def enforced(lines):
    """What a program must print in enforce mode, from what it printed without pgveil."""
    for line in lines:
        step, _, result = line.partition(": ")
        if step in ("write", "copy in"):
            yield from (f"{step}: PV001", "held", f"approved: {result}", "again: PV001")
        elif step in ("in a block", "failed block"):
            yield f"{step}: {'PV001' if step == 'in a block' else '25P02'}"
        else:
            yield customer.sub(r"\1|<masked>", line)


def plain(lines):
    """What it printed in enforce mode, without what differs from run to run; one person, one pseudonym."""
    seen = dict(found.groups() for line in lines for found in masked.finditer(line))
    for line in lines:
        for number, pseudonym in masked.findall(line):
            assert seen[number] == pseudonym, f"customer {number} is {pseudonym} and {seen[number]}"
    return [masked.sub(r"\1|<masked>", "held" if line.startswith("held: ") else line) for line in lines]


def difference(seen, expected):
    """'' or what differs, as a reader wants it."""
    import difflib
    lines = difflib.unified_diff(list(expected), list(seen), "expected", "seen", lineterm="", n=1)
    return "\n".join(line[:400] for line in lines)
