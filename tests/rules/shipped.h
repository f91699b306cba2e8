// The shipped packs, compiled once for all tests of this suite.
#pragma once

#include <string>
#include <vector>

#include "config/rule_pack_reader.h"
#include "pgveil/masking/row_masker.h"
#include "support/test_hash.h"

namespace pgveil::test {

inline const std::vector<masking::RulePack>& shipped_packs() {
    static const auto packs = config::read_packs(config::packs_below("rules"), "rules").value();  // throws: packs_test says why
    return packs;
}

inline masking::RowMasker& shipped_masker() {
    static const TestHash keys;
    static masking::RowMasker masker(masking::compile(shipped_packs()).value(), keys);
    return masker;
}

/// Classes found, joined by ',': "" if nothing.
inline std::string classes_in(std::string_view text, std::string_view column = "") {
    std::string all;
    for (const auto& finding : shipped_masker().detect(text, column)) all += (all.empty() ? "" : ",") + std::string(finding.class_name);
    return all;
}

}  // namespace pgveil::test
