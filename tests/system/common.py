"""The one cluster and the one enforcing pgveil that most cases share. Cases that stop, reload or tamper start their own."""
import world
from suite import Suite

suite = Suite("system")
case = suite.case


class Shared:
    cluster = None
    proxy = None


shared = Shared()


def start():
    shared.cluster = world.Cluster()
    world.load_shop(shared.cluster)
    shared.proxy = world.Pgveil(shared.cluster)


def stop():
    if shared.proxy:
        shared.proxy.kill()
    if shared.cluster:
        shared.cluster.stop()


def agent(name="copilot", **options):
    return shared.proxy.agent(name, **options)


def direct():
    """The same role's own connection to PostgreSQL: the oracle."""
    return world.Wire("127.0.0.1", shared.cluster.port, "pgveil_reader", world.reader_password, "shop")


def truth(text):
    return shared.cluster.sql(text, "shop")
