"""A vault of canaries and the grammar of questions about it.

`vault` makes the schema, the canaries and the tags; `reading`, `failing` and `byway` each make one random statement.
"""
import json
import string

letters = string.ascii_lowercase


def word(rng, size=14):
    return "".join(rng.choice(letters) for _ in range(size))


# table: column -> (type, class, transform); columns named `t_*` are texts a canary is written into as it is
tables = {
    "person": {"t_name": ("text", "PERSON", "redact"), "t_mail": ("varchar(80)", "EMAIL_ADDRESS", "pseudonym"), "t_tax": ("char(14)", "US_SSN", "redact"),
               "born": ("date", "DATE_OF_BIRTH", "null"), "pin": ("integer", "PIN", "null"), "pay": ("numeric(14,2)", "SALARY", "null"),
               "t_doc": ("jsonb", "DOCUMENT", "null"), "t_tags": ("text[]", "TAGS", "null"), "t_raw": ("bytea", "SECRET", "null"), "key": ("uuid", "KEY", "null")},
    "account": {"t_iban": ("text", "IBAN_CODE", "redact"), "t_owner": ("text", "PERSON", "partial"), "balance": ("bigint", "BALANCE", "null")},
}


def vault(rng):
    """SQL that makes the vault, the text canaries, exact byte strings of the other types, and the tags."""
    sql, canaries, exact, tags = [], [], [], []
    for table, columns in tables.items():
        sql.append(f"CREATE TABLE {table} (id integer PRIMARY KEY, city text, n integer, " + ", ".join(f"{c} {t}" for c, (t, _, _) in columns.items()) + ")")
        tags += [(f"{table}.{c}", k, tr) for c, (_, k, tr) in columns.items()]
        for i in range(1, 7):
            cells = [str(i), f"'city{i % 3}'", str(i * 10)]
            for column, (kind, _, _) in columns.items():
                if column.startswith("t_"):
                    canary = word(rng)
                    canaries.append(canary)
                    cells.append({"jsonb": "'" + json.dumps({"k": canary, "list": [canary]}) + "'", "text[]": f"ARRAY['{canary}']",
                                  "bytea": f"convert_to('{canary}', 'UTF8')", "varchar(80)": f"'{canary}@example.org'"}.get(kind, f"'{canary}'"))
                else:
                    value, raw = typed(rng, kind)
                    exact += raw
                    cells.append(value)
            sql.append(f"INSERT INTO {table} VALUES ({', '.join(cells)})")
    sql.append("CREATE VIEW people AS SELECT id, t_name AS who, t_mail AS address, born, pay FROM person")
    sql.append("CREATE VIEW rich AS SELECT who, address FROM people WHERE id > 0")
    sql.append("CREATE MATERIALIZED VIEW stored AS SELECT id, t_name AS label, t_doc FROM person")
    sql.append("CREATE FUNCTION name_of(integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT t_name FROM person WHERE id = $1'")
    sql.append("CREATE FUNCTION whole() RETURNS SETOF person LANGUAGE sql STABLE AS 'SELECT * FROM person'")
    sql.append("CREATE FUNCTION hidden(integer) RETURNS text LANGUAGE plpgsql STABLE AS $$DECLARE r text; BEGIN SELECT t_name INTO r FROM person WHERE id = $1; RETURN r; END$$")
    sql.append("CREATE FUNCTION shout(integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$DECLARE r text; BEGIN SELECT t_name INTO r FROM person WHERE id = $1; RAISE NOTICE 'it is %', r; RETURN 1; END$$")
    sql.append("CREATE TABLE parent (id int, t_name text); CREATE TABLE child () INHERITS (parent)")
    sql.append("CREATE TABLE split (id int, t_name text) PARTITION BY LIST (id); CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1)")
    for table in ("parent", "child", "split"):
        canary = word(rng)
        canaries.append(canary)
        sql.append(f"INSERT INTO {table} VALUES (1, '{canary}')")
    tags += [("parent.t_name", "PERSON", "redact"), ("split.t_name", "PERSON", "redact")]
    sql.append("ANALYZE")
    return ";\n".join(sql), canaries, exact, tags


def typed(rng, kind):
    """A literal of a type without letters, and byte strings that would betray it (text; binary where it is long enough)."""
    if kind == "date":
        day = f"19{rng.randrange(11, 20)}-0{rng.randrange(1, 9)}-{rng.randrange(10, 28)}"
        return f"'{day}'", [day.encode()]
    if kind in ("integer", "bigint"):
        value = rng.randrange(1_100_000_000, 2_100_000_000) if kind == "integer" else rng.randrange(10**15, 10**16)
        return str(value), [str(value).encode(), value.to_bytes(4 if kind == "integer" else 8, "big")]
    if kind == "uuid":
        value = "".join(rng.choice("0123456789abcdef") for _ in range(32))
        return f"'{value}'", [bytes.fromhex(value), f"{value[:8]}-{value[8:12]}".encode()]
    value = f"{rng.randrange(10**10, 10**11)}.{rng.randrange(10, 99)}"
    return value, [value.encode()]


def column(rng, table, texts=False):
    return rng.choice([c for c in tables[table] if not texts or c.startswith("t_")])


text_wraps = ("{}", "{}", "{}", "upper({}::text)", "lower({}::text)", "reverse({}::text)", "substr({}::text, 2, 12)", "'<' || {}::text || '>'", "concat('a', {}, 'b')",
              "coalesce({}::text, 'none')", "CASE WHEN n > 0 THEN {}::text ELSE 'x' END", "format('%s', {})", "quote_nullable({}::text)", "left({}::text, 12)",
              "encode(convert_to({}::text, 'UTF8'), 'hex')", "encode(convert_to({}::text, 'UTF8'), 'base64')", "convert_to({}::text, 'UTF8')",
              "json_build_object('v', {})", "jsonb_build_array({})", "to_json({}::text)", "ARRAY[{}::text]", "row({}, n)", "({}::text)::name", "regexp_replace({}::text, 'zz', '')",
              "string_to_array({}::text, ' ')", "split_part({}::text, '@', 1)", "nullif({}::text, '')", "greatest({}::text, '')", "translate({}::text, 'AB', 'ab')",
              "lpad({}::text, 30, '.')", "overlay({}::text placing '' from 1 for 0)", "repeat({}::text, 2)", "(SELECT {}::text)", "to_tsvector('simple', {}::text)",
              "xmlelement(name v, {}::text)", "btrim({}::text)", "unistr({}::text)", "initcap({}::text)", "rtrim({}::text, '!')", "({}::text COLLATE \"C\")",
              "bit_length({}::text) || {}::text", "(ARRAY[{}::text])[1]", "jsonb_build_object('a', {})->>'a'", "substring({}::text from '(.*)')")
aggregates = ("string_agg({}::text, ',')", "array_agg({})", "max({}::text)", "min({}::text)", "json_agg({})", "jsonb_object_agg(id, {})", "any_row", "mode() WITHIN GROUP (ORDER BY {})",
              "first_value({}) OVER (ORDER BY id)", "lag({}) OVER (ORDER BY id)", "string_agg({}::text, '') FILTER (WHERE n > 0)", "xmlagg(xmlelement(name a, {}::text))")
shapes = (
    "SELECT {e} FROM {t}", "SELECT id, {e} AS harmless FROM {t}", "SELECT s.* FROM (SELECT id, {e} AS x FROM {t}) s", "SELECT x FROM (SELECT {e} AS x, n FROM {t} OFFSET 0) s WHERE n > 0",
    "WITH c AS (SELECT {e} AS x FROM {t}) SELECT x FROM c", "WITH c AS MATERIALIZED (SELECT {e} AS x, id FROM {t}) SELECT a.x, b.x FROM c a JOIN c b USING (id)",
    "SELECT 'x' AS v UNION ALL SELECT ({e})::text FROM {t}", "SELECT ({e})::text FROM {t} INTERSECT SELECT ({e})::text FROM {t}", "SELECT l.x FROM {t} JOIN LATERAL (SELECT {e} AS x) l ON true",
    "SELECT * FROM (VALUES (1)) v(i) CROSS JOIN (SELECT {e} AS x FROM {t}) q", "SELECT (SELECT {e} FROM {t} ORDER BY id LIMIT 1)", "SELECT ARRAY(SELECT ({e})::text FROM {t})",
    "SELECT {e} FROM {t} ORDER BY id LIMIT 3", "SELECT DISTINCT ({e})::text FROM {t}", "SELECT ({e})::text, count(*) FROM {t} GROUP BY 1", "SELECT {t} FROM {t}", "SELECT {t}.* FROM {t}",
    "TABLE {t}", "SELECT row_to_json({t}) FROM {t}", "SELECT to_jsonb({t}) - 'id' FROM {t}", "SELECT json_agg({t}) FROM {t}", "SELECT array_agg({t}) FROM {t}", "SELECT ({t}).* FROM {t}",
    "SELECT ({t}.*)::text FROM {t}", "SELECT {t}::text FROM {t}", "SELECT hstore FROM (SELECT ({e})::text AS hstore FROM {t}) z", "SELECT * FROM {t} a NATURAL JOIN {t} b",
    "SELECT * FROM {t} a FULL JOIN {t} b USING (id, n)", "SELECT j.* FROM {t}, jsonb_each_text(to_jsonb({t})) j", "SELECT value FROM {t}, json_each(row_to_json({t}))",
    "SELECT u FROM {t}, unnest(ARRAY[({e})::text]) u", "SELECT regexp_split_to_table(({e})::text, 'q') FROM {t}", "SELECT who, address FROM people", "SELECT * FROM rich", "SELECT * FROM people p WHERE p.id = 1",
    "SELECT label, t_doc FROM stored", "SELECT * FROM stored", "SELECT name_of(id) FROM {t}", "SELECT * FROM whole()", "SELECT (whole()).t_name", "SELECT t_name FROM whole() w",
    "SELECT hidden(1)", "SELECT shout(1)", "SELECT * FROM parent", "SELECT t_name FROM ONLY child", "SELECT t_name FROM child", "SELECT * FROM split", "SELECT t_name FROM split_1", "SELECT tableoid::regclass, * FROM parent",
    "WITH RECURSIVE r AS (SELECT id, ({e})::text AS x FROM {t} WHERE id = 1 UNION ALL SELECT r.id + 1, r.x FROM r WHERE r.id < 4) SELECT * FROM r",
    "SELECT x.v FROM {t}, json_to_record(json_build_object('v', {e})) AS x(v text)", "SELECT * FROM jsonb_to_recordset((SELECT jsonb_agg({t}) FROM {t})) AS x({c} text)",
    "SELECT jsonb_path_query(to_jsonb({t}), '$.*') FROM {t}", "SELECT id FROM {t} WHERE id = 1 UNION ALL SELECT length(({e})::text) FROM {t}", "SELECT ({e})::text FROM {t} TABLESAMPLE SYSTEM (100)",
    "SELECT {a} FROM {t}", "SELECT city, {a} FROM {t} GROUP BY city", "SELECT {a} FROM {t} GROUP BY GROUPING SETS ((city), ())", "VALUES ((SELECT ({e})::text FROM {t} WHERE id = 2), 'x')",
    "SELECT CASE WHEN EXISTS (SELECT 1) THEN (SELECT ({e})::text FROM {t} WHERE id = 3) END", "SELECT t2.x FROM {t} t1, (SELECT id, ({e})::text FROM {t}) AS t2(id, x) WHERE t1.id = t2.id",
    "SELECT {c} AS \"{c}\" FROM {t} AS person2", "SELECT (SELECT q.{c} FROM {t} q WHERE q.id = {t}.id) FROM {t}", "SELECT (row({e})).f1 FROM {t}", "SELECT (r).f1 FROM (SELECT row({e}) AS r FROM {t}) s")
failures = (
    "SELECT ({c}::text)::integer FROM {t}", "SELECT ({c}::text)::date FROM {t}", "SELECT ({c}::text)::uuid FROM {t}", "SELECT ({c}::text)::inet FROM {t}", "SELECT ({c}::text)::json FROM {t}", "SELECT ('{{' || {c}::text)::int[] FROM {t}",
    "SELECT ({c}::text)::xml FROM {t}", "SELECT to_timestamp({c}::text, 'YYYY') FROM {t}", "SELECT to_number({c}::text, '999') FROM {t}", "SELECT to_date({c}::text, 'DD') FROM {t}", "SELECT ({c}::text)::regclass FROM {t}",
    "SELECT ({c}::text)::regproc FROM {t}", "SELECT regexp_match('x', '(' || {c}::text) FROM {t}", "SELECT decode({c}::text, 'hex') FROM {t}", "SELECT ({c}::text)::numeric FROM {t}", "SELECT 1/(n - n), {c} FROM {t}",
    "SELECT id FROM {t} WHERE ({c}::text)::int = 1", "SELECT id FROM {t} ORDER BY ({c}::text)::int", "SELECT count(*) FROM {t} GROUP BY ({c}::text)::int", "SELECT set_config({c}::text, 'x', true) FROM {t}",
    "SELECT ({c}::text)::bit(3) FROM {t}", "SELECT date_trunc({c}::text, now()) FROM {t}", "SELECT extract(year from ({c}::text)::date) FROM {t}", "SELECT now() AT TIME ZONE {c}::text FROM {t}", "SELECT encode('x', {c}::text) FROM {t}",
    "SELECT convert_to('x', {c}::name) FROM {t}", "SELECT format({c}::text || '%') FROM {t}", "SELECT to_tsquery({c}::text || ' & &') FROM {t}", "SELECT jsonb_path_query('{{}}', ({c}::text)::jsonpath) FROM {t}", "SELECT ({c}::text)::tsvector::int FROM {t}",
    "SELECT currval({c}::text) FROM {t}", "SELECT ({c}::text)::money FROM {t}", "SELECT ({c}::text)::interval FROM {t}", "SELECT ({c}::text)::point FROM {t}", "SELECT ({c}::text)::char(1)::int FROM {t}", "SELECT max(({c}::text)::float8) FROM {t}")
byways = (
    "SELECT * FROM pg_stats", "SELECT histogram_bounds, most_common_vals FROM pg_stats WHERE schemaname = 'public'", "SELECT stavalues1, stavalues2 FROM pg_statistic", "SELECT * FROM pg_stats_ext", "SELECT * FROM pg_stat_activity",
    "SELECT query FROM pg_stat_activity", "SELECT query_to_xml('SELECT * FROM {t}', true, false, '')", "SELECT table_to_xml('{t}', true, false, '')", "SELECT database_to_xml(true, false, '')", "SELECT schema_to_xml('public', true, false, '')",
    "SELECT cursor_to_xml('k', 10, true, false, '')", "SELECT query_to_xml_and_xmlschema('TABLE {t}', true, false, '')", "SELECT set_config('application_name', {c}::text, false) FROM {t}; SHOW application_name",
    "SELECT set_config('a.b', string_agg({c}::text, ','), false) FROM {t}; SELECT current_setting('a.b')", "SELECT pg_notify('c', {c}::text) FROM {t}", "LISTEN c; SELECT pg_notify('c', {c}::text) FROM {t}", "SELECT dblink('x', 'SELECT 1')",
    "CREATE TEMP TABLE x AS SELECT * FROM {t}; SELECT * FROM x", "SELECT * INTO TEMP x FROM {t}", "CREATE TEMP VIEW x AS SELECT {c} AS y FROM {t}; SELECT y FROM x", "DO $$DECLARE r text; BEGIN SELECT string_agg({c}::text, ',') INTO r FROM {t}; RAISE NOTICE '%', r; END$$",
    "DO $$DECLARE r text; BEGIN SELECT string_agg({c}::text, ',') INTO r FROM {t}; RAISE EXCEPTION '%', r; END$$", "SELECT pg_read_file('base/1')", "SELECT lo_from_bytea(0, convert_to((SELECT string_agg({c}::text, '') FROM {t}), 'UTF8'))",
    "SELECT get_raw_page('{t}', 0)", "SELECT * FROM heap_page_items(get_raw_page('{t}', 0))", "EXPLAIN SELECT * FROM {t} WHERE {c}::text > 'a'", "SELECT ts_stat('SELECT to_tsvector(t_name) FROM person')", "SELECT * FROM ts_stat('SELECT to_tsvector(t_name) FROM person')",
    "SELECT pg_get_viewdef('people')", "SELECT chr(ascii(substr({c}::text, g, 1))) FROM {t}, generate_series(1, 14) g WHERE id = 1", "SELECT g, ascii(substr({c}::text, g, 1)) FROM {t}, generate_series(1, 14) g",
    "SELECT g FROM generate_series(1, 100) g WHERE EXISTS (SELECT 1 FROM {t} WHERE length({c}::text) = g)", "SELECT l FROM {t}, unnest(string_to_array({c}::text, NULL)) l WHERE id = 2",
    "SELECT generate_series(0, pin) FROM person LIMIT 1", "UPDATE {t} SET city = {c}::text RETURNING city", "INSERT INTO {t} (id, city) SELECT 99, {c}::text FROM {t} LIMIT 1 RETURNING city", "DELETE FROM {t} RETURNING *",
    "SELECT crosstab('SELECT 1')", "SELECT pg_logical_emit_message(false, 'a', {c}::text) FROM {t}", "SELECT pg_advisory_lock(pin) FROM person; SELECT objid FROM pg_locks WHERE locktype = 'advisory'", "SELECT setseed(pin / 3e9) FROM person; SELECT random()",
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{t}'", "SELECT * FROM pg_prepared_statements", "SELECT * FROM pg_cursors", "MERGE INTO {t} USING (SELECT 1) s ON false WHEN NOT MATCHED THEN DO NOTHING")


def reading(rng):
    table = rng.choice(list(tables))
    name = column(rng, table)
    wrapped = rng.choice(text_wraps).replace("{}", name)
    if rng.random() < 0.15:
        wrapped = rng.choice(text_wraps).replace("{}", f"({wrapped})")
    aggregate = rng.choice(aggregates).replace("any_row", "count(*)").format(name, name)
    return rng.choice(shapes).format(e=wrapped, t=table, c=name, a=aggregate)


def failing(rng):
    table = rng.choice(list(tables))
    return rng.choice(failures).format(t=table, c=column(rng, table, texts=True))


def byway(rng):
    table = rng.choice(list(tables))
    return rng.choice(byways).replace("{t}", table).replace("{c}", column(rng, table, texts=True))
