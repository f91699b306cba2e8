#include "sql/settings.h"

#include <algorithm>

namespace pgveil::sql {

namespace {

constexpr Judgement kSession{Kind::Session, Effect::Setting};
constexpr Judgement kAdmin{Kind::Admin, Effect::Setting};
constexpr Judgement kRole{Kind::Admin, Effect::Role};

// Sorted. Planner costs, memory and limits change how a result is found, never what it is; what changes it is bound by an
// approval (relay/facts.cc).
constexpr std::string_view kAllowed[] = {
    "application_name",
    "bytea_output",
    "check_function_bodies",
    "client_min_messages",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "datestyle",
    "default_statistics_target",
    "default_text_search_config",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "effective_cache_size",
    "effective_io_concurrency",
    "extra_float_digits",
    "force_parallel_mode",
    "from_collapse_limit",
    "hash_mem_multiplier",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "jit",
    "join_collapse_limit",
    "lc_time",
    "lock_timeout",
    "maintenance_io_concurrency",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "plan_cache_mode",
    "quote_all_identifiers",
    "random_page_cost",
    "recursive_worktable_factor",
    "restrict_nonsystem_relation_kind",
    "row_security",
    "search_path",
    "seq_page_cost",
    "statement_timeout",
    "stats_fetch_consistency",
    "synchronize_seqscans",
    "temp_buffers",
    "timezone",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_timeout",
    "work_mem",
    "xmloption",
};
static_assert(std::ranges::is_sorted(kAllowed));

// Sorted. The session or the relay needs their values.
constexpr std::string_view kTracked[] = {
    "application_name",
    "client_encoding",
    "datestyle",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "lock_timeout",
    "role",
    "search_path",
    "session_authorization",
    "standard_conforming_strings",
    "statement_timeout",
    "timezone",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_timeout",
    "work_mem",
};
static_assert(std::ranges::is_sorted(kTracked));

bool is_role(std::string_view name) { return name == "role" || name == "session_authorization" || name == "is_superuser"; }

/// GUC's spellings of true: prefixes of true and yes, on, 1.
bool means_true(std::string_view value) {
    const std::string folded = fold_name(value);
    if (folded.empty()) return false;
    return std::string_view("true").starts_with(folded) || std::string_view("yes").starts_with(folded) ||
           folded == "on" || folded == "1";
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Judgement judge_setting(std::string_view name, std::optional<std::string_view> value,
                        std::span<const std::string> allowed) {
    if (is_role(name)) return kRole;
    // What would change how the server reads our text must stand in the text and say what is pinned anyway.
    if (name == "client_encoding") return value && means_utf8(*value) ? kSession : kAdmin;
    if (name == "standard_conforming_strings") return value && means_true(*value) ? kSession : kAdmin;
    if (name == "search_path") return value ? kSession : kAdmin;
    if (name.starts_with("pgveil.")) return kSession;
    if (name.find('.') != std::string_view::npos) return std::ranges::find(allowed, name) != allowed.end() ? kSession : kAdmin;
    if (name.starts_with("enable_") || name.starts_with("jit_") || name.starts_with("geqo")) return kSession;
    return std::ranges::binary_search(kAllowed, name) ? kSession : kAdmin;
}

// Back to the role that logged in, as DISCARD ALL does too; pools send it between their clients.
Judgement judge_reset(std::string_view name) { return name == "is_superuser" ? kRole : kSession; }

bool is_tracked_setting(std::string_view name) {
    return name.starts_with("pgveil.") || std::ranges::binary_search(kTracked, name);
}

std::string cut_name(std::string_view name) {
    if (name.size() <= 63) return std::string(name);
    std::size_t end = 63;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
    return std::string(name.substr(0, end));
}

std::string fold_name(std::string_view name) {
    std::string folded(name);
    std::ranges::transform(folded, folded.begin(), lower);
    return folded;
}

bool means_utf8(std::string_view encoding) {
    std::string letters;  // the server compares letters and digits only
    for (const char c : encoding) {
        const char folded = lower(c);
        if ((folded >= 'a' && folded <= 'z') || (folded >= '0' && folded <= '9')) letters += folded;
    }
    return letters == "utf8" || letters == "unicode" || letters == "sqlascii";
}

}  // namespace pgveil::sql
