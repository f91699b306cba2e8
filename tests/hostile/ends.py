"""Servers that are slow, silent, or gone."""
import threading

from man import at
from stage import Watch, any_of, case, ended, harmless, hear, lives, no_canary, play, ready, right, sensitive, stage
from suite import equal
from wire import Closed, bind, describe, execute, message, parse, query, sync

batch = [parse(sensitive), bind(), describe("P"), execute(), sync]


@case("the server ends the connection at every message of an answer, and in the middle of each")
def _():
    for kind in "TDCZ":
        for parts in (None, batch):
            for keep in (0, 1, 4, 5, 7):
                play(at(kind, lambda s, whole: s.quit(whole[:keep])), parts=parts, answers=2)


@case("the server resets the connection")
def _():
    for kind in "TDZ":
        play(at(kind, lambda s, whole: s.reset(whole[:5])))


@case("the server closes its half: the session ends, and pgveil closes the other")
def _():
    for kind in "TDZ":
        play(at(kind, lambda s, whole: s.half_close(whole[:5])))
        play(at(kind, lambda s, whole: s.half_close()), harmless)


@case("the server ends while the session is idle, in a block, between Flush and Sync")
def _():
    for parts, answers in ((None, 0), (query("BEGIN"), 1), (parse("SELECT 1"), 0)):
        with Watch():
            client = ready()
            if parts:
                client.send(parts)
            hear(client, answers)
            client.session.client.shutdown(2)
            ended(client, hear(client))


def unanswered(client, sql):
    """Sends a query that the server hears and does not answer."""
    heard = threading.Event()

    def script(session, kind, body):
        heard.set()
        session.listen()
    client.session.script = script
    client.send(query(sql))
    assert heard.wait(5)


@case("the server that never answers: the client can leave, and its server connection goes with it")
def _():
    with Watch():
        client = ready()
        unanswered(client, sensitive)
        lives()
        client.socket.close()
        assert client.session.over.wait(8), "the server connection stays"


@case("the server that never answers: a cancel reaches it, and an operator's KILL ends the session")
def _():
    with Watch():
        client = ready("copilot")
        unanswered(client, harmless)
        client.cancel()
        lives()
        number = next(r[0] for r in stage.proxy.console("SHOW SESSIONS").ok().rows if any(cell == client.label for cell in r))
        stage.proxy.console(f"KILL {number}").ok()
        got = hear(client)
        ended(client, got, ("57P01",))


@case("one byte at a time, slowly: the answer is right")
def _():
    def drip(session, kind, body):
        whole = message(kind, body)
        for i in range(min(len(whole), 40)):
            session.send(whole[i:i + 1])
            session.released.wait(0.004)
        return whole[40:]
    for sql in (sensitive, harmless):
        play(drip, sql, end=right)


@case("an answer cut at every byte is the same answer")
def _():
    def cut(session, kind, body):
        for byte in message(kind, body):
            session.send(bytes([byte]))
        return b""
    for sql in (sensitive, harmless):
        play(cut, sql, end=right)


@case("the server says an error and is gone, with and without ReadyForQuery")
def _():
    fatal = message("E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0")
    plain = message("E", b"SERROR\0VERROR\0C22000\0Mno\0\0")
    for told in (fatal, fatal + message("Z", b"I")):
        play(at("T", lambda s, _: s.quit(told)), end=lambda c, g: ended(c, g, ("57P01",)))
    play(at("T", lambda s, _: s.quit(plain)))
    play(at("T", lambda s, _: s.quit(plain + message("Z", b"I"))), end=any_of(gone_later, ended))


def gone_later(client, got):
    equal(got.sqlstate, "22000")
    ended(client, hear(client))


@case("many sessions of a server that goes at once: all are told, and the process is what it was")
def _():
    with Watch():
        clients = [ready() for _ in range(30)]
        for each in clients:
            each.session.script = lambda s, kind, body: s.listen()
            each.send(query(sensitive))
        for each in clients:
            each.session.client.shutdown(2)
        for each in clients:
            ended(each, hear(each))
            no_canary(each)
            each.socket.close()


@case("a server connection dies while the client sends: no answer is lost, none comes twice")
def _():
    client = ready()
    client.session.script = at("Z", lambda s, whole: s.quit(whole), 3)
    try:
        client.send(query(harmless) * 10)
    except OSError:
        pass
    got = hear(client, 11)
    equal((got.kinds.count("Z"), got.rows), (3, stage.expected[harmless] * 3))
    ended(client, got)
    try:
        client.send(query(harmless))
        client.read()
        raise AssertionError("it goes on")
    except (OSError, Closed):
        pass
