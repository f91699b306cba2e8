#include "cli/log_export.h"

#include <fmt/core.h>

#include <cstdio>

#include "audit/json_text.h"
#include "audit/layout.h"
#include "audit/timestamp.h"
#include "cli/log_print.h"

namespace pgveil::cli {
namespace {

using audit::Kind;
using audit::Record;
using audit::StoredRecord;

/// Objects written key by key; empty texts and absent numbers leave their key out.
class JsonObject {
  public:
    JsonObject& text(std::string_view key, std::string_view value) {
        if (!value.empty()) audit::append_json_string(begin(key), value);
        return *this;
    }
    JsonObject& number(std::string_view key, std::int64_t value) {
        if (value >= 0) audit::append_number(begin(key), value);
        return *this;
    }
    JsonObject& raw(std::string_view key, const std::string& json) {
        if (json != "{}" && json != "[]") begin(key) += json;
        return *this;
    }
    [[nodiscard]] std::string done() const { return out_ + "}"; }

  private:
    std::string& begin(std::string_view key) {
        if (out_.size() > 1) out_ += ',';
        audit::append_json_string(out_, key);
        return out_ += ':';
    }
    std::string out_ = "{";
};

template <class Items, class Print>
std::string json_list(const Items& items, Print print) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() > 1 ? "," : "") + print(item);
    return out + "]";
}

std::string json_string(std::string_view text) {
    std::string out;
    audit::append_json_string(out, text);
    return out;
}

struct Address {
    std::string ip;
    std::int64_t port = -1;
};

/// 10.0.0.1:5432, [::1]:5432, or a name alone.
Address split_address(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return {address, -1};
    std::int64_t port = 0;
    for (const char c : address.substr(colon + 1)) {
        if (c < '0' || c > '9' || port > 65535) return {address, -1};
        port = port * 10 + (c - '0');
    }
    std::string ip = address.substr(0, colon);
    if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
    return {ip, port};
}

bool failed(const Record& r) {
    return r.kind == Kind::AuthFail || r.decision == "deny" || (!r.sqlstate.empty() && r.sqlstate != "00000");
}

/// What an event carries that its schema has no place for.
std::string rest_of(const StoredRecord& stored, std::string_view origin) {
    const Record& r = stored.record;
    JsonObject rest;
    rest.text("origin", origin).number("index", static_cast<std::int64_t>(stored.index)).text("kind", name_of(r.kind));
    rest.text("person", r.person).number("session", r.session == 0 ? -1 : static_cast<std::int64_t>(r.session));
    rest.number("statement", r.statement == 0 ? -1 : static_cast<std::int64_t>(r.statement)).text("class", r.sql_class);
    rest.text("decision", r.decision).text("rule", r.rule).text("request", r.request).text("task", r.task);
    rest.raw("relations", json_list(r.relations, [](const std::string& relation) { return json_string(relation); }));
    rest.number("rows", r.rows).number("bytes", r.bytes).text("sqlstate", r.sqlstate).text("tag", r.tag);
    JsonObject masked, more;
    for (const auto& [name, cells] : r.masked) masked.number(name, static_cast<std::int64_t>(cells));
    for (const auto& [key, value] : r.more) more.text(key, value);
    return rest.raw("masked", masked.done()).raw("more", more.done()).done();
}

struct OcsfClass {
    std::int64_t category, uid, activity;
};

OcsfClass ocsf_class(const Record& r) {
    switch (r.kind) {
        case Kind::StmtIntent:
        case Kind::StmtResult:
            if (r.sql_class == "read") return {6, 6005, 1};
            return {6, 6005, r.sql_class == "write" ? 5 : 4};
        case Kind::SessionOpen: return {6, 6005, 3};
        case Kind::AuthFail: return {3, 3002, 1};
        case Kind::SessionClose: case Kind::GrantAdd: case Kind::GrantRevoke: case Kind::RequestFile:
        case Kind::RequestApprove: case Kind::RequestDeny: case Kind::RequestConsume: case Kind::RequestFinish:
        case Kind::RequestExpire: case Kind::ConfigLoad: case Kind::LogStart: case Kind::LogStop: case Kind::LogRead:
        case Kind::AdminCommand: case Kind::StorageFault: case Kind::LogIdle: return {0, 0, 99};
    }
    return {0, 0, 99};
}

/// The security control profile: action and disposition of the policy's decision.
void add_control(JsonObject& event, const Record& r) {
    const auto set = [&](std::int64_t action, std::int64_t disposition) {
        event.number("action_id", action).number("disposition_id", disposition);
    };
    if (r.decision == "allow") set(r.masked.empty() ? 1 : 4, 1);
    if (r.decision == "deny") set(2, 2);
    if (r.decision == "hold") set(2, 14);
    if (r.decision == "shadow") set(3, 1);
}

}  // namespace

std::string ocsf_event(const StoredRecord& stored, std::string_view origin) {
    const Record& r = stored.record;
    const OcsfClass type = ocsf_class(r);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(r.time.time_since_epoch()).count();
    const Address from = split_address(r.address);
    JsonObject event;
    event.number("category_uid", type.category).number("class_uid", type.uid).number("activity_id", type.activity);
    event.number("type_uid", type.uid * 100 + type.activity).number("time", millis).number("severity_id", failed(r) ? 2 : 1);
    event.number("status_id", failed(r) ? 2 : 1).text("status_code", r.sqlstate);
    add_control(event, r);
    event.raw("metadata", JsonObject()
                              .text("version", "1.3.0")
                              .raw("product", JsonObject().text("name", "pgveil").text("vendor_name", "pgveil").done())
                              .raw("profiles", r.decision.empty() ? "[]" : "[\"security_control\"]")
                              .text("uid", std::string(origin) + "/" + std::to_string(stored.index))
                              .done());
    const std::string& user = r.person.empty() ? r.agent : r.person;
    event.raw("actor", JsonObject().raw("user", JsonObject().text("name", user).done()).done());
    if (type.uid == 3002) event.raw("user", JsonObject().text("name", user).done());
    event.raw("src_endpoint", JsonObject().text("ip", from.ip).number("port", from.port).done());
    event.raw("database", JsonObject().text("name", r.database).number("type_id", r.database.empty() ? -1 : 1).done());
    event.raw("query_info", JsonObject().text("query_string", r.sql).number("bytes", r.bytes).done());
    event.number("duration", r.duration_us < 0 ? -1 : r.duration_us / 1000);
    return event.raw("unmapped", rest_of(stored, origin)).done() + "\n";
}

std::string ecs_event(const StoredRecord& stored, std::string_view origin) {
    const Record& r = stored.record;
    const Address from = split_address(r.address);
    const std::string_view category = r.kind == Kind::AuthFail ? "[\"authentication\"]" : "[\"database\"]";
    JsonObject document;
    document.text("@timestamp", audit::print_time(r.time)).raw("ecs", JsonObject().text("version", "8.11.0").done());
    document.raw("event", JsonObject()
                              .text("kind", "event")
                              .raw("category", std::string(category))
                              .raw("type", failed(r) ? "[\"denied\"]" : "[\"access\"]")
                              .text("action", name_of(r.kind))
                              .text("outcome", failed(r) ? "failure" : "success")
                              .text("id", std::string(origin) + "/" + std::to_string(stored.index))
                              .number("duration", r.duration_us < 0 ? -1 : r.duration_us * 1000)
                              .done());
    document.raw("user", JsonObject().text("name", r.person.empty() ? r.agent : r.person).done());
    document.raw("source", JsonObject().text("address", r.address).text("ip", from.port < 0 ? "" : from.ip).number("port", from.port).done());
    document.text("message", r.sql);
    return document.raw("pgveil", JsonObject().text("database", r.database).raw("record", rest_of(stored, origin)).done()).done() + "\n";
}

int run_log_export(const LogOptions& options) {
    const auto identity = audit::read_identity(options.dirs.front());
    if (!identity) {
        fmt::print(stderr, "pgveil log: {}\n", identity.error());
        return 3;
    }
    if (options.format == LogFormat::Csv) fmt::print("{}", csv_heading());
    std::uint64_t count = 0;
    const auto scan = audit::search_log(options.dirs, options.filter, [&](const StoredRecord& stored, std::string_view) {
        std::string text;
        if (options.format == LogFormat::Ocsf) text = ocsf_event(stored, identity->origin);
        if (options.format == LogFormat::Ecs) text = ecs_event(stored, identity->origin);
        if (text.empty()) text = print_record(stored, options.format);
        return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && ++count != options.limit;
    });
    if (!scan.trouble) return count == 0 ? 1 : 0;
    fmt::print(stderr, "pgveil log: reading ended at record {}: {}\n", scan.trouble->index, scan.trouble->what);
    return 3;
}

}  // namespace pgveil::cli
