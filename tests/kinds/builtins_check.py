"""PostgreSQL's own functions: the list is complete against pg_proc, and each one judged a read is called and changes nothing."""
import subprocess

# Values for arguments by type; a function with another type in its signature is called with NULLs, which most never look at.
SAMPLES = {"bool": "true", "int2": "1::int2", "int4": "1", "int8": "1::int8", "float4": "1::float4", "float8": "1::float8", "numeric": "1.5", "text": "'a'::text", "name": "'orders'::name", "oid": "'orders'::regclass::oid", "regclass": "'orders'::regclass",
           "date": "'2026-01-01'::date", "time": "'10:00'::time", "timetz": "'10:00+00'::timetz", "timestamp": "'2026-01-01'::timestamp", "timestamptz": "'2026-01-01'::timestamptz", "interval": "'1s'::interval", "json": "'{\"a\":1}'::json", "jsonb": "'{\"a\":1}'::jsonb",
           "jsonpath": "'$.a'::jsonpath", "bytea": "'\\x00ff'::bytea", "uuid": "'00000000-0000-0000-0000-000000000001'::uuid", "inet": "'10.0.0.1'::inet", "cidr": "'10.0.0.0/8'::cidr", "macaddr": "'08:00:2b:01:02:03'::macaddr", "bit": "B'1'", "varbit": "B'1'::varbit",
           "bpchar": "'a'::char(1)", "varchar": "'a'::varchar", "\"char\"": "'a'::\"char\"", "cstring": "'1'::cstring", "point": "'(1,1)'::point", "box": "'(0,0),(1,1)'::box", "circle": "'<(0,0),1>'::circle", "polygon": "'((0,0),(1,1),(1,0))'::polygon",
           "path": "'((0,0),(1,1))'::path", "line": "'{1,1,1}'::line", "lseg": "'[(0,0),(1,1)]'::lseg", "tsvector": "'a'::tsvector", "tsquery": "'a'::tsquery", "regconfig": "'simple'::regconfig", "regdictionary": "'simple'::regdictionary", "xml": "'<a/>'::xml", "_text": "ARRAY['a']",
           "_int4": "ARRAY[1]", "_oid": "ARRAY[1::oid]", "anyelement": "1", "anyarray": "ARRAY[1]", "any": "1", "anycompatible": "1", "anycompatiblearray": "ARRAY[1]", "anynonarray": "1", "anyrange": "int4range(1,2)", "anymultirange": "int4multirange(int4range(1,2))", "int4range": "int4range(1,2)",
           "xid": "'1'::xid", "xid8": "'1'::xid8", "pg_lsn": "'0/1'::pg_lsn", "money": "'1'::money", "pg_snapshot": "'1:1:'::pg_snapshot", "regproc": "'now'::regproc", "regtype": "'int4'::regtype", "tid": "'(0,1)'::tid", "refcursor": "'x'::refcursor", "void": "NULL::void"}

FUNCTIONS = """SELECT p.proname, p.provolatile, p.prokind, p.proretset, p.proacl IS NOT NULL, p.prosrc,
       ARRAY(SELECT format_type(t, NULL) || '|' || (SELECT typname FROM pg_type WHERE oid = t) FROM unnest(p.proargtypes) t), p.prorettype::regtype::text
  FROM pg_proc p WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace ORDER BY 1"""
# These cannot be written in a statement: they take or give what only the server makes.
INTERNAL = {"internal", "trigger", "event_trigger", "language_handler", "fdw_handler", "index_am_handler", "table_am_handler", "tsm_handler", "pg_ddl_command"}
# Stable functions whose name says that they may reach beyond rows; each is looked at once and stands in the list or here.
LOOKED_AT = {"pg_get_replica_identity_index", "pg_get_replication_slots", "pg_stat_get_replication_slot", "pg_get_publication_tables", "pg_stat_get_wal_receiver", "pg_stat_get_wal_senders", "pg_stat_get_subscription",
             "pg_stat_get_subscription_stats", "pg_relation_filenode", "pg_relation_filepath", "pg_filenode_relation", "pg_config", "pg_conf_load_time", "pg_show_all_settings", "pg_read_binary_file", "xmlvalidate", "xml_is_well_formed",
             "pg_options_to_table", "pg_stat_get_archiver", "pg_tablespace_location", "has_server_privilege", "pg_settings_get_flags", "inet_server_addr", "inet_server_port", "pg_show_replication_origin_status", "has_foreign_data_wrapper_privilege", "pg_stat_get_slru", "pg_stat_get_wal", "pg_event_trigger_table_rewrite_oid",
             "pg_event_trigger_table_rewrite_reason", "pg_stat_get_bgwriter_stat_reset_time", "pg_stat_get_db_stat_reset_time", "pg_stat_get_db_temp_files", "pg_wal_lsn_diff", "pg_walfile_name", "pg_walfile_name_offset"}
GRAVE_WORDS = ("file", "ls_", "slot", "replication", "origin", "_to_xml", "program", "server", "reload", "terminate", "cancel", "backup", "wal_", "lo_", "notify", "advisory", "reset", "rewrite", "ts_stat", "import", "export")


def check_builtins(suite, build, judge, truth, compare, counts_type, everything):
    cursor = truth.watch.cursor()
    cursor.execute(FUNCTIONS)
    functions = [(name, volatility, kind, retset, acl, source, [a.split("|") for a in arguments], returns) for name, volatility, kind, retset, acl, source, arguments, returns in cursor.fetchall()]
    listed = {line.split("\t")[0]: line.split("\t")[1:] for line in
              subprocess.run([build / "src/sql/sql-kinds", "--builtins"], capture_output=True, text=True, check=True).stdout.splitlines()}
    callable_ = [f for f in functions if not INTERNAL & ({a[1] for a in f[6]} | {f[7]})]

    def every_volatile_is_listed():
        missing = sorted({f[0] for f in callable_ if f[1] == "v" and f[0] not in listed and not f[0].startswith("binary_upgrade_")})
        assert not missing, f"volatile built-ins that nobody has judged: {missing}"
        assert len(functions) > 3000 and all(len(row) == 2 and row[1] for row in listed.values()), "each needs its reason"
    suite.check("every volatile built-in of the server is judged by name, with a reason", every_volatile_is_listed)

    def every_restricted_is_listed():
        # A function that the server itself does not let everybody call is grave, whatever its volatility says.
        missing = sorted({f[0] for f in callable_ if f[1] != "v" and f[4] and f[0] not in listed})
        assert not missing, f"built-ins with restricted privileges that nobody has judged: {missing}"
    suite.check("every built-in that not everybody may call is judged by name", every_restricted_is_listed)

    def grave_names():
        missing = sorted({f[0] for f in callable_ if f[1] != "v" and f[0] not in listed and f[0] not in LOOKED_AT and any(w in f[0] for w in GRAVE_WORDS) and f[0].startswith(("pg_", "lo_", "query", "table_", "schema", "cursor", "database", "ts_"))})
        assert not missing, f"stable built-ins with grave names that nobody has judged: {missing}"
    suite.check("every stable built-in with a grave name is judged by name, or was looked at", grave_names)

    def called():
        statements = []
        for name, _, kind, retset, _, _, arguments, _ in callable_:
            if kind == "w" or name.startswith(("pg_sleep", "pg_stat_reset", "binary_upgrade_")):
                continue
            texts = [SAMPLES.get(short) or f"NULL::{full}" for full, short in arguments]
            null = [f"NULL::{full}" if not short.startswith("any") and short != "any" else "NULL" for full, short in arguments]
            for values in (texts, null) if everything else (texts,):
                call = f'pg_catalog."{name}"({", ".join(values)})'
                statements.append((f"SELECT * FROM {call} x LIMIT 3" if retset else f"SELECT {call}", frozenset([name])))
        counts = counts_type()
        compare(truth, judge, statements, counts)
        counts.report(f"{len(statements)} calls of PostgreSQL's own functions")
        assert not counts.false_reads, "\n".join(counts.false_reads[:20])
        assert counts.harmless > 1500, counts.outcomes
    suite.check("PostgreSQL's own functions that are judged reads, called, change nothing", called, limit=900)
