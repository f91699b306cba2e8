// Change: one change of the store together with its records in the log. Either the records are durable and
// the store says the same, or the caller learns that nothing may be relied upon.
//
// The store's transaction stays open while the log becomes durable, so that a log that fails takes the change
// back. If the store fails after that, the ledger already holds the truth and the row no longer counts.
// Down is thrown inside control/ only; the service's public functions catch it. Control thread.
#pragma once

#include <cstdint>
#include <vector>

#include "audit/journal.h"
#include "control/ledger.h"
#include "store/control_store.h"

namespace pgveil::control {

/// Store or log cannot be written; ends the call it happens in, with Unavailable.
struct Down {
    enum class Which : std::uint8_t { Store, Log };
    Which which;
};

template <class Value>
Value must(store::Kept<Value> kept) {
    if (!kept) throw Down{Down::Which::Store};
    if constexpr (!std::is_void_v<Value>) return std::move(*kept);
}

class Change {
  public:
    Change(store::ControlStore& store, audit::Journal& journal, Ledger& ledger);
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    /// Hands the record to the log; its number is what a row keeps.
    std::uint64_t log(audit::Record record);
    /// Waits for the log, tells the ledger, commits the store. Without it everything is taken back.
    void commit();

  private:
    store::ControlStore& store_;
    audit::Journal& journal_;
    Ledger& ledger_;
    std::vector<audit::Record> records_;
    std::uint64_t last_ = 0;
    bool committed_ = false;
};

}  // namespace pgveil::control
