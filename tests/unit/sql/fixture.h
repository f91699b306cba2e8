// The catalog that the sql tables speak of: tests/tables/sql/fixture.sql, loaded once by a real server and saved with
// `catalog-dump` as fixture.catalog.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/snapshot_file.h"
#include "sql/analyze.h"

namespace pgveil::sql::test {

inline const catalog::Snapshot& fixture() {
    static const catalog::Snapshot snapshot(catalog::read("tests/tables/sql/fixture.catalog").value(), 1);
    return snapshot;
}

inline const catalog::SearchPath& fixture_path() {
    static const catalog::SearchPath path = catalog::make_search_path(fixture(), "\"$user\", public", "agent");
    return path;
}

inline Analysis analyzed(std::string_view sql, const NamedStatements* named = nullptr) {
    static const std::vector<std::string> settings{"app.tenant"};
    return analyze(sql, Context{.catalog = fixture(), .search_path = fixture_path(), .named = named, .allowed_settings = settings});
}

}  // namespace pgveil::sql::test
