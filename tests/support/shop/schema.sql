-- The shop: what the demo, the system tests and the leak and write suites run against. Every value is invented
-- (generate.py, from a seed); e-mail addresses are under reserved names, numbers come from test ranges.
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'returned', 'cancelled');
CREATE TABLE customers (
    id          integer PRIMARY KEY,
    full_name   text NOT NULL,
    email       text NOT NULL UNIQUE,
    phone       varchar(24),
    birth_date  date,
    ssn         char(11),
    city        text NOT NULL,
    country     char(2) NOT NULL,
    created_at  timestamptz NOT NULL,
    newsletter  boolean NOT NULL DEFAULT false,
    profile     jsonb NOT NULL DEFAULT '{}',
    notes       text
);
CREATE TABLE products (
    id          integer PRIMARY KEY,
    sku         text NOT NULL UNIQUE,
    title       text NOT NULL,
    price       numeric(10,2) NOT NULL,
    tags        text[] NOT NULL DEFAULT '{}',
    stock       integer NOT NULL
);
CREATE TABLE orders (
    id          bigint PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES customers,
    status      order_status NOT NULL,
    placed_at   timestamptz NOT NULL,
    total       numeric(12,2) NOT NULL,
    currency    char(3) NOT NULL DEFAULT 'EUR',
    shipping    jsonb
);
CREATE INDEX ON orders (customer_id);
CREATE TABLE order_items (
    order_id    bigint NOT NULL REFERENCES orders,
    line        smallint NOT NULL,
    product_id  integer NOT NULL REFERENCES products,
    quantity    integer NOT NULL,
    price       numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE payments (
    id          bigint PRIMARY KEY,
    order_id    bigint NOT NULL REFERENCES orders,
    method      text NOT NULL,
    card_number text,
    iban        text,
    amount      numeric(12,2) NOT NULL,
    paid_at     timestamptz NOT NULL
);
CREATE INDEX ON payments (order_id);
CREATE TABLE employees (
    id          integer PRIMARY KEY,
    full_name   text NOT NULL,
    email       text NOT NULL,
    department  text NOT NULL,
    salary      numeric(10,2) NOT NULL,
    hired_on    date NOT NULL,
    manager_id  integer REFERENCES employees
);
CREATE TABLE tickets (
    id          integer PRIMARY KEY,
    customer_id integer REFERENCES customers,
    assignee_id integer REFERENCES employees,
    subject     text NOT NULL,
    body        text NOT NULL,
    opened_at   timestamptz NOT NULL,
    meta        jsonb
);
CREATE VIEW customer_contacts AS SELECT id, full_name AS name, email AS contact, phone FROM customers;
CREATE VIEW revenue_by_city AS
    SELECT c.city, count(*) AS orders, sum(o.total) AS revenue FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.city;
CREATE SEQUENCE order_number START 100000;
CREATE FUNCTION order_total(bigint) RETURNS numeric LANGUAGE sql STABLE AS
    'SELECT sum(quantity * price) FROM order_items WHERE order_id = $1';
CREATE FUNCTION close_order(bigint) RETURNS void LANGUAGE plpgsql AS
    $$BEGIN UPDATE orders SET status = 'shipped' WHERE id = $1; END$$;
CREATE TABLE order_log (order_id bigint, at timestamptz DEFAULT now(), was order_status, now_is order_status);
CREATE FUNCTION log_order() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO order_log (order_id, was, now_is) VALUES (NEW.id, OLD.status, NEW.status); RETURN NEW; END$$;
CREATE TRIGGER orders_log AFTER UPDATE OF status ON orders FOR EACH ROW EXECUTE FUNCTION log_order();
