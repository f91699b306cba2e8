"""Start, stop, reload and what they refuse; each case has a pgveil of its own."""
import socket
import subprocess
import time

from common import case, shared
from suite import contains, equal
from wire import Refused, query
import world


def own(**options):
    return world.Pgveil(shared.cluster, **options)


@case("SIGTERM drains and ends with 0; the log verifies and says log.stop")
def _():
    proxy = own()
    with proxy.agent() as a:
        a.query("SELECT 1").ok()
    equal(proxy.stop(), 0)
    equal(proxy.records()[-1]["kind"], "log.stop")
    contains(proxy.verify().stdout.lower(), "integrity")


@case("a restart keeps requests, grants and approvals, and revives nothing used")
def _():
    proxy = own()
    sql, used = "UPDATE products SET stock = 11 WHERE id = 80", "UPDATE products SET stock = 12 WHERE id = 81"
    with proxy.agent() as a:
        request, spent = world.held(a.query(sql))["request"], world.held(a.query(used))["request"]
        world.approve(proxy, request)
        world.approve(proxy, spent)
        a.query(used).ok()
    proxy.stop()
    proxy.start()
    with proxy.agent() as a:
        equal(a.query(sql).ok().tag, "UPDATE 1")
        world.held(a.query(used))
    proxy.stop()


@case("reload takes a new agent's grant away and ends its session; a bad file changes nothing")
def _():
    proxy = own()
    reader = proxy.agent("reader")
    reader.query("SELECT 1").ok()
    config = proxy.dir / "pgveil.toml"
    text = config.read_text()
    config.write_text(text + "\n[proxy2]\nx = 1\n")
    got = proxy.console("RELOAD")
    assert got.error, "a broken config was loaded"
    contains(str(got.error), "pgveil.toml")
    reader.query("SELECT 1").ok()
    cut = text.index('[[grant]]\nagent = "reader"')
    config.write_text(text[:cut] + text[text.index("\n\n", cut) + 1 if "\n\n" in text[cut:] else len(text):])
    proxy.console("RELOAD").ok()
    ended = reader.until()
    assert getattr(ended, "closed", False), ended
    proxy.stop()


@case("reload makes masking stricter for the next statement of an open session")
def _():
    proxy = own()
    with proxy.agent() as a:
        clear = a.query("SELECT city FROM customers WHERE id = 3").value
        proxy.write_config(masking=world.masked_columns + '\n[[masking.column]]\ncolumn = "*.public.customers.city"\nclass = "LOCATION"\ntransform = "redact"\n')
        proxy.console("RELOAD").ok()
        got = a.query("SELECT city FROM customers WHERE id = 3").ok().value
        assert got != clear, got
    proxy.stop()


@case("SIGHUP reloads as RELOAD does")
def _():
    proxy = own()
    before = sum(r["kind"] == "config.load" for r in proxy.records())
    proxy.reload()
    world.wait_for(lambda: sum(r["kind"] == "config.load" for r in proxy.records()) > before, 10, "config.load")
    proxy.stop()


@case("a second process on the same state exits 3; another signing key stops the start")
def _():
    proxy = own()
    again = subprocess.run([world.binary, "serve", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=30)
    equal(again.returncode, 3, again.stderr[-500:])
    proxy.stop()
    (proxy.dir / "sign.key").unlink()
    again = subprocess.run([world.binary, "serve", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=30)
    assert again.returncode in (2, 3), (again.returncode, again.stderr[-500:])
    subprocess.run([world.binary, "keygen", "--out", proxy.dir / "sign.key"], capture_output=True)
    again = subprocess.run([world.binary, "serve", "--config", proxy.dir / "pgveil.toml"], capture_output=True, text=True, timeout=30)
    assert again.returncode in (2, 3), (again.returncode, again.stderr[-500:])


@case("check says ok for the tests' own config, and every mistake at once with file, line and hint")
def _():
    proxy = own(start=False)
    got = proxy.cli("check", "--config", proxy.dir / "pgveil.toml")
    assert got.returncode in (0, 1), got.stdout + got.stderr
    text = (proxy.dir / "pgveil.toml").read_text()
    (proxy.dir / "bad.toml").write_text(text.replace("workers = 2", 'workers = "many"\nwrokers = 3').replace('access = "read"', 'access = "red"'))
    got = proxy.cli("check", "--config", proxy.dir / "bad.toml")
    equal(got.returncode, 2)
    said = got.stdout + got.stderr
    for part in ("workers", "wrokers", "red", "bad.toml:"):
        contains(said, part)


@case("serve refuses a superuser as upstream role unless it is named dangerous")
def _():
    proxy = own(start=False)
    text = (proxy.dir / "pgveil.toml").read_text()
    sock = f"host={shared.cluster.dir} port={shared.cluster.port} dbname=shop user=postgres"
    (proxy.dir / "pgveil.toml").write_text("\n".join(f'upstream = "{sock}"' if line.startswith("upstream =") else line for line in text.split("\n")))
    with open(proxy.dir / "stderr", "wb") as said:
        proxy.process = subprocess.Popen([world.binary, "serve", "--config", proxy.dir / "pgveil.toml"], stderr=said, stdout=said)
    world.wait_for(lambda: "superuser" in proxy.stderr().lower() or proxy.process.poll() is not None, 20, "a word about the superuser")
    contains(proxy.stderr().lower(), "superuser")
    try:
        proxy.agent(timeout=5).close()
        raise AssertionError("it served with a superuser upstream")
    except (Refused, OSError):
        pass
    proxy.kill()


@case("the server restarting ends sessions with an error, and the next login works")
def _():
    cluster = world.Cluster()
    world.load_shop(cluster)
    proxy = world.Pgveil(cluster)
    a = proxy.agent()
    a.query("SELECT 1").ok()
    cluster.stop("fast")
    ended = a.until()
    assert getattr(ended, "closed", False), ended
    try:
        proxy.agent(timeout=15).close()
        raise AssertionError("a login without a server")
    except Refused as no:
        assert no.sqlstate in ("08001", "08006", "57P03"), no.fields
    cluster.start()

    def again():
        try:
            with proxy.agent() as b:
                return b.query("SELECT 1").value == "1"
        except (Refused, OSError):
            return False
    world.wait_for(again, 15, "a login after the server's return")
    with proxy.agent() as b:
        b.send(query("SELECT pg_sleep(0.1)"))
        b.until().ok()
    proxy.stop()
    time.sleep(0)
    cluster.stop()


@case("a database whose server says nothing delays no other database's catalog")
def _():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = own(more=f'\n[[database]]\nname = "silent"\nupstream = "host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=x"\nconnect_timeout = "6s"\n')
        held = []
        for _ in range(2):
            held.append(silent.accept()[0])      # the first when it started; now it waits for the second again
        shared.cluster.sql("CREATE TABLE late_comer (id int); GRANT SELECT ON late_comer TO pgveil_reader, pgveil_writer", "shop")
        begun = time.monotonic()
        with proxy.agent() as a:
            a.query("SELECT id FROM late_comer").ok()
        assert time.monotonic() - begun < 3.5, "the other database's catalog waited"
        shared.cluster.sql("DROP TABLE late_comer", "shop")
        equal(proxy.stop(), 0)


@case("a reload that names another server reads that server's catalog")
def _():
    other = world.Cluster()
    try:
        world.load_shop(other)
        other.sql("CREATE TABLE elsewhere (id int); GRANT SELECT ON elsewhere TO pgveil_reader, pgveil_writer", "shop")
        proxy = own()
        config = proxy.dir / "pgveil.toml"
        config.write_text(config.read_text().replace(f"port={shared.cluster.port} ", f"port={other.port} "))
        proxy.console("RELOAD").ok()
        with proxy.agent() as a:
            a.query("SELECT id FROM elsewhere").ok()
        equal(proxy.stop(), 0)
    finally:
        other.stop()
