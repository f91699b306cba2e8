#include "sql/tree.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace pgveil::sql;

TEST_CASE("a text is parsed into its statements") {
    auto tree = Tree::parse("SELECT a FROM public.t WHERE b = 'x'; DELETE FROM u");
    REQUIRE(tree.has_value());
    const NodesView statements = nodes(tree->statements());
    REQUIRE(statements.size() == 2);
    const auto* raw = PGVEIL_AS(RawStmt, statements[0]);
    REQUIRE(raw != nullptr);
    const auto* select = PGVEIL_AS(SelectStmt, raw->stmt);
    REQUIRE(select != nullptr);
    const auto* from = PGVEIL_AS(RangeVar, nodes(select->fromClause)[0]);
    REQUIRE(from != nullptr);
    CHECK(text_of(from->schemaname) == "public");
    CHECK(text_of(from->relname) == "t");
    const auto* second = PGVEIL_AS(RawStmt, statements[1]);
    CHECK(PGVEIL_AS(DeleteStmt, second->stmt) != nullptr);
    CHECK(PGVEIL_AS(SelectStmt, second->stmt) == nullptr);
}

TEST_CASE("empty text and lone comments have no statements") {
    for (const char* text : {"", "  ", ";", "-- only a comment", "/* a /* nested */ one */ ;;"}) {
        auto tree = Tree::parse(text);
        REQUIRE(tree.has_value());
        CHECK(nodes(tree->statements()).empty());
    }
}

TEST_CASE("a syntax error carries its place in characters") {
    auto tree = Tree::parse("SELECT 'äöü', FROM t");
    REQUIRE_FALSE(tree.has_value());
    CHECK(tree.error().message.find("syntax error") != std::string::npos);
    CHECK(tree.error().position == 15);
}

TEST_CASE("trees nest: an inner one may be made and freed while an outer is in use") {
    auto outer = Tree::parse("SELECT 1 AS outer_name");
    REQUIRE(outer.has_value());
    for (int i = 0; i < 100; ++i) {
        auto inner = Tree::parse(i % 2 == 0 ? "SELECT 2" : "SELECT FROM FROM");
        CHECK(inner.has_value() == (i % 2 == 0));
    }
    const auto* select = PGVEIL_AS(SelectStmt, PGVEIL_AS(RawStmt, nodes(outer->statements())[0])->stmt);
    CHECK(text_of(PGVEIL_AS(ResTarget, nodes(select->targetList)[0])->name) == "outer_name");
}

TEST_CASE("a hundred thousand parentheses are an error, not a crash") {
    const std::string deep = "SELECT " + std::string(100'000, '(') + "1" + std::string(100'000, ')');
    CHECK_FALSE(Tree::parse(deep).has_value());
}

TEST_CASE("every thread parses for itself") {
    std::vector<std::thread> threads;
    std::vector<int> good(4, 0);
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&good, t] {
            for (int i = 0; i < 200; ++i) good[t] += Tree::parse("SELECT a, b FROM t JOIN u USING (id)").has_value() ? 1 : 0;
        });
    for (auto& thread : threads) thread.join();
    CHECK(good == std::vector<int>(4, 200));
}
