#!/usr/bin/env python3
"""The fault suite: killed, starved, cut off; nothing lost, and the log verifies. Short by default, long with --all."""
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import kill9  # noqa: E402
import world  # noqa: E402
from suite import Suite, equal  # noqa: E402
from wire import query  # noqa: E402

suite = Suite("fault")
case = suite.case


def kills(durability, short):
    number, counts, fates, missed, reads = kill9.run(50 if world.slow else short, 5 if world.slow else 1, durability, lambda line: None)
    print(f"       {number} moments {dict(counts)}; {reads} reads answered; " + "; ".join(f"{n}x {f}" for f, n in sorted(fates.items())))
    equal(missed, [], "stages not reached")
    assert reads > 100, "no load"


@case("kill -9 at every stage of an approved write, under load: log verifies, intents stand, at most one run", limit=1500)
def _():
    kills("strict", 10)


@case("the same with group durability: what a client saw is in the log all the same", limit=1500)
def _():
    kills("group", 6)


@case("a torn tail of the log is stated, not cut: the next start goes on and the log verifies", limit=120)
def _():
    cluster = world.Cluster()
    world.load_shop(cluster)
    proxy = world.Pgveil(cluster)
    with proxy.agent() as a:
        a.query("SELECT 1").ok()
    proxy.kill()
    segment = sorted((proxy.audit_dir / "seg").glob("*.jsonl"))[-1]
    with open(segment, "r+b") as log:
        data = log.read()
        end = len(data.rstrip(b"\0"))
        log.seek(end)
        log.write(b'{"i":999999,"ts":"torn')
    proxy.start()
    with proxy.agent() as a:
        a.query("SELECT 2").ok()
    proxy.stop()
    got = proxy.verify()
    equal(got.returncode, 0, got.stdout)
    assert data.rstrip(b"\0") in segment.read_bytes(), "the old segment was altered"
    cluster.stop()


@case("a backend that dies in mid-query gives an error, ends only that session, and is recorded", limit=120)
def _():
    cluster = world.Cluster()
    world.load_shop(cluster)
    proxy = world.Pgveil(cluster)
    with proxy.agent(startup={"application_name": "victim"}) as a, proxy.agent() as b:
        b.query("SELECT 1").ok()
        a.send(query("SELECT count(*) FROM orders a, orders b, orders c"))
        world.wait_for(lambda: cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%victim' AND state = 'active'"), 10, "the victim")
        got = a.until()
        assert getattr(got, "closed", False) and got.error, got
        b.query("SELECT 2").ok()
    with proxy.agent() as a:
        a.query("SELECT 3").ok()
    equal(proxy.stop(), 0)
    equal(proxy.verify().returncode, 0)
    cluster.stop()


@case("SIGTERM under load drains within its time and loses no intent", limit=120)
def _():
    bench = kill9.Bench()
    try:
        bench.start_load(1)
        world.wait_for(lambda: sum(bench.answered.values()) > 50, 20, "load")
        bench.proxy.process.terminate()
        bench.end_load()
        equal(bench.proxy.stop(40), 0)
        records = bench.proxy.records()
        equal(records[-1]["kind"], "log.stop")
        for task, seen in bench.answered.items():
            assert sum(r.get("task") == task and r["kind"] == "stmt.intent" for r in records) >= seen, task
        equal(bench.proxy.verify().returncode, 0)
    finally:
        bench.close()


if __name__ == "__main__":
    suite.main()
