// Every shipped pack loads, and every rule finds its examples and only those.
#include <doctest/doctest.h>

#include <algorithm>

#include "config/rule_pack_reader.h"
#include "pgveil/masking/row_masker.h"
#include "support/test_hash.h"

using namespace pgveil;

TEST_CASE("every shipped pack loads and proves its own examples") {
    const auto names = config::packs_below("rules");
    REQUIRE(std::ranges::find(names, "core") != names.end());
    const auto packs = config::read_packs(names, "rules");
    if (!packs) {
        for (const auto& trouble : packs.error()) FAIL_CHECK(config::to_string(trouble));
        return;
    }
    for (const auto& pack : *packs) {
        for (const auto& rule : pack.rules) {
            const auto alone = masking::compile({{pack.id, {rule}}});
            if (!alone) FAIL_CHECK(std::string(alone.error().rule + ": " + alone.error().why));
        }
    }
    const auto rules = masking::compile(*packs);
    if (!rules) FAIL(std::string(rules.error().rule + ": " + rules.error().why));
}
