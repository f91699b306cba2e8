"""The real parts a system test runs against: a PostgreSQL cluster, a pgveil in front of it, their clients.

Everything lives in one temporary directory on free loopback ports and is gone at the end (kept, and its path
printed, with PGVEIL_KEEP=1). No test starts PostgreSQL or pgveil in any other way.
"""
import atexit
import datetime
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from wire import Closed, Refused, Wire, verifier, wait_for

root = pathlib.Path(__file__).resolve().parents[2]
pg_bin = pathlib.Path("/usr/lib/postgresql/15/bin")
binary = os.environ.get("PGVEIL_BINARY", str(root / "build/test/src/pgveil"))
slow = bool(os.environ.get("PGVEIL_TEST_ALL"))
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # a run that is ended stops its servers too (atexit)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def temporary(name):
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"pgveil-{name}-"))
    path.chmod(0o755)

    def remove():
        if os.environ.get("PGVEIL_KEEP"):
            print(f"kept: {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)
    atexit.register(remove)
    return path


class Cluster:
    """A throw-away PostgreSQL 15. Superuser `postgres` on the socket without a password; SCRAM over TCP."""

    def __init__(self, settings=""):
        self.dir, self.port = temporary("pg"), free_port()
        self.root = os.getuid() == 0
        if self.root:
            account = pwd.getpwnam("postgres")
            os.chown(self.dir, account.pw_uid, account.pw_gid)
        self.run(pg_bin / "initdb", "-D", self.dir / "data", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust",
                 "--auth-host=scram-sha-256", "-N")
        extra = (f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.dir}'\nmax_connections = 200\n"
                 f"fsync = off\nfull_page_writes = off\nlog_statement = 'all'\nlog_line_prefix = '%m [%p] %u@%d %a '\n{settings}\n")
        self.run("tee", "-a", self.dir / "data/postgresql.conf", input=extra)
        self.start()
        atexit.register(self.stop)

    def run(self, *command, input=None, check=True):
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if self.root else []
        return subprocess.run([*drop, *map(str, command)], input=input, text=True, capture_output=True, check=check, cwd="/",
                              env=os.environ | {"HOME": "/tmp"})

    def start(self):
        # pg_ctl's pipes would stay open in the server: its output goes to the log alone.
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if self.root else []
        subprocess.run([*drop, str(pg_bin / "pg_ctl"), "-D", str(self.dir / "data"), "-l", str(self.dir / "log"), "-w", "start"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, cwd="/")

    def stop(self, mode="immediate"):
        if (self.dir / "data/postmaster.pid").exists():
            self.run(pg_bin / "pg_ctl", "-D", self.dir / "data", "-m", mode, "-w", "stop", check=False)

    def wire(self, database="postgres", user="postgres"):
        return Wire(str(self.dir), self.port, user, None, database)

    def sql(self, text, database="postgres"):
        """Runs statements as superuser and gives the last result's rows; raises on error."""
        with self.wire(database) as direct:
            return direct.query(text).ok().rows

    def log(self):
        return (self.dir / "log").read_text(errors="replace")

    def digest(self, database):
        """One line that changes whenever any row, sequence, large object, setting or definition does."""
        dump = self.run(pg_bin / "pg_dump", "-h", self.dir, "-p", self.port, "-U", "postgres", "--inserts", "--no-sync", database)
        roles = self.sql("SELECT md5(string_agg(r::text, ',' ORDER BY oid)) FROM pg_roles r")
        settings = self.sql("SELECT md5(string_agg(s::text, ',' ORDER BY s.setdatabase, s.setrole)) FROM pg_db_role_setting s")
        slots = self.sql("SELECT count(*) FROM pg_replication_slots")
        # Since 15.14 each dump carries a random word, so that what it holds cannot end it.
        content = "\n".join(line for line in dump.stdout.split("\n") if not line.startswith(("\\restrict", "\\unrestrict")))
        return (content, roles, settings, slots)


shop_dir = root / "tests/support/shop"
reader_password, writer_password = "reader-" + secrets.token_hex(8), "writer-" + secrets.token_hex(8)


def load_shop(cluster, database="shop", scale=1, seed=1):
    """The shop database with its reading and its writing role."""
    cluster.sql(f"CREATE DATABASE {database}")
    files = [shop_dir / "schema.sql"]
    data = subprocess.run(["/usr/bin/python3", shop_dir / "generate.py", "--scale", str(scale), "--seed", str(seed)],
                          capture_output=True, text=True, check=True).stdout
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(cluster.dir), "-p", str(cluster.port), "-U", "postgres", "-d", database]
    for text in [*(f.read_text() for f in files), data, (shop_dir / "roles.sql").read_text()]:
        subprocess.run([*psql, "-v", f"reader_password={reader_password}", "-v", f"writer_password={writer_password}"], input=text,
                       text=True, check=True, capture_output=True)


masked_columns = """
[[masking.column]]
column = "*.public.customers.email"
class  = "EMAIL_ADDRESS"
transform = "pseudonym"
[[masking.column]]
column = "*.public.customers.full_name"
class  = "PERSON"
transform = "redact"
[[masking.column]]
column = "*.public.customers.phone"
class  = "PHONE_NUMBER"
transform = "partial"
[[masking.column]]
column = "*.public.customers.birth_date"
class  = "DATE_OF_BIRTH"
transform = "null"
[[masking.column]]
column = "*.public.customers.ssn"
class  = "US_SSN"
transform = "redact"
[[masking.column]]
column = "*.public.employees.email"
class  = "EMAIL_ADDRESS"
transform = "redact"
[[masking.column]]
column = "*.public.employees.salary"
class  = "SALARY"
transform = "null"
[[masking.column]]
column = "*.public.payments.card_number"
class  = "CREDIT_CARD"
transform = "partial"
[[masking.column]]
column = "*.public.payments.iban"
class  = "IBAN_CODE"
transform = "redact"
"""

agents = {"copilot": "agent-" + secrets.token_hex(8), "denied": "agent-" + secrets.token_hex(8), "reader": "agent-" + secrets.token_hex(8), "walker": "agent-" + secrets.token_hex(8)}
people = {"dana": "person-" + secrets.token_hex(8), "erik": "person-" + secrets.token_hex(8), "otto": "person-" + secrets.token_hex(8)}
# Computed once: people's verifiers cost 100,000 iterations each.
verifiers = {name: verifier(word, 4096 if name in agents else 100_000) for name, word in (agents | people).items()}


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "server.key", "-out", directory / "server.crt"],
                   check=True, capture_output=True)
    (directory / "server.key").chmod(0o600)


class Pgveil:
    """One pgveil with its own config, keys, store and log. Agents copilot and denied (may ask to write), reader, walker (no grant);
    people dana (approver, auditor; owns the agents), erik (approver, admin), otto (auditor only). Columns' values are not
    sampled unless `sample` says how often: a vote that comes in the middle of a case would change its masks."""

    def __init__(self, cluster, database="shop", mode="enforce", proxy="", policy="", masking=masked_columns, more="", database_more="",
                 audit="", durability="strict", workers=2, start=True, tls="", agent_more="", sample="0s", packs=("core", "region/us")):
        self.cluster, self.database, self.mode, self.durability, self.workers = cluster, database, mode, durability, workers
        self.dir, self.port, self.process = temporary("proxy"), free_port(), None
        make_certificate(self.dir)
        passfile = self.dir / "pgpass"
        passfile.write_text(f"*:*:*:pgveil_reader:{reader_password}\n*:*:*:pgveil_writer:{writer_password}\n")
        passfile.chmod(0o600)
        self.parts = {"proxy": proxy, "policy": policy, "masking": masking, "more": more, "database_more": database_more, "audit": audit, "tls": tls, "agent_more": agent_more, "sample": sample, "packs": json.dumps(packs)}
        self.upstream = f"host=127.0.0.1 port={cluster.port} dbname={database} passfile={passfile}"
        self.key_line = subprocess.run([binary, "keygen", "--out", self.dir / "sign.key"], capture_output=True, text=True).stdout.strip()
        self.write_config()
        atexit.register(self.kill)
        if start:
            self.start()

    def write_config(self, **parts):
        self.parts |= parts
        p, until = self.parts, (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=12)).strftime("%Y-%m-%dT%H:%M:%SZ")
        who = "".join(f'\n[[agent]]\nname = "{n}"\nauth = "scram"\nsecret = "{verifiers[n]}"\nowner = "dana"\n{p["agent_more"]}\n' for n in agents)
        roles = {"dana": '["approver", "auditor"]', "erik": '["approver", "admin", "auditor"]', "otto": '["auditor"]'}
        who += "".join(f'\n[[person]]\nname = "{n}"\nsecret = "{verifiers[n]}"\nroles = {roles[n]}\ngroups = ["dba"]\n' for n in people)
        who += "".join(f'\n[[grant]]\nagent = "{agent}"\ndatabase = "{self.database}"\naccess = "{access}"\nuntil = {until}\n'
                       for agent, access in (("copilot", "write"), ("denied", "write"), ("reader", "read")))
        (self.dir / "pgveil.toml").write_text(f"""# made by tests/support/world.py
[proxy]
listen  = ["127.0.0.1:{self.port}"]
workers = {self.workers}
state   = "state"
{p["proxy"]}
[proxy.tls]
mode = "allow"
cert = "server.crt"
key  = "server.key"
{p["tls"]}
[policy]
mode = "{self.mode}"
{p["policy"]}
[audit]
dir = "state/audit"
sign_key_file = "sign.key"
durability = "{self.durability}"
reserve = "16MiB"
{p["audit"]}
[store]
url = "sqlite:state/control.db"

[admin]
console = "pgveil"

[[database]]
name = "{self.database}"
upstream = "{self.upstream} user=pgveil_reader"
upstream_write = "{self.upstream} user=pgveil_writer"
max_grant = "8h"
{p["database_more"]}
[masking]
packs = {p["packs"]}
key_file = "state/mask.key"
sample = "{p["sample"]}"
{p["masking"]}{who}{p["more"]}
""")

    def start(self):
        with open(self.dir / "stderr", "ab") as log:
            self.process = subprocess.Popen([binary, "serve", "--config", str(self.dir / "pgveil.toml")], stderr=log, stdout=log,
                                            stdin=subprocess.DEVNULL, cwd=root)
        self.wait_ready()

    def replace(self):
        """A second process takes over; gives the first one, which ends its sessions."""
        before, mark = self.process, len(self.stderr())
        atexit.register(lambda: before.poll() is None and before.kill())
        with open(self.dir / "stderr", "ab") as log:
            self.process = subprocess.Popen([binary, "serve", "--replace", "--config", str(self.dir / "pgveil.toml")], stderr=log, stdout=log,
                                            stdin=subprocess.DEVNULL, cwd=root)

        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"the new pgveil ended with {self.process.returncode}: {self.stderr()[mark:][-3000:]}")
            return ": ready\n" in self.stderr()[mark:] or '"ready"' in self.stderr()[mark:]
        wait_for(ready, 30, "the new pgveil's word")
        return before

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"pgveil ended with {self.process.returncode}: {self.stderr()[-3000:]}")
            try:
                with self.agent():
                    return True
            except Refused as no:
                if no.sqlstate in ("57P03", "08001", "08006"):     # starting: not yet ready to serve
                    return False
                raise
            except (OSError, Closed):
                return False
        try:
            wait_for(ready, 30, "pgveil answering a login")
        except AssertionError as late:
            raise RuntimeError(f"{late}; stderr: {self.stderr()[-3000:]}") from None

    def stop(self, seconds=20):
        """SIGTERM, wait; gives the exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"pgveil did not end within {seconds} s of SIGTERM") from None
        return self.process.returncode

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stderr(self):
        path = self.dir / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    # clients

    def agent(self, name="copilot", database=None, password=None, **options):
        return Wire("127.0.0.1", self.port, name, password or agents.get(name), database or self.database, **options)

    def person(self, name="erik", **options):
        return Wire("127.0.0.1", self.port, name, people.get(name), "pgveil", tls=True, **options)

    def console(self, command, name="erik"):
        with self.person(name) as who:
            return who.query(command)

    def dsn(self, name="copilot"):
        return f"host=127.0.0.1 port={self.port} user={name} password={agents[name]} dbname={self.database} sslmode=disable"

    def psql(self, *arguments, name="copilot", input=None, environment=None):
        who = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": name, "PGPASSWORD": (agents | people)[name],
               "PGDATABASE": "pgveil" if name in people else self.database, "PGSSLMODE": "require" if name in people else "disable"}
        return subprocess.run(["psql", "-X", *arguments], text=True, input=input, capture_output=True, timeout=60,
                              env=os.environ | who | (environment or {}))

    # what it keeps

    def cli(self, *arguments, input=None):
        return subprocess.run([binary, *map(str, arguments)], text=True, input=input, capture_output=True, timeout=120)

    @property
    def audit_dir(self):
        return self.dir / "state/audit"

    def verify(self, directory=None):
        return self.cli("log", "verify", "--log", directory or self.audit_dir, "--key", self.key_line)

    def records(self):
        """Every record of the log, in order."""
        found = []
        for segment in sorted((self.audit_dir / "seg").glob("*.jsonl")):
            for line in segment.read_bytes().split(b"\n"):
                if line.strip(b"\0"):
                    try:
                        found.append(json.loads(line))
                    except ValueError:
                        pass                      # a torn tail; `log verify` judges it
        return found

    def log_bytes(self):
        return b"".join(p.read_bytes() for p in sorted(self.audit_dir.rglob("*")) if p.is_file())


def held(answer):
    """The DETAIL object of a held statement; fails if the answer is not PV001 as the contract says."""
    assert answer.sqlstate == "PV001", f"expected PV001, saw {answer.error or answer}"
    fields = answer.error
    assert fields["S"] == "ERROR", fields
    assert "NOT EXECUTED" in fields["M"], fields
    detail = json.loads(fields["D"])
    for key in ("state", "request", "executed", "retryable", "poll_after_s", "status_sql", "run_sql"):
        assert key in detail, f"DETAIL lacks {key}: {detail}"
    assert detail["executed"] is False and detail["state"] == "pending", detail
    assert detail["request"].startswith("r_") and detail["request"] in fields["M"], fields
    assert fields.get("H"), "no HINT"
    return detail


def approve(proxy, request, who="erik", more=""):
    return proxy.console(f"APPROVE '{request}'{more}", who).ok()


class Tap:
    """A plain TCP relay that keeps every byte each side sent: what a driver really saw."""

    def __init__(self, port):
        import selectors
        import threading
        self.to_client = bytearray()
        self.target, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.port, self.selectors = self.listener.getsockname()[1], selectors
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        self.threading = threading

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.threading.Thread(target=self.relay, args=(client,), daemon=True).start()

    def relay(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server, self.selectors.DefaultSelector() as ready:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)   # what it relays arrives as soon as without it
            ready.register(client, self.selectors.EVENT_READ, server)
            ready.register(server, self.selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    try:
                        data = key.fileobj.recv(1 << 16)
                        if not data:
                            return
                        if key.fileobj is server:
                            self.to_client += data
                        key.data.sendall(data)
                    except OSError:
                        return

    def close(self):
        self.listener.close()
