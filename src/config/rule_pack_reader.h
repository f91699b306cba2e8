// Rule packs: TOML files -> masking::RulePack. The format is in rules/README.md.
//
// A pack is a folder; its files are read in name order and belong together. Reads files, never writes; unknown
// keys, wrong types and missing keys are all reported at once, with file:line and a hint. Packs come from the
// operator: trusted as far as the config is, but a mistake must not weaken anything silently.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pgveil/core/result.h"
#include "pgveil/masking/rule_pack.h"

namespace pgveil::config {

struct PackDiagnostic {
    std::string file;
    std::size_t line = 0;        // 0: the file as a whole
    std::string message, hint;
};
/// "file:line: message (hint)"
[[nodiscard]] std::string to_string(const PackDiagnostic& diagnostic);

using PackResult = Result<masking::RulePack, std::vector<PackDiagnostic>>;

/// Where packs are looked for when named ("core", "region/us"): `chosen` if not empty, else $PGVEIL_RULES,
/// else ./rules, else the installed or built-from folder; the first that exists.
[[nodiscard]] std::filesystem::path rules_folder(const std::filesystem::path& chosen = {});

/// Reads one pack: `name` below `folder`, or a path of its own (absolute, or with a leading '.').
[[nodiscard]] PackResult read_pack(const std::string& name, const std::filesystem::path& folder);
/// The text of one pack file; `file` names it in diagnostics.
[[nodiscard]] PackResult read_pack_text(const std::string& text, const std::string& file);

/// Names of all packs below `folder`: every folder that holds .toml files, sorted.
[[nodiscard]] std::vector<std::string> packs_below(const std::filesystem::path& folder);

/// All packs named, or everything that is wrong with any of them.
[[nodiscard]] Result<std::vector<masking::RulePack>, std::vector<PackDiagnostic>> read_packs(
    const std::vector<std::string>& names, const std::filesystem::path& folder);

}  // namespace pgveil::config
