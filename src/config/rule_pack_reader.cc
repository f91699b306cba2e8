#include "config/rule_pack_reader.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <toml.hpp>

#ifndef PGVEIL_RULES_DIR
#define PGVEIL_RULES_DIR "rules"
#endif
#ifndef PGVEIL_RULES_INSTALLED
#define PGVEIL_RULES_INSTALLED "rules"
#endif

namespace pgveil::config {
namespace {

using masking::Rule;
using masking::Strength;
using masking::Transform;
using Diagnostics = std::vector<PackDiagnostic>;

constexpr std::array kKeys = {"id",    "title",         "class",     "why",   "pattern", "patterns", "confirmer", "strength",
                              "hints", "counter_hints", "transform", "match", "no_match"};

class FileReader {
  public:
    FileReader(std::string file, Diagnostics& troubles) : file_(std::move(file)), troubles_(troubles) {}

    void read(const toml::value& root, std::vector<Rule>& rules) {
        for (const auto& [key, value] : root.as_table()) {
            if (key == "rule" && value.is_array()) {
                for (const toml::value& entry : value.as_array()) {
                    if (entry.is_table()) rules.push_back(rule(entry));
                    else complain(entry, "a rule is a table", "write [[rule]]");
                }
            } else if (key != "version" && key != "note") {
                complain(value, "unknown key \"" + key + "\"", "a pack file holds version, note and [[rule]]");
            }
        }
    }

  private:
    void complain(const toml::value& at, std::string message, std::string hint) {
        troubles_.push_back({file_, at.location().line(), std::move(message), std::move(hint)});
    }

    Rule rule(const toml::value& table) {
        Rule made;
        for (const auto& [key, value] : table.as_table()) {
            if (std::ranges::find(kKeys, key) == kKeys.end()) complain(value, "unknown key \"" + key + "\"", "see rules/README.md");
        }
        made.id = text(table, "id", true);
        made.title = text(table, "title", true);
        made.class_name = text(table, "class", true);
        made.why = text(table, "why", true);
        made.patterns = list(table, "patterns");
        if (table.contains("pattern")) made.patterns.push_back(text(table, "pattern", true));
        made.confirmer = text(table, "confirmer", false);
        made.strength = strength(table);
        made.hints = list(table, "hints");
        made.counter_hints = list(table, "counter_hints");
        made.transform = transform(table);
        made.match = list(table, "match");
        made.no_match = list(table, "no_match");
        examples(table, made.match, "match");
        examples(table, made.no_match, "no_match");
        return made;
    }

    void examples(const toml::value& table, const std::vector<std::string>& given, const std::string& key) {
        if (given.size() < 3) complain(table, key + " holds " + std::to_string(given.size()) + " examples", "every rule shows at least three that match and three that do not");
    }

    std::string text(const toml::value& table, const std::string& key, bool needed) {
        if (!table.contains(key)) {
            if (needed) complain(table, "\"" + key + "\" is missing", "every rule has id, title, class and why");
            return {};
        }
        const toml::value& value = table.at(key);
        if (!value.is_string()) {
            complain(value, "\"" + key + "\" is not a string", "put it in quotes");
            return {};
        }
        return value.as_string().str;
    }

    std::vector<std::string> list(const toml::value& table, const std::string& key) {
        std::vector<std::string> texts;
        if (!table.contains(key)) return texts;
        const toml::value& value = table.at(key);
        if (!value.is_array()) {
            complain(value, "\"" + key + "\" is not a list", "write [\"..\", \"..\"]");
            return texts;
        }
        for (const toml::value& entry : value.as_array()) {
            if (entry.is_string()) texts.push_back(entry.as_string().str);
            else complain(entry, "\"" + key + "\" holds something that is not a string", "put it in quotes");
        }
        return texts;
    }

    Strength strength(const toml::value& table) {
        const std::string word = text(table, "strength", true);
        if (word == "named") return Strength::Named;
        if (word == "hinted") return Strength::Hinted;
        if (word != "strong" && !word.empty()) complain(table.at("strength"), "unknown strength \"" + word + "\"", "named, hinted or strong");
        return Strength::Strong;
    }

    Transform transform(const toml::value& table) {
        const std::string word = text(table, "transform", false);
        if (word.empty()) return Transform::Redact;
        for (const Transform one : {Transform::DateShift, Transform::Generalize, Transform::Partial, Transform::Fpe, Transform::Pseudonym,
                                    Transform::Hash, Transform::Redact, Transform::Null}) {
            if (word == masking::name_of(one)) return one;
        }
        complain(table.at("transform"), "unknown transform \"" + word + "\"",
                 "redact, null, partial, hash, pseudonym, fpe, generalize or date_shift; clear belongs in the config");
        return Transform::Null;
    }

    std::string file_;
    Diagnostics& troubles_;
};

void read_text(const std::string& text, const std::string& file, std::vector<Rule>& rules, Diagnostics& troubles) {
    try {
        std::istringstream in(text);
        const toml::value root = toml::parse(in, file);
        FileReader(file, troubles).read(root, rules);
    } catch (const toml::exception& error) {
        troubles.push_back({file, error.location().line(), "not valid TOML", "a missing quote, bracket or key"});
    } catch (const std::exception&) {
        troubles.push_back({file, 0, "could not be read", "is it a TOML file?"});
    }
}

std::vector<std::filesystem::path> toml_files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

std::string to_string(const PackDiagnostic& d) {
    const std::string line = d.line == 0 ? "" : ":" + std::to_string(d.line);
    return d.file + line + ": " + d.message + (d.hint.empty() ? "" : " (" + d.hint + ")");
}

std::filesystem::path rules_folder(const std::filesystem::path& chosen) {
    if (!chosen.empty()) return chosen;
    if (const char* from_environment = std::getenv("PGVEIL_RULES"); from_environment != nullptr && *from_environment != '\0') return from_environment;
    std::error_code error;
    for (const char* folder : {"rules", PGVEIL_RULES_DIR, PGVEIL_RULES_INSTALLED}) {
        if (std::filesystem::is_directory(std::filesystem::path(folder) / "core", error)) return folder;
    }
    return "rules";
}

PackResult read_pack_text(const std::string& text, const std::string& file) {
    masking::RulePack pack;
    Diagnostics troubles;
    read_text(text, file, pack.rules, troubles);
    if (!troubles.empty()) return refuse(std::move(troubles));
    return pack;
}

PackResult read_pack(const std::string& name, const std::filesystem::path& folder) {
    const bool own_path = name.starts_with('/') || name.starts_with('.');
    const std::filesystem::path place = own_path ? std::filesystem::path(name) : folder / name;
    masking::RulePack pack;
    pack.id = name;
    Diagnostics troubles;
    const auto files = toml_files(place);
    if (files.empty()) return refuse(Diagnostics{{place.string(), 0, "there is no such rule pack", "a pack is a folder with .toml files, such as core or region/us"}});
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        if (in.bad()) troubles.push_back({file.string(), 0, "cannot be read", ""});
        read_text(text, file.string(), pack.rules, troubles);
    }
    if (!troubles.empty()) return refuse(std::move(troubles));
    return pack;
}

std::vector<std::string> packs_below(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (entry.is_directory() && !toml_files(entry.path()).empty()) names.push_back(std::filesystem::relative(entry.path(), folder).string());
    }
    std::ranges::sort(names);
    return names;
}

Result<std::vector<masking::RulePack>, std::vector<PackDiagnostic>> read_packs(const std::vector<std::string>& names,
                                                                              const std::filesystem::path& folder) {
    std::vector<masking::RulePack> packs;
    Diagnostics troubles;
    for (const std::string& name : names) {
        auto pack = read_pack(name, folder);
        if (pack) packs.push_back(std::move(*pack));
        else std::ranges::move(pack.error(), std::back_inserter(troubles));
    }
    if (!troubles.empty()) return refuse(std::move(troubles));
    return packs;
}

}  // namespace pgveil::config
