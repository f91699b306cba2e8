#include "sql/builtin_pure.h"

#include <set>

#include <doctest/doctest.h>

#include "catalog/snapshot_file.h"
#include "sql/builtin.h"

using namespace pgveil;
using namespace pgveil::sql;

TEST_CASE("every built-in that a read may call and that is not immutable has been looked at") {
    const auto contents = catalog::read("tests/support/shop.catalog");
    REQUIRE(contents.has_value());
    std::set<std::string> forgotten;
    std::size_t seen = 0;
    for (const catalog::Function& function : contents->functions) {
        if (!function.builtin || function.kind != catalog::FunctionKind::Function) continue;
        if (function.volatility == catalog::Volatility::Immutable) continue;
        const Kind kind = judge_builtin(function.name, static_cast<char>(function.volatility)).kind;
        if (kind != Kind::Read && kind != Kind::Session) continue;
        ++seen;
        const bool estimator = function.name.ends_with("sel") || function.name.ends_with("_typanalyze");   // `internal` arguments: SQL cannot call them
        if (!estimator && !listed_pure(function.name) && !listed_telling(function.name)) forgotten.insert(function.name);
    }
    CHECK(seen > 300);
    std::string names;
    for (const std::string& name : forgotten) names += name + " ";
    CHECK_MESSAGE(forgotten.empty(), names);
}

TEST_CASE("a name that no server of ours has is not taken for harmless") {
    CHECK_FALSE(listed_pure("pg_newer_than_us"));
    CHECK_FALSE(listed_pure("pg_stat_get_activity"));
    CHECK(listed_pure("pg_ts_config_is_visible"));
}
