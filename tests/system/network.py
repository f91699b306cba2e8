"""TLS in all its orders, channel binding, client certificates, limits on connections, and what systemd is told."""
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import threading

import world
from common import agent, case, shared
from suite import contains, equal
from wire import Closed, Refused, Scram, Wire, message, string, wait_for


def psql(port, *options, user="copilot", password=None, sql="SELECT 'in'"):
    where = f"host=127.0.0.1 port={port} user={user} dbname=shop sslmode=require {' '.join(options)}"
    env = os.environ | {"PGPASSWORD": password if password is not None else world.agents.get(user, "")}
    return subprocess.run(["psql", "-X", "-q", "-At", where, "-c", sql], text=True, capture_output=True, env=env)


@case("channel binding: libpq requires it and gets in; it is not offered in the clear")
def _():
    got = psql(shared.proxy.port, "channel_binding=require")
    equal((got.returncode, got.stdout.strip()), (0, "in"), got.stderr)
    with agent(tls=True) as a:
        equal(a.mechanisms, [b"SCRAM-SHA-256-PLUS", b"SCRAM-SHA-256"])
    with agent() as a:
        equal(a.mechanisms, [b"SCRAM-SHA-256"])


@case("channel binding is not offered for a certificate that defines no hash (Ed25519)")
def _():
    proxy = world.Pgveil(shared.cluster, start=False)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", proxy.dir / "server.key", "-out", proxy.dir / "server.crt"],
                   check=True, capture_output=True)
    proxy.start()
    with proxy.agent(tls=True) as a:
        equal(a.mechanisms, [b"SCRAM-SHA-256"])
    assert psql(proxy.port, "channel_binding=require").returncode != 0
    equal(psql(proxy.port, "channel_binding=prefer").returncode, 0)
    proxy.kill()


@case("a client that says it saw no PLUS where it was offered is refused as downgraded")
def _():
    a = Wire("127.0.0.1", shared.proxy.port, login=False, tls=True)
    a.send(a.startup_packet("copilot", "shop", {}))
    a.until("R")
    scram = Scram("copilot", world.agents["copilot"])
    first = scram.first().replace(b"n,,", b"y,,", 1)
    a.send(message("p", string("SCRAM-SHA-256") + struct.pack(">i", len(first)) + first))
    got = a.until("ER")
    assert got.error, f"it went on: {got}"
    equal(got.error["S"], "FATAL")
    a.close()


def direct_tls(port, alpn=("postgresql",), certificate=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if certificate:
        context.load_cert_chain(*certificate)
    a = Wire("127.0.0.1", port, login=False)
    a.socket = context.wrap_socket(a.socket)
    return a


@case("direct TLS with ALPN: login works, an SSLRequest within it is answered N; without ALPN the end")
def _():
    for ask in (False, True):
        a = direct_tls(shared.proxy.port)
        if ask:
            a.socket.sendall(struct.pack(">ii", 8, 80877103))
            equal(a.socket.recv(1), b"N")
        a.login("copilot", world.agents["copilot"], "shop", {})
        equal(a.query("SELECT 1").value, "1")
        a.close()
    for alpn in ((), ("http/1.1",)):
        try:
            a = direct_tls(shared.proxy.port, alpn)
            a.login("copilot", world.agents["copilot"], "shop", {})
            raise AssertionError(f"in with ALPN {alpn}")
        except (Closed, OSError):
            pass


@case("protocol options and newer minor versions are answered once, with every unknown option, and the login goes on")
def _():
    a = Wire("127.0.0.1", shared.proxy.port, login=False)
    more = {"_pq_.one": "1", "_pq_.two": "x", "application_name": "n"}
    packet = a.startup_packet("copilot", "shop", more, version=(3 << 16) | 9999)
    a.send(packet)
    got = a.until("R")
    equal(got.kinds, "vR")
    newest, count = struct.unpack_from(">ii", got[0].body)
    equal((newest & 0xFFFF, count, got[0].body[8:]), (2, 2, b"_pq_.one\0_pq_.two\0"))
    a.close()


def authority(directory):
    """A CA, and a function that has it sign: `-addext` and subject as openssl takes them."""
    run = lambda *command: subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd=directory)  # noqa: E731
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=agents", "-keyout", "ca.key", "-out", "ca.crt")

    def sign(name, subject, alternative=None):
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (directory / f"{name}.ext").write_text(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
        run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        (directory / f"{name}.key").chmod(0o600)
        return directory / f"{name}.crt", directory / f"{name}.key"
    return sign


@case("auth = cert: the one matching name gets in; another, a doubled, a stranger's and none do not", limit=120)
def _():
    proxy = world.Pgveil(shared.cluster, start=False)
    sign = authority(proxy.dir)
    foreign = proxy.dir / "foreign"
    foreign.mkdir()
    grant = '\n[[grant]]\nagent = "{0}"\ndatabase = "shop"\naccess = "read"\nuntil = 2099-01-01T00:00:00Z\n'
    entries = ('\n[[agent]]\nname = "robot"\nauth = "cert"\nowner = "dana"\n' + grant.format("robot") +
               '\n[[agent]]\nname = "spider"\nauth = "cert"\nsubject = "spiffe://example.com/spider"\nowner = "dana"\n' + grant.format("spider"))
    proxy.write_config(tls='client_ca = "ca.crt"', more=entries)
    proxy.start()
    made = {"cn": sign("cn", "/CN=robot"), "other": sign("other", "/CN=somebody"), "san": sign("san", "/CN=whoever", "DNS:a.example.com,URI:spiffe://example.com/spider"),
            "twice": sign("twice", "/CN=x", "URI:spiffe://example.com/spider,URI:spiffe://example.com/spider"), "shadowed": sign("shadowed", "/CN=robot", "DNS:other.example.com"),
            "stranger": authority(foreign)("stranger", "/CN=robot")}

    def tries(user, which, password=""):
        files = (f"sslcert={made[which][0]}", f"sslkey={made[which][1]}") if which else ("sslcert=/none", "sslkey=/none")
        return psql(proxy.port, *files, user=user, password=password)
    for user, which in (("robot", "cn"), ("spider", "san")):
        equal(tries(user, which).stdout.strip(), "in", f"{user} {which}: {tries(user, which).stderr}")
    for user, which in (("robot", "other"), ("spider", "twice"), ("robot", "shadowed"), ("robot", "san"), ("spider", "cn"), ("robot", "stranger")):
        assert tries(user, which).returncode != 0, f"{user} got in with {which}"
    contains(tries("robot", "other").stderr, "certificate authentication failed")
    contains(tries("robot", None, "guess").stderr, 'password authentication failed for user "robot"')
    equal(tries("copilot", "cn", world.agents["copilot"]).stdout.strip(), "in", "a password still does for who has one")
    assert tries("copilot", "cn", "wrong").returncode != 0
    proxy.kill()


@case("max_per_address: one more is told 53300, cancels still pass, and a place that was left is free again")
def _():
    proxy = world.Pgveil(shared.cluster, proxy="max_per_address = 3\n")
    held = []
    for _ in range(3):
        held.append(wait_for(lambda: entered(proxy), 5, "a place"))
    try:
        proxy.agent()
        raise AssertionError("a fourth got in")
    except Refused as no:
        equal(no.sqlstate, "53300")
    threading.Timer(0.5, held[0].cancel).start()
    equal(held[0].query("SELECT pg_sleep(20)").sqlstate, "57014")
    held.pop().close()
    held.append(wait_for(lambda: entered(proxy), 5, "the place that was left"))
    for c in held:
        c.close()
    proxy.kill()


def entered(proxy):
    try:
        return proxy.agent()
    except Refused:
        return None


@case("systemd: sockets are taken over, READY, RELOADING and STOPPING are told")
def _():
    proxy = world.Pgveil(shared.cluster, start=False)
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(proxy.dir / "notify"))
    told.settimeout(20)
    passed = socket.create_server(("127.0.0.1", 0))
    port = passed.getsockname()[1]

    code = ("import os,sys; os.environ['LISTEN_PID']=str(os.getpid()); os.execv(sys.argv[1], sys.argv[1:])")
    fd = passed.fileno()
    with open(proxy.dir / "stderr", "ab") as log:
        proxy.process = subprocess.Popen(["/usr/bin/python3", "-c", f"import os; os.dup2({fd}, 3, inheritable=True)\n" + code, world.binary, "serve", "--config", str(proxy.dir / "pgveil.toml")],
                                         stderr=log, stdout=log, stdin=subprocess.DEVNULL, cwd=world.root, pass_fds=(fd,),
                                         env=os.environ | {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "agents", "NOTIFY_SOCKET": str(proxy.dir / "notify")})
    equal(told.recv(200), b"READY=1")
    configured, proxy.port = proxy.port, port
    with wait_for(lambda: entered(proxy), 20, "a login over the passed socket") as a:
        equal(a.query("SELECT 1").value, "1")
    try:
        socket.create_connection(("127.0.0.1", configured), 2)
        raise AssertionError("the configured address is open as well")
    except ConnectionRefusedError:
        pass
    proxy.process.send_signal(1)
    contains(told.recv(200), b"RELOADING=1\nMONOTONIC_USEC=")
    equal(told.recv(200), b"READY=1")
    proxy.process.send_signal(15)
    equal(told.recv(200), b"STOPPING=1")
    equal(proxy.process.wait(20), 0)
    assert pathlib.Path(proxy.dir / "notify").exists()
