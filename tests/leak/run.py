#!/usr/bin/env python3
"""The leak suite: a database whose sensitive cells are canaries, generated queries through every channel, and no
canary, not even a piece of one, in what the client's socket received.

Generated from a seed (PGVEIL_SEED, else 1). The generator is itself tested: sent to PostgreSQL directly, most of its
queries must show a canary. scripts/test --all makes forty times as many.
"""
import base64
import os
import pathlib
import random
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / "support"), str(here)]
import shapes  # noqa: E402
import world  # noqa: E402
from suite import Suite  # noqa: E402
from wire import Closed, bind, describe, execute, parse, query, sync  # noqa: E402

suite = Suite("leak")
seed = int(os.environ.get("PGVEIL_SEED", "1"))
count = 8000 if world.slow else 200


class Shared:
    cluster = proxy = None
    pattern = None


def forms(canary, letters=6):
    """Pieces of some letters of a canary, forwards and backwards, and what encodings make of it."""
    pieces = set()
    for text in (canary, canary[::-1]):
        pieces |= {text[i:i + letters] for i in range(len(text) - letters + 1)}
    raw = canary.encode()
    pieces |= {raw.hex()[i:i + 12] for i in range(0, len(raw.hex()) - 11, 2)}
    for shift in range(3):
        middle = base64.b64encode(b"x" * shift + raw).decode()[4:-4]
        pieces |= {middle[i:i + 8].lower() for i in range(max(len(middle) - 7, 0))}
    return pieces


class Pieces:
    """Finds any of many short texts, letter case aside, in time that hangs on the bytes alone: a pattern of thousands
    of alternatives takes an hour over a log."""

    def __init__(self, texts):
        self.by_length = {}
        for text in texts:
            self.by_length.setdefault(len(text), set()).add(text.lower().encode())

    def search(self, data):
        low = data.lower()
        for length, pieces in self.by_length.items():
            for i in range(len(low) - length + 1):
                if low[i:i + length] in pieces:
                    return data[i:i + length]
        return None


def start():
    rng = random.Random(seed)
    Shared.cluster = world.Cluster("log_statement = 'none'")
    Shared.cluster.sql("CREATE DATABASE vault")
    schema, canaries, exact, tags = shapes.vault(rng)
    Shared.cluster.sql(schema, "vault")
    roles = (world.shop_dir / "roles.sql").read_text()
    world.subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", Shared.cluster.dir, "-p", str(Shared.cluster.port), "-U", "postgres", "-d", "vault",
                          "-v", f"reader_password={world.reader_password}", "-v", f"writer_password={world.writer_password}"],
                         input=roles, text=True, check=True, capture_output=True)
    Shared.pattern, Shared.longer = (Pieces(p for c in canaries for p in forms(c, letters)) for letters in (6, 9))
    Shared.exact = [e for e in exact]
    masking = "".join(f'[[masking.column]]\ncolumn = "vault.public.{c}"\nclass = "{k}"\ntransform = "{t}"\n' for c, k, t in tags)
    if "--direct" not in sys.argv:
        Shared.proxy = world.Pgveil(Shared.cluster, database="vault", masking=masking)


def stop():
    if Shared.proxy:
        Shared.proxy.kill()
    if Shared.cluster:
        Shared.cluster.stop()


def found(received, pattern=None):
    hit = (pattern or Shared.pattern).search(received)
    if hit:
        return hit
    return next((e for e in Shared.exact if e in received), None)


# --- channels: each sends one query its own way; the caller looks at what was received --------------------------

def simple(c, sql):
    return c.query(sql)


def extended_text(c, sql):
    return c.extended(sql)


def extended_binary(c, sql):
    return c.extended(sql, results=(1,))


def portal_in_pieces(c, sql):
    c.send(query("BEGIN"), parse(sql), bind(portal="p"), describe("P", "p"), execute("p", 1), execute("p", 2), execute("p"), sync, query("COMMIT"))
    return [*c.until(), *c.until(), *c.until()]


def declared_cursor(c, sql):
    c.query("BEGIN")
    c.query(f"DECLARE k NO SCROLL CURSOR FOR {sql}")
    got = c.query("FETCH 3 FROM k")
    c.query("MOVE 1 FROM k; FETCH ALL FROM k")
    c.query("COMMIT")
    return got


def binary_cursor(c, sql):
    c.query(f"BEGIN; DECLARE k BINARY CURSOR FOR {sql}")
    got = c.query("FETCH ALL FROM k")
    c.query("COMMIT")
    return got


def sql_prepared(c, sql):
    c.query("DEALLOCATE ALL")
    c.query(f"PREPARE s AS {sql}")
    return c.query("EXECUTE s")


def named_twice(c, sql):
    c.send(parse(sql, "n"), describe("S", "n"), sync, bind(statement="n", results=(1,)), execute(), sync, bind(statement="n"), execute(), sync, b"C\0\0\0\7Sn\0", sync)
    return [*c.until(), *c.until(), *c.until(), *c.until()]


def copied(c, sql):
    return c.query(f"COPY ({sql}) TO STDOUT")


def copied_csv(c, sql):
    return c.query(f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE *, QUOTE '@', DELIMITER '|')")


def copied_extended(c, sql):
    return c.extended(f"COPY ({sql}) TO STDOUT WITH BINARY", results=(1,))


def copied_binary(c, sql):
    return c.query(f"COPY ({sql}) TO STDOUT (FORMAT binary)")


def explained(c, sql):
    return c.query(f"EXPLAIN (VERBOSE) {sql}")


def explained_analyze(c, sql):
    return c.query(f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS) {sql}")


def multi(c, sql):
    return c.query(f"SELECT 1; {sql}; SELECT 2")


channels = (simple, extended_text, extended_binary, portal_in_pieces, declared_cursor, binary_cursor, sql_prepared, named_twice, copied, copied_csv, copied_binary, copied_extended,
            explained, explained_analyze, multi)


def attempt(connect, channel, sql):
    """What one query through one channel left on a fresh socket: (piece found or None, rows came)."""
    c, answer = connect(), ()
    begun = len(c.received)     # the login's own random text may spell six letters of anything
    try:
        answer = channel(c, sql)
    except (Closed, ConnectionError):
        pass
    finally:
        c.close()
    # A binary COPY without rows is one message: header and trailer.
    copied_rows = sum(m.kind == "d" for m in answer) >= (2 if channel in (copied_binary, copied_extended) else 1)
    received = bytes(c.received[begun:])
    return found(received), b"D\0" in received or copied_rows


def direct():
    return world.Wire("127.0.0.1", Shared.cluster.port, "pgveil_reader", world.reader_password, "vault")


def generator_shows(make):
    """The generated queries are worth sending: straight to PostgreSQL most of them leak."""
    rng, leaked, tried = random.Random(seed), 0, 60
    for _ in range(tried):
        leaked += attempt(direct, simple, make(rng))[0] is not None
    assert leaked >= tried * 0.6, f"only {leaked} of {tried} queries show a canary when sent to PostgreSQL"


def nothing_leaks(channel, make, rounds, least):
    rng, leaks, rows = random.Random(seed * 1000 + channels.index(channel)), [], 0
    for _ in range(rounds):
        sql = make(rng)
        try:
            piece, answered = attempt(Shared.proxy.agent, channel, sql)
        except Exception as error:
            raise AssertionError(f"{sql}: {error!r}; pgveil said: {Shared.proxy.stderr()[-500:]}") from error
        rows += answered
        if piece:
            leaks.append(f"{piece!r} by {channel.__name__}: {sql}")
    assert not leaks, f"{len(leaks)} of {rounds} leak, first:\n" + "\n".join(leaks[:8])
    assert rows >= rounds * least, f"only {rows} of {rounds} were answered with rows: the channel proves nothing"


def no_literal_in_the_log():
    # Megabytes of hashes and signatures: in so much chance alone spells six letters.
    piece = found(Shared.proxy.log_bytes(), Shared.longer) or found(Shared.proxy.stderr().encode())
    assert piece is None, f"{piece!r} is in the audit log or on stderr"


def main():
    try:
        if not suite.check("the suite's world starts", start, limit=180):
            return
        suite.check("sent to PostgreSQL itself, most generated queries show a canary", generator_shows, shapes.reading)
        if "--direct" in sys.argv:
            return
        for channel in channels:
            refused_here = channel in (explained, explained_analyze)
            suite.check(f"{channel.__name__}: generated reads show no canary", nothing_leaks, channel, shapes.reading, count, 0 if refused_here else 0.3, limit=1200)
        for channel in (simple, extended_text, extended_binary, named_twice, copied, copied_extended):
            suite.check(f"{channel.__name__}: generated errors tell no canary", nothing_leaks, channel, shapes.failing, count // 2, 0, limit=1200)
            suite.check(f"{channel.__name__}: by-ways (catalogs, settings, functions that run text) tell no canary", nothing_leaks, channel, shapes.byway, count // 2, 0, limit=1200)
        suite.check("the audit log and stderr hold no canary", no_literal_in_the_log)
    finally:
        stop()
        suite.finish()


main()
