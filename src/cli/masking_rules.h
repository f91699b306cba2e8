// The rule packs that `detect` and `mask` run with: found, read, compiled, or complained about on stderr.
// Main thread; reads files.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/masking/row_masker.h"

namespace pgveil::cli {

/// Folders given with --rules, each a folder of packs or a pack itself; none: config::rules_folder()'s packs, all of
/// them. Null after saying on stderr what is wrong.
[[nodiscard]] std::shared_ptr<const masking::CompiledRules> load_rules(const std::vector<std::string>& folders);

/// The flags of `detect` and `mask`: --rules DIR (repeatable), --format WORD, --help.
struct MaskingArguments {
    std::vector<std::string> rules;
    std::string format;
};
/// Nullopt after an answer was given: `exit` is the exit code.
[[nodiscard]] std::optional<MaskingArguments> parse_masking_arguments(std::span<const std::string_view> args, std::string_view help,
                                                                     std::span<const std::string_view> formats, int& exit);

/// Keys for programs that have none: content findings are never masked with a key (RowMasker sees to it).
[[nodiscard]] const KeyedHash& no_keys();

}  // namespace pgveil::cli
