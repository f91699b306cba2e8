// catalog-dump CONNINFO FILE: loads a database's catalog and saves it, as the tests read it. Prints the
// time and the change stamp's time, so that both can be watched on larger databases.
#include <chrono>
#include <cstdio>

#include "catalog/pq_loader.h"
#include "catalog/snapshot_file.h"

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    auto loader = pgveil::catalog::Loader::connect(argv[1], pgveil::Secret());
    if (!loader) return std::fprintf(stderr, "%s\n", loader.error().message.c_str()), 3;
    using clock = std::chrono::steady_clock;
    const auto milliseconds = [](clock::duration d) {
        return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
    };
    const auto start = clock::now();
    const auto contents = loader->load();
    if (!contents) return std::fprintf(stderr, "%s\n", contents.error().message.c_str()), 3;
    const auto loaded = clock::now();
    const auto stamp = loader->change_stamp();
    if (!stamp) return std::fprintf(stderr, "%s\n", stamp.error().message.c_str()), 3;
    const auto stamped = clock::now();
    std::fprintf(stderr, "load %ld ms, stamp %ld ms, %zu relations, %zu functions\n", milliseconds(loaded - start),
                 milliseconds(stamped - loaded), contents->relations.size(), contents->functions.size());
    return pgveil::catalog::save(*contents, argv[2]) ? 0 : 3;
}
