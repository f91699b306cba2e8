"""Random statements that return rows, over tests/lineage/world.sql; valid more often than not. Same seed, same statement."""
import random

# relation -> columns and their types: i(nteger), t(ext), j(sonb), r (text[]), p (composite)
RELATIONS = {
    "a": [("id", "i"), ("grp", "i"), ("t1", "t"), ("t2", "t"), ("n1", "i")],
    "b": [("id", "i"), ("grp", "i"), ("t3", "t"), ("j1", "j"), ("n2", "i")],
    "c": [("id", "i"), ("t4", "t"), ("r1", "r"), ("n3", "i")],
    "d": [("id", "i"), ("t1", "t"), ("n4", "i")],
    "d1": [("id", "i"), ("t1", "t"), ("n4", "i")],
    "va": [("id", "i"), ("vt", "t"), ("vu", "t"), ("vn", "i")],
    "vb": [("t1", "t"), ("t3", "t"), ("id", "i")],
    "vc": [("grp", "i"), ("n", "i"), ("m", "t")],
    "vd": [("id", "i"), ("x", "t")],
    "ma": [("id", "i"), ("mt", "t"), ("n1", "i")],
    "e": [("id", "i"), ("p1", "p")],
    "ve": [("id", "i"), ("w", "t"), ("m", "i")],
    "vf": [("y", "t"), ("id", "i"), ("grp", "i"), ("t1", "t"), ("t2", "t"), ("n1", "i")],
}


class Item:
    """What one FROM entry brings: an alias and typed columns."""

    def __init__(self, alias, columns):
        self.alias, self.columns = alias, columns


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0
        self.budget = 28

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, p):
        self.budget -= 0.2
        return self.budget > 0 and self.random.random() < p

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def statement(self):
        sql = self.write() if self.chance(0.12) else self.query(depth=0, outer=[], ctes={})[0]
        roll = self.random.random()
        if roll > 0.97 and not sql.startswith(("INSERT", "UPDATE", "DELETE")):
            sql = f"DECLARE cc CURSOR FOR {sql}; FETCH ALL FROM cc"
        elif roll > 0.94:
            sql = f"PREPARE pp AS {sql}; EXECUTE pp"
        elif roll > 0.9:
            sql = f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, HEADER)"
        return " ".join(sql.split())

    def write(self):
        target = Item("b", RELATIONS["b"])
        if self.chance(0.35):
            rows, _ = self.query(1, [], {}, ["i", "t", "i"])
            if self.chance(0.3):
                return f"INSERT INTO b AS b (id, t3, n2) {rows} ON CONFLICT DO NOTHING RETURNING {self.returning([target])}" if self.chance(0.5) else \
                    f"WITH w AS (INSERT INTO b(id, t3, n2) {rows} RETURNING id, t3, n2) SELECT {self.expression('t', [[Item('w', RELATIONS['b'][:1] + RELATIONS['b'][2:3] + RELATIONS['b'][4:])]], 2, {})}, w.* FROM w"
            return f"INSERT INTO b(id, t3, n2) {rows} RETURNING {self.returning([target])}"
        source, items = self.from_clause(1, [], {})
        scope = [[target, *items]]
        where = f"{self.column('i', [[target]])} = {self.column('i', [items]) or 1}"
        returned = self.returning([target, *items])
        if self.chance(0.5):
            return f"DELETE FROM b USING {source} WHERE {where} RETURNING {returned}"
        new = self.pick(f"t3 = {self.expression('t', scope, 2, {})}", f"(id, t3) = ({self.expression('i', scope, 3, {})}, {self.column('t', scope)})",
                        f"n2 = {self.expression('i', scope, 2, {})}")
        return f"UPDATE b SET {new} FROM {source} WHERE {where} RETURNING {returned}"

    def returning(self, items):
        return self.pick("*", "b.*", ", ".join(self.expression(self.pick("t", "i", "j"), [items], 3, {}) for _ in range(2)))

    # -- queries: (text, columns)

    def query(self, depth, outer, ctes, types=None):
        if depth < 3 and self.chance(0.15):
            return self.with_query(depth, outer, ctes, types)
        if depth < 3 and self.chance(0.12):
            return self.set_operation(depth, outer, ctes, types)
        if types is None and self.chance(0.06):
            return self.values_or_table(outer, ctes)
        return self.select(depth, outer, ctes, types)

    def values_or_table(self, outer, ctes):
        if self.chance(0.3):
            name = self.random.choice(sorted(RELATIONS))
            return f"TABLE {name}", ctes.get(name, RELATIONS[name])
        rows = ", ".join(f"({self.expression('i', outer, 3, ctes)}, {self.expression('t', outer, 2, ctes)})" for _ in range(self.pick(1, 2))) if outer else "(1, 'q'), (2, 'r')"
        return f"VALUES {rows}", [("column1", "i"), ("column2", "t")]

    def with_query(self, depth, outer, ctes, types):
        ctes = dict(ctes)
        name = self.pick(self.name("w"), "a", "b")
        if self.chance(0.3):
            seed_item = self.pick("a", "b", "c")
            text = [c for c, kind in RELATIONS[seed_item] if kind == "t"]
            column = self.random.choice(text)
            body = (f"SELECT id, {column}, 0 FROM {seed_item} UNION ALL SELECT y.id, "
                    f"{self.pick('y.v', 'y.v || 1', 'x.' + column, 'coalesce(x.' + column + ', y.v)')}, y.n + 1 "
                    f"FROM {seed_item} x JOIN {name} y ON x.id = y.id WHERE y.n < 2")
            head = f"WITH RECURSIVE {name}(id, v, n) AS ({body}) "
            columns = [("id", "i"), ("v", "t"), ("n", "i")]
            if self.chance(0.3):
                search = self.chance(0.5)
                head += f"SEARCH {self.pick('DEPTH', 'BREADTH')} FIRST BY {self.pick('id', 'v')} SET sq " if search else f"CYCLE {self.pick('id', 'v, n')} SET cy USING pa "
                columns = columns + ([] if search else [("cy", "b")])
            if name == seed_item:
                head = head.replace(f"{name}(", "w0(").replace(f"JOIN {name} ", "JOIN w0 ")
                name = "w0"
        else:
            body, columns = self.query(depth + 1, outer, ctes)
            names = ""
            if self.chance(0.3):
                columns = [(self.name("q"), kind) for _, kind in columns]
                names = "(" + ", ".join(n for n, _ in columns) + ")"
            head = f"WITH {name}{names} AS ({body}) "
        ctes[name] = columns
        sql, columns = self.select(depth + 1, outer, ctes, types)
        return head + sql, columns

    def set_operation(self, depth, outer, ctes, types):
        types = types or [self.pick("t", "i") for _ in range(self.pick(1, 2))]
        left, columns = self.select(depth + 1, outer, ctes, types)
        right, _ = self.query(depth + 1, outer, ctes, types)
        return f"({left}) {self.pick('UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT')} ({right})", columns

    def select(self, depth, outer, ctes, types):
        source, items = self.from_clause(depth, outer, ctes)
        scope = [items, *outer]
        grouped = types is None and self.chance(0.15)
        if grouped:
            return self.grouped_select(source, items, scope, depth, ctes)
        targets, columns = [], []
        if types is None and self.chance(0.15):
            targets.append("*")
            columns += [c for item in items for c in item.columns]
        elif types is None and self.chance(0.1):
            item = self.random.choice(items)
            targets.append(f"{item.alias}.*")
            columns += item.columns
        for kind in types or [self.pick("t", "t", "i", "j") for _ in range(self.pick(1, 2, 3))]:
            text = self.expression(kind, scope, depth, ctes)
            if self.chance(0.5):
                name = self.name("o")
                targets.append(f"{text} AS {name}")
                columns.append((name, kind))
            else:
                targets.append(text)
        names = [n for n, _ in columns]
        columns = [(n, k) for n, k in columns if names.count(n) == 1]
        distinct = "DISTINCT " if self.chance(0.08) and "j" not in (types or "") else f"DISTINCT ON ({self.column('i', [items]) or '1'}) " if self.chance(0.04) else ""
        where = f" WHERE {self.condition(scope, depth, ctes)}" if self.chance(0.55) else ""
        tail = f" ORDER BY {self.pick('1', '1 DESC', self.column('i', [items]) or '1')}" if not distinct and types is None and self.chance(0.15) else ""
        tail += f" LIMIT {self.pick('2', 'ALL')} OFFSET {self.pick('0', '1')}" if tail and self.chance(0.5) else ""
        return f"SELECT {distinct}{', '.join(targets)} FROM {source}{where}{tail}", columns or [("none_", "t")]

    def grouped_select(self, source, items, scope, depth, ctes):
        key_kind = self.pick("t", "i")
        key = self.column(key_kind, [items]) or "1"
        value = self.column(self.pick("t", "i"), [items]) or "2"
        call = self.pick(f"count(*)", f"count({value})", f"max({value})", f"min({value})", f"string_agg({value}::text, ',' ORDER BY {value}::text)",
                         f"array_agg({value} ORDER BY {value})", f"json_agg({value} ORDER BY {value})", f"count(*) FILTER (WHERE {self.condition([items], 3, ctes)})",
                         f"count(nullif({value}::text, 'x'))", f"jsonb_object_agg({value}::text, {value})", f"mode() WITHIN GROUP (ORDER BY {value})", f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {value})",
                         f"bool_or({value}::text = 'x')", f"grouping({key})", f"(array_agg({value} ORDER BY {value}))[1]", f"count(DISTINCT {value})", f"rank() OVER (ORDER BY max({value}::text))")
        name = self.name("g")
        where = f" WHERE {self.condition(scope, depth, ctes)}" if self.chance(0.4) else ""
        having = f" HAVING {self.pick('count(*) > 1', f'max({value}::text) > {chr(39)}x{chr(39)}')}" if self.chance(0.2) else ""
        return f"SELECT {key} AS k, {call} AS {name} FROM {source}{where} GROUP BY {self.pick('1', key, f'ROLLUP ({key})', f'GROUPING SETS (({key}), ())', f'CUBE ({key})') if 'grouping' not in call else key}{having}", [("k", key_kind)]

    # -- FROM: (text, items)

    def from_clause(self, depth, outer, ctes):
        text, items = self.from_item(depth, outer, ctes, [])
        while len(items) < 3 and self.chance(0.4):
            if self.chance(0.5):
                more, new = self.from_item(depth, outer, ctes, items)
                text, items = f"{text}, {more}", items + new
            else:
                text, items = self.join(text, items, depth, outer, ctes)
        return text, items

    def join(self, text, items, depth, outer, ctes):
        more, new = self.from_item(depth, outer, ctes, items)
        kind = self.pick("JOIN", "LEFT JOIN", "JOIN", "FULL JOIN", "RIGHT JOIN")
        if "," in text or "LATERAL" in more:
            return f"{text} CROSS JOIN {more}", items + new
        shared = self.common(items, new)
        if shared and self.chance(0.3):
            return f"{text} {kind} {more} USING ({shared})", items + new
        if self.chance(0.08):
            return f"{text} NATURAL {kind} {more}", items + new
        left, right = self.column("i", [items]), self.column("i", [new])
        if self.chance(0.3):
            left, right = self.column("t", [items]), self.column("t", [new])
        condition = f"{left} = {right}" if left and right else "true"
        return f"{text} {kind} {more} ON {condition}", items + new

    def common(self, items, new):
        names = [n for item in items for n, _ in item.columns]
        both = [n for n, _ in new[0].columns if names.count(n) == 1]
        return self.random.choice(both) if both else None

    def from_item(self, depth, outer, ctes, siblings):
        alias = self.name("s")
        roll = self.random.random()
        if ctes and roll < 0.3:
            name = self.random.choice(sorted(ctes))
            return f"{name} {alias}", [Item(alias, ctes[name])]
        if roll < 0.6 or depth >= 3 or self.budget < 0:
            name = self.random.choice(sorted(RELATIONS))
            columns = ctes.get(name, RELATIONS[name])
            if self.chance(0.15):
                columns = [(self.name("r"), kind) for _, kind in columns]
                return f"{name} AS {alias}({', '.join(n for n, _ in columns)})", [Item(alias, columns)]
            if self.chance(0.2) and not any(item.alias == name for item in siblings):
                return name, [Item(name, columns)]
            return f"{name} {alias}", [Item(alias, columns)]
        if roll < 0.75:
            lateral = siblings and self.chance(0.5)
            sql, columns = self.query(depth + 1, [siblings, *outer] if lateral else outer, ctes)
            return f"{'LATERAL ' if lateral else ''}({sql}) {alias}", [Item(alias, columns)]
        return self.from_function(alias, siblings)

    def from_function(self, alias, siblings):
        start = self.pick(1, 71000, 71500, 72000, 74000)
        argument = self.column("i", [siblings]) if siblings and self.chance(0.4) else str(self.pick(1, 2))
        array = self.column("r", [siblings]) or "ARRAY['p', 'q']"
        text, columns = self.pick(
            (f"generate_series({start}, {start + 12}) AS {alias}(g)", [("g", "i")]),
            (f"(VALUES ({start}, 'p'), ({start + 1}, 'q'), (1, 'xx')) AS {alias}(x, y)", [("x", "i"), ("y", "t")]),
            (f"fb({argument}) {alias}", [("p", "i"), ("q", "t")]),
            (f"fc() {alias}", RELATIONS["c"]),
            (f"fa({argument}) AS {alias}(f)", [("f", "t")]),
            (f"unnest({array}) AS {alias}(u)", [("u", "t")]),
            (f"(SELECT {start + 2} AS n) {alias}", [("n", "i")]),
            (f"unnest({array}) WITH ORDINALITY AS {alias}(u, o)", [("u", "t"), ("o", "i")]),
            (f"ROWS FROM (generate_series({start}, {start + 3}), unnest({array})) AS {alias}(g, u)", [("g", "i"), ("u", "t")]),
            (f"fk() {alias}", [("k1", "t"), ("k2", "i")]),
            (f"jsonb_to_recordset(jsonb_build_array({self.column('j', [siblings]) or chr(39) + '{}' + chr(39) + '::jsonb'})) AS {alias}(k text)", [("k", "t")]),
            (f"jsonb_to_record({self.column('j', [siblings]) or chr(39) + '{}' + chr(39) + '::jsonb'}) AS {alias}(k text, z int)", [("k", "t"), ("z", "i")]),
            (f"xmltable('/r' PASSING xmlelement(name r, {self.column('t', [siblings]) or chr(39) + 'x' + chr(39)}) COLUMNS c text PATH '.', o FOR ORDINALITY) {alias}", [("c", "t"), ("o", "i")]),
            (f"regexp_split_to_table({self.column('t', [siblings]) or chr(39) + 'x' + chr(39)}, '') AS {alias}(u)", [("u", "t")]),
            (f"a {alias} TABLESAMPLE bernoulli (100)", RELATIONS["a"]),
            (f"jsonb_each_text({self.column('j', [siblings]) or chr(39) + '{}' + chr(39)}) {alias}", [("key", "t"), ("value", "t")]))
        return text, [Item(alias, columns)]

    # -- expressions and conditions

    def column(self, kind, scope):
        found = [(item, n) for level in scope for item in level for n, k in item.columns if k == kind]
        if not found:
            return None
        item, name = self.random.choice(found)
        return f"{item.alias}.{name}" if self.chance(0.8) else name

    def expression(self, kind, scope, depth, ctes):
        column = self.column(kind, scope)
        if column and not self.chance(0.45):
            return column
        inner = column or {"t": "'lit'", "i": "7", "j": "'{}'::jsonb", "r": "'{}'::text[]"}[kind]
        item = self.random.choice(scope[0])
        number = self.column("i", scope) or "3"
        if depth < 3 and self.chance(0.25):
            return self.subquery(kind, scope, depth, ctes)
        if kind == "t":
            other = self.column("t", scope) or "'z'"
            return self.pick(f"upper({inner})", f"{inner} || {other}", f"coalesce({inner}, {other})", f"{inner}::text", f"fd({inner})", f"fa({number})",
                             f"case when {self.condition(scope, depth + 1, ctes)} then {inner} else {other} end", f"left({inner}, 5)",
                             f"{item.alias}::text", f"max({inner}) over ()", f"lag({inner}) over (order by {number}, {inner})", f"ff({number})",
                             f"concat_ws('-', {inner}, {number})", f"fh({inner})", f"fh(b => {number}, a => {inner})", f"fi({inner}, {other})", f"fi(VARIADIC ARRAY[{other}, {inner}])", f"fj({inner})", f"(ARRAY[{inner}, {other}])[{self.pick(1, 2, number)}]",
                             f"array_to_string((ARRAY[{inner}, {other}])[1:1], '')", f"(ROW({inner}, {number})::pair).word", f"regexp_replace({inner}, 'x', 'y')", f"translate({inner}, 'abc', 'xyz')", f"xmlelement(name q, {inner})::text", f"(jsonb_build_object('k', {inner}) ->> 'k')",
                             f"array_to_string(array_remove(ARRAY[{inner}, {other}], {other}), ',')", f"first_value({inner}) over (partition by {number} order by {inner})", f"split_part({inner}, 'v', 1)", f"encode(convert_to({inner}, 'UTF8'), 'hex')", f"quote_literal({inner})", f"{self.composite(scope)}.word",
                             f"to_char({number}, '999999')", f"least({inner}, {other})", f"{inner} COLLATE \"C\"", f"cast({inner} as varchar(6))", f"row_to_json({item.alias})::text", f"(SELECT string_agg(z, '') FROM unnest(ARRAY[{inner}]) z)", f"repeat({inner}, 2)", f"substring({inner} from 2)", f"greatest({inner}, {other})", f"nullif({inner}, {other})", f"format('%s', {inner})")
        if kind == "i":
            return self.pick(f"{inner} + 1", f"length({self.column('t', scope) or chr(39) * 2})", f"coalesce({inner}, 0)", f"abs({inner})",
                             f"({inner} = {number})::int", f"count(*) over ()", f"fe({inner})::int", f"{inner}::bigint",
                             f"case {inner} when 1 then 2 else {number} end", f"row_number() over (order by {inner})", f"rank() over (partition by {number} order by {inner})", f"ntile(2) over (order by {inner})", f"(row({inner}, {number}) < row({number}, 3))::int", f"array_length(ARRAY[{inner}], 1)", f"{self.composite(scope)}.num",
                             f"(ARRAY[{inner}, {number}])[1]", f"({inner} is distinct from {number})::int", f"greatest({inner}, {number})", f"({inner} = any (ARRAY[{number}, 2]))::int", f"position('v' in {self.column('t', scope) or chr(39) * 2})", f"ascii({self.column('t', scope) or chr(39) * 2})", f"fj({inner})", f"{inner} % 7", f"round({inner} / 10.0)::int",
                             f"({inner} is null)::int", f"pg_column_size({inner})", f"hashtext({self.column('t', scope) or chr(39) * 2})", f"coalesce(nullif({inner}, {number}), 0)", f"sum({inner}) over ()")
        if kind == "j":
            return self.pick(f"to_jsonb({item.alias})", f"jsonb_build_object('k', {self.column('t', scope) or 'null'})", f"to_jsonb({item.alias}.*)",
                             f"jsonb_build_array({number})", f"{inner} -> 'k'", f"jsonb_set({inner}, '{{{{k}}}}', to_jsonb({number}))".replace("{{", "{").replace("}}", "}"), f"{inner} || jsonb_build_object('q', {number})", f"jsonb_path_query_first({inner}, '$.k')", f"to_jsonb(ARRAY[{number}])", f"jsonb_strip_nulls({inner})", f"{inner} #> array['k']",
                             f"to_jsonb({self.composite(scope)})", f"to_jsonb(row({number}, {self.column('t', scope) or '1'}))")
        return inner

    def composite(self, scope):
        found = self.column("p", scope)
        return f"({found})" if found else f"ROW({self.column('t', scope) or chr(39) + 'w' + chr(39)}, {self.column('i', scope) or 1})::pair".join("()")

    def subquery(self, kind, scope, depth, ctes):
        if kind == "i" and self.chance(0.3):
            sql, _ = self.select(depth + 1, scope, ctes, ["i"])
            return self.pick(f"(EXISTS ({sql}))::int", f"(SELECT count(*) FROM ({sql}) z)")
        sql, _ = self.select(depth + 2, scope, ctes, ["t" if kind == "j" else kind])
        if kind == "j":
            return f"to_jsonb(ARRAY({sql}))"
        return f"(SELECT max(z.v) FROM ({sql}) z(v))" if self.chance(0.6) else f"({sql} LIMIT 1)" if self.chance(0.2) else f"(SELECT min(v) FROM ({sql}) AS z(v))"

    def condition(self, scope, depth, ctes):
        if self.chance(0.2):
            return f"({self.condition(scope, depth, ctes)} {self.pick('AND', 'OR')} {self.condition(scope, depth, ctes)})"
        kind = self.pick("i", "i", "t")
        left, right = self.column(kind, scope), self.column(kind, scope)
        literal = "'xa1v2'" if kind == "t" else str(self.pick(1, 2, 3, 71002))
        if not left:
            return "true"
        if depth < 3 and self.chance(0.2):
            sql, _ = self.select(depth + 2, scope, ctes, [kind])
            return self.pick(f"{left} IN ({sql})", f"EXISTS ({sql})", f"NOT EXISTS ({sql})", f"{left} = ANY (ARRAY({sql}))", f"{left} >= ALL ({sql})", f"({left}, 1) IN (SELECT z.q, 1 FROM ({sql}) z(q))")
        return self.pick(f"{left} = {right}", f"{left} = {right}", f"{left} = {literal}", f"{left} IN ({literal}, {literal})", f"{left} > {literal}",
                         f"{left} IS NOT NULL", f"NOT {left} = {literal}", f"{left} BETWEEN {right} AND {right}", f"{left} <> {right}",
                         f"{left}::text LIKE 'x%'", f"coalesce({left}, {right}) = {right}")
