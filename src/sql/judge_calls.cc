#include <algorithm>
#include <functional>

#include "sql/judge.h"
#include "sql/lexer.h"
#include "sql/settings.h"

namespace pgveil::sql {

namespace {

using catalog::Function;

constexpr std::size_t kDeepest = 32;
constexpr Judgement kWrite{Kind::Write, Effect::Write};

std::string qualified(const Function& function) { return function.schema + "." + function.name; }

bool is_builtin(const Function& function) { return function.builtin || function.oid.value < catalog::kFirstNormalOid; }

/// Could a call with this many arguments mean this function?
bool takes(const Function& function, int arguments) {
    const int declared = static_cast<int>(function.arguments.size());
    const int least = declared - function.defaults;
    if (function.variadic != kInvalidOid) return arguments >= least - 1;
    return arguments >= least && arguments <= declared;
}

/// The text of a constant argument, casts looked through; nullopt for anything else. A null constant is "".
std::optional<std::string_view> constant_text(const Node* node) {
    while (const auto* cast = PGVEIL_AS(TypeCast, node)) node = cast->arg;
    if (const auto* named = PGVEIL_AS(NamedArgExpr, node)) node = reinterpret_cast<const Node*>(named->arg);
    const auto* constant = PGVEIL_AS(A_Const, node);
    if (constant == nullptr) return std::nullopt;
    if (constant->isnull) return std::string_view{};
    if (constant->val.node.type == T_String) return text_of(constant->val.sval.sval);
    return std::nullopt;
}

bool is_parameter(const Node* node) {
    while (const auto* cast = PGVEIL_AS(TypeCast, node)) node = cast->arg;
    return tag_of(node) == T_ParamRef;
}

/// In words, for a built-in that is not a read.
std::string what_it_is(std::string_view name, Judgement judged) {
    if (judged.kind == Kind::Unknown) return " is volatile and not known";
    const std::string_view why = why_listed(name);
    return why.empty() ? " is not a read" : " is not a read: it " + std::string(why);
}

bool has_named_argument(const FuncCall& call) {
    return std::ranges::any_of(nodes(call.args), [](const Node* a) { return tag_of(a) == T_NamedArgExpr; });
}

}  // namespace

void Judge::call(const FuncCall& call) {
    const QualifiedName name = sql::name_of(call.funcname, catalog_);
    if (name.schema == "pgveil") {
        found_.proxy_misused = true;
        return found_.unknown("pgveil functions must be the whole statement: SELECT * FROM pgveil." + std::string(name.name) + "(...)");
    }
    if (name.foreign) return found_.unknown_name(name.text(), "function");
    int arguments = static_cast<int>(nodes(call.args).size());
    if (call.agg_within_group) arguments += static_cast<int>(nodes(call.agg_order).size());
    const bool builtin_schema = name.schema.empty() || name.schema == "pg_catalog";
    if (builtin_schema && name.name == "set_config") return set_config(call);
    if (builtin_schema && name.name == "ts_rewrite" && arguments == 2)
        found_.cause_by_call({Kind::Admin, Effect::Unknown}, "function pg_catalog.ts_rewrite runs text");
    const bool typed = !call.func_variadic && !call.agg_within_group && !has_named_argument(call);
    function_named(name, call.func_variadic ? -1 : arguments, typed ? &call : nullptr);
}

// Worked out only where a choice depends on it: most statements call nothing that a user could have overloaded.
std::span<const Oid> Judge::types_of(const void* node) {
    if (statement_ == nullptr) return {};
    if (!types_) types_ = call_types(statement_, context_, path_, function_);
    return types_->of(node);
}

void Judge::function_named(QualifiedName name, int arguments, const FuncCall* call) {
    auto candidates = catalog_.functions(name.schema, name.name, path_);
    if (candidates.empty()) {
        // Without a catalog the names of PostgreSQL's own functions are still known, users' are not.
        const bool builtin_schema = name.schema.empty() || name.schema == "pg_catalog";
        const auto volatility = catalog_.empty() && builtin_schema ? builtin_volatility(name.name) : std::nullopt;
        if (volatility) {
            found_.use(FunctionUse{kInvalidOid, "pg_catalog." + std::string(name.name)});
            const Judgement judged = judge_builtin(name.name, *volatility);
            return found_.cause_by_call(judged, "function pg_catalog." + std::string(name.name) + what_it_is(name.name, judged));
        }
        // A type's name with one argument is a cast.
        const catalog::Type* as_type = arguments == 1 ? catalog_.type(name.schema, name.name, path_) : nullptr;
        if (as_type != nullptr) return type_use(*as_type);
        if (created_here(name.name)) return found_.cause_by_call(kWrite, "function " + name.text() + " is made by this text");
        return found_.unknown_name(name.text(), "function");
    }
    // When no candidate takes as many arguments the server will say so; judge them all.
    const auto could = [&](const Function* f) { return arguments < 0 || takes(*f, arguments); };
    if (std::ranges::any_of(candidates, could)) std::erase_if(candidates, std::not_fn(could));
    const bool users = std::ranges::any_of(candidates, [](const Function* f) { return !is_builtin(*f); });
    if (call != nullptr && users && candidates.size() > 1) keep_possible(catalog_, types_of(call), candidates);
    for (const Function* candidate : candidates) function(*candidate);
}

void Judge::function(const Function& function) {
    if (std::ranges::none_of(found_.functions, [&](const FunctionUse& use) { return use.oid == function.oid; }))
        if (const std::string name = qualified(function); std::ranges::find(found_.functions, name, &FunctionUse::name) == found_.functions.end())
            found_.use(FunctionUse{function.oid, name});
    if (!is_builtin(function)) return user_function(function);
    const Judgement judged = judge_builtin(function.name, static_cast<char>(function.volatility));
    if (judged.kind == Kind::Read && judged.effect == Effect::Read) return;
    found_.cause_by_call(judged, "function " + qualified(function) + what_it_is(function.name, judged));
}

// SELECT set_config(name, '...', false) FROM pg_settings WHERE name = '...': pg_dump sets so what a server may not know.
void Judge::note_named_setting(const SelectStmt& select) {
    const auto is_name = [](const Node* node) {
        const auto* column = PGVEIL_AS(ColumnRef, node);
        return column != nullptr && nodes(column->fields).size() == 1 && text_of(nodes(column->fields)[0]) == "name";
    };
    const NodesView targets = nodes(select.targetList), from = nodes(select.fromClause);
    const auto* target = targets.size() == 1 ? PGVEIL_AS(ResTarget, targets[0]) : nullptr;
    const auto* call = target != nullptr ? PGVEIL_AS(FuncCall, target->val) : nullptr;
    const auto* table = from.size() == 1 ? PGVEIL_AS(RangeVar, from[0]) : nullptr;
    const auto* where = PGVEIL_AS(A_Expr, select.whereClause);
    if (call == nullptr || table == nullptr || where == nullptr || table->alias != nullptr || text_of(table->relname) != "pg_settings") return;
    const NodesView arguments = nodes(call->args), op = nodes(where->name);
    const bool equals = where->kind == AEXPR_OP && op.size() == 1 && text_of(op[0]) == "=";   // of name and a literal: PostgreSQL's own
    if (arguments.size() != 3 || !is_name(arguments[0]) || !equals || !is_name(where->lexpr)) return;
    named_setting_ = {call, constant_text(where->rexpr)};
}

// SET's rules for a function: the name must stand in the text, the value must not come from data.
void Judge::set_config(const FuncCall& call) {
    found_.depends_on_literals = true;
    function_named({"pg_catalog", "set_config"}, 3);
    if (const auto shadow = catalog_.functions({}, "set_config", path_); shadow.size() > 1) function_named({{}, "set_config"}, -1);
    const NodesView arguments = nodes(call.args);
    auto name = arguments.size() == 3 && !has_named_argument(call) ? constant_text(arguments[0]) : std::nullopt;
    if (!name && named_setting_.first == &call) name = named_setting_.second;
    if (!name) return found_.unknown("set_config of a setting that the statement does not name");
    const auto value = constant_text(arguments[1]);
    if (!value && !is_parameter(arguments[1])) return found_.cause_by_call({Kind::Admin, Effect::Setting}, "set_config to a computed value");
    const std::string folded = fold_name(*name);
    found_.cause_by_call(judge_setting(folded, value, context_.allowed_settings), "set_config changes a setting");
}

// The type that is cast says which cast is meant: a literal is read by the type's own input function, a row field by field.
void Judge::cast(const TypeCast& cast) {
    const bool asks = cast.typeName != nullptr && !memo_.facts->user_casts.empty();
    const auto types = asks ? types_of(&cast) : std::span<const Oid>{};
    type(*cast.typeName, types.size() == 1 ? types[0] : kInvalidOid);
}

void Judge::type(const TypeName& written, Oid source) {
    if (written.names == nullptr) return;
    const QualifiedName name = sql::name_of(written.names, catalog_);
    const catalog::Type* found = name.foreign ? nullptr : catalog_.type(name.schema, name.name, path_);
    if (found != nullptr) return type_use(*found, source);
    const bool builtin_schema = name.schema.empty() || name.schema == "pg_catalog";
    if (catalog_.empty() && builtin_schema && is_builtin_type(name.name)) return;
    if (written.pct_type || created_here(name.name)) return;  // table.column%TYPE: of definitions only
    found_.unknown_name(name.text(), "type");
}

// A cast to a type: the casts themselves, and what making a value of it checks.
void Judge::type_use(const catalog::Type& type, Oid source) {
    casts_of(type.oid, type.name, source);
    if (type.builtin || type.oid.value < catalog::kFirstNormalOid) return;
    const Oid within = type.kind == TypeKind::Domain ? type.base : type.element;
    if (const catalog::Type* inner = within == kInvalidOid ? nullptr : catalog_.type(within)) casts_of(inner->oid, inner->name);
    value_made(type);
}

// Making a value of a type checks domains: its own, its base's, its elements' and its fields'.
void Judge::value_made(const catalog::Type& type) {
    const catalog::Type* inner = &type;
    for (int depth = 0; inner != nullptr && depth < 8; ++depth) {
        if (inner->builtin || inner->oid.value < catalog::kFirstNormalOid) return;
        if (inner->kind == TypeKind::Domain && inner->domain_has_check) domain_checks(*inner);
        if (inner->kind == TypeKind::Composite) return fields_of(*inner);
        const Oid next = inner->kind == TypeKind::Domain ? inner->base : inner->element;
        if (next == kInvalidOid || next == inner->oid) return;
        inner = catalog_.type(next);
    }
}

// A row made from text or from another row is made field by field.
void Judge::fields_of(const catalog::Type& composite) {
    const catalog::Relation* row = catalog_.relation(composite.relation);
    if (row == nullptr || std::ranges::find(memo_.in_progress, composite.oid) != memo_.in_progress.end()) return;
    if (memo_.in_progress.size() >= kDeepest) return found_.unknown("types nest too deeply");
    memo_.in_progress.push_back(composite.oid);
    for (const catalog::Column& column : row->columns) {
        const catalog::Type* type = column.type.value < catalog::kFirstNormalOid ? nullptr : catalog_.type(column.type);
        if (type == nullptr) continue;
        casts_of(type->oid, type->name);
        value_made(*type);
    }
    memo_.in_progress.pop_back();
}

void Judge::domain_checks(const catalog::Type& domain) {
    const std::string where = "check of domain " + domain.schema + "." + domain.name;
    if (domain.domain_checks.empty()) return found_.unknown(where + " is not known");
    for (const std::string& check : domain.domain_checks) {
        Findings inside;
        bare(inside).text("SELECT " + check, where);
        found_.merge_called(inside, {});
    }
}

// Which cast is meant depends on types that are not always known here; harmless ones change nothing.
void Judge::casts_of(Oid type, std::string_view written, Oid source) {
    const bool known = source != kInvalidOid;
    for (const catalog::Cast* cast : memo_.facts->user_casts) {
        // From the type without a word in the text, or to it, where a value of the cast's source could be.
        const bool from = cast->source == type && type.value >= catalog::kFirstNormalOid && cast->context != 'e';
        const bool to = cast->target == type && (!known || cast->source == catalog_.base_type(source) || cast->source == source);
        const Function* by = from || to ? catalog_.function(cast->function) : nullptr;
        if (by == nullptr) continue;
        Findings inside;
        beside(inside).function(*by);
        if (inside.kind != Kind::Read) found_.merge_called(inside, "a cast of type " + std::string(written));
    }
}

// A column's value may be cast without a word in the text.
void Judge::implicit_casts(const catalog::Relation& relation) {
    for (const catalog::Cast* cast : memo_.facts->user_casts) {
        if (cast->context == 'e') continue;
        const bool touched = std::ranges::any_of(relation.columns, [&](const catalog::Column& c) { return c.type == cast->source || c.type == cast->target; });
        if (touched) casts_of(cast->target, relation.qualified());
    }
}

void Judge::operator_named(const List* name) {
    if (name == nullptr) return;
    const QualifiedName parts = sql::name_of(name, catalog_);
    operator_named(parts.schema, parts.name);
}

// PostgreSQL's own operators call functions that are all reads (checked against a server); users' are functions like any.
void Judge::operator_named(std::string_view schema, std::string_view name) {
    if (catalog_.empty()) return;
    if (schema.empty() && path_.known && memo_.facts->builtin_operators.contains(name)) return;
    if (schema.empty()) {
        if (std::ranges::find(operators_seen_, name) != operators_seen_.end()) return;
        operators_seen_.push_back(name);
    }
    // Which names are visible depends on this text's path, what they call on the one in force.
    const std::string what = "o" + std::string(schema) + "." + std::string(name) + "/" + path_.text;
    const auto known = kept(what, [&](Findings& inside) { operators_found(schema, name, inside); });
    // Types would tell whether a user's is meant at all; a harmless one changes nothing then.
    if (known->kind != Kind::Read) found_.merge_called(*known, {});
}

void Judge::operators_found(std::string_view schema, std::string_view name, Findings& into) {
    const auto candidates = catalog_.operators(schema, name, path_);
    if (candidates.empty()) return into.unknown_name(std::string(name), "operator");
    for (const catalog::Operator* candidate : candidates) {
        if (candidate->function.value < catalog::kFirstNormalOid) continue;
        const Function* by = catalog_.function(candidate->function);
        if (by == nullptr) {
            into.unknown("operator " + std::string(name) + " calls what is not known");
            continue;
        }
        Findings inside;
        beside(inside).function(*by);
        if (inside.kind != Kind::Read) into.merge_called(inside, "operator " + std::string(name));
    }
}

// t.f is f(t) where t has no column f; (x).f is f(x) for any x.
void Judge::field_as_function(std::string_view name, bool whole_row) {
    if (name.empty()) return;
    if (catalog_.empty()) {
        const auto volatility = whole_row ? std::nullopt : builtin_volatility(name);
        if (volatility) found_.cause_by_call(judge_builtin(name, *volatility), "function pg_catalog." + std::string(name) + " is not a read");
        return;
    }
    for (const Function* candidate : catalog_.functions({}, name, path_)) {
        if (!takes(*candidate, 1)) continue;
        const bool builtin = is_builtin(*candidate);
        if (whole_row && builtin) continue;  // none of PostgreSQL's own that takes a row is more than a read
        if (builtin && judge_builtin(name, static_cast<char>(candidate->volatility)).kind == Kind::Read) continue;
        if (whole_row) {
            const catalog::Type* argument = candidate->arguments.empty() ? nullptr : catalog_.type(candidate->arguments[0]);
            if (argument != nullptr && argument->kind != TypeKind::Composite && argument->kind != TypeKind::Pseudo && argument->kind != TypeKind::Domain) continue;
        }
        Findings inside;
        beside(inside).function(*candidate);
        if (inside.kind != Kind::Read) found_.merge_called(inside, "field notation");
    }
}

}  // namespace pgveil::sql
