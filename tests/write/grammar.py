"""Statements that change something, in every way PostgreSQL offers a role that owns its database."""

tables = ("orders", "products", "tickets", "payments", "order_items", "customers")
numbers = {"orders": "total", "products": "stock", "tickets": "assignee_id", "payments": "amount", "order_items": "quantity", "customers": "id"}

plain = (
    "INSERT INTO order_log (order_id) VALUES ({k})", "INSERT INTO order_log SELECT id FROM orders LIMIT {k}", "INSERT INTO order_log DEFAULT VALUES", "UPDATE {t} SET {n} = {n} + 1 WHERE true",
    "UPDATE {t} x SET {n} = {k} FROM orders o WHERE o.id = {k}", "DELETE FROM order_items WHERE order_id > {k}", "DELETE FROM order_items USING orders WHERE order_id = orders.id", "TRUNCATE order_log", "TRUNCATE ONLY order_items",
    "MERGE INTO products p USING (SELECT {k} AS i) s ON p.id = s.i WHEN MATCHED THEN UPDATE SET stock = -{k}", "INSERT INTO products VALUES ({k}, 'x', 'y', 1, '{{}}', 1) ON CONFLICT (id) DO UPDATE SET stock = -1",
    "CREATE TABLE t{k} (a int)", "CREATE TABLE t{k} AS SELECT * FROM {t}", "SELECT * INTO t{k} FROM {t}", "CREATE UNLOGGED TABLE t{k} (LIKE {t})", "CREATE VIEW v{k} AS SELECT 1", "CREATE MATERIALIZED VIEW m{k} AS SELECT 1",
    "CREATE INDEX ON {t} ({n})", "CREATE SEQUENCE s{k}", "CREATE TYPE y{k} AS ENUM ('a')", "CREATE DOMAIN d{k} AS int", "CREATE SCHEMA c{k}", "CREATE FUNCTION f{k}() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE RULE r{k} AS ON INSERT TO order_log DO NOTHING",
    "CREATE TRIGGER g{k} AFTER DELETE ON order_items FOR EACH ROW EXECUTE FUNCTION log_order()", "ALTER TABLE {t} ADD COLUMN c{k} int", "ALTER TABLE {t} ALTER COLUMN {n} SET STATISTICS {k}", "ALTER TABLE {t} SET (fillfactor = 5{d})", "ALTER TABLE {t} RENAME TO u{k}",
    "ALTER TABLE {t} RENAME COLUMN {n} TO z{k}", "ALTER TABLE {t} OWNER TO pgveil_reader", "ALTER TABLE {t} DISABLE TRIGGER ALL", "ALTER SEQUENCE order_number RESTART {k}", "ALTER TYPE order_status ADD VALUE 'x{k}'", "ALTER FUNCTION order_total(bigint) VOLATILE",
    "ALTER DATABASE shop SET work_mem = '{k}MB'", "ALTER ROLE CURRENT_USER SET work_mem = '{k}MB'", "DROP TABLE {t} CASCADE", "DROP VIEW customer_contacts", "DROP FUNCTION order_total(bigint)", "DROP SEQUENCE order_number", "DROP SCHEMA public CASCADE", "DROP OWNED BY CURRENT_USER CASCADE",
    "GRANT SELECT ON {t} TO PUBLIC", "REVOKE ALL ON {t} FROM PUBLIC", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "COMMENT ON TABLE {t} IS 'c{k}'", "SECURITY LABEL ON TABLE {t} IS 'x'", "REASSIGN OWNED BY CURRENT_USER TO pgveil_reader",
    "SELECT nextval('order_number')", "SELECT setval('order_number', {k})", "SELECT close_order({k})", "SELECT lo_create({k}0)", "SELECT lo_from_bytea({k}0, 'x')", "SELECT lo_put(lo_create(0), 0, 'x')", "SELECT lo_creat(-1)", "REFRESH MATERIALIZED VIEW no_such",
    "DO $$BEGIN UPDATE {t} SET {n} = {k}; END$$", "DO LANGUAGE plpgsql 'BEGIN DELETE FROM order_log; END'", "COPY order_log (order_id) FROM STDIN", "CALL no_such_procedure()", "VACUUM {t}", "ANALYZE {t}", "CLUSTER orders USING orders_pkey", "REINDEX TABLE {t}",
    "LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE", "SELECT pg_create_logical_replication_slot('s{k}', 'pgoutput')", "SELECT * FROM dblink_exec('x')", "CREATE STATISTICS st{k} ON {n}, ctid FROM {t}", "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO public",
    "CREATE PUBLICATION p{k} FOR TABLE {t}", "CREATE EXTENSION hstore", "CREATE CAST (text AS int) WITH INOUT", "CREATE AGGREGATE ag{k}(int) (sfunc = int4pl, stype = int)", "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)", "CREATE POLICY pol{k} ON {t}",
    "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY", "CREATE TEXT SEARCH CONFIGURATION ts{k} (COPY = simple)", "SELECT query_to_xml('DELETE FROM order_log', true, false, '')", "SELECT set_config('default_transaction_read_only', 'off', false), close_order({k})", "SELECT lo_unlink(oid) FROM pg_largeobject_metadata")

wraps = (
    "{s}", "{s}", "{s}", "{s};", "/* SELECT */ {s}", "-- SELECT 1\n{s}", "SELECT 1; {s}", "{s}; SELECT 1", "SELECT 1;;{s};;", "EXPLAIN ANALYZE {s}", "EXPLAIN (ANALYZE, COSTS OFF) {s}", "WITH x AS ({s} RETURNING *) SELECT * FROM x", "WITH x AS ({s} RETURNING 1) SELECT 1",
    "BEGIN; {s}; COMMIT", "BEGIN READ WRITE; {s}; COMMIT", "BEGIN; SET TRANSACTION READ WRITE; {s}; COMMIT", "START TRANSACTION READ WRITE; {s}; END", "COMMIT; {s}", "SET transaction_read_only = off; {s}", "SET default_transaction_read_only = off; {s}",
    "BEGIN; SAVEPOINT a; {s}; RELEASE a; COMMIT", "ROLLBACK; BEGIN READ WRITE; {s}; COMMIT AND CHAIN; COMMIT", "PREPARE p AS {s}; EXECUTE p", "DECLARE c CURSOR WITH HOLD FOR {s}; FETCH c", "SELECT set_config('transaction_read_only', 'off', true); {s}", "DO $x$BEGIN {s}; END$x$",
    "DO $x$BEGIN EXECUTE $y${s}$y$; END$x$", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; {s}", "RESET ALL; {s}", "DISCARD ALL; {s}", "CREATE TEMP TABLE q AS {s} RETURNING *", "COPY ({s} RETURNING *) TO STDOUT", "\t\n {s} \n", "{u}", "SELECT 1 \\; {s}", "{s} -- ;", "SELECT '\\'; {s} --'",
    "SELECT $$;$$; {s}", "SELECT E'\\''; {s} --'", "SELECT U&'\\0041'; {s}", "select 1 /* /* */ ; {s} -- */; {s}")


def statement(rng):
    table = rng.choice(tables)
    inner = rng.choice(plain).replace("{{}}", "{}").replace("{t}", table).replace("{n}", numbers[table]).replace("{k}", str(rng.randrange(1, 999))).replace("{d}", str(rng.randrange(10)))
    wrap = rng.choice(wraps)
    mixed = "".join(ch.swapcase() if rng.random() < 0.5 and "'" not in inner and "$" not in inner else ch for ch in inner)
    return wrap.replace("{s}", inner).replace("{u}", mixed)
