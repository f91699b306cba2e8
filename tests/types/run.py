#!/usr/bin/python3
"""Masked cells before their judges: PostgreSQL's input and receive functions, psycopg 3 and asyncpg.

Every value of samples.py, alone and in arrays, in text and in binary, through every transform: what comes out is
NULL or a value that the type's own input (receive) function takes and the drivers decode; nothing comes out as it
went in; both formats of one value get the same stand-in. Then every type the server has: a tagged value of it,
known or not, never comes out raw.

usage: run.py [--driver PROGRAM]
"""
import argparse
import asyncio
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import psycopg  # noqa: E402
from psycopg.adapt import Transformer  # noqa: E402

from samples import SAMPLES, SETUP  # noqa: E402
from suite import Suite  # noqa: E402
from world import Cluster, binary, root  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("--driver", default=str(pathlib.Path(binary).resolve().parents[1] / "rules/mask-cells"))
wanted = arguments.parse_args()

suite = Suite("types")
TRANSFORMS = ["redact", "null", "partial", "hash", "pseudonym", "fpe", "generalize", "date_shift"]
CLASSES = ["EMAIL_ADDRESS", "CREDIT_CARD", "US_SSN", "PHONE_NUMBER", "DATE_OF_BIRTH", "IP_ADDRESS", "AGE", "LOCATION", "PERSON", "X"]
# Types whose values can be the same before and after rounding, or have so few values that one is bound to recur.
ROUNDED = {"generalize"}

UNJUDGED = {"_zip", "_positive"}    # arrays of domains: the element's constraint would judge, which binds no result

driver = subprocess.Popen([wanted.driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class Type:
    def __init__(self, oid, name, kind, element, element_kind, element_name=""):
        self.oid, self.name, self.kind = oid, name, kind
        self.element, self.element_kind, self.element_name = element, element_kind, element_name


def masked(kind, fmt, transform, class_name, value):
    driver.stdin.write("\t".join([str(kind.oid), kind.kind, str(kind.element), kind.element_kind, kind.name, str(fmt), transform, class_name,
                                  value.hex(), kind.element_name]) + "\n")
    driver.stdin.flush()
    answer = driver.stdout.readline().strip()
    if answer == "":
        raise AssertionError("the masker ended")
    return {"same": value, "NULL": None}[answer] if answer in ("same", "NULL") else bytes.fromhex(answer)


def load_types(connection):
    """All of pg_type as the proxy's catalog gives it: domains resolved, elements and subtypes named."""
    rows = connection.execute("""
        SELECT t.oid::int8, t.typname, CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN 'a' ELSE t.typtype::text END, t.typbasetype::int8,
               coalesce(r.rngsubtype, m.rngsubtype, nullif(t.typelem, 0), 0)::int8
        FROM pg_type t LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_range m ON m.rngmultitypid = t.oid""").fetchall()
    known = {oid: (name, kind, base, element) for oid, name, kind, base, element in rows}

    def base(oid):
        while oid in known and known[oid][2]:
            oid = known[oid][2]
        return oid
    types = {}
    for oid in known:
        resolved = base(oid)
        name, kind, _, element = known[resolved]
        element = base(element)
        types[oid] = Type(resolved, name, kind, element, *(known[element][1::-1] if element in known else "?"))
    return types, {known[oid][0]: oid for oid in sorted(known, reverse=True) if known[oid][1] != "p"}


cluster = Cluster("")
conninfo = f"host={cluster.dir} port={cluster.port} user=postgres dbname=postgres"
connection = psycopg.connect(conninfo, autocommit=True)
connection.execute(SETUP)
types, named = load_types(connection)


def raw(literal, type_name, fmt):
    """The value's bytes as the server sends them; None if it has no binary form."""
    answer = connection.pgconn.exec_params(b"SELECT $1::text::" + type_name, [literal.encode()], [25], [0], fmt)
    if answer.status != psycopg.pq.ExecStatus.TUPLES_OK:
        if fmt == 1 and b"binary output function" in answer.error_message:
            return None
        raise AssertionError(f"{type_name} {literal}: {answer.error_message.decode()}")
    return answer.get_value(0, 0)


def taken(value, oid, fmt):
    """The masked value through the type's own input (receive) function, as text."""
    answer = connection.pgconn.exec_params(b"SELECT $1", [value], [oid], [fmt], 0)
    if answer.status != psycopg.pq.ExecStatus.TUPLES_OK:
        raise AssertionError(f"the server refuses {value!r}: {answer.error_message.decode()}")
    return answer.get_value(0, 0)


def decoded(value, oid, fmt):
    Transformer(connection).get_loader(oid, fmt).load(value)


def quoted(name):
    return ('"' + name + '"').encode()


def is_raw(value, got, transform):
    if transform in ROUNDED or got is None:
        return False
    return got == value or (len(value) > 4 and value in got)


def try_value(type_name, literal, transform, class_name):
    oid = named[type_name]
    texts = []
    for fmt in (0, 1):
        value = raw(literal, quoted(type_name), fmt)
        if value is None or value == b"":
            continue
        got = masked(types[oid], fmt, transform, class_name, value)
        where = f"{type_name} {literal!r} {transform} {class_name} format {fmt}"
        assert not is_raw(value, got, transform), f"{where}: came out raw"
        if got is None:
            texts.append(None)
            continue
        # A domain's constraint does not bind a result: its base type's function is the judge.
        texts.append(got if type_name in UNJUDGED else taken(got, types[oid].oid, fmt))
        decoded(got, types[oid].oid, fmt)
        again = masked(types[oid], fmt, transform, class_name, value)
        assert again == got, f"{where}: not the same twice"
    if len(texts) == 2 and None not in texts:
        assert type_name in UNJUDGED or texts[0] == texts[1], f"{type_name} {literal!r} {transform} {class_name}: text {texts[0]!r}, binary {texts[1]!r}"
    elif len(texts) == 2:
        assert texts[0] == texts[1], f"{type_name} {literal!r} {transform}: {texts!r}"
    return texts


def one_type(type_name):
    for literal in SAMPLES[type_name]:
        for transform in TRANSFORMS:
            for class_name in CLASSES:
                try_value(type_name, literal, transform, class_name)


def one_array(type_name):
    array = connection.execute("SELECT typarray::int8 FROM pg_type WHERE oid = %s", [named[type_name]]).fetchone()[0]
    if not array:
        return
    (array_name,) = connection.execute("SELECT typname FROM pg_type WHERE oid = %s", [array]).fetchone()
    values = SAMPLES[type_name]
    for shape in ("ARRAY[%s]", "ARRAY[NULL, %s, NULL]", "ARRAY[ARRAY[%s, %s], ARRAY[%s, NULL]]"):
        literals = [random.choice(values) for _ in range(shape.count("%s"))]
        text = connection.execute(psycopg.sql.SQL("SELECT (" + shape.replace("%s", "%s::{0}") + ")::text").format(psycopg.sql.Identifier(type_name)),
                                  literals).fetchone()[0]
        for transform in TRANSFORMS:
            for class_name in ("EMAIL_ADDRESS", "X"):
                try_value(array_name, text, transform, class_name)


for name in SAMPLES:
    suite.check(f"{name}: every transform gives NULL or a value of the type", one_type, name, limit=120)
    if name not in ("oidvector", "int2vector"):
        suite.check(f"{name}[]: every transform gives NULL or an array of the type", one_array, name, limit=120)


@suite.case("types that have a stand-in are not simply NULL")
def _():
    for type_name, transform in [("int4", "pseudonym"), ("int8", "fpe"), ("numeric", "generalize"), ("date", "date_shift"), ("timestamptz", "pseudonym"),
                                 ("uuid", "hash"), ("inet", "generalize"), ("macaddr", "pseudonym"), ("float8", "pseudonym"), ("money", "pseudonym"),
                                 ("jsonb", "pseudonym"), ("bytea", "hash"), ("text", "fpe"), ("daterange", "date_shift"),
                                 ("datemultirange", "date_shift"), ("numrange", "generalize"), ("citext", "redact"), ("zip", "generalize")]:
        got = [try_value(type_name, literal, transform, "LOCATION") for literal in SAMPLES[type_name]]
        assert any(text is not None for texts in got for text in texts), f"{type_name} {transform}: always NULL"
    array = connection.execute("SELECT ARRAY['1980-02-03'::date, NULL]::text").fetchone()[0]
    assert None not in try_value("_date", array, "date_shift", "X")


@suite.case("equal values get equal stand-ins in every type")
def _():
    same = [("int4", "48211"), ("int8", "48211"), ("numeric", "48211.00"), ("float8", "48211")]
    for class_name in ("X", "US_SSN"):
        assert len({try_value(name, value, "pseudonym", class_name)[1] for name, value in same}) == 1, class_name
    cards = {try_value("int8", "4111111111111111", "pseudonym", "CREDIT_CARD")[0], try_value("text", "4111 1111 1111 1111", "pseudonym", "CREDIT_CARD")[0],
             try_value("numeric", "4111111111111111", "pseudonym", "CREDIT_CARD")[1]}
    assert len(cards) == 1, cards
    ids = "550e8400-e29b-41d4-a716-446655440000"
    assert try_value("uuid", ids, "pseudonym", "X")[1] == try_value("text", ids, "pseudonym", "X")[0]
    assert try_value("date", "1980-02-03", "pseudonym", "DATE_OF_BIRTH")[1] == try_value("text", "1980-02-03", "pseudonym", "DATE_OF_BIRTH")[0]
    assert try_value("inet", "203.0.113.7", "pseudonym", "IP_ADDRESS")[1] == try_value("text", "203.0.113.7", "pseudonym", "IP_ADDRESS")[0]


@suite.case("a shift keeps intervals, an encrypted column stays unique")
def _():
    a, b = (try_value("date", day, "date_shift", "X")[1].decode() for day in ("1980-02-03", "1980-03-04"))
    gap = connection.execute("SELECT %s::date - %s::date", [b, a]).fetchone()[0]
    assert gap == 30, gap
    made = {masked(types[named["int4"]], 0, "fpe", "X", str(i).encode()) for i in range(2000)}
    assert len(made) == 2000


@suite.case("every type the server has: a tagged value never comes out raw", limit=300)
def _():
    source = random.Random(11)
    seen = 0
    for oid, kind in types.items():
        for fmt in (0, 1):
            for size in (5, 8, 16, 33):
                value = bytes(source.randrange(256) for _ in range(size)) if fmt else "".join(source.choices("abcXYZ019_-{}(),\"", k=size)).encode()
                for transform in TRANSFORMS:
                    got = masked(kind, fmt, transform, "X", value)
                    seen += 1
                    assert not is_raw(value, got, "redact" if transform != "generalize" or fmt else transform), f"{kind.name} {fmt} {transform} {value!r}"
    assert seen > 30000, seen


@suite.case("a tagged column of any type the server can make a value of never comes out raw", limit=300)
def _():
    unknown = Type(4_000_000_001, "", "?", 0, "?")
    for name, literals in SAMPLES.items():
        for literal in literals:
            for fmt in (0, 1):
                value = raw(literal, quoted(name), fmt)
                if not value:
                    continue
                for transform in TRANSFORMS:     # the catalog does not know the type, or says it is something else
                    assert masked(unknown, fmt, transform, "X", value) is None
                    for other in (Type(unknown.oid, "box", "b", 701, "b"), Type(unknown.oid, "r", "c", 0, "?"), Type(unknown.oid, "e", "e", 0, "?")):
                        assert masked(other, fmt, transform, "X", value) is None


@suite.case("scanned containers stay readable when something in them is found")
def _():
    for name, literal in [("hstore", '"who"=>"write to john@example.com", "k"=>NULL'), ("tsvector", "'john@example.com':1A 'zebra':2"),
                          ("textrange", "[alpha,john@example.com]"), ("textmultirange", "{[alpha,john@example.com]}"), ("json", '{"a":["john@example.com"]}'),
                          ("jsonb", '{"a":["john@example.com"]}'), ("_text", '{{john@example.com,NULL},{x,"y z"}}'), ("xml", "<a>john@example.com</a>"),
                          ("person", '(john@example.com,1980-02-03,1)'), ("citext", "john@example.com"), ("_hstore", '{"\\"a\\"=>\\"john@example.com\\""}'),
                          ("bytea", "\\x" + b"john@example.com".hex()), ("varchar", "x john@example.com")]:
        for fmt in (0, 1):
            value = raw(literal, quoted(name), fmt)
            got = masked(types[named[name]], fmt, "scan", "X", value)
            shown = got and (bytes.fromhex(got[2:].decode()) if name == "bytea" and fmt == 0 else got)
            assert got is None or (b"john@example.com" not in shown and b"EMAIL_ADDRESS" in shown), (name, fmt, got)
            if got is not None:
                taken(got, types[named[name]].oid, fmt)
            elif name not in ("textrange", "textmultirange"):   # a mask may sort elsewhere
                raise AssertionError(f"{name} in format {fmt}: withheld though it can be read")


@suite.case("asyncpg decodes masked values of every type in binary", limit=120)
def _():
    import asyncpg

    async def decode():
        reader = await asyncpg.connect(host=str(cluster.dir), port=cluster.port, user="postgres", database="postgres")
        for name in SAMPLES:
            kind = types[named[name]]
            for literal in SAMPLES[name]:
                for transform in ("pseudonym", "fpe", "generalize", "date_shift", "redact"):
                    value = raw(literal, quoted(name), 1)
                    got = masked(kind, 1, transform, "X", value) if value else None
                    if got is None:
                        continue
                    text = taken(got, kind.oid, 1).decode()
                    await reader.fetchval(f"SELECT $1::text::{quoted(types[kind.oid].name).decode()}", text)
        await reader.close()
    asyncio.run(decode())


suite.run()
driver.stdin.close()
suite.finish()
