"""Rows that do not fit their description, and descriptions that lie about what is sensitive."""
import struct

from man import after, at, before
from stage import any_of, case, ended, harmless, play, right, sensitive, stage
from suite import equal
from wire import Message, bind, describe, execute, message, parse, query, sync

batch = [parse(sensitive), bind(), describe("P"), execute(), sync]


def row(*cells):
    return message("D", struct.pack(">H", len(cells)) + b"".join(struct.pack(">i", -1) if c is None else struct.pack(">i", len(c)) + c for c in cells))


def withheld(client, got):
    """It was taken for a row, but nothing of it was shown."""
    assert got.error is None, got.error
    shown = [r for r in got.rows if "x" in r]
    assert not shown, shown


@case("rows with more and with fewer columns than described")
def _():
    for count in (0, 1, 5, 7, 1000, 65535):
        for parts in (None, batch):
            play(after("D", row(*[b"x"] * count)), parts=parts, end=any_of(ended, withheld))


@case("cells that reach beyond their row, or are of negative size")
def _():
    for body in (b"", b"\0", b"\0\1", b"\0\1\0\0", b"\0\1\0\0\0\2x", b"\0\1\xff\xff\xff\xfe", b"\0\1\x80\0\0\0", b"\0\1\x7f\xff\xff\xffx", b"\0\6" + b"\xff\xff\xff\xff" * 5,
                 b"\0\6" + b"\xff\xff\xff\xff" * 6 + b"more", b"\xff\xff" + b"\xff\xff\xff\xff" * 6):
        for parts in (None, batch):
            play(after("D", message("D", body)), parts=parts)


@case("malformed rows where nothing is masked end the session too, or stay what the client must make of them")
def _():
    for body in (b"", b"\0\1\0\0\0\2x", b"\0\1\xff\xff\xff\xfe"):
        play(after("D", message("D", body)), harmless, end=any_of(ended, lambda c, g: equal(g.kinds.count("D"), 4)))


# Descriptions

def retold(change):
    """RowDescription with every field of a masked column changed."""
    def script(_, kind, body):
        if kind != "T":
            return None
        made = struct.pack(">H", struct.unpack_from(">H", body)[0])
        for column in Message("T", body).columns:
            if column["name"] in ("full_name", "email", "phone", "ssn"):
                column |= change
            made += column["name"].encode() + b"\0" + struct.pack(">ihihih", column["table"], column["attnum"], column["type"], -1, -1, column["format"])
        return message("T", made)
    return script


def masked(client, got):
    """Whatever the description said: no value of a sensitive column came through (`play` looks at the bytes)."""
    assert got.error is None and len(got.rows) == 3, got


lies = {"no table": {"table": 0, "attnum": 0}, "no column": {"attnum": 0}, "a system column": {"attnum": -1}, "int4": {"type": 23}, "bytea": {"type": 17}, "unknown": {"type": 705},
        "json": {"type": 114}, "text[]": {"type": 1009}, "no type": {"type": 0}, "a type of nobody": {"type": 999999}, "a table of nobody": {"table": 999999}, "pg_class": {"table": 1259, "attnum": 2},
        "binary": {"format": 1}, "format 7": {"format": 7}, "another name": {"name": "id"}, "int4 of no table": {"table": 0, "attnum": 0, "type": 23},
        "the id": {"attnum": 1, "type": 23}, "the id, renamed": {"attnum": 1, "type": 23, "name": "id"}, "a bool in binary": {"type": 16, "format": 1}}

for lie, change in lies.items():
    @case(f"a sensitive column said to be {lie}")
    def _(change=change):
        play(retold(change), end=any_of(masked, ended))
        play(retold(change), parts=batch, end=any_of(masked, ended))
        play(retold(change), parts=[parse(sensitive), describe("S"), sync, bind(), execute(), sync], answers=2, end=any_of(masked, ended))
        play(retold(change), parts=[parse(sensitive), bind(results=(1,)), describe("P"), execute(), sync], end=any_of(masked, ended))


@case("the table's OID of another column: a customer said to be a product")
def _():
    oid = int(stage.cluster.sql("SELECT 'products'::regclass::oid", "shop")[0][0])
    play(retold({"table": oid, "attnum": 2}), end=any_of(masked, ended))


@case("a lie told only once, before the statement is used again")
def _():
    for change in lies.values():
        said = [False]

        def script(session, kind, body, change=change, said=said):
            if said[0] or kind != "T":
                return None
            said[0] = True
            return retold(change)(session, kind, body)
        play(script, parts=[query(sensitive), query(sensitive), *batch, *batch], answers=4, end=any_of(lambda c, g: equal((g.error, len(g.rows)), (None, 12)), ended))


@case("columns in another order than asked for")
def _():
    def turned(_, kind, body):
        if kind != "T":
            return None
        fields, at_byte = [], 2
        for column in Message("T", body).columns:
            size = len(column["name"].encode()) + 19
            fields.append(body[at_byte:at_byte + size])
            at_byte += size
        return message("T", body[:2] + b"".join(reversed(fields)))
    play(turned, end=any_of(masked, ended))


@case("a description of fewer columns, and rows of as many")
def _():
    def fewer(_, kind, body):
        if kind == "T":
            return message("T", b"\0\1city\0" + struct.pack(">ihihih", 0, 0, 25, -1, -1, 0))
        if kind == "D":
            return row(stage.email.encode())
        return None
    play(fewer, end=any_of(masked, ended))
    play(fewer, parts=batch, end=any_of(masked, ended))


plain = message("T", b"\0\6" + (b"id\0" + struct.pack(">ihihih", 0, 0, 23, 4, -1, 0)) * 6)
one = message("T", b"\0\1id\0" + struct.pack(">ihihih", 0, 0, 23, 4, -1, 0))


@case("a second description in mid-result, of the same and of another number of columns")
def _():
    for second in (plain, one):
        play(after("D", second), end=any_of(masked, ended))
        play(after("D", second), parts=batch)
        play(after("T", second), end=any_of(masked, ended))
        play(after("D", second), harmless, end=any_of(masked, ended))


@case("rows without a description, and of the statement before")
def _():
    play(at("T", b""), end=any_of(masked, ended))
    play(before("T", row(stage.email.encode())), end=ended)
    play(at("T", b""), parts=batch, end=any_of(masked, ended))


@case("rows of a statement that has none, and of an empty query")
def _():
    told = row(stage.email.encode(), stage.name.encode())
    for sql in ("SET DateStyle = 'ISO'", "BEGIN", "LISTEN x"):
        play(before("C", told), sql, end=any_of(ended, withheld))
        play(before("C", one + row(stage.email.encode())), sql, end=any_of(ended, withheld))
    play(before("I", told), "", end=any_of(ended, withheld))


@case("a result more than there are statements, described as harmless")
def _():
    more = message("C", b"SELECT 1\0") + one + row(stage.email.encode())
    play(before("C", more))
    play(before("C", more), "SELECT 1; " + harmless)
    play(before("C", more, 3), f"SELECT 1; {sensitive}; SELECT 2", end=ended)
    # One completion too many makes the second statement's rows look like the third's.
    play(before("C", message("C", b"SELECT 1\0")), f"SELECT 1; {sensitive}; SELECT 2", end=any_of(ended, lambda c, g: None))


@case("what an honest server says is given on, with a script that changes nothing")
def _():
    for sql in (sensitive, harmless):
        play(lambda *_: None, sql, end=right)
