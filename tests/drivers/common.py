"""The world that all cases share: PostgreSQL with TLS, a pgveil that enforces and one in shadow mode, each behind a tap."""
import datetime
import os
import pwd

import world
from suite import Suite, absent, equal

suite = Suite("drivers")
case = suite.case


class Shared:
    cluster = proxy = shadow = tap = directory = None
    parts = {}     # mode -> its pgveil and the tap before it
    secrets = ()


shared = Shared()


def start():
    shared.directory = world.temporary("drivers")
    world.make_certificate(shared.directory)
    if os.getuid() == 0:
        for path in (shared.directory, shared.directory / "server.key"):
            os.chown(path, pwd.getpwnam("postgres").pw_uid, -1)
    files = f"ssl_cert_file = '{shared.directory}/server.crt'\nssl_key_file = '{shared.directory}/server.key'"
    shared.cluster = world.Cluster(f"ssl = on\n{files}")
    world.load_shop(shared.cluster)
    shared.proxy, shared.shadow = world.Pgveil(shared.cluster), world.Pgveil(shared.cluster, mode="shadow")
    shared.tap = world.Tap(shared.proxy.port)
    shared.parts = {"enforce": (shared.proxy, shared.tap), "shadow": (shared.shadow, world.Tap(shared.shadow.port))}
    rows = truth("SELECT email, full_name, ssn, phone FROM customers WHERE id <= 20")
    shared.secrets = [cell.encode() for row in rows for cell in row if cell]


def stop():
    for proxy in (shared.proxy, shared.shadow):
        if proxy:
            proxy.kill()
    if shared.cluster:
        shared.cluster.stop()


def dsn(name="copilot", port=None):
    return f"host=127.0.0.1 port={port or shared.tap.port} user={name} password={world.agents[name]} dbname=shop sslmode=disable"


def no_secret():
    for secret in shared.secrets:
        absent(bytes(shared.tap.to_client), secret)


def truth(sql):
    return shared.cluster.sql(sql, "shop")


everything = "SELECT id, full_name, email, phone, birth_date, ssn, city, created_at, newsletter, profile FROM customers WHERE id <= %s ORDER BY id"


def check_customers(rows):
    equal(len(rows), 20)
    assert all(r[2].endswith("@masked.invalid") for r in rows), rows[0]
    assert all(r[1] == "[PERSON]" and r[4] is None for r in rows), rows[0]
    assert isinstance(rows[0][7], datetime.datetime) and isinstance(rows[0][8], bool) and isinstance(rows[0][9], dict), rows[0]
    no_secret()


def request_of(error_detail):
    import json
    detail = json.loads(error_detail)
    equal((detail["state"], detail["executed"]), ("pending", False))
    return detail["request"]
