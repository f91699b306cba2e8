// Columns: what a name in an expression refers to, and the parts of a value picked out of it.
#include <algorithm>

#include "sql/lineage_tracer.h"

namespace pgveil::sql {

Value Tracer::column(const ColumnRef& ref, const Scope& scope) {
    NodesView parts = nodes(ref.fields);
    const bool star = tag_of(parts.back()) == T_A_Star;
    const std::size_t count = parts.size() - (star ? 1 : 0);
    const auto name = [&](std::size_t i) { return text_of(parts[i]); };
    if (star) {
        // t.* inside an expression is the row
        Range* range = count == 1 ? find_range(scope, {}, name(0)) : count == 2 ? find_range(scope, name(0), name(1)) : nullptr;
        return range ? whole_row(*range) : Value::opaque();
    }
    if (count == 1) return column_by_name(name(0), scope);
    if (count == 2) {
        if (Range* range = find_range(scope, {}, name(0))) return column_of_range(*range, name(1), scope);
        const Arguments* arguments = find_arguments(scope);
        if (arguments && arguments->function == name(0)) return argument(name(1), scope);
        if (arguments) {   // argument.field
            Value value = Value::constant();
            absorb(value, argument(name(0), scope));
            return value;
        }
        return Value::opaque();
    }
    const bool database = count == 4 && name(0) == catalog_.contents().database;
    if (count != 3 && !database) return Value::opaque();
    Range* range = find_range(scope, name(count - 3), name(count - 2));
    return range ? column_of_range(*range, name(count - 1), scope) : Value::opaque();
}

Value Tracer::column_by_name(std::string_view name, const Scope& scope) {
    const Found found = find_column(scope, name);
    switch (found.what) {
        case Found::What::Column: return value_of(*found.range, found.at);
        case Found::What::SystemColumn: return Value::count();
        case Found::What::Unsure: return unsure(name, scope);
        case Found::What::Nothing: break;
    }
    if (Range* range = find_range(scope, {}, name)) return whole_row(*range);
    return argument(name, scope);
}

/// Any column of that name, or whatever a range whose columns are not all known is made of: a condition on it is one on those.
Value Tracer::unsure(std::string_view name, const Scope& scope) {
    Value value = Value::opaque();
    for (const Scope* level = &scope; level != nullptr; level = level->outer) {
        for (Range* range : level->ranges) {
            for (std::size_t i = 0; i < range->columns.size(); ++i) {
                if (!range->complete || range->columns[i].name == name) absorb(value, value_of(*range, i));
            }
        }
    }
    return value;
}

Value Tracer::column_of_range(Range& range, std::string_view column, const Scope&) {
    const Found found = find_in_range(range, column);
    switch (found.what) {
        case Found::What::Column: return value_of(*found.range, found.at);
        case Found::What::SystemColumn: return Value::count();
        case Found::What::Unsure: {
            Value value = Value::opaque();
            absorb(value, whole_row(range));
            return value;
        }
        case Found::What::Nothing: break;
    }
    // t.f may be f(t)
    Value row = whole_row(range);
    Value result = Value::constant();
    absorb(result, row);
    raises_ = true;
    const auto functions = catalog_.functions({}, column, path_);
    bool any = false;
    for (const catalog::Function* function : functions) {
        if (function->arguments.size() != 1) continue;
        any = true;
        absorb(result, call_function(*function, {row}).value);
    }
    if (!any) absorb(result, Value::opaque());
    return result;
}

Value Tracer::argument(std::string_view name, const Scope& scope) {
    const Arguments* arguments = find_arguments(scope);
    if (!arguments || name.empty()) return Value::opaque();
    const auto found = std::ranges::find(arguments->names, name);
    if (found == arguments->names.end()) return Value::opaque();
    return arguments->values[static_cast<std::size_t>(found - arguments->names.begin())];
}

Value Tracer::whole_row(Range& range) {
    auto shape = std::make_shared<Shape>();
    Value value = Value::constant();
    std::vector<AtomId> atoms;
    for (std::size_t i = 0; i < range.columns.size(); ++i) {
        const Value& column = value_of(range, i);
        if (column.flow == Flow::Opaque) value.flow = Flow::Opaque;
        value.steady = value.steady && column.steady;
        atoms.insert(atoms.end(), column.atoms.begin(), column.atoms.end());
        shape->fields.push_back({range.columns[i].name, column});
    }
    std::ranges::sort(atoms);
    atoms.erase(std::ranges::unique(atoms).begin(), atoms.end());
    value.atoms = std::move(atoms);
    if (!range.complete) value.flow = Flow::Opaque;
    if (value.flow != Flow::Opaque && !value.atoms.empty()) value.flow = Flow::Derived;
    if (range.complete) value.shape = std::move(shape);
    return value;
}

Value Tracer::indirection(const A_Indirection& node, const Scope& scope) {
    Value value = expression(node.arg, scope);
    for (const Node* step : nodes(node.indirection)) {
        if (tag_of(step) == T_String && value.shape) {
            const auto field = std::ranges::find(value.shape->fields, text_of(step), &Shape::Field::name);
            if (field != value.shape->fields.end()) {
                const Value found = field->value;
                value = found;
                continue;
            }
        }
        Value part = Value::constant();
        absorb(part, value);
        if (const auto* index = PGVEIL_AS(A_Indices, step)) {
            const catalog::Type* array = index->is_slice ? nullptr : catalog_.type(catalog_.base_type(value.type));
            if (array && array->category == 'A') part.type = array->element;
            if (index->lidx) absorb(part, expression(index->lidx, scope));
            if (index->uidx) absorb(part, expression(index->uidx, scope));
            part.steady = false;                 // no such element
        } else if (tag_of(step) == T_String) {
            // (x).f of a row that is not known: a field, or a function f of the user's
            const auto functions = catalog_.functions({}, text_of(step), path_);
            for (const catalog::Function* function : functions) {
                if (!function->builtin && function->arguments.size() == 1) absorb(part, call_function(*function, {value}).value);
            }
        }
        value = std::move(part);
    }
    return value;
}

}  // namespace pgveil::sql
