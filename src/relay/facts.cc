// What an approval binds besides the text: settings that change what a statement writes, and what its objects are. Only
// the server knows either, so it is asked before a request is filed and again before an approval is spent.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "relay/relay.h"

namespace pgveil::relay {
namespace {

// Those that the session is told of by itself are no part of it: search_path, TimeZone, DateStyle, IntervalStyle.
constexpr std::array kBinding{"array_nulls", "backslash_quote", "bytea_output", "check_function_bodies", "default_tablespace",
                              "default_text_search_config", "default_transaction_deferrable", "default_transaction_isolation", "extra_float_digits",
                              "lc_monetary", "lc_numeric", "lc_time", "quote_all_identifiers", "row_security", "session_replication_role",
                              "timezone_abbreviations", "transaction_isolation", "transform_null_equals", "xmlbinary", "xmloption"};

// Every name and operator is qualified: the query runs under the client's search path.
constexpr std::string_view kObjects =
    "SELECT pg_catalog.concat_ws(' ', 'relation', oid, relnamespace, relname, relkind, relowner, relrowsecurity) AS x FROM pg_catalog.pg_class WHERE {0} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, atttypmod, attnotnull) FROM pg_catalog.pg_attribute WHERE {1} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'default', adrelid, adnum, pg_catalog.pg_get_expr(adbin, adrelid)) FROM pg_catalog.pg_attrdef WHERE {2} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'rule', pg_catalog.pg_get_ruledef(oid), ev_enabled) FROM pg_catalog.pg_rewrite WHERE {3} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'constraint', conrelid, pg_catalog.pg_get_constraintdef(oid)) FROM pg_catalog.pg_constraint WHERE {4} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'policy', polrelid, polname, polcmd, polpermissive, polroles, pg_catalog.pg_get_expr(polqual, polrelid), "
    "pg_catalog.pg_get_expr(polwithcheck, polrelid)) FROM pg_catalog.pg_policy WHERE {5} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'trigger', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled, p.oid, p.prosrc, p.proconfig, p.prosecdef) "
    "FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid WHERE {6} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'function', oid, proname, pronamespace, proowner, CASE WHEN prokind OPERATOR(pg_catalog.=) ANY "
    "(ARRAY['f', 'p']::pg_catalog.\"char\"[]) THEN pg_catalog.pg_get_functiondef(oid) END) FROM pg_catalog.pg_proc WHERE {7} "
    "UNION ALL SELECT pg_catalog.concat_ws(' ', 'temporary', oid, relname) FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()";

// Of a statement that reads settings all of them, but for what the proxy itself turns.
constexpr std::string_view kAllSettings = " UNION ALL SELECT pg_catalog.concat_ws(' ', 'setting', name, setting) FROM pg_catalog.pg_settings WHERE source "
                                          "OPERATOR(pg_catalog.=) ANY (ARRAY['session', 'client']) AND name OPERATOR(pg_catalog.!~~) '%read_only'";

bool reads_settings(const sql::Analysis& analysis) {
    return std::ranges::any_of(analysis.functions, [](const sql::FunctionUse& f) { return f.name == "pg_catalog.current_setting"; }) ||
           std::ranges::any_of(analysis.relations, [](const sql::RelationUse& r) { return r.name == "pg_catalog.pg_settings"; });
}

template <class Uses>
std::string list_of(const Uses& uses) {
    std::string list;
    for (const auto& use : uses) {
        if (use.oid.value >= catalog::kFirstNormalOid) list += (list.empty() ? "" : ",") + std::to_string(use.oid.value);
    }
    return list;
}

std::string among(std::string_view column, std::string_view oids) {
    return fmt::format("{} OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.oid[])", column, oids);
}

std::string quoted(std::string_view name) {
    std::string out = "'";
    for (const char c : name) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + "'";
}

std::string question(const sql::Analysis& analysis, const std::vector<std::string>& more) {
    std::string settings;
    const auto add = [&settings](std::string_view name) {
        settings += fmt::format("{}{}, pg_catalog.current_setting({}, true)", settings.empty() ? "" : ", ", quoted(name), quoted(name));
    };
    for (const char* name : kBinding) add(name);
    for (const std::string& name : more) add(name);
    const std::string relations = list_of(analysis.relations), functions = list_of(analysis.functions);
    std::string objects = fmt::format(kObjects, among("oid", relations), among("attrelid", relations), among("adrelid", relations),
                                            among("ev_class", relations), among("conrelid", relations), among("polrelid", relations),
                                            among("t.tgrelid", relations), among("oid", functions));
    if (reads_settings(analysis)) objects += kAllSettings;
    return fmt::format("SELECT pg_catalog.json_build_object({}) AS pgveil_facts, (SELECT pg_catalog.md5(pg_catalog.string_agg(x, E'\\n' ORDER BY x COLLATE "
                       "pg_catalog.\"C\")) FROM ({}) o)", settings, objects);
}

}  // namespace

/// True if the message waits for the server's word, and is then judged once more. Called at the barrier.
bool Relay::await_facts(const Judged& judged) {
    if (deferred_->facts == Deferred::Facts::Told) return false;
    deferred_->facts = Deferred::Facts::Asked;
    script(question(judged.analysis, setup_.view->settings), Pending::Why::AskFacts);
    if (!batch_open_) end_script();
    wait_in(State::Barrier);
    return true;
}

void Relay::on_facts_row(ByteView body) {
    if (!protocol::parse_data_row(body, cells_) || cells_.size() != 2 || cells_[0].size < 0) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    const auto text = [](const protocol::RawCell& cell) {
        return cell.size < 0 ? std::string() : std::string(reinterpret_cast<const char*>(cell.data), static_cast<std::size_t>(cell.size));
    };
    facts_.settings = text(cells_[0]);
    facts_.objects = text(cells_[1]);
    if (deferred_) deferred_->facts = Deferred::Facts::Told;
}

}  // namespace pgveil::relay
