"""Large numbers: five thousand idle sessions, a reader of ten gigabytes who stops reading, a server that restarts under load."""
import pathlib
import resource
import threading
import time

import pooler
import wire
import world

idle_sessions = 5000
gigabytes = 10
server_connections = 50     # of PgBouncer, which stands in for a server that takes five thousand connections


def resident(proxy):
    """KiB."""
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def many_connections(cluster):
    """PgBouncer before the shop, whose clients cost it nothing while they are idle."""
    return pooler.start(cluster, "shop", {"pgveil_reader": world.reader_password, "pgveil_writer": world.writer_password},
                        f"pool_mode = transaction\nignore_startup_parameters = options,extra_float_digits\nmax_client_conn = {idle_sessions + 500}\n"
                        f"default_pool_size = {server_connections}")


def many_idle(cluster):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    process, port = many_connections(cluster)
    proxy = world.Pgveil(cluster, mode="shadow", masking="", start=False, proxy=f"max_clients = {idle_sessions + 100}")
    config = proxy.dir / "pgveil.toml"
    config.write_text(config.read_text().replace(f"port={cluster.port}", f"port={port}"))
    proxy.start()
    sessions = []
    try:
        before = resident(proxy)
        for _ in range(idle_sessions):
            sessions.append(proxy.agent())
            if len(sessions) % 50 == 0:
                sessions[-1].query("SELECT 1").ok()
        each = (resident(proxy) - before) / idle_sessions
        print(f"     {idle_sessions} idle sessions: {each:.1f} KiB each")
        assert each < 16, f"{each:.1f} KiB a session"
        for session in sessions[::100]:
            assert session.query("SELECT 1").ok().value == "1"
    finally:
        for session in sessions:
            session.close()
        wire.wait_for(lambda: not [r for r in proxy.console("SHOW SESSIONS").ok().rows if "copilot" in r], 60, "the end of all sessions")
        proxy.stop()
        process.kill()


def stalled_reader(cluster):
    """It does not read for a while, then everything: all bytes come, and the process does not grow."""
    proxy = world.Pgveil(cluster)
    cell = 1_000_000
    with proxy.agent(timeout=600) as reader, proxy.agent() as other:
        before = resident(proxy)
        reader.send(wire.query(f"SELECT repeat('x', {cell}) FROM generate_series(1, {gigabytes * 1000})"))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:      # the time that it does not read, with others at work
            other.query("SELECT count(*) FROM orders").ok()
        stalled = resident(proxy) - before
        begun, got, most, next_look, end, buffer = time.monotonic(), 0, stalled, 0, b"", bytearray(1 << 20)
        while end != b"Z\0\0\0\5I":          # ReadyForQuery
            size = reader.socket.recv_into(buffer)
            assert size, "the end before the last row"
            got, end = got + size, (end + bytes(buffer[max(size - 6, 0):size]))[-6:]
            if got > next_look:
                most, next_look = max(most, resident(proxy) - before), got + (100 << 20)
        assert got > gigabytes * 1000 * (cell + 11), got
        print(f"     {gigabytes} GB in {time.monotonic() - begun:.0f} s; the process grew by {stalled} KiB while nothing was read, by {most} KiB at most")
        assert most < 16 * 1024, f"{most} KiB"
    proxy.stop()


def restarts(cluster):
    """The server restarts five times under load: every client is told, and the next ones are served."""
    proxy = world.Pgveil(cluster, database_more="warm_connections = 8")
    told, served, wrong, until = set(), [0], [], time.monotonic() + 20

    def live():
        while time.monotonic() < until:
            try:
                with proxy.agent() as a:
                    for _ in range(20):
                        answer = a.query("SELECT count(*) FROM orders")
                        if answer.error:
                            told.add(answer.sqlstate)
                            break
                        served[0] += 1
            except wire.Refused as refused:
                told.add(refused.sqlstate)
            except (wire.Closed, OSError):
                told.add("closed")
            except Exception as error:
                wrong.append(repr(error))
                return
    threads = [threading.Thread(target=live) for _ in range(6)]
    for thread in threads:
        thread.start()
    for mode in ("immediate", "fast", "immediate", "fast", "immediate"):
        seen = served[0]
        wire.wait_for(lambda seen=seen: served[0] > seen + 20 or wrong, 20, "clients that are served")
        cluster.stop(mode)
        cluster.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    assert told <= {"57P01", "57P02", "57P03", "08006", "08001", "closed"}, told
    with proxy.agent() as a:
        assert a.query("SELECT 1").ok().value == "1"
    assert proxy.stop() == 0
    assert proxy.verify().returncode == 0
    print(f"     {served[0]} answers; clients were told {', '.join(sorted(told))}")


def check(suite, cluster):
    suite.check(f"{idle_sessions} idle sessions", many_idle, cluster, limit=600)
    suite.check(f"a reader of {gigabytes} GB who stops reading", stalled_reader, cluster, limit=900)
    suite.check("a server that restarts under load", restarts, cluster, limit=120)
