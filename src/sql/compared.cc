// What was compared: uses of values as the walk meets them, and what they say of stored columns when it is over.
#include <algorithm>
#include <iterator>

#include "sql/array_values.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

/// What a column is equated with. A view's column stands for those that it is made of.
void add_others(Predicate& predicate, const std::vector<ColumnId>& origins) {
    const bool equality = predicate.use == PredicateUse::Equality || predicate.use == PredicateUse::Group;
    if (!equality || origins.size() < 2 || !std::ranges::binary_search(origins, predicate.column)) return;
    std::vector<ColumnId> both;
    std::ranges::set_union(predicate.with, origins, std::back_inserter(both));
    std::erase(both, predicate.column);
    predicate.with = std::move(both);
}

}  // namespace

Tracer::Literal Tracer::literal_of(const Node* node) {
    using Said = Literal::Said;
    node = without_casts(node);
    if (tag_of(node) == T_ColumnRef) return {.kind = Said::True};   // WHERE active
    if (const auto* parameter = PGVEIL_AS(ParamRef, node)) return {.kind = Said::Parameter, .number = static_cast<std::uint64_t>(parameter->number)};
    if (const auto* constant = PGVEIL_AS(A_Const, node)) {
        if (constant->isnull) return {.kind = Said::Null};
        switch (tag_of(&constant->val)) {
            case T_Integer: return {.kind = Said::Number, .number = static_cast<std::uint64_t>(constant->val.ival.ival)};
            case T_Float: return {.kind = Said::Number, .text = text_of(constant->val.fval.fval)};
            case T_Boolean: return {.kind = constant->val.boolval.boolval ? Said::True : Said::False};
            case T_String: return {.kind = Said::Text, .text = text_of(constant->val.sval.sval)};
            case T_BitString: return {.kind = Said::Bits, .text = text_of(constant->val.bsval.bsval)};
            default: break;
        }
    }
    return {.kind = Said::Place, .number = reinterpret_cast<std::uintptr_t>(node)};
}

std::uint32_t Tracer::compared(const Value& value) {
    const auto same = [&](const Value& last) {
        return last.flow == value.flow && last.steady == value.steady && last.varies == value.varies && last.atoms == value.atoms;
    };
    if (compared_.empty() || !same(compared_.back())) compared_.push_back(value);
    return static_cast<std::uint32_t>(compared_.size() - 1);
}

void Tracer::use_of(const Value& value, PredicateUse use) {
    if (!value.atoms.empty()) events_.push_back({compared(value), use});
}

void Tracer::literal_use(const Value& value, PredicateUse use, const Node* node, const Value& literal) {
    if (value.atoms.empty()) return;
    Event event{compared(value), use};
    if (use == PredicateUse::Equality) {
        event.literal = node ? literal_of(node) : Literal{.kind = Literal::Said::Ordinal, .number = events_.size()};
        event.more = literal.literals - 1;
    }
    events_.push_back(event);
}

void Tracer::finish(Analysis& analysis) {
    // One entry for each column and use; equality counts its distinct literals.
    struct Row {
        ColumnId column;
        const Event* event;
        const std::vector<ColumnId>* origins;
    };
    std::vector<Traced> resolved;
    resolved.reserve(compared_.size());
    for (const Value& value : compared_) resolved.push_back(atoms_.resolve(value));
    std::vector<Row> rows;
    for (const Event& event : events_) {
        const Traced& traced = resolved[event.value];
        for (const auto* columns : {&traced.origins, &traced.via}) {
            for (const ColumnId column : *columns) rows.push_back({column, &event, &traced.origins});
        }
    }
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
        if (a.column != b.column) return a.column < b.column;
        if (a.event->use != b.event->use) return a.event->use < b.event->use;
        if (const auto order = a.event->literal <=> b.event->literal; order != 0) return order < 0;
        return a.event->more != b.event->more ? a.event->more > b.event->more : a.event->array < b.event->array;
    });
    const Row* before = nullptr;
    for (const Row& row : rows) {
        const bool same = before != nullptr && row.column == before->column && row.event->use == before->event->use;
        if (!same) analysis.predicates.push_back({row.column, row.event->use, 0, {}});
        Predicate& predicate = analysis.predicates.back();
        if (!same || row.origins != before->origins) add_others(predicate, *row.origins);
        count_values(*row.event, same && row.event->literal == before->event->literal, predicate, analysis);
        before = &row;
    }
    for (const Assigned& one : assigned_) {
        Traced traced = atoms_.resolve(one.value);
        analysis.assignments.push_back({one.target, std::move(traced.origins), one.assigns_value});
    }
}

/// `counted`: the same literal was there before.
void Tracer::count_values(const Event& event, bool counted, Predicate& predicate, Analysis& analysis) {
    using Said = Literal::Said;
    if (event.array != 0 && std::ranges::find(predicate.arrays, event.array) == predicate.arrays.end()) predicate.arrays.push_back(event.array);
    // IN (1, 1) counts one value and IN (1, 2) two; '{1}' is one and '{1,2}' two: such counts are this text's own.
    const Said kind = event.literal.kind;
    const bool named = kind == Said::Null || kind == Said::Number || kind == Said::Text || kind == Said::Bits;
    if ((named && counted && !event.literal.of_array) || event.literal.of_array) analysis.depends_on_literals = true;
    if (kind == Said::None || counted) return;
    predicate.values += std::min(1 + event.more, kUnknownCount - std::min(predicate.values, kUnknownCount));
}

}  // namespace pgveil::sql
