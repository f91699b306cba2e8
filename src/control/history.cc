#include "control/history.h"

#include "audit/log_scan.h"

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

}  // namespace

Result<std::vector<audit::Record>, std::string> read_history(const std::vector<std::string>& dirs) {
    std::vector<audit::Record> history;
    WallTime newest{};
    const auto scanned = audit::scan_log(dirs, [&](const audit::LeafView& leaf) {
        const audit::Record& record = leaf.stored.record;
        newest = std::max(newest, record.time);
        if (!concerns_control(record.kind)) return true;
        history.push_back(record);
        history.back().sql.clear();            // the ledger needs no text, and there may be years of it
        history.back().literals.clear();
        return true;
    });
    if (scanned.trouble) {
        return refuse("the log does not read to its end (" + scanned.trouble->file + ": " + scanned.trouble->what +
                      "); approvals and grants cannot be told from it");
    }
    if (newest != WallTime{}) {                // the clock may not fall behind any record, of whatever kind
        history.emplace_back().kind = audit::Kind::LogIdle;
        history.back().time = newest;
    }
    return history;
}

}  // namespace pgveil::control
