// A scanned or masked cell allocates nothing once buffers have grown: counted, not believed.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "pgveil/masking/row_masker.h"
#include "small_pack.h"
#include "support/test_hash.h"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {   // the pattern library's own
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace pgveil;
using namespace pgveil::masking;

TEST_CASE("no cell allocates in the steady state") {
    const test::TestHash keys;
    RowMasker masker(*compile({test::small_pack()}), keys);
    const auto column = [](Oid type, Treatment treatment, Transform transform) {
        ColumnPlan plan;
        plan.column.name = "c";
        plan.column.id = {Oid{16400}, AttrNumber{1}};
        plan.column.type = {.oid = type, .kind = TypeKind::Base};
        plan.treatment = treatment;
        plan.transform = transform;
        plan.class_name = "EMAIL_ADDRESS";
        plan.key_domain = "some database and a class name that is longer than a small string";
        plan.keyed_allowed = true;
        return plan;
    };
    RowPlan plan{{column(type_oid::Text, Treatment::Scan, {}), column(type_oid::Text, Treatment::Scan, {}), column(type_oid::Json, Treatment::Scan, {}),
                  column(type_oid::TextArray, Treatment::Scan, {}), column(type_oid::Text, Treatment::Apply, Transform::Pseudonym),
                  column(type_oid::Text, Treatment::Apply, Transform::Partial), column(type_oid::Text, Treatment::Scan, {})}};
    const std::string_view values[] = {"nothing to find in this text of some length, 2024-01-01 12:00:00",
                                       "mail john@example.com or pay 4111 1111 1111 1111, SSN 536-22-1234, BDG-1234",
                                       R"({"a": "x\u0040y john@example.com", "list": [1, 2, {"b": "c"}]})",
                                       "{one,\"john@example.com\",three}",
                                       "jane@example.com",
                                       "jane@example.com",
                                       "é jo\u200Bhn@example.com"};
    const auto one_row = [&] {
        CellView cells[7];
        for (std::size_t i = 0; i < 7; ++i) cells[i] = {bytes_of(values[i]).data(), static_cast<std::int32_t>(values[i].size())};
        return masker.mask(cells, plan).masked;
    };
    for (int i = 0; i < 5; ++i) REQUIRE(one_row() == 6);
    const std::uint64_t before = allocations;
    std::uint32_t masked = 0;
    for (int i = 0; i < 100; ++i) masked += one_row();
    const std::uint64_t after = allocations;
    CHECK(masked == 600);
    CHECK(after - before == 0);
}
