// The plan cache's promise: texts with one key have one analysis, unless that says it depends on literals.
#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "fixture.h"
#include "sql/lexer.h"

using namespace pgveil;
using namespace pgveil::sql;

namespace {

std::vector<std::string> corpus() {
    std::vector<std::string> texts = {
        "SELECT id FROM customers WHERE id IN (1, 1, 2)", "SELECT name, count(*) FROM customers WHERE name = 'a' GROUP BY 1 ORDER BY 2 LIMIT 3",
        "SELECT DISTINCT ON (1) name, email FROM customers ORDER BY 1, 2", "SELECT name, email FROM customers UNION SELECT email, name FROM customers ORDER BY 1",
        "SELECT * FROM customers WHERE name LIKE 'a%' AND phone = ANY ('{1}') OR id BETWEEN 1 AND 5", "UPDATE customers SET name = 'x', email = name WHERE id = 5",
        "SELECT CASE WHEN id = 1 THEN name ELSE 'x' END FROM customers", "SELECT name FROM customers ORDER BY extract(year FROM birth), 1",
        "SELECT rank() OVER (PARTITION BY 1 ORDER BY 1), name FROM customers GROUP BY 2", "SELECT (SELECT email FROM customers ORDER BY 1 LIMIT 1), name FROM customers GROUP BY 2"};
    for (const char* file : {"tests/tables/sql/kinds.txt", "tests/tables/sql/forgotten.txt"}) {
        std::ifstream in(file);
        std::string line;
        while (std::getline(in, line))
            if (!line.empty() && !line.starts_with("=>") && !line.starts_with("#")) texts.push_back(line);
    }
    return texts;
}

/// The text with its literals, or some, exchanged for others of the same kind.
std::string varied(const std::string& text, std::mt19937& random) {
    const std::vector<std::string> strings = {"'x'", "'1'", "'{1,2,3}'", "'off'", "'customers'", "'role'", "'search_path'", "$$r_2$$", "E'a'", "'2020-01-01'", "'#'", "'!'"};
    const std::vector<std::string> integers = {"0", "1", "2", "3", "100"};
    const auto tokens = tokens_of(text);
    if (!tokens) return text;
    std::string out;
    std::uint32_t copied = 0;
    for (const Token& token : *tokens) {
        const bool string = token.kind == TokenKind::String, integer = token.kind == TokenKind::Integer;
        if ((!string && !integer) || random() % 3 == 0) continue;
        out += text.substr(copied, token.start - copied) + (string ? strings[random() % strings.size()] : integers[random() % integers.size()]);
        copied = token.end;
    }
    return out + text.substr(copied);
}

bool alike(const Analysis& a, const Analysis& b) {
    if (a.statements.size() != b.statements.size() || a.inner.size() != b.inner.size()) return false;
    for (std::size_t i = 0; i < a.statements.size(); ++i) {
        const Statement &x = a.statements[i], &y = b.statements[i];
        if (x.verb != y.verb || x.kind != y.kind || x.name != y.name || x.value != y.value || x.columns != y.columns || x.columns_known != y.columns_known) return false;
    }
    for (std::size_t i = 0; i < a.inner.size(); ++i)
        if (!alike(a.inner[i], b.inner[i])) return false;
    return a.kind == b.kind && a.effects == b.effects && a.relations == b.relations && a.functions == b.functions && a.predicates == b.predicates &&
           a.assignments == b.assignments && a.reasons == b.reasons && a.wrappable == b.wrappable && a.user_functions == b.user_functions && a.proxy_call == b.proxy_call;
}

}  // namespace

TEST_CASE("texts with one key have one analysis unless it depends on literals") {
    std::mt19937 random(11);
    std::size_t same = 0;
    std::string one, other;
    for (const std::string& text : corpus()) {
        const Analysis first = test::analyzed(text);
        if (first.depends_on_literals || !strip_literals(text, one)) continue;
        for (int round = 0; round < 6; ++round) {
            const std::string variant = varied(text, random);
            if (variant == text || !strip_literals(variant, other) || one != other) continue;
            CAPTURE(text);
            CAPTURE(variant);
            const Analysis second = test::analyzed(variant);
            CHECK((second.depends_on_literals || alike(first, second)));
            // The cache asks the analysis it has: one that may be shared must not stand for one that may not.
            CHECK_FALSE(second.depends_on_literals);
            ++same;
        }
    }
    CHECK(same > 300);
}
