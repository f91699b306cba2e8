#include "control/change.h"

namespace pgveil::control {

Change::Change(store::ControlStore& store, audit::Journal& journal, Ledger& ledger)
    : store_(store), journal_(journal), ledger_(ledger) {
    must(store_.begin());
}

Change::~Change() {
    if (!committed_) store_.rollback();
}

std::uint64_t Change::log(audit::Record record) {
    audit::Record given = record;
    const auto accepted = journal_.append(std::move(given));
    if (accepted.outcome != audit::Append::Accepted) throw Down{Down::Which::Log};
    last_ = accepted.sequence;
    records_.push_back(std::move(record));
    return last_;
}

void Change::commit() {
    if (last_ != 0 && !journal_.wait(last_)) throw Down{Down::Which::Log};
    for (const auto& record : records_) ledger_.apply(record);
    must(store_.commit());
    committed_ = true;
}

}  // namespace pgveil::control
