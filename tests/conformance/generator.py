"""Random sequences of client messages, as lines of the dialogue language, so that what fails can be kept as a dialogue.

Names come from small sets, so that they meet: statements of Parse and PREPARE, portals of Bind and DECLARE. What
pgveil answers differently on purpose is not generated: `Mix` says what a mode allows.
"""
import random

statements, portals = ["", "a", "b"], ["", "p", "q"]

reads = ["SELECT 1", "SELECT id FROM t ORDER BY id", "SELECT id, word FROM t WHERE id < 4 ORDER BY id", "SELECT n FROM t ORDER BY id", "VALUES (1, 'x'), (2, 'y')",
         "SELECT repeat('x', 3000) FROM t", "", "SELECT word FROM t WHERE false", "SHOW TimeZone", "EXPLAIN (COSTS OFF) SELECT 1", "SELECT current_setting('TimeZone')"]
parameterised = [("SELECT $1::int", 1), ("SELECT id FROM t WHERE id <= $1 ORDER BY id", 1), ("SELECT $1::text, $2::int", 2)]
failing = ["SELECT 1/0", "SELECT 10/(3-id) FROM t ORDER BY id", "SELEC", "SELECT nothing FROM t", "SELECT * FROM nowhere", "SELECT 'x'::int", "SELECT id/0 FROM t"]
texts = ["SELECT 1; SELECT 'b'", "SELECT 1; SELECT 1/0; SELECT 2", ";", "BEGIN; SELECT 1", "BEGIN; SELECT 1; COMMIT", "COMMIT; SELECT 1", "SELECT 1; ROLLBACK; SELECT 2",
         "BEGIN; SELECT 1/0", "SELECT 1; BEGIN; SELECT 2", "ROLLBACK; BEGIN", "EXECUTE a", "EXECUTE b"]
transaction = ["BEGIN", "COMMIT", "ROLLBACK", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT x", "ROLLBACK TO x", "RELEASE x", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN",
               "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "BEGIN ISOLATION LEVEL SERIALIZABLE", "START TRANSACTION READ ONLY"]
session = ["SET TimeZone = 'Asia/Tokyo'", "SET TimeZone = 'UTC'", "SET LOCAL TimeZone = 'Europe/Paris'", "RESET TimeZone", "SET search_path = public", "SET search_path = public, pg_catalog",
           "SET application_name = 'conf'", "SET work_mem = 'lots'", "SET statement_timeout = 0"]
names = ["DECLARE p CURSOR FOR SELECT id FROM t ORDER BY id", "DECLARE q CURSOR WITH HOLD FOR SELECT word FROM t ORDER BY id", "FETCH 2 FROM p", "FETCH 1 FROM q", "FETCH ALL FROM p",
         "MOVE 1 FROM p", "CLOSE p", "CLOSE q", "CLOSE ALL", "DEALLOCATE a", "DEALLOCATE b", "DEALLOCATE ALL", "DISCARD ALL",
         "PREPARE c AS SELECT id FROM t ORDER BY id", "EXECUTE c", "DEALLOCATE c"]
shared_names = ["PREPARE a AS SELECT id FROM t WHERE id < 3", "PREPARE b (int) AS SELECT $1", "EXECUTE b (3)"]
writes = ["INSERT INTO u VALUES (1, 1, 'x') ON CONFLICT DO NOTHING", "DELETE FROM u", "UPDATE t SET word = word WHERE id = 1 RETURNING id", "INSERT INTO u VALUES (-1, 1, 'x')",
          "INSERT INTO u VALUES (5, 999, 'x')", "INSERT INTO u SELECT i, 1, 'y' FROM generate_series(10, 13) i ON CONFLICT DO NOTHING RETURNING id", "LISTEN here", "NOTIFY here, 'x'",
          "CREATE TEMP TABLE IF NOT EXISTS mine (a int)", "SELECT * INTO TEMP mine FROM t", "DO $$ BEGIN RAISE NOTICE 'n'; END $$", "DO $$ BEGIN EXECUTE 'PREPARE b AS SELECT 7'; END $$",
          "SELECT nextval('no_seq')", "LOCK TABLE t IN SHARE MODE", "VACUUM t", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET standard_conforming_strings = off"]
held = ["INSERT INTO u VALUES (1, 1, 'x') RETURNING 1", "UPDATE t SET word = 'gone' WHERE id = 1 RETURNING 1", "DELETE FROM t WHERE id = 20 RETURNING 1",
        "WITH w AS (DELETE FROM u RETURNING 1) SELECT 1 FROM w", "SELECT 1 FROM t WHERE id = 3 FOR UPDATE"]
copies_out = ["COPY (SELECT id FROM t ORDER BY id) TO STDOUT", "COPY (SELECT 10/(3-id) FROM t ORDER BY id) TO STDOUT", "COPY (SELECT 1, 'x') TO STDOUT WITH (FORMAT binary)"]
malformed = ['msg B ""', 'msg B "\\x00a\\x00\\x00\\x00\\x00\\x01"', 'msg P "a"', 'msg P "\\x00SELECT 1\\x00\\x00\\x00x"', 'msg D "X\\x00"', 'msg D ""', 'msg C "X\\x00"', 'msg E "\\x00"',
             'msg Q "SELECT 1"', 'msg H "abc"', 'msg S "abc"', 'Q "SELECT \'\\xff\'"', 'P a "SELECT \'\\xff\'"', 'B p a f=2 1', 'B "" a r=7', 'd "x"', "c", 'f "x"', 'msg E "p\\x00\\x00"']
# Refused here in enforce mode before the server could find another fault in them first.
malformed_known = [m for m in malformed if m not in ('msg B "\\x00a\\x00\\x00\\x00\\x00\\x01"', "B p a f=2 1", 'B "" a r=7', 'msg E "p\\x00\\x00"')]
fatal = ['msg z ""', 'raw "Q\\x00\\x00\\x00\\x03"', "X", 'len S 20000 ""', 'msg T ""']


class Mix:
    """What a mode allows, as weights of kinds of lines."""

    def __init__(self, mode):
        self.mode = mode
        self.weights = {"parse": 10, "bind": 9, "execute": 9, "describe": 4, "close": 3, "sync": 9, "flush": 2, "query": 8, "batch": 8, "gap": 3, "malformed": 1.2, "fatal": 0.12, "late": 1}
        if mode == "shadow":
            self.weights |= {"copy": 2, "copy_batch": 2, "copy_lost": 0.3, "call": 1, "corner": 0.4}

    def text(self, r, simple):
        pools = [(reads, 6), (failing, 3), (transaction, 5), (session, 2), (names, 3)]
        if simple:
            pools.append((texts, 2))
        if self.mode == "shadow":
            pools += [(shared_names, 2), (writes, 4), (copies_out, 1)]
        if self.mode == "held":
            pools.append((held, 5))
        pool = r.choices([p for p, _ in pools], [w for _, w in pools])[0]
        return r.choice(pool)


def quoted(word):
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Generator:
    def __init__(self, mode, seed):
        self.random, self.mix = random.Random(seed), Mix(mode)

    def sequence(self):
        r, lines = self.random, []
        for _ in range(r.randint(1, r.choice([6, 14, 30]))):
            kind = r.choices(list(self.mix.weights), list(self.mix.weights.values()))[0]
            lines += getattr(self, kind)()
            if kind in ("fatal", "copy_lost", "corner"):
                break
        return lines

    def statement(self):
        return quoted(self.random.choice(statements))

    def portal(self):
        return quoted(self.random.choice(portals))

    def parse(self):
        if self.random.random() < 0.2:
            return [f"P {self.statement()} {quoted(self.random.choice(parameterised)[0])}"]
        return [f"P {self.statement()} {quoted(self.mix.text(self.random, False))}"]

    def values(self):
        return " ".join(self.random.choice(["1", "2", "x", "NULL", '""']) for _ in range(self.random.choices([0, 1, 2], [6, 3, 1])[0]))

    def results(self):
        return self.random.choice(["", "", "", "r=1 ", "r=0 ", "r=0,1 "])

    def bind(self):
        return [f"B {self.portal()} {self.statement()} {self.results()}{self.values()}".rstrip()]

    def execute(self):
        return [f"E {self.portal()} {self.random.choice([0, 0, 1, 2, 50])}"]

    def describe(self):
        return [f"D S {self.statement()}" if self.random.random() < 0.5 else f"D P {self.portal()}"]

    def close(self):
        return [f"C S {self.statement()}" if self.random.random() < 0.5 else f"C P {self.portal()}"]

    def sync(self):
        return ["S"]

    def flush(self):
        return ["H"]

    def query(self):
        return [f"Q {quoted(self.mix.text(self.random, True))}"]

    def batch(self):
        """What a driver sends: so that most sequences get somewhere."""
        r = self.random
        s, p = self.statement(), self.portal()
        if r.random() < 0.3:
            text, count = r.choice(parameterised)
            values = " ".join(str(r.randint(1, 9)) for _ in range(count))
        else:
            text, values = self.mix.text(r, False), ""
        lines = [f"P {s} {quoted(text)}"]
        lines += [f"D S {s}"] if r.random() < 0.3 else []
        lines += [f"B {p} {s} {self.results()}{values}".rstrip()]
        lines += [f"D P {p}"] if r.random() < 0.4 else []
        lines += [f"E {p} {r.choice([0, 0, 0, 1, 3])}"]
        lines += [f"C {r.choice(['S ' + s, 'P ' + p])}"] if r.random() < 0.3 else []
        return lines + (["S"] if r.random() < 0.8 else [])

    def gap(self):
        return ["gap"]

    def malformed(self):
        return [self.random.choice(malformed if self.mix.mode == "shadow" else malformed_known)]

    def late(self):
        return [self.random.choice(['d "late"', "c", 'f "late"'])]

    def fatal(self):
        return [self.random.choice(fatal)]

    def call(self):
        return [self.random.choice(["F 177 2 3", "F 177 x y", "F 89", "F 4242424", "F 177 2", 'msg F ""'])]

    def data(self):
        """COPY data and their end; Sync and Flush among them only where they are sure to be ignored."""
        r = self.random
        good = r.random() < 0.7
        lines = []
        for i in range(r.randint(0, 3)):
            lines.append(f'd "{r.randint(100, 10 ** 8)}\\t1\\tc\\n"' if good else f'd "{r.choice(["x", "-1"])}\\t1\\tc\\n"')
            if r.random() < 0.2:
                lines.append("gap")
        return lines + [r.choice(["c", "c", 'f "no"'])]

    def copy(self):
        r = self.random
        text = r.choice(["COPY u FROM STDIN", "COPY u FROM STDIN", "COPY u FROM STDIN; SELECT 5", "SELECT 4; COPY u FROM STDIN", "COPY nowhere FROM STDIN", "COPY u FROM STDIN; SELECT 1/0", "BEGIN; COPY u FROM STDIN"])
        return [f"Q {quoted(text)}"] + (["gap"] if r.random() < 0.5 else []) + self.data()

    def copy_batch(self):
        r = self.random
        s, p = self.statement(), self.portal()
        ahead = ["S"] if r.random() < 0.4 else ["H"] if r.random() < 0.5 else []
        return ([f"P {s} {quoted('COPY u FROM STDIN')}", f"B {p} {s}", f"E {p} 0"] + ahead + (["gap"] if r.random() < 0.4 else []) + self.data() + ["S"])


    def corner(self):
        """Any message in any state, the states that chance alone seldom reaches too."""
        r = self.random
        status = r.choice([[], ['Q "BEGIN"'], ['Q "BEGIN"', 'Q "SELECT 1/0"']])
        begins = 'P "" "ROLLBACK"' if len(status) == 2 else f'P "" {quoted(r.choice(reads))}'
        places = [[], [begins], [begins, 'B "" ""'], ['P "" "SELEC"']] + ([['Q "COPY u FROM STDIN"', "gap"]] if len(status) < 2 else [])
        message = getattr(self, r.choice(["query", "parse", "bind", "execute", "describe", "close", "sync", "flush", "late", "call"]))()
        return ["S", *status, *r.choice(places), *message]

    def copy_lost(self):
        """Anything else while the server reads data: it does not know where the next message begins, and ends."""
        r = self.random
        text = r.choice(["COPY u FROM STDIN", "BEGIN; COPY u FROM STDIN"])
        data = self.data()[:-1] if r.random() < 0.5 else []
        return [f"Q {quoted(text)}", "gap"] + data + [r.choice(['Q "SELECT 1"', 'P "" "SELECT 1"', 'B "" ""', 'E "" 0', 'D P ""', 'C S ""', "F 89"])]


def shrunk(lines, differs, tries=250):
    """Fewer lines that still differ: pieces are left out as long as that holds."""
    size = max(len(lines) // 2, 1)
    while tries > 0:
        at, removed = 0, False
        while at < len(lines) and tries > 0:
            fewer = lines[:at] + lines[at + size:]
            tries -= 1
            if fewer and differs(fewer):
                lines, removed = fewer, True
            else:
                at += size
        if size == 1 and not removed:
            return lines
        size = max(size // 2, 1)
    return lines
