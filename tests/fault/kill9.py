#!/usr/bin/env python3
"""kill -9 under a mixed load, at chosen moments of an approved write; then restart and see that nothing was lost.

usage: kill9.py [--moments N] [--per-stage N]

Each round: readers and refused writers keep the proxy busy, one write is approved and sent, pgveil is killed. The
moment is steered from outside (the log's growth, pg_stat_activity, SIGSTOP) and classified afterwards by evidence:
  unconsumed  the log holds no request.consume of it
  consumed    it does, and the statement never reached PostgreSQL
  forwarded   PostgreSQL was executing it
  uncommitted the statement was done, its transaction not yet committed
  unanswered  PostgreSQL had committed, the client had not heard
After every restart: the log verifies; every read whose rows reached a client has its intent; every approved write
ran at most once, and what pgveil says of it agrees with what the table says.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import signal
import sys
import threading
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "support"))
import world  # noqa: E402
from wire import Closed, Refused, query, wait_for  # noqa: E402

stages = ("unconsumed", "consumed", "forwarded", "uncommitted", "unanswered")


class Broken(AssertionError):
    pass


class Bench:
    """Cluster, proxy, and what the load has seen."""

    def __init__(self, durability="strict"):
        # Effects: one row a write; a deferred trigger slows COMMIT, an ordinary one the statement, as its row asks.
        self.cluster = world.Cluster()
        world.load_shop(self.cluster)
        self.cluster.sql("""CREATE TABLE effects (id int PRIMARY KEY, n int NOT NULL, slow float NOT NULL, slow_commit float NOT NULL);
            INSERT INTO effects SELECT i, 0, 0, 0 FROM generate_series(1, 2000) i;
            CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(NEW.slow); RETURN NEW; END$$;
            CREATE FUNCTION pause_commit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(NEW.slow_commit); RETURN NEW; END$$;
            CREATE TRIGGER p BEFORE UPDATE ON effects FOR EACH ROW EXECUTE FUNCTION pause();
            CREATE CONSTRAINT TRIGGER c AFTER UPDATE ON effects DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pause_commit();
            GRANT SELECT, UPDATE ON effects TO pgveil_writer; GRANT SELECT ON effects TO pgveil_reader""", "shop")
        self.proxy = world.Pgveil(self.cluster, durability=durability)
        self.stop_load, self.threads = threading.Event(), []
        self.answered = collections.Counter()     # task -> reads whose rows arrived
        self.next_row, self.counts = 0, collections.Counter()
        self.writes = []                          # (row, request, sql)

    def close(self):
        self.stop_load.set()
        self.proxy.kill()
        self.cluster.stop()

    # the load that goes on beside

    def reader(self, task):
        try:
            with self.proxy.agent("reader", startup={"options": f"-c pgveil.task={task}"}, timeout=5) as a:
                rng = random.Random(task)
                while not self.stop_load.is_set():
                    got = a.query(f"SELECT id, email FROM customers WHERE id = {rng.randrange(2000)}") if rng.random() < 0.5 else a.extended(
                        "SELECT id, total FROM orders WHERE id = $1", [str(rng.randrange(5000))])
                    if got.of("D"):
                        self.answered[task] += 1
                    if getattr(got, "closed", False):
                        return
        except (OSError, Closed, Refused):
            pass

    def start_load(self, number):
        self.stop_load = threading.Event()
        self.threads = [threading.Thread(target=self.reader, args=(f"load-{number}-{i}",), daemon=True) for i in range(3)]
        for t in self.threads:
            t.start()

    def end_load(self):
        self.stop_load.set()
        for t in self.threads:
            t.join(10)

    # one approved write

    def approved(self, slow=0.0, slow_commit=0.0):
        self.next_row += 1
        row = self.next_row
        self.cluster.sql(f"ALTER TABLE effects DISABLE TRIGGER ALL; UPDATE effects SET slow = {slow}, slow_commit = {slow_commit} WHERE id = {row}; ALTER TABLE effects ENABLE TRIGGER ALL", "shop")
        sql = f"UPDATE effects SET n = n + 1 WHERE id = {row}"
        with self.proxy.agent() as a:
            request = world.held(a.query(sql))["request"]
        world.approve(self.proxy, request)
        self.writes.append((row, request, sql))
        return row, request, sql

    def count(self, row):
        return int(self.cluster.sql(f"SELECT n FROM effects WHERE id = {row}", "shop")[0][0])

    def running(self, row):
        return self.cluster.sql(f"SELECT 1 FROM pg_stat_activity WHERE query LIKE '%effects SET n = n + 1 WHERE id = {row}%' AND state = 'active' AND pid <> pg_backend_pid()", "shop")

    def segment(self):
        return sorted((self.proxy.audit_dir / "seg").glob("*.jsonl"))[-1]

    def in_log(self, request, kind):
        return any(r.get("request") == request and r["kind"] == kind for r in self.proxy.records())

    def watch_log(self, request, kind, seconds=3):
        """Returns as soon as the record is in the file; reads only what was added."""
        wanted = re.compile(rb'"kind":"%s"[^\n]*%s' % (kind.encode(), request.encode()))
        end = time.monotonic() + seconds
        with open(self.segment(), "rb", buffering=0) as log:
            data = log.read()
            while time.monotonic() < end:
                more = log.read()
                data = data[-4096:] + more if more else data
                if wanted.search(data):
                    return True
        return False

    def sender(self, sql, steps):
        """Sends the write (alone, or within BEGIN ... COMMIT) and keeps what came back."""
        outcome = {"answers": []}

        def go():
            try:
                with self.proxy.agent(timeout=15) as a:
                    for step in steps or [sql]:
                        a.send(query(step))
                        got = a.until()
                        outcome["answers"].append(got)
                        if getattr(got, "closed", False):
                            return
            except (OSError, Closed, Refused) as error:
                outcome["error"] = error
        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        outcome["thread"] = thread
        return outcome

    def kill(self):
        self.proxy.process.send_signal(signal.SIGKILL)
        self.proxy.process.wait()


def aim(bench, stage, rng):
    """One write brought to about `stage`, and pgveil killed. Gives what classify needs."""
    transaction = stage == "uncommitted" and rng.random() < 0.5
    slow = {"forwarded": 1.5, "unanswered": 0.3}.get(stage, 0.0)
    row, request, sql = bench.approved(slow, 1.5 if stage == "uncommitted" else 0.0)
    if stage == "unconsumed":
        # Between the message's arrival and the consumption's record: at once, or a hair later.
        outcome = bench.sender(sql, None)
        time.sleep(rng.random() * 0.004)
    elif stage == "consumed":
        # The consumption is on disk; the intent must follow before anything is forwarded.
        watching = threading.Thread(target=lambda: (bench.watch_log(request, "request.consume"), os.kill(bench.proxy.process.pid, signal.SIGKILL)))
        watching.start()
        outcome = bench.sender(sql, None)
        watching.join(10)
    else:
        outcome = bench.sender(sql, ["BEGIN", sql, "COMMIT"] if transaction else None)
        wait_for(lambda: bench.running(row) or (transaction and len(outcome["answers"]) >= 2), 8, "PostgreSQL running the write")
        if stage == "uncommitted":
            time.sleep(0.2 + rng.random() * 0.3)      # the statement is done, COMMIT sleeps in its trigger
        elif stage == "unanswered":
            os.kill(bench.proxy.process.pid, signal.SIGSTOP)
            wait_for(lambda: bench.count(row) == 1, 8, "PostgreSQL committing")
        else:
            time.sleep(rng.random() * 0.3)
    state = bench.cluster.sql("SELECT coalesce(string_agg(state || ':' || query, ';'), '') FROM pg_stat_activity WHERE application_name LIKE 'copilot%'", "shop")[0][0]
    before = bench.count(row)
    bench.kill()
    outcome["thread"].join(15)
    return row, request, sql, outcome, before, state


def classify(bench, row, request, outcome, before, stage):
    consumed = bench.in_log(request, "request.consume")
    if any(a.tag == "UPDATE 1" for a in outcome["answers"]) and not (stage == "uncommitted" and len(outcome["answers"]) <= 3 and before == 0):
        return "answered"
    if not consumed:
        return "unconsumed"
    reached = f"SET n = n + 1 WHERE id = {row}\n" in bench.cluster.log() or f"SET n = n + 1 WHERE id = {row}" in bench.cluster.log().split("ALTER TABLE effects ENABLE TRIGGER ALL")[-1]
    if not reached:
        return "consumed"
    if before == 1:
        return "unanswered"
    return "uncommitted" if stage == "uncommitted" else "forwarded"


def settle(bench):
    """No server connection of the dead proxy is still working."""
    wait_for(lambda: not bench.cluster.sql("SELECT 1 FROM pg_stat_activity WHERE usename = 'pgveil_writer' AND state <> 'idle'", "shop"), 20, "orphaned statements ending")


def examine(bench, row, request, sql, stage):
    """After the restart: log, intents, and the write's fate. Raises Broken."""
    verdict = bench.proxy.verify()
    if verdict.returncode != 0 or "FAIL" in verdict.stdout.upper():
        raise Broken(f"log verify: exit {verdict.returncode}\n{verdict.stdout}{verdict.stderr}")
    intents = collections.Counter(r.get("task") for r in bench.proxy.records() if r["kind"] == "stmt.intent" and r.get("class") == "read")
    for task, seen in bench.answered.items():
        if intents[task] < seen:
            raise Broken(f"{seen} reads of {task} reached the client, {intents[task]} intents are in the log")
    with bench.proxy.agent() as a:
        shown = a.query(f"SELECT * FROM pgveil.request('{request}')")
        state = shown.rows[0][1] if shown.rows else str(shown.error)
        happened = bench.count(row)
        if happened > 1:
            raise Broken(f"{stage}: the write ran {happened} times")
        if (state == "executed" and happened != 1) or (state == "approved" and happened != 0) or state in ("pending", "denied"):
            raise Broken(f"{stage}: pgveil says {state}, the table says {happened}")
        again = a.query(sql)
        if again.sqlstate not in (None, "PV001", "PV007", "PV005", "PV009", "PV011"):
            raise Broken(f"{stage}: sent again: {again}")
        if again.error is None and happened:
            raise Broken(f"{stage}: it ran a second time on one approval")
        if again.error is None and state != "approved":
            raise Broken(f"{stage}: it ran in state {state}")
        if again.sqlstate == "PV007" or "unknown" in state:
            state = "unknown (PV007)"
        if bench.count(row) > 1:
            raise Broken(f"{stage}: the write ran twice")
    return state, happened


def run(moments, per_stage, durability, report=print):
    bench, rng, number = Bench(durability), random.Random(4), 0
    fates = collections.Counter()
    try:
        while (number < moments or min(bench.counts[s] for s in stages) < per_stage) and number < moments * 3 + 20:
            wanting = [s for s in stages if bench.counts[s] < per_stage] or list(stages)
            stage = wanting[number % len(wanting)]
            number += 1
            bench.start_load(number)
            time.sleep(0.1)
            row, request, sql, outcome, before, _ = aim(bench, stage, rng)
            bench.end_load()
            settle(bench)
            seen = classify(bench, row, request, outcome, before, stage)
            bench.counts[seen] += 1
            bench.proxy.start()
            state, happened = examine(bench, row, request, sql, seen)
            fates[f"{seen}: {state}, {'executed once' if happened else 'not executed'}"] += 1
            report(f"moment {number}: aimed at {stage}, hit {seen}; afterwards {state}, table {happened}")
        bench.proxy.stop()
        verdict = bench.proxy.verify()
        if verdict.returncode != 0:
            raise Broken(f"after all of it: {verdict.stdout}")
        doubled = bench.cluster.sql("SELECT id, n FROM effects WHERE n > 1", "shop")
        if doubled:
            raise Broken(f"ran more than once: {doubled}")
        missed = [s for s in stages if bench.counts[s] < per_stage]
        return number, bench.counts, fates, missed, sum(bench.answered.values())
    finally:
        bench.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--moments", type=int, default=50)
    arguments.add_argument("--per-stage", type=int, default=5)
    options = arguments.parse_args()
    number, counts, fates, missed, reads = run(options.moments, options.per_stage, "strict")
    print(json.dumps({"moments": number, "stages": counts, "fates": fates, "reads answered": reads, "missed": missed}, indent=1))
    sys.exit(1 if missed else 0)
