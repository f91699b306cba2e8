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

std::size_t weight(const Record& record) {
    constexpr std::size_t frame = 90, key = 9, number = 20, literal = 40;   // index, time, kind, checksum; as line_render writes them
    std::size_t sum = frame;
    for (const std::string* text : {&record.agent, &record.person, &record.database, &record.address, &record.sql, &record.sql_class, &record.decision,
                                    &record.rule, &record.request, &record.task, &record.sqlstate, &record.tag}) {
        if (!text->empty()) sum += text->size() + key;
    }
    for (const std::int64_t count : {record.rows, record.bytes, record.duration_us}) sum += count >= 0 ? number : 0;
    for (const LiteralToken& token : record.literals) sum += token.type.size() + token.token.size() + literal;
    for (const std::string& relation : record.relations) sum += relation.size() + 3;
    for (const auto& [rule, cells] : record.masked) sum += rule.size() + 8;
    for (const auto& [name, value] : record.more) sum += name.size() + value.size() + 6;
    return sum;
}

std::optional<Kind> kind_named(std::string_view name) {
    for (const Kind kind : AllKinds) {
        if (name_of(kind) == name) return kind;
    }
    return std::nullopt;
}

}  // namespace pgveil::audit
