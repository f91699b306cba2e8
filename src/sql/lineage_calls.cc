// Calls: what a function, an aggregate or an operator returns in terms of its arguments.
//
// A function counts as pure (its result says nothing but what its arguments say) if it is built in and
// immutable or listed, or immutable and in a language that only a superuser installs. SQL bodies are
// followed. Everything else is opaque. Where several functions could be meant, all of them count.
#include <algorithm>
#include <array>

#include "sql/argument_fit.h"
#include "sql/builtin_pure.h"
#include "sql/lineage_raises.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

using catalog::Function;
using catalog::FunctionKind;
using catalog::Volatility;

constexpr std::array<std::string_view, 6> kRanks{"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"};

bool is_pure(const Function& function) {
    if (function.builtin) {
        return function.kind == FunctionKind::Aggregate || function.kind == FunctionKind::Window ||
               function.volatility == Volatility::Immutable || listed_pure(function.name);
    }
    return (function.language == "c" || function.language == "internal") && function.volatility == Volatility::Immutable &&
           function.kind == FunctionKind::Function;
}

bool takes(const Function& function, std::size_t count) {
    const std::size_t most = function.arguments.size();
    if (function.variadic != kInvalidOid) return count + 1 + function.defaults >= most;
    return count <= most && count + function.defaults >= most;
}

std::vector<const Function*> candidates(const catalog::Snapshot& snapshot, const catalog::SearchPath& path,
                                        const List* name, std::size_t arguments, bool sorted) {
    const NodesView parts = nodes(name);
    if (parts.empty() || parts.size() > 3) return {};
    const std::string_view schema = parts.size() > 1 ? text_of(parts[parts.size() - 2]) : std::string_view{};
    auto found = snapshot.functions(schema, text_of(parts.back()), path);
    // Hypothetical-set aggregates repeat their arguments in WITHIN GROUP; their number is not checked.
    std::erase_if(found, [&](const Function* f) { return !sorted && !takes(*f, arguments); });
    return found;
}

/// Of several, those that the arguments' types leave; all of them where that would leave none.
void keep_fitting(std::vector<const Function*>& functions, std::span<const Value> arguments, const catalog::Snapshot& catalog) {
    if (functions.size() < 2) return;
    const auto fits = [&](const Function* function) {
        for (std::size_t i = 0; i < arguments.size() && i < function->arguments.size(); ++i) {
            const bool repeated = function->variadic != kInvalidOid && i + 1 == function->arguments.size();
            if (!repeated && !could_pass(arguments[i].type, function->arguments[i], catalog)) return false;
        }
        return true;
    };
    if (std::ranges::any_of(functions, fits)) std::erase_if(functions, [&](const Function* f) { return !fits(f); });
}

bool is_polymorphic(Oid type) {
    constexpr std::array<std::uint32_t, 4> kAny{2283, 2776, 5077, 5079};  // anyelement, anynonarray, anycompatible...
    return std::ranges::find(kAny, type.value) != kAny.end();
}

}  // namespace

/// information_schema's _pg_truetypid(a.*, t.*) and its like, of the catalog's own rows: numbers of types and nothing else.
bool Tracer::type_arithmetic(const FuncCall& node, const Scope& scope) const {
    const NodesView parts = nodes(node.funcname);
    if (parts.size() != 2 || text_of(parts[0]) != "information_schema" || !text_of(parts[1]).starts_with("_pg_truetyp")) return false;
    return std::ranges::all_of(nodes(node.args), [&](const Node* argument) {
        const auto* reference = PGVEIL_AS(ColumnRef, argument);
        const NodesView fields = nodes(reference ? reference->fields : nullptr);
        const Range* range = fields.size() == 2 && tag_of(fields[1]) == T_A_Star ? find_range(scope, {}, text_of(fields[0])) : nullptr;
        return range && range->relation && range->relation->schema == "pg_catalog";
    });
}

Tracer::Called Tracer::call(const FuncCall& node, const Scope& scope) {
    if (type_arithmetic(node, scope)) return {Value::constant(), std::nullopt, true};
    std::vector<Value> arguments;
    for (const Node* argument : nodes(node.args)) {
        const auto* named = PGVEIL_AS(NamedArgExpr, argument);
        arguments.push_back(expression(named ? reinterpret_cast<const Node*>(named->arg) : argument, scope));
    }
    for (const Node* item : nodes(node.agg_order)) {
        const auto* sort = PGVEIL_AS(SortBy, item);
        if (!sort) continue;
        Value value = expression(sort->node, scope);
        use_of(value, value.plain() && !sort->useOp ? PredicateUse::Order : PredicateUse::Other);
        if (node.agg_within_group) arguments.push_back(std::move(value));
    }
    if (node.agg_filter) condition(node.agg_filter, scope);
    if (node.over) window(*node.over, scope);
    if (node.agg_distinct) {
        for (const Value& value : arguments) use_of(value, value.plain() ? PredicateUse::Group : PredicateUse::Other);
    }
    const std::string_view name = text_of(nodes(node.funcname).back());
    raises_ = raises_ || (!never_raises(name, arguments.size()) && std::ranges::any_of(arguments, [](const Value& v) { return !v.atoms.empty(); }));
    return call_candidates(node, std::move(arguments));
}

/// The type that a call gives, if every function it could mean gives the same.
Oid Tracer::type_of_call(const FuncCall& node, std::span<const Value> arguments, std::vector<const Function*> functions) {
    const bool positional = !node.func_variadic && !node.agg_within_group &&
        std::ranges::none_of(nodes(node.args), [](const Node* argument) { return tag_of(argument) == T_NamedArgExpr; });
    if (positional) {
        std::vector<Oid> types;
        for (const Value& argument : arguments) types.push_back(argument.null_literal && argument.type == kInvalidOid ? kUnknownLiteral : argument.type);
        keep_possible(catalog_, types, functions);
        if (types_ != nullptr) types_->saw(&node, std::move(types));
    }
    const Oid type = functions.empty() ? kInvalidOid : functions.front()->return_type;
    const catalog::Type* known = catalog_.type(type);
    const bool same = std::ranges::all_of(functions, [&](const Function* f) { return f->return_type == type; });
    return same && known && known->kind != TypeKind::Pseudo ? type : kInvalidOid;
}

Tracer::Called Tracer::call_candidates(const FuncCall& node, std::vector<Value> arguments) {
    const std::string_view name = text_of(nodes(node.funcname).back());
    Called result;
    result.value = Value::constant();
    for (const Value& argument : arguments) absorb(result.value, argument);
    if (catalog_.empty()) {
        const bool known = listed_pure(name) || never_raises(name, 1);
        if (!known) absorb(result.value, Value::opaque());
        if (known) result.value = aggregate_value(node, std::move(result.value), arguments);
        result.value.steady = result.value.steady && is_steady(name, arguments, {});
        result.value.varies = true;
        return result;
    }
    auto functions = candidates(catalog_, path_, node.funcname, arguments.size(), node.agg_within_group);
    const bool in_order = std::ranges::none_of(nodes(node.args), [](const Node* a) { return PGVEIL_AS(NamedArgExpr, a) != nullptr; });
    if (in_order) keep_fitting(functions, arguments, catalog_);
    if (functions.empty()) {
        absorb(result.value, Value::opaque());
        return result;
    }
    use_by_effect(name, functions, arguments);
    use_by_trace(functions, arguments);
    for (const Function* function : functions) {
        Called one = call_function(*function, arguments);
        if (function->builtin) one.value = aggregate_value(node, std::move(one.value), arguments);
        if (function == functions.front()) {
            result = std::move(one);
            continue;
        }
        absorb(result.value, one.value);
        result.scalar = result.scalar && one.scalar;
        if (!one.rows || !result.rows || one.rows->columns.size() != result.rows->columns.size()) {
            result.rows.reset();
        } else {
            for (Output& column : result.rows->columns) absorb(column.value, result.value);
        }
    }
    if (!is_steady(name, arguments, functions)) {
        result.value.steady = false;
        if (result.rows) {
            for (Output& column : result.rows->columns) column.value.steady = false;
        }
    }
    const Oid type = type_of_call(node, arguments, functions);
    if (functions.size() > 1 || type != kInvalidOid) result.value.type = type;
    return result;
}

/// count(*) and count(column) say nothing of values; count(expression) tells where the expression is null.
Value Tracer::aggregate_value(const FuncCall& node, Value value, std::span<const Value> arguments) const {
    const std::string_view name = text_of(nodes(node.funcname).back());
    if (node.agg_within_group) return value;
    if (std::ranges::find(kRanks, name) != kRanks.end()) return node.over && value.atoms.empty() ? Value::count() : value;
    if (name != "count") return value;
    const bool plain = arguments.size() == 1 && (arguments[0].plain() || arguments[0].literal() || (arguments[0].shape && null_tells_nothing(arguments[0])));
    return node.agg_star || plain ? Value::count() : value;
}

Tracer::Called Tracer::call_function(const Function& function, const std::vector<Value>& arguments) {
    if (function.language == "sql" && !function.builtin && function.kind == FunctionKind::Function) {
        return call_body(function, arguments);
    }
    Called called;
    called.value = Value::constant();
    raises_ = raises_ || !function.builtin;
    for (const Value& argument : arguments) absorb(called.value, argument);
    bool pure = is_pure(function);
    if (!function.builtin && function.kind == FunctionKind::Aggregate) {
        pure = std::ranges::all_of(function.depends_on, [&](Oid part) {
            const Function* found = catalog_.function(part);
            return found && is_pure(*found);
        });
    }
    if (!pure) absorb(called.value, Value::opaque());
    called.value.varies = called.value.varies || function.returns_set || function.volatility == Volatility::Volatile || function.kind != FunctionKind::Function;
    called.rows = rows_of_result(function, called.value);
    const catalog::Type* type = catalog_.type(catalog_.base_type(function.return_type));
    called.scalar = !called.rows && type && type->kind != TypeKind::Composite && type->kind != TypeKind::Unknown &&
                    function.return_type != type_oid::Record && !is_polymorphic(function.return_type);
    if (is_polymorphic(function.return_type) && !arguments.empty()) {
        // unnest and kin: the element of the one array, if its type is known not to be a row
        called.scalar = of_scalars(arguments.front().type);
    }
    if (!is_polymorphic(function.return_type)) called.value.type = function.return_type;
    return called;
}

bool Tracer::of_scalars(Oid array) const {
    const catalog::Type* given = catalog_.type(catalog_.base_type(array));
    const catalog::Type* element = given ? catalog_.type(catalog_.base_type(given->element)) : nullptr;
    return element && element->kind != TypeKind::Composite && element->kind != TypeKind::Pseudo;
}

std::optional<Rows> Tracer::rows_of_result(const Function& function, const Value& value) const {
    if (!function.output_columns.empty()) {
        Rows rows{{}, true};
        for (const auto& [name, type] : function.output_columns) {
            rows.columns.push_back({name, value});
            rows.columns.back().value.type = type;
            // an OUT parameter that is a row is one column; only a lone one would be spread
            const catalog::Type* known = catalog_.type(catalog_.base_type(type));
            if (function.output_columns.size() == 1 && (!known || known->kind == TypeKind::Composite || is_polymorphic(type))) return std::nullopt;
        }
        return rows;
    }
    const catalog::Type* type = catalog_.type(catalog_.base_type(function.return_type));
    const catalog::Relation* relation = type && type->kind == TypeKind::Composite ? catalog_.relation(type->relation) : nullptr;
    if (!relation) return std::nullopt;
    Rows rows{{}, true};
    for (const catalog::Column& column : relation->columns) {
        rows.columns.push_back({column.name, value});
        rows.columns.back().value.type = column.type;
    }
    return rows;
}

/// The result is what the body's last statement selects, and an expression over the arguments besides.
Tracer::Called Tracer::call_body(const Function& function, const std::vector<Value>& arguments) {
    Value given = Value::constant();
    for (const Value& argument : arguments) absorb(given, argument);
    const auto known = body(function);
    raises_ = true;
    Called called;
    called.rows = rows_of_result(function, given);
    called.scalar = !called.rows && function.return_type != type_oid::Record && !is_polymorphic(function.return_type);
    const auto value_of_column = [&](const OutputColumn& column) {
        Value value{.flow = Flow::AsIs};
        value.atoms = {atoms_.add_view_column({}, &column)};
        if (!given.atoms.empty() || given.flow != Flow::Constant) absorb(value, given);
        return value;
    };
    Value whole = given;
    for (const OutputColumn& column : known->columns) {
        Value value = value_of_column(column);
        value.flow = Flow::Derived;
        absorb(whole, value);
    }
    const bool result_is_row = called.rows && called.rows->columns.size() == known->columns.size();
    if (!known->complete) absorb(whole, Value::opaque());
    called.value = whole;
    if (called.rows) {
        for (std::size_t i = 0; i < called.rows->columns.size(); ++i) {
            const Oid type = called.rows->columns[i].value.type;
            called.rows->columns[i].value = known->complete && result_is_row ? value_of_column(known->columns[i]) : whole;
            called.rows->columns[i].value.type = type;
        }
    } else if (called.scalar && known->complete && known->columns.size() == 1 && function.returns_set) {
        called.value = value_of_column(known->columns.front());
    }
    called.value.type = function.return_type;
    return called;
}

const Tracer::OperatorNames& Tracer::operator_names() const {
    if (operator_names_) return *operator_names_;
    static const std::string kKey = "lineage ops";
    operator_names_ = std::static_pointer_cast<const OperatorNames>(catalog_.memo().find(kKey));
    if (!operator_names_) {
        auto names = std::make_shared<OperatorNames>();
        for (const catalog::Operator& op : catalog_.contents().operators) {
            if (op.oid.value >= catalog::kFirstNormalOid) names->users.insert(op.name);
            if (!calls_pure(op)) names->impure.insert(op.name);
        }
        catalog_.memo().put(kKey, names);
        operator_names_ = std::move(names);
    }
    return *operator_names_;
}

bool Tracer::calls_pure(const catalog::Operator& op) const {
    if (op.oid.value < catalog::kFirstNormalOid) return true;
    const Function* function = catalog_.function(op.function);
    return function && is_pure(*function);
}

bool Tracer::operator_is_pure(const A_Expr& node) const {
    const NodesView parts = nodes(node.name);
    if (parts.empty() || !operator_names().impure.contains(text_of(parts.back()))) return true;
    const std::string_view schema = parts.size() > 1 ? text_of(parts[parts.size() - 2]) : std::string_view{};
    const auto found = catalog_.operators(schema, text_of(parts.back()), path_);
    return !found.empty() && std::ranges::all_of(found, [&](const catalog::Operator* op) { return calls_pure(*op); });
}

/// unnest(a, b) stands for ROWS FROM (unnest(a), unnest(b)), whatever functions there are (transformRangeFunction).
bool Tracer::several_unnested(const FuncCall& node, std::string_view column, Rows& rows, const Scope& scope) {
    const NodesView parts = nodes(node.funcname), arguments = nodes(node.args);
    if (parts.size() != 1 || text_of(parts[0]) != "unnest" || arguments.size() < 2 || node.func_variadic || node.over || node.agg_order) return false;
    for (const Node* argument : arguments) {
        const Value array = expression(argument, scope);
        Value cell = Value::constant();
        absorb(cell, array);
        if (!array.plain()) use_of(cell, PredicateUse::Other);   // the number of rows tells the argument
        rows.columns.push_back({column, std::move(cell)});
        // An array of rows would bring more columns.
        rows.complete = rows.complete && of_scalars(array.type);
    }
    return true;
}

void Tracer::from_function(const RangeFunction& function, Scope& scope, std::vector<Range*>& made) {
    Rows rows{{}, true};
    const std::string_view alias = function.alias ? text_of(function.alias->aliasname) : std::string_view{};
    Range& range = new_range();
    open_frame();
    for (const Node* item : nodes(function.functions)) {
        const NodesView pair = nodes(PGVEIL_AS(List, item));
        const auto* node = PGVEIL_AS(FuncCall, pair[0]);
        const std::string_view name = node ? text_of(nodes(node->funcname).back()) : std::string_view{"value"};
        const std::string_view column_name = function.is_rowsfrom || alias.empty() ? name : alias;
        if (range.name.empty()) range.name = name;
        const List* definitions = PGVEIL_AS(List, pair[1]);
        if (!definitions) definitions = function.coldeflist;
        if (node && !definitions && several_unnested(*node, column_name, rows, scope)) continue;
        Called called;
        if (node) {
            called = call(*node, scope);
        } else {
            called = {expression(pair[0], scope), std::nullopt, true};
        }
        if (definitions) {
            for (const Node* definition : nodes(definitions)) {
                const auto* column = PGVEIL_AS(ColumnDef, definition);
                rows.columns.push_back({column ? text_of(column->colname) : std::string_view{}, called.value});
            }
        } else if (called.rows) {
            for (Output& column : called.rows->columns) rows.columns.push_back(std::move(column));
        } else {
            rows.columns.push_back({column_name, called.value});
            rows.complete = rows.complete && called.scalar;
        }
    }
    const Frame frame = close_frame();
    for (Output& column : rows.columns) {
        if (!frame.crossing.empty()) absorb(column.value, Value{.flow = Flow::Derived, .steady = false, .atoms = frame.crossing});
    }
    if (function.ordinality) rows.columns.push_back({"ordinality", Value::count()});
    rows_range(range, std::move(rows), function.alias);
    made.push_back(&range);
}

}  // namespace pgveil::sql
