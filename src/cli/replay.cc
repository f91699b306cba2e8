#include "cli/replay.h"

#include <algorithm>
#include <charconv>

#include "sql/lexer.h"

namespace pgveil::cli {
namespace {

/// More distinct texts than this are judged each time: memory stays bounded whatever the log holds.
constexpr std::size_t kMostRemembered = 100'000;

std::string_view neutral(std::string_view type) {
    return type == "number" ? "1" : type == "bit" ? "B'0'" : "'x'";
}

std::uint32_t number_of(std::string_view parameter) {
    std::uint32_t number = 0;
    std::from_chars(parameter.data() + 1, parameter.data() + parameter.size(), number);
    return number;
}

std::string key_of(std::initializer_list<std::string_view> parts) {
    std::string key;
    for (const std::string_view part : parts) key.append(part).push_back('\0');
    return key;
}

}  // namespace

std::optional<std::string> with_neutral_literals(const audit::Record& record) {
    const auto tokens = sql::tokens_of(record.sql);
    if (!tokens) return std::nullopt;
    std::vector<std::string_view> types;      // bound parameters are listed after the literals, and stay parameters
    for (const audit::LiteralToken& literal : record.literals) {
        if (literal.type != "parameter") types.push_back(literal.type);
    }
    std::uint32_t highest = 0;
    for (const sql::Token& token : *tokens) {
        if (token.kind == sql::TokenKind::Parameter) highest = std::max(highest, number_of(std::string_view(record.sql).substr(token.start, token.end - token.start)));
    }
    if (highest < types.size()) return std::nullopt;
    const std::uint32_t own = highest - static_cast<std::uint32_t>(types.size());
    std::string text;
    std::size_t copied = 0;
    for (const sql::Token& token : *tokens) {
        if (token.kind != sql::TokenKind::Parameter) continue;
        const std::uint32_t number = number_of(std::string_view(record.sql).substr(token.start, token.end - token.start));
        if (number <= own) continue;
        text.append(record.sql, copied, token.start - copied).append(neutral(types[number - own - 1]));
        copied = token.end;
    }
    return text.append(record.sql, copied);
}

std::string_view recorded_action(const audit::Record& record) {
    for (const auto& [key, value] : record.more) {
        if (key == "would") return value == "allow" || value == "hold" || value == "deny" ? std::string_view(value) : std::string_view{};
    }
    if (record.decision == "approved") return "hold";
    return record.decision == "allow" || record.decision == "hold" || record.decision == "deny" ? std::string_view(record.decision) : std::string_view{};
}

Replay::Verdict Replay::verdict_for(const audit::Record& record) const {
    const auto text = with_neutral_literals(record);
    if (!text || record.sql.empty()) return {"the log holds no text of it", {}, {}, {}, {}};
    const auto explained = judge_(record.agent, record.database, *text);
    if (!explained) return {"the config has no such agent or database", {}, {}, {}, {}};
    // What a literal says is not in the log, by design.
    if (explained->analysis.depends_on_literals) return {"its meaning hangs on a literal", {}, {}, {}, {}};
    if (explained->analysis.unparsed && record.sql_class != "unknown") return {"its masked text cannot be parsed", {}, {}, {}, {}};
    return {{}, std::string(sql::name_of(explained->analysis.kind)), std::string(action_word(explained->decision.verdict)),
            explained->decision.rule, explained->decision.reasons};
}

void Replay::take(const audit::Record& record) {
    if (record.kind != audit::Kind::StmtIntent) return;
    if (record.decision == "deny" && !record.sqlstate.empty()) {
        ++skipped_["no rule refused it, but the state of its session, its names or its approval"];
        return;
    }
    const std::string_view before = recorded_action(record);
    if (before.empty()) {
        ++skipped_["the record says no decision"];
        return;
    }
    const std::string key = key_of({record.agent, record.database, record.sql_class, record.sql});
    auto known = verdicts_.find(key);
    if (known == verdicts_.end()) {
        if (verdicts_.size() >= kMostRemembered) verdicts_.clear();
        known = verdicts_.emplace(key, verdict_for(record)).first;
    }
    const Verdict& verdict = known->second;
    if (!verdict.skip.empty()) {
        ++skipped_[verdict.skip];
        return;
    }
    ++judged_;
    if (verdict.action == before) return;
    ++changed_;
    Change& change = changes_[key_of({key, before, record.rule})];
    if (change.count++ == 0) {
        change = {record.agent, record.database, record.sql, verdict.kind, std::string(before), record.rule, verdict.action, verdict.rule, verdict.reasons, 1};
    }
}

std::vector<Change> Replay::changes() const {
    std::vector<Change> all;
    for (const auto& [key, change] : changes_) all.push_back(change);
    std::ranges::stable_sort(all, std::greater{}, &Change::count);
    return all;
}

}  // namespace pgveil::cli
