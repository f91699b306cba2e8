#!/usr/bin/env python3
"""The measuring half of bench/system/run: starts the three, checks that they answer alike, then times them in turn.

Each proxy is one thread of work pinned to the last CPU; PostgreSQL and the clients float. CPU per query is the
proxy's own (user and system, /proc/PID/stat) over the middle of each run, so logins are not in it.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time
import zlib

root = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "tests/support"))
import pooler  # noqa: E402
import world  # noqa: E402
from wire import Wire, query, wait_for  # noqa: E402

protocols, client_counts = ("simple", "extended", "prepared"), (1, 8, 32)
last_cpu = os.cpu_count() - 1
tick = os.sysconf("SC_CLK_TCK")
password = "bench-" + world.secrets.token_hex(8)

# Seven columns, about 200 bytes a row; the texts hold nothing to mask, and every one of them is to be inspected.
wide_rows = """CREATE TABLE wide AS SELECT i::bigint AS id, i % 1000 AS shop, (i * 7 % 100000)::numeric(10,2) AS amount,
    timestamptz '2026-01-01' + i * interval '1 second' AS at, (ARRAY['open','paid','sent','done'])[i % 4 + 1] AS state,
    'item ' || md5(i::text) AS item, 'left at the door, call nobody, note ' || repeat(md5((i * 3)::text) || ' ', 2) || 'end' AS remark
    FROM generate_series(1, {rows}) i"""
bulk = {"bulk text": "SELECT * FROM wide", "bulk plain": "SELECT id, shop, at, id AS id2, shop AS shop2, at AS at2, id AS id3 FROM wide"}


class Target:
    def __init__(self, name, port, user, password, pid=None):
        self.name, self.port, self.user, self.password, self.pid = name, port, user, password, pid

    def wire(self):
        return Wire("127.0.0.1", self.port, self.user, self.password, "bench", timeout=300)

    def cpu(self):
        if not self.pid:
            return 0.0
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / tick


def pin(pid):
    subprocess.run(["taskset", "-a", "-c", "-p", str(last_cpu), str(pid)], check=True, capture_output=True)


def start_pgbouncer(cluster):
    process, port = pooler.start(cluster, "bench", {"bench": password},
                                 "pool_mode = session\nmax_client_conn = 1000\ndefault_pool_size = 200\nserver_tls_sslmode = disable")
    target = Target("pgbouncer", port, "bench", password, process.pid)

    def answers():
        try:
            with target.wire():
                return True
        except OSError:
            return False
    wait_for(answers, 10, "PgBouncer answering")
    return target


def start_all(options):
    cluster = world.Cluster("shared_buffers = '512MB'\nlog_statement = 'none'\n")
    cluster.sql(f"CREATE ROLE bench LOGIN PASSWORD '{password}'; CREATE ROLE pgveil_reader LOGIN PASSWORD '{world.reader_password}';"
                f"CREATE ROLE pgveil_writer LOGIN PASSWORD '{world.writer_password}'")
    cluster.sql("CREATE DATABASE bench")
    subprocess.run([world.pg_bin / "pgbench", "-h", cluster.dir, "-p", str(cluster.port), "-U", "postgres", "-q", "-i", "-s", "10", "bench"],
                   check=True, capture_output=True)
    cluster.sql(wide_rows.format(rows=options.rows), "bench")
    cluster.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench, pgveil_reader, pgveil_writer", "bench")
    cluster.sql("VACUUM ANALYZE", "bench")
    targets = [Target("direct", cluster.port, "bench", password), start_pgbouncer(cluster)]
    if not options.without_pgveil:
        proxy = world.Pgveil(cluster, database="bench", durability="group", workers=1,
                             masking='[[masking.column]]\ncolumn = "bench.public.pgbench_branches.filler"\nclass = "SECRET"\ntransform = "redact"\n')
        targets.append(Target("pgveil", proxy.port, "reader", world.agents["reader"], proxy.process.pid))
    for target in targets[1:]:
        pin(target.pid)
    return targets


def check_alike(targets):
    """Nothing is timed before the three answer the same."""
    probes = [f"SELECT abalance, filler FROM pgbench_accounts WHERE aid = {n}" for n in (1, 77, 999_999)] + ["SELECT * FROM wide WHERE id < 200 ORDER BY id"]
    answers = []
    for target in targets:
        with target.wire() as wire:
            seen = [bytes(m.body) for p in probes for m in wire.query(p).ok() if m.kind in "TDC"]
            seen += [bytes(m.body) for m in wire.extended("SELECT abalance FROM pgbench_accounts WHERE aid = $1", ["5"], results=(1,)).ok() if m.kind in "TDC"]
        answers.append(seen + [read_bulk(target, sql, check=True)[1:] for sql in bulk.values()])
    for target, answer in zip(targets[1:], answers[1:]):
        if answer != answers[0]:
            sys.exit(f"{target.name} answers differently from PostgreSQL; nothing was timed")


def read_bulk(target, sql, check=False):
    """Seconds, bytes and a checksum of one result read as fast as a client can."""
    with target.wire() as wire:
        wire.query("SELECT 1")
        before, started, size, crc, tail = target.cpu(), time.monotonic(), 0, 0, b""
        wire.socket.sendall(query(sql))
        while not tail.endswith(b"Z\0\0\0\5I"):
            data = wire.socket.recv(1 << 20)
            if not data:
                sys.exit(f"{target.name}: the connection ended in mid-result")
            size += len(data)
            tail = (tail + data)[-6:] if len(data) < 6 else data[-6:]
            if check:
                crc = zlib.crc32(data, crc)
        seconds = time.monotonic() - started
        return (seconds, size, crc) if check else (seconds, size, target.cpu() - before)


def run_pgbench(target, protocol, clients, seconds):
    command = [world.pg_bin / "pgbench", "-n", "-S", "-M", protocol, "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds), "-s", "10",
               "-h", "127.0.0.1", "-p", str(target.port), "-U", target.user, "bench"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PGPASSWORD": target.password, "PGSSLMODE": "disable"})
    time.sleep(seconds * 0.3)
    began, before = time.monotonic(), target.cpu()
    time.sleep(seconds * 0.6)
    spent, window = target.cpu() - before, time.monotonic() - began
    out, errors = process.communicate()
    if process.returncode != 0 or "aborted" in errors:
        sys.exit(f"pgbench through {target.name} failed: {errors[-800:]}")
    tps = float(re.search(r"tps = ([\d.]+)", out)[1])
    latency = float(re.search(r"latency average = ([\d.]+)", out)[1])
    return {"tps": tps, "latency_ms": latency, "cpu_us": spent / (tps * window) * 1e6}


def measure(targets, options):
    figures = {}
    for number in range(options.rounds):
        for protocol in protocols:
            for clients in client_counts:
                for target in targets:
                    got = run_pgbench(target, protocol, clients, options.seconds)
                    figures.setdefault((f"-S {protocol}", clients), {}).setdefault(target.name, []).append(got)
        for label, sql in bulk.items():
            for target in targets:
                seconds, size, cpu = read_bulk(target, sql)
                figures.setdefault((label, 1), {}).setdefault(target.name, []).append(
                    {"mb_s": size / seconds / 1e6, "cpu_us_mb": cpu / (size / 1e6) * 1e6})
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr, flush=True)
    return figures


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def print_tables(figures, targets):
    names = [t.name for t in targets]
    print(f"\n{'pgbench':<14}{'clients':>8}" + "".join(f"{n + ' tps':>15}" for n in names) + "".join(f"{n + ' ms':>14}" for n in names) +
          "".join(f"{n + ' us/q':>16}" for n in names[1:]) + ("   tps/PgBouncer  CPU/PgBouncer" if "pgveil" in names else ""))
    for (label, clients), by in figures.items():
        if label.startswith("bulk"):
            continue
        line = f"{label:<14}{clients:>8}" + "".join(f"{median(by[n], 'tps'):>15,.0f}" for n in names) + "".join(f"{median(by[n], 'latency_ms'):>14.3f}" for n in names)
        line += "".join(f"{median(by[n], 'cpu_us'):>16.1f}" for n in names[1:])
        if "pgveil" in names:
            line += f"{ratio(by, 'tps'):>16.2f}{ratio(by, 'cpu_us'):>15.2f}"
        print(line)
    print(f"\n{'rows':<14}" + "".join(f"{n + ' MB/s':>17}" for n in names) + "".join(f"{n + ' us/MB':>18}" for n in names[1:]) +
          ("   MB/s of direct  CPU/PgBouncer" if "pgveil" in names else ""))
    for (label, _), by in figures.items():
        if label.startswith("bulk"):
            line = f"{label:<14}" + "".join(f"{median(by[n], 'mb_s'):>17,.0f}" for n in names) + "".join(f"{median(by[n], 'cpu_us_mb'):>18,.0f}" for n in names[1:])
            if "pgveil" in names:
                line += f"{ratio(by, 'mb_s', 'direct'):>17.2f}{ratio(by, 'cpu_us_mb'):>15.2f}"
            print(line)


def ratio(by, key, base="pgbouncer"):
    """Median over rounds of pgveil's figure divided by the other's of the same round."""
    return statistics.median(p[key] / max(b[key], 1e-9) for p, b in zip(by["pgveil"], by[base]))


def describe_machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1048576
    commit = subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{model}, {os.cpu_count()} CPUs, {memory} GiB, Linux {platform.release()}, commit {commit}; each proxy on CPU {last_cpu}"


def main():
    arguments = argparse.ArgumentParser(prog="bench/system/run")
    arguments.add_argument("--quick", action="store_true", help="one round of two seconds, 100,000 rows: to see that it works")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--json", help="also write every figure there")
    arguments.add_argument("--without-pgveil", action="store_true", help="only PostgreSQL and PgBouncer: what the peers do here")
    options = arguments.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.rows = 1, 2, 100_000
    options.seconds = int(max(options.seconds, 1))
    print(describe_machine())
    targets = start_all(options)
    check_alike(targets)
    print(f"answers checked alike; {options.rounds} rounds of {options.seconds} s, {options.rows:,} rows")
    for target in targets:
        run_pgbench(target, "prepared", 8, 1)
    figures = measure(targets, options)
    print_tables(figures, targets)
    if options.json:
        plain = [{"what": k[0], "clients": k[1], "rounds": v} for k, v in figures.items()]
        pathlib.Path(options.json).write_text(json.dumps({"machine": describe_machine(), "figures": plain}, indent=1))


main()
