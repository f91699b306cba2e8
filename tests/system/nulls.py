"""NULL or not, and how a value is built: for an expression over a masked column that is a question about its values."""
from common import agent, case, truth
from suite import equal
from wire import bind, execute, parse, sync

# Two people of whom each condition is true for one alone; P stands for it.
conditions = ["ssn < '{middle}'", "ssn = '{one}'", "ssn LIKE '{start}%'"]
forms = ["CASE WHEN P THEN 'x' END", "CASE WHEN P THEN 'x' ELSE NULL END::varchar", "nullif(ssn, '{one}')", "nullif(lower(ssn), '{one}')", "substring(ssn from '^{start}.*')", "(regexp_match(ssn, '^{start}'))[1]",
         "(ARRAY['x'])[CASE WHEN P THEN 1 ELSE 2 END]", "ARRAY[CASE WHEN P THEN 'x' END]", "array_remove(ARRAY['x', ssn], '{one}')", "json_build_object('a', CASE WHEN P THEN 1 END)",
         "to_jsonb(CASE WHEN P THEN 'x' END)", "jsonb_path_query_first(to_jsonb(ssn), '$ ? (@ == \"{one}\")')", "to_jsonb(ssn) #> '{{}}' -> 'x'", "(P OR NULL)::text", "(P AND NULL)::text", "(ssn = ANY (ARRAY['{one}', NULL]))::text",
         "(ssn IN ('{one}', NULL))::text", "(ssn BETWEEN '{middle}' AND NULL)::text", "convert_to(CASE WHEN P THEN 'x' END, 'UTF8')", "string_to_array(ssn, 'x', '{one}')", "row(CASE WHEN P THEN 1 END)::text",
         "hashtext(CASE WHEN P THEN 'x' END)", "coalesce(CASE WHEN P THEN 'x' END, NULL)", "(SELECT CASE WHEN P THEN 'x' END)", "upper(CASE WHEN P THEN 'x' END)", "concat_ws(',', CASE WHEN P THEN 'x' END)",
         "NOT (P OR NULL)", "CASE WHEN P THEN date '2000-01-01' END", "json_object_agg('k', CASE WHEN P THEN 'x' END) OVER (PARTITION BY id)", "max(CASE WHEN P THEN 'x' END) OVER (PARTITION BY id)"]
wrappings = ["SELECT {form} AS x FROM customers WHERE id = {id}", "SELECT x FROM (SELECT {form} AS x FROM customers WHERE id = {id}) s", "WITH s AS (SELECT {form} AS x FROM customers WHERE id = {id}) SELECT x FROM s",
             "SELECT s.x FROM customers c, LATERAL (SELECT {form} AS x) s WHERE c.id = {id}"]


def people():
    (one, first), (other, second) = truth("SELECT id, ssn FROM customers WHERE ssn IS NOT NULL ORDER BY ssn")[0], truth("SELECT id, ssn FROM customers WHERE ssn IS NOT NULL ORDER BY ssn DESC")[0]
    return (one, other), {"one": first, "middle": second, "start": first[:2]}


def answers(a, sql, formats=()):
    a.send(parse(sql), bind(results=formats), execute(), sync)
    got = a.until()
    return [m.body for m in got if m.kind in "DE"] or got


@case("of an expression over a masked column NULL and structure say nothing, in any form", limit=120)
def _():
    ids, words = people()
    told, answered = [], 0
    with agent() as a:
        for form in forms:
            for condition in conditions if "P" in form.replace("PARTITION", "") else [""]:
                expression = form.replace("PARTITION", "\0").replace("P", condition).replace("\0", "PARTITION").format(**words)
                for wrapping in wrappings:
                    for formats in ((), (1,)):
                        seen = [answers(a, wrapping.format(form=expression, id=i), formats) for i in ids]
                        answered += seen[0] != [] and seen[0][0][:1] != b"S"
                        if seen[0] != seen[1]:
                            told.append((wrapping.format(form=expression, id=ids[0]), seen))
    assert answered > len(forms) * 4, f"only {answered} were answered: nothing was tried"
    equal(told, [])


@case("which error an expression over a masked column raises says nothing, whatever its class")
def _():
    ids, words = people()
    errors = ["1/(id - id)", "(ssn || 'x')::int", "(SELECT g FROM generate_series(1, 2) g)", "current_setting('no.such')::int", "length(date_trunc('ssn', now())::text)",
              "(ROW(1, 2) = ROW(1, ssn::int))::int", "length(json_build_object(NULL, 1)::text)", "length(to_regclass('a.b.c.d')::text)", "(1e308::float8 * 10 * length(ssn))::int"]
    with agent() as a:
        for one in errors:
            for other in errors:
                seen = [answers(a, f"SELECT CASE WHEN ssn < '{words['middle']}' THEN {one} ELSE {other} END FROM customers WHERE id = {i}") for i in ids]
                equal(seen[0], seen[1], f"{one} or {other}")
        a.query("SELECT CASE WHEN ssn < '5' THEN nothing END FROM customers").sqlstate == "42703" or 1 / 0


@case("what is NULL as a stored value is, stays NULL, in what is made of it too")
def _():
    with agent() as a:
        none = truth("SELECT id FROM customers WHERE phone IS NULL LIMIT 1")
        if not none:
            none = [["0"]]
        for form in ("phone", "upper(phone)", "phone || 'x'", "left(phone, 3)", "phone::varchar(5)", "trim(lower(phone))", "substring(phone, 1, 2)", "coalesce(phone, NULL)"):
            got = a.query(f"SELECT {form} FROM (SELECT NULL::int) one LEFT JOIN customers ON id = {none[0][0]}").ok()
            equal(got.rows, [[None]], form)
