#include "sql/builtin.h"

#include <algorithm>
#include <span>
#include <string>

namespace pgveil::sql {

namespace {

#include "sql/builtin_names.inc"

using Listed = ListedBuiltin;

constexpr Judgement kRead{Kind::Read, Effect::Read};
constexpr Judgement kSession{Kind::Session, Effect::Setting};
constexpr Judgement kSleep{Kind::Read, Effect::Sleep};
constexpr Judgement kWrite{Kind::Write, Effect::Write};
constexpr Judgement kLock{Kind::Write, Effect::Lock};
constexpr Judgement kSequence{Kind::Write, Effect::Sequence};
constexpr Judgement kNotify{Kind::Write, Effect::Notify};
constexpr Judgement kObject{Kind::Write, Effect::LargeObject};
constexpr Judgement kDdl{Kind::Ddl, Effect::Ddl};
constexpr Judgement kAdmin{Kind::Admin, Effect::Admin};
constexpr Judgement kFile{Kind::Admin, Effect::File};
constexpr Judgement kNetwork{Kind::Admin, Effect::Network};
constexpr Judgement kReplication{Kind::Admin, Effect::Replication};
// Text that becomes a statement: what it does is not in the tree.
constexpr Judgement kRunsText{Kind::Admin, Effect::Unknown};

#include "sql/builtin_list.inc"

// Sorted. A name that ends in * matches by prefix.
constexpr Listed kExtensions[] = {
    {"connectby*", kRunsText},
    {"crosstab*", kRunsText},
    {"dblink*", kNetwork},
    {"gen_random_bytes", kRead},
    {"gen_random_uuid", kRead},
    {"gen_salt", kRead},
    {"http*", kNetwork},
    {"normal_rand", kRead},
    {"pg_buffercache_pages", kRead},
    {"pg_buffercache_summary", kRead},
    {"pg_file_*", kFile},
    {"pg_freespace", kRead},
    {"pg_logdir_ls", kFile},
    {"pg_stat_statements", kRead},
    {"pg_stat_statements_info", kRead},
    {"pg_stat_statements_reset", kAdmin},
    {"pgp_pub_encrypt*", kRead},
    {"pgp_sym_encrypt*", kRead},
    {"postgres_fdw_disconnect*", kNetwork},
    {"postgres_fdw_get_connections", kRead},
    {"set_limit", kSession},
    {"uuid_generate_v1", kRead},
    {"uuid_generate_v1mc", kRead},
    {"uuid_generate_v4", kRead},
    {"xpath_table", kRunsText},
};

constexpr Listed kSystemRelations[] = {
    {"pg_file_settings", kFile},
    {"pg_hba_file_rules", kFile},
    {"pg_ident_file_mappings", kFile},
};

static_assert(std::ranges::is_sorted(kListed, {}, &Listed::name));
static_assert(std::ranges::none_of(kListed, &std::string_view::empty, &Listed::why));
static_assert(std::ranges::is_sorted(kExtensions, {}, &Listed::name));
static_assert(std::ranges::is_sorted(kSystemRelations, {}, &Listed::name));

constexpr std::string_view bare(std::string_view entry) { return entry.substr(1); }
static_assert(std::ranges::is_sorted(kFunctions, {}, bare));
static_assert(std::ranges::is_sorted(kTypes));
static_assert(std::ranges::is_sorted(kRelations));

const Listed* entry_of(std::span<const Listed> list, std::string_view name) {
    const auto found = std::ranges::lower_bound(list, name, {}, &Listed::name);
    return found == list.end() || found->name != name ? nullptr : &*found;
}

std::optional<Judgement> find(std::span<const Listed> list, std::string_view name) {
    const Listed* const entry = entry_of(list, name);
    return entry == nullptr ? std::nullopt : std::optional(entry->judgement);
}

}  // namespace

std::optional<Judgement> listed_builtin(std::string_view name) { return find(kListed, name); }

std::span<const ListedBuiltin> listed_builtins() { return kListed; }

std::string_view why_listed(std::string_view name) {
    const Listed* const entry = entry_of(kListed, name);
    return entry == nullptr ? std::string_view{} : entry->why;
}

Judgement judge_builtin(std::string_view name, char volatility) {
    if (const auto listed = listed_builtin(name)) return *listed;
    if (name.starts_with("binary_upgrade_")) return kAdmin;
    return volatility == 'i' || volatility == 's' ? kRead : Judgement{};
}

std::optional<char> builtin_volatility(std::string_view name) {
    const auto* const found = std::ranges::lower_bound(kFunctions, name, {}, bare);
    if (found == std::end(kFunctions) || bare(*found) != name) return std::nullopt;
    return found->front();
}

bool is_builtin_type(std::string_view name) { return std::ranges::binary_search(kTypes, name); }

bool is_builtin_relation(std::string_view schema, std::string_view name) {
    if (schema.empty() || schema == "pg_catalog") return name.find('.') == std::string_view::npos && std::ranges::binary_search(kRelations, name);
    const std::string qualified = std::string(schema) + "." + std::string(name);
    return schema == "information_schema" && std::ranges::binary_search(kRelations, std::string_view(qualified));
}

std::optional<Judgement> listed_extension(std::string_view name) {
    for (const Listed& entry : kExtensions) {
        const bool prefix = entry.name.ends_with('*');
        const std::string_view wanted = entry.name.substr(0, entry.name.size() - (prefix ? 1 : 0));
        if (prefix ? name.starts_with(wanted) : name == wanted) return entry.judgement;
    }
    return std::nullopt;
}

std::optional<Judgement> listed_system_relation(std::string_view name) { return find(kSystemRelations, name); }

}  // namespace pgveil::sql
