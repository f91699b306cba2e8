"""Access in time: no grant, a grant, its end, its revocation."""
import json
import re
import time

from common import agent, case, shared, truth
from suite import contains, equal
from wire import Refused, query
from world import held, wait_for


def console(command, who="erik"):
    return shared.proxy.console(command, who)


def grant(access, length, reason="test"):
    got = console(f"GRANT {access} ON shop TO walker FOR '{length}' REASON '{reason}'").ok()
    listed = console("SHOW GRANTS").ok()
    row = [r for r in listed.rows if "walker" in r][-1]
    return got, next(c for c in row if c and re.match(r"g_", c))


def refused(**options):
    try:
        agent("walker", **options).close()
    except Refused as no:
        equal((no.fields["S"], no.sqlstate), ("FATAL", "PV003"), no.fields.get("M"))
        return no
    raise AssertionError("walker got in without a grant")


@case("without a grant: FATAL PV003, and with a reason a filed access request in the message")
def _():
    refused()
    no = refused(startup={"options": "-c pgveil.reason=month\\ end"})
    contains(no.fields["M"] + str(no.fields.get("D")), "r_")


@case("a grant lets in for reads only; REVOKE ends the open session within a second")
def _():
    _, grant_id = grant("read", "1 hour")
    a = agent("walker")
    equal(a.query("SELECT count(*) FROM orders").ok().tag, "SELECT 1")
    equal(a.query("DELETE FROM orders").sqlstate, "PV003")
    contains(str(a.query("SHOW pgveil.grants").ok().rows), grant_id)
    started = time.monotonic()
    console(f"REVOKE GRANT '{grant_id}'").ok()
    got = a.until()
    assert getattr(got, "closed", False) and got.sqlstate == "PV003", got
    assert time.monotonic() - started < 3
    refused()


@case("a grant that ends cancels the running statement and the session")
def _():
    grant("read", "3 seconds")
    with agent("walker") as a:
        started = time.monotonic()
        a.send(query("SELECT count(*) FROM orders a, orders b, orders c"))
        got = a.until()
        assert getattr(got, "closed", False) and got.sqlstate == "PV003", got
        assert 1 < time.monotonic() - started < 7, time.monotonic() - started
    wait_for(lambda: truth("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'walker%' AND state = 'active'") == [["0"]],
             5, "the server's statement ending")
    refused()


@case("a write grant lets ask; the request is held as usual")
def _():
    _, grant_id = grant("write", "5 minutes", "fix prices")
    with agent("walker") as a:
        held(a.query("UPDATE products SET price = 1 WHERE id = 40"))
    console(f"REVOKE GRANT '{grant_id}'").ok()


@case("a grant longer than the database's maximum is refused, and so is one by the agent's owner or an auditor")
def _():
    assert console("GRANT read ON shop TO walker FOR '3 days'").error
    assert console("GRANT read ON shop TO walker FOR '1 hour'", "dana").error, "the owner granted"
    assert console("GRANT read ON shop TO walker FOR '1 hour'", "otto").error, "an auditor granted"
    assert console("GRANT read ON nowhere TO walker FOR '1 hour'").error
    assert console("GRANT read ON shop TO nobody FOR '1 hour'").error


@case("grants, requests and logins stand in the log with who and why")
def _():
    kinds = {r["kind"] for r in shared.proxy.records()}
    for kind in ("grant.add", "grant.revoke", "session.open", "session.close", "config.load", "log.start"):
        contains(kinds, kind)
    added = [r for r in shared.proxy.records() if r["kind"] == "grant.add" and r.get("agent") == "walker"]
    assert added and added[0].get("person") == "erik", added
    contains(json.dumps(added), "fix prices")


@case("KILL AGENT and DISABLE AGENT end sessions; ENABLE lets in again")
def _():
    a = agent("reader")
    a.query("SELECT 1").ok()
    console("KILL AGENT 'reader'").ok()
    assert getattr(a.until(), "closed", False)
    agent("reader").close()
    got = console("DISABLE AGENT 'reader' REASON 'test'")
    if got.sqlstate in ("0A000", "42601"):
        return                               # comes with a later issue; KILL is this one's
    got.ok()
    try:
        agent("reader").close()
        raise AssertionError("a disabled agent got in")
    except Refused:
        pass
    console("ENABLE AGENT 'reader'").ok()
    agent("reader").close()
