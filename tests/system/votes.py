"""Columns whose names say nothing: what the proxy's own sample of their values makes of them."""
import random

from common import case, shared
from suite import absent, contains, equal
from wire import wait_for
import world

r = random.Random(14)


def digits(n):
    return r.choice("123456789") + "".join(r.choice("0123456789") for _ in range(n - 1))


def nhs():
    while True:
        body = "4" + digits(8)
        check = -sum(int(d) * w for d, w in zip(body, range(10, 1, -1))) % 11
        if check != 10:
            return body + str(check)


def ssn():
    while True:
        area, group, serial = r.randint(1, 899), r.randint(1, 99), r.randint(1, 9999)
        if area != 666:
            return f"{area:03}-{group:02}-{serial:04}"


def part():
    return f"{digits(3)}-{digits(2)}-{digits(4)}"


def card():
    body = "4" + digits(14)
    total = sum(int(c) * 2 - 9 if i % 2 == 0 and int(c) > 4 else int(c) * (2 - i % 2) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def fill(database, name, columns, rows):
    """A table of one transaction: nobody samples half of it."""
    values = ",".join("(" + ",".join(f"'{v}'" for v in row) + ")" for row in rows)
    shared.cluster.sql(f"BEGIN; CREATE TABLE {name} ({columns}); INSERT INTO {name} VALUES {values}; GRANT SELECT ON {name} TO pgveil_reader; COMMIT; "
                       f"ANALYZE {name}", database)


made = {}


def sampled():
    """The database all cases share, and what is in it."""
    if made:
        return made
    shared.cluster.sql("CREATE DATABASE votes")
    made["nhs"], made["part"] = [nhs() for _ in range(200)], [part() for _ in range(1000)]
    made["ssn"], made["card"] = [ssn() for _ in range(1000)], [card() for _ in range(200)]
    made["order"] = ["1" + digits(15) for _ in range(600)] + ["4" + digits(15) for _ in range(400)]
    fill("votes", "a", "k text, v text", [(i, v) for i, v in enumerate(made["nhs"])])
    fill("votes", "b", "v text, n int", [(v, 1) for v in made["part"]])
    fill("votes", "c", "v text", [(v,) for v in made["ssn"]])
    fill("votes", "d", "v varchar(30)", [(v,) for v in made["card"]])
    fill("votes", "e", "v text", [(v,) for v in made["order"]])
    fill("votes", "f", "v bigint", [(v,) for v in made["nhs"]])
    shared.cluster.sql("CREATE VIEW w AS SELECT v FROM b; GRANT SELECT ON w TO pgveil_reader; CREATE TABLE shut (v text); "
                       "INSERT INTO shut SELECT v FROM a", "votes")
    return made


def own(sample="24h", **options):
    sampled()
    return world.Pgveil(shared.cluster, database="votes", masking="", sample=sample, packs=("core", "region/us", "region/gb"), database_more='refresh = "1s"', **options)


def masking(proxy):
    """What SHOW MASKING says: column -> (class, transform, source)."""
    return {row[0]: (row[1], row[2], row[4]) for row in proxy.console("SHOW MASKING").ok().rows}


def wait_for_vote(proxy, column, words):
    wait_for(lambda: words in masking(proxy).get(f"votes.public.{column}", ("", "", ""))[2], 30, f"a vote on {column}")


def read(proxy, table, column="v"):
    with proxy.agent("reader") as a:
        return [row[0] for row in a.query(f"SELECT {column} FROM {table}").ok().rows]


def share_masked(seen, truth):
    equal(len(seen), len(truth))
    return sum(1 for s, t in zip(seen, truth) if s != t) / len(truth)


@case("numbers with check digits under a name that says nothing are masked once they are sampled, whole, and it is said why")
def _():
    proxy = own()
    for table in "af":
        wait_for_vote(proxy, f"{table}.v", "vote: 200 of 200")
    wait_for(lambda: share_masked(read(proxy, "a"), sampled()["nhs"]) == 1.0, 10, "the vote in force")
    equal(set(read(proxy, "a")), {"[UK_NHS]"})
    equal(set(read(proxy, "f")), {None})
    equal(read(proxy, "a", "k")[:3], ["0", "1", "2"])
    # The tag is followed as one of the config is: through expressions, and in what may be asked.
    absent(str(read(proxy, "a", "right(v, 5)")), sampled()["nhs"][0][-5:])
    contains(str(proxy.records()), "vote/votes.public.a.v")
    explained = proxy.cli("explain", "--config", proxy.dir / "pgveil.toml", "--agent", "copilot", "--database", "votes", "SELECT v FROM a").stdout
    contains(explained, "vote: 200 of 200 distinct sampled values")
    proxy.stop()


@case("part numbers and ids of sixteen digits can be read after the vote, people's numbers of the same shape cannot before or after")
def _():
    proxy = own(sample="0s")
    d = sampled()
    assert share_masked(read(proxy, "b"), d["part"]) > 0.9
    assert share_masked(read(proxy, "c"), d["ssn"]) == 1.0 and share_masked(read(proxy, "d"), d["card"]) == 1.0
    proxy.write_config(sample="24h")
    proxy.console("RELOAD").ok()
    wait_for_vote(proxy, "b.v", "vote against nnn-nn-nnnn")
    wait_for_vote(proxy, "e.v", "vote against 16 digits")
    for table, kind in (("b", "part"), ("e", "order")):
        wait_for(lambda: share_masked(read(proxy, table), d[kind]) == 0.0, 10, f"{kind} readable")
    with proxy.agent("reader") as a:
        equal([row[0] for row in a.extended("SELECT q.v FROM (SELECT v FROM b) q", results=(1,)).ok().rows], [v for v in d["part"]], "in binary, through a subquery")
    equal(proxy.psql("-c", "COPY b (v) TO STDOUT", name="reader").stdout.split(), d["part"], "COPY")
    wait_for_vote(proxy, "c.v", "vote: ")
    wait_for_vote(proxy, "d.v", "vote: ")
    assert share_masked(read(proxy, "c"), d["ssn"]) == 1.0 and share_masked(read(proxy, "d"), d["card"]) == 1.0
    # Only the column as it is stored: no expression, no set operation, no view, no name that says otherwise.
    for sql in ("SELECT v || '' FROM b", "SELECT v FROM b UNION ALL SELECT v FROM b", "SELECT v FROM w", "SELECT v AS ssn FROM b", "SELECT '536-22-1234' FROM b",
                "SELECT 'see ' || v FROM b", "SELECT array_agg(v) FROM b", "SELECT max(v) FROM b WHERE v < '8'", "SELECT to_json(v) FROM b"):
        with proxy.agent("reader") as a:
            got = str(a.query(sql).ok().rows)
            contains(got, "SSN]", sql)
    # What RETURNING names as the column's may have come from elsewhere a moment ago.
    shared.cluster.sql("GRANT SELECT, UPDATE ON b TO pgveil_writer", "votes")
    update = f"UPDATE b SET v = '536-22-1234' WHERE v = '{d['part'][0]}' RETURNING v"
    with proxy.agent() as a:
        world.approve(proxy, world.held(a.query(update))["request"])
        equal(a.query(update).ok().rows, [["[US_SSN]"]])
    shared.cluster.sql(f"UPDATE b SET v = '{d['part'][0]}' WHERE v = '536-22-1234'", "votes")
    proxy.stop()


@case("votes are there at once after a restart, without sampling too; what was said against then is not")
def _():
    proxy = own()
    wait_for_vote(proxy, "a.v", "vote: 200 of 200")
    wait_for_vote(proxy, "b.v", "vote against")
    proxy.stop()
    shared.cluster.sql("REVOKE SELECT ON a, b FROM pgveil_reader; GRANT SELECT (v, k) ON a TO pgveil_reader", "votes")
    try:
        proxy.start()
        before = masking(proxy)
        contains(before["votes.public.a.v"][2], "vote: 200 of 200")
        contains(before["votes.public.b.v"][2], "vote against")
        assert share_masked(read(proxy, "a"), sampled()["nhs"]) == 1.0
        proxy.stop()
        proxy.write_config(sample="0s")
        proxy.start()
        after = masking(proxy)
        contains(after["votes.public.a.v"][2], "vote: 200 of 200")
        equal(after.get("votes.public.b.v"), None)
        proxy.stop()
    finally:
        shared.cluster.sql("GRANT SELECT ON a, b TO pgveil_reader", "votes")


@case("a table made anew under its old name has no vote, and gets its own")
def _():
    sampled()
    fill("votes", "again", "v text", [(nhs(),) for _ in range(60)])
    proxy = own()
    wait_for_vote(proxy, "again.v", "vote: 60 of 60")
    parts = [part() for _ in range(1000)]
    shared.cluster.sql("DROP TABLE again", "votes")
    fill("votes", "again", "v text", [(v,) for v in parts])
    wait_for_vote(proxy, "again.v", "vote against")
    wait_for(lambda: share_masked(read(proxy, "again"), parts) == 0.0, 10, "readable")
    shared.cluster.sql("ALTER TABLE again RENAME v TO z", "votes")
    wait_for(lambda: "votes.public.again.z" in masking(proxy) and "votes.public.again.v" not in masking(proxy), 30, "a vote on the renamed column alone")
    proxy.stop()
    shared.cluster.sql("DROP TABLE again", "votes")


@case("a table that was seen empty is looked at again within seconds")
def _():
    sampled()
    shared.cluster.sql("CREATE TABLE late (v text); GRANT SELECT ON late TO pgveil_reader", "votes")
    proxy = own()
    wait_for(lambda: 'FROM ONLY "public"."late"' in shared.cluster.log(), 30, "a look at the empty table")
    shared.cluster.sql("INSERT INTO late SELECT v FROM a", "votes")
    wait_for_vote(proxy, "late.v", "vote: 200 of 200")
    proxy.stop()
    shared.cluster.sql("DROP TABLE late", "votes")


@case("what was said against ends when people's numbers come into the column; what was said for stays")
def _():
    sampled()
    fill("votes", "mixed", "v text, u text", [(part(), nhs()) for _ in range(1000)])
    proxy = own(sample="1s")
    wait_for_vote(proxy, "mixed.v", "vote against")
    wait_for_vote(proxy, "mixed.u", "vote: ")
    numbers = [ssn() for _ in range(4000)]
    shared.cluster.sql("BEGIN; DELETE FROM mixed WHERE ctid >= '(2,0)'; INSERT INTO mixed (v, u) VALUES " +
                       ",".join(f"('{v}', 'ref {i}')" for i, v in enumerate(numbers)) + "; COMMIT; ANALYZE mixed", "votes")
    wait_for(lambda: "against" not in masking(proxy).get("votes.public.mixed.v", ("", "", ""))[2], 30, "the vote against taken back")
    wait_for(lambda: not set(read(proxy, "mixed")) & set(numbers), 10, "masked again")
    contains(masking(proxy)["votes.public.mixed.u"][2], "vote: ")
    proxy.stop()
    shared.cluster.sql("DROP TABLE mixed", "votes")


@case("partitions vote, and their parent with them if all of them agree; foreign tables and views are not looked at")
def _():
    sampled()
    parts, people = [part() for _ in range(2000)], [ssn() for _ in range(1000)]
    rows = ",".join(f"({i // 1000}, '{v}', '{people[i % 1000]}')" for i, v in enumerate(parts))
    shared.cluster.sql("BEGIN; CREATE TABLE whole (n int, v text, u text) PARTITION BY LIST (n); CREATE TABLE whole_0 PARTITION OF whole FOR VALUES IN (0); "
                       f"CREATE TABLE whole_1 PARTITION OF whole FOR VALUES IN (1); INSERT INTO whole VALUES {rows}; GRANT SELECT ON whole, whole_0, whole_1 TO "
                       "pgveil_reader; COMMIT; ANALYZE whole; CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE far "
                       "(v text) SERVER s OPTIONS (filename '/nowhere'); GRANT SELECT ON far TO pgveil_reader", "votes")
    start = len(shared.cluster.log())
    proxy = own()
    wait_for_vote(proxy, "whole.v", "vote against")
    wait_for_vote(proxy, "whole.u", "vote: ")
    wait_for(lambda: sorted(read(proxy, "whole")) == sorted(parts), 10, "readable")
    equal(read(proxy, "whole_1"), parts[1000:])
    absent(str(read(proxy, "whole", "u")), people[0])
    shared.cluster.sql("CREATE TABLE whole_2 PARTITION OF whole FOR VALUES IN (2)", "votes")     # nobody has seen what comes there
    wait_for(lambda: "votes.public.whole.v" not in masking(proxy), 30, "the parent's vote gone")
    assert share_masked(read(proxy, "whole_1"), parts[1000:]) == 0.0 and share_masked(sorted(read(proxy, "whole")), sorted(parts)) > 0.5
    log = shared.cluster.log()[start:]
    looks = [line for line in log.splitlines() if "FROM ONLY" in line]
    for word in ('"far"', '"w"', '"whole"'):
        absent("\n".join(looks), word)
    proxy.stop()
    shared.cluster.sql("DROP TABLE whole; DROP EXTENSION file_fdw CASCADE", "votes")


@case("the config outranks a vote; clear ends it")
def _():
    proxy = own(more='\n[[masking.column]]\ncolumn = "votes.public.a.v"\nclass = "REFERENCE"\ntransform = "clear"\n')
    wait_for_vote(proxy, "d.v", "vote: ")
    equal(read(proxy, "a"), sampled()["nhs"])
    equal(masking(proxy)["votes.public.a.v"][2], "config")
    proxy.stop()


@case("the sample is the reading role's, read only and by name; what it may not read it does not ask for")
def _():
    sampled()
    start = len(shared.cluster.log())
    proxy = own(proxy='log_level = "info"')
    wait_for_vote(proxy, "f.v", "vote: ")
    wait_for(lambda: "public.shut: no vote" in proxy.stderr(), 30, "the word about the table without privilege")
    log = shared.cluster.log()[start:]
    contains(log, "pgveil_reader@votes pgveil/sample")
    looks = [line for line in log.splitlines() if "FROM ONLY" in line]
    assert looks and all("pgveil/sample" in line and "BEGIN READ ONLY; SET LOCAL statement_timeout" in line for line in looks), looks[:3]
    for word in ('"shut"', '"w"', "pg_catalog\".\""):
        absent("\n".join(looks), word)
    absent("\n".join(line for line in log.splitlines() if "pgveil/sample" in line), "ERROR")
    said = proxy.stderr()
    equal(said.count("public.shut: no vote"), 1)
    for value in sampled()["nhs"][:20] + sampled()["ssn"][:20]:
        absent(said, value)
        absent(proxy.log_bytes(), value.encode())
        absent((proxy.dir / "state/control.db").read_bytes(), value.encode())
    wait_for(lambda: shared.cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgveil/sample'")[0][0] == "0", 30, "the connection's end")
    proxy.stop()
