"""Names: what an alias may say of a value, what a name of the session may stand for when it is approved, and texts whose names double."""
import time

from common import agent, case, truth
from suite import absent, contains, equal
from wire import parse, query, sync


@case("a count, a sum or a literal is not masked for its alias")
def _():
    with agent() as a:
        for sql in ("SELECT count(*) AS emails FROM customers", "SELECT count(*) FILTER (WHERE phone IS NOT NULL) AS has_phone FROM customers",
                    "SELECT count(*) - count(phone) AS null_phones FROM customers", "SELECT sum(CASE WHEN phone IS NULL THEN 1 ELSE 0 END) AS missing_phone FROM customers",
                    "SELECT count(DISTINCT city) AS unique_addresses FROM customers", "SELECT 5 AS emails", "SELECT 'abc' AS gender", "SELECT sum(stock) AS tokens FROM products",
                    "SELECT avg(stock)::int AS phone_calls FROM products", "SELECT max(stock) AS pass_rate FROM products",
                    "SELECT relname::text AS first_name FROM pg_class WHERE relname = 'customers'", "SELECT json_build_object('tokens', 5)::text"):
            equal(a.query(sql).value, str(truth(sql)[0][0]), sql)
        # in JSON a plural over a list or an object names the things
        for document in ('{"phones": [4155552671]}', '{"phones": {"home": 4155552671}}', '{"phone": 4155552671}', '{"x": [{"phone": 4155552671}]}'):
            absent(a.query(f"SELECT '{document}'::jsonb").value, "4155552671", document)
        contains(a.query("""SELECT '{"phones": 5, "x": {"tokens": 8200}}'::jsonb""").value, "8200")
        # a name still speaks for text that comes from stored values
        assert a.query("SELECT subject AS first_name FROM tickets LIMIT 1").value != truth("SELECT subject FROM tickets LIMIT 1")[0][0]


@case("what EXECUTE, FETCH or CURRENT OF name cannot be approved: the name may stand for something else by then")
def _():
    before = truth("SELECT count(*) FROM tickets")[0][0]
    with agent() as a:
        a.send(parse("UPDATE tickets SET subject = 'x' WHERE id = 1", "swap"), sync)
        a.until().ok()
        for sql in ("EXECUTE swap", "EXPLAIN ANALYZE EXECUTE swap", "CREATE TABLE made AS EXECUTE swap", "SELECT 1; EXECUTE swap"):
            refused = a.query(sql)
            equal(refused.sqlstate, "0A000", sql)
            contains(refused.error["H"], "the statement itself")
        equal(a.extended("EXECUTE swap").sqlstate, "0A000")
        equal(a.query("SELECT * FROM pgveil.submit('EXECUTE swap')").sqlstate, "0A000")
        equal(a.query("SELECT 1").value, "1")
        a.query("BEGIN").ok()
        a.query("DECLARE cc CURSOR FOR SELECT * FROM orders WHERE id = 5").ok()
        a.query("FETCH cc").ok()
        equal(a.query("UPDATE orders SET status = 'returned' WHERE CURRENT OF cc").sqlstate, "0A000")
        a.query("ROLLBACK").ok()
        a.query("PREPARE reads AS SELECT count(*) FROM tickets").ok()
        equal(a.query("EXECUTE reads").value, str(before), "a read by name is a read")
    equal(truth("SELECT count(*) FROM tickets")[0][0], before)


@case("stars of stars and rows within rows cost what the server would allow, not what they unfold to")
def _():
    doubling = "WITH c0 AS (SELECT * FROM customers), " + ", ".join(f"c{i} AS (SELECT * FROM c{i - 1} a, c{i - 1} b)" for i in range(1, 24)) + " SELECT 1 FROM c23"
    rows = "SELECT 1 AS x, 2 AS y"
    for _ in range(28):
        rows = f"SELECT s AS x, s AS y FROM ({rows}) s"
    with agent() as a, agent() as other:
        for sql in (doubling, f"SELECT 1 FROM ({rows}) s WHERE s IS NULL"):
            began = time.monotonic()
            a.send(query(f"SELECT * FROM pgveil.explain('{sql}')"))   # judged only: the server would unfold it
            equal(other.query("SELECT 1").value, "1")
            assert time.monotonic() - began < 3, f"another session waited {time.monotonic() - began:.1f} s"
            answer = a.until()
            assert time.monotonic() - began < 6, answer


@case("counters of the running transaction, structure made of a text and NULLs by place tell nothing of a masked value")
def _():
    with agent() as a:
        equal(a.query("SELECT pg_stat_get_xact_tuples_returned('products'::regclass)").sqlstate, "42501")
        def told(sql):
            return [row[0] for row in a.query(sql).rows]
        one, nine = "repeat('x,', ascii(substr(ssn,1,1)))", "repeat('x,', 9)"
        for text in (one, nine):
            made = told(f"SELECT ('{{' || {text} || 'x}}')::text[] FROM customers WHERE id = 8")
            assert text == nine or made in ([None], ["[US_SSN]"]), made
        nulls = [v is None for v in told("SELECT lag('x'::text, ascii(substr(ssn,1,1))) OVER (ORDER BY g) FROM customers, generate_series(1,100) g WHERE id = 8")]
        assert len(set(nulls)) == 1, "NULL by the value's own place"
        gone = {a.query(f"SELECT extract(month from split_part('infinity,2000-01-01', ',', 1 + ascii(substr(ssn,1,1))/{n})::date)::text FROM customers WHERE id = 8").value for n in (52, 53)}
        equal(len(gone), 1)


@case("an error that a branch over a masked value can call up is neutral and counted, whatever its class")
def _():
    with agent() as a:
        for raising in ("lastval()", "date_part('timezone', current_date)::bigint", "pg_database_size('nope')"):
            answers = [a.query(f"SELECT CASE WHEN ssn < '{limit}' THEN {raising} END FROM customers WHERE id = 8") for limit in ("0", "a")]
            codes = {x.sqlstate for x in answers}
            assert codes <= {None, "", "22000", "42501", "PV001"}, (raising, codes)


@case("a utility statement over a relation that is not there has PostgreSQL's words; a pool's reset and pg_dump's setting pass")
def _():
    with agent() as a:
        for sql in ("TRUNCATE nosuch", "REFRESH MATERIALIZED VIEW nosuch", "COPY nosuch FROM STDIN", "/* x */ lock TABLE nosuch"):
            refused = a.query(sql)
            equal((refused.sqlstate, refused.error["M"]), ("42P01", 'relation "nosuch" does not exist'), sql)
        a.query("SET SESSION AUTHORIZATION DEFAULT;RESET ALL;CLOSE ALL;UNLISTEN *;SELECT pg_advisory_unlock_all();DISCARD SEQUENCES;DISCARD TEMP").ok()
        a.query("SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'").ok()
        equal(a.query("SELECT set_config(name, 'postgres', false) FROM pg_settings WHERE name = 'role'").sqlstate, "42501")
        equal(a.query("SELECT set_config(name, 'off', false) FROM pg_settings WHERE name <> 'role'").sqlstate, "42501")
