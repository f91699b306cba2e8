#!/usr/bin/env python3
"""The upstream suite: libpq connects to a real PostgreSQL, our loop takes over. usage: run.py [--only PART-OF-A-TITLE]"""
import os
import pathlib
import socket
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support")]
from suite import Suite, absent, contains, equal  # noqa: E402
import world  # noqa: E402

suite = Suite("upstream")
build = pathlib.Path(os.environ.get("PGVEIL_BINARY", world.binary)).parents[1]
probe_binary = pathlib.Path(os.environ.get("PGVEIL_UPSTREAM_PROBE", build / "tests/upstream/upstream-probe"))
cluster = None


class Seen(dict):
    def __init__(self, done):
        super().__init__()
        self.code, self.stderr, self.lines = done.returncode, done.stderr, done.stdout.splitlines()
        for line in self.lines:
            name, _, value = line.partition("=")
            self[name] = value

    def all(self, name):
        return [line.partition("=")[2] for line in self.lines if line.startswith(name + "=")]


def probe(conninfo, *words):
    done = subprocess.run([probe_binary, conninfo, *map(str, words)], capture_output=True, text=True, timeout=50,
                          env={k: v for k, v in os.environ.items() if not k.startswith("PG") or k.startswith("PGVEIL")})
    return Seen(done)


def over_socket(user="postgres"):
    return f"host={cluster.dir} port={cluster.port} user={user} dbname=postgres"


def over_tcp(more=""):
    return f"host=127.0.0.1 port={cluster.port} user=app dbname=postgres {more}"


def start():
    global cluster
    cluster = world.Cluster("log_min_messages = notice\n")
    data = cluster.dir / "data"
    cluster.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", data / "server.key", "-out", data / "server.crt")
    cluster.run("tee", "-a", data / "postgresql.conf", input="ssl = on\n")
    cluster.stop("fast")
    cluster.start()
    cluster.sql("CREATE ROLE app LOGIN PASSWORD 'right'")
    (cluster.dir / "pw").write_text("right\n")
    (cluster.dir / "wrong").write_text("wrong\n")


def stop():
    cluster.stop()


password = lambda name="pw": ("--password-file", cluster.dir / name)  # noqa: E731


@suite.case("a plain connection is handed over and answers on our loop")
def plain():
    seen = probe(over_tcp("sslmode=disable"), *password(), "SELECT 'hello'")
    equal(seen.code, 0, seen.stderr)
    equal((seen["encrypted"], seen["cell"], seen["tag"], seen["closed"]), ("false", "hello", "SELECT 1", "flushed"))
    equal(seen["server_encoding"], "UTF8")
    contains(seen["server_version"], "15")
    equal(seen["parameter.standard_conforming_strings"], "on")
    equal(seen["parameter.client_encoding"], "UTF8")
    assert int(seen["pid"]) > 1


@suite.case("a TLS connection is handed over with libpq's SSL object, large answers included")
def tls():
    seen = probe(over_tcp("sslmode=verify-full sslrootcert=" + str(cluster.dir / "data/server.crt")), *password(),
                 "SELECT length(repeat('x', 3000000)::text), repeat('y', 900000)")
    equal(seen.code, 0, seen.stderr)
    equal((seen["encrypted"], seen["tag"], seen["closed"]), ("true", "SELECT 1", "flushed"))
    equal(len(seen.all("cell")[1]), 900000)


@suite.case("the server sees our Terminate and no lost connection")
def goodbye():
    before = len(cluster.log())
    for mode in ("disable", "require"):
        equal(probe(over_tcp("sslmode=" + mode), *password(), "--times", 3).all("closed"), ["flushed"] * 3)
    absent(cluster.log()[before:], "unexpected EOF")
    absent(cluster.log()[before:], "could not receive")
    absent(cluster.log()[before:], "SSL error")


@suite.case("settings go in at startup, survive RESET ALL, and the last of equal names holds")
def settings():
    seen = probe(over_tcp(), *password(), "--set", "search_path=\"a b\", \"\\c\"", "--set", "default_transaction_read_only=off",
                 "--set", "default_transaction_read_only=on", "--name", "copilot/psql",
                 "RESET ALL; SELECT current_setting('search_path'), current_setting('transaction_read_only'), "
                 "current_setting('application_name')")
    equal(seen.all("cell"), ['"a b", "\\c"', "on", "copilot/psql"])
    equal(seen["parameter.application_name"], "copilot/psql")


@suite.case("a setting's value stays a value")
def no_smuggling():
    seen = probe(over_tcp(), *password(), "--set", "application_name=x -c default_transaction_read_only=on",
                 "SELECT current_setting('transaction_read_only')")
    equal(seen["cell"], "off")


@suite.case("a wrong password, an unknown database and a refused setting come with the server's SQLSTATE")
def failures():
    for words, state in (((*password("wrong"),), "28P01"), ((*password(), "--database", "nowhere"), "3D000"),
                         ((*password(), "--set", "work_mem=nonsense"), "22023")):
        seen = probe(over_tcp(), *words)
        equal((seen.code, seen["sqlstate"]), (1, state), str(seen))
        absent("\n".join(seen.lines), "LOCATION")
        equal(seen.stderr, "")


@suite.case("the password file is read at each connect, and one that is missing is named")
def password_file():
    seen = probe(over_tcp(), "--password-file", cluster.dir / "none")
    equal((seen.code, seen["sqlstate"]), (1, ""))
    contains(seen["message"], "No such file")


@suite.case("a harmless role is harmless, a dangerous one says why, by attribute and by membership")
def roles():
    equal(probe(over_tcp(), *password())["why"], "")
    equal(probe(over_tcp(), *password())["role"], "app")
    seen = probe(over_socket())
    for part in ("SUPERUSER", "REPLICATION", "BYPASSRLS", "CREATEROLE", "pg_read_server_files"):
        contains(seen["why"], part)
    cluster.sql("CREATE ROLE grouped; GRANT pg_signal_backend TO grouped; CREATE ROLE member LOGIN; GRANT grouped TO member")
    equal(probe(over_socket("member"))["why"], "member of pg_signal_backend")
    cluster.sql("CREATE ROLE creator LOGIN CREATEROLE")
    equal(probe(over_socket("creator"))["why"], "CREATEROLE")


@suite.case("an agent's search_path does not change what the role check sees")
def hostile_path():
    cluster.sql("CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;"
                "CREATE VIEW evil.pg_roles AS SELECT 1::oid AS oid, 'app'::name AS rolname, false AS rolsuper, false AS rolreplication,"
                " false AS rolbypassrls, false AS rolcreaterole; GRANT SELECT ON evil.pg_roles TO PUBLIC;"
                "CREATE FUNCTION evil.bool_or(boolean) RETURNS boolean LANGUAGE sql AS 'SELECT false'")
    contains(probe(over_socket(), "--set", "search_path=evil, pg_catalog")["why"], "SUPERUSER")


@suite.case("a running statement is cancelled through libpq, plain and over TLS")
def cancel():
    for mode in ("disable", "require"):
        seen = probe(over_tcp("sslmode=" + mode), *password(), "--cancel", "SELECT pg_sleep(40)")
        equal((seen.get("error"), seen["closed"]), ("57014", "flushed"), str(seen))


@suite.case("notices of the login stay off stderr")
def notices():
    cluster.sql("UPDATE pg_database SET datcollversion = 'old' WHERE datname = 'postgres'")
    seen = probe(over_tcp(), *password())
    cluster.sql("UPDATE pg_database SET datcollversion = NULL WHERE datname = 'postgres'")
    equal((seen.code, seen.stderr), (0, ""))


@suite.case("a host that does not answer is passed over for the next one")
def silent_host():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        seen = probe(f"host=127.0.0.1,127.0.0.1 port={silent.getsockname()[1]},{cluster.port} user=app dbname=postgres "
                     "connect_timeout=2 sslmode=disable", *password())
    equal((seen.code, seen.get("tag")), (0, "SELECT 1"), str(seen))


suite.main(start, stop)
