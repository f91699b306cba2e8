"""A name means the table that the server takes, whatever set the search path and when: two schemas hold the same names, one
of them tagged."""
import json

from common import case, shared, truth
from suite import absent, contains, equal
from wire import bind, execute, parse, query, sync
from world import approve, held
import world

read = "SELECT title FROM products WHERE id = 9"
away, back = "SET search_path = attic", "SET search_path = public"
move = "SELECT set_config('search_path', 'public', false)"
proxies = []
tagged = """
[[masking.column]]
column = "*.public.products.title"
class = "PERSON"
transform = "redact"
"""


def attic():
    """Two schemas with the same names, and a pgveil that masks one of them."""
    if proxies:
        return
    shared.cluster.sql("""CREATE SCHEMA attic; GRANT USAGE ON SCHEMA attic TO PUBLIC; GRANT CREATE ON SCHEMA attic TO pgveil_writer;
        CREATE TABLE attic.products AS SELECT id, 'nobody'::text AS title FROM public.products;
        CREATE TABLE attic.tickets AS SELECT id, 'old'::text AS subject FROM public.tickets WHERE id < 300;
        GRANT SELECT ON ALL TABLES IN SCHEMA attic TO pgveil_reader, pgveil_writer; GRANT UPDATE ON attic.tickets TO pgveil_writer;
        CREATE FUNCTION public.product_title(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT title FROM products WHERE id = $1';
        CREATE FUNCTION attic.product_title(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT title FROM products WHERE id = $1'""", "shop")
    proxies.append(world.Pgveil(shared.cluster, masking=world.masked_columns + tagged))


def agent(name="copilot"):
    return proxies[0].agent(name)


def run(sql, name=""):
    return parse(sql, name) + bind(statement=name, portal=name) + execute(name)


def flow(*steps, name="reader"):
    """Each step is a text for a Query or the messages of one packet, answered by as many ReadyForQuery as they ask for."""
    with agent(name) as a:
        for step in steps:
            packet = (query(step),) if isinstance(step, str) else step
            a.send(*packet)
            for _ in range(sum(m[:1] in (b"S", b"Q") for m in packet)):
                a.until()
        return bytes(a.received)


known = (parse(read, "s"), sync)
use = (bind(statement="s"), execute(), sync)
flows = {
    "set_config, then a new statement in its batch": (away, (run(move), run(read), sync)),
    "then one prepared before": (away, known, (run(move), *use)),
    "with Sync between": (away, known, (run(move), sync, *use)),
    "EXECUTE of it": (away, known, f"PREPARE z AS {move}", (run("EXECUTE z"), *use)),
    "FETCH of it": (away, known, "BEGIN", f"DECLARE z CURSOR FOR {move}", (run("FETCH z"), *use)),
    "COPY of it": (away, known, (run(f"COPY ({move}) TO STDOUT"), *use)),
    "a Query of it before a Bind": (away, known, (query(move), *use)),
    "COPY after it": (away, (run(move), run(f"COPY ({read}) TO STDOUT"), sync)),
    "a suspended portal": (away, known, "BEGIN", (parse(move + " FROM generate_series(1, 3)", "g"), bind(statement="g", portal="g"), execute("g", 1), sync), use, "COMMIT"),
    "one that is resumed": (away, known, "BEGIN", (parse(move + " FROM generate_series(1, 3)", "g"), bind(statement="g", portal="g"), execute("g", 1), sync), away, (execute("g", 1), *use)),
    "one that fails midway": (away, known, "BEGIN", "SAVEPOINT a", move + ", 1 / (3 - g) FROM generate_series(1, 3) g", "ROLLBACK TO a", use),
    "SET LOCAL in an implicit transaction": (back, (run("SET LOCAL search_path = attic"), parse(read, "s"), sync), use, read, "SELECT upper(title) FROM products WHERE id = 9"),
    "and in one packet": (back, (run("SET LOCAL search_path = attic"), parse(read, "s"), sync, *use)),
    "its failure": (back, (run("SET LOCAL search_path = attic"), parse(read, "s"), run("SELECT 1/0"), sync, *use)),
    "the end of a transaction inside a text": (back, "BEGIN", away, f"ROLLBACK; {read}"),
    "of a failed one": (back, "BEGIN", away, "SELECT 1/0", f"ROLLBACK; {read}"),
    "of SET LOCAL": (back, "BEGIN", "SET LOCAL search_path = attic", f"COMMIT; {read}"),
    "a prepared statement": (away, f"PREPARE z AS {read}", back, "EXECUTE z"),
    "one that a text moves": (away, f"PREPARE z AS {read}", f"{back}; EXECUTE z"),
    "one that the protocol made": (away, known, back, "EXECUTE s"),
    "a portal of EXECUTE bound before": (away, f"PREPARE z AS {read}", "BEGIN", (parse("EXECUTE z", "e"), bind(statement="e", portal="e"), sync), back, (execute("e"), sync)),
    "a portal of COPY bound before": (away, "BEGIN", (parse(f"COPY ({read}) TO STDOUT", "e"), bind(statement="e", portal="e"), sync), back, (execute("e"), sync)),
    "a cursor over a function": (away, "BEGIN", "DECLARE z CURSOR FOR SELECT product_title(9)", back, "FETCH z"),
}
for title, steps in flows.items():
    @case(f"search path: {title}")
    def _(steps=steps):
        attic()
        absent(flow(*steps), truth("SELECT title FROM public.products WHERE id = 9")[0][0].encode())


@case("search path: honest use goes on: portals, cursors and prepared statements live through a change of it")
def _():
    attic()
    with agent("reader") as a:
        a.query(f"PREPARE z AS SELECT id FROM products WHERE id = 9").ok()
        for path in (away, back, away):
            a.query(path).ok()
            equal(a.query("EXECUTE z").ok().value, "9")
        equal(a.query(read).value, "nobody")
        a.query("BEGIN").ok()
        a.query(f"DECLARE c CURSOR FOR {read}").ok()
        a.query(back).ok()
        equal(a.query("FETCH c").ok().value, "nobody", "what a cursor reads is settled where it was declared")
        a.query("COMMIT; SELECT 1").ok()


@case("search path: an approver sees the table that is changed")
def _():
    attic()
    sql = "UPDATE tickets SET subject = 'moved' WHERE id = 7"
    with agent() as a:
        a.query(back).ok()
        a.send(run("SET LOCAL search_path = attic"), parse("SELECT 1", "o"), sync)
        a.until()
        id = held(a.query(sql))["request"]
        shown = str(proxies[0].console(f"SHOW REQUEST '{id}'").rows)
        contains(shown, "public.tickets")
        absent(shown, "attic.tickets")
        approve(proxies[0], id)
        # An approval for one of them is not spent on the other.
        a.send(run("SELECT set_config('search_path', 'attic', false)"), run(sql), sync)
        equal(a.until().sqlstate in ("PV001", "25001"), True)
        equal(truth("SELECT subject FROM attic.tickets WHERE id = 7"), [["old"]])
