"""What an approval binds besides its text, and what the log says of statements that never ran."""
from common import agent, case, shared, truth
from suite import absent, contains, equal
from wire import bind, execute, parse, sync, wait_for
from world import approve, held
import world


def filed(a, sql):
    id = held(a.query(sql))["request"]
    approve(shared.proxy, id)
    return id


settings = {"extra_float_digits = -15": "(1::float8 / 3)::text", "bytea_output = 'escape'": r"'\x4142'::bytea::text", "xmloption = document": "'<a/>'::xml::text",
            "quote_all_identifiers = on": "pg_get_viewdef('customer_contacts')", "row_security = off": "'x'"}
for number, (setting, expression) in enumerate(settings.items()):
    @case(f"an approval is not spent under another setting: {setting}")
    def _(number=number, setting=setting, expression=expression):
        sql = f"UPDATE tickets SET subject = {expression} WHERE id = {220 + number}"
        before = truth(f"SELECT subject FROM tickets WHERE id = {220 + number}")
        with agent() as a:
            id = filed(a, sql)
            a.query(f"SET {setting}").ok()
            equal(a.query(f"SELECT * FROM pgveil.execute('{id}')").sqlstate, "PV005")
        equal(truth(f"SELECT subject FROM tickets WHERE id = {220 + number}"), before)


@case("an approval of a statement that reads settings is not spent under others, whichever they are")
def _():
    sql = "UPDATE tickets SET subject = 'x' WHERE id::text = current_setting('work_mem')"
    with agent() as a:
        a.query("SET work_mem = '9MB'").ok()
        id = filed(a, sql)
        a.query("SET work_mem = '10MB'").ok()
        equal(a.query(f"SELECT * FROM pgveil.execute('{id}')").sqlstate, "PV005")
        id = filed(a, sql)
        with agent() as same:
            same.query("SET work_mem = '10MB'").ok()
            equal(same.query(f"SELECT * FROM pgveil.execute('{id}')").ok().rows[0][1], "UPDATE 0", "the same settings in another session")


objects = """CREATE TABLE bound(id int, n int); INSERT INTO bound VALUES (1, 1), (2, 2); CREATE TABLE bound_other(id int, n int); INSERT INTO bound_other VALUES (1, 1);
    CREATE VIEW bound_view AS SELECT * FROM bound; CREATE FUNCTION bound_sum(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION bound_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE bound_with(id int, n int); INSERT INTO bound_with VALUES (1, 1);
    CREATE TRIGGER bound_trigger BEFORE UPDATE ON bound_with FOR EACH ROW EXECUTE FUNCTION bound_trigger();
    GRANT SELECT, UPDATE ON bound, bound_other, bound_view, bound_with TO pgveil_reader, pgveil_writer"""
changes = {
    "a view replaced": ("UPDATE bound_view SET n = 9 WHERE id = 1", "CREATE OR REPLACE VIEW bound_view AS SELECT * FROM bound_other"),
    "a called function replaced": ("UPDATE bound SET n = bound_sum(9) WHERE id = 1", "CREATE OR REPLACE FUNCTION bound_sum(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 777'"),
    "a trigger's function replaced": ("UPDATE bound_with SET n = 9 WHERE id = 1", "CREATE OR REPLACE FUNCTION bound_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.n = 777; RETURN NEW; END'"),
    "a trigger added": ("UPDATE bound SET n = 9 WHERE id = 2", "CREATE TRIGGER more BEFORE UPDATE ON bound FOR EACH ROW EXECUTE FUNCTION bound_trigger()"),
    "a table made anew under the name": ("UPDATE bound_other SET n = 9 WHERE id = 1", "ALTER TABLE bound_other RENAME TO bound_old; CREATE TABLE bound_other AS SELECT * FROM bound_old; GRANT SELECT, UPDATE ON bound_other TO pgveil_reader, pgveil_writer"),
}
rows = "SELECT * FROM bound UNION ALL SELECT * FROM bound_other UNION ALL SELECT * FROM bound_with"

for title, (sql, change) in changes.items():
    @case(f"an approval is not spent on another object: {title}")
    def _(sql=sql, change=change):
        if truth("SELECT to_regclass('bound_view') IS NULL") == [["t"]]:
            shared.cluster.sql(objects, "shop")
        with agent() as a:
            a.query("SELECT * FROM bound_with").ok()
            same, changed = filed(a, sql), filed(a, sql + " AND n < 100")
            equal(a.query(f"SELECT * FROM pgveil.execute('{same}')").sqlstate, None, "nothing changed yet")
            shared.cluster.sql(change, "shop")
            before = truth(rows)
            equal(a.query(f"SELECT * FROM pgveil.execute('{changed}')").sqlstate, "PV005")
            equal(truth(rows), before)


@case("an approval for a permanent table is not spent on a temporary one; names mean it again once that is gone")
def _():
    table, sql = "CREATE TEMP TABLE tickets(id int, subject text)", "UPDATE tickets SET subject = 'shadow' WHERE id = 203"
    before = truth("SELECT subject FROM tickets WHERE id = 203")
    with agent() as a:
        permanent = filed(a, sql)
        filed(a, table)
        a.query(table).ok()
        equal(a.query(f"SELECT * FROM pgveil.execute('{permanent}')").sqlstate, "PV005")
        equal(a.query(sql).sqlstate, "42501", "the temporary table: what it holds is not known")
        a.query("SELECT count(*) FROM products").ok()        # no other name is in doubt
        a.query("SELECT count(*) FROM public.tickets").ok()
        a.query("DISCARD TEMP").ok()
        a.query("SELECT count(*) FROM tickets").ok()
    equal(truth("SELECT subject FROM tickets WHERE id = 203"), before)


@case("what the server could not be asked binds nothing: the statement is neither filed nor spent")
def _():
    sql = "UPDATE tickets SET subject = 'late' WHERE id = 204"
    with agent() as a, shared.cluster.wire("shop") as locker:
        a.query("SELECT count(*) FROM tickets").ok()
        approved = filed(a, sql)
        before = shared.proxy.console("SHOW REQUESTS").ok().rows
        locker.query("BEGIN; LOCK pg_catalog.pg_policy IN ACCESS EXCLUSIVE MODE").ok()
        a.query("SET statement_timeout = '200ms'").ok()
        for text in (sql, sql + " AND true", f"SELECT * FROM pgveil.execute('{approved}')"):
            equal(a.query(text).sqlstate, "57014", text)
            a.query("BEGIN").ok()
            equal(a.query(text).sqlstate, "57014", text)
            a.query("ROLLBACK").ok()
            a.send(parse(text), bind(), execute(), sync)
            equal(a.until().sqlstate, "57014", text)
        locker.query("ROLLBACK").ok()
        equal(shared.proxy.console("SHOW REQUESTS").ok().rows, before)
        equal(a.query(sql).tag, "UPDATE 1")


@case("an approval is not spent in a READ ONLY block, used or not: PostgreSQL would not write there")
def _():
    sql = "UPDATE tickets SET subject = 'read only' WHERE id = 205"
    with agent() as a:
        filed(a, sql)
        for begin in ("BEGIN READ ONLY", "BEGIN READ ONLY; SELECT 1"):
            a.query(begin).ok()
            equal(a.query(sql).sqlstate, "25006", begin)
            a.query("ROLLBACK").ok()
        a.query("BEGIN").ok()
        equal(a.query(sql).tag, "UPDATE 1")
        a.query("COMMIT").ok()
    equal(truth("SELECT subject FROM tickets WHERE id = 205"), [["read only"]])


@case("every statement that the server refused is recorded, by a Query and by Parse, with its SQLSTATE and no literal")
def _():
    texts = {"SELECT * FROM payroll_2024": "42P01", "SELEC 'a word of mine'": "42601", "SELECT 1::nosuchtype": "42704", "CALL noproc()": "42883", "SELECT nofunc(1)": "42883"}
    for text, code in texts.items():
        with agent("reader") as a:
            for send in (lambda: a.query(text), lambda: (a.send(parse(text), bind(), execute(), sync), a.until())[1]):
                def recorded():
                    return len([r for r in shared.proxy.records() if r.get("sqlstate") == code])
                before = recorded()
                equal(send().sqlstate, code)
                wait_for(lambda: recorded() > before, what=f"the record of {text}")
                equal(recorded(), before + 1, text)
    absent(shared.proxy.log_bytes(), b"a word of mine")


@case("neither a task nor the database of a failed login takes personal data into the log")
def _():
    with agent(startup={"pgveil.task": "bob.smith@example.com 4111111111111111"}) as a:
        a.query("SELECT 1").ok()
        a.query("SET pgveil.task = 'ann.jones@example.com'").ok()
        a.query("SELECT 2").ok()
        a.query("SET pgveil.task = 'TICKET-42/import'").ok()
        equal(a.query("SHOW pgveil.task").value, "TICKET-42/import")
    failed = len([r for r in shared.proxy.records() if r["kind"] == "auth.fail"])
    try:
        agent(database="eve.miller@example.com").close()
    except Exception as refused:
        contains(str(refused), "does not exist")
    wait_for(lambda: [r for r in shared.proxy.records() if r["kind"] == "auth.fail"][failed:], what="the record of the login")
    for word in (b"bob.smith@example.com", b"4111111111111111", b"ann.jones@example.com", b"eve.miller@example.com"):
        absent(shared.proxy.log_bytes(), word)


@case("failures on values of sensitive columns are comparisons, of which an hour has so many")
def _():
    proxy = world.Pgveil(shared.cluster, masking="equality_limit = { statement = 5, hour = 5 }\n" + world.masked_columns)
    with proxy.agent("reader") as a:
        codes = [a.query(f"SELECT 1 / (length(ssn) - 11) FROM customers WHERE id = {n}").sqlstate for n in range(1, 60)]
        assert codes.count("22000") <= 5, codes
        equal(codes[-1] in ("PV001", "42501", "PV011", "PV003"), True, str(codes))
        a.query("SELECT id FROM products").ok()
    proxy.stop()
