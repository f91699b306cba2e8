#include "sql/plpgsql.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "sql/tree.h"

using namespace pgveil::sql;

namespace {

using Kind = PlPiece::Kind;

std::vector<PlPiece> read(const std::string& body) {
    auto pieces = read_plpgsql(body);
    REQUIRE_MESSAGE(pieces.has_value(), body);
    return std::move(*pieces);
}

bool holds(const std::vector<PlPiece>& pieces, Kind kind, const std::string& text) {
    return std::ranges::find(pieces, PlPiece{kind, text}) != pieces.end();
}

std::string without_space(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '\n') out += c;
    return out;
}

// Bodies that the library's parser reads too: every expression it finds must be in one of our pieces.
const char* const kBodies[] = {
    "BEGIN PERFORM f(1); CALL settle(1); END",
    "DECLARE v int := nextval('s'); b text; BEGIN EXECUTE format('select %s', b) INTO v USING b, v + 1; END",
    "DECLARE v int; BEGIN FOR v IN EXECUTE 'a' || 1 USING g(2) LOOP NULL; END LOOP; END",
    "DECLARE v int; BEGIN UPDATE orders SET total = h(1) RETURNING id INTO v; DELETE FROM log; INSERT INTO log SELECT 1; END",
    "DECLARE v int; BEGIN IF a(1) THEN v := b(2); ELSIF c(3) THEN v = d(4); ELSE PERFORM e(5); END IF; END",
    "DECLARE v int; BEGIN CASE a(1) WHEN b(2), c(3) THEN v := 1; ELSE v := d(4); END CASE; CASE WHEN e(1) THEN NULL; END CASE; END",
    "DECLARE v int; BEGIN FOR i IN REVERSE a(1) .. b(2) BY c(3) LOOP v := d(i); EXIT WHEN e(1); CONTINUE WHEN f(2); END LOOP; END",
    "DECLARE v int; BEGIN WHILE a(1) LOOP RAISE NOTICE 'x % %', b(2), c(3) USING HINT = d(4), ERRCODE = 'P0001'; END LOOP; END",
    "<<outer>> DECLARE v int; BEGIN <<inner>> LOOP EXIT outer WHEN a(1); END LOOP inner; BEGIN PERFORM b(1); EXCEPTION WHEN others OR division_by_zero THEN v := c(2); END; ASSERT d(3), e(4); END outer",
    "DECLARE v int[]; w int; BEGIN FOREACH w SLICE 0 IN ARRAY a(1) LOOP PERFORM b(2); END LOOP; SELECT x, y INTO STRICT w FROM t WHERE c(3); RETURN; END",
    "BEGIN RETURN QUERY SELECT a(1); RETURN QUERY EXECUTE b(2) USING c(3); RETURN; END",
};

}  // namespace

TEST_CASE("every expression that the library's parser finds stands in a piece") {
    for (const std::string body : kBodies) {
        CAPTURE(body);
        const std::string function = "CREATE FUNCTION f(int) RETURNS SETOF int LANGUAGE plpgsql AS $x$" + body + "$x$";
        const PgQueryPlpgsqlParseResult parsed = pg_query_parse_plpgsql(function.c_str());
        REQUIRE_MESSAGE(parsed.error == nullptr, parsed.error->message);
        const std::string json = parsed.plpgsql_funcs;
        pg_query_free_plpgsql_parse_result(parsed);
        std::string ours;
        for (const PlPiece& piece : read(body)) ours += without_space(piece.text) + "\n";
        int found = 0;
        constexpr std::string_view kQuery = "\"query\":\"";
        for (std::size_t at = json.find(kQuery); at != std::string::npos; at = json.find(kQuery, at + 1)) {
            std::string theirs = json.substr(at + kQuery.size(), json.find("\"}", at) - at - kQuery.size());
            for (const std::string_view prefix : {"SELECT ", "v := ", "v = "})
                if (theirs.starts_with(prefix)) theirs = theirs.substr(prefix.size());
            if (theirs.find("__Case__Variable") != std::string::npos) continue;  // its own way to write WHEN
            CAPTURE(theirs);
            CHECK(ours.find(without_space(theirs)) != std::string::npos);
            ++found;
        }
        CHECK(found > 0);
    }
}

TEST_CASE("what the library's parser does not read: cursors, record fields, types") {
    const auto pieces = read(
        "#variable_conflict use_column\nDECLARE c CURSOR (q int, s tag) FOR SELECT id FROM orders WHERE id = q; d NO SCROLL CURSOR IS SELECT 2; r orders%ROWTYPE; n public.orders.total%TYPE NOT NULL := f(1);"
        " a ALIAS FOR $1; e CONSTANT numeric(5, 2)[] DEFAULT g(2); z refcursor; BEGIN OPEN c(h(3), s := i(4)); FETCH NEXT FROM c INTO r; MOVE c; CLOSE c; r.id := j(5); r.tags[k(6)] := l(7);"
        " FOR r IN c(m(8)) LOOP NULL; END LOOP; FOR r IN c LOOP NULL; END LOOP; OPEN z FOR EXECUTE n(9) USING o(10); OPEN z SCROLL FOR SELECT p(11); GET STACKED DIAGNOSTICS v = MESSAGE_TEXT; COMMIT; ROLLBACK AND CHAIN; RAISE; RAISE EXCEPTION USING MESSAGE = q(12); RAISE unique_violation; RETURN r; END");
    CHECK(holds(pieces, Kind::Statement, "SELECT id FROM orders WHERE id = q"));
    CHECK(holds(pieces, Kind::Statement, "SELECT 2"));
    CHECK(holds(pieces, Kind::Type, "tag"));
    CHECK(holds(pieces, Kind::Type, "orders"));
    CHECK(holds(pieces, Kind::Type, "numeric(5, 2)[]"));
    CHECK(holds(pieces, Kind::ColumnType, "public.orders.total"));
    CHECK(holds(pieces, Kind::Dynamic, "n(9)"));
    CHECK(holds(pieces, Kind::Statement, "SELECT p(11)"));
    CHECK(std::ranges::count(pieces, Kind::Transaction, &PlPiece::kind) == 2);
    std::string all;
    for (const PlPiece& piece : pieces) all += piece.text + "\n";
    for (const char* call : {"f(1)", "g(2)", "h(3)", "i(4)", "j(5)", "k(6)", "l(7)", "m(8)", "o(10)", "q(12)"}) CHECK_MESSAGE(all.find(call) != std::string::npos, call);
}

TEST_CASE("INTO is taken out of a statement of its own, and stays where it means something else") {
    CHECK(holds(read("BEGIN SELECT a, b INTO x, y.z FROM t; END"), Kind::Statement, "SELECT a, b FROM t"));
    CHECK(holds(read("BEGIN SELECT INTO STRICT x a FROM t; END"), Kind::Statement, "SELECT a FROM t"));
    CHECK(holds(read("BEGIN INSERT INTO t VALUES (1) RETURNING a INTO x; END"), Kind::Statement, "INSERT INTO t VALUES (1) RETURNING a "));
    CHECK(holds(read("BEGIN RETURN QUERY SELECT 1 INTO t; END"), Kind::Statement, "SELECT 1 INTO t"));
}

TEST_CASE("what is not understood makes the whole body unknown") {
    for (const char* body : {"", "BEGIN", "BEGIN PERFORM f(1) END", "BEGIN IF a THEN END; END", "BEGIN CREATE TABLE t (a int); END", "BEGIN FETCH ABSOLUTE f(1) FROM c; END", "BEGIN GET DIAGNOSTICS a[f(1)] = ROW_COUNT; END",
                             "BEGIN 'unclosed; END", "BEGIN NULL; END; DROP TABLE t", "BEGIN RAISE 'x' USING f(1); END", "DECLARE a; BEGIN END"})
        CHECK_MESSAGE(!read_plpgsql(body).has_value(), std::string(body));
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "BEGIN ";
    CHECK_FALSE(read_plpgsql(deep).has_value());
}
