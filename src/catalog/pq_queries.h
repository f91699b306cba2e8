// The loader's queries, and the order of their columns, which pq_loader.cc repeats. Catalog columns that a
// server version lacks are chosen by version in pq_loader.cc. Not for other rooms.
#pragma once

namespace pgveil::catalog::queries {

// Temporary objects of other sessions are left out everywhere: none of them can be named by this one.
inline constexpr const char* kDatabase = R"(
SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version'),
       pg_catalog.current_setting('server_version_num'), d.oid, pg_catalog.getdatabaseencoding(), CURRENT_USER,
       (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'search_path'),
       pg_catalog.concat_ws(', ', CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
           CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END,
           CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
           (SELECT pg_catalog.string_agg(g.rolname, ', ' ORDER BY g.rolname) FROM pg_catalog.pg_roles g
             WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
                                 'pg_signal_backend')
               AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')))
  FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
 WHERE d.datname = pg_catalog.current_database() AND r.rolname = CURRENT_USER)";

inline constexpr const char* kSystemIdentifier = "SELECT system_identifier FROM pg_catalog.pg_control_system()";

inline constexpr const char* kSchemas = R"(
SELECT n.oid, n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  FROM pg_catalog.pg_namespace n
 WHERE n.nspname !~ '^pg_(toast_)?temp_' ORDER BY n.oid)";

inline constexpr const char* kRelations = R"(
SELECT c.oid, c.relnamespace, n.nspname, c.relname, c.relkind,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
       ARRAY(SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid ORDER BY i.inhseqno),
       ARRAY(SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid ORDER BY i.inhrelid),
       c.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type <> '1'),
       c.relhastriggers AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
       c.relrowsecurity,
       EXISTS (SELECT FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = c.oid AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ '[(]|CURRENT|SESSION')
       OR EXISTS (SELECT FROM pg_catalog.pg_attribute a, pg_catalog.pg_type t
                   WHERE a.attrelid = c.oid AND a.atttypid = t.oid AND t.typtype = 'd'
                     AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')),
       ARRAY(SELECT e FROM pg_catalog.pg_policy p, LATERAL (VALUES
                    (pg_catalog.pg_get_expr(p.polqual, p.polrelid)),
                    (pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))) AS x (e)
              WHERE c.relrowsecurity AND p.polrelid = c.oid AND e IS NOT NULL),
       c.reltuples::pg_catalog.int8, c.relpages::pg_catalog.int8 * 8192
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind <> 't' AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
   AND NOT (c.relkind IN ('i', 'I') AND n.nspname = 'pg_catalog')
 ORDER BY c.oid)";

inline constexpr const char* kColumns = R"(
SELECT a.attrelid, a.attname, a.attnum, a.atttypid, a.attnotnull, a.attgenerated <> ''
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
 WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind NOT IN ('t', 'i', 'I') AND c.relpersistence <> 't'
 ORDER BY a.attrelid, a.attnum)";

// {}: kBodySince14 or kBodyBefore14 (BEGIN ATOMIC came with PostgreSQL 14).
inline constexpr const char* kFunctions = R"(
SELECT p.oid, p.pronamespace, n.nspname, p.proname, l.lanname, p.prorettype,
       CASE WHEN l.lanname = 'sql' THEN {} WHEN l.lanname = 'plpgsql' THEN p.prosrc END,
       p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames, p.pronargdefaults, p.provariadic,
       p.provolatile, p.prokind, p.proretset, p.prosecdef,
       (SELECT pg_catalog.substr(s, 13) FROM pg_catalog.unnest(p.proconfig) AS u (s) WHERE s LIKE 'search_path=%'),
       ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
             a.aggminvtransfn, a.aggmfinalfn]::pg_catalog.oid[],
       pg_catalog.pg_get_expr(p.proargdefaults, 0)
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
 ORDER BY p.oid)";
inline constexpr const char* kBodySince14 = "COALESCE(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc)";
inline constexpr const char* kBodyBefore14 = "p.prosrc";

inline constexpr const char* kTypes = R"(
SELECT t.oid, t.typnamespace, n.nspname, t.typname, t.typtype, t.typcategory, t.typlen = -1 AND t.typelem <> 0,
       t.typbasetype, t.typelem, COALESCE(g.range_of, 0::pg_catalog.oid), t.typrelid,
       t.typtype = 'd' AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'),
       ARRAY(SELECT pg_catalog.pg_get_expr(k.conbin, 0) FROM pg_catalog.pg_constraint k
              WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.oid)
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN LATERAL (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE {}) AS g (range_of) ON true
 WHERE n.nspname !~ '^pg_(toast_)?temp_'
 ORDER BY t.oid)";
inline constexpr const char* kRangeSince14 = "t.oid IN (r.rngtypid, r.rngmultitypid)";
inline constexpr const char* kRangeBefore14 = "t.oid = r.rngtypid";

inline constexpr const char* kOperators = R"(
SELECT o.oid, o.oprnamespace, n.nspname, o.oprname, o.oprleft, o.oprright, o.oprresult, o.oprcode::pg_catalog.oid
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace ORDER BY o.oid)";

inline constexpr const char* kCasts = R"(
SELECT castsource, casttarget, castfunc, castcontext FROM pg_catalog.pg_cast ORDER BY oid)";

// Every INSERT, UPDATE or DELETE of a catalog row changes the row's (xmin, ctid); VACUUM and ANALYZE write
// statistics in place and do not. A sum over hashes needs no sort. {}: one of kStampTables.
inline constexpr const char* kStampOfTable = R"(
SELECT pg_catalog.count(*) || '/' ||
       COALESCE(pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::text || t.ctid::text, 0)), 0)
  FROM pg_catalog.{} t)";
inline constexpr const char* kStampTables[] = {
    "pg_namespace", "pg_class",  "pg_attribute", "pg_attrdef", "pg_proc",   "pg_aggregate",  "pg_type",
    "pg_range",     "pg_operator", "pg_cast",    "pg_rewrite", "pg_trigger", "pg_policy",    "pg_inherits",
    "pg_constraint", "pg_db_role_setting"};

}  // namespace pgveil::catalog::queries
