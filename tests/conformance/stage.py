"""The two sides: one cluster with tables for dialogues, PostgreSQL directly, and pgveil in front of it in each mode."""
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import wire  # noqa: E402
import world  # noqa: E402
from player import Side  # noqa: E402

rows = "INSERT INTO t SELECT i, 'word ' || i, i * 1.5 FROM generate_series(1, 20) i"
tables = f"""
CREATE TABLE t (id int PRIMARY KEY, word text, n numeric);
{rows};
CREATE TABLE u (id int PRIMARY KEY CHECK (id > 0), t_id int REFERENCES t DEFERRABLE INITIALLY DEFERRED, word text);
GRANT SELECT ON t, u TO pgveil_reader, pgveil_writer;
GRANT INSERT, UPDATE, DELETE, TRUNCATE ON t, u TO pgveil_writer;
"""


class Stage:
    def __init__(self, modes=("shadow", "enforce")):
        self.cluster = world.Cluster("log_statement = none\ndeadlock_timeout = 100ms\ncheckpoint_timeout = 30s\n")   # little to recover
        world.load_shop(self.cluster)
        self.offer_tls()
        self.control = self.cluster.wire("shop")
        self.control.query(tables).ok()
        self.proxies = {mode: world.Pgveil(self.cluster, mode=mode, durability="group") for mode in modes}

    def offer_tls(self):
        """For clients' sake: pgveil's own connections stay plain."""
        os.environ["PGSSLMODE"] = "disable"
        world.make_certificate(self.cluster.dir)
        for name in ("server.key", "server.crt"):
            shutil.chown(self.cluster.dir / name, "postgres" if self.cluster.root else None)
        for setting in ("ssl = on", f"ssl_cert_file = '{self.cluster.dir}/server.crt'", f"ssl_key_file = '{self.cluster.dir}/server.key'"):
            self.cluster.sql(f"ALTER SYSTEM SET {setting}")
        self.cluster.sql("SELECT pg_reload_conf()")

    def renew(self):
        """The same rows again, under the same OIDs."""
        self.control.query("TRUNCATE t, u; " + rows).ok()

    def died(self, pid):
        """Whether the server lost backend `pid`, whose session has ended, by a fault of its own, and all sessions with it; it is
        there again afterwards. The postmaster that has seen a fault takes nobody before it has recovered."""
        wire.wait_for(lambda: not os.path.exists(f"/proc/{pid}"), what="the backend's end")
        wire.wait_for(self.reached, seconds=300, what="the server's recovery")
        try:
            self.control.query("SELECT 1").ok()
            return False
        except (wire.Closed, OSError, AssertionError):
            self.control.socket.close()
            self.control = self.cluster.wire("shop")
            return True

    def reached(self):
        try:
            self.cluster.wire("shop").socket.close()
            return True
        except (wire.Closed, wire.Refused, OSError):
            return False

    def direct(self, writer=True):
        role, password = ("pgveil_writer", world.writer_password) if writer else ("pgveil_reader", world.reader_password)
        return Side("PostgreSQL", lambda **o: world.Wire("127.0.0.1", self.cluster.port, role, password, "shop", **o), role, password, "shop")

    def proxy(self, mode, writer=True):
        name = "copilot" if writer else "reader"
        proxy = self.proxies[mode]
        return Side(f"pgveil {mode}", lambda **o: proxy.agent(name, **o), name, world.agents[name], "shop")

    def end(self):
        """The processes end as they should, and no sanitizer, if they were built with some, has found anything."""
        for mode, proxy in self.proxies.items():
            status = proxy.stop(60)
            said = [line for line in proxy.stderr().splitlines() if "Sanitizer" in line or "runtime error:" in line]
            assert status == 0 and not said, f"{mode}: status {status}\n" + "\n".join(said[:20])

    def close(self):
        for proxy in self.proxies.values():
            proxy.kill()
        self.cluster.stop()
