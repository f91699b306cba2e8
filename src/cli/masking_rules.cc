#include "cli/masking_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "config/rule_pack_reader.h"

namespace pgveil::cli {
namespace {

/// `folder` itself if it is a pack, and every pack below it, as paths that read_pack takes as they are.
std::vector<std::string> packs_of(const std::string& folder) {
    const std::string path = std::filesystem::absolute(folder).string();
    std::vector<std::string> packs;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        if (entry.path().extension() == ".toml" && packs.empty()) packs.push_back(path);
    }
    for (const std::string& name : config::packs_below(path)) packs.push_back((std::filesystem::path(path) / name).string());
    return packs;
}

class NoKeys final : public KeyedHash {
  public:
    [[nodiscard]] Digest hash(std::string_view, ByteView) const override { return {}; }
};

}  // namespace

std::shared_ptr<const masking::CompiledRules> load_rules(const std::vector<std::string>& folders) {
    std::vector<std::string> names;
    const std::vector<std::string> places = folders.empty() ? std::vector{config::rules_folder().string()} : folders;
    for (const std::string& folder : places) {
        const auto packs = packs_of(folder);
        if (packs.empty()) {
            fmt::print(stderr, "{}: no rule packs here (folders with .toml files); say --rules DIR or set PGVEIL_RULES\n", folder);
            return nullptr;
        }
        names.insert(names.end(), packs.begin(), packs.end());
    }
    const auto packs = config::read_packs(names, {});
    if (!packs) {
        for (const auto& trouble : packs.error()) fmt::print(stderr, "{}\n", config::to_string(trouble));
        return nullptr;
    }
    auto rules = masking::compile(*packs);
    if (rules) return *rules;
    fmt::print(stderr, "rule {}: {}\n", rules.error().rule, rules.error().why);
    return nullptr;
}

std::optional<MaskingArguments> parse_masking_arguments(std::span<const std::string_view> args, std::string_view help,
                                                       std::span<const std::string_view> formats, int& exit) {
    MaskingArguments parsed;
    exit = 2;
    for (std::size_t i = 0; i < args.size(); ++i) {
        std::string_view name = args[i], value;
        if (name == "--help" || name == "-h") {
            fmt::print("{}", help);
            exit = 0;
            return std::nullopt;
        }
        const std::size_t equals = name.find('=');
        const bool takes_value = name.substr(0, equals) == "--rules" || (!formats.empty() && name.substr(0, equals) == "--format");
        if (!takes_value || (equals == std::string_view::npos && i + 1 == args.size())) {
            fmt::print(stderr, "{} {}\n{}", takes_value ? "a value is missing behind" : "unknown argument", name, help);
            return std::nullopt;
        }
        value = equals == std::string_view::npos ? args[++i] : name.substr(equals + 1);
        name = name.substr(0, equals);
        if (name == "--rules") {
            parsed.rules.emplace_back(value);
        } else if (std::ranges::find(formats, value) != formats.end()) {
            parsed.format = value;
        } else {
            fmt::print(stderr, "unknown format {}\n{}", value, help);
            return std::nullopt;
        }
    }
    exit = 0;
    return parsed;
}

const KeyedHash& no_keys() {
    static const NoKeys keys;
    return keys;
}

}  // namespace pgveil::cli
