"""Random statements of every construct over tests/tables/sql/fixture.sql and more.sql, with the names of the constructs used.

Same seed, same statement. Valid more often than not; what the server refuses for another reason than READ ONLY says nothing.
"""
import random

TABLES = {
    "customers": [("id", "i"), ("name", "t"), ("email", "t"), ("note", "t")],
    "orders": [("id", "i"), ("customer_id", "i"), ("total", "n")],
    "events": [("id", "i"), ("payload", "j")],
    "order_totals": [("name", "t"), ("total", "n")],
    "view_of_view": [("name", "t"), ("total", "n")],
    "simple_orders": [("id", "i"), ("total", "n")],
    "totals_stored": [("name", "t"), ("total", "n")],
    "audited": [("id", "i"), ("note", "t")],
    "tagged": [("id", "i"), ("twice", "i")],
    "app.settings": [("key", "t"), ("value", "t")],
    "calm_view": [("id", "i"), ("t", "n")],
    "pick": [("o", "i")],
    "log": [("line", "t")],
}
RARE_TABLES = {"loud_view": [("n", "i")], "secured": [("id", "i"), ("owner", "t")], "tenant": [("id", "i"), ("owner", "t")], "ruled": [("a", "i")],
               "far_view": [("id", "i")], "mixed": [("id", "i")], "pg_class": [("relname", "t"), ("relnatts", "i")], "pg_settings": [("name", "t")],
               "information_schema.columns": [("table_name", "t"), ("ordinal_position", "i")], "pg_stat_activity": [("pid", "i"), ("query", "t")]}
# What calls may do. (construct, text, type); {} is an argument of the type in the second place.
HONEST = [("builtin immutable", "abs({i})", "i"), ("builtin stable", "extract(year FROM now())::int", "i"), ("builtin volatile read", "(random() * 3)::int", "i"),
          ("sql function", "order_count({i})::int", "i"), ("plpgsql stable", "calm({i})", "i"), ("plpgsql that only reads", "total_of({i})::int", "i"),
          ("sql function, atomic body", "atomic_count()::int", "i"), ("user operator", "(({i}) ==~ 1)::int", "i"), ("overload by type", "over({i})", "i"),
          ("variadic", "many({i}, 2, 3)", "i"), ("variadic array", "many(VARIADIC ARRAY[{i}, 2])", "i"), ("named arguments", "named(b => {i}, a => 1)", "i"),
          ("defaults", "named({i})", "i"), ("shadowed name", "length(upper({t}))", "i"), ("whole-row function", "length(customer_label(ROW(1, {t}, 'b', 'c', NULL, 'd', 'ok')::customers))", "i"),
          ("domain check", "length({t2}::email_address)", "i"), ("set-returning", "(SELECT count(*) FROM generate_series(1, 3))::int", "i"),
          ("aggregate in a subquery", "(SELECT count(*) FROM orders)::int", "i"), ("plpgsql with loops", "(SELECT count(*) FROM loops(2))::int", "i"),
          ("plpgsql now", "extract(year FROM now_ish())::int", "i"), ("json", "(jsonb_build_object('a', {i}) ->> 'a')::int", "i"), ("cast", "({i})::text::int", "i"),
          ("current_setting", "length(current_setting('server_version'))", "i"), ("advisory unlock", "pg_advisory_unlock_shared(9)::int", "i"),
          ("array", "(ARRAY[{i}, 2])[1]", "i"), ("case", "CASE WHEN {b} THEN {i} ELSE 2 END", "i"), ("coalesce", "coalesce({i}, 1)", "i"), ("greatest", "greatest({i}, 1)", "i"),
          ("exists", "(EXISTS (SELECT FROM orders WHERE id = {i}))::int", "i"), ("any", "({i} = ANY (ARRAY[1, 2]))::int", "i"), ("in", "({i} IN (1, 2))::int", "i"), ("row comparison", "((1, {i}) < (2, 3))::int", "i"),
          ("composite field", "(ROW({i}, 2)::pair).b", "i"), ("at time zone", "extract(hour FROM now() AT TIME ZONE 'UTC')::int", "i"), ("between", "({i} BETWEEN 1 AND 3)::int", "i"),
          ("like", "({t} LIKE 'a%')::int", "i"), ("regex", "({t} ~ 'a.c')::int", "i"), ("is distinct from", "({i} IS DISTINCT FROM 1)::int", "i"), ("xml", "length(xmlserialize(content xmlelement(name a, {t}) AS text))", "i"),
          ("hash", "hashtext({t})", "i"), ("citext", "length({t}::citext)", "i"), ("hstore", "length(hstore('a', {t}) -> 'a')", "i"), ("trgm", "(similarity({t}, 'abc') * 3)::int", "i"), ("crypto", "length(encode(digest({t}, 'sha256'), 'hex'))", "i"),
          ("concatenation", "{t} || 'x'", "t"), ("upper", "upper({t})", "t"), ("substring", "substring({t} FROM 1 FOR 2)", "t"), ("user operator of builtin function", "({t} <-> 2)", "t"),
          ("format", "format('%s', {i})", "t"), ("to_char", "to_char(now(), 'YYYY')", "t"), ("whole row as text", "(SELECT c::text FROM customers c LIMIT 1)", "t"), ("enum", "text_to_mood({t})::text", "t"),
          ("array_agg", "array_to_string(ARRAY(SELECT name FROM customers), ',')", "t"), ("row_to_json", "(SELECT row_to_json(o)::text FROM orders o LIMIT 1)", "t")]
LOUD_CALLS = [("sequence", "nextval('invoice_numbers')::int", "i"), ("sequence set", "setval('invoice_numbers', 7)::int", "i"), ("large object", "lo_create(0)::int", "i"), ("sql function that moves a sequence", "next_invoice()::int", "i"),
        ("nested function that writes", "deep({i})::int", "i"), ("plpgsql that lies stable", "sly({i})", "i"), ("plpgsql that hides a write", "hidden_write({i})", "i"), ("nested block", "nested_block({i})", "i"),
        ("dynamic text", "dynamic_volatile('SELECT nextval(''invoice_numbers'')')", "i"), ("dynamic text, said stable", "dynamic('DELETE FROM log RETURNING 1')", "i"), ("default that writes", "default_writes({i})", "i"),
        ("overload that writes", "over({t})", "i"), ("overload by unknown literal", "over('a')", "i"), ("variadic that writes", "many_loud({t}, 'b')", "i"), ("set_config in a function", "sets_it({i})", "i"), ("lock in a function", "locks_it({i})", "i"),
        ("set_config", "length(set_config('app.tenant', {t}, false))", "i"), ("advisory lock", "(pg_try_advisory_lock({i}))::int", "i"), ("transaction id", "(txid_current() % 100)::int", "i"), ("notify", "length(pg_notify('c', 'x')::text)", "i"),
        ("user operator that writes", "((1 === {i}) )::int", "i"), ("aggregate that writes", "(SELECT noisy_sum(id) FROM customers)", "i"), ("cast that writes", "({t}::pair).a", "i"), ("function in field notation", "('invoice_numbers'::regclass).nextval::int", "i"),
        ("row function that writes", "length(customer_purge(ROW(1, 'a', 'b', 'c', NULL, 'd', 'ok')::customers))", "i"), ("domain check that writes", "length({t}::logged_text)", "i"), ("function default that writes", "numbered()::int", "i"),
        ("domain argument that writes", "takes_logged({t})", "i"), ("large object write", "lo_put(4711, 0, 'y')::text", "t"), ("query as text", "query_to_xml('SELECT nextval(''invoice_numbers'')', true, true, '')::text", "t"),
        ("row lock", "(SELECT id FROM customers LIMIT 1 FOR UPDATE)", "i"), ("set row function in a view", "(SELECT n FROM loud_view LIMIT 1)::int", "i"), ("policy with a function", "(SELECT count(*) FROM secured)::int", "i")]

# What is held by its words, whether or not a row reaches it.
LOUD = frozenset(c for c, _, _ in LOUD_CALLS) | {"change", "data-modifying WITH", "row lock", "SELECT INTO", "relation loud_view", "relation secured", "relation far_view", "relation mixed", "session or transaction, loud"}


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.used = set()
        self.depth = 0
        self.loud = self.random.random() < 0.4

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, p):
        return self.random.random() < p

    def statement(self):
        """(text, constructs)"""
        roll = self.random.random()
        text = self.query() if roll < 0.62 else self.change() if roll < 0.78 and self.loud else self.other() if roll > 0.85 else self.wrapped()
        return " ".join(text.split()), frozenset(self.used)

    def note(self, what):
        self.used.add(what)

    # -- expressions

    def leaf(self, kind, columns):
        found = [c for c, k in columns if k == kind]
        if found and self.chance(0.7):
            return self.random.choice(found)
        return {"i": str(self.pick(1, 2, 3)), "t": self.pick("'a'::text", "'abc'::text"), "n": "1.5", "j": "'{}'::jsonb"}[kind]

    def expression(self, kind, columns):
        self.depth += 1
        try:
            if kind == "n":
                return self.leaf("n", columns) if self.chance(0.6) else f"{self.expression('i', columns)}::numeric"
            if kind == "j":
                return self.leaf("j", columns) if self.chance(0.5) else f"jsonb_build_object('k', {self.expression('i', columns)})"
            if self.depth > 3 or self.chance(0.35):
                return self.leaf(kind, columns)
            pool = LOUD_CALLS if self.loud and self.chance(0.25) else HONEST
            construct, text, _ = self.random.choice([e for e in pool if e[2] == kind])
            self.note(construct)
            return (text.replace("{i}", self.expression("i", columns) if "{i}" in text else "").replace("{t2}", "'a@b'")
                    .replace("{t}", self.expression("t", columns) if "{t}" in text else "").replace("{b}", self.condition(columns) if "{b}" in text else ""))
        finally:
            self.depth -= 1

    def condition(self, columns):
        kind = self.pick("i", "t")
        return f"{self.expression(kind, columns)} {self.pick('=', '<>', '<', '>=')} {self.leaf(kind, columns)}"

    # -- queries

    def relation(self):
        rare = self.chance(0.08)
        name = self.random.choice(sorted(RARE_TABLES if rare else TABLES))
        if rare:
            self.note(f"relation {name}")
        alias = f"r{self.random.randrange(1000)}"
        return f"{name} {alias}", [(f"{alias}.{c}", k) for c, k in (RARE_TABLES if rare else TABLES)[name]]

    def source(self):
        roll = self.random.random()
        if roll < 0.6 or self.depth > 2:
            return self.relation()
        alias = f"r{self.random.randrange(1000)}"
        if roll < 0.7:
            self.note("subquery in FROM")
            return f"({self.select(['i', 't'])}) {alias}(x, y)", [(f"{alias}.x", "i"), (f"{alias}.y", "t")]
        if roll < 0.78:
            self.note("VALUES in FROM")
            return f"(VALUES (1, 'a'), ({self.expression('i', [])}, 'b')) {alias}(x, y)", [(f"{alias}.x", "i"), (f"{alias}.y", "t")]
        if roll < 0.9:
            self.note("function in FROM")
            call, kind = self.pick((f"generate_series(1, abs({self.expression('i', [])}) % 5)", "i"), (f"unnest(ARRAY[{self.expression('i', [])}, 2])", "i"), ("loops(2)", "i"), ("regexp_split_to_table('a,b', ',')", "t"))
            if self.chance(0.3):
                self.note("WITH ORDINALITY")
                return f"{call} WITH ORDINALITY AS {alias}(x, o)", [(f"{alias}.x", kind), (f"{alias}.o", "i")]
            return f"{call} AS {alias}(x)", [(f"{alias}.x", kind)]
        if roll < 0.95:
            self.note("TABLESAMPLE")
            return f"orders {alias} TABLESAMPLE {self.pick('system', 'bernoulli')} (100)", [(f"{alias}.id", "i")]
        self.note("XMLTABLE or ROWS FROM")
        return self.pick((f"xmltable('/a' PASSING '<a>1</a>'::xml COLUMNS x int PATH '.') {alias}", [(f"{alias}.x", "i")]),
                         (f"ROWS FROM (generate_series(1, 2), unnest(ARRAY['a'])) {alias}(x, y)", [(f"{alias}.x", "i"), (f"{alias}.y", "t")]))

    def from_clause(self):
        text, columns = self.source()
        while self.chance(0.3) and self.depth < 3:
            if self.chance(0.25):
                self.note("LATERAL")
                alias = f"l{self.random.randrange(1000)}"
                return f"{text} CROSS JOIN LATERAL (SELECT {self.expression('i', columns)} AS x) {alias}", columns + [(f"{alias}.x", "i")]
            more, new = self.source()
            kind = self.pick("JOIN", "LEFT JOIN", "FULL JOIN", ",", "CROSS JOIN")
            self.note("join")
            if kind in (",", "CROSS JOIN"):
                text = f"{text} {kind} {more}"
            else:
                left, right = self.leaf("i", columns), self.leaf("i", new)
                text = f"{text} {kind} {more} ON {left} = {right}"
            columns = columns + new
            if "," in text and kind != ",":
                break
        return text, columns

    def select(self, kinds):
        self.depth += 1
        text, columns = self.from_clause()
        targets = ", ".join(self.expression(k, columns) for k in kinds)
        where = f" WHERE {self.condition(columns)}" if self.chance(0.5) else ""
        self.depth -= 1
        return f"SELECT {targets} FROM {text}{where}"

    def query(self):
        kinds = [self.pick("i", "t", "i") for _ in range(self.pick(1, 2))]
        roll = self.random.random()
        tail = ""
        if self.chance(0.3):
            self.note("ORDER BY, LIMIT")
            tail = f" ORDER BY 1 {self.pick('', 'DESC', 'NULLS FIRST')} LIMIT {self.pick('3', 'ALL', 'abs(' + self.expression('i', []) + ')')}"
        if roll < 0.4:
            return self.select(kinds) + tail
        if roll < 0.5:
            self.note("GROUP BY")
            text, columns = self.from_clause()
            return f"SELECT {self.leaf('i', columns)} AS k, {self.pick('count(*)', 'max(' + self.leaf('i', columns) + ')', 'count(*) FILTER (WHERE ' + self.condition(columns) + ')', 'string_agg(' + self.leaf('t', columns) + chr(44) + chr(39) + chr(44) + chr(39) + ')', 'percentile_cont(0.5) WITHIN GROUP (ORDER BY ' + self.leaf('i', columns) + ')')} FROM {text} GROUP BY {self.pick('1', 'ROLLUP (1)', 'GROUPING SETS ((1), ())')}{self.pick('', ' HAVING count(*) > ' + self.expression('i', []))}{tail}"
        if roll < 0.58:
            self.note("window")
            text, columns = self.from_clause()
            return f"SELECT {self.pick('row_number()', 'sum(' + self.expression('i', columns) + ')', 'lag(' + self.leaf('t', columns) + ')')} OVER (PARTITION BY {self.leaf('i', columns)} ORDER BY {self.expression('i', columns)}) FROM {text}"
        if roll < 0.68:
            self.note("set operation")
            return f"({self.select(['i'])}) {self.pick('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT')} ({self.select(['i'])}){tail}"
        if roll < 0.78:
            self.note("WITH")
            return f"WITH w AS {self.pick('', 'MATERIALIZED ', 'NOT MATERIALIZED ')}({self.select(['i']).replace('SELECT ', 'SELECT ', 1)}) SELECT count(*) FROM w"
        if roll < 0.83:
            self.note("WITH RECURSIVE")
            return f"WITH RECURSIVE w(n) AS (SELECT {self.expression('i', [])} UNION ALL SELECT n + 1 FROM w WHERE n < 4) SELECT {self.expression('i', [('n', 'i')])} FROM w LIMIT 9"
        if roll < 0.88 and self.loud:
            self.note("data-modifying WITH")
            return f"WITH w AS ({self.write()} RETURNING 1 AS x) SELECT count(*) FROM w"
        if roll < 0.9 and self.loud:
            self.note("row lock")
            return f"SELECT id FROM {self.pick('customers', 'orders')} {self.pick('FOR UPDATE', 'FOR SHARE', 'FOR NO KEY UPDATE SKIP LOCKED', 'FOR KEY SHARE NOWAIT')}"
        if roll < 0.92 and self.loud:
            self.note("SELECT INTO")
            return f"SELECT 1 AS x INTO {self.pick('', 'TEMP ', 'UNLOGGED ')}made{self.random.randrange(99)}"
        if roll < 0.96:
            self.note("DISTINCT ON")
            text, columns = self.from_clause()
            return f"SELECT DISTINCT {self.pick('', 'ON (1) ')}{self.expression('i', columns)} FROM {text} ORDER BY 1"
        self.note("VALUES or TABLE")
        return self.pick(f"VALUES ({self.expression('i', [])}, 'a')", "TABLE customers", "SELECT * FROM customers", "SELECT c.* FROM customers c", "SELECT c FROM customers c", "SELECT (c).name FROM customers c", "SELECT (t.one).word, t.tags[1].weight FROM tagged t")

    # -- changes and the rest

    def write(self):
        table, column = self.pick(("log", "line"), ("audited", "note"), ("customers", "note"), ("customers", "name"), ("simple_orders", "total"), ("ruled", "a"))
        value = "7" if column in ("total", "a") else "'z'"
        return self.pick(f"UPDATE {table} SET {column} = {value}", f"DELETE FROM {table}" if table != "customers" else "DELETE FROM log", f"INSERT INTO log VALUES ({self.expression('t', [])})",
                         "UPDATE orders o SET total = 1 FROM customers c WHERE c.id = o.customer_id", "INSERT INTO orders (id, customer_id) VALUES (9, 1) ON CONFLICT (id) DO NOTHING")

    def change(self):
        self.note("change")
        return self.pick(self.write(), self.write(), "TRUNCATE log", "REFRESH MATERIALIZED VIEW totals_stored", "MERGE INTO log USING customers c ON line = c.name WHEN NOT MATCHED THEN INSERT VALUES (c.name)",
                         "CREATE TABLE t1 (a int)", "CREATE TEMP TABLE t2 AS SELECT 1 AS a", "DROP TABLE log", "ALTER TABLE log ADD x int", "CREATE INDEX ON orders (total)", "COMMENT ON TABLE log IS 'x'", "GRANT SELECT ON log TO public",
                         "CREATE VIEW v9 AS SELECT 1", "CREATE FUNCTION f9() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DO $$ BEGIN DELETE FROM log; END $$", "CALL settle(1)", "LOCK TABLE orders", "LOCK TABLE orders IN ROW SHARE MODE", "NOTIFY c", "VACUUM log", "ANALYZE log", "REINDEX TABLE log", "CLUSTER",
                         "CREATE ROLE x9", "ALTER SYSTEM SET work_mem = '9MB'", "CHECKPOINT", "SET ROLE pg_monitor", "SECURITY LABEL ON TABLE log IS 'x'", "CREATE SEQUENCE s9", "ALTER SEQUENCE invoice_numbers RESTART", "DISCARD PLANS", "PREPARE TRANSACTION 'x'")

    def other(self):
        self.note("session or transaction, loud" if self.loud else "session or transaction")
        return self.pick("SET statement_timeout = '5s'", "SET LOCAL work_mem = '9MB'", "SHOW search_path", "SHOW ALL", "RESET ALL", "RESET work_mem", "SAVEPOINT a", "SET TIME ZONE 'UTC'", "SET search_path = app, public", "LISTEN c", "UNLISTEN *", "DEALLOCATE ALL", "CLOSE ALL", "DISCARD TEMP",
                         "SET CONSTRAINTS ALL DEFERRED", "LOCK TABLE orders IN ACCESS SHARE MODE", "SELECT pg_advisory_unlock_all()", "SET TRANSACTION READ WRITE", "SET app.tenant = '1'", "SET session_replication_role = 'replica'", "SELECT 1; SELECT 2", f"SELECT 1; {self.query()}",
                         "COMMIT; SELECT 1", "ROLLBACK; BEGIN; SELECT 1", "COMMIT; DELETE FROM log" if self.loud else "SELECT 3", "COMMIT AND CHAIN")

    def wrapped(self):
        inner = self.query() if not self.loud or self.chance(0.8) else self.write()
        kind = self.pick("EXPLAIN", "EXPLAIN ANALYZE", "COPY", "PREPARE", "DECLARE", "EXPLAIN options")
        self.note(kind)
        if kind == "EXPLAIN options":
            return f"EXPLAIN ({self.pick('VERBOSE', 'COSTS OFF', 'ANALYZE off', 'ANALYZE, BUFFERS', 'FORMAT JSON', 'ANALYZE true, TIMING off')}) {inner}"
        if kind == "COPY":
            return f"COPY ({inner}) TO STDOUT {self.pick('', 'CSV HEADER', 'WITH (FORMAT binary)')}" if self.chance(0.8) else "COPY orders TO STDOUT"
        if kind == "PREPARE":
            return f"PREPARE p AS {inner}; EXECUTE p" if self.chance(0.7) else f"PREPARE p AS {inner}"
        if kind == "DECLARE":
            return f"DECLARE d CURSOR {self.pick('', 'WITH HOLD ')}FOR {inner}; FETCH 2 FROM d" if "INSERT" not in inner and "UPDATE log" not in inner else "SELECT 5"
        return f"{kind} {inner}"
