-- The database of the unit and system tests: a small shop with personal data in the usual shapes.
-- tests/support/shop.catalog is the loader's dump of it (see catalog/README.md for how to renew it).
CREATE TYPE order_state AS ENUM ('new', 'paid', 'sent', 'returned');
CREATE DOMAIN email_text AS text CHECK (VALUE LIKE '%@%');
CREATE TYPE address AS (street text, city text, zip text);

CREATE TABLE customers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    email      email_text,
    phone      varchar(32),
    birth_date date,
    pin        integer,
    home       address,
    tags       text[],
    profile    jsonb NOT NULL DEFAULT '{}',
    active     boolean NOT NULL DEFAULT true,
    created    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
    id          bigserial PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    state       order_state NOT NULL DEFAULT 'new',
    total       numeric(12, 2) NOT NULL,
    note        text,
    placed      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE payments (
    id       bigserial PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    card     text NOT NULL,
    amount   numeric(12, 2) NOT NULL
);

CREATE TABLE employees (
    id      integer PRIMARY KEY,
    name    text NOT NULL,
    ssn     char(11),
    salary  numeric(10, 2),
    manager integer REFERENCES employees (id)
);
ALTER TABLE employees ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_row ON employees USING (name = CURRENT_USER OR manager IS NULL);

CREATE TABLE tickets (
    id          bigserial PRIMARY KEY,
    customer_id bigint REFERENCES customers (id),
    body        text,
    opened      timestamptz DEFAULT now()
);

CREATE TABLE events (
    id       bigint NOT NULL,
    happened timestamptz NOT NULL,
    payload  jsonb
) PARTITION BY RANGE (happened);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

CREATE TABLE notes (id integer, body text);
CREATE TABLE secret_notes (clearance integer) INHERITS (notes);

CREATE VIEW customer_contacts AS
    SELECT id, name AS customer, email, phone, lower(email) AS email_key FROM customers WHERE active;
CREATE VIEW contact_names AS
    SELECT c.customer, c.email AS contact, o.total
    FROM customer_contacts c JOIN orders o ON o.customer_id = c.id;
CREATE VIEW order_counts AS
    SELECT customer_id, count(*) AS orders, sum(total) AS spent FROM orders GROUP BY customer_id;
CREATE MATERIALIZED VIEW customer_summary AS
    SELECT c.id, c.email, count(o.id) AS orders FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
    GROUP BY c.id, c.email;

CREATE TABLE audit_trail (at timestamptz, what text);
CREATE RULE keep_audit AS ON DELETE TO audit_trail DO INSTEAD NOTHING;

CREATE FUNCTION customer_email(customer bigint) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT email::text FROM customers WHERE id = customer $$;
CREATE FUNCTION customers_named(wanted text) RETURNS TABLE (id bigint, email text) LANGUAGE sql STABLE
    AS $$ SELECT c.id, c.email::text FROM public.customers c WHERE c.name = wanted $$;
CREATE FUNCTION all_customers() RETURNS SETOF customers LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT * FROM customers; END;
CREATE FUNCTION add_tax(amount numeric, rate numeric DEFAULT 0.2) RETURNS numeric LANGUAGE sql IMMUTABLE
    RETURN amount * (1 + rate);
CREATE FUNCTION order_label(o orders) RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT 'order ' || o.id || coalesce(': ' || o.note, '') $$;
CREATE FUNCTION find_customer(wanted text) RETURNS text LANGUAGE plpgsql STABLE
    AS $$ BEGIN RETURN (SELECT email FROM customers WHERE name = wanted); END $$;
CREATE FUNCTION close_order(wanted bigint) RETURNS void LANGUAGE plpgsql VOLATILE
    AS $$ BEGIN UPDATE orders SET state = 'sent' WHERE id = wanted; END $$;
CREATE PROCEDURE archive_orders() LANGUAGE sql AS $$ DELETE FROM orders WHERE state = 'sent' $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.opened := now(); RETURN NEW; END $$;
CREATE TRIGGER touch_ticket BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION touch();
CREATE FUNCTION add_pair(a point, b point) RETURNS point LANGUAGE sql IMMUTABLE RETURN a + b;
CREATE OPERATOR +@ (LEFTARG = point, RIGHTARG = point, FUNCTION = add_pair);
CREATE AGGREGATE total_tax (numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0');

CREATE SCHEMA sales;
CREATE TABLE sales.orders (id integer, buyer_email text);
CREATE TABLE sales."Mixed Case" (id integer, "Secret Field" text);
CREATE FUNCTION sales.length(text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT 42 $$;
GRANT USAGE ON SCHEMA sales TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA public, sales TO PUBLIC;
