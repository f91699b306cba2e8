// Rules nobody could satisfy or that say something else than meant; masking entries likewise.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "config/sections.h"

namespace pgveil::config {

void check_rules(const Config& config, Reader& reader);
void check_masking(const Config& config, Reader& reader);

namespace {

constexpr std::array<std::string_view, 7> kKinds{"read", "write", "ddl", "session", "transaction", "admin", "unknown"};

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

/// Parts between dots outside double quotes, as policy/glob takes them.
std::size_t count_parts(std::string_view pattern) {
    std::size_t parts = 1;
    bool quoted = false;
    for (const char c : pattern) {
        if (c == '"') quoted = !quoted;
        if (c == '.' && !quoted) ++parts;
    }
    return parts;
}

template <class Entries>
void check_known(const std::vector<std::string>& names, const Entries& entries, std::string_view kind, const std::string& path, Reader& reader) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (has_wildcard(names[i]) || std::ranges::any_of(entries, [&](const auto& entry) { return entry.name == names[i]; })) continue;
        reader.error(reader.place_of(fmt::format("{}.{}", path, i)), fmt::format("{}: no {} is named \"{}\"", path, kind, names[i]));
    }
}

void check_when(const Config& config, const RuleEntry& rule, const std::string& path, Reader& reader) {
    for (std::size_t i = 0; i < rule.when.kind.size(); ++i) {
        const std::string& kind = rule.when.kind[i];
        if (std::ranges::find(kKinds, kind) != kKinds.end()) continue;
        const auto near = nearest(kind, {kKinds.begin(), kKinds.end()});
        reader.error(reader.place_of(fmt::format("{}.kind.{}", path, i)), fmt::format("{}.kind: \"{}\" is no kind of statement", path, kind),
                     near ? "did you mean \"" + *near + "\"?" : "read, write, ddl, session, transaction, admin or unknown");
    }
    for (std::size_t i = 0; i < rule.when.tables.size(); ++i) {
        const std::string& table = rule.when.tables[i];
        if (table == "*" || count_parts(table) == 2) continue;
        reader.error(reader.place_of(fmt::format("{}.tables.{}", path, i)), fmt::format("{}.tables: \"{}\" is not schema.table", path, table),
                     fmt::format("\"public.{}\", or \"*.{}\" for any schema", table, table));
    }
    check_known(rule.when.agents, config.agents, "agent", path + ".agents", reader);
    check_known(rule.when.databases, config.databases, "database", path + ".databases", reader);
}

bool may_approve(const PersonEntry& person, const RuleEntry& rule) {
    const bool in_group = rule.approvers.empty() || std::ranges::any_of(rule.approvers, [&](const std::string& group) {
        return std::ranges::find(person.groups, group) != person.groups.end();
    });
    return in_group && std::ranges::find(person.roles, Role::Approver) != person.roles.end();
}

void check_approvers(const Config& config, const RuleEntry& rule, const std::string& path, Reader& reader) {
    if (rule.action != RuleAction::Hold) {
        for (const char* key : {".approvers", ".approvals", ".wait", ".pending", ".approved"}) {
            if (reader.written(path + key)) {
                reader.warning(reader.place_of(path + key), fmt::format("{}{} means nothing: only a hold is approved", path, key));
            }
        }
        return;
    }
    for (std::size_t i = 0; i < rule.approvers.size(); ++i) {
        const std::string& group = rule.approvers[i];
        const bool known = std::ranges::any_of(config.people, [&](const PersonEntry& person) {
            return std::ranges::find(person.groups, group) != person.groups.end();
        });
        if (!known) {
            reader.error(reader.place_of(fmt::format("{}.approvers.{}", path, i)), fmt::format("{}.approvers: nobody is in a group \"{}\"", path, group));
        }
    }
    const auto eligible = std::ranges::count_if(config.people, [&](const PersonEntry& person) { return may_approve(person, rule); });
    if (static_cast<std::uint64_t>(eligible) < rule.approvals) {
        reader.error(reader.place_of(path + (reader.written(path + ".approvals") ? ".approvals" : "")),
                     fmt::format("{}: needs {} approval{}, {} {} may approve", path, rule.approvals, rule.approvals == 1 ? "" : "s", eligible,
                                 eligible == 1 ? "person" : "people"),
                     "approving needs the role approver and, if the rule names groups, one of them");
    }
}

}  // namespace

void check_rules(const Config& config, Reader& reader) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < config.rules.size(); ++i) {
        const RuleEntry& rule = config.rules[i];
        const std::string path = fmt::format("rule.{}", i);
        if (!rule.name.empty() && !names.insert(rule.name).second) {
            reader.error(reader.place_of(path + ".name"), fmt::format("two rules are named \"{}\"", rule.name));
        }
        check_when(config, rule, path + ".when", reader);
        if (reader.written(path + ".action")) check_approvers(config, rule, path, reader);
        if (rule.action == RuleAction::Allow && rule.when.kind.empty()) {
            reader.warning(reader.place_of(path + ".action"), path + ": allows read, write, ddl, session and transaction at once",
                           "name what is meant: when = { kind = [\"write\"] }; admin and unknown are allowed only by name");
        }
    }
}

void check_masking(const Config& config, Reader& reader) {
    for (std::size_t i = 0; i < config.masking.columns.size(); ++i) {
        const ColumnEntry& entry = config.masking.columns[i];
        const std::string path = fmt::format("masking.column.{}", i);
        const Place place = reader.place_of(path + ".column");
        if (entry.column.empty()) continue;
        if (count_parts(entry.column) != 4) {
            reader.error(place, fmt::format("{}: \"{}\" is not database.schema.table.column", path, entry.column));
            continue;
        }
        if (entry.transform == masking::Transform::Clear && has_wildcard(entry.column)) {
            reader.error(place, path + ": transform = \"clear\" needs an exact name", "one entry for each column to be shown");
        }
        const std::string database = entry.column.substr(0, entry.column.find('.'));
        if (!has_wildcard(database) && config.database(database) == nullptr) {
            reader.error(place, fmt::format("{}: no database is named \"{}\"", path, database));
        }
    }
    if (config.masking.packs.empty()) {
        reader.warning(reader.place_of("masking.packs"), "masking.packs is empty: neither contents nor column names are recognised");
    }
}

}  // namespace pgveil::config
