// sql-kinds CATALOG-FILE ROLE: reads statements from stdin, each ended by a NUL byte, and prints one line for each:
// kind, a tab, the effects. For tests that compare kinds with what a server does.
#include <cstdio>
#include <iostream>
#include <iterator>

#include "catalog/snapshot_file.h"
#include "sql/analyze.h"

int main(int argc, char** argv) {
    using namespace pgveil;
    if (argc != 3) return 2;
    auto contents = catalog::read(argv[1]);
    if (!contents) return 3;
    const catalog::Snapshot snapshot(std::move(*contents), 1);
    const catalog::SearchPath path = catalog::make_search_path(snapshot, "\"$user\", public", argv[2]);
    std::string statement;
    while (std::getline(std::cin, statement, '\0')) {
        const sql::Analysis analysis = sql::analyze(statement, sql::Context{.catalog = snapshot, .search_path = path});
        std::string line(sql::name_of(analysis.kind));
        line += '\t';
        for (const sql::Effect effect : analysis.effects) line += std::string(sql::name_of(effect)) + " ";
        std::puts(line.c_str());
    }
    return 0;
}
