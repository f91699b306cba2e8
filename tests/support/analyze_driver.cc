// analyze-driver CATALOG: reads statements, one a line, and prints what the analysis says of each as one line
// of JSON. With --time N: analyses each line N times instead and prints nanoseconds for parse and analysis.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "catalog/snapshot_file.h"
#include "sql/analyze.h"
#include "sql/tree.h"

namespace {

using namespace pgveil;

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", c);
            out += escape;
        } else {
            out += c;
        }
    }
    return out + "\"";
}

const char* name_of_flow(sql::Flow flow) {
    switch (flow) {
        case sql::Flow::Opaque: return "opaque";
        case sql::Flow::Derived: return "derived";
        case sql::Flow::AsIs: return "as-is";
        case sql::Flow::CountLike: return "count";
        case sql::Flow::Constant: return "constant";
    }
    return "?";
}

void print(const sql::Analysis& analysis, const catalog::Snapshot& snapshot) {
    if (analysis.statements.empty()) return (void)std::printf("{\"error\":true}\n");
    const sql::Statement& statement = analysis.statements.back();  // of PREPARE; EXECUTE the rows
    std::string columns, predicates;
    for (const sql::OutputColumn& column : statement.columns) {
        std::string origins;
        for (const ColumnId id : column.origins) origins += (origins.empty() ? "" : ",") + json_text(snapshot.column_name(id));
        columns += (columns.empty() ? "[" : ",[") + json_text(column.name) + ",\"" + name_of_flow(column.flow) + "\",[" + origins + "]]";
    }
    for (const sql::Predicate& predicate : analysis.predicates) {
        predicates += (predicates.empty() ? "" : ",") + json_text(snapshot.column_name(predicate.column));
    }
    std::printf("{\"kind\":%s,\"known\":%s,\"columns\":[%s],\"predicates\":[%s]}\n", json_text(name_of(analysis.kind)).c_str(),
                statement.columns_known ? "true" : "false", columns.c_str(), predicates.c_str());
}

void time_of(const std::string& text, const sql::Context& context, int rounds) {
    using clock = std::chrono::steady_clock;
    const auto per_round = [&](auto run) {
        const auto start = clock::now();
        for (int i = 0; i < rounds; ++i) run();
        return static_cast<long>(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - start).count() / rounds);
    };
    const long parse = per_round([&] { (void)sql::Tree::parse(text); });
    const long all = per_round([&] { (void)sql::analyze(text, context); });
    std::printf("%8ld %8ld %.2f  %.60s\n", parse, all, static_cast<double>(all) / static_cast<double>(parse), text.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    auto contents = catalog::read(argv[1]);
    if (!contents) return std::fprintf(stderr, "cannot read %s\n", argv[1]), 3;
    const catalog::Snapshot snapshot(std::move(*contents), 1);
    const catalog::SearchPath path = catalog::make_search_path(snapshot, "public", "nobody");
    const sql::Context context{.catalog = snapshot, .search_path = path};
    const int rounds = argc > 3 && std::string_view(argv[2]) == "--time" ? std::atoi(argv[3]) : 0;
    for (std::string line; std::getline(std::cin, line);) {
        if (rounds > 0) {
            time_of(line, context, rounds);
        } else {
            print(sql::analyze(line, context), snapshot);
        }
        std::fflush(stdout);
    }
}
