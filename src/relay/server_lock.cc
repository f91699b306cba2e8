// The server's own lock: who may write in which transaction, and the read-only shield around reads (design: sql.md).
//
// Every function here is called at the barrier: nothing is in flight.
#include <algorithm>
#include <utility>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::string_view kPinDefault = "SET default_transaction_read_only = on";

bool controls_transaction(const sql::Statement& statement) {
    return statement.verb == sql::Verb::Begin || statement.verb == sql::Verb::Commit || statement.verb == sql::Verb::Rollback;
}

bool has_own_transaction(const sql::Analysis& analysis) {
    return std::ranges::any_of(analysis.statements, controls_transaction);
}

// What a text of transaction statements asks of the block that it leaves open.
struct BlockWish {
    bool begins = false;       // by its one BEGIN
    bool open = false, read_only = false, read_write = false;
};

BlockWish wish_of(const sql::Analysis& analysis, bool in_block) {
    BlockWish wish{.open = in_block};
    int begun = 0;
    for (const sql::Statement& s : analysis.statements) {
        if (s.verb == sql::Verb::Begin) ++begun;
        if (s.verb == sql::Verb::Begin || controls_transaction(s)) wish = {.open = s.verb == sql::Verb::Begin || s.chain};
        if (s.read_only || s.read_write) wish.read_only = s.read_only, wish.read_write = s.read_write;
        wish.begins = begun == 1 && wish.open && !in_block;
    }
    return wish;
}

}  // namespace

void Relay::pin_default() { script_query(kPinDefault); }

// After a BEGIN or SET TRANSACTION the proxy has the last word on what the block may do: one that may write
// is made read-write whatever the default, READ WRITE asked for without a write grant changes nothing.
void Relay::after_transaction_verb(const sql::Analysis& analysis) {
    if (!setup_.view->enforcing()) return;
    const bool touches_default = std::ranges::any_of(analysis.statements, [](const sql::Statement& s) { return s.name == "session characteristics"; });
    if (touches_default) return simple_ ? script_query(kPinDefault) : script(kPinDefault);
    if (analysis.kind != sql::Kind::Transaction || !only_controls(analysis)) return;
    const BlockWish wish = wish_of(analysis, transaction_.status != TransactionStatus::Idle);
    std::string_view sql;
    if (wish.begins && write_session() && !wish.read_only && !batch_snapshot_) {
        begin_writable_ = true;
        sql = "SET transaction_read_only = off";
    } else if (wish.open && wish.read_write && !transaction_.writable) {
        sql = "SET transaction_read_only = on";
    }
    if (sql.empty()) return;
    simple_ ? script_query(sql) : script(sql);
}

/// Makes the server take the write that follows.
void Relay::unlock(const sql::Analysis& analysis) {
    if (!needs_write(analysis.kind)) return;
    if (transaction_.status == TransactionStatus::InTransaction) {
        if (transaction_.shielded) close_shield();
        return;   // it may write, or the statement would not be here (cannot_spend)
    }
    if (batch_open_) {   // it only parsed and described so far: nothing is lost by ending it here
        protocol::put_sync(out_->to_server);
        send(session::Request::Sync, session::Disposition::Swallow, {.why = Pending::Why::Script});
    }
    if (analysis.wrappable && !has_own_transaction(analysis)) {
        script("SET transaction_read_only = off");
    } else {   // by no Query, which would take the unnamed statement to be bound with it
        script("SET default_transaction_read_only = off");
        end_script();
        relock_ = true;
    }
}

void Relay::open_shield() {
    if (simple_) {
        script_query("SAVEPOINT pgveil_shield; SET LOCAL transaction_read_only = on");
    } else {
        script("SAVEPOINT pgveil_shield");
        script("SET LOCAL transaction_read_only = on");
    }
    transaction_.shielded = true;
}

void Relay::close_shield() {
    simple_ ? script_query("RELEASE SAVEPOINT pgveil_shield") : script("RELEASE SAVEPOINT pgveil_shield");
    transaction_.shielded = false;
}

}  // namespace pgveil::relay
