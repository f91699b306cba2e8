"""The wire as PostgreSQL speaks it: what a client of the extended protocol relies on, compared with PostgreSQL itself."""
import socket
import struct
import threading
import time

from common import agent, case, direct, shared, truth
from suite import contains, equal
from wire import bind, close, describe, execute, flush, message, parse, query, string, sync
import wire
import world


def both(*parts, until="Z", rounds=1):
    """The same bytes to PostgreSQL and to pgveil; gives both answers, reduced to what must be equal."""
    seen = []
    for connect in (direct, agent):
        with connect() as c:
            c.send(*parts)
            got = wire.Answer(m for _ in range(rounds) for m in c.until(until))
            seen.append([(m.kind, reduced(m)) for m in got if m.kind not in "SN"])
    return seen


def reduced(m):
    if m.kind == "E":
        return (m.fields["C"], m.fields["M"], m.fields.get("P"))
    return bytes(m.body)


def same(*parts, **options):
    expected, seen = both(*parts, **options)
    equal(seen, expected)


@case("the portal of a simple query that failed in a block, which may end PostgreSQL itself, is none of the client's")
def _():
    with agent() as a:
        a.query("BEGIN").ok()
        a.send(parse("SELECT 7"), bind(), execute(), sync)
        equal(a.until().sqlstate, None)
        equal(a.query("SELECT 10 / (3 - id) FROM products WHERE id < 5 ORDER BY id").sqlstate, "22012")
        for _ in range(2):
            a.send(execute(), sync)
            equal(a.until().sqlstate, "34000")
        equal(a.query("ROLLBACK").tag, "ROLLBACK")


@case("simple queries answer byte for byte as PostgreSQL does")
def _():
    for sql in ("SELECT 1", "SELECT 1; SELECT 2, 'x'", "", ";", "-- nothing", "SELECT id, total FROM orders ORDER BY id LIMIT 5",
                "SELECT NULL::int, true, 1.5::numeric, ARRAY[1,2], '{\"a\":1}'::jsonb", "SHOW server_version", "SELECT * FROM orders WHERE false",
                "VALUES (1), (2)", "TABLE products LIMIT 2", "SET DateStyle = 'ISO, DMY'", "SELECT 1/0", "SELECT nothing", "SELEC 1",
                "SELECT * FROM no_such_table", "SELECT 'é', E'\\u00e9'", "BEGIN; SELECT 1; COMMIT", "SELECT 1; SELECT 1/0; SELECT 2",
                "EXPLAIN (COSTS OFF) SELECT 1"):
        try:
            same(query(sql))
        except AssertionError as error:
            raise AssertionError(f"{sql!r}: {error}") from None


@case("the extended protocol: parse, bind, describe, execute, close, sync")
def _():
    same(parse("SELECT id, total FROM orders WHERE id = $1"), bind(["3"]), describe("P"), execute(), sync)
    same(parse("SELECT $1::int + $2::int", "s1"), describe("S", "s1"), bind(["1", "2"], "s1", "p1"), execute("p1"), close("P", "p1"), close("S", "s1"), sync)
    same(parse(""), bind(), execute(), sync)
    same(parse("SELECT 1"), sync)
    same(sync)
    same(parse("SET TimeZone = 'UTC'"), bind(), describe("P"), execute(), sync)


@case("describe of a statement comes at a Flush, before any Sync")
def _():
    for connect in (direct, agent):
        with connect() as c:
            c.send(parse("SELECT id, status FROM orders WHERE total > $1", "f"), describe("S", "f"), flush)
            equal(c.until("T").kinds, "1tT")
            c.send(bind(["10"], "f"), execute("", 1), flush)
            equal(c.until("s").kinds, "2Ds")
            c.send(sync)
            equal(c.until().kinds, "Z")


@case("parameters and results in binary")
def _():
    same(parse("SELECT id, total, placed_at, status FROM orders WHERE id = $1", "", (23,)), bind([struct.pack(">i", 5)], formats=(1,), results=(1,)),
         describe("P"), execute(), sync)
    same(parse("SELECT id, sku FROM products ORDER BY id LIMIT 3"), bind(results=(1, 0)), execute(), sync)
    same(parse("SELECT $1::text, $2::bytea"), bind([None, b"\x00\xff"], formats=(0, 1), results=(0, 1)), execute(), sync)


@case("a portal with a row limit is suspended and resumed")
def _():
    same(parse("SELECT id FROM products ORDER BY id"), bind(portal="p"), execute("p", 3), execute("p", 3), execute("p", 0), sync)
    same(query("BEGIN"), parse("SELECT id FROM products ORDER BY id"), bind(portal="p"), execute("p", 2), sync, execute("p", 2), sync, query("COMMIT"), rounds=4)


@case("named statements and portals: reuse, duplicate names, unknown names")
def _():
    same(parse("SELECT 1", "a"), parse("SELECT 2", "a"), sync)
    same(bind(statement="missing"), execute(), sync)
    same(execute("missing"), sync)
    same(describe("S", "missing"), sync)
    same(close("S", "missing"), close("P", "missing"), sync)
    same(parse("SELECT $1::int", "a"), sync, bind(["1"], "a"), execute(), bind(["2"], "a"), execute(), sync, rounds=2)
    same(parse("SELECT 1", "n" * 100), bind(statement="n" * 100), execute(), sync)


@case("a pipeline: many statements before one Sync, and several Syncs in one packet")
def _():
    one = parse("SELECT $1::int") + bind(["4"]) + execute()
    same(one * 20, sync)
    same((one + sync) * 20, rounds=20)
    same(query("SELECT 1") + query("SELECT 2") + query("SELECT 1/0") + query("SELECT 3"), rounds=4)


@case("after an error in a pipeline everything is skipped until Sync")
def _():
    one, bad = parse("SELECT 1") + bind() + execute(), parse("SELECT 1/(id-1) FROM products") + bind() + execute()
    same(one, bad, one, one, sync)
    same(one, bad, one, sync, one, sync, rounds=2)
    same(parse("SELEC"), bind(), execute(), describe("P"), close("P", ""), sync)


@case("a held statement in a pipeline: earlier answers arrive, later ones are skipped, the next Sync is clean")
def _():
    with agent() as a:
        a.send(parse("SELECT 1"), bind(), execute(), parse("UPDATE products SET stock = 0 WHERE id = 1"), bind(), execute(),
               parse("SELECT 2"), bind(), execute(), sync, parse("SELECT 3"), bind(), execute(), sync)
        first, second = a.until(), a.until()
        equal(first.rows, [["1"]])
        world.held(first)
        equal((second.rows, second.error), ([["3"]], None))


@case("a text with a write in it runs not at all")
def _():
    before = truth("SELECT stock FROM products WHERE id = 2")
    with agent() as a:
        got = a.query("SELECT 1; UPDATE products SET stock = -1 WHERE id = 2; SELECT 2")
        world.held(got)
        equal(got.rows, [])
    equal(truth("SELECT stock FROM products WHERE id = 2"), before)


@case("a message cut at every byte is the same message")
def _():
    whole = parse("SELECT id FROM products WHERE id = $1") + bind(["7"]) + describe("P") + execute() + sync
    with agent() as a:
        for cut in range(1, len(whole)):
            a.send(whole[:cut])
            if cut % 16 == 0:
                time.sleep(0.001)
            a.send(whole[cut:])
            equal(a.until().rows, [["7"]], f"cut at {cut}")


@case("messages that are not understood end the session, and only it")
def _():
    for bad in (message("z", b"what"), b"Q\0\0\0\3", b"Q\x7f\xff\xff\xff", message("p", b"again\0")):
        with agent() as a:
            a.send(bad)
            a.socket.settimeout(10)
            got = a.until()
            assert getattr(got, "closed", False), f"{bad[:20]} was survived: {got}"
            assert got.sqlstate in (None, "08P01"), got
    with agent() as a:
        equal(a.query("SELECT 1").value, "1")


@case("whole messages with a wrong inside are 08P01, as in PostgreSQL, and nothing of them runs")
def _():
    for bad in (message("Q", b"SELECT 1"), message("B", b"\0\0\0\x7f\xff"), message("P", b"x\0SELECT 1\0\xff\xff"), message("D", b"X\0"), message("E", b"\0")):
        with agent() as a:
            a.send(bad, sync if bad[:1] != b"Q" else b"")
            got = a.until()
            equal(got.sqlstate, "08P01", str(bad[:20]))
            equal(got.of("D"), [])


@case("FunctionCall is refused and the session lives")
def _():
    with agent() as a:
        a.send(message("F", struct.pack(">ihhihh", 1598, 0, 0, 0, 0, 0)[:14]))
        got = a.until()
        assert got.sqlstate == "0A000" or getattr(got, "closed", False), got


@case("a query is cancelled with the key pgveil gave, and only with it")
def _():
    with agent() as a:
        started = time.monotonic()
        wrong = (a.key[0], a.key[1] ^ 1 if isinstance(a.key[1], int) else a.key[1][::-1])
        a.send(query("SELECT count(*) FROM orders a, orders b, orders c"))
        time.sleep(0.3)
        right, a.key = a.key, wrong
        a.cancel()
        a.socket.settimeout(1)
        try:
            a.read()
            raise AssertionError("a wrong key cancelled")
        except (socket.timeout, TimeoutError):
            pass
        a.socket.settimeout(20)
        a.key = right
        a.cancel()
        equal(a.until().sqlstate, "57014")
        assert time.monotonic() - started < 15
        equal(a.query("SELECT 1").value, "1")


@case("ParameterStatus follows SET, and notices arrive")
def _():
    with agent() as a:
        a.query("SET TimeZone = 'Asia/Tokyo'").ok()
        equal(a.parameters["TimeZone"], "Asia/Tokyo")
        a.query("SET application_name = 'x y'").ok()
        equal(a.parameters["application_name"], "x y")
        got = a.query("ROLLBACK").ok()
        assert got.of("N") and got.of("N")[0].fields["C"] == "25P01", got


@case("what must not be set is refused and nothing changes")
def _():
    with agent() as a:
        for sql in ("SET standard_conforming_strings = off", "SET client_encoding = 'LATIN1'", "SET session_replication_role = replica",
                    "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "SELECT set_config('standard_conforming_strings', 'off', false)",
                    "RESET ROLE; SET ROLE pgveil_writer", "ALTER ROLE pgveil_reader SET work_mem = '1GB'", "SET default_transaction_read_only = off; DELETE FROM orders"):
            got = a.query(sql)
            assert got.sqlstate in ("42501", "PV001", "0A000", "PV003"), f"{sql}: {got}"
        equal(a.query("SHOW standard_conforming_strings").value, "on")


@case("a text with a NUL or invalid UTF-8 never reaches the server")
def _():
    with agent() as a:
        a.send(message("Q", string(b"SELECT '\xff\xfe'")))
        got = a.until()
        assert got.sqlstate in ("22021", "08P01"), got


@case("a reader that stops reading does not grow the process")
def _():
    def resident():
        return int(next(line for line in open(f"/proc/{shared.proxy.process.pid}/status") if line.startswith("VmRSS")).split()[1])
    with agent() as a:
        a.query("SELECT 1")
        before = resident()
        a.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        a.send(query("SELECT i, repeat('x', 1000) FROM generate_series(1, 200000) i"))
        time.sleep(3)
        grown = resident() - before
        assert grown < 8192, f"grew by {grown} KiB while 200 MB waited"


@case("sixty-four clients at once each get their own answers")
def _():
    wrong = []

    def one(number):
        try:
            with agent() as a:
                for i in range(20):
                    got = a.extended("SELECT $1::int * 1000 + $2::int", [str(number), str(i)])
                    if got.rows != [[str(number * 1000 + i)]]:
                        wrong.append((number, i, got))
        except Exception as error:
            wrong.append((number, repr(error)))
    threads = [threading.Thread(target=one, args=(n,)) for n in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(wrong, [])


@case("a client that vanishes mid-query takes its server connection with it")
def _():
    a = agent(startup={"application_name": "vanishing"})
    a.send(query("SELECT count(*) FROM orders a, orders b, orders c"))
    time.sleep(0.3)
    a.socket.close()
    world.wait_for(lambda: truth("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%vanishing' AND state = 'active'") == [["0"]],
                   15, "the running query ending")


@case("multibyte identifiers, long texts and many parameters pass")
def _():
    same(query('SELECT 1 AS "größe", 2 AS "' + "n" * 63 + '"'))
    same(query("SELECT '" + "x" * 300000 + "'"))
    values = [str(i) for i in range(300)]
    same(parse("SELECT " + "+".join(f"${i + 1}::int" for i in range(300))), bind(values), execute(), sync)
    same(query("SELECT " + "(" * 600 + "1" + ")" * 600))                      # parentheses alone leave no node
    contains(str(both(query("SELECT " + "abs(" * 600 + "1" + ")" * 600))[1]), "54001")
