// FROM: tables, views, CTEs, subqueries, functions and joins into ranges (transformFromClauseItem).
#include <algorithm>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

std::string_view alias_name(const Alias* alias) { return alias ? text_of(alias->aliasname) : std::string_view{}; }

/// A column of a join's side.
struct Place {
    Range* range;
    std::uint32_t at;
    std::string_view name;
};
struct Sides {
    std::vector<Place> left, right;
};

std::vector<Place> places_of(const std::vector<Range*>& side) {
    std::vector<Place> places;
    for (Range* range : side) {
        if (!range->columns_visible) continue;
        for (std::uint32_t i = 0; i < range->columns.size(); ++i) places.push_back({range, i, range->columns[i].name});
    }
    return places;
}

std::optional<Place> take(std::vector<Place>& places, std::string_view name) {
    const auto found = std::ranges::find(places, name, &Place::name);
    if (found == places.end()) return std::nullopt;
    const Place place = *found;
    places.erase(found);
    return place;
}

std::vector<std::string_view> merged_names(const JoinExpr& join, const Sides& sides) {
    std::vector<std::string_view> names;
    for (const Node* name : nodes(join.usingClause)) names.push_back(text_of(name));
    if (!join.isNatural) return names;
    std::unordered_set<std::string_view> there;
    for (const Place& place : sides.right) there.insert(place.name);
    for (const Place& place : sides.left) {
        if (there.contains(place.name)) names.push_back(place.name);
    }
    return names;
}

/// Hides the siblings of a FROM item that may not refer to them.
class Hidden {
  public:
    Hidden(Scope& scope, bool hide) : scope_(scope), before_(scope.hidden) { scope_.hidden = hide; }
    ~Hidden() { scope_.hidden = before_; }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;

  private:
    Scope& scope_;
    bool before_;
};

}  // namespace

void Tracer::from(const List* list, Scope& scope) {
    for (const Node* item : nodes(list)) {
        std::vector<Range*> made;
        from_item(item, scope, made);
        scope.ranges.insert(scope.ranges.end(), made.begin(), made.end());
    }
}

void Tracer::from_item(const Node* node, Scope& scope, std::vector<Range*>& made) {
    if (const auto* name = PGVEIL_AS(RangeVar, node)) return from_name(*name, scope, made);
    if (const auto* sub = PGVEIL_AS(RangeSubselect, node)) return from_subselect(*sub, scope, made);
    if (const auto* function = PGVEIL_AS(RangeFunction, node)) return from_function(*function, scope, made);
    if (const auto* join = PGVEIL_AS(JoinExpr, node)) return from_join(*join, scope, made);
    if (const auto* table = PGVEIL_AS(RangeTableFunc, node)) return from_xml_table(*table, scope, made);
    if (const auto* sample = PGVEIL_AS(RangeTableSample, node)) {
        from_item(sample->relation, scope, made);
        for (const Node* argument : nodes(sample->args)) use_of(expression(argument, scope), PredicateUse::Other);
        use_of(expression(sample->repeatable, scope), PredicateUse::Other);
        return;
    }
    made.push_back(&new_range());   // not complete: whatever it brings is opaque
}

Range& Tracer::new_range() { return ranges_.emplace_back(); }

const catalog::Relation* Tracer::relation_named(const RangeVar& name) const {
    if (name.catalogname && text_of(name.catalogname) != catalog_.contents().database) return nullptr;
    if (name.schemaname) return catalog_.relation(text_of(name.schemaname), text_of(name.relname));
    return catalog_.resolve(text_of(name.relname), path_);
}

void Tracer::from_name(const RangeVar& name, Scope& scope, std::vector<Range*>& made) {
    const Cte* cte = name.schemaname ? nullptr : find_cte(scope, text_of(name.relname));
    if (cte) {
        Rows rows{{}, cte->complete};
        for (const CteColumn& column : cte->columns) rows.columns.push_back({column.name, column.value});
        Range& range = new_range();
        range.name = text_of(name.relname);
        rows_range(range, std::move(rows), name.alias);
        made.push_back(&range);
        return;
    }
    if (const catalog::Relation* relation = relation_named(name)) {
        made.push_back(&relation_range(*relation, name.alias, text_of(name.relname), relation->schema));
        return;
    }
    Range& range = new_range();
    range.name = name.alias ? alias_name(name.alias) : text_of(name.relname);
    rename(range, name.alias);
    made.push_back(&range);
}

Range& Tracer::relation_range(const catalog::Relation& relation, const Alias* alias, std::string_view name,
                              std::string_view schema) {
    Range& range = new_range();
    range.name = alias ? alias_name(alias) : name;
    range.schema = alias ? std::string_view{} : schema;
    range.relation = &relation;
    range.complete = true;
    range.view = view(relation);
    range.columns.reserve(relation.columns.size());
    for (std::size_t i = 0; i < relation.columns.size(); ++i) {
        const catalog::Column& column = relation.columns[i];
        AtomId atom = 0;
        if (range.view) {
            const bool known = range.view->complete && i < range.view->columns.size();
            const OutputColumn* source = known ? &range.view->columns[i] : nullptr;
            atom = atoms_.add_view_column({relation.oid, column.number}, source);
        } else {
            atom = atoms_.add_column({relation.oid, column.number});
        }
        range.columns.push_back({.name = column.name, .stored = &column, .atom = atom});
    }
    rename(range, alias);
    return range;
}

void Tracer::rows_range(Range& range, Rows rows, const Alias* alias) {
    if (alias) range.name = alias_name(alias);
    range.complete = rows.complete;
    range.columns.reserve(rows.columns.size());
    for (Output& column : rows.columns) {
        // Even a constant needs an atom: compared with a column it takes that column's origin.
        if (column.value.atoms.empty()) {
            column.value.atoms = {atoms_.add(column.value.flow)};
            column.value.flow = Flow::AsIs;
        }
        range.columns.push_back({.name = column.name, .value = std::move(column.value)});
    }
    rename(range, alias);
}

/// Column aliases rename the first columns. Those of a range that is not complete name columns that are opaque.
void Tracer::rename(Range& range, const Alias* alias) {
    if (!alias) return;
    std::size_t at = 0;
    for (const Node* name : nodes(alias->colnames)) {
        if (at == range.columns.size()) {
            if (range.complete) break;   // the server refuses more names than columns
            range.columns.push_back({.name = {}, .value = Value::opaque()});
        }
        range.columns[at++].name = text_of(name);
    }
}

const Value& Tracer::value_of(Range& range, std::size_t at) {
    RangeColumn& column = range.columns[at];
    if (column.from) return value_of(*column.from, column.from_at);
    if (column.stored && column.value.atoms.empty()) {
        column.value = range.view || !range.relation ? Value{.flow = Flow::AsIs} : system_column(*range.relation, *column.stored);
        if (column.value.flow == Flow::AsIs) column.value.atoms = {column.atom};
        column.value.type = column.stored->type;
    }
    return column.value;
}

void Tracer::from_subselect(const RangeSubselect& sub, Scope& scope, std::vector<Range*>& made) {
    Rows rows;
    {
        const Hidden hidden(scope, !sub.lateral);
        open_frame();
        rows = query(sub.subquery, scope);
        const Frame frame = close_frame();
        for (Output& column : rows.columns) {
            if (!frame.crossing.empty()) absorb(column.value, Value{.flow = Flow::Derived, .steady = false, .atoms = frame.crossing});
        }
    }
    Range& range = new_range();
    rows_range(range, std::move(rows), sub.alias);
    made.push_back(&range);
}

void Tracer::from_xml_table(const RangeTableFunc& table, Scope& scope, std::vector<Range*>& made) {
    Value value = Value::constant();
    absorb(value, expression(table.docexpr, scope));
    absorb(value, expression(table.rowexpr, scope));
    absorb_list(value, table.namespaces, scope);
    Value told = value;   // how many rows there are, and whether one can be made
    Rows rows{{}, true};
    for (const Node* node : nodes(table.columns)) {
        const auto* column = PGVEIL_AS(RangeTableFuncCol, node);
        Value cell = value;
        if (column && column->colexpr) absorb(cell, expression(column->colexpr, scope));
        if (column && column->coldefexpr) absorb(cell, expression(column->coldefexpr, scope));
        absorb(told, cell);
        rows.columns.push_back({column ? text_of(column->colname) : std::string_view{}, std::move(cell)});
    }
    use_of(told, PredicateUse::Other);
    raises_ = raises_ || !told.atoms.empty();
    Range& range = new_range();
    range.name = "xmltable";
    rows_range(range, std::move(rows), table.alias);
    made.push_back(&range);
}

void Tracer::from_join(const JoinExpr& join, Scope& scope, std::vector<Range*>& made) {
    std::vector<Range*> left, right;
    from_item(join.larg, scope, left);
    const std::size_t before = scope.ranges.size();
    scope.ranges.insert(scope.ranges.end(), left.begin(), left.end());
    from_item(join.rarg, scope, right);
    scope.ranges.resize(before);
    made.insert(made.end(), left.begin(), left.end());
    made.insert(made.end(), right.begin(), right.end());
    if (join.quals) {
        // ON sees the two sides and the outer levels, not the FROM items before.
        const std::vector<Range*> all = std::move(scope.ranges);
        scope.ranges = made;
        condition(join.quals, scope);
        scope.ranges = all;
    }
    if (join.isNatural || join.usingClause || join.alias) merge_columns(join, left, right, made);
}

/// The join as a range of its own: merged columns first, then the rest of the left and of the right side.
void Tracer::merge_columns(const JoinExpr& join, const std::vector<Range*>& left, const std::vector<Range*>& right,
                           std::vector<Range*>& made) {
    Range& out = new_range();
    Sides sides{places_of(left), places_of(right)};
    const auto complete = [](const Range* range) { return !range->columns_visible || range->complete; };
    out.complete = std::ranges::all_of(left, complete) && std::ranges::all_of(right, complete);
    if (join.isNatural && !out.complete) {
        // Any column may be compared with one that is not known.
        for (const auto* places : {&sides.left, &sides.right}) {
            for (const Place& place : *places) use_of(value_of(*place.range, place.at), PredicateUse::Other);
        }
    }
    for (const std::string_view name : merged_names(join, sides)) {
        const auto a = take(sides.left, name), b = take(sides.right, name);
        if (!a || !b) {
            for (const auto& known : {a, b}) {
                if (known) use_of(value_of(*known->range, known->at), PredicateUse::Other);
            }
            out.columns.push_back({.name = name, .value = Value::opaque()});
            continue;
        }
        const Value& one = value_of(*a->range, a->at);
        const Value& other = value_of(*b->range, b->at);
        compare(one, nullptr, other, nullptr, PredicateUse::Equality);
        out.columns.push_back({.name = name, .value = either(one, other)});
    }
    if (join.join_using_alias) {
        // USING (..) AS x: x names the merged columns alone, and hides nothing.
        Range& using_alias = new_range();
        using_alias.name = alias_name(join.join_using_alias);
        using_alias.complete = out.complete;
        using_alias.columns_visible = false;
        using_alias.columns = out.columns;
        made.push_back(&using_alias);
    }
    for (const auto* places : {&sides.left, &sides.right}) {
        for (const Place& place : *places) {
            out.columns.push_back({.name = place.name, .from = place.range, .from_at = place.at});
        }
    }
    for (const auto* side : {&left, &right}) {
        for (Range* range : *side) {
            range->columns_visible = false;
            if (join.alias) range->name_visible = false;
        }
    }
    if (join.alias) {
        out.name = alias_name(join.alias);
        rename(out, join.alias);
    }
    // NATURAL merges by names that are not all known: which side a column comes from is open.
    if (join.isNatural && !out.complete) out.columns.clear();
    made.push_back(&out);
}

}  // namespace pgveil::sql
