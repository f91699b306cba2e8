"""What leaves in rows, errors and descriptions: masked by tag, by lineage and by content, in text and binary."""
import json
import re
import struct

from common import agent, case, shared, truth
from suite import absent, contains, equal
from wire import bind, describe, execute, parse, query, sync
import world

email, phone, ssn, name = "email", "phone", "ssn", "full_name"


def secrets_of(customer):
    return [s for s in truth(f"SELECT email, phone, ssn, full_name, birth_date::text FROM customers WHERE id = {customer}")[0] if s]


def no_secret(a, customer):
    for secret in secrets_of(customer):
        absent(bytes(a.received), secret.encode())


american = "(SELECT min(id) FROM customers WHERE country = 'US')"


@case("tagged columns come masked by their transform; the others come as they are")
def _():
    row = truth(f"SELECT id, city, country FROM customers WHERE id = {american}")[0]
    with agent() as a:
        got = a.query(f"SELECT id, email, full_name, phone, birth_date, ssn, city FROM customers WHERE id = {row[0]}").ok().rows[0]
        equal((got[0], got[6]), (row[0], row[1]))
        assert re.fullmatch(r"[^@\s]+@masked\.invalid", got[1]), got[1]
        equal(got[2], "[PERSON]")
        contains(got[3], "*")
        equal(got[4], None)
        equal(got[5], "[US_SSN]")
        no_secret(a, row[0])


@case("a pseudonym is stable: across statements, formats, tables' joins and sessions")
def _():
    seen = set()
    for _ in range(2):
        with agent() as a:
            seen.add(a.query("SELECT email FROM customers WHERE id = 7").value)
            a.send(parse("SELECT email FROM customers WHERE id = 7"), bind(results=(1,)), execute(), sync)
            seen.add(a.until().value)
            seen.add(a.query("SELECT contact FROM customer_contacts WHERE id = 7").value)
    equal(len(seen), 1, str(seen))
    with agent() as a:
        equal(a.query("SELECT email FROM customers WHERE id = 8").value in seen, False)


@case("lineage: aliases, stars, subqueries, CTEs, views, unions, joins, whole rows, JSON, arrays, aggregates")
def _():
    forms = ["SELECT email AS id2 FROM customers WHERE id = 9", "SELECT * FROM customers WHERE id = 9", "SELECT c.* FROM customers c WHERE id = 9",
             "SELECT x FROM (SELECT email AS x FROM customers WHERE id = 9) s", "WITH c AS (SELECT email e FROM customers WHERE id = 9) SELECT e FROM c",
             "SELECT contact, name, phone FROM customer_contacts WHERE id = 9", "SELECT email FROM customers WHERE id = 9 UNION ALL SELECT 'x'",
             "SELECT 'x' UNION ALL SELECT email FROM customers WHERE id = 9", "SELECT c FROM customers c WHERE id = 9", "SELECT row(email, phone) FROM customers WHERE id = 9",
             "SELECT row_to_json(c) FROM customers c WHERE id = 9", "SELECT to_jsonb(c) FROM customers c WHERE id = 9", "SELECT array_agg(email) FROM customers WHERE id = 9",
             "SELECT string_agg(email, ',') FROM customers WHERE id = 9", "SELECT max(email) FROM customers WHERE id = 9", "SELECT upper(email) FROM customers WHERE id = 9",
             "SELECT email || '' FROM customers WHERE id = 9", "SELECT substr(email, 1, 30) FROM customers WHERE id = 9", "SELECT reverse(reverse(email)) FROM customers WHERE id = 9",
             "SELECT (SELECT email FROM customers WHERE id = 9)", "SELECT coalesce(email, 'x') FROM customers WHERE id = 9", "SELECT email::varchar(200) FROM customers WHERE id = 9",
             "SELECT CASE WHEN true THEN email END FROM customers WHERE id = 9", "SELECT e FROM customers c, LATERAL (SELECT c.email AS e) l WHERE c.id = 9",
             "SELECT u FROM customers c, unnest(ARRAY[c.email]) u WHERE c.id = 9", "SELECT first_value(email) OVER () FROM customers WHERE id = 9",
             "SELECT json_build_object('a', email) FROM customers WHERE id = 9", "SELECT format('%s', email) FROM customers WHERE id = 9",
             "SELECT encode(email::bytea, 'escape') FROM customers WHERE id = 9", "SELECT birth_date::text FROM customers WHERE id = 9",
             "SELECT to_char(birth_date, 'YYYY-MM-DD') FROM customers WHERE id = 9", "SELECT x.* FROM customers x NATURAL JOIN (SELECT 9 AS id) y",
             "TABLE customers", "SELECT quote_literal(email) FROM customers WHERE id = 9", "SELECT concat(email, full_name) FROM customers WHERE id = 9",
             "SELECT 1 AS a, email AS b FROM customers WHERE id = 9 GROUP BY email", "SELECT DISTINCT email FROM customers WHERE id = 9",
             "WITH RECURSIVE r AS (SELECT email, 1 n FROM customers WHERE id = 9 UNION ALL SELECT email, n + 1 FROM r WHERE n < 3) SELECT * FROM r"]
    for sql in forms:
        for extended in (False, True):
            with agent() as a:
                got = a.extended(sql, results=(1,)) if extended and "customers c WHERE" not in sql else a.query(sql)
                assert got.of("D") or got.sqlstate == "42501", f"{sql}: {got}"
                try:
                    no_secret(a, 9)
                except AssertionError as leak:
                    raise AssertionError(f"{sql}: {leak}") from None


@case("typed columns without a text form become NULL; numbers that are not tagged stay")
def _():
    with agent() as a:
        got = a.query("SELECT salary, hired_on, id FROM employees WHERE id = 6").ok().rows[0]
        equal(got[0], None)
        equal(got[1:], truth("SELECT hired_on, id FROM employees WHERE id = 6")[0])
        a.send(parse("SELECT salary FROM employees WHERE id = 6"), bind(results=(1,)), execute(), sync)
        equal(a.until().of("D")[0].cells, [None])


@case("content: e-mail, card, IBAN, phone, keys and passwords in untagged free text and JSON are redacted")
def _():
    found = truth("SELECT id, body FROM tickets WHERE body LIKE '%@example%' OR body LIKE 'My card%' OR body LIKE 'Refund%' OR body LIKE 'Please call%' LIMIT 40")
    with agent() as a:
        a.query("SELECT body, meta FROM tickets WHERE id IN (" + ",".join(r[0] for r in found) + ")").ok()
        for _, body in found:
            for secret in re.findall(r"\S+@example\.\w+|\b\d{16}\b|\b[A-Z]{2}\d{20}\b|\+\d\d? [\d ]+\d", body):
                absent(bytes(a.received), secret.encode(), body)
        assert b"kettle" in a.received or b"order" in a.received, "the words around stay"


@case("content inside jsonb is masked and the document stays JSON")
def _():
    secret = json.loads(truth("SELECT profile FROM customers WHERE id = 6")[0][0])["contact"]["email"]
    with agent() as a:
        got = a.query("SELECT profile FROM customers WHERE id = 6").ok()
        document = json.loads(got.value)
        contains(document, "tier")
        absent(got.value, secret)
        a.send(parse("SELECT profile FROM customers WHERE id = 6"), bind(results=(1,)), execute(), sync)
        cell = a.until().of("D")[0].cells[0]
        equal(cell[:1], b"\x01", "jsonb's version byte")
        json.loads(cell[1:])
        absent(bytes(a.received), secret.encode())


@case("secrets of known shapes stand alone: JWT, PEM, AWS, GitHub, Slack, Stripe keys, URL passwords, hashes")
def _():
    import base64
    head, body = (base64.urlsafe_b64encode(json.dumps(d).encode()).decode().rstrip("=") for d in ({"alg": "HS256", "typ": "JWT"}, {"sub": "12345"}))
    samples = [f"{head}.{body}.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZy1lbm91Z2g", "AKIA" + "Q3EGR7XKPLVNTC2W", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8", "postgres://app:s3cretpw@db.internal/x",
               "$2b$12$" + "abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234", "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8\n-----END PRIVATE KEY-----"]
    shared.cluster.sql("CREATE TABLE settings_dump (id serial, v text); GRANT SELECT ON settings_dump TO pgveil_reader, pgveil_writer", "shop")
    for value in samples:
        shared.cluster.sql("INSERT INTO settings_dump (v) VALUES ('" + value + "')", "shop")
    with agent() as a:
        a.query("SELECT v FROM settings_dump")
        got = a.query("SELECT id, v FROM settings_dump ORDER BY id").ok()
        equal(len(got.rows), len(samples))
        for value, row in zip(samples, got.rows):
            secret = value if "://" not in value else "s3cretpw"
            absent(row[1] or "", secret)


@case("what only looks like data is left alone: ids, order numbers, dates, versions, UUIDs")
def _():
    for sql in ("SELECT 'version 10.2.33.4', 1234567890, '2026-01-02', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 'order 4111'",
                "SELECT sku, title, price, tags FROM products ORDER BY id LIMIT 50", "SELECT id, customer_id, status, placed_at, total FROM orders ORDER BY id LIMIT 100",
                "SELECT city, count(*), sum(total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY city ORDER BY city",
                "SELECT extract(epoch FROM placed_at)::bigint FROM orders ORDER BY id LIMIT 20", "SELECT * FROM revenue_by_city ORDER BY city"):
        with agent() as a:
            equal(a.query(sql).ok().rows, truth(sql), sql)


@case("counts and aggregates over tagged columns pass: count, count distinct, is null")
def _():
    for sql in ("SELECT count(email) FROM customers", "SELECT count(DISTINCT email) FROM customers", "SELECT count(*) FROM customers WHERE ssn IS NULL"):
        with agent() as a:
            equal(a.query(sql).ok().rows, truth(sql), sql)


@case("= ANY with an array parameter counts what is bound: short ones pass, in either format, long and unread ones are held")
def _():
    emails = [r[0] for r in truth("SELECT email FROM customers ORDER BY id LIMIT 30")]
    text = lambda values: "{" + ",".join('"' + v + '"' for v in values) + "}"  # noqa: E731

    def binary(values, element=25):
        head = struct.pack(">iiIii", 1, 0, element, len(values), 1)
        return head + b"".join(struct.pack(">i", len(v)) + v.encode() for v in values)
    with agent() as a:
        for sql in ("SELECT id FROM customers WHERE email = ANY($1)", "SELECT id FROM customers WHERE email = ANY($1::text[]) AND id > 0"):
            equal(len(a.extended(sql, [text(emails[:5])]).ok().rows), 5)
            equal(len(a.extended(sql, [binary(emails[:20])], formats=(1,)).ok().rows), 20)
            world.held(a.extended(sql, [text(emails)]))
            world.held(a.extended(sql, [binary(emails)], formats=(1,)))
            equal(len(a.extended(sql, [text(emails[:1])]).ok().rows), 1)
            equal(a.extended(sql, [None]).ok().rows, [])
        world.held(a.extended("SELECT id FROM customers WHERE email = ANY($1) OR email = ANY($2)", [text(emails[:15]), text(emails[15:])]))
        world.held(a.extended("SELECT id FROM customers WHERE email = ANY(string_to_array($1, ','))", [",".join(emails[:2])]))
        world.held(a.extended("SELECT id FROM customers WHERE email = ANY($1::text::text[])", [text(emails[:2])]))
        a.query("PREPARE by_mail(text[]) AS SELECT id FROM customers WHERE email = ANY($1)").ok()
        equal(a.query(f"EXECUTE by_mail('{text(emails)}')").sqlstate, "0A000", "it would be held, and nobody can approve a name")
        equal(a.extended("EXECUTE by_mail($1)", [text(emails)]).sqlstate, "0A000")
        equal(a.extended("SELECT id FROM customers WHERE id = ANY($1)", [text(map(str, range(1, 31)))]).ok().tag, "SELECT 30")


@case("equality with a literal or a parameter confirms; ranges and patterns over tagged columns are refused")
def _():
    secret = truth("SELECT email FROM customers WHERE id = 50")[0][0]
    with agent() as a:
        equal(a.query(f"SELECT id FROM customers WHERE email = '{secret}'").ok().rows, [["50"]])
        equal(a.extended("SELECT id FROM customers WHERE email = $1", [secret]).ok().rows, [["50"]])
        for sql in ("SELECT id FROM customers WHERE email LIKE 'a%'", "SELECT id FROM customers WHERE email > 'm'", "SELECT id FROM customers WHERE email ~ '^a'",
                    "SELECT id FROM customers WHERE substr(email, 1, 1) = 'a'", "SELECT id FROM employees WHERE salary > 50000",
                    "SELECT id FROM customers WHERE birth_date < '1980-01-01'", "SELECT count(*) FROM customers WHERE left(ssn, 1) = '1'"):
            got = a.query(sql)
            assert got.sqlstate in ("42501", "PV001"), f"{sql}: {got}"
        contains(str(a.query("SELECT id FROM customers WHERE email LIKE 'a%'").error), "predicates")


@case("errors and notices of statements over tagged columns tell no value")
def _():
    with agent() as a:
        for sql in ("SELECT email::int FROM customers WHERE id = 51", "SELECT (full_name || '')::date FROM customers WHERE id = 51",
                    "SELECT 1/(length(email) - length(email)) FROM customers WHERE id = 51", "SELECT to_number(email, '9') FROM customers WHERE id = 51",
                    "SELECT phone::inet FROM customers WHERE id = 51"):
            got = a.query(sql)
            assert got.error, sql
            no_secret(a, 51)
        codes = {a.query(f"SELECT {e} FROM customers WHERE id = 51").sqlstate for e in ("email::int", "1/(length(email)-length(email))", "phone::inet")}
        equal(len(codes), 1, f"the code tells which: {codes}")


@case("errors that touch nothing sensitive keep PostgreSQL's words and position")
def _():
    with agent() as a:
        got = a.query("SELECT nothing FROM orders").error
        equal((got["C"], got["P"]), ("42703", "8"))
        contains(got["M"], "nothing")
        contains(a.query("SELECT 'x'::int").error["M"], "invalid input syntax")


@case("EXPLAIN, statistics views and activity tell no value")
def _():
    secret = truth("SELECT email FROM customers WHERE id = 52")[0][0]
    shared.cluster.sql("ANALYZE customers", "shop")
    common = truth("SELECT unnest(histogram_bounds::text::text[]) FROM pg_stats WHERE tablename = 'customers' AND attname = 'email' LIMIT 5")
    with agent() as a:
        for sql in ("SELECT * FROM pg_stats WHERE tablename = 'customers'", "SELECT histogram_bounds FROM pg_stats WHERE attname = 'email'",
                    "SELECT * FROM pg_stat_activity", "EXPLAIN SELECT * FROM customers WHERE id = 1", "EXPLAIN VERBOSE SELECT email FROM customers"):
            a.query(sql)
        for value in [secret] + [r[0] for r in common]:
            absent(bytes(a.received), value.encode())


@case("the server's description is kept: names, types, formats; binary stays decodable")
def _():
    with agent() as a:
        a.send(parse("SELECT id, email, phone, profile, ssn FROM customers WHERE id = 53"), describe("S"), bind(results=(1,)), describe("P"), execute(), sync)
        got = a.until().ok()
        equal([c["type"] for c in got.of("T")[0].columns], [23, 25, 1043, 3802, 1042])
        cells = got.of("D")[0].cells
        equal(int.from_bytes(cells[0], "big"), 53)
        cells[1].decode()


@case("temporary copies, settings and prepared names made from sensitive values are refused or stay masked")
def _():
    with agent() as a:
        for sql in ("SELECT set_config('application_name', email, false) FROM customers WHERE id = 54", "CREATE TEMP TABLE t AS SELECT email FROM customers",
                    "SELECT set_config('my.x', email, false) FROM customers WHERE id = 54", "SELECT pg_notify('x', email) FROM customers WHERE id = 54",
                    "SELECT query_to_xml('SELECT email FROM customers', true, false, '')", "SELECT table_to_xml('customers', true, false, '')",
                    "SELECT * FROM generate_series(1, 100) g JOIN customers c ON length(c.email) = g", "SELECT g FROM generate_series(0, 9999) g, employees e WHERE g = e.salary"):
            a.query(sql)
        a.query("SHOW application_name")
        a.query("SELECT current_setting('my.x', true)")
        no_secret(a, 54)


@case("a column added under an open session is not shown in clear before the catalog knows its tag")
def _():
    with agent() as a:
        a.send(parse("SELECT * FROM late", "late"), sync)
        a.until()
        shared.cluster.sql("CREATE TABLE late (id int, email text); GRANT SELECT ON late TO pgveil_reader; INSERT INTO late VALUES (1, 'late.secret@example.org')", "shop")
        a.send(query("SELECT * FROM late"))
        a.until()
        absent(bytes(a.received), b"late.secret@")


@case("a masked value is not written back: PV006, in literals and parameters, whatever the column; honest text is")
def _():
    with agent() as a:
        shown, person, phone_shown = a.query("SELECT email, full_name, phone FROM customers WHERE id = 7").ok().rows[0]
        for sql in (f"UPDATE customers SET email = '{shown}' WHERE id = 8", f"UPDATE customers SET city = 'x', full_name = '{person}' WHERE id = 7", f"UPDATE customers SET phone = '{phone_shown}' WHERE id = 7",
                    f"INSERT INTO tickets (id, subject, body, opened_at) VALUES (99999, 'call', 'reach {shown} soon', now())", f"WITH x AS (UPDATE customers SET email = E'{shown}' RETURNING 1) SELECT * FROM x",
                    f"PREPARE back AS UPDATE customers SET email = '{shown}' WHERE id = 7", f"SELECT * FROM pgveil.submit('UPDATE customers SET email = ''{shown}''')"):
            got = a.query(sql)
            equal(got.sqlstate, "PV006", sql)
            contains(got.error["H"] if isinstance(got.error, dict) else str(got.error), "Leave the column out")
        for values in (("UPDATE customers SET email = $1 WHERE id = $2", (shown, "7")), ("UPDATE customers SET full_name = $1 WHERE id = $2", (person, "7")), ("UPDATE tickets SET body = $1 WHERE id = $2", (f"of {shown}", "7"))):
            equal(a.extended(*values).sqlstate, "PV006", values[0])
        # Nobody's mask: a look-alike key, stars in a title, brackets where nothing is masked.
        for sql in ("UPDATE products SET title = '*** SALE ***' WHERE id = 1", "UPDATE products SET title = '[DRAFT]' WHERE id = 1", "UPDATE customers SET email = 'abcdefghijkmnpqrstuv@masked.invalid' WHERE id = 7"):
            equal(a.query(sql).sqlstate, "PV001", sql)
        # Reading with one is no writing: it finds nothing, and says so as PostgreSQL would.
        equal(a.query(f"SELECT id FROM customers WHERE email = '{shown}'").ok().rows, [])


@case("a temporary table stays in front of the permanent one when the catalog changes")
def _():
    with agent() as a:
        made = world.held(a.query("CREATE TEMP TABLE products AS SELECT id, ssn AS sku FROM customers WHERE ssn IS NOT NULL"))["request"]
        world.approve(shared.proxy, made)
        a.query("CREATE TEMP TABLE products AS SELECT id, ssn AS sku FROM customers WHERE ssn IS NOT NULL").ok()
        numbers = {s.replace("-", "") for (s,) in truth("SELECT ssn FROM customers WHERE ssn IS NOT NULL")}

        def seen():
            got = a.query("SELECT replace(sku, '-', '') FROM products ORDER BY 1 LIMIT 5")
            return got.error is None and bool({row[0] for row in got.rows} & numbers)
        equal(seen(), False, "before")
        shared.cluster.sql("CREATE TABLE newcomer (id int); GRANT SELECT ON newcomer TO pgveil_reader, pgveil_writer", "shop")
        with agent("reader") as other:
            other.query("SELECT id FROM newcomer").ok()      # the catalog is read anew
        equal(seen(), False, "after a change of the catalog")
    shared.cluster.sql("DROP TABLE newcomer", "shop")
