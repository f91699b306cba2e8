#include "pgveil/masking/row_masker.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "codec/scalar.h"
#include "engine/value_masker.h"
#include "transform/transform.h"

namespace pgveil::masking {
namespace {

/// What is worked out once per column and kept while the plan's column stays the same.
struct ColumnContext {
    std::string name, stored_name;
    TypeInfo type;
    Format format = Format::Text;
    Shape shape;
    const NameHints* shown = nullptr;
    const NameHints* stored = nullptr;
    const Rule* named = nullptr;
    bool known = false, name_speaks = true;
    bool sensitive_number = false;   // a name speaks for a rule and the type is a number

    [[nodiscard]] bool is_of(const Column& column) const {
        return known && format == column.format && type == column.type && name == column.name &&
               stored_name == column.stored_name && name_speaks == column.name_speaks;
    }
};

/// A changed cell, until the buffer stops moving.
struct Changed {
    std::size_t column = 0, from = 0, size = 0;
};

/// Unlike any other of the process: a plan may outlive the masker that settled it (a reload), and meet the next one.
std::uint64_t new_plan_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

}  // namespace

struct RowMasker::State {
    State(std::shared_ptr<const CompiledRules> rules, const KeyedHash& key) : keys(key), masker(std::move(rules), key) {}

    const ColumnContext& context_of(std::size_t index, const Column& column);
    void know(const RowPlan& plan);
    void collect_echoes(Oid relation, std::span<const CellView> cells, const RowPlan& plan);
    std::string_view subject_of(const ColumnPlan& plan);
    Fate treat(const ColumnPlan& plan, std::size_t index, std::string_view value, std::string& to);
    Fate alike(const ColumnPlan& plan, std::size_t index, std::string& to);

    const KeyedHash& keys;
    ValueMasker masker;
    std::vector<ColumnContext> columns;
    std::vector<Changed> changed;
    std::vector<Echo> echoes;           // of the current row; they point into the server's bytes
    const RowPlan* row = nullptr;       // its plan
    std::vector<CellView> originals;    // the row as it came, while its cells are being replaced
    std::string subject;                // canonical, of the date that is being shifted
    Oid echo_relation;                  // whose tagged values `echoes` holds
    std::vector<Finding> whole;         // detect()'s answer when a name decides alone
    std::string out;                    // masked cells of the current row
    std::uint64_t known = 0;            // the settled plan whose columns `columns` holds
};

const ColumnContext& RowMasker::State::context_of(std::size_t index, const Column& column) {
    if (known != 0) return columns[index];
    if (columns.size() <= index) columns.resize(index + 1);
    ColumnContext& context = columns[index];
    if (context.is_of(column)) return context;
    context = {column.name, column.stored_name, column.type, column.format, {}};
    context.shape = shape_of(context.type, context.format);
    context.name_speaks = column.name_speaks;
    if (column.name_speaks) context.shown = masker.hints().of(column.name);
    context.stored = masker.hints().of(column.stored_name);
    const bool number = context.shape.carrier == Carrier::Number;   // arrays of numbers too, where a plural names the things
    const Oid type = number && !context.shape.array ? type_oid::Numeric : column.type.oid;
    const HintView hints{context.stored, context.shown, {}};
    context.named = hints.named(type);
    for (std::size_t i = 0; number && i < masker.detector().rules().rules.size(); ++i) {
        context.sensitive_number |= hints.speaks_for(i, type, masker.detector().rules().rules[i].rule.class_name);
    }
    context.known = true;
    return context;
}

/// A settled plan's columns are compared once, not for each cell.
void RowMasker::State::know(const RowPlan& plan) {
    if (masker.hints().forget_excess()) {
        columns.clear();
        known = 0;
    }
    if (plan.settled != 0 && plan.settled == known) return;
    known = 0;
    if (plan.settled == 0) return;
    for (std::size_t i = 0; i < plan.columns.size(); ++i) (void)context_of(i, plan.columns[i].column);
    known = plan.settled;
}

/// Values of `relation`'s tagged columns that its free text in the same row may repeat. Short ones are words.
void RowMasker::State::collect_echoes(Oid relation, std::span<const CellView> cells, const RowPlan& plan) {
    constexpr std::size_t shortest = 4, longest = 256, most = 32;
    echoes.clear();
    for (std::size_t i = 0; i < cells.size() && echoes.size() < most; ++i) {
        const ColumnPlan& column = plan.columns[i];
        const bool tagged = column.treatment == Treatment::Apply && column.transform != Transform::Clear && column.column.id.relation == relation;
        if (!tagged || cells[i].is_null() || carrier_of(column.column.type) != Carrier::Text) continue;
        std::string_view value = text_of(cells[i].bytes());
        while (value.ends_with(' ')) value.remove_suffix(1);   // char(n)
        if (value.size() >= shortest && value.size() <= longest) echoes.push_back({value, column.class_name});
    }
}

/// Whose date it is, in a form that all types and formats share. Empty: the plan names nobody.
std::string_view RowMasker::State::subject_of(const ColumnPlan& plan) {
    subject.clear();
    if (plan.transform != Transform::DateShift || plan.subject < 0 || static_cast<std::size_t>(plan.subject) >= originals.size()) return {};
    const auto index = static_cast<std::size_t>(plan.subject);
    const Column& column = row->columns[index].column;
    const std::string_view value = text_of(originals[index].bytes());
    const auto scalar = is_scalar(column.type.oid) ? read_scalar(column.type.oid, column.format, value) : std::nullopt;
    if (scalar) append_canonical_scalar(*scalar, subject);
    else subject = value;
    return subject;
}

/// One and the same for every cell, NULL or not: where the type has no mask, NULL.
Fate RowMasker::State::alike(const ColumnPlan& plan, std::size_t index, std::string& to) {
    const Shape& shape = context_of(index, plan.column).shape;
    if (plan.transform == Transform::Null || shape.array || shape.range) return Fate::Withheld;
    const bool text = plan.column.format == Format::Text;
    std::string_view empty;
    switch (shape.carrier) {
        case Carrier::Text: break;
        case Carrier::Json: empty = "\"\""; break;
        case Carrier::Jsonb: empty = text ? "\"\"" : "\x01\"\""; break;
        case Carrier::Bytea: empty = text ? "\\x" : ""; break;
        case Carrier::Array: case Carrier::Hstore: case Carrier::Tsvector: case Carrier::Foreign: case Carrier::Number: case Carrier::Plain:
            return Fate::Withheld;
    }
    return masker.mask(shape, empty, {true, {Transform::Redact, plan.class_name, {}, false}, {}}, to);
}

Fate RowMasker::State::treat(const ColumnPlan& plan, std::size_t index, std::string_view value, std::string& to) {
    if (plan.null_tells && plan.treatment == Treatment::Apply) return alike(plan, index, to);
    switch (plan.treatment) {
        case Treatment::Withhold: return Fate::Withheld;
        case Treatment::Pass: return Fate::Same;
        case Treatment::Apply: {
            if (plan.transform == Transform::Clear) return Fate::Same;
            const Task task{true, {plan.transform, plan.class_name, plan.key_domain, plan.keyed_allowed, subject_of(plan)}, {}};
            return masker.mask(context_of(index, plan.column).shape, value, task, to);
        }
        case Treatment::Scan: break;
    }
    const ColumnContext& context = context_of(index, plan.column);
    // Stored text of the same table only: a text the agent composed, or keeps in a temporary table, would tell it
    // what the tagged value is.
    if (plan.column.id.relation != echo_relation) {
        echo_relation = plan.column.id.relation;
        echoes.clear();
        if (echo_relation != kInvalidOid) collect_echoes(echo_relation, originals, *row);
    }
    masker.detector().listen_for(echoes);
    if (context.sensitive_number) return Fate::Withheld;
    // A vote is about values, not about what a document or an array holds.
    const std::uint8_t look_alikes = context.shape.carrier == Carrier::Text ? plan.look_alikes : std::uint8_t{0};
    Task task{false, {}, {context.stored, context.shown, {}, look_alikes}};
    if (context.named != nullptr) {
        task.whole = true;
        task.order = {context.named->transform, context.named->class_name, {}, false};
    } else if (context.shape.carrier == Carrier::Plain || context.shape.carrier == Carrier::Number) {
        return Fate::Same;
    }
    return masker.mask(context.shape, value, task, to);
}

RowMasker::RowMasker(std::shared_ptr<const CompiledRules> rules, const KeyedHash& keys)
    : state_(std::make_unique<State>(std::move(rules), keys)) {}

RowMasker::~RowMasker() = default;

RowMasker::Outcome RowMasker::mask(std::span<CellView> cells, const RowPlan& plan, std::span<std::uint64_t> by_column) {
    State& state = *state_;
    Outcome outcome;
    state.out.clear();
    state.changed.clear();
    state.know(plan);
    const bool fits = cells.size() == plan.columns.size();
    outcome.doubtful = !fits;
    state.echoes.clear();
    state.echo_relation = kInvalidOid;
    state.row = &plan;
    state.originals.assign(cells.begin(), cells.end());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].is_null() && !(fits && plan.columns[i].null_tells)) continue;
        const std::size_t from = state.out.size();
        const Fate fate = fits ? state.treat(plan.columns[i], i, text_of(cells[i].bytes()), state.out) : Fate::Withheld;
        outcome.doubtful |= state.masker.take_doubt();
        if (fate == Fate::Same || (fate == Fate::Withheld && cells[i].is_null())) continue;
        const std::size_t size = state.out.size() - from;
        const bool fitting = fate == Fate::Changed && size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
        cells[i] = CellView{};
        if (fitting) state.changed.push_back({i, from, size});
        ++outcome.masked;
        if (i < by_column.size()) ++by_column[i];
    }
    state.masker.detector().listen_for({});
    const Byte* base = bytes_of(state.out).data();
    for (const Changed& cell : state.changed) cells[cell.column] = {base + cell.from, static_cast<std::int32_t>(cell.size)};
    return outcome;
}

void RowMasker::settle(RowPlan& plan) {
    State& state = *state_;
    plan.settled = 0;
    state.know(plan);
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
        ColumnPlan& column = plan.columns[i];
        if (column.treatment != Treatment::Scan) continue;
        const ColumnContext& context = state.context_of(i, column.column);
        const bool empty_type = context.shape.carrier == Carrier::Plain || context.shape.carrier == Carrier::Number;
        if (empty_type && context.named == nullptr && !context.sensitive_number) column.treatment = Treatment::Pass;
    }
    plan.settled = new_plan_number();
}

bool RowMasker::passes_everything(const RowPlan& plan) {
    return std::ranges::all_of(plan.columns, [](const ColumnPlan& column) {
        switch (column.treatment) {
            case Treatment::Pass: return true;
            case Treatment::Apply: return column.transform == Transform::Clear;
            case Treatment::Withhold:
            case Treatment::Scan: return false;
        }
        return false;
    });
}

std::span<const Finding> RowMasker::detect(std::string_view text, std::string_view column_name) {
    State& state = *state_;
    if (state.masker.hints().forget_excess()) state.columns.clear();
    const NameHints* name = state.masker.hints().of(column_name);
    const HintView hints{name, nullptr, {}};
    state.whole.clear();
    if (text.empty()) return state.whole;
    const auto [findings, doubt] = state.masker.detector().detect(text, hints);
    if (const Rule* named = hints.named(type_oid::Text)) {
        state.whole.push_back({named->class_name, named->id, 0, text.size(), 0.85, named->transform});
        // Where one rule recognises what is in it, the value is of that rule's class, whatever the name calls it.
        if (!doubt && findings.size() == 1 && findings[0].confidence >= 0.8) {
            Finding& whole = state.whole[0];
            whole = {findings[0].class_name, findings[0].rule, 0, text.size(), findings[0].confidence, std::max(named->transform, findings[0].transform)};
        }
        return state.whole;
    }
    if (!doubt) return findings;
    state.whole.push_back({"UNDETERMINED", "", 0, text.size(), 1.0, Transform::Redact});
    return state.whole;
}

bool RowMasker::made_mask(std::string_view text, bool by_shape) const {
    if (contains_keyed_mask(text, state_->keys)) return true;
    if (!by_shape) return false;
    const bool redaction = text.size() > 4 && text.front() == '[' && text.back() == ']' &&
                           std::ranges::all_of(text.substr(1, text.size() - 2), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9'); });
    return redaction || text.find("***") != std::string_view::npos;
}

std::string RowMasker::mask_text(std::string_view text, std::string_view column_name) {
    std::string masked;
    const std::span<const Finding> findings = detect(text, column_name);
    state_->masker.splice(text, findings, masked);
    return masked;
}

}  // namespace pgveil::masking
