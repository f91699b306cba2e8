// sql-kinds CATALOG-FILE ROLE: reads statements from stdin, each ended by a NUL byte, and prints one line for each:
// kind, a tab, the effects, a tab, the reasons. For tests that compare kinds with what a server does.
// sql-kinds --builtins: prints the list of built-in functions, name, kind and reason with tabs between.
#include <cstdio>
#include <iostream>
#include <iterator>

#include "catalog/snapshot_file.h"
#include "sql/analyze.h"
#include "sql/builtin.h"

int main(int argc, char** argv) {
    using namespace pgveil;
    if (argc == 2 && std::string_view(argv[1]) == "--builtins") {
        for (const sql::ListedBuiltin& entry : sql::listed_builtins())
            std::printf("%.*s\t%s\t%.*s\n", static_cast<int>(entry.name.size()), entry.name.data(), std::string(sql::name_of(entry.judgement.kind)).c_str(),
                        static_cast<int>(entry.why.size()), entry.why.data());
        return 0;
    }
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
        line += '\t';
        for (const std::string& reason : analysis.reasons) line += reason + "; ";
        for (char& c : line)
            if (c == '\n') c = ' ';
        std::puts(line.c_str());
        std::fflush(stdout);
    }
    return 0;
}
