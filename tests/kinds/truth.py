"""What a statement truly does: run in a READ ONLY transaction and compared with what the server was like before."""
import psycopg2
import psycopg2.extensions

# Everything of a database and its cluster that a statement could change and READ ONLY might let pass.
DIGEST = """SELECT (SELECT string_agg(sequencename || coalesce(last_value::text, '-'), ',') FROM pg_sequences), (SELECT sum(hashtext(o::text)) FROM orders o), (SELECT sum(hashtext(c::text)) FROM customers c),
    (SELECT count(*) FROM log), (SELECT sum(hashtext(a::text)) FROM audited a), (SELECT count(*) || max(xmin::text) FROM pg_largeobject_metadata), (SELECT md5(string_agg(data::text, '')) FROM pg_largeobject),
    (SELECT count(*) || '/' || max(age(xmin)) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_authid), (SELECT count(*) FROM pg_db_role_setting),
    (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_prepared_xacts), (SELECT md5(string_agg(setting, ',')) FROM pg_file_settings), pg_conf_load_time(), pg_walfile_name(pg_current_wal_lsn()),
    (SELECT max(stats_reset) FROM pg_stat_database), (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name = 'bystander'), (SELECT count(*) FROM pg_description), pg_is_in_recovery()"""
UNHELD = {"read", "session", "transaction"}


class Truth:
    def __init__(self, conninfo, digest=DIGEST):
        self.conninfo, self.query = conninfo, digest
        self.worker = None
        self.look_again()

    def look_again(self):
        self.watch, self.bystander = self.connect("watch"), self.connect("bystander")
        self.watch.cursor().execute("LISTEN c")
        self.before = self.digest()

    def connect(self, name):
        connection = psycopg2.connect(self.conninfo, application_name=name)
        connection.autocommit = True
        return connection

    def digest(self):
        cursor = self.watch.cursor()
        cursor.execute(self.query)
        row = cursor.fetchone()
        self.watch.poll()
        heard = len(self.watch.notifies)
        self.watch.notifies.clear()
        return row, heard

    def probe(self, cursor):
        cursor.execute("SELECT public.probe()")
        return cursor.fetchone()[0]

    def run(self, statement):
        """(SQLSTATE or None, what of the session or its locks changed)"""
        if self.worker is None or self.worker.closed:
            self.worker = self.connect("worker")
            cursor = self.worker.cursor()
            cursor.execute("SET statement_timeout = '2s'")
            self.quiet = self.probe(cursor)
        cursor = self.worker.cursor()
        try:
            cursor.execute("BEGIN READ ONLY")
            if statement.lstrip().upper().startswith("COPY"):
                with open("/dev/null", "wb") as sink:
                    cursor.copy_expert(statement, sink)
            else:
                cursor.execute(statement)
            during = self.probe(cursor)
            cursor.execute("COMMIT")
            after = self.probe(cursor)
            code = None
        except psycopg2.Error as error:
            code, during, after = error.pgcode or "closed", self.quiet, self.quiet
        try:
            cursor.execute("ROLLBACK")
            cursor.execute("DISCARD ALL")
            cursor.execute("SET statement_timeout = '2s'")
        except psycopg2.Error:
            self.worker.close()
        if statement.startswith("EXPLAIN"):
            during = during.replace("|RowExclusiveLock|", "|")   # planning a write locks its table as the write would
        changed = [name for name, value in (("in the transaction", during), ("after it", after)) if value != self.quiet]
        return code, ", ".join(changed)

    def changes(self, statements):
        """For each statement: 'failed', 'rejected', 'changed ...' or 'nothing'. The database's digest is asked once for a group."""
        outcomes = []
        for statement in statements:
            code, changed = self.run(statement)
            outcomes.append("rejected" if code == "25006" else f"changed the session {changed}" if changed else "failed" if code else "nothing")
        try:
            now = self.digest()
        except psycopg2.Error:
            # Only a statement that ends sessions does this.
            self.look_again()
            now = None
        if now == self.before:
            return outcomes
        self.before = now or self.before
        if len(statements) == 1:
            return ["changed the database"] if outcomes[0] != "rejected" else outcomes
        middle = len(statements) // 2
        return self.changes(statements[:middle]) + self.changes(statements[middle:])
