#!/usr/bin/env python3
"""The cli suite: commands of the binary that need no server, and explain and check --online against one."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from suite import Suite, absent, contains, equal  # noqa: E402
from world import Cluster, binary, temporary  # noqa: E402

suite = Suite("cli")
scratch = temporary("cli")
cluster = None


def pgveil(*words, text=None, env=None):
    return subprocess.run([binary, *map(str, words)], input=text or "", capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})})


def exits(done, code):
    equal(done.returncode, code, f"exit of {done.args[1:]} with stdout {done.stdout[:300]!r} stderr {done.stderr[:300]!r}")
    return done


def init(name, *more, upstream="host=/tmp dbname=shop user=nobody"):
    where = scratch / name
    return where, exits(pgveil("init", "--upstream", upstream, "--agent", "copilot", "--person", "dana", "--dir", where, *more), 0)


def verifies(password, verifier):
    scheme, rounds, keys = verifier.split("$")
    iterations, salt = rounds.split(":")
    stored = keys.split(":")[0]
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    key = hmac.digest(salted, b"Client Key", "sha256")
    return scheme == "SCRAM-SHA-256" and base64.b64encode(hashlib.sha256(key).digest()).decode() == stored


def password_of(line):
    return line.split("password=")[1].split('"')[0]


@suite.case("without a command, with an unknown one and with an unknown option the exit is 2 and help is near")
def _():
    contains(exits(pgveil(), 2).stderr, "usage: pgveil COMMAND")
    contains(exits(pgveil("chekc"), 2).stderr, "chekc")
    contains(exits(pgveil("check", "--nope"), 2).stderr, "--nope")
    exits(pgveil("keygen"), 2)
    exits(pgveil("scram", "--iterations", "many"), 2)
    exits(pgveil("scram", "--iterations"), 2)
    exits(pgveil("version", "extra"), 2)


@suite.case("every command has --help on stdout and exit 0")
def _():
    listing = exits(pgveil("help"), 0).stdout
    names = [line.split()[0] for line in listing.splitlines() if line.startswith("  ")]
    assert {"init", "check", "explain", "scram", "keygen", "version"} <= set(names), names
    for name in names:
        contains(exits(pgveil(name, "--help"), 0).stdout, "pgveil " + name)


@suite.case("scram prints a verifier that the password fits, with the iterations asked for")
def _():
    line = exits(pgveil("scram", "--iterations", "5000", text="correct horse\n"), 0).stdout.strip()
    contains(line, "SCRAM-SHA-256$5000:")
    assert verifies("correct horse", line) and not verifies("correct horsf", line)
    exits(pgveil("scram", text=""), 2)


@suite.case("keygen makes a private file once and prints the public line alone")
def _():
    path = scratch / "key"
    line = exits(pgveil("keygen", "--out", path), 0).stdout
    contains(line, "pgveil+")
    absent(line, "PRIVATE")
    equal(stat.S_IMODE(path.stat().st_mode), 0o600)
    before = path.read_bytes()
    exits(pgveil("keygen", "--out", path), 3)
    equal(path.read_bytes(), before)


@suite.case("init writes private files and passwords that fit the verifiers; the config is in shadow mode and sound")
def _():
    where, done = init("plain")
    lines = done.stdout.splitlines()
    agent, person = (next(line for line in lines if line.startswith(word)) for word in ("agent:", "person:"))
    config = (where / "pgveil.toml").read_text()
    contains(config, 'mode = "shadow"')
    secrets = [line.split('"')[1] for line in config.splitlines() if line.startswith("secret")]
    assert verifies(password_of(agent), secrets[0]) and verifies(password_of(person), secrets[1])
    assert int(secrets[1].split("$")[1].split(":")[0]) >= 100000
    absent(config, password_of(agent))
    for path in [where, *where.rglob("*")]:
        equal(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path.name)
    exits(pgveil("check", "--config", where / "pgveil.toml"), 0)
    exits(pgveil("check", "--config", where / "pgveil.toml", "--strict"), 1)


@suite.case("init overwrites nothing, takes a password out of the upstream and refuses what would not load")
def _():
    where, _ = init("secret", upstream="postgresql://u:s3%20cret@/shop?host=/tmp")
    for part in ("s3 cret", "s3%20cret"):
        absent((where / "pgveil.toml").read_text(), part)
    equal((where / "secrets/shop").read_text(), "s3 cret\n")
    before = (where / "pgveil.toml").read_text()
    exits(pgveil("init", "--upstream", "host=/tmp", "--agent", "copilot", "--person", "dana", "--dir", where), 3)
    equal((where / "pgveil.toml").read_text(), before)
    exits(pgveil("init", "--upstream", "host=/tmp", "--agent", "same", "--person", "same", "--dir", scratch / "never"), 3)
    assert not (scratch / "never").exists()
    exits(pgveil("init", "--upstream", "no conninfo", "--agent", "a", "--person", "b", "--dir", scratch / "never"), 2)


@suite.case("check names every mistake with its place, as text and as JSON, and PGVEIL_CONFIG names the file")
def _():
    path = scratch / "wrong.toml"
    path.write_text('[proxy]\nwrokers = 1\n[[database]]\nname = "d"\nupstream = "host=/tmp"\n[policy]\nmode = "off"\n')
    text = exits(pgveil("check", env={"PGVEIL_CONFIG": str(path)}), 2).stdout
    contains(text, f'{path}:2:1: error: unknown key "wrokers"')
    contains(text, f"{path}:7:8: error: policy.mode")
    report = json.loads(exits(pgveil("check", "--config", path, "--json"), 2).stdout)
    equal(report["ok"], False)
    equal([(p["line"], p["column"]) for p in report["problems"] if p["severity"] == "error"], [(2, 1), (7, 8)])
    contains(exits(pgveil("check", "--config", scratch / "absent.toml"), 2).stdout, "cannot be read")


@suite.case("check sees a password file that others may read and one that is not there")
def _():
    where, _ = init("files", upstream="host=/tmp dbname=shop user=u password=x")
    (where / "secrets/shop").chmod(0o644)
    contains(exits(pgveil("check", "--config", where / "pgveil.toml"), 2).stdout, "can be read by others")
    (where / "secrets/shop").unlink()
    contains(exits(pgveil("check", "--config", where / "pgveil.toml"), 2).stdout, "No such file")


@suite.case("the printed reference loads, but for the verifiers it cuts short")
def _():
    path = scratch / "reference.toml"
    path.write_text(exits(pgveil("check", "--reference"), 0).stdout)
    errors = [p for p in json.loads(pgveil("check", "--config", path, "--json").stdout)["problems"] if p["severity"] == "error"]
    equal([p["message"] for p in errors if "verifier" not in p["message"]], [])


# --- with a server ---------------------------------------------------------------------------------------------

def config_for_cluster():
    where = scratch / "online"
    if not where.exists():
        init("online", "--enforce", upstream=f"host={cluster.dir} port={cluster.port} dbname=shop user=plain")
        with open(where / "pgveil.toml", "a") as config:
            config.write('[[masking.column]]\ncolumn = "shop.public.people.mail"\nclass = "EMAIL_ADDRESS"\ntransform = "pseudonym"\n')
    return where / "pgveil.toml"


def explain(*statements, options=()):
    lines = "".join(json.dumps({"id": n, "sql": s}) + "\n" for n, s in enumerate(statements))
    done = exits(pgveil("explain", "--config", config_for_cluster(), "--agent", "copilot", "--database", "shop", "--json", *options, text=lines), 0)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    equal([a["id"] for a in answers], list(range(len(statements))))
    return answers


@suite.case("check --online passes a plain role, refuses a superuser and names a tag that matches nothing", limit=240)
def _():
    config = config_for_cluster()
    exits(pgveil("check", "--config", config, "--online"), 0)
    wrong = config.with_name("wrong.toml")
    wrong.write_text(config.read_text().replace("user=plain", "user=postgres").replace("people.mail", "people.male"))
    text = exits(pgveil("check", "--config", wrong, "--online"), 2).stdout
    contains(text, "could go round the proxy")
    contains(text, "shop.public.people.male")


@suite.case("explain judges reads, writes, DDL, administration and nonsense, with the contract's keys", limit=240)
def _():
    read, write, ddl, admin, unknown = explain("select mail, upper(mail) from people", "delete from people", "drop table people",
                                               "select pg_read_file('/etc/passwd')", "selec 1")
    keys = {"id", "kind", "action", "rule", "reasons", "relations", "functions", "effects", "columns", "error"}
    for answer in (read, write, ddl, admin, unknown):
        assert keys <= set(answer), answer
    equal([(a["kind"], a["action"]) for a in (read, write, ddl, admin, unknown)],
          [("read", "allow"), ("write", "hold"), ("ddl", "hold"), ("admin", "deny"), ("unknown", "deny")])
    equal(read["relations"], [{"name": "public.people", "use": "read"}])
    equal([(c["name"], c["origins"], c["mask"]) for c in read["columns"]],
          [("mail", ["public.people.mail"], "EMAIL_ADDRESS/pseudonym"), ("upper", ["public.people.mail"], "EMAIL_ADDRESS/redact")])
    equal(read["error"], None)
    contains(unknown["error"], "42601")


@suite.case("explain takes a search path, real grants, and no server at all", limit=240)
def _():
    equal(explain("select * from people", options=["--search-path", "pg_catalog"])[0]["kind"], "unknown")
    equal(explain("delete from people", options=["--grants"])[0]["action"], "hold")
    config = config_for_cluster()
    without = config.with_name("without.toml")
    without.write_text(config.read_text().split("[[grant]]")[0] + "[masking]\n")
    done = exits(pgveil("explain", "--config", without, "--agent", "copilot", "--database", "shop", "--grants", "--json", "select 1"), 0)
    equal(json.loads(done.stdout)["sqlstate"], "PV003")
    offline = explain("select 1 + length('x')", "select * from people", options=["--offline"])
    equal([a["kind"] for a in offline], ["read", "unknown"])


@suite.case("discover proposes columns by name and by value, tells what the config lacks, and prints no value", limit=240)
def _():
    words = ["discover", "--config", config_for_cluster(), "--database", "shop"]
    lines = exits(pgveil(*words, "--json"), 0).stdout
    found = {p["column"]: p for p in map(json.loads, lines.splitlines())}
    equal({name: (p["class"], p["in_config"]) for name, p in found.items()}, {
        "shop.public.people.mail": ("EMAIL_ADDRESS", True),
        "shop.public.letters.birth_date": ("DATE_OF_BIRTH", False),
        "shop.public.letters.code": ("EMAIL_ADDRESS", False)})
    done = exits(pgveil(*words, "--diff"), 1)
    contains(done.stdout, 'column = "shop.public.letters.code"')
    absent(done.stdout, "people.mail")
    contains(done.stderr, "shop.public.letters.body: EMAIL_ADDRESS in 3 of 3")
    absent(done.stdout + done.stderr, "example.com")
    snippet = config_for_cluster().with_name("found.toml")
    snippet.write_text(config_for_cluster().read_text() + done.stdout)
    exits(pgveil("check", "--config", snippet, "--online"), 0)
    exits(pgveil("discover", "--config", snippet, "--database", "shop", "--diff"), 0)
    names_only = exits(pgveil(*words, "--json", "--sample", "0"), 0).stdout
    absent(names_only, "letters.code")


@suite.case("explain says which agent, database or line it does not understand", limit=240)
def _():
    config = config_for_cluster()
    exits(pgveil("explain", "--config", config, "--agent", "ghost", "--database", "shop", "select 1"), 2)
    exits(pgveil("explain", "--config", config, "--agent", "copilot", "--database", "ghost", "select 1"), 2)
    exits(pgveil("explain", "--config", config, "--agent", "copilot", "--database", "shop", "--json", text="nonsense\n"), 2)


def start():
    global cluster
    cluster = Cluster()
    cluster.sql("CREATE ROLE plain LOGIN")
    cluster.sql("CREATE DATABASE shop")
    cluster.sql("CREATE TABLE people (id int PRIMARY KEY, mail text, age int); GRANT SELECT ON people TO plain", "shop")
    cluster.sql("CREATE TABLE letters (code text, body text, birth_date date); GRANT SELECT ON letters TO plain; INSERT INTO letters "
                "SELECT 'user' || n || '@example.com', 'Dear all, please write to user' || n || '@example.com about it' FROM generate_series(1, 3) n", "shop")


if __name__ == "__main__":
    suite.main(before=start)
