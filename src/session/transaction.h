// Transaction: what the server's transaction is, as far as its answers told us.
//
// Moved by CommandComplete tags (which come before ReadyForQuery in a pipeline) and by ReadyForQuery,
// whose word is final. `writable` says that we made it read-write; `shielded` that a read-only
// subtransaction of ours is open in it (design: The server's own lock). Value; one owner.
#pragma once

#include <string_view>

#include "pgveil/core/pg_types.h"

namespace pgveil::session {

struct Transaction {
    TransactionStatus status = TransactionStatus::Idle;
    bool writable = false;       // explicit block that may write
    bool shielded = false;       // our read-only subtransaction is open
    bool used = false;           // more than BEGIN and SET ran in it
    bool wrote = false;          // an approved or allowed write ran in it

    /// `to_savepoint`: the statement was ROLLBACK TO, whose tag is ROLLBACK as well.
    void on_tag(std::string_view tag, bool chained, bool to_savepoint) {
        if (to_savepoint) {
            if (tag == "ROLLBACK") status = TransactionStatus::InTransaction;
        } else if (tag == "BEGIN" || tag == "START TRANSACTION") {
            if (status == TransactionStatus::Idle) *this = {TransactionStatus::InTransaction};
        } else if (tag == "COMMIT" || tag == "ROLLBACK" || tag == "PREPARE TRANSACTION") {
            const bool keeps = chained && writable;
            *this = {};
            if (chained) status = TransactionStatus::InTransaction, writable = keeps;
        }
    }
    /// Blocks begin and end by what was completed, so the server cannot be elsewhere. After an error it can: it may have
    /// been COMMIT's own.
    [[nodiscard]] bool contradicts(TransactionStatus said) const {
        return said != status && !(status == TransactionStatus::Failed && said == TransactionStatus::Idle);
    }
    void on_error() {
        if (status == TransactionStatus::InTransaction) status = TransactionStatus::Failed;
    }
    void on_ready(TransactionStatus said) {
        if (said == TransactionStatus::Idle) *this = {};
        status = said;
    }
};

}  // namespace pgveil::session
