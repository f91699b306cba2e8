-- Small tables whose every column has values of its own: text cells name their column, numbers lie in a range of
-- their column. `id` and `grp` are shared by all and say nothing. {v} is the version of the column that differs.
CREATE TABLE a (id int, grp int, t1 text, t2 varchar(40), n1 int);
CREATE TABLE b (id int, grp int, t3 text, j1 jsonb, n2 int);
CREATE TABLE c (id int, t4 text, r1 text[], n3 bigint);
CREATE TABLE d (id int, t1 text, n4 int) PARTITION BY LIST (id);
CREATE TABLE d1 PARTITION OF d FOR VALUES IN (1, 2, 3);
CREATE TABLE d2 PARTITION OF d DEFAULT;
CREATE VIEW va AS SELECT id, t1 AS vt, upper(t2) AS vu, n1 + 0 AS vn FROM a;
CREATE VIEW vb AS SELECT v.vt AS t1, b.t3, b.id FROM va v JOIN b USING (id);
CREATE VIEW vc AS SELECT grp, count(*) AS n, max(t1) AS m FROM a GROUP BY grp;
CREATE VIEW vd AS SELECT id, t4 AS x FROM c UNION ALL SELECT id, t3 FROM b;
CREATE FUNCTION fa(i int) RETURNS text LANGUAGE sql STABLE AS 'SELECT t1 FROM a WHERE id = i LIMIT 1';
CREATE FUNCTION fb(i int) RETURNS TABLE (p int, q text) LANGUAGE sql STABLE AS 'SELECT id, t3 FROM b WHERE grp = i';
CREATE FUNCTION fc() RETURNS SETOF c LANGUAGE sql STABLE AS 'SELECT * FROM c';
CREATE FUNCTION fd(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x || ''!''';
CREATE FUNCTION fe(i int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM a WHERE n1 = i)';
CREATE FUNCTION ff(i int) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT max(t4) FROM c WHERE id = i); END';
CREATE FUNCTION fg(r a) RETURNS text LANGUAGE sql STABLE AS 'SELECT (r).t2';
CREATE TYPE pair AS (word text, num int);
CREATE TABLE e (id int, p1 pair, q1 pair[]);
CREATE VIEW ve AS SELECT id, (p1).word AS w, (q1[1]).num AS m FROM e;
CREATE VIEW vf AS SELECT v.x AS y, a.* FROM vd v JOIN a ON a.id = v.id;
CREATE FUNCTION fh(a text DEFAULT 'z', b int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a || b';
CREATE FUNCTION fi(VARIADIC x text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x[1]';
CREATE FUNCTION fj(x anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION fk(OUT k1 text, OUT k2 int) LANGUAGE sql STABLE AS 'SELECT t1, n1 FROM a WHERE id = 2';
