#include <fmt/format.h>

#include <algorithm>

#include "console/run.h"
#include "control/visible_text.h"

// SHOW GRANTS, SHOW REQUESTS, SHOW REQUEST: what a person decides by. Every text here may come from an agent.
namespace pgveil::console {
namespace {

using control::excerpt;
using control::Lines;
using control::visible;

constexpr std::size_t kLongest = 200;

std::string joined(const std::vector<std::string>& items, std::string_view between = ", ") {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : std::string(between)) + visible(item, Lines::One);
    return text;
}

std::string_view word_of(Access access) {
    return access == Access::Write ? "write" : access == Access::Read ? "read" : "none";
}

std::string_view state_of(const Grant& g, WallTime now) {
    if (g.revoked) return "revoked";
    if (now < g.not_before) return "not yet";
    return now < g.until ? "live" : "ended";
}

Answer grants(const Place& place, const Person& who, WallTime now) {
    auto all = place.service.grants(who, now);
    if (!all) return failure(all.error());
    std::ranges::stable_sort(*all, {}, &Grant::not_before);
    Answer a;
    a.tag = "SHOW";
    for (const auto& g : *all) {
        a.rows.push_back({g.id, std::string(state_of(g, now)), g.agent, g.database, std::string(word_of(g.access)),
                          time_cell(g.not_before), time_cell(g.until), g.created_by, excerpt(g.reason, kLongest),
                          excerpt(g.task, kLongest)});
    }
    return a;
}

std::string approvals(const RequestView& r) { return fmt::format("{} of {}", r.approved_by.size(), r.approvals_needed); }

std::string_view kind_of(const RequestView& r) { return r.kind == RequestKind::Access ? "access" : "statement"; }

/// The text itself where the service let the person have it, else as the log shows it.
const std::string& text_of(const RequestView& r) { return r.statement.empty() ? r.masked_statement : r.statement; }

Answer requests(const Place& place, const Person& who, WallTime now) {
    auto all = place.service.requests(who, now);
    if (!all) return failure(all.error());
    std::ranges::reverse(*all);            // newest last, where the prompt is
    Answer a;
    a.tag = "SHOW";
    for (const auto& r : *all) {
        a.rows.push_back({r.id, std::string(pgveil::name_of(r.state)), std::string(kind_of(r)), r.agent, r.owner, r.database, r.sql_class,
                          excerpt(text_of(r), kLongest), excerpt(r.reason, kLongest), excerpt(r.task, kLongest), r.rule,
                          approvals(r), joined(r.approvers), time_cell(r.created), time_cell(r.expires), r.decided_by,
                          excerpt(r.decision_reason, kLongest), excerpt(r.outcome_tag, kLongest)});
    }
    return a;
}

std::string type_name(Oid type) {
    using namespace type_oid;
    constexpr std::pair<Oid, std::string_view> names[] = {
        {Bool, "boolean"}, {Bytea, "bytea"}, {Int8, "bigint"}, {Int2, "smallint"}, {Int4, "integer"}, {Text, "text"},
        {Json, "json"}, {Jsonb, "jsonb"}, {Float4, "real"}, {Float8, "double precision"}, {Bpchar, "character"},
        {Varchar, "character varying"}, {Date, "date"}, {Time, "time"}, {Timestamp, "timestamp"}, {Timestamptz, "timestamptz"},
        {Interval, "interval"}, {Numeric, "numeric"}, {Uuid, "uuid"}, {Inet, "inet"}, {TextArray, "text[]"}, {Int4Array, "integer[]"}};
    for (const auto& [oid, name] : names) {
        if (oid == type) return std::string(name);
    }
    return fmt::format("type {}", type.value);
}

std::string value_of(const BoundParameter& p) {
    if (p.is_null) return "NULL";
    if (p.format == Format::Text) return '\'' + visible(pgveil::text_of(p.value), Lines::Many) + '\'';
    std::string hex = "\\x";
    for (const Byte b : p.value) hex += fmt::format("{:02x}", b);
    return hex + " (binary)";
}

class Sheet {
  public:
    void add(std::string field, std::string value) {
        if (!value.empty()) rows.push_back({std::move(field), std::move(value)});
    }
    void add(std::string field, WallTime time) {
        if (time != WallTime{}) add(std::move(field), timestamp_text(time));
    }
    std::vector<Row> rows;
};

void add_statement(Sheet& sheet, const RequestView& r) {
    if (r.kind == RequestKind::Access) return sheet.add("asks for", r.sql_class + " access to " + r.database);
    if (!r.statement.empty()) sheet.add("statement", visible(r.statement, Lines::Many));
    else sheet.add("statement (masked)", visible(r.masked_statement, Lines::Many));
    for (std::size_t i = 0; i < r.parameters.size(); ++i) {
        sheet.add(fmt::format("${} {}", i + 1, type_name(r.parameters[i].type)), value_of(r.parameters[i]));
    }
}

void add_settings(Sheet& sheet, const SessionFacts& facts) {
    const std::pair<std::string_view, const std::string*> settings[] = {
        {"search_path", &facts.search_path}, {"role", &facts.role}, {"TimeZone", &facts.time_zone}, {"DateStyle", &facts.date_style},
        {"IntervalStyle", &facts.interval_style}, {"isolation", &facts.isolation}, {"others", &facts.settings}};
    std::string text;
    for (const auto& [name, value] : settings) {
        if (!value->empty()) text += fmt::format("{}{} = {}", text.empty() ? "" : "\n", name, visible(*value, Lines::One));
    }
    sheet.add("settings", text);
}

Answer request(const Command& c, const Place& place, const Person& who, WallTime now) {
    const auto got = place.service.request(who, c.target, now);
    if (!got) return failure(got.error());
    const RequestView& r = *got;
    Sheet s;
    s.add("id", r.id);
    s.add("state", std::string(pgveil::name_of(r.state)));
    s.add("agent", r.agent);
    s.add("owner", r.owner);
    s.add("database", r.database);
    s.add("task (agent's words)", visible(r.task, Lines::Many));
    s.add("reason (agent's words)", visible(r.reason, Lines::Many));
    add_statement(s, r);
    add_settings(s, r.facts);
    s.add("class", r.sql_class);
    s.add("held by rule", visible(r.rule, Lines::One));
    s.add("why", joined(r.why, "\n"));
    s.add("tables", joined(r.relations, "\n"));
    s.add("approvers", r.approvers.empty() ? "any approver" : joined(r.approvers));
    s.add("approvals", approvals(r) + (r.approved_by.empty() ? "" : ": " + joined(r.approved_by)));
    if (r.max_rows >= 0) s.add("rows at most", std::to_string(r.max_rows));
    s.add("asked", r.created);
    s.add("expires", r.expires);
    s.add("decided by", r.decided_by);
    s.add("decided", r.decided);
    s.add("decision's reason", visible(r.decision_reason, Lines::Many));
    s.add("outcome", visible(r.outcome_tag, Lines::One));
    if (r.attempts > 0) s.add("attempts", std::to_string(r.attempts));
    Answer a;
    a.tag = "SHOW";
    a.rows = std::move(s.rows);
    return a;
}

}  // namespace

Answer show_decisions(const Command& c, const Place& place, const Person& who, WallTime now) {
    if (c.verb == Verb::ShowGrants) return grants(place, who, now);
    if (c.verb == Verb::ShowRequests) return requests(place, who, now);
    return request(c, place, who, now);
}

}  // namespace pgveil::console
