#include "catalog/snapshot_file.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::catalog;

namespace {

Snapshot::Contents shop() {
    auto contents = read("tests/support/shop.catalog");
    REQUIRE(contents.has_value());
    return std::move(*contents);
}

}  // namespace

TEST_CASE("what is written is read back byte for byte") {
    const Snapshot::Contents contents = shop();
    const std::string text = to_text(contents);
    const auto again = from_text(text);
    REQUIRE(again.has_value());
    CHECK(to_text(*again) == text);
    CHECK(again->functions.size() == contents.functions.size());
}

TEST_CASE("tabs, line ends and backslashes in names and bodies survive") {
    Snapshot::Contents contents;
    contents.database = "a\tb\\n\nc\\";
    contents.schemas.emplace_back(Oid(7), "");
    const auto again = from_text(to_text(contents));
    REQUIRE(again.has_value());
    CHECK(again->database == contents.database);
    CHECK(again->schemas == contents.schemas);
}

TEST_CASE("a file cut short, of another version or with a lying count is refused") {
    const std::string text = to_text(shop());
    for (const std::size_t length : {std::size_t{0}, std::size_t{5}, text.size() / 2, text.size() - 2}) {
        CHECK(from_text(std::string_view(text).substr(0, length)).error() == FileRefusal::WrongFormat);
    }
    CHECK(!from_text("pgveil-catalog 999\n.\n").has_value());
    CHECK(!from_text("pgveil-catalog 1\nc\t1\t2\t3\t4\t5\n.\n").has_value());
    CHECK(!from_text("pgveil-catalog 1\nr\t1\t2\ta\tb\t114\t4000000000\n.\n").has_value());
    CHECK(read("tests/support/no-such-file").error() == FileRefusal::Unreadable);
}
