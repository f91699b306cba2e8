#include "control/history.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>

#include "audit/log_scan.h"
#include "control/records.h"
#include "pgveil/core/request.h"

namespace pgveil::control {
namespace {

bool concerns_control(audit::Kind kind) {
    switch (kind) {
        case audit::Kind::GrantAdd:
        case audit::Kind::GrantRevoke:
        case audit::Kind::RequestFile:
        case audit::Kind::RequestApprove:
        case audit::Kind::RequestDeny:
        case audit::Kind::RequestConsume:
        case audit::Kind::RequestFinish:
        case audit::Kind::RequestExpire:
        case audit::Kind::AdminCommand: return true;
        case audit::Kind::StmtIntent:
        case audit::Kind::StmtResult:
        case audit::Kind::SessionOpen:
        case audit::Kind::SessionClose:
        case audit::Kind::AuthFail:
        case audit::Kind::ConfigLoad:
        case audit::Kind::LogStart:
        case audit::Kind::LogStop:
        case audit::Kind::LogIdle:
        case audit::Kind::LogRead:
        case audit::Kind::StorageFault: return false;
    }
    return false;
}

/// Nothing more can come of the request: what was said before no longer matters.
bool ends_request(const audit::Record& record) {
    if (record.kind == audit::Kind::RequestDeny || record.kind == audit::Kind::RequestExpire) return true;
    return record.kind == audit::Kind::RequestFinish && record.decision != pgveil::name_of(RequestState::Approved);
}

/// Keeps of years of records what the ledger can still use. Requests over for two days go, ended grants too: what
/// the ledger does not know gives nothing, and the store has seen the end of those long ago.
class Keeper {
  public:
    void take(std::uint64_t index, audit::Record record) {
        newest_ = std::max(newest_, record.time);
        if (!concerns_control(record.kind)) return;
        record.sql.clear();                    // the ledger needs no text
        record.literals.clear();
        record.relations.clear();
        if (record.kind == audit::Kind::AdminCommand) {
            const auto* subject = find(record, key::Subject);
            const auto* name = find(record, key::Name);
            if (subject && name) switches_[*subject + '/' + *name] = {index, std::move(record)};
        } else if (record.kind == audit::Kind::GrantAdd || record.kind == audit::Kind::GrantRevoke) {
            if (const auto* id = find(record, key::Grant)) grants_[*id].push_back({index, std::move(record)});
        } else {
            take_request(index, std::move(record));
        }
    }

    std::vector<audit::Record> result() {
        std::vector<Indexed> all;
        for (auto& [id, records] : requests_) std::ranges::move(records, std::back_inserter(all));
        for (auto& [id, records] : grants_) {
            if (still_gives(records.front().record)) std::ranges::move(records, std::back_inserter(all));
        }
        for (auto& [subject, last] : switches_) all.push_back(std::move(last));
        std::ranges::sort(all, {}, &Indexed::index);
        std::vector<audit::Record> history;
        for (auto& [index, record] : all) history.push_back(std::move(record));
        if (newest_ != WallTime{}) {           // the clock may not fall behind any record, of whatever kind
            history.emplace_back().kind = audit::Kind::LogIdle;
            history.back().time = newest_;
        }
        return history;
    }

  private:
    struct Indexed {
        std::uint64_t index = 0;
        audit::Record record;
    };

    void take_request(std::uint64_t index, audit::Record record) {
        auto& records = requests_[record.request];
        if (ends_request(record)) {
            records.clear();
            ended_.emplace_back(record.time, record.request);
        }
        records.push_back({index, std::move(record)});
        while (!ended_.empty() && ended_.front().first + std::chrono::days(2) < newest_) {
            requests_.erase(ended_.front().second);
            ended_.pop_front();
        }
    }

    /// A revocation without its grant says nothing; a grant whose end cannot be read gives nothing.
    [[nodiscard]] bool still_gives(const audit::Record& record) const {
        const auto* until = find(record, key::Until);
        if (record.kind != audit::Kind::GrantAdd || !until) return false;
        std::int64_t us = 0;
        std::from_chars(until->data(), until->data() + until->size(), us);
        return WallTime(std::chrono::microseconds(us)) > newest_;
    }

    std::map<std::string, std::vector<Indexed>> requests_, grants_;
    std::map<std::string, Indexed> switches_;
    std::deque<std::pair<WallTime, std::string>> ended_;
    WallTime newest_{};
};

}  // namespace

Result<std::vector<audit::Record>, std::string> read_history(const std::vector<std::string>& dirs) {
    Keeper keeper;
    const auto scanned = audit::scan_log(dirs, [&](const audit::LeafView& leaf) {
        keeper.take(leaf.stored.index, leaf.stored.record);
        return true;
    });
    if (scanned.trouble) {
        return refuse("the log does not read to its end (" + scanned.trouble->file + ": " + scanned.trouble->what +
                      "); approvals and grants cannot be told from it");
    }
    return keeper.result();
}

std::vector<audit::Record> keep_useful(std::vector<audit::Record> records) {
    Keeper keeper;
    std::uint64_t index = 0;
    for (auto& record : records) keeper.take(index++, std::move(record));
    return keeper.result();
}

}  // namespace pgveil::control
