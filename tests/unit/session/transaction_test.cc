#include "session/transaction.h"

#include <doctest/doctest.h>

using namespace pgveil;
using session::Transaction;

TEST_CASE("what the server says of its transaction cannot contradict what it completed") {
    using enum TransactionStatus;
    Transaction t;
    CHECK_FALSE(t.contradicts(Idle));
    CHECK(t.contradicts(InTransaction));
    CHECK(t.contradicts(Failed));
    t.on_tag("BEGIN", false, false);
    CHECK_FALSE(t.contradicts(InTransaction));
    CHECK(t.contradicts(Idle));
    CHECK(t.contradicts(Failed));
    t.on_error();
    CHECK_FALSE(t.contradicts(Failed));
    CHECK_FALSE(t.contradicts(Idle));   // the error may have been COMMIT's own
    CHECK(t.contradicts(InTransaction));
    t.on_tag("ROLLBACK", false, true);
    CHECK_FALSE(t.contradicts(InTransaction));
    t.on_tag("PREPARE TRANSACTION", false, false);
    CHECK_FALSE(t.contradicts(Idle));
}
