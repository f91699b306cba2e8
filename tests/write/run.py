#!/usr/bin/env python3
"""The write suite: an agent with a write grant sends thousands of generated changes that nobody approves, over upstream
roles that own the database; afterwards a digest of the whole cluster's content is what it was.

Generated from a seed (PGVEIL_SEED, else 1); the generator is itself tested against a scratch copy of the database.
"""
import os
import pathlib
import random
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import grammar  # noqa: E402
import world  # noqa: E402
from suite import Suite, equal  # noqa: E402
from wire import Closed, Refused, bind, describe, execute, parse, query, sync  # noqa: E402

suite = Suite("write")
seed = int(os.environ.get("PGVEIL_SEED", "1"))
count = 10_000 if world.slow else 600


class Shared:
    cluster = proxy = None
    before = None


def own_everything(database):
    # The strongest roles serve accepts: owners of every object, so that nothing but pgveil stands in the way.
    Shared.cluster.sql("ALTER SCHEMA public OWNER TO pgveil_writer; GRANT CREATE ON DATABASE " + database + " TO pgveil_reader, pgveil_writer;"
                       "DO $$DECLARE r record; BEGIN "
                       "FOR r IN SELECT c.oid::regclass AS n, relkind FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r','v','m','S') LOOP "
                       "IF r.relkind <> 'S' OR NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = r.n AND d.deptype = 'a') THEN EXECUTE 'ALTER TABLE ' || r.n || ' OWNER TO pgveil_writer'; END IF; END LOOP;"
                       "FOR r IN SELECT p.oid::regprocedure AS n FROM pg_proc p WHERE pronamespace = 'public'::regnamespace LOOP EXECUTE 'ALTER FUNCTION ' || r.n || ' OWNER TO pgveil_writer'; END LOOP; END$$;"
                       "ALTER TYPE order_status OWNER TO pgveil_writer; GRANT pgveil_writer TO pgveil_reader", database)


def start():
    Shared.cluster = world.Cluster("log_statement = 'none'\nwal_level = logical")
    world.load_shop(Shared.cluster)
    own_everything("shop")
    Shared.proxy = world.Pgveil(Shared.cluster)
    Shared.before = Shared.cluster.digest("shop")


def stop():
    for part, end in ((Shared.proxy, "kill"), (Shared.cluster, "stop")):
        if part:
            getattr(part, end)()


case = suite.case


@case("sent to a scratch copy directly, at least a third of the statements change something")
def _():
    rng, changed, tried = random.Random(seed), 0, 60
    world.load_shop(Shared.cluster, "scratch")
    own_everything("scratch")
    for _ in range(tried):
        sql = grammar.statement(rng)
        with world.Wire("127.0.0.1", Shared.cluster.port, "pgveil_writer", world.writer_password, "scratch") as c:
            try:
                got = c.query(sql)
            except Closed:
                continue
            if any(m.kind == "G" for m in got):
                continue
            changed += bool(got.of("C")) and not got.error
    assert changed >= tried / 3, f"only {changed} of {tried} ran"
    Shared.before = Shared.cluster.digest("shop")


def unchanged():
    after = Shared.cluster.digest("shop")
    if after != Shared.before:
        old, new = set(Shared.before[0].split("\n")), set(after[0].split("\n"))
        difference = [f"- {line}" for line in sorted(old - new)[:10]] + [f"+ {line}" for line in sorted(new - old)[:10]]
        Shared.before = after
        raise AssertionError("the database changed:\n" + "\n".join(difference) + f"\nroles, settings, slots: {after[1:]}")


def send_all(send, rounds, number):
    rng, sent = random.Random(seed * 100 + number), []
    for _ in range(rounds):
        sql = grammar.statement(rng)
        sent.append(sql)
        try:
            with Shared.proxy.agent(timeout=30) as a:
                send(a, sql)
        except (Closed, ConnectionError, BrokenPipeError):
            pass
        except Refused as no:
            raise AssertionError(f"login refused after {sent[-2:]}: {no}") from None
    try:
        unchanged()
    except AssertionError as error:
        raise AssertionError(f"{error}\nlast statements:\n" + "\n".join(sent[-5:])) from None


@case("simple protocol: no unapproved change takes effect", limit=1800)
def _():
    send_all(lambda a, sql: a.query(sql), count, 1)


@case("extended protocol, each statement apart: no unapproved change takes effect", limit=1800)
def _():
    send_all(lambda a, sql: [a.extended(part) for part in sql.split("; ") if part.strip()], count // 2, 2)


@case("pipelines with one Sync: no unapproved change takes effect", limit=1800)
def _():
    def pipeline(a, sql):
        parts = [p for p in sql.split("; ") if p.strip()]
        a.send(parse("SELECT 1"), bind(), execute(), *(b for p in parts for b in (parse(p), bind(), execute())), sync, query("COMMIT"))
        a.until()
        a.until()
    send_all(pipeline, count // 2, 3)


@case("named statements, described first, executed twice: no unapproved change takes effect", limit=1800)
def _():
    def named(a, sql):
        part = sql.split("; ")[-1]
        a.send(parse(part, "n"), describe("S", "n"), sync, bind(statement="n"), execute("", 1), sync, bind(statement="n", portal="p"), execute("p"), sync)
        for _ in range(3):
            a.until()
    send_all(named, count // 2, 4)


@case("inside transactions that the client steers: no unapproved change takes effect", limit=1800)
def _():
    def steered(a, sql):
        for part in ("BEGIN READ WRITE", "SELECT count(*) FROM orders", "SAVEPOINT a", sql, "ROLLBACK TO a", "RELEASE a", sql, "COMMIT AND CHAIN", sql, "COMMIT"):
            a.query(part)
    send_all(steered, count // 8, 5)


@case("after a cancelled, killed or broken statement: no unapproved change takes effect", limit=1800)
def _():
    def broken(a, sql):
        a.send(query("BEGIN READ WRITE"), query(sql), query("COMMIT"))
        a.cancel()
        a.socket.close()
        raise Closed
    send_all(broken, count // 8, 6)


@case("a read grant's session over an owning role changes nothing either", limit=600)
def _():
    rng = random.Random(seed + 7)
    for _ in range(count // 4):
        try:
            with Shared.proxy.agent("reader") as a:
                a.query(grammar.statement(rng))
        except (Closed, ConnectionError):
            pass
    unchanged()


@case("what a held request says it will run, it has not run: none of the requests is executed")
def _():
    rows = Shared.proxy.console("SHOW REQUESTS").ok()
    states = {dict(zip(rows.names, r)).get("state") for r in rows.rows}
    assert not states & {"executed", "executing", "approved"}, states
    records = Shared.proxy.records()
    equal([r for r in records if r["kind"] in ("request.consume", "request.approve")], [])


suite.main(start, stop)
