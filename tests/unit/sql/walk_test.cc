#include "sql/walk.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>

#include "sql/statements.h"

using namespace pgveil;
using namespace pgveil::sql;

namespace {

std::string contents(const std::string& file) {
    std::ifstream in(file);
    REQUIRE_MESSAGE(in.good(), file);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// NodeTag's names in order; the value of each is its place (nodes.h numbers none but the first).
std::vector<std::string> tag_names() {
    const std::string header = contents(PG_NODES_H);
    const std::size_t start = header.find("T_Invalid");
    std::vector<std::string> names;
    bool comment = false;
    for (std::size_t at = start; header[at] != '}'; ++at) {
        if (header.compare(at, 2, "/*") == 0) comment = true;
        if (header.compare(at, 2, "*/") == 0) comment = false;
        if (comment || header.compare(at, 2, "T_") != 0) continue;
        std::size_t end = at;
        while (std::isalnum(static_cast<unsigned char>(header[end])) != 0 || header[end] == '_') ++end;
        names.push_back(header.substr(at, end - at));
        at = end - 1;
    }
    return names;
}

/// Statements of the tables, those that parse.
std::vector<std::string> corpus() {
    std::vector<std::string> texts;
    for (const char* file : {"tests/tables/sql/kinds.txt", "tests/tables/sql/forgotten.txt"}) {
        std::ifstream in(file);
        std::string line;
        while (std::getline(in, line))
            if (!line.starts_with("=>") && !line.starts_with("#")) texts.push_back(line);
    }
    return texts;
}

std::map<NodeTag, int> walked(const List* statements, std::set<NodeTag>& unknown) {
    std::map<NodeTag, int> counts;
    std::vector<const Node*> stack;
    for (const Node* node : nodes(statements)) stack.push_back(node);
    while (!stack.empty()) {
        const Node* node = stack.back();
        stack.pop_back();
        ++counts[node->type];
        if (!append_children(node, stack)) unknown.insert(node->type);
    }
    return counts;
}

int occurrences(const std::string& text, const std::string& word) {
    int count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("every statement node of the grammar is judged, or unknown by name") {
    const std::set<std::string> by_construction = {
        "T_PlannedStmt", "T_RawStmt",           // wrappers
        "T_SetOperationStmt", "T_PLAssignStmt", // made by analysis or PL/pgSQL, never by this grammar
        "T_ReplicaIdentityStmt"};               // part of ALTER TABLE
    const auto names = tag_names();
    REQUIRE(names.size() > 400);
    REQUIRE(names[T_SelectStmt] == "T_SelectStmt");
    REQUIRE(names[T_AlterStatsStmt] == "T_AlterStatsStmt");
    int known = 0;
    for (std::size_t tag = 0; tag < names.size(); ++tag) {
        if (!names[tag].ends_with("Stmt")) continue;
        CAPTURE(names[tag]);
        CHECK(knows_statement(static_cast<NodeTag>(tag)) != by_construction.contains(names[tag]));
        known += knows_statement(static_cast<NodeTag>(tag)) ? 1 : 0;
    }
    CHECK(known > 110);
}

TEST_CASE("the walk meets every call, name, operator, cast and subquery that the library's own printer meets") {
    const std::pair<NodeTag, const char*> compared[] = {
        {T_FuncCall, "FuncCall"}, {T_ColumnRef, "ColumnRef"}, {T_A_Expr, "A_Expr"}, {T_TypeCast, "TypeCast"},
        {T_SubLink, "SubLink"}, {T_BoolExpr, "BoolExpr"}, {T_CaseExpr, "CaseExpr"}, {T_ParamRef, "ParamRef"},
        {T_A_Indirection, "A_Indirection"}, {T_RowExpr, "RowExpr"}, {T_SortBy, "SortBy"}, {T_JoinExpr, "JoinExpr"},
        {T_RangeFunction, "RangeFunction"}, {T_RangeSubselect, "RangeSubselect"}, {T_CommonTableExpr, "CommonTableExpr"}};
    int texts = 0;
    for (const std::string& text : corpus()) {
        const auto tree = Tree::parse(text);
        if (!tree) continue;
        const PgQueryParseResult printed = pg_query_parse(text.c_str());
        REQUIRE(printed.error == nullptr);
        const std::string json = printed.parse_tree;
        pg_query_free_parse_result(printed);
        std::set<NodeTag> unknown;
        auto counts = walked(tree->statements(), unknown);
        CAPTURE(text);
        // Options and values of DDL name things and hold nothing that runs; statements there may be leaves.
        for (const auto& [tag, name] : compared) {
            CAPTURE(name);
            const int call = tag == T_FuncCall ? occurrences(json, "\"funccall\":{") : 0;
            CHECK(counts[tag] == occurrences(json, "\"" + std::string(name) + "\":{") + call);
        }
        ++texts;
    }
    CHECK(texts > 300);
}

TEST_CASE("depth and number of nodes are bounded without recursion") {
    const auto inside = [](const std::string& text, Bounds bounds = {}) {
        const auto tree = Tree::parse(text);
        REQUIRE(tree.has_value());
        return within_bounds(tree->statements(), bounds);
    };
    std::string terms = "SELECT 1", unions = "SELECT 1", list = "SELECT 1 WHERE 1 IN (0";
    for (int i = 0; i < 10'000; ++i) {
        terms += " + 1";
        unions += " UNION ALL SELECT 1";
    }
    for (int i = 0; i < 200'000; ++i) list += ",1";
    CHECK(inside("SELECT 1"));
    CHECK_FALSE(inside(terms));
    CHECK_FALSE(inside(unions));
    CHECK_FALSE(inside(list + ")"));
    CHECK(inside(list + ")", Bounds{.nodes = 1'000'000}));
    CHECK_FALSE(inside("SELECT 1, 2, 3", Bounds{.nodes = 5}));
    CHECK_FALSE(inside("SELECT ((1 + 2) * 3) - 4", Bounds{.depth = 5}));
}
