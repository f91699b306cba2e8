"""What the clients of the soak do, again and again: each function is one short life of a client of `stage`."""
import asyncio
import random

import asyncpg
import psycopg
import psycopg2
import psycopg2.extras

import programs
import world
import wire


class Unexpected(Exception):
    pass


def expect(code, act, errors, what):
    """`act` must fail with this SQLSTATE."""
    try:
        act()
    except errors as error:
        found = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if found != code:
            raise Unexpected(f"{what}: {found} in place of {code}: {error}") from None
        return error
    raise Unexpected(f"{what}: no error in place of {code}")


def with_psycopg2(stage, dice):
    with psycopg2.connect(stage.dsn()) as connection, connection.cursor() as cursor:
        for _ in range(dice.randrange(1, 30)):
            cursor.execute("SELECT id, email, full_name FROM customers WHERE id = %s", (dice.randrange(1, 400),))
            cursor.fetchall()
        named = connection.cursor("held", withhold=False)
        named.itersize = 50
        named.execute("SELECT * FROM orders ORDER BY id LIMIT 500")
        for _ in zip(range(dice.randrange(1, 400)), named):
            pass
        expect("42P01", lambda: cursor.execute("SELECT * FROM no_such_table"), psycopg2.Error, "psycopg2")
        connection.rollback()
    connection.close()


def with_psycopg(stage, dice):
    with psycopg.connect(stage.dsn(), prepare_threshold=2, autocommit=True) as connection:
        for _ in range(dice.randrange(1, 20)):
            connection.execute("SELECT id, body FROM tickets WHERE id = %s", (dice.randrange(1, 300),), binary=dice.random() < .5).fetchall()
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", (n,)) for n in range(dice.randrange(1, 40))]
            assert [c.fetchone()[0] for c in cursors] == list(range(len(cursors)))
        with connection.cursor().copy("COPY customers(id, email) TO STDOUT") as copy:
            assert sum(1 for _ in copy.rows()) > 0
        expect("22012", lambda: connection.execute("SELECT 1/0"), psycopg.Error, "psycopg")


def with_asyncpg(stage, dice):
    async def life():
        connection = await asyncpg.connect(ssl=False, **stage.parts())
        try:
            for _ in range(dice.randrange(1, 20)):
                await connection.fetch("SELECT id, email, created_at FROM customers WHERE id < $1", dice.randrange(1, 60))
            try:
                await connection.fetch("SELECT pg_sleep(30)", timeout=.05)
            except (asyncio.TimeoutError, asyncpg.QueryCanceledError):
                pass
            assert await connection.fetchval("SELECT 7") == 7
        finally:
            await connection.close()
    asyncio.run(life())


def raw(stage, dice):
    """Messages of every kind, an end in the middle of anything."""
    session = stage.wire(tls=dice.random() < .3)
    for _ in range(dice.randrange(1, 12)):
        act = dice.randrange(6)
        if act == 0:
            session.query("SELECT count(*) FROM orders").ok()
        elif act == 1:
            session.extended("SELECT id, email FROM customers LIMIT 20", results=(dice.randrange(2),)).ok()
        elif act == 2:
            session.query("SELEC nothing")
        elif act == 3:
            session.send(wire.query("SELECT pg_sleep(2)"))   # a cancel may come too early, as at any server
            session.cancel()
            answer = session.until()
            if answer.sqlstate not in ("57014", None):
                raise Unexpected(f"cancel: {answer.error}")
        elif act == 4:
            session.send(wire.parse("SELECT 1"), wire.bind(), wire.describe("P"), wire.execute(), wire.flush)
            session.until("C")
            session.send(wire.sync)
            session.until()
        else:
            session.query("BEGIN").ok()
            session.query("SELECT 1/0")
            session.query("ROLLBACK").ok()
    if dice.random() < .5:
        session.send(wire.query("SELECT * FROM orders CROSS JOIN generate_series(1, 200)"))
        session.read()
        session.socket.close()   # in the middle of a result
    else:
        session.close()


def refused_login(stage, dice):
    try:
        stage.wire(password="wrong")
    except wire.Refused as refused:
        if refused.sqlstate != "28P01":
            raise Unexpected(f"login: {refused}") from None
        return
    raise Unexpected("a wrong password was accepted")


def held(answer):
    """The request's id; None where more of them came within a minute than one agent may file: a fast machine does that."""
    return None if answer.sqlstate == "PV011" else world.held(answer)["request"]


def write(stage, dice):
    """Held, approved by a person, run once, held again; in shadow mode it simply runs."""
    sql = f"UPDATE products SET stock = stock + 1 WHERE id = {dice.randrange(1, 10)} AND price > -{dice.random():.9f}"
    with stage.wire() as session:
        first = session.query(sql)
        if stage.shadow:
            return first.ok()
        request = held(first)
        if request is None:
            return
        world.approve(stage.proxy, request)   # always: requests denied, or left, end in PV011 for the whole agent
        session.query(sql).ok()
        again = held(session.query(sql))
        if again is not None:
            world.approve(stage.proxy, again)


def program(stage, dice):
    # One that cancels once only: on a busy machine that comes before the server reads the statement, and is lost.
    which = dice.choice([p for p in programs.programs if p.installed and not p.one_cancel])
    with stage.one_program:   # the same statement of two sessions of one agent is one request
        programs.run(which, stage.target(), (dice.randrange(10, 13), dice.randrange(40, 43)), stage.directory)


# How often each comes: the programs start a whole interpreter.
lives = [with_psycopg2] * 4 + [with_psycopg] * 4 + [with_asyncpg] * 3 + [raw] * 8 + [refused_login] + [write] * 2 + [program]


def one(stage, seed):
    dice = random.Random(seed)
    life = dice.choice(lives)
    life(stage, dice)
    return life.__name__
