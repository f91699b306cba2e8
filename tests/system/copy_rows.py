"""COPY: rows out through the masking engine in text, CSV and binary; rows in as any other write."""
import csv
import io
import random
import re
import struct
import subprocess

import world
from common import agent, case, direct, shared, truth
from suite import absent, contains, equal
from wire import bind, execute, flush, message, parse, query, sync
from world import approve, held, wait_for


def data(answer):
    return b"".join(m.body for m in answer.of("d"))


def settled(answer):
    """Everything that must be the same directly and through pgveil, message by message."""
    return [(m.kind, {k: v for k, v in m.fields.items() if k not in "FLRp"} if m.kind in "EN" else m.body) for m in answer]


def text_rows(raw, null="\\N", delimiter="\t"):
    letters = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    unescape = lambda cell: re.sub(r"\\(.)", lambda m: letters.get(m[1], m[1]), cell, flags=re.S)  # noqa: E731
    return [[None if c == null else unescape(c) for c in line.split(delimiter)] for line in raw.decode().split("\n")[:-1]]


def binary_rows(raw):
    assert raw[:11] == b"PGCOPY\n\xff\r\n\0" and raw[11:19] == bytes(8), raw[:19]
    at, rows = 19, []
    while True:
        count = struct.unpack_from(">h", raw, at)[0]
        at += 2
        if count < 0:
            equal(at, len(raw), "nothing follows the trailer")
            return rows
        row = []
        for _ in range(count):
            size = struct.unpack_from(">i", raw, at)[0]
            at += 4
            row.append(None if size < 0 else raw[at:at + size])
            at += max(size, 0)
        rows.append(row)


def odd_values(rng):
    pieces = ["", "plain", "two words", "tab\there", "line\nbreak", "\r\n", "back\\slash", "\\N", "\\.", '"', '""', 'say "hi"', ",", ";", "|", "'", "é", "漢字", "\b\f\v\x01\x7f", "NULL", "null",
              "a,b", " lead", "trail ", "\\t", "x" * 300]
    return "".join(rng.choice(pieces) for _ in range(rng.randint(0, 3)))


def literal(value):
    return "NULL" if value is None else "E'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def make_odd(seed=1):
    rng = random.Random(seed)
    rows = [(i, None if rng.random() < .15 else odd_values(rng), None if rng.random() < .15 else odd_values(rng), rng.choice([None, i * 1.5]), rng.choice(["{a,b}", None, '{"q\\"",NULL}'])) for i in range(120)]
    rows += [(1000, "\\.", "\\.", None, None), (1001, "", "", None, "{}"), (1002, None, None, None, None)]
    values = ",".join(f"({i},{literal(a)},{literal(b)},{'NULL' if n is None else n},{literal(t)})" for i, a, b, n, t in rows)
    shared.cluster.sql("DROP TABLE IF EXISTS odd; CREATE TABLE odd (id int, a text, \"B c\" varchar, n numeric, t text[], twice int GENERATED ALWAYS AS (id * 2) STORED);"
                       f"INSERT INTO odd (id, a, \"B c\", n, t) VALUES {values}; GRANT SELECT, INSERT ON odd TO pgveil_reader, pgveil_writer;"
                       "CREATE TABLE none (); INSERT INTO none DEFAULT VALUES; INSERT INTO none DEFAULT VALUES; GRANT SELECT ON none TO pgveil_reader, pgveil_writer", "shop")


def options(rng):
    kind = rng.choice(["text", "csv", "csv", "binary"])
    if kind == "binary":
        return rng.choice([" (FORMAT binary)", " WITH BINARY", " (FORMAT 'binary')"])
    parts = [f"FORMAT {kind}"] if kind == "csv" or rng.random() < .5 else []
    delimiter = rng.choice([",", ";", "|", "\t", "~", "\x01", "N"]) if rng.random() < .5 else None
    if delimiter:
        parts.append(f"DELIMITER {literal(delimiter)}")
    if rng.random() < .4:
        parts.append(f"NULL {literal(rng.choice(['', 'NULL', 'x' * 3, '-', chr(92) + 'N', '<null>']))}")
    if rng.random() < .4:
        parts.append(rng.choice(["HEADER", "HEADER true", "HEADER 'on'", "HEADER 1", "HEADER false", "HEADER off"]))
    if kind == "csv":
        if rng.random() < .4:
            parts.append(f"QUOTE {literal(rng.choice(['@', chr(39), '|', chr(34), 'q']))}")
        if rng.random() < .4:
            parts.append(f"ESCAPE {literal(rng.choice(['@', chr(92), '!', chr(34), ',']))}")
        if rng.random() < .3:
            parts.append(rng.choice(["FORCE_QUOTE *", "FORCE_QUOTE (a)", "FORCE_QUOTE (id, \"B c\")", "FORCE_QUOTE (nope)"]))
    if rng.random() < .2:
        parts.append(f"ENCODING {literal(rng.choice(['UTF8', 'utf-8', 'Unicode']))}")
    if rng.random() < .03:
        parts.append(rng.choice(["FREEZE", "FORCE_NULL (a)", "NULL 'again'", "HEADER match", "DELIMITER 'ab'"]))
    rng.shuffle(parts)
    return f" ({', '.join(parts)})" if parts else ""


def what(rng):
    return rng.choice(["odd", "odd", "public.odd", 'odd (a)', 'odd ("B c", id)', "ONLY odd" if rng.random() < .1 else "none", "(SELECT * FROM odd ORDER BY id)", "(SELECT a FROM odd WHERE id < 50)",
                       "(SELECT t, n, a || 'x', '(' AS b FROM odd)", "(TABLE odd)", "(VALUES (1, NULL), (2, 'x'))", "( /* ) */ SELECT ')', a FROM odd)", "(SELECT FROM odd LIMIT 3)",
                       "(SELECT count(*) FROM odd)", "(SELECT a FROM odd WHERE false)", "(WITH w AS (SELECT 1 AS one) SELECT one, a FROM w, odd)", "(SELECT id FROM odd UNION SELECT 7)",
                       "odd (nope)", "nosuch", "(SELECT nope FROM odd)", "(SELECT 10 / (60 - id) FROM odd)", "(SELECT $1)", "revenue_by_city"])


def unknown_in(sql):
    """Names that do not exist: pgveil may find something else to say first."""
    return re.search(r"nope|nosuch", sql)


def copied(c, sql, way):
    if way == "extended":
        c.send(parse(sql), bind(), execute(), sync)
        return c.until()
    if way == "block":
        c.query("BEGIN")
        got = c.query(sql)
        c.query("ROLLBACK")
        return got
    if way == "among others":
        return c.query(f"SELECT 1; {sql}; SELECT 2")
    return c.query(sql)


@case("COPY of what is not sensitive is byte for byte what PostgreSQL sends: any options, queries, errors", limit=240)
def _():
    make_odd()
    rng, rows = random.Random(5), 0
    with agent() as a, direct() as d:
        for i in range(2500 if world.slow else 500):
            sql = f"COPY {what(rng)} TO STDOUT{options(rng)}"
            way = rng.choice(["simple", "simple", "extended", "block", "among others"])
            through, bare = copied(a, sql, way), copied(d, sql, way)
            rows += len(bare.of("d"))
            if through.error and bare.error:    # names of columns and places in the text are the server's own
                codes = (bare.sqlstate, "42501", "42703", "42P01", "0A000") if unknown_in(sql) else (bare.sqlstate,)
                equal(through.sqlstate in codes, True, f"{way}: {sql}: {through.error} {bare.error}")
                equal(through.status, bare.status, sql)
                continue
            equal(settled(through), settled(bare), f"{way}: {sql}")
    assert rows > 5000, rows


@case("COPY of masked columns gives what SELECT gives, in text, CSV and binary, by table and by query")
def _():
    tables = {"customers": "id, email, full_name, phone, birth_date, ssn, city, profile", "employees": "id, email, salary, hired_on", "payments": "id, card_number, iban, amount",
              "tickets": "id, body, meta"}
    with agent() as a:
        for table, columns in tables.items():
            plain = a.query(f"SELECT {columns} FROM {table}").ok().rows
            a.send(parse(f"SELECT {columns} FROM {table}"), bind(results=(1,)), execute(), sync)
            binary = [m.cells for m in a.until().ok().of("D")]
            for source in (f"{table} ({columns})", f"(SELECT {columns} FROM {table})", f"(SELECT * FROM (SELECT {columns} FROM {table}) s)"):
                equal(text_rows(data(a.query(f"COPY {source} TO STDOUT").ok())), plain, source)
                got = data(a.query(f"COPY {source} TO STDOUT (FORMAT csv, NULL '<>', HEADER)").ok()).decode()
                equal([[None if c == "<>" else c for c in row] for row in list(csv.reader(io.StringIO(got)))[1:]], plain, source)
                equal(binary_rows(data(a.query(f"COPY {source} TO STDOUT (FORMAT binary)").ok())), binary, source)
        secrets = [s for row in truth("SELECT email, phone, ssn FROM customers LIMIT 50") for s in row if s]
        secrets += [s for row in truth("SELECT card_number, iban FROM payments LIMIT 50") for s in row if s]
        for secret in secrets:
            absent(bytes(a.received), secret.encode())


@case("COPY with lineage: expressions, unions, views, whole rows, JSON; text and binary, no secret in either")
def _():
    secrets = [s for s in truth("SELECT email, phone, ssn, full_name FROM customers WHERE id = 9")[0] if s]
    with agent() as a:
        for sql in ("SELECT upper(email) FROM customers WHERE id = 9", "SELECT email FROM customers WHERE id = 9 UNION ALL SELECT 'x'", "SELECT c FROM customers c WHERE id = 9",
                    "SELECT to_jsonb(c) FROM customers c WHERE id = 9", "SELECT array_agg(email) FROM customers WHERE id = 9", "SELECT contact, phone FROM customer_contacts WHERE id = 9",
                    "SELECT row(email, phone) FROM customers WHERE id = 9", "SELECT string_agg(email, ',') FROM customers WHERE id = 9", "SELECT reverse(reverse(ssn)) FROM customers WHERE id = 9"):
            for form in ("", " (FORMAT csv, FORCE_QUOTE *)", " (FORMAT binary)"):
                for way in ("simple", "extended", "block"):
                    got = copied(a, f"COPY ({sql}) TO STDOUT{form}", way)
                    assert got.of("d"), f"{sql}: {got}"
        for secret in secrets:
            absent(bytes(a.received), secret.encode())
            absent(bytes(a.received).lower(), secret.lower().encode())


@case("in shadow mode COPY's bytes pass as they are, masked columns too")
def _():
    proxy = world.Pgveil(shared.cluster, mode="shadow")
    with proxy.agent() as a, direct() as d:
        for sql in ("COPY customers TO STDOUT", "COPY (SELECT email FROM customers) TO STDOUT (FORMAT binary)", "COPY customers TO STDOUT (FORMAT csv, ENCODING 'latin1')"):
            equal(settled(a.query(sql)), settled(d.query(sql)), sql)
    proxy.kill()


@case("rows far larger than a message or a buffer are masked whole")
def _():
    shared.cluster.sql("CREATE TABLE wide (id int, body text, email text); GRANT SELECT ON wide TO pgveil_reader, pgveil_writer;"
                       "INSERT INTO wide SELECT g, repeat('some words, ', 300000) || 'mail wide.secret' || g || '@example.org now', 'x' FROM generate_series(1, 3) g", "shop")
    a = agent()
    with a:
        for form in ("", " (FORMAT csv)", " (FORMAT binary)"):
            got = data(a.query(f"COPY (SELECT id, body FROM wide) TO STDOUT{form}").ok())
            assert len(got) > 10_000_000, len(got)
            absent(got, b"wide.secret")
            contains(got, b"EMAIL_ADDRESS")


@case("options that cannot be followed are refused with 0A000; the session lives, a block has failed")
def _():
    with agent() as a:
        for sql in ("COPY orders TO STDOUT (ENCODING 'latin1')", "COPY (SELECT email FROM customers) TO STDOUT (NULL 'ann@example.org')", "COPY customers TO STDOUT (FORMAT csv, QUOTE E'\\n')"):
            equal(a.query(sql).sqlstate, "0A000", sql)
            equal(a.query("SELECT 1").value, "1")
            equal(a.extended(sql).sqlstate, "0A000", sql)
            a.query("BEGIN").ok()
            equal(a.query(sql).status, "E", sql)
            equal(a.query("SELECT 1").sqlstate, "25P02")
            a.query("ROLLBACK").ok()
        a.query("COPY (SELECT email FROM customers) TO STDOUT (NULL 'NULL')").ok()
        a.query("COPY (SELECT id FROM customers) TO STDOUT (NULL 'ann@example.org')").ok()


@case("what COPY reads is judged as a read is: predicates over tagged columns, writes within, programs and files")
def _():
    with agent() as a:
        for sql in ("COPY (SELECT id FROM customers WHERE email LIKE 'a%') TO STDOUT", "COPY (SELECT id FROM employees WHERE salary > 50000) TO STDOUT"):
            assert a.query(sql).sqlstate in ("42501", "PV001"), sql
        held(a.query("COPY (UPDATE products SET stock = 0 WHERE id = 1 RETURNING *) TO STDOUT"))
        for sql in ("COPY orders TO '/tmp/x'", "COPY orders TO PROGRAM 'cat'"):
            equal(a.query(sql).sqlstate, "42501", sql)
    with agent("reader") as r:
        r.query("COPY orders TO STDOUT").ok()


@case("an approved COPY (UPDATE ... RETURNING) runs once, its rows masked")
def _():
    with agent() as a:
        sql = "COPY (UPDATE customers SET city = 'Ulm' WHERE id = 77 RETURNING id, email, city) TO STDOUT -- a comment"
        approve(shared.proxy, held(a.query(sql))["request"])
        got = text_rows(data(a.query(sql).ok()))
        equal((got[0][0], got[0][2]), ("77", "Ulm"))
        absent(bytes(a.received), truth("SELECT email FROM customers WHERE id = 77")[0][0].encode())
        held(a.query(sql))


@case("row and byte limits cut a COPY and a SELECT with PV010, however soon the server was done")
def _():
    rule = '\n[[rule]]\nname = "few"\nwhen = { kind = ["read"] }\naction = "allow"\nlimits = { rows = 10 }\n'
    proxy = world.Pgveil(shared.cluster, more=rule)
    with proxy.agent() as a:
        for sql in ("COPY orders TO STDOUT", "COPY (SELECT email FROM customers LIMIT 11) TO STDOUT", "COPY (SELECT id FROM orders LIMIT 11) TO STDOUT (FORMAT binary)",
                    "SELECT id FROM orders LIMIT 11", "SELECT email FROM customers LIMIT 11", "SELECT g FROM generate_series(1, 1000000) g"):
            got = a.query(sql)
            equal((got.sqlstate, got.status, got.of("C")), ("PV010", "I", []), sql)
            a.query("BEGIN").ok()
            got = a.query(sql)
            equal((got.sqlstate, got.status), ("PV010", "E"), sql)
            a.query("ROLLBACK").ok()
        equal(len(data(a.query("COPY (SELECT id FROM orders LIMIT 10) TO STDOUT").ok()).split()), 10)
        got = a.extended("SELECT id FROM orders LIMIT 11")
        equal(got.sqlstate, "PV010")
    proxy.kill()


@case("the log counts a COPY's rows, bytes and masked cells")
def _():
    with agent() as a:
        a.query("COPY (SELECT email, id FROM customers WHERE id < 6) TO STDOUT").ok()
        a.query("COPY (SELECT id FROM orders WHERE id < 4) TO STDOUT").ok()
    results = wait_for(lambda: (lambda found: found if len(found) >= 2 else None)(
        [r for r in shared.proxy.records() if r["kind"] == "stmt.result" and r.get("tag") in ("COPY 5", "COPY 3")]), what="the records")
    five = [r for r in results if r["tag"] == "COPY 5"][-1]
    three = [r for r in results if r["tag"] == "COPY 3"][-1]
    equal((five["rows"], three["rows"]), (5, 3))
    assert five["bytes"] > 20 and three["bytes"] > 5, results
    assert sum(v if isinstance(v, int) else v[1] for v in (five["masked"].values() if isinstance(five["masked"], dict) else five["masked"])) == 5, five


def psql(script, env=None):
    return subprocess.run(["psql", "-X", "-q", "-At", f"host=127.0.0.1 port={shared.proxy.port} user=copilot password={world.agents['copilot']} dbname=shop sslmode=disable"], input=script,
                          text=True, capture_output=True)


@case("psql \\copy out, COPY in a script, and \\copy in after approval")
def _():
    path = shared.proxy.dir / "out.csv"
    got = psql(f"\\copy (SELECT id, email FROM customers WHERE id < 4 ORDER BY id) TO '{path}' CSV HEADER\nCOPY (SELECT 1, 'x') TO STDOUT;\n")
    equal((got.returncode, got.stderr, got.stdout), (0, "", "1\tx\n"))
    lines = path.read_text().splitlines()
    equal((lines[0], len(lines)), ("id,email", 4))
    absent(path.read_text(), truth("SELECT email FROM customers WHERE id = 1")[0][0])
    path.write_text("5000,psql\n")
    load = f"\\copy odd (id, a) FROM '{path}' CSV\n"
    first = psql(load)
    request = re.search(r"r_[A-Za-z0-9]+", first.stderr)[0]
    approve(shared.proxy, request)
    equal(psql(load).stderr, "")
    equal(truth("SELECT a FROM odd WHERE id = 5000"), [["psql"]])


@case("psycopg2 copy_expert and psycopg 3 copy: text and binary, out and in")
def _():
    import psycopg
    import psycopg2
    where = {"host": "127.0.0.1", "port": shared.proxy.port, "user": "copilot", "password": world.agents["copilot"], "dbname": "shop", "sslmode": "disable"}
    secret = truth("SELECT email FROM customers WHERE id = 3")[0][0]
    with psycopg2.connect(**where) as c, c.cursor() as cursor:
        cursor.execute("SELECT email FROM customers WHERE id = 3")
        shown = cursor.fetchone()[0]
        out = io.StringIO()
        cursor.copy_expert("COPY (SELECT id, email FROM customers WHERE id = 3) TO STDOUT", out)
        equal(out.getvalue(), f"3\t{shown}\n")
        absent(shown, secret)
    with psycopg.connect(**where, autocommit=True) as c:
        with c.cursor().copy("COPY (SELECT id, email, placed_at FROM customers JOIN orders USING (id) WHERE id = 3) TO STDOUT") as copy:
            equal([r[:2] for r in copy.rows()], [("3", shown)])
        with c.cursor().copy("COPY (SELECT id, email FROM customers WHERE id = 3) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            equal(list(copy.rows()), [(3, shown)])
        load = "COPY odd (id, a) FROM STDIN (FORMAT binary)"

        def fill(number):
            with c.cursor().copy(load) as copy:
                copy.set_types(["int4", "text"])
                copy.write_row((number, "psycopg"))
        try:
            fill(5001)
            raise AssertionError("it was not held")
        except psycopg.Error as error:
            equal(error.sqlstate, "PV001")
            approve(shared.proxy, re.search(r"r_[A-Za-z0-9]+", str(error))[0])
        fill(5001)
        equal(truth("SELECT a FROM odd WHERE id = 5001"), [["psycopg"]])


def copy_data(*rows):
    return b"".join(message("d", row) for row in rows)


done = message("c")


def approved(a, sql):
    approve(shared.proxy, held(a.query(sql))["request"])


def loaded(first):
    return [r[0] for r in truth(f"SELECT a FROM odd WHERE id >= {first} AND id < {first} + 50 ORDER BY id")]


@case("COPY FROM STDIN in the extended protocol: held at Bind, streamed after approval; Sync and Flush within are ignored")
def _():
    sql = "COPY odd (id, a) FROM STDIN"
    with agent() as a:
        approved(a, sql)
        a.send(parse(sql), bind(), execute(), sync)     # this Sync is read by the COPY
        equal(a.until("GEZ").kinds, "12G")
        a.send(copy_data(b"6000\tone\n60"), sync, flush, copy_data(b"01\ttwo\n"), sync, done, sync)
        got = a.until()
        equal((got.kinds, got.tag, got.status), ("CZ", "COPY 2", "I"))
        equal(a.query("SELECT 1").value, "1")
        equal(loaded(6000), ["one", "two"])


@case("COPY FROM STDIN: data right behind the statement, without waiting for the server")
def _():
    for first, ahead in ((6100, lambda sql: query(sql)), (6150, lambda sql: parse(sql) + bind() + execute() + sync)):
        sql = f"COPY odd (id, a) FROM STDIN -- {first}"
        with agent() as a:
            approved(a, sql)
            a.send(ahead(sql), copy_data(f"{first}\tahead\n".encode()), done, *([sync] if first == 6150 else []), query("SELECT 2"))
            got = a.until()
            equal(got.tag, "COPY 1")
            equal(a.until().value, "2")
            equal(loaded(first), ["ahead"])


@case("COPY FROM STDIN ended by CopyFail, by bad data, by an error before any data, by another message")
def _():
    shared.cluster.sql("CREATE VIEW odd_view AS SELECT * FROM odd; GRANT SELECT, INSERT ON odd_view TO pgveil_writer, pgveil_reader", "shop")
    cases = (("odd (id, a)", copy_data(b"6200\tx\n") + message("f", b"enough\0") + sync, "57014"), ("odd (id, a)", copy_data(b"bad\tx\n") + done + sync, "22P02"),
             ("odd (id, a)", copy_data(b"bad\tx\n") * 3 + done + copy_data(b"late\n") + done + sync, "22P02"))
    for target, then, code in cases:
        for simple in (False, True):
            sql = f"COPY {target} FROM STDIN"
            with agent() as a, direct_writer() as d:
                approved(a, sql)
                answers = []
                for c in (a, d):
                    c.send(*([query(sql)] if simple else [parse(sql), bind(), execute(), sync]))
                    c.until("GEZ")
                    c.send(then[:-5] if simple else then)
                    answers.append([c.until().kinds, c.query("SELECT 3").value])
                equal(answers[0], answers[1], f"{sql} {code}")
                approve_nothing_left(a, sql)
    with agent() as a:
        sql = "COPY odd_view (id, a) FROM STDIN"
        approved(a, sql)
        a.send(parse(sql), bind(), execute(), sync)
        got = a.until()
        assert got.error and got.status == "I", got
        equal(a.query("SELECT 4").value, "4")
    with agent() as a:
        sql = "COPY odd (a, id) FROM STDIN"
        approved(a, sql)
        a.send(query(sql))
        a.until("G")
        a.send(query("SELECT 5"))
        got = a.until()
        equal(([m.fields["C"] for m in got.of("E")], getattr(got, "closed", False)), (["08P01", "08P01"], True))
    with agent() as a:
        wait_for(lambda: a.query(sql).sqlstate in ("PV001", "PV007"), what="the spent request's end")


def approve_nothing_left(a, sql):
    held(a.query(sql))      # the approval was spent, or came back: either way nothing runs unasked
    assert not loaded(6200), "a failed COPY left rows"


def direct_writer():
    return world.Wire("127.0.0.1", shared.cluster.port, "pgveil_writer", world.writer_password, "shop")


@case("two COPY FROM STDIN in one text, data of both sent ahead")
def _():
    sql = "COPY odd (id, a) FROM STDIN; COPY odd (id, a) FROM STDIN"
    with agent() as a:
        approved(a, sql)
        a.send(query(sql), copy_data(b"6300\tfirst\n"), done, copy_data(b"6301\tsecond\n"), done)
        got = a.until()
        equal([m.text for m in got.of("C")], ["COPY 1", "COPY 1"])
        equal(loaded(6300), ["first", "second"])


@case("COPY FROM STDIN between BEGIN and COMMIT of one text, and in a block")
def _():
    with agent() as a:
        sql = "BEGIN; COPY odd (id, a) FROM STDIN; COMMIT"
        approved(a, sql)
        a.send(query(sql), copy_data(b"6400\tblock\n"), done)
        got = a.until()
        equal((got.error, got.status), (None, "I"))
        equal(a.query("SELECT 1").value, "1")
        equal(loaded(6400), ["block"])
        equal(a.query("SELECT setting FROM pg_settings WHERE name = 'default_transaction_read_only'").rows, [["on"]], "the default is read-only again")


@case("a large COPY FROM STDIN is streamed: messages of 20 MB pass in pieces")
def _():
    sql = "COPY odd (id, a) FROM STDIN -- large"
    with agent() as a:
        approved(a, sql)
        a.send(query(sql))
        a.until("G")
        body = b"".join(b"%d\t%s\n" % (6500, b"x" * 1000) for _ in range(20_000))
        a.send(copy_data(body), done)
        equal(a.until().tag, "COPY 20000")
        shared.cluster.sql("DELETE FROM odd WHERE id = 6500", "shop")
