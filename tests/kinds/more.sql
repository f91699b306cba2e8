-- Beside tests/tables/sql/fixture.sql: what honest databases contain, and what lies about itself.
CREATE FUNCTION total_of(int) RETURNS numeric LANGUAGE plpgsql AS $$ DECLARE t numeric; r record; BEGIN
  SELECT sum(total) INTO t FROM orders WHERE customer_id = $1; IF t IS NULL THEN RETURN 0; END IF;
  FOR r IN SELECT id FROM orders LOOP t := t + r.id; END LOOP; RETURN t; END $$;
CREATE FUNCTION hidden_write(int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT count(*) FROM orders) + nextval('invoice_numbers'); END $$;
CREATE FUNCTION dynamic_volatile(text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE $1 INTO n; RETURN n; END $$;
CREATE FUNCTION nested_block(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN BEGIN IF $1 > 0 THEN DELETE FROM log; END IF; EXCEPTION WHEN others THEN NULL; END; RETURN 1; END $$;
CREATE FUNCTION loops(int) RETURNS SETOF int LANGUAGE plpgsql AS $$ DECLARE c CURSOR FOR SELECT id FROM orders; v int; BEGIN
  FOR i IN 1 .. $1 LOOP RETURN NEXT i; END LOOP; OPEN c; FETCH c INTO v; CLOSE c; RETURN QUERY SELECT id FROM customers; WHILE false LOOP NULL; END LOOP;
  CASE $1 WHEN 1 THEN PERFORM 1; ELSE PERFORM 2; END CASE; ASSERT true; RETURN; END $$;
CREATE FUNCTION sets_it(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.tenant', '7', false); RETURN 1; END $$;
CREATE FUNCTION locks_it(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock($1); RETURN 1; END $$;
CREATE FUNCTION default_writes(int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int := nextval('invoice_numbers'); BEGIN RETURN x; END $$;
CREATE FUNCTION over(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION over(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ($1); RETURN 1; END $$;
CREATE FUNCTION many(VARIADIC int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT cardinality($1)';
CREATE FUNCTION many_loud(VARIADIC text[]) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM next_invoice(); RETURN 1; END $$;
CREATE FUNCTION named(a int, b int DEFAULT 2, c text DEFAULT 'x') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION now_ish() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN now(); END $$;
CREATE TYPE tag AS (word text, weight int);
CREATE TABLE tagged (id int GENERATED ALWAYS AS IDENTITY, tags tag[], one tag, twice int GENERATED ALWAYS AS (length('x')) STORED);
CREATE TABLE audited (id int, note text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_OP); RETURN NEW; END $$;
CREATE TRIGGER t AFTER INSERT OR UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION audit();
CREATE VIEW calm_view AS SELECT id, total_of(id) AS t FROM customers;
CREATE VIEW pick AS SELECT over(id) AS o FROM customers;
CREATE VIEW far_view AS SELECT * FROM far_away;
CREATE OPERATOR <-> (LEFTARG = text, RIGHTARG = int, FUNCTION = repeat);
CREATE FUNCTION text_to_mood(text) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'ok'::mood$$;
INSERT INTO customers VALUES (1, 'a', 'b@c', 'c', NULL, 'd', 'ok'), (2, 'e', 'f@g', 'g', NULL, 'h', 'sad');
INSERT INTO orders VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7);
INSERT INTO secured VALUES (1, 'a'); INSERT INTO tenant VALUES (1, 'a'); INSERT INTO audited VALUES (1, 'x');
INSERT INTO events VALUES (1, '2026-02-03', '{"a": 1, "b": [1, 2]}');
INSERT INTO tagged (tags, one) VALUES (ARRAY[('a', 1)::tag], ('b', 2)); INSERT INTO app.settings VALUES ('k', 'v');
DO $$ BEGIN PERFORM lo_from_bytea(4711, 'x'); END $$;
CREATE FUNCTION public.probe() RETURNS text LANGUAGE sql STABLE AS $$ SELECT concat_ws('|',
    (SELECT md5(string_agg(name || '=' || setting, ',' ORDER BY name)) FROM pg_settings WHERE name NOT LIKE 'transaction\_%' AND name <> 'statement_timeout' AND name NOT LIKE '%.%'),
    nullif(current_setting('app.tenant', true), ''), current_user, (SELECT count(*) FROM pg_listening_channels()),
    (SELECT string_agg(DISTINCT mode, ',') FROM pg_locks WHERE pid = pg_backend_pid() AND locktype <> 'virtualxid' AND mode NOT IN ('AccessShareLock')),
    pg_current_xact_id_if_assigned() IS NOT NULL) $$;
VACUUM ANALYZE customers, orders, events, secured, tenant, tagged, audited, log;
