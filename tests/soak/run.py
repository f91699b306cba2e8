#!/usr/bin/env python3
"""The soak: mixed drivers, cancels, errors, writes and reconnects for a long time, then: no memory lost, no session left, the log verifies.

usage: run.py [--minutes N] [--clients N] [--seed N]; without minutes only what is large, not long (bounds.py)
A table of resident memory by minute is printed for both proxies, one that enforces and one in shadow mode.
"""
import argparse
import collections
import pathlib
import sys
import threading
import time
import traceback

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here.parent / "drivers"), str(here)]
import world  # noqa: E402
import wire  # noqa: E402
from suite import Suite  # noqa: E402
import bounds  # noqa: E402
import clients  # noqa: E402
import programs  # noqa: E402

suite = Suite("soak")
most_growth = 1.05
warm_up_share = 0.25       # of the time: minute 5 of 20


class Stage:
    """One proxy and how clients of it connect."""

    def __init__(self, cluster, directory, mode):
        self.cluster, self.directory, self.shadow = cluster, directory, mode == "shadow"
        self.name = mode
        self.proxy = world.Pgveil(cluster, mode=mode, database_more='warm_connections = 4\nwarm_idle = "5s"')
        self.one_program = threading.Lock()
        self.rss = []          # (seconds, KiB)

    def dsn(self):
        return self.proxy.dsn()

    def parts(self):
        return {"host": "127.0.0.1", "port": self.proxy.port, "user": "copilot", "password": world.agents["copilot"], "database": "shop"}

    def wire(self, **options):
        return self.proxy.agent(**options)

    def target(self):
        return programs.Target(self.proxy.port, "copilot", world.agents["copilot"], self.proxy.dir / "server.crt", self.proxy)

    def measure(self, since):
        status = pathlib.Path(f"/proc/{self.proxy.process.pid}/status").read_text()
        self.rss.append((time.monotonic() - since, int(next(l for l in status.splitlines() if l.startswith("VmRSS")).split()[1])))

    def median(self, begin, end):
        found = sorted(kib for at, kib in self.rss if begin <= at <= end)
        assert found, f"nothing was measured between {begin} and {end} s"
        return found[len(found) // 2]


class Crowd:
    def __init__(self, stages, seconds, seed):
        self.stages, self.until, self.seed = stages, time.monotonic() + seconds, seed
        self.lock, self.lives, self.failures = threading.Lock(), collections.Counter(), []
        self.next = 0

    def live(self):
        while time.monotonic() < self.until and len(self.failures) < 10:
            with self.lock:
                self.next += 1
                number = self.next
            stage = self.stages[number % len(self.stages)]
            try:
                done = clients.one(stage, f"{self.seed}/{number}")
                with self.lock:
                    self.lives[stage.name, done] += 1
            except Exception as error:
                with self.lock:
                    self.failures.append(f"client {number} of {stage.name}: {''.join(traceback.format_exception(error)[-3:])}")


def soak(stages, options):
    begun = time.monotonic()
    crowd = Crowd(stages, options.minutes * 60, options.seed)
    threads = [threading.Thread(target=crowd.live) for _ in range(options.clients)]
    for thread in threads:
        thread.start()
    while time.monotonic() < crowd.until and any(t.is_alive() for t in threads):
        for stage in stages:
            stage.measure(begun)
        time.sleep(2)      # the pace of measuring, not a wait for anything
    for thread in threads:
        thread.join()
    for (name, life), count in sorted(crowd.lives.items()):
        print(f"     {name:8} {life:16} {count:7}")
    return crowd


def memory(stage, seconds):
    minute = max(seconds / 20, 5)
    print(f"     {stage.name}: MiB by minute: " + " ".join(f"{stage.median(m * minute, (m + 1) * minute) / 1024:.1f}" for m in range(int(seconds / minute))))
    early = stage.median(warm_up_share * seconds - minute, warm_up_share * seconds + minute)
    late = stage.median(seconds - 2 * minute, seconds)
    print(f"     {stage.name}: {early} KiB at a quarter of the time, {late} KiB at the end: {late / early:.3f}")
    assert late <= early * most_growth, f"{early} KiB became {late} KiB"


def nothing_left(stage):
    def sessions():
        return [row for row in stage.proxy.console("SHOW SESSIONS").ok().rows if "copilot" in row]
    wire.wait_for(lambda: not sessions(), 30, "the end of all sessions")
    named = "application_name LIKE 'copilot/%' OR usename IN ('pgveil_reader', 'pgveil_writer') AND backend_type = 'client backend'"

    def backends():   # besides the one that reads the catalog
        return [r for r in stage.cluster.sql(f"SELECT application_name, query FROM pg_stat_activity WHERE {named}") if "pgveil" not in r[0].lower()]
    wire.wait_for(lambda: not backends(), 30, "the end of all server connections")


def verified(stage):
    assert stage.proxy.stop() == 0
    done = stage.proxy.verify()
    assert done.returncode == 0, done.stdout + done.stderr
    print("     " + done.stdout.strip().replace("\n", "\n     "))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=20)
    arguments.add_argument("--clients", type=int, default=8)
    arguments.add_argument("--seed", default="soak")
    options = arguments.parse_args()
    cluster = world.Cluster("log_statement = none")
    try:
        world.load_shop(cluster)
        bounds.check(suite, cluster)
        if not options.minutes:
            return
        stages = [Stage(cluster, world.temporary("soak"), mode) for mode in ("enforce", "shadow")]
        for program in programs.programs:
            if program.installed:
                program.ready(stages[0].directory)
        crowd = soak(stages, options)
        seconds = options.minutes * 60

        def no_failures():
            assert not crowd.failures, f"{len(crowd.failures)} failures, the first:\n" + "\n".join(crowd.failures[:3])
        suite.check(f"{sum(crowd.lives.values())} clients lived as they should", no_failures)
        for stage in stages:
            suite.check(f"{stage.name}: the memory at the end is at most {most_growth} of that at a quarter of the time", memory, stage, seconds)
        for stage in stages:
            suite.check(f"{stage.name}: no session and no server connection is left", nothing_left, stage)
        for stage in stages:
            suite.check(f"{stage.name}: the log verifies", verified, stage)
    finally:
        cluster.stop()
        suite.finish()


if __name__ == "__main__":
    main()
