"""Server connections kept warm: the next session gets one as new, and never one that is not. Each case has a pgveil of its own."""
from common import case, shared
from suite import equal
from wire import bind, execute, flush, parse, query, wait_for
import world

dirt = ("SET work_mem = '77kB'", "SET ROLE pgveil_writer", "SET TimeZone = 'Asia/Tokyo'", "PREPARE kept AS SELECT 1", "LISTEN heard",
        "BEGIN", "DECLARE held CURSOR WITH HOLD FOR SELECT 1", "COMMIT", "SELECT pg_advisory_lock(77)", "CREATE TEMP TABLE leftover(x int)",
        "SET app.secret = 'x'", "CREATE TEMP SEQUENCE s", "SELECT nextval('s')", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
left = """SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session'), (SELECT count(*) FROM pg_prepared_statements),
 (SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_cursors WHERE name <> ''),
 (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), to_regclass('leftover'),
 coalesce(current_setting('app.secret', true), ''), current_user, current_setting('work_mem'), current_setting('TimeZone')"""


def own(mode="shadow", connections=4, idle="60s", cluster=None):
    return world.Pgveil(cluster or shared.cluster, mode=mode, masking="" if mode == "shadow" else world.masked_columns,
                        database_more=f'warm_connections = {connections}\nwarm_idle = "{idle}"')


def pid_of(session):
    return session.key[0]


def at_rest(pid, cluster=None):
    """The session is over and its backend has done what brings it back."""
    found = (cluster or shared.cluster).sql(f"SELECT state, query FROM pg_stat_activity WHERE pid = {pid}")
    return found == [["idle", "DISCARD ALL"]]


def gone(pid):
    return not shared.cluster.sql(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}")


def used(proxy, *statements, name="copilot", **startup):
    """One session with these statements; its backend, when it is at rest again."""
    with proxy.agent(name, startup=startup) as a:
        for sql in statements:
            a.query(sql).ok()
        pid = pid_of(a)
    wait_for(lambda: at_rest(pid), what="the connection at rest")
    return pid


@case("warm: the next session has the same backend, and nothing of the one before is left")
def _():
    proxy = own()
    with proxy.agent("denied") as other:
        fresh, reported = other.query(left).ok().rows, other.parameters
        pid = used(proxy, *dirt)
        with proxy.agent() as a:
            equal(pid_of(a), pid)
            equal(a.query(left).ok().rows, fresh)
            equal(a.parameters, reported)
            equal(a.query("SELECT lastval()").sqlstate, "55000")
            a.query("CREATE TEMP TABLE leftover(x int)").ok()
    proxy.stop()


@case("warm: also in enforce mode, where the pins hold again")
def _():
    proxy = own("enforce")
    pid = used(proxy, "SET TimeZone = 'Asia/Tokyo'", "PREPARE kept AS SELECT 1", "LISTEN heard")
    with proxy.agent() as a:
        equal(pid_of(a), pid)
        equal(a.query("SELECT current_setting('TimeZone') = reset_val FROM pg_settings WHERE name = 'TimeZone'").ok().value, "t")
        equal(a.query("EXECUTE kept").sqlstate, "26000")
        world.held(a.query("UPDATE products SET stock = 1 WHERE id = 1"))
        assert a.query("SELECT email FROM customers WHERE id = 1").ok().rows != shared.cluster.sql("SELECT email FROM customers WHERE id = 1", "shop")
    proxy.stop()


@case("warm: another agent, application name, startup setting or role has a connection of its own")
def _():
    proxy = own("enforce")
    pid = used(proxy, "SELECT 1", application_name="one")
    for name, startup in (("denied", {"application_name": "one"}), ("reader", {"application_name": "one"}), ("copilot", {"application_name": "two"}),
                          ("copilot", {"application_name": "one", "TimeZone": "UTC"})):
        with proxy.agent(name, startup=startup) as a:
            assert pid_of(a) != pid, (name, startup)
    with proxy.agent(startup={"application_name": "one"}) as a:
        equal(pid_of(a), pid)
    proxy.stop()


@case("warm: a session that ends in a transaction, in a batch, after a cancel or without good-bye leaves no connection")
def _():
    proxy = own()
    shared.cluster.sql("CREATE TABLE warm_written(x int); GRANT ALL ON warm_written TO pgveil_writer", "shop")

    def open_batch(a):
        a.send(parse("INSERT INTO warm_written VALUES (1)"), bind(), execute(), flush)
        a.until("C")

    def failed_batch(a):
        a.send(parse("SELEC 1"), flush)
        a.until("E")

    def cancelled(a):
        a.send(query("SELECT pg_sleep(60)"))
        wait_for(lambda: shared.cluster.sql(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid_of(a)} AND state = 'active'"), what="the query at work")
        a.cancel()
        equal(a.until().sqlstate, "57014")

    for end in (lambda a: a.query("BEGIN").ok(), open_batch, failed_batch, cancelled, lambda a: a.socket.close()):
        with proxy.agent() as a:
            end(a)
            pid = pid_of(a)
        wait_for(lambda: gone(pid), what="the end of the backend")
    equal(shared.cluster.sql("SELECT count(*) FROM warm_written", "shop"), [["0"]])
    shared.cluster.sql("DROP TABLE warm_written", "shop")
    proxy.stop()


@case("warm: one that the server ended meanwhile is not given out; unused ones end in time, all at a reload and at the stop")
def _():
    proxy = own()
    pid = used(proxy, "SELECT 1")
    shared.cluster.sql(f"SELECT pg_terminate_backend({pid})")
    wait_for(lambda: gone(pid), what="the end of the backend")
    with proxy.agent() as a:
        assert pid_of(a) != pid
        a.query("SELECT 1").ok()
    again = used(proxy, "SELECT 1")
    proxy.console("RELOAD").ok()
    wait_for(lambda: gone(again), what="the end at a reload")
    last = used(proxy, "SELECT 1")
    proxy.stop()
    wait_for(lambda: gone(last), what="the end at the stop")
    brief = own(idle="1s")
    pid = used(brief, "SELECT 1")
    wait_for(lambda: gone(pid), what="the end of the time")
    brief.stop()


@case("warm: a setting of the server that changed meanwhile is told to the next session, and no more are kept than allowed")
def _():
    proxy = own(connections=1)
    with proxy.agent() as a, proxy.agent() as b:
        pids = {pid_of(a), pid_of(b)}
        before = a.parameters["TimeZone"]
        shared.cluster.sql("ALTER SYSTEM SET TimeZone = 'Asia/Kolkata'")
        shared.cluster.sql("SELECT pg_reload_conf()")
        wait_for(lambda: a.query("SELECT 1") and a.parameters["TimeZone"] == "Asia/Kolkata", what="the changed setting")
        b.query("SELECT 1").ok()
    wait_for(lambda: sum(gone(pid) for pid in pids) == 1, what="one that is not kept")
    kept = next(pid for pid in pids if not gone(pid))
    wait_for(lambda: at_rest(kept), what="the connection at rest")
    with proxy.agent() as a:
        equal((pid_of(a), a.parameters["TimeZone"]), (kept, "Asia/Kolkata"))
    wait_for(lambda: at_rest(kept), what="the connection at rest")
    shared.cluster.sql("ALTER SYSTEM RESET TimeZone")
    shared.cluster.sql("SELECT pg_reload_conf()")
    with proxy.agent() as fresh:
        equal(wait_for(lambda: fresh.query("SELECT 1") and fresh.parameters["TimeZone"] == before and before, what="the setting"), before)
    proxy.stop()


@case("warm: over TLS to the server too")
def _():
    cluster = world.Cluster()
    world.make_certificate(cluster.dir)
    if cluster.root:
        cluster.run("true")
        for name in ("server.key", "server.crt"):
            __import__("shutil").chown(cluster.dir / name, "postgres")
    for setting in ("ssl = on", f"ssl_cert_file = '{cluster.dir}/server.crt'", f"ssl_key_file = '{cluster.dir}/server.key'"):
        cluster.run("tee", "-a", cluster.dir / "data/postgresql.conf", input=setting + "\n")
    cluster.stop()
    cluster.start()
    world.load_shop(cluster)
    proxy = own(cluster=cluster)
    pids = set()
    for _ in range(5):
        with proxy.agent() as a:
            equal(a.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").ok().value, "t")
            pid = pid_of(a)
        pids.add(pid)
        wait_for(lambda: at_rest(pid, cluster), what="the connection at rest")
    equal(len(pids), 1)
    proxy.stop()
    cluster.stop()
