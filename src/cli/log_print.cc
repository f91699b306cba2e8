#include "cli/log_print.h"

#include "audit/json_text.h"
#include "audit/timestamp.h"

namespace pgveil::cli {
namespace {

using audit::shown;
using audit::StoredRecord;

struct Cell {
    std::string_view name;
    std::string value;
};

std::string number_or_nothing(std::int64_t number) { return number < 0 ? "" : std::to_string(number); }
std::string natural_or_nothing(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

template <class Items, class Print>
std::string joined(const Items& items, Print print) {
    std::string out;
    for (const auto& item : items) out += (out.empty() ? "" : " ") + print(item);
    return out;
}

/// All fields in the order of the line, empty ones too.
std::vector<Cell> cells_of(const StoredRecord& stored) {
    const audit::Record& r = stored.record;
    return {{"index", std::to_string(stored.index)},
            {"time", audit::print_time(r.time)},
            {"kind", std::string(name_of(r.kind))},
            {"agent", r.agent},
            {"person", r.person},
            {"database", r.database},
            {"session", natural_or_nothing(r.session)},
            {"statement", natural_or_nothing(r.statement)},
            {"address", r.address},
            {"class", r.sql_class},
            {"decision", r.decision},
            {"rule", r.rule},
            {"request", r.request},
            {"task", r.task},
            {"relations", joined(r.relations, [](const std::string& relation) { return relation; })},
            {"rows", number_or_nothing(r.rows)},
            {"bytes", number_or_nothing(r.bytes)},
            {"masked", joined(r.masked, [](const auto& cell) { return cell.first + "=" + std::to_string(cell.second); })},
            {"sqlstate", r.sqlstate},
            {"tag", r.tag},
            {"duration_us", number_or_nothing(r.duration_us)},
            {"sql", r.sql},
            {"literals", joined(r.literals, [](const audit::LiteralToken& literal) {
                 return literal.type + "(" + std::to_string(literal.length) + ")" + (literal.token.empty() ? "" : "=" + literal.token);
             })},
            {"more", joined(r.more, [](const auto& pair) { return pair.first + "=" + pair.second; })}};
}

std::string text_line(const StoredRecord& stored) {
    std::string out, sql;
    for (const Cell& cell : cells_of(stored)) {
        if (cell.value.empty() || cell.name == "literals") continue;
        if (cell.name == "sql") {
            sql = shown(cell.value);
        } else if (cell.name == "index" || cell.name == "time" || cell.name == "kind") {
            out += shown(cell.value) + "  ";
        } else {
            out += std::string(cell.name) + "=" + shown(cell.value) + " ";
        }
    }
    while (out.ends_with(' ')) out.pop_back();
    return out + "\n" + (sql.empty() ? "" : "    " + sql + "\n");
}

void append_verdict(std::string& out, std::string_view name, const audit::Verdict& verdict, LogFormat format) {
    if (format == LogFormat::Json) {
        out += ",\"" + std::string(name) + "\":{\"finding\":\"" + std::string(name_of(verdict.finding)) + "\",\"ground\":";
        audit::append_json_string(out, verdict.ground);
        out += '}';
        return;
    }
    std::string finding(name_of(verdict.finding));
    finding.resize(10, ' ');
    out += std::string(name) + std::string(14 - name.size(), ' ') + finding + shown(verdict.ground) + "\n";
}

std::string json_report(const audit::VerifyReport& report) {
    std::string out = std::string("{\"holds\":") + (report.holds() ? "true" : "false");
    append_verdict(out, "integrity", report.integrity, LogFormat::Json);
    append_verdict(out, "completeness", report.completeness, LogFormat::Json);
    append_verdict(out, "freshness", report.freshness, LogFormat::Json);
    append_verdict(out, "anchoring", report.anchoring, LogFormat::Json);
    out += ",\"records\":" + std::to_string(report.records) + ",\"checkpoints\":" + std::to_string(report.checkpoints) +
           ",\"segments\":" + std::to_string(report.segments) + ",\"unsigned\":" + std::to_string(report.unsigned_records) +
           ",\"first_bad\":" + (report.first_bad ? std::to_string(report.first_bad->index) : "null") + ",\"append_only\":" +
           (report.append_only ? "true" : "false") + ",\"self_attested\":" + (report.self_attested ? "true" : "false") + ",\"key\":";
    audit::append_json_string(out, report.key);
    out += ",\"remarks\":[";
    for (std::size_t i = 0; i < report.remarks.size(); ++i) {
        if (i > 0) out += ',';
        audit::append_json_string(out, report.remarks[i]);
    }
    return out + "]}\n";
}

}  // namespace

std::string csv_cell(std::string_view text) {
    std::string cell = shown(text);
    // What a spreadsheet would compute is made text.
    if (!cell.empty() && std::string_view("=+-@|%").find(cell.front()) != std::string_view::npos) cell.insert(0, "'");
    for (std::size_t at = cell.find('"'); at != std::string::npos; at = cell.find('"', at + 2)) cell.insert(at, "\"");
    return "\"" + cell + "\"";
}

std::string csv_heading() {
    std::string out;
    for (const Cell& cell : cells_of({})) out += (out.empty() ? "" : ",") + std::string(cell.name);
    return out + "\n";
}

std::string print_record(const StoredRecord& stored, LogFormat format) {
    switch (format) {
        case LogFormat::Text: return text_line(stored);
        // Written anew, because a changed file may hold characters that we would have escaped.
        case LogFormat::Json: return audit::render_line(stored.index, stored.record, stored.signed_size).text + "\n";
        case LogFormat::Csv:
        case LogFormat::Ocsf:
        case LogFormat::Ecs: break;
    }
    std::string out;
    for (const Cell& cell : cells_of(stored)) out += (out.empty() ? "" : ",") + csv_cell(cell.value);
    return out + "\n";
}

std::string print_record_in_full(const StoredRecord& stored) {
    std::string out;
    for (const Cell& cell : cells_of(stored)) {
        if (cell.value.empty()) continue;
        out += std::string(cell.name) + std::string(13 - cell.name.size(), ' ') + shown(cell.value) + "\n";
    }
    return out;
}

std::string print_report(const audit::VerifyReport& report, LogFormat format) {
    if (format == LogFormat::Json) return json_report(report);
    std::string out;
    append_verdict(out, "integrity", report.integrity, format);
    append_verdict(out, "completeness", report.completeness, format);
    append_verdict(out, "freshness", report.freshness, format);
    append_verdict(out, "anchoring", report.anchoring, format);
    out += "key           " + shown(report.key) + "\n";
    if (report.self_attested) {
        out += "self-attested: the key was taken from the log itself; give the one kept elsewhere with --key\n";
    }
    out += std::string("append-only   ") + (report.append_only ? "yes" : "no") + " (chattr +a on the newest segment)\n";
    for (const std::string& remark : report.remarks) out += "remark        " + shown(remark) + "\n";
    return out;
}

}  // namespace pgveil::cli
