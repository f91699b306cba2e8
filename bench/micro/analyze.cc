// Bench: what understanding a statement costs. For each statement: the bare parse (pg_query_raw_parse), a cold analyze, and the
// plan cache's key (strip_literals), medians over rounds run in turn, as CPU time of this thread.
//
// usage: bench-analyze CATALOG-FILE [ROUNDS]     pin it: taskset -c 1 bench-analyze ...
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "catalog/snapshot_file.h"
#include "sql/analyze.h"
#include "sql/lexer.h"
#include "sql/tree.h"

namespace {

using namespace pgveil;

struct Sample {
    const char* name;
    std::string text;
    sql::Kind kind;   // checked before anything is timed
};

std::vector<Sample> samples() {
    std::string list = "SELECT id, total FROM orders WHERE id IN (0";
    for (int i = 1; i < 500; ++i) list += ", " + std::to_string(i);
    std::string rows = "INSERT INTO orders (id, customer_id, total) VALUES (0, 1, 2.5)";
    for (int i = 1; i < 100; ++i) rows += ", (" + std::to_string(i) + ", 1, 2.5)";
    return {
        {"select_1", "SELECT 1", sql::Kind::Read},
        {"begin", "BEGIN", sql::Kind::Transaction},
        {"point_read", "SELECT id, name, email FROM customers WHERE id = 4711", sql::Kind::Read},
        {"update", "UPDATE orders SET total = total + 10, placed = now() WHERE id = 4711 AND customer_id = 5", sql::Kind::Write},
        {"join_report", "SELECT c.name, count(*) AS orders, sum(o.total) AS total, max(o.placed) FROM customers c JOIN orders o ON o.customer_id = c.id "
                        "LEFT JOIN events e ON e.id = o.id WHERE o.placed >= '2026-01-01' AND o.total > 10 GROUP BY c.name HAVING count(*) > 2 ORDER BY 3 DESC LIMIT 20",
         sql::Kind::Read},
        {"cte_window", "WITH m AS (SELECT date_trunc('month', placed) AS month, sum(total) AS s FROM orders GROUP BY 1) SELECT month, s, lag(s) OVER w, "
                       "round(100 * (s - lag(s) OVER w) / lag(s) OVER w, 1) FROM m WINDOW w AS (ORDER BY month) ORDER BY month", sql::Kind::Read},
        {"view", "SELECT * FROM view_of_view", sql::Kind::Read},
        {"in_list_500", list + ")", sql::Kind::Read},
        {"insert_100_rows", rows, sql::Kind::Write}};
}

double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// Microseconds for one call, over enough calls to fill about four milliseconds.
template <class Work>
double microseconds(Work work) {
    const double probe = now();
    work();
    const int calls = std::max(1, static_cast<int>(4000.0 / std::max(0.05, now() - probe)));
    const double start = now();
    for (int i = 0; i < calls; ++i) work();
    return (now() - start) / calls;
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: bench-analyze CATALOG-FILE [ROUNDS]\n"), 2;
    auto contents = catalog::read(argv[1]);
    if (!contents) return std::fprintf(stderr, "no catalog in %s\n", argv[1]), 3;
    const catalog::Snapshot snapshot(std::move(*contents), 1);
    const catalog::SearchPath path = catalog::make_search_path(snapshot, "public", "agent");
    const sql::Context context{.catalog = snapshot, .search_path = path};
    const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 15;
    std::printf("%-16s %10s %10s %8s %10s %10s\n", "statement", "parse us", "cold us", "ratio", "key us", "of parse");
    for (const Sample& sample : samples()) {
        if (sql::analyze(sample.text, context).kind != sample.kind) return std::fprintf(stderr, "%s: wrong kind\n", sample.name), 1;
        std::vector<double> parse, cold, ratio, key;
        std::string out;
        for (int round = 0; round < rounds; ++round) {
            parse.push_back(microseconds([&] { (void)sql::Tree::parse(sample.text).has_value(); }));
            cold.push_back(microseconds([&] { (void)sql::analyze(sample.text, context).kind; }));
            key.push_back(microseconds([&] { (void)sql::strip_literals(sample.text, out); }));
            ratio.push_back(cold.back() / parse.back());
        }
        std::printf("%-16s %10.2f %10.2f %8.2f %10.3f %10.3f\n", sample.name, median(parse), median(cold), median(ratio), median(key), median(key) / median(parse));
    }
    return 0;
}
