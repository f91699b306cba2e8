"""Messages at the wrong time, twice, or never asked for; what the server says of its transaction."""
import struct

import world
from man import after, at, before
from stage import Watch, agent, any_of, case, closed, contents, ended, harmless, hear, no_canary, play, ready, right, sensitive, stage
from suite import equal
from wire import bind, close, describe, execute, flush, message, parse, query, sync

batch = [parse(sensitive), bind(), describe("P"), execute(), sync]
complete, idle, copy_in, copy_out, copy_both = (message(k, b) for k, b in
                                                (("C", b"SELECT 1\0"), ("Z", b"I"), ("G", b"\0\0\1\0\0"), ("H", b"\0\0\1\0\0"), ("W", b"\0\0\1\0\0")))


@case("CommandComplete twice, with simple and extended messages")
def _():
    play(after("C", complete))
    play(after("C", complete), parts=batch)
    play(after("C", complete * 1000))


@case("ReadyForQuery before the rows, in the middle of them, and twice")
def _():
    for sql in (sensitive, harmless):
        for script in (before("T", idle), before("D", idle, 2), after("Z", idle), after("Z", idle * 100)):
            play(script, sql, answers=3)
    for script in (before("1", idle), before("T", idle), before("D", idle), before("C", idle), after("Z", idle)):
        play(script, parts=batch, answers=2)


@case("ReadyForQuery with every status byte that is none")
def _():
    for status in (b"\0", b"i", b"t", b"X", b"\xff", b" "):
        play(at("Z", message("Z", status)))
        play(at("Z", message("Z", status)), parts=batch)


@case("answers nobody waits for, while the session is idle")
def _():
    for kind, body in (("D", b"\0\1\0\0\0\1x"), ("T", b"\0\0"), ("C", b"SELECT 1\0"), ("Z", b"I"), ("1", b""), ("2", b""), ("3", b""), ("n", b""), ("s", b""), ("I", b""), ("t", b"\0\0"),
                       ("G", b"\0\0\0"), ("H", b"\0\0\0"), ("W", b"\0\0\0"), ("d", b"x"), ("c", b""), ("V", b"\xff\xff\xff\xff"), ("R", b"\0\0\0\0"), ("K", bytes(8)), ("v", bytes(8))):
        with Watch():
            client = ready()
            client.session.send(message(kind, body))
            got = hear(client)
            ended(client, got)
            client.socket.close()


@case("AuthenticationRequest of each kind, BackendKeyData and NegotiateProtocolVersion during a query")
def _():
    for code in (0, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 99):
        play(before("T", message("R", struct.pack(">i", code) + b"salt")))
    for body in (b"", bytes(8), bytes(300)):
        play(before("T", message("K", body)))
        play(before("T", message("v", body)))


@case("the server wants COPY data, or sends some, for a SELECT")
def _():
    for more in (copy_in, copy_out, copy_both, message("d", b"x"), message("c"), copy_out + message("d", stage.email.encode() + b"\n") + message("c")):
        for sql in (sensitive, harmless):
            play(before("T", more), sql, end=ended_with("08006", "0A000"))
            play(before("D", more), sql, end=ended_with("08006", "0A000"))
        play(before("C", more), parts=batch, end=ended_with("08006", "0A000"))


def ended_with(*codes):
    return lambda client, got: ended(client, got, codes)


@case("COPY TO STDOUT: binary where text was asked for, other columns, rows within rows, the end in mid-row")
def _():
    sql = "COPY customers (id, email, phone) TO STDOUT"
    for script in (at("H", message("H", b"\1\0\3\0\1\0\1\0\1")), at("H", message("H", b"\0\0\1\0\0")), at("H", message("H", b"\0\xff\xff")), at("H", message("H", b"\2\0\0")),
                   at("d", message("d", b"1\t" + stage.email.encode())), at("d", message("c")), before("d", message("G", b"\0\0\0")), after("H", message("T", b"\0\0")),
                   after("H", message("H", b"\0\0\1\0\0")), at("H", b""), before("H", message("d", stage.email.encode() + b"\n"))):
        with Watch():
            client = ready()
            client.session.script = script
            client.send(query(sql))
            got = hear(client)
            any_of(ended_with("08006", "0A000"), lambda c, g: equal(g.error, None))(client, got)
            no_canary(client)
            client.socket.close()


@case("answers of other messages than were sent, in a batch")
def _():
    answers = {"1": b"", "2": b"", "3": b"", "n": b"", "s": b"", "I": b"", "t": b"\0\0", "T": b"\0\0", "C": b"SELECT 0\0", "D": b"\0\0"}
    for sent, right_one in ((parse("SELECT 1"), "1"), (bind(statement="known"), "2"), (close("S", "none"), "3"), (describe("S", "known"), "t")):
        for kind, body in answers.items():
            if kind == right_one or (right_one == "t" and kind in "Tn"):
                continue
            with Watch():
                client = ready()
                client.send(parse("SELECT 1", "known"), sync)
                hear(client)
                client.session.script = before(right_one, message(kind, body))
                client.send(sent, flush)
                ended(client, hear(client))
                client.socket.close()


@case("an answer more than there were messages, behind a batch and behind a Flush")
def _():
    for more in (message("1"), message("2"), message("n"), complete, message("D", b"\0\1\0\0\0\1x"), idle):
        play(after("Z", more), parts=batch, answers=2)
        client = ready()
        client.session.script = after("1", more)
        client.send(parse("SELECT 1"), flush)
        ended(client, hear(client))
        client.socket.close()


@case("a status that lies: idle within a block, a block where there is none")
def _():
    for sql, status in (("BEGIN", b"I"), ("BEGIN", b"E"), (harmless, b"T"), (harmless, b"E"), ("BEGIN; " + harmless, b"I")):
        play(at("Z", message("Z", status)), sql)
        play(at("Z", message("Z", status)), parts=[parse(sql), bind(), execute(), sync] if ";" not in sql else None, sql=sql)


@case("within a lie about the block nothing that was not approved is written, and what was is not said to be done")
def _():
    before_it = contents()
    write = "UPDATE products SET stock = 0 WHERE id = 1"
    with Watch():
        client = ready("copilot")
        world.held(client.query(write))
        client.session.script = lambda _, kind, body: message("Z", b"I") if kind == "Z" else None
        client.send(query("BEGIN"), query(write), query("COMMIT"))
        hear(client, 3)
        client.socket.close()
        assert client.session.over.wait(6)
    assert contents() == before_it, "a write that nobody approved"


@case("a write that was approved, and a server that lies about its end: not executed twice, and the session ends")
def _():
    write = "UPDATE products SET stock = stock + 1 WHERE id = 2"
    stock = stage.cluster.sql("SELECT stock FROM products WHERE id = 2", "shop")
    with Watch():
        client = ready("copilot")
        request = world.held(client.query(write))["request"]
        world.approve(stage.proxy, request)
        client.session.script = before("C", message("Z", b"I"))
        client.send(query(write))
        ended(client, hear(client, 2))
        assert closed(client)
        world.wait_for(lambda: stage.proxy.console(f"SHOW REQUEST '{request}'").ok(), 5, "the console")
        with agent("copilot") as again:
            got = again.query(f"SELECT * FROM pgveil.execute('{request}')")
            assert "executed" not in str(got.rows) or got.error, got
    now = stage.cluster.sql("SELECT stock FROM products WHERE id = 2", "shop")
    assert int(now[0][0]) in (int(stock[0][0]), int(stock[0][0]) + 1), f"{stock} became {now}"
    stage.cluster.sql(f"UPDATE products SET stock = {stock[0][0]} WHERE id = 2", "shop")


@case("what answers pgveil's own messages is wrong: the question for the search path, the statement run by its number")
def _():
    for script in (at("D", b""), at("D", message("D", b"\0\0")), at("D", message("D", b"\0\2\xff\xff\xff\xff\xff\xff\xff\xff")), at("D", message("D", b"\0\1\0\0\0\7x")),
                   before("D", copy_in), at("C", message("s")), at("C", message("I")), before("D", message("T", b"\0\0")), at("3", b""), at("C", b"")):
        with Watch():
            client = agent()
            client.session.script = script
            client.send(query(sensitive))
            ended(client, hear(client, 2))
            no_canary(client)
            client.socket.close()


@case("pgveil.execute: the server wants COPY data, sends rows nobody described, or is ready too early")
def _():
    plain = message("T", b"\0\1id\0" + struct.pack(">ihihih", 0, 0, 23, 4, -1, 0))
    told = message("D", b"\0\1\0\0\0\1x")
    for number, script in enumerate((before("C", copy_in), before("C", copy_out), before("C", told), before("C", plain + told), before("C", message("D", b"\0\2")), at("C", message("C", b"no end")))):
        write = f"UPDATE orders SET total = total WHERE id = {number + 1} RETURNING id"
        with Watch():
            client = ready("copilot")
            request = world.held(client.query(write))["request"]
            world.approve(stage.proxy, request)
            client.query("SELECT 1").ok()
            armed = [False]

            def only_the_write(session, kind, body, script=script, armed=armed):
                armed[0] = armed[0] or (kind == "T" and b"id\0" in body)
                return script(session, kind, body) if armed[0] else None
            client.session.script = only_the_write
            client.send(query(f"SELECT * FROM pgveil.execute('{request}')"))
            got = hear(client)
            any_of(ended_with("08006"), lambda c, g: equal(g.error, None))(client, got)
            no_canary(client)
            client.socket.close()


@case("right answers after all of this")
def _():
    play(lambda *_: None, end=right)
