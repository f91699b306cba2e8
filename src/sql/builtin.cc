#include "sql/builtin.h"

#include <algorithm>
#include <span>
#include <string>

namespace pgveil::sql {

namespace {

#include "sql/builtin_names.inc"

struct Listed {
    std::string_view name;
    Judgement judgement;
};

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

// Sorted. Names of PostgreSQL 16 to 18 and of 13 and 14 are here too.
constexpr Listed kListed[] = {
    {"bernoulli", kRead},
    {"brin_desummarize_range", kWrite},
    {"brin_summarize_new_values", kWrite},
    {"brin_summarize_range", kWrite},
    {"clock_timestamp", kRead},
    {"current_query", kRead},
    {"currtid", kRead},
    {"currtid2", kRead},
    {"currval", kRead},
    {"cursor_to_xml", kRunsText},
    {"cursor_to_xmlschema", kRunsText},
    {"database_to_xml", kRunsText},
    {"database_to_xml_and_xmlschema", kRunsText},
    {"database_to_xmlschema", kRunsText},
    {"gen_random_uuid", kRead},
    {"gin_clean_pending_list", kWrite},
    {"lastval", kRead},
    {"lo_close", kObject},
    {"lo_creat", kObject},
    {"lo_create", kObject},
    {"lo_export", kFile},
    {"lo_from_bytea", kObject},
    {"lo_get", kObject},
    {"lo_import", kFile},
    {"lo_lseek", kObject},
    {"lo_lseek64", kObject},
    {"lo_open", kObject},
    {"lo_put", kObject},
    {"lo_tell", kObject},
    {"lo_tell64", kObject},
    {"lo_truncate", kObject},
    {"lo_truncate64", kObject},
    {"lo_unlink", kObject},
    {"loread", kObject},
    {"lowrite", kObject},
    {"nextval", kSequence},
    {"pg_advisory_lock", kLock},
    {"pg_advisory_lock_shared", kLock},
    {"pg_advisory_unlock", kSession},
    {"pg_advisory_unlock_all", kSession},
    {"pg_advisory_unlock_shared", kSession},
    {"pg_advisory_xact_lock", kLock},
    {"pg_advisory_xact_lock_shared", kLock},
    {"pg_available_wal_summaries", kRead},
    {"pg_backup_start", kAdmin},
    {"pg_backup_stop", kAdmin},
    {"pg_blocking_pids", kRead},
    {"pg_cancel_backend", kAdmin},
    {"pg_clear_attribute_stats", kWrite},
    {"pg_clear_relation_stats", kWrite},
    {"pg_collation_actual_version", kRead},
    {"pg_control_checkpoint", kRead},
    {"pg_control_init", kRead},
    {"pg_control_recovery", kRead},
    {"pg_control_system", kRead},
    {"pg_copy_logical_replication_slot", kReplication},
    {"pg_copy_physical_replication_slot", kReplication},
    {"pg_create_logical_replication_slot", kReplication},
    {"pg_create_physical_replication_slot", kReplication},
    {"pg_create_restore_point", kAdmin},
    {"pg_current_logfile", kFile},
    {"pg_current_wal_flush_lsn", kRead},
    {"pg_current_wal_insert_lsn", kRead},
    {"pg_current_wal_lsn", kRead},
    {"pg_current_xact_id", kWrite},
    {"pg_database_collation_actual_version", kRead},
    {"pg_database_size", kRead},
    {"pg_drop_replication_slot", kReplication},
    {"pg_export_snapshot", kLock},
    {"pg_extension_config_dump", kDdl},
    {"pg_get_backend_memory_contexts", kRead},
    {"pg_get_multixact_members", kRead},
    {"pg_get_shmem_allocations", kRead},
    {"pg_get_wal_replay_pause_state", kRead},
    {"pg_get_wal_resource_managers", kRead},
    {"pg_hba_file_rules", kFile},
    {"pg_ident_file_mappings", kFile},
    {"pg_import_system_collations", kDdl},
    {"pg_indexes_size", kRead},
    {"pg_is_in_backup", kRead},
    {"pg_is_in_recovery", kRead},
    {"pg_is_wal_replay_paused", kRead},
    {"pg_isolation_test_session_is_blocked", kRead},
    {"pg_jit_available", kRead},
    {"pg_last_committed_xact", kRead},
    {"pg_last_wal_receive_lsn", kRead},
    {"pg_last_wal_replay_lsn", kRead},
    {"pg_last_xact_replay_timestamp", kRead},
    {"pg_lock_status", kRead},
    {"pg_log_backend_memory_contexts", kAdmin},
    {"pg_log_standby_snapshot", kReplication},
    {"pg_logical_emit_message", kReplication},
    {"pg_logical_slot_get_binary_changes", kReplication},
    {"pg_logical_slot_get_changes", kReplication},
    {"pg_logical_slot_peek_binary_changes", kReplication},
    {"pg_logical_slot_peek_changes", kReplication},
    {"pg_ls_archive_statusdir", kFile},
    {"pg_ls_dir", kFile},
    {"pg_ls_logdir", kFile},
    {"pg_ls_logicalmapdir", kFile},
    {"pg_ls_logicalsnapdir", kFile},
    {"pg_ls_replslotdir", kFile},
    {"pg_ls_summariesdir", kFile},
    {"pg_ls_tmpdir", kFile},
    {"pg_ls_waldir", kFile},
    {"pg_nextoid", kAdmin},
    {"pg_notification_queue_usage", kRead},
    {"pg_notify", kNotify},
    {"pg_partition_ancestors", kRead},
    {"pg_partition_tree", kRead},
    {"pg_prepared_xact", kRead},
    {"pg_promote", kAdmin},
    {"pg_read_binary_file", kFile},
    {"pg_read_file", kFile},
    {"pg_read_file_old", kFile},
    {"pg_relation_size", kRead},
    {"pg_reload_conf", kAdmin},
    {"pg_replication_origin_advance", kReplication},
    {"pg_replication_origin_create", kReplication},
    {"pg_replication_origin_drop", kReplication},
    {"pg_replication_origin_progress", kReplication},
    {"pg_replication_origin_session_is_setup", kReplication},
    {"pg_replication_origin_session_progress", kReplication},
    {"pg_replication_origin_session_reset", kReplication},
    {"pg_replication_origin_session_setup", kReplication},
    {"pg_replication_origin_xact_reset", kReplication},
    {"pg_replication_origin_xact_setup", kReplication},
    {"pg_replication_slot_advance", kReplication},
    {"pg_restore_attribute_stats", kWrite},
    {"pg_restore_relation_stats", kWrite},
    {"pg_rotate_logfile", kAdmin},
    {"pg_rotate_logfile_old", kAdmin},
    {"pg_safe_snapshot_blocking_pids", kRead},
    {"pg_sequence_last_value", kRead},
    {"pg_show_all_file_settings", kFile},
    {"pg_show_replication_origin_status", kRead},
    {"pg_sleep", kSleep},
    {"pg_sleep_for", kSleep},
    {"pg_sleep_until", kSleep},
    {"pg_start_backup", kAdmin},
    {"pg_stat_clear_snapshot", kRead},
    {"pg_stat_file", kFile},
    {"pg_stat_force_next_flush", kRead},
    {"pg_stat_get_recovery_prefetch", kRead},
    {"pg_stat_get_xact_blocks_fetched", kRead},
    {"pg_stat_get_xact_blocks_hit", kRead},
    {"pg_stat_get_xact_function_calls", kRead},
    {"pg_stat_get_xact_function_self_time", kRead},
    {"pg_stat_get_xact_function_total_time", kRead},
    {"pg_stat_get_xact_numscans", kRead},
    {"pg_stat_get_xact_tuples_deleted", kRead},
    {"pg_stat_get_xact_tuples_fetched", kRead},
    {"pg_stat_get_xact_tuples_hot_updated", kRead},
    {"pg_stat_get_xact_tuples_inserted", kRead},
    {"pg_stat_get_xact_tuples_returned", kRead},
    {"pg_stat_get_xact_tuples_updated", kRead},
    {"pg_stat_have_stats", kRead},
    {"pg_stat_reset", kAdmin},
    {"pg_stat_reset_backend_stats", kAdmin},
    {"pg_stat_reset_replication_slot", kAdmin},
    {"pg_stat_reset_shared", kAdmin},
    {"pg_stat_reset_single_function_counters", kAdmin},
    {"pg_stat_reset_single_table_counters", kAdmin},
    {"pg_stat_reset_slru", kAdmin},
    {"pg_stat_reset_subscription_stats", kAdmin},
    {"pg_stop_backup", kAdmin},
    {"pg_stop_making_pinned_objects", kAdmin},
    {"pg_switch_wal", kAdmin},
    {"pg_sync_replication_slots", kReplication},
    {"pg_table_size", kRead},
    {"pg_tablespace_size", kRead},
    {"pg_terminate_backend", kAdmin},
    {"pg_total_relation_size", kRead},
    {"pg_try_advisory_lock", kLock},
    {"pg_try_advisory_lock_shared", kLock},
    {"pg_try_advisory_xact_lock", kLock},
    {"pg_try_advisory_xact_lock_shared", kLock},
    {"pg_wal_replay_pause", kAdmin},
    {"pg_wal_replay_resume", kAdmin},
    {"pg_xact_commit_timestamp", kRead},
    {"pg_xact_commit_timestamp_origin", kRead},
    {"pg_xact_status", kRead},
    {"query_to_xml", kRunsText},
    {"query_to_xml_and_xmlschema", kRunsText},
    {"query_to_xmlschema", kRunsText},
    {"random", kRead},
    {"random_normal", kRead},
    {"schema_to_xml", kRunsText},
    {"schema_to_xml_and_xmlschema", kRunsText},
    {"schema_to_xmlschema", kRunsText},
    {"set_config", kSession},  // its arguments are judged as SET's
    {"setseed", kSession},
    {"setval", kSequence},
    {"system", kRead},
    {"table_to_xml", kRunsText},
    {"table_to_xml_and_xmlschema", kRunsText},
    {"table_to_xmlschema", kRunsText},
    {"timeofday", kRead},
    {"ts_rewrite", kRead},     // three arguments; the form with two runs text, see function_rules
    {"ts_stat", kRunsText},
    {"txid_current", kWrite},  // assigns a transaction id
    {"txid_status", kRead},
    {"uuidv4", kRead},
    {"uuidv7", kRead},
};

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
static_assert(std::ranges::is_sorted(kExtensions, {}, &Listed::name));
static_assert(std::ranges::is_sorted(kSystemRelations, {}, &Listed::name));

constexpr std::string_view bare(std::string_view entry) { return entry.substr(1); }
static_assert(std::ranges::is_sorted(kFunctions, {}, bare));
static_assert(std::ranges::is_sorted(kTypes));
static_assert(std::ranges::is_sorted(kRelations));

std::optional<Judgement> find(std::span<const Listed> list, std::string_view name) {
    const auto found = std::ranges::lower_bound(list, name, {}, &Listed::name);
    if (found == list.end() || found->name != name) return std::nullopt;
    return found->judgement;
}

}  // namespace

std::optional<Judgement> listed_builtin(std::string_view name) { return find(kListed, name); }

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
