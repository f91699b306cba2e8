#include "cli/explain_text.h"

#include <fmt/format.h>

#include "audit/json_text.h"

namespace pgveil::cli {
namespace {

std::string_view mode_word(policy::Mode mode) {
    switch (mode) {
        case policy::Mode::Enforce: return "enforce";
        case policy::Mode::Warn: return "warn";
        case policy::Mode::Shadow: return "shadow";
    }
    return "enforce";
}

std::string_view use_word(sql::Use use) {
    switch (use) {
        case sql::Use::Read: return "read";
        case sql::Use::Write: return "write";
        case sql::Use::Lock: return "lock";
    }
    return "write";
}

/// "EMAIL_ADDRESS/pseudonym"; nullopt: not masked as a column (contents may still be).
std::optional<std::string> mask_of(const policy::ColumnDirective& directive) {
    switch (directive.treatment) {
        case masking::Treatment::Withhold: return directive.class_name + "/null";
        case masking::Treatment::Apply: return directive.class_name + "/" + std::string(masking::name_of(directive.transform));
        case masking::Treatment::Scan:
        case masking::Treatment::Pass: return std::nullopt;
    }
    return directive.class_name + "/null";
}

struct ShownColumn {
    std::string name;
    std::vector<std::string> origins;
    policy::ColumnDirective directive;
};

std::vector<ShownColumn> columns_of(const Explained& explained, const catalog::Snapshot& catalog) {
    std::vector<ShownColumn> shown;
    const auto& statements = explained.analysis.statements;
    for (std::size_t s = 0; s < statements.size() && s < explained.decision.columns.size(); ++s) {
        const auto& directives = explained.decision.columns[s];
        for (std::size_t c = 0; c < directives.size() && c < statements[s].columns.size(); ++c) {
            ShownColumn column{statements[s].columns[c].name, {}, directives[c]};
            for (const ColumnId origin : statements[s].columns[c].origins) column.origins.push_back(catalog.column_name(origin));
            shown.push_back(std::move(column));
        }
    }
    return shown;
}

/// Commas and braces of one object or array.
class Json {
  public:
    void key(std::string_view name) {
        comma();
        audit::append_json_string(out_, name);
        out_ += ':';
        fresh_ = true;
    }
    void raw(std::string_view text) { comma(), out_ += text; }
    void string(std::string_view text) { comma(), audit::append_json_string(out_, text); }
    void strings(std::string_view name, const std::vector<std::string>& all) {
        key(name);
        open('[');
        for (const std::string& text : all) string(text);
        close(']');
    }
    void open(char bracket) { comma(), out_ += bracket, fresh_ = true; }
    void close(char bracket) { out_ += bracket, fresh_ = false; }
    std::string take() { return std::move(out_); }

  private:
    void comma() {
        if (!fresh_) out_ += ',';
        fresh_ = false;
    }
    std::string out_;
    bool fresh_ = true;
};

std::vector<std::string> effect_words(const sql::Analysis& analysis) {
    std::vector<std::string> words;
    for (const sql::Effect effect : analysis.effects) words.emplace_back(sql::name_of(effect));
    return words;
}

std::vector<std::string> function_words(const sql::Analysis& analysis) {
    std::vector<std::string> words;
    for (const sql::FunctionUse& function : analysis.functions) words.push_back(function.name);
    return words;
}

void append_columns(Json& json, const Explained& explained, const catalog::Snapshot& catalog) {
    json.key("columns");
    json.open('[');
    for (const ShownColumn& column : columns_of(explained, catalog)) {
        json.open('{');
        json.key("name"), json.string(column.name);
        json.strings("origins", column.origins);
        json.key("mask");
        const auto mask = mask_of(column.directive);
        mask ? json.string(*mask) : json.raw("null");
        json.key("why"), json.string(column.directive.why);
        json.close('}');
    }
    json.close(']');
}

}  // namespace

std::string_view action_word(policy::Verdict verdict) {
    switch (verdict) {
        case policy::Verdict::Refuse: return "deny";
        case policy::Verdict::Hold: return "hold";
        case policy::Verdict::Forward: return "allow";
    }
    return "deny";
}

std::string json_of(const Explained& explained, std::string_view id, const catalog::Snapshot& catalog) {
    const policy::Decision& decision = explained.decision;
    Json json;
    json.open('{');
    json.key("id"), json.raw(id);
    json.key("kind"), json.string(sql::name_of(explained.analysis.kind));
    json.key("action"), json.string(action_word(decision.verdict));
    json.key("rule"), json.string(decision.rule);
    json.strings("reasons", decision.reasons);
    json.key("relations");
    json.open('[');
    for (const sql::RelationUse& use : explained.analysis.relations) {
        json.open('{');
        json.key("name"), json.string(use.name);
        json.key("use"), json.string(use_word(use.use));
        json.close('}');
    }
    json.close(']');
    json.strings("functions", function_words(explained.analysis));
    json.strings("effects", effect_words(explained.analysis));
    append_columns(json, explained, catalog);
    json.key("error");
    explained.error ? json.string(*explained.error) : json.raw("null");
    json.key("mode"), json.string(mode_word(decision.mode));
    json.key("sqlstate"), json.string(decision.code.text());
    json.key("hint"), json.string(decision.hint);
    json.close('}');
    return json.take();
}

std::string text_of(const Explained& explained, const catalog::Snapshot& catalog) {
    const policy::Decision& decision = explained.decision;
    std::string text = fmt::format("{}: {}, by {}{}\n", sql::name_of(explained.analysis.kind), action_word(decision.verdict), decision.rule,
                                   decision.mode == policy::Mode::Enforce ? "" : fmt::format(" (mode {}: not acted upon)", mode_word(decision.mode)));
    if (explained.error) text += fmt::format("  error      {}\n", audit::shown(*explained.error));
    for (const std::string& reason : decision.reasons) text += fmt::format("  because    {}\n", audit::shown(reason));
    for (const policy::ShadowHit& hit : decision.shadow) {
        text += fmt::format("  on trial   rule \"{}\" would say {}\n", audit::shown(hit.rule), action_word(hit.verdict));
    }
    for (const sql::RelationUse& use : explained.analysis.relations) text += fmt::format("  relation   {} ({})\n", audit::shown(use.name), use_word(use.use));
    for (const std::string& function : function_words(explained.analysis)) text += fmt::format("  function   {}\n", audit::shown(function));
    for (const std::string& effect : effect_words(explained.analysis)) text += fmt::format("  effect     {}\n", effect);
    for (const ShownColumn& column : columns_of(explained, catalog)) {
        const auto mask = mask_of(column.directive);
        text += fmt::format("  column     {}: {} ({})\n", audit::shown(column.name), mask ? *mask : "shown, contents scanned", column.directive.why);
    }
    if (!decision.hint.empty()) text += fmt::format("  hint       {}\n", decision.hint);
    return text;
}

}  // namespace pgveil::cli
