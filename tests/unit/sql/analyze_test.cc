#include "sql/analyze.h"

#include <doctest/doctest.h>

#include <ctime>

#include "fixture.h"

using namespace pgveil;
using namespace pgveil::sql;

namespace {

class Names final : public NamedStatements {
  public:
    [[nodiscard]] const Analysis* prepared(std::string_view name) const override { return name == "known" ? &one_ : name == "copies" ? &copy_ : nullptr; }
    [[nodiscard]] const Analysis* cursor(std::string_view name) const override { return name == "known" ? &one_ : nullptr; }

  private:
    Analysis one_ = test::analyzed("DELETE FROM orders RETURNING *");
    Analysis copy_ = test::analyzed("COPY customers TO STDOUT");   // as Parse can make it, PREPARE cannot
};

Kind kind_without_catalog(std::string_view sql) {
    const catalog::Snapshot empty({}, 0);
    const catalog::SearchPath path;
    return analyze(sql, Context{.catalog = empty, .search_path = path}).kind;
}

bool refused_by_bounds(const std::string& sql) {
    const Analysis a = test::analyzed(sql);
    return a.kind == Kind::Unknown && a.unparsed && a.unparsed->bounded && a.unparsed->code == sqlstate::StatementTooComplex;
}

std::string repeated(std::string_view piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += piece;
    return out;
}

}  // namespace

TEST_CASE("hostile sizes are refused as too complex, never a crash") {
    CHECK(refused_by_bounds("SELECT " + repeated("(", 100'000) + "1" + repeated(")", 100'000)));
    CHECK(refused_by_bounds("SELECT 1 IN (0" + repeated(",1", 5'000'000) + ")"));
    CHECK(refused_by_bounds("SELECT 1" + repeated(" UNION SELECT 1", 10'000)));
    CHECK(refused_by_bounds("SELECT 1" + repeated(" + 1", 50'000)));
    CHECK(refused_by_bounds("SELECT " + repeated("NOT ", 5'000) + "true"));
    CHECK(refused_by_bounds("SELECT " + repeated("(SELECT ", 3'000) + "1" + repeated(")", 3'000)));
    CHECK(refused_by_bounds("SELECT a" + repeated("[1]", 300'000)));
    CHECK(refused_by_bounds(repeated("SELECT 1;", 60'000)));
}

TEST_CASE("what is large but flat costs no more than seconds of CPU") {
    const std::clock_t start = std::clock();  // CPU time: the machine may be busy
    CHECK(test::analyzed("SELECT 1 WHERE true" + repeated(" AND id = 1", 3'000)).kind == Kind::Read);
    CHECK(test::analyzed("INSERT INTO log VALUES ('x')" + repeated(",('x')", 20'000)).kind == Kind::Write);
    CHECK(test::analyzed("SELECT " + repeated("lower('a'), ", 10'000) + "1").kind == Kind::Read);
    CHECK(test::analyzed("SELECT 1 FROM " + repeated("view_of_view, ", 5'000) + "orders").kind == Kind::Read);
    CHECK((std::clock() - start) / CLOCKS_PER_SEC < 5);
}

TEST_CASE("conditions that are too much to trace are not known, so neither is the statement") {
    const std::string tested = repeated("(", 400) + "s" + repeated(" IS NULL)", 400);
    const std::string from = "SELECT 1 FROM (SELECT * FROM customers" + repeated(", customers", 300) + ") s WHERE true";
    CHECK(test::analyzed(from + " AND " + tested).kind == Kind::Read);
    const Analysis cut = test::analyzed(from + repeated(" AND " + tested, 90));
    CHECK(cut.kind == Kind::Unknown);
    CHECK(cut.statements.front().kind == Kind::Unknown);
    CHECK(cut.effects == std::vector{Effect::Unknown, Effect::Read});
}

TEST_CASE("text the server would not take as UTF-8 is refused before the parser") {
    using namespace std::string_literals;
    for (const std::string& text : {"SELECT 1\0; DROP TABLE x"s, "SELECT '\xFF'"s, "SELECT '\xC0\x80'"s, "SELECT '\xED\xA0\x80'"s, "SELECT '\xF4\x90\x80\x80'"s, "SELECT '\xE2\x82'"s})
        CHECK_FALSE(valid_text(text));
    CHECK(valid_text("SELECT 'äöü €  \xF0\x9F\x98\x80', 'longer than eight bytes'"));
    CHECK(valid_text(""));
    CHECK(test::analyzed("SELECT 1\0x"s).kind == Kind::Unknown);
}

TEST_CASE("texts that PostgreSQL's lexer would need minutes for are refused before it; long lines and strings are not") {
    const auto many = [](std::string_view what, std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) text += what;
        return text;
    };
    const auto refused = [](const std::string& text) {
        const Analysis a = test::analyzed(text);
        return a.unparsed && a.unparsed->bounded && a.unparsed->code == sqlstate::StatementTooComplex;
    };
    CHECK(refused(many("/*", 50000)));
    CHECK(refused(many("/*", 50000) + many("*/", 50000) + " SELECT 1"));
    CHECK(refused("SELECT 1 /* then */ " + many("+", 50000) + "1"));
    CHECK(refused("SELECT '" + many("/*", 5000) + "', " + many("+", 5000) + "1"));
    CHECK_FALSE(refused("SELECT '" + many("/*", 50000) + "'"));
    CHECK_FALSE(refused("SELECT $$" + many("+-", 50000) + "$$"));
    CHECK_FALSE(refused(many("-", 50000) + "\nSELECT 1"));
    CHECK_FALSE(refused("/" + many("*", 900) + "/ SELECT 1"));
    CHECK_FALSE(refused("SELECT " + many("- ", 500) + "1"));
}

TEST_CASE("a syntax error keeps the server's words and place") {
    const Analysis a = test::analyzed("SELEC 1");
    REQUIRE(a.unparsed.has_value());
    CHECK(a.unparsed->code == sqlstate::SyntaxError);
    CHECK_FALSE(a.unparsed->bounded);
    CHECK(a.unparsed->position == 1);
    CHECK(a.kind == Kind::Unknown);
}

TEST_CASE("EXECUTE and FETCH are what they name") {
    const Names names;
    CHECK(test::analyzed("EXECUTE known", &names).kind == Kind::Write);
    CHECK(test::analyzed("FETCH 5 FROM known", &names).kind == Kind::Write);
    CHECK(test::analyzed("MOVE ALL IN known", &names).kind == Kind::Write);
    CHECK(test::analyzed("EXPLAIN ANALYZE EXECUTE known", &names).kind == Kind::Write);
    CHECK(test::analyzed("CREATE TABLE x AS EXECUTE known", &names).kind == Kind::Ddl);
    CHECK(test::analyzed("EXECUTE other", &names).kind == Kind::Unknown);
    CHECK(test::analyzed("EXECUTE copies", &names).kind == Kind::Unknown);
    CHECK(test::analyzed("FETCH other", &names).kind == Kind::Unknown);
    CHECK(test::analyzed("EXECUTE known").kind == Kind::Unknown);
}

TEST_CASE("an analysis whose count of compared values hangs on the literals is shared with no other text") {
    CHECK(test::analyzed("SELECT 1 FROM customers WHERE id IN (1, 1, 1)").depends_on_literals);
    CHECK(test::analyzed("SELECT 1 FROM customers WHERE id = 1 OR id = 1").depends_on_literals);
    CHECK(test::analyzed("SELECT 1 FROM customers WHERE id = ANY ('{1}')").depends_on_literals);
    CHECK(test::analyzed("SELECT 1 FROM customers WHERE id = ANY ('{1,2}')").depends_on_literals);
    CHECK_FALSE(test::analyzed("SELECT 1 FROM customers WHERE id = 1 AND name = 'x'").depends_on_literals);
    // Distinct literals are the most a text of this shape can have.
    CHECK_FALSE(test::analyzed("SELECT 1 FROM customers WHERE id IN (1, 2, 3)").depends_on_literals);
}

TEST_CASE("statements know where they stand in the text") {
    const std::string text = "  SELECT 1 ; /* c */ DELETE FROM orders";
    const Analysis a = test::analyzed(text);
    REQUIRE(a.statements.size() == 2);
    CHECK(text.substr(a.statements[0].location, a.statements[0].length) == "  SELECT 1 ");
    CHECK(text.substr(a.statements[1].location, a.statements[1].length).find("DELETE FROM orders") != std::string::npos);
    CHECK(a.statements[0].kind == Kind::Read);
    CHECK(a.statements[1].kind == Kind::Write);
    CHECK(a.kind == Kind::Write);
}

TEST_CASE("inner analyses keep their index in texts of several statements") {
    const Analysis a = test::analyzed("PREPARE a AS SELECT 1; PREPARE b AS DELETE FROM orders; EXPLAIN SELECT 2");
    REQUIRE(a.statements.size() == 3);
    CHECK(a.inner.at(static_cast<std::size_t>(a.statements[0].inner)).kind == Kind::Read);
    CHECK(a.inner.at(static_cast<std::size_t>(a.statements[1].inner)).kind == Kind::Write);
    CHECK(a.inner.at(static_cast<std::size_t>(a.statements[2].inner)).kind == Kind::Read);
}

TEST_CASE("transaction modes are the client's wish, as written") {
    CHECK(test::analyzed("BEGIN READ ONLY").statements[0].read_only);
    CHECK(test::analyzed("BEGIN READ WRITE").statements[0].read_write);
    CHECK(test::analyzed("SET TRANSACTION READ ONLY").statements[0].read_only);
    CHECK(test::analyzed("COMMIT AND CHAIN").statements[0].chain);
    CHECK(test::analyzed("DECLARE c CURSOR WITH HOLD FOR SELECT 1").statements[0].with_hold);
    CHECK_FALSE(test::analyzed("BEGIN").statements[0].read_only);
}

TEST_CASE("names longer than the server keeps are cut where it cuts them") {
    const std::string name(70, 'x');
    CHECK(test::analyzed("PREPARE " + name + " AS SELECT 1").statements[0].name == name.substr(0, 63));
    CHECK(test::analyzed("DECLARE \"" + name + "\" CURSOR FOR SELECT 1").statements[0].name == name.substr(0, 63));
}

TEST_CASE("parameters are counted by their highest number") {
    CHECK(test::analyzed("SELECT $3::int, $1::text").parameters == 3);
    CHECK(test::analyzed("SELECT order_count(1)").parameters == 0);
}

TEST_CASE("without a catalog, PostgreSQL's own functions are known and nothing of the user's is") {
    CHECK(kind_without_catalog("SELECT lower('A'), now(), 1 + 1, 'x'::text") == Kind::Read);
    CHECK(kind_without_catalog("SELECT pg_read_file('x')") == Kind::Admin);
    CHECK(kind_without_catalog("SELECT nextval('x')") == Kind::Write);
    CHECK(kind_without_catalog("SELECT ('x'::text).pg_read_file") == Kind::Admin);
    CHECK(kind_without_catalog("BEGIN") == Kind::Transaction);
    CHECK(kind_without_catalog("SELECT count(*) FROM pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace") == Kind::Read);
    CHECK(kind_without_catalog("SELECT * FROM information_schema.tables") == Kind::Read);
    CHECK(kind_without_catalog("SELECT * FROM tables") == Kind::Unknown);
    CHECK(kind_without_catalog("SELECT * FROM pg_hba_file_rules") == Kind::Admin);
    CHECK(kind_without_catalog("DELETE FROM pg_class") == Kind::Unknown);
    CHECK(kind_without_catalog("DROP TABLE x") == Kind::Ddl);
    CHECK(kind_without_catalog("SELECT * FROM orders") == Kind::Unknown);
    CHECK(kind_without_catalog("SELECT refund(1)") == Kind::Unknown);
    CHECK(kind_without_catalog("SELECT 'x'::mood") == Kind::Unknown);
}

TEST_CASE("an unknown search path makes unqualified names unknown, not wrong") {
    const catalog::SearchPath unknown;
    const auto kind = [&](std::string_view sql) { return analyze(sql, Context{.catalog = test::fixture(), .search_path = unknown}).kind; };
    CHECK(kind("SELECT * FROM orders") == Kind::Unknown);
    CHECK(kind("SELECT lower('a')") == Kind::Read);     // no schema but pg_catalog has one
    CHECK(kind("SELECT over('a')") == Kind::Unknown);
    CHECK(kind("SELECT pg_catalog.lower(name) FROM public.customers") == Kind::Read);
}
