"""Whole columns through the real proxy, under names that say nothing: what its own sample makes of them.

A thousand values a column: the look-alikes of bench/masking/rows.py (over-mask at most 1 %), the classes that stand alone
(recall as on single values), and numbers that only their check digits give away (masked once the vote is in, all of them).
"""
import random
import sqlite3

import rows
import world
from values import CLASSES
from wire import wait_for

OVER, ALONE = 0.01, 0.95
CHECKED = ["UK_NHS", "PL_PESEL", "IN_AADHAAR", "TR_NATIONAL_ID", "TH_TNIN", "ZA_ID_NUMBER", "DE_TAX_ID", "US_NPI", "ABA_ROUTING_NUMBER", "CA_SIN", "AU_TFN",
           "AU_ABN", "SE_PERSONNUMMER", "ES_NIF", "SG_NRIC_FIN"]
packs = ["core"] + sorted(f"region/{p.name}" for p in (world.root / "rules/region").iterdir())


def quoted(value):
    return "'" + value.replace("'", "''") + "'"


def fill(cluster, columns):
    """One table of them all, of one transaction: one look tells everything."""
    names = ", ".join(f"c{i} text" for i in range(len(columns)))
    with cluster.wire("looks") as direct:
        direct.query(f"BEGIN; CREATE TABLE looks ({names}); GRANT SELECT ON looks TO pgveil_reader").ok()
        for start in range(0, len(columns[0]), 100):
            part = zip(*(values[start:start + 100] for values in columns))
            direct.query("INSERT INTO looks VALUES " + ",".join("(" + ",".join(map(quoted, row)) + ")" for row in part)).ok()
        direct.query("COMMIT").ok()
        direct.query("ANALYZE looks").ok()


def voted(proxy):
    with sqlite3.connect(f"file:{proxy.dir}/state/control.db?mode=ro", uri=True) as store:
        return store.execute("SELECT count(*) FROM votes WHERE database = 'looks'").fetchone()[0]


def read(proxy, columns):
    with proxy.agent("reader") as a:
        seen = list(zip(*a.query("SELECT * FROM looks").ok().rows))
    return [sum(1 for s, v in zip(got, values) if s != v) / len(values) for got, values in zip(seen, columns)]


def measure(values):
    """name -> share of its cells that come masked, once all votes are in force."""
    cluster = world.Cluster()
    world.load_shop(cluster)               # for its roles
    cluster.sql("CREATE DATABASE looks")
    fill(cluster, list(values.values()))
    proxy = world.Pgveil(cluster, database="looks", masking="", sample="24h", packs=packs)
    wait_for(lambda: voted(proxy) == len(values), 120, "a look at every column")
    shown = lambda: any("against" in row[4] for row in proxy.console("SHOW MASKING").ok().rows)  # noqa: E731
    wait_for(shown, 30, "the votes in force")
    shares = dict(zip(values, read(proxy, list(values.values()))))
    proxy.stop()
    cluster.stop()
    return shares


def check(suite, count):
    values = {("look-alike", name): [make() for _ in range(count)] for name, make, *_ in rows.ROWS}
    for title, (maker, _, alone) in CLASSES.items():
        if alone or title in CHECKED:
            r = random.Random(title)
            values[("alone" if alone else "checked", title)] = [maker(r) for _ in range(count)]
    values[("alone", "CREDIT_CARD bare")] = ["".join(filter(str.isdigit, v)) for v in values[("alone", "CREDIT_CARD")]]
    shares = {}
    suite.check("columns are sampled and their votes come into force", lambda: shares.update(measure(values)), limit=300)
    print("columns under names that say nothing: share of cells masked after the vote")
    for (kind, name), share in shares.items():
        print(f"  {kind:<12}{name:<32}{100 * share:6.1f} %")

    def one(kind, name, share):
        if kind == "look-alike":
            assert share <= OVER, f"{100 * share:.1f} % masked"
        else:
            assert share >= (ALONE if kind == "alone" else 1.0), f"only {100 * share:.1f} % masked"
    for (kind, name), share in shares.items():
        suite.check(f"a column of {name}, {kind}", one, kind, name, share)
