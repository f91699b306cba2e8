-- Two small warehouses for tpch.sql and tpcds.sql, each in a schema of its own; every value is reckoned.
CREATE SCHEMA wholesale;
CREATE SCHEMA retail;
SET search_path = wholesale;
CREATE TABLE region AS SELECT i AS r_regionkey, (ARRAY['AFRICA', 'AMERICA', 'ASIA', 'EUROPE', 'MIDDLE EAST'])[i + 1] AS r_name FROM generate_series(0, 4) i;
CREATE TABLE nation AS SELECT i AS n_nationkey, (ARRAY['BRAZIL', 'CANADA', 'FRANCE', 'GERMANY', 'INDIA', 'JAPAN', 'KENYA', 'EGYPT'])[i + 1] AS n_name, (ARRAY[1, 1, 3, 3, 2, 2, 0, 4])[i + 1] AS n_regionkey FROM generate_series(0, 7) i;
CREATE TABLE supplier AS SELECT i AS s_suppkey, i % 8 AS s_nationkey, (i * 37 % 9000)::numeric(12,2) AS s_acctbal, CASE i % 9 WHEN 0 THEN 'Customer has Complaints' ELSE 'steady' END AS s_comment FROM generate_series(1, 40) i;
CREATE TABLE customer AS SELECT i AS c_custkey, i % 8 AS c_nationkey, (i * 53 % 8000 - 900)::numeric(12,2) AS c_acctbal, (ARRAY['BUILDING', 'AUTOMOBILE', 'MACHINERY'])[i % 3 + 1] AS c_mktsegment FROM generate_series(1, 120) i;
CREATE TABLE part AS SELECT i AS p_partkey, 'Manufacturer#' || i % 5 AS p_mfgr, 'Brand#' || (ARRAY[12, 23, 45])[i % 3 + 1] AS p_brand, (ARRAY['PROMO PLATED STEEL', 'LARGE BRUSHED BRASS', 'MEDIUM POLISHED TIN'])[i % 3 + 1] AS p_type, i % 50 AS p_size, (ARRAY['SM CASE', 'MED BOX', 'MED BAG'])[i % 3 + 1] AS p_container FROM generate_series(1, 100) i;
CREATE TABLE partsupp AS SELECT p AS ps_partkey, (p * 7 + s * 11) % 40 + 1 AS ps_suppkey, (p * s * 13) % 900 AS ps_availqty, ((p * 3 + s * 17) % 1000)::numeric(12,2) AS ps_supplycost FROM generate_series(1, 100) p, generate_series(1, 4) s;
CREATE TABLE orders AS SELECT i AS o_orderkey, i * 7 % 100 + 1 AS o_custkey, (ARRAY['F', 'O', 'P'])[i % 3 + 1] AS o_orderstatus, (i * 91 % 100000)::numeric(12,2) AS o_totalprice, date '1992-01-01' + i * 3 % 2400 AS o_orderdate, (ARRAY['1-URGENT', '2-HIGH', '3-MEDIUM'])[i % 3 + 1] AS o_orderpriority, 0 AS o_shippriority, CASE i % 7 WHEN 0 THEN 'special requests' ELSE 'plain' END AS o_comment FROM generate_series(1, 800) i;
CREATE TABLE lineitem AS SELECT o AS l_orderkey, (o * 3 + l) % 100 + 1 AS l_partkey, (o * 5 + l * 11) % 40 + 1 AS l_suppkey, l AS l_linenumber, (o * l % 50 + 1)::numeric AS l_quantity, (o * l % 9000 + 100)::numeric(12,2) AS l_extendedprice, (o % 11)::numeric / 100 AS l_discount, (l % 9)::numeric / 100 AS l_tax, (ARRAY['R', 'A', 'N'])[o % 3 + 1] AS l_returnflag, (ARRAY['O', 'F'])[o % 2 + 1] AS l_linestatus,
    date '1992-01-01' + o * 3 % 2400 + l AS l_shipdate, date '1992-01-01' + o * 3 % 2400 + l + o % 5 AS l_commitdate, date '1992-01-01' + o * 3 % 2400 + l + o % 7 AS l_receiptdate, (ARRAY['MAIL', 'SHIP', 'AIR'])[l % 3 + 1] AS l_shipmode FROM generate_series(1, 800) o, generate_series(1, 4) l;
SET search_path = retail;
CREATE TABLE date_dim AS SELECT i AS d_date_sk, date '1999-01-01' + i AS d_date, extract(year FROM date '1999-01-01' + i)::int AS d_year, extract(month FROM date '1999-01-01' + i)::int AS d_moy, trim(to_char(date '1999-01-01' + i, 'Day')) AS d_day_name FROM generate_series(0, 1000) i;
CREATE TABLE item AS SELECT i AS i_item_sk, 'ITEM' || lpad(i::text, 8, 'A') AS i_item_id, i % 6 AS i_brand_id, 'brand ' || i % 6 AS i_brand, (ARRAY['Sports', 'Books', 'Home', 'Music'])[i % 4 + 1] AS i_category, 'class ' || i % 7 AS i_class, i % 30 AS i_manufact_id FROM generate_series(1, 60) i;
CREATE TABLE store AS SELECT i AS s_store_sk, (ARRAY['able', 'bar', 'cally'])[i] AS s_store_name FROM generate_series(1, 3) i;
CREATE TABLE store_sales AS SELECT i * 13 % 1001 AS ss_sold_date_sk, i % 55 + 1 AS ss_item_sk, i * 7 % 90 AS ss_customer_sk, i % 2 + 1 AS ss_store_sk, i % 40 + 1 AS ss_quantity, (i % 300)::numeric(7,2) AS ss_list_price, (i * 3 % 900)::numeric(9,2) AS ss_ext_sales_price FROM generate_series(1, 4000) i;
CREATE TABLE store_returns AS SELECT i * 17 % 1001 AS sr_returned_date_sk, i * 11 % 70 AS sr_customer_sk, i % 2 + 1 AS sr_store_sk, (i * 5 % 200)::numeric(7,2) AS sr_return_amt FROM generate_series(1, 500) i;
GRANT USAGE ON SCHEMA wholesale, retail TO public;
GRANT SELECT ON ALL TABLES IN SCHEMA wholesale TO public;
GRANT SELECT ON ALL TABLES IN SCHEMA retail TO public;
