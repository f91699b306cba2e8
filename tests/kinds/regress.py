"""PostgreSQL's own regression SQL, statement by statement: judged, tried in a READ ONLY transaction, then run.

The source comes from Debian's source package, or from PGVEIL_PG_SOURCE (the unpacked tree). Each file has a copy of the database
that test_setup.sql makes; its catalog is dumped anew when definitions have changed since, a bounded number of times a file.
"""
import os
import pathlib
import re
import subprocess

import psycopg2

MOST_DUMPS = 40
# Files that need the C functions of the test library, other databases, several sessions, or that end the server.
LEFT_OUT = {"largeobject", "tablespace", "misc", "create_function_c", "infinite_recurse", "stats", "sysviews", "subscription", "conversion", "encoding", "roleattributes", "password", "init_privs", "psql_crosstab", "psql"}

# Rows are not compared here: what writes them is rejected. What READ ONLY lets pass is.
DIGEST = """SELECT (SELECT string_agg(sequencename || coalesce(last_value::text, '-'), ',' ORDER BY schemaname, sequencename) FROM pg_sequences), (SELECT count(*) || max(xmin::text) FROM pg_largeobject_metadata), (SELECT md5(string_agg(data::text, '')) FROM pg_largeobject),
    (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_authid), (SELECT count(*) FROM pg_db_role_setting),
    (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_prepared_xacts), pg_conf_load_time(), pg_walfile_name(pg_current_wal_lsn()), (SELECT max(stats_reset) FROM pg_stat_database),
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name = 'bystander'), (SELECT sum(n_live_tup + n_tup_ins) FROM pg_stat_user_tables WHERE false)"""


def sources(directory):
    """The folder of the regression SQL."""
    given = os.environ.get("PGVEIL_PG_SOURCE")
    if given:
        return pathlib.Path(given) / "src/test/regress"
    place = pathlib.Path(directory) / "source"
    (place / "lists/partial").mkdir(parents=True)
    listed = [f for f in pathlib.Path("/etc/apt/sources.list.d").glob("*.sources")]
    (place / "deb.sources").write_text("\n\n".join(re.sub(r"^Types: deb$", "Types: deb-src", f.read_text(), flags=re.M) for f in listed))
    options = ["-o", f"Dir::Etc::sourcelist={place}/deb.sources", "-o", f"Dir::Etc::sourceparts={place}/none", "-o", f"Dir::State::lists={place}/lists"]
    subprocess.run(["apt-get", *options, "update"], check=True, capture_output=True)
    shown = subprocess.run(["apt-cache", *options, "showsrc", "postgresql-15"], check=True, capture_output=True, text=True).stdout
    for version in sorted(re.findall(r"^Version: (\S+)", shown, re.M), reverse=True):
        if subprocess.run(["apt-get", *options, "source", "--download-only", f"postgresql-15={version}"], cwd=place, capture_output=True).returncode == 0:
            break
    [archive] = place.glob("*.orig.tar.*")
    subprocess.run(["tar", "xf", archive, "--wildcards", "*/src/test/regress/*"], cwd=place, check=True)
    return next(place.glob("*/src/test/regress"))


def statements_of(text):
    """Top-level statements of a psql script; its backslash commands and COPY data are left out, its variables are not filled."""
    text = re.sub(r"^copy [^;]*from stdin[^;]*;\n(.*?\n)?\\\.$", "", text, flags=re.M | re.S | re.I)
    text = re.sub(r"^\\.*$", ";", text, flags=re.M)
    text = re.sub(r"\\(gset|gexec|gx|g|bind|crosstabview|watch)\b[^\n]*", ";", text)
    found, start, at, depth = [], 0, 0, 0
    token = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]\w*)?\$|\bbegin\s+atomic\b|\bcase\b|\bend\b|[();]", re.S | re.I)
    atomic = 0
    while match := token.search(text, at):
        word, at = match[0].lower(), match.end()
        if word.startswith("$"):
            close = text.find(match[0], at)
            at = close + len(match[0]) if close >= 0 else len(text)
        elif word.startswith("begin"):
            atomic = 1
        elif atomic and word in ("case", "end"):
            atomic += 1 if word == "case" else -1
        elif word in "()":
            depth += 1 if word == "(" else -1
        elif word == ";" and not atomic and depth <= 0:
            found.append(text[start:match.start()].strip())
            start, depth = at, 0
    return [s for s in found if s and "\0" not in s and not re.search(r"(^|[\s(=,]):['\"]?[a-z_]+", s)]


class File:
    """One file's database, judged as it changes."""

    def __init__(self, cluster, make_judge, make_truth, database):
        self.conninfo = f"host={cluster.dir} port={cluster.port} user=postgres dbname={database}"
        self.truth, self.judge = make_truth(self.conninfo), make_judge(self.conninfo)
        self.dumps, self.stale = 0, False
        self.session = psycopg2.connect(self.conninfo)
        self.session.autocommit = True
        self.session.cursor().execute("SET statement_timeout = '5s'")

    def judged(self, statement):
        if self.stale and self.dumps < MOST_DUMPS:
            self.judge.dump()
            self.dumps, self.stale = self.dumps + 1, False
        return self.judge.kinds([statement])[0]

    def take_effect(self, statement, kind):
        try:
            self.session.cursor().execute(statement)
            self.stale |= kind in ("ddl", "unknown", "admin") or statement.lower().startswith("create")
        except psycopg2.Error:
            if self.session.closed:
                raise
        except Exception:  # COPY without a file to read
            self.session.cancel()


def run(source, cluster, make_judge, make_truth, names, counts, more_sql):
    """Judges, tries and runs the files called `names`."""
    settings = {"PG_ABS_SRCDIR": str(source), "PG_LIBDIR": "/nowhere", "PG_DLSUFFIX": ".so"}
    cluster.sql("CREATE DATABASE regression_base")
    subprocess.run(["psql", "-q", "-X", "-h", cluster.dir, "-p", str(cluster.port), "-U", "postgres", "-d", "regression_base", "-f", source / "sql/test_setup.sql"],
                   env=os.environ | settings, capture_output=True)
    subprocess.run(["psql", "-q", "-X", "-h", cluster.dir, "-p", str(cluster.port), "-U", "postgres", "-d", "regression_base", "-v", "ON_ERROR_STOP=1"], input=more_sql, text=True, check=True, capture_output=True)
    for number, name in enumerate(names):
        cluster.sql(f"CREATE DATABASE regress{number} TEMPLATE regression_base")
        try:
            file = File(cluster, make_judge, make_truth, f"regress{number}")
            for statement in statements_of((source / f"sql/{name}.sql").read_text(errors="replace")):
                if len(statement) > 20_000 or re.match(r"(begin|start|commit|end|rollback|abort|savepoint|release|copy .* (from|to) (stdin|'))", statement, re.I):
                    continue
                line = file.judged(statement) if re.match(r"\W*(select|with|values|table|explain|show|declare|prepare|execute|copy|fetch|lock|set|insert|update|delete|merge)", statement, re.I) else None
                if line:
                    file.truth.before = file.truth.digest()   # what the file itself did before is no doing of this statement
                    counts.add(statement, frozenset([name]), line, file.truth.changes([statement])[0])
                file.take_effect(statement, line[0] if line else "ddl")
            file.session.close()
        except psycopg2.Error as error:
            print(f"     {name}: given up: {str(error).splitlines()[0]}")
        for connection in (file.session, file.truth.watch, file.truth.bystander, file.truth.worker):
            if connection is not None:
                connection.close()
        cluster.sql(f"DROP DATABASE regress{number} WITH (FORCE)")


def names_in(source):
    return [n for line in (source / "parallel_schedule").read_text().splitlines() if line.startswith("test:") for n in line[5:].split() if n not in LEFT_OUT and n != "test_setup" and (source / f"sql/{n}.sql").exists()]
