"""The console: what people ask and command, and who may."""
from common import agent, case, shared
from suite import contains, equal
import world


def console(command, who="erik"):
    return shared.proxy.console(command, who)


@case("every SHOW of this issue answers with named columns")
def _():
    for what in ("HELP", "VERSION", "AGENTS", "GRANTS", "REQUESTS", "SESSIONS", "RULES", "AUDIT"):
        got = console(f"SHOW {what}").ok()
        assert got.of("T") or got.of("N"), f"SHOW {what}: {got}"
        console(f"show {what.lower()};").ok()


def rows_of(what):
    got = console(what).ok()
    return [dict(zip(got.names, row)) for row in got.rows]


@case("SHOW SESSIONS, RULES and STATS count what was done and say what a session does")
def _():
    with agent(startup={"application_name": "counted"}) as a:
        a.query("SELECT 1").ok()
        before = {r["rule"]: int(r["matched"]) for r in rows_of("SHOW RULES")}
        queries = {r["database"]: int(r["total_query_count"]) for r in rows_of("SHOW STATS")}["shop"]
        for _ in range(3):
            a.query("SELECT 1").ok()
        a.query("BEGIN").ok()
        row = next(r for r in rows_of("SHOW SESSIONS") if r["application_name"] == "counted")
        equal((row["state"], int(row["statements"]), bool(row["last_request"])), ("idle in transaction", 5, True))
        after = {r["rule"]: int(r["matched"]) for r in rows_of("SHOW RULES")}
        assert after["built-in: read"] >= before["built-in: read"] + 3, after
        equal([r["action"] for r in rows_of("SHOW RULES") if r["rule"] == "built-in: write"], ["hold"])
        assert {r["database"]: int(r["total_query_count"]) for r in rows_of("SHOW STATS")}["shop"] >= queries + 4


@case("SHOW SESSIONS lists a live session; KILL ends it")
def _():
    with agent(startup={"application_name": "to-be-killed"}) as a:
        a.query("SELECT 1").ok()
        got = console("SHOW SESSIONS").ok()
        row = dict(zip(got.names, next(r for r in got.rows if any("to-be-killed" in (c or "") for c in r))))
        key = next(row[k] for k in ("session", "id", "ptr") if k in row)
        console(f"KILL '{key}'").ok()
        ended = a.until()
        assert getattr(ended, "closed", False), ended
        equal(ended.sqlstate, "57P01")


@case("roles: an auditor looks and decides nothing; an approver without admin neither reloads nor kills")
def _():
    console("SHOW REQUESTS", "otto").ok()
    for command, who in (("RELOAD", "dana"), ("RELOAD", "otto"), ("KILL AGENT 'reader'", "otto"), ("SHUTDOWN", "dana"), ("DENY 'r_x' REASON 'x'", "otto"),
                         ("REVOKE GRANT 'g_x'", "otto")):
        got = console(command, who)
        equal(got.sqlstate, "42501", f"{command} by {who}")
    equal(console("SHOW VERSION", "otto").error, None)


@case("mistakes on the console answer with an error and a hint, and the session lives")
def _():
    with shared.proxy.person() as p:
        for command in ("SHOW NOTHING", "APPROVE 'r_unknown'", "APPROVE", "DENY 'r_unknown' REASON 'x'", "nonsense", "SHOW REQUEST 'r_unknown'", "GRANT", "'",
                        "SELECT * FROM customers"):
            got = p.query(command)
            assert got.error, f"{command}: {got}"
            equal(got.status, "I")
        p.query("SHOW VERSION").ok()


@case("drivers' SETs and an empty query are accepted on the console")
def _():
    with shared.proxy.person() as p:
        p.query("SET client_encoding = 'UTF8'").ok()
        p.query("").ok()
        p.query("SET DateStyle = 'ISO'").ok()


@case("psql as a person shows requests as a table")
def _():
    with agent() as a:
        request = world.held(a.query("UPDATE products SET stock = 3 WHERE id = 60"))["request"]
    got = shared.proxy.psql("-c", "SHOW REQUESTS", name="erik")
    equal(got.returncode, 0, got.stderr)
    contains(got.stdout, request)
    got = shared.proxy.psql("-At", "-c", f"APPROVE '{request}' REASON 'fine'", name="erik")
    equal(got.returncode, 0, got.stderr)
    got = shared.proxy.psql("-c", "UPDATE products SET stock = 3 WHERE id = 60")
    contains(got.stdout, "UPDATE 1")


@case("`pgveil requests` and `pgveil grants` do the same over the console")
def _():
    import os
    environment = os.environ | {"PGHOST": "127.0.0.1", "PGPORT": str(shared.proxy.port), "PGUSER": "erik", "PGPASSWORD": world.people["erik"], "PGSSLMODE": "require"}
    import subprocess
    with agent() as a:
        request = world.held(a.query("UPDATE products SET stock = 4 WHERE id = 61 AND title IS NOT NULL"))["request"]
    run = lambda *words: subprocess.run([world.binary, *words], env=environment, capture_output=True, text=True, timeout=30)  # noqa: E731
    contains(run("requests", "list").stdout, request)
    contains(run("requests", "show", request).stdout, "UPDATE products SET stock = 4 WHERE id = 61 AND title IS NOT NULL")
    equal(run("requests", "deny", request, "--reason", "no").returncode, 0)
    contains(run("grants", "list").stdout, "copilot")


@case("admin commands and reading the log stand in the log")
def _():
    console("SHOW AUDIT").ok()
    console("RELOAD").ok()
    kinds = {r["kind"] for r in shared.proxy.records() if r.get("person") == "erik"}
    contains(kinds, "admin.command")
