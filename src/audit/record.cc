#include "audit/record.h"

#include <array>

namespace pgveil::audit {
namespace {

constexpr std::array AllKinds = {
    Kind::StmtIntent,    Kind::StmtResult,     Kind::SessionOpen,   Kind::SessionClose,  Kind::AuthFail,
    Kind::GrantAdd,      Kind::GrantRevoke,    Kind::RequestFile,   Kind::RequestApprove, Kind::RequestDeny,
    Kind::RequestConsume, Kind::RequestFinish, Kind::RequestExpire, Kind::ConfigLoad,    Kind::LogStart,
    Kind::LogStop,       Kind::LogRead,        Kind::AdminCommand,  Kind::StorageFault,  Kind::LogIdle};

}  // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::StmtIntent: return "stmt.intent";
        case Kind::StmtResult: return "stmt.result";
        case Kind::SessionOpen: return "session.open";
        case Kind::SessionClose: return "session.close";
        case Kind::AuthFail: return "auth.fail";
        case Kind::GrantAdd: return "grant.add";
        case Kind::GrantRevoke: return "grant.revoke";
        case Kind::RequestFile: return "request.file";
        case Kind::RequestApprove: return "request.approve";
        case Kind::RequestDeny: return "request.deny";
        case Kind::RequestConsume: return "request.consume";
        case Kind::RequestFinish: return "request.finish";
        case Kind::RequestExpire: return "request.expire";
        case Kind::ConfigLoad: return "config.load";
        case Kind::LogStart: return "log.start";
        case Kind::LogStop: return "log.stop";
        case Kind::LogRead: return "log.read";
        case Kind::AdminCommand: return "admin.command";
        case Kind::StorageFault: return "storage.fault";
        case Kind::LogIdle: return "log.idle";
    }
    return "storage.fault";
}

std::optional<Kind> kind_named(std::string_view name) {
    for (const Kind kind : AllKinds) {
        if (name_of(kind) == name) return kind;
    }
    return std::nullopt;
}

}  // namespace pgveil::audit
