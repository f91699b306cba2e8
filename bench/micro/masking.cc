// ns per value and MB/s of the masking engine on one thread: no plan, tags only, content scan with no hit, 1 % hits,
// all hits; text and binary; json. Output is checked before it is timed. Data is made from a seed.
// usage: bench-masking [RULES-DIR]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "config/rule_pack_reader.h"
#include "pgveil/masking/row_masker.h"
#include "support/test_hash.h"

using namespace pgveil;
using namespace pgveil::masking;

namespace {

constexpr std::size_t kRows = 20000, kColumns = 6, kRounds = 7;

struct Case {
    const char* name;
    RowPlan plan;
    std::vector<std::string> values;     // kRows * kColumns
    bool expect_hits = false;
};

std::mt19937 random_source(1);
std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_source); }

std::string words(std::size_t bytes) {
    static const std::vector<std::string> some = {"order", "shipped", "to", "the", "warehouse", "north", "late", "checked", "by", "team", "item", "blue", "and", "returned", "customer", "asks", "for", "refund", "of", "parcel"};
    std::string text;
    while (text.size() < bytes) text += some[below(some.size())] + " ";
    return text;
}

/// Clean short values as tables hold them: words, ids, times, codes.
std::string clean() {
    switch (below(8)) {
        case 0: return "ORD-2024-" + std::to_string(100000 + below(900000));
        case 1: return std::to_string(1000000000 + below(1000000000));
        case 2: return "2024-03-1" + std::to_string(below(10)) + " 12:00:0" + std::to_string(below(10));
        case 3: return "shipped";
        case 4: return words(60);
        case 5: return "Blue widget, size " + std::to_string(below(50));
        case 6: return "https://shop.example.com/p/" + std::to_string(below(100000));
        default: return words(12);
    }
}

std::string hit() {
    switch (below(3)) {
        case 0: return "user" + std::to_string(below(100000)) + "@example.com";
        case 1: return "536-22-" + std::to_string(1000 + below(9000));
        default: return "4111 1111 1111 1111";
    }
}

std::vector<std::string> values(double share_of_hits) {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < kRows * kColumns; ++i) made.push_back(static_cast<double>(below(1000)) < share_of_hits * 1000 ? hit() : clean());
    return made;
}

RowPlan plan(Treatment treatment, Transform transform = Transform::Redact, Oid type = type_oid::Text, Format format = Format::Text) {
    RowPlan row;
    for (std::size_t i = 0; i < kColumns; ++i) {
        ColumnPlan column;
        column.column.name = column.column.stored_name = "c" + std::to_string(i);
        column.column.type = {.oid = type, .kind = TypeKind::Base};
        column.column.format = format;
        column.treatment = treatment;
        column.transform = transform;
        column.class_name = "EMAIL_ADDRESS";
        column.key_domain = "bench";
        column.keyed_allowed = true;
        row.columns.push_back(std::move(column));
    }
    return row;
}

std::vector<std::string> documents() {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < kRows * kColumns; ++i) {
        made.push_back(R"({"order": )" + std::to_string(below(100000)) + R"(, "state": "shipped", "note": ")" + words(30) + R"(", "tags": ["a", "b"]})");
    }
    return made;
}

std::vector<std::string> long_texts() {
    std::vector<std::string> made;
    for (std::size_t i = 0; i < kRows * kColumns / 50; ++i) made.push_back(words(2000));
    while (made.size() < kRows * kColumns) made.push_back("x");
    return made;
}

/// One pass over all rows; cells changed.
std::uint64_t run(RowMasker& masker, const Case& one) {
    std::vector<CellView> cells(kColumns);
    std::uint64_t masked = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
        for (std::size_t i = 0; i < kColumns; ++i) {
            const std::string& value = one.values[row * kColumns + i];
            cells[i] = {bytes_of(value).data(), static_cast<std::int32_t>(value.size())};
        }
        masked += masker.mask(cells, one.plan).masked;
    }
    return masked;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : config::rules_folder().string();
    const auto packs = config::read_packs(config::packs_below(folder), folder);
    if (!packs) return 2;
    const auto before = std::chrono::steady_clock::now();
    const auto rules = compile(*packs);
    if (!rules) return 2;
    const std::chrono::duration<double, std::milli> compiled = std::chrono::steady_clock::now() - before;
    std::printf("rules compiled and proven in %.0f ms\n", compiled.count());
    const test::TestHash keys;
    RowMasker masker(*rules, keys);
    const std::vector<Case> cases = {
        {"no plan (pass)", plan(Treatment::Pass), values(0)},
        {"tags: redact", plan(Treatment::Apply), values(1), true},
        {"tags: partial", plan(Treatment::Apply, Transform::Partial), values(1), true},
        {"tags: pseudonym (test hash)", plan(Treatment::Apply, Transform::Pseudonym), values(1), true},
        {"scan: no hit", plan(Treatment::Scan), values(0)},
        {"scan: 1 % hits", plan(Treatment::Scan), values(0.01), true},
        {"scan: all hits", plan(Treatment::Scan), values(1), true},
        {"scan: no hit, unknown type, binary", plan(Treatment::Scan, Transform::Redact, Oid{99999}, Format::Binary), values(0)},
        {"scan: bytea binary, no hit", plan(Treatment::Scan, Transform::Redact, type_oid::Bytea, Format::Binary), values(0)},
        {"scan: json documents, no hit", plan(Treatment::Scan, Transform::Redact, type_oid::Json), documents()},
        {"scan: texts of 2 kB, no hit", plan(Treatment::Scan), long_texts()},
    };
    std::printf("%-38s %10s %10s %10s\n", "case", "ns/value", "MB/s", "masked");
    for (Case one : cases) {
        masker.settle(one.plan);
        std::uint64_t bytes = 0, masked = 0;
        for (const std::string& value : one.values) bytes += value.size();
        std::vector<double> seconds;
        for (std::size_t round = 0; round < kRounds; ++round) {
            const std::clock_t start = std::clock();   // CPU time: other work on the machine is not ours
            masked = run(masker, one);
            seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
        }
        if ((masked != 0) != one.expect_hits) {
            std::printf("%s: %llu cells masked, which is wrong\n", one.name, static_cast<unsigned long long>(masked));
            return 1;
        }
        std::ranges::sort(seconds);
        const double median = seconds[kRounds / 2];
        std::printf("%-38s %10.1f %10.1f %10llu\n", one.name, median * 1e9 / static_cast<double>(one.values.size()),
                    static_cast<double>(bytes) / median / 1e6, static_cast<unsigned long long>(masked));
    }
    return 0;
}
