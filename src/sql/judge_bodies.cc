// What functions of the user do when they are called: by their bodies where these can be read, else by what they declare.
#include <algorithm>

#include "sql/judge.h"
#include "sql/lexer.h"
#include "sql/plpgsql.h"
#include "sql/settings.h"

namespace pgveil::sql {

namespace {

using catalog::Function;

constexpr std::size_t kDeepest = 32;
constexpr Judgement kWrite{Kind::Write, Effect::Write};

std::string qualified(const Function& function) { return function.schema + "." + function.name; }

/// The one expression of `SELECT expression`; null where it is none.
const Node* only_target(const List* statements) {
    const NodesView raws = nodes(statements);
    const auto* select = raws.size() == 1 ? PGVEIL_AS(SelectStmt, PGVEIL_AS(RawStmt, raws[0])->stmt) : nullptr;
    const NodesView targets = nodes(select == nullptr ? nullptr : select->targetList);
    const auto* target = targets.size() == 1 ? PGVEIL_AS(ResTarget, targets[0]) : nullptr;
    return target == nullptr ? nullptr : target->val;
}

}  // namespace

void Judge::user_function(const Function& function) {
    found_.user_functions = true;
    if (std::ranges::find(memo_.in_progress, function.oid) != memo_.in_progress.end()) {
        // What it does is being found out further up; the cut must not be kept as its whole effect.
        memo_.cut = true;
        found_.opaque_writes = true;
        return found_.cause_by_call(kWrite, "function " + qualified(function) + " calls itself");
    }
    if (memo_.in_progress.size() >= kDeepest) {
        memo_.cut = true;
        return found_.unknown("functions nest too deeply");
    }
    const auto known = kept("f" + std::to_string(function.oid.value), [&](Findings& inside) {
        memo_.in_progress.push_back(function.oid);
        body(function, inside);
        memo_.in_progress.pop_back();
    });
    found_.merge_called(*known, {});
}

void Judge::body(const Function& function, Findings& into) {
    const std::string name = "function " + qualified(function);
    into.user_functions = true;
    if (const auto listed = function.language == "c" ? listed_extension(function.name) : std::nullopt)
        return into.cause_by_call(*listed, name + " is not a read");
    const catalog::SearchPath own = function.search_path.empty()
        ? running_ : catalog::make_search_path(catalog_, function.search_path, catalog_.contents().role);
    Judge judge(context_, own, own, memo_, into);
    // Domains among its types are checked, and defaults worked out, when it is called.
    for (const Oid argument : function.arguments)
        if (const catalog::Type* type = catalog_.type(argument)) judge.value_made(*type);
    if (const catalog::Type* type = catalog_.type(function.return_type)) judge.value_made(*type);
    if (function.defaults > 0) bare_defaults(function, into);
    for (const Oid part : function.depends_on)
        if (const Function* callee = catalog_.function(part); callee != nullptr) judge.function(*callee);
        else if (part != kInvalidOid) into.unknown(name + " depends on what is not known");
    if (function.kind == catalog::FunctionKind::Aggregate && !function.depends_on.empty()) return;
    if (function.language == "sql" && !function.body.empty()) {
        // A body that cannot be read is no proof of harmlessness: the declaration then counts as a claim.
        Findings inside;
        Judge(context_, own, own, memo_, inside).text(function.body, name, &function);
        if (inside.kind != Kind::Unknown) return into.merge_called(inside, {});
        into.merge_called(inside, {});
    }
    if (function.language == "plpgsql") {
        Findings inside;
        if (Judge(context_, own, own, memo_, inside).pieces(function.body, name)) return into.merge_called(inside, {});
    }
    if (function.volatility == catalog::Volatility::Volatile) {
        into.opaque_writes = true;
        into.cause_by_call(kWrite, name + " is volatile");
    }
    if (function.language == "plpgsql") judge.words(function.body, name);
}

// Each piece of a PL/pgSQL body; false: not all of it is understood, and `findings` is not to be used.
bool Judge::pieces(const std::string& body, const std::string& where) {
    const auto read = read_plpgsql(body);
    if (!read) return false;
    for (const PlPiece& piece : *read) {
        Findings inside;
        Judge judge = beside(inside);
        judge.without_types();
        judge.piece(piece, where);
        if (inside.kind == Kind::Unknown) return false;
        found_.merge_called(inside, {});
    }
    for (const catalog::Cast* cast : memo_.facts->user_casts)
        if (cast->context != 'e') casts_of(cast->target, where);
    return true;
}

void Judge::piece(const PlPiece& piece, const std::string& where) {
    switch (piece.kind) {
        case PlPiece::Kind::Expression: return text("SELECT " + piece.text, where);
        case PlPiece::Kind::Type: return text("SELECT NULL::" + piece.text, where);
        case PlPiece::Kind::ColumnType: return column_type(piece.text);
        case PlPiece::Kind::Dynamic: return dynamic(piece.text, where);
        case PlPiece::Kind::Transaction:
            found_.wrappable = false;
            return found_.cause_by_call(kWrite, where + " ends transactions");
        case PlPiece::Kind::Statement: {
            Findings inside;
            Judge judge = beside(inside);
            judge.without_types();
            judge.text(piece.text, where);
            // A setting that a function changes is none that the session is seen to change.
            if (inside.kind == Kind::Session || inside.kind == Kind::Transaction) inside.cause_by_call(kWrite, where + " changes the session");
            return found_.merge_called(inside, {});
        }
    }
    found_.unknown(where + " holds what is not known");
}

// EXECUTE of a constant is that statement; of anything else, whatever the caller or a row may say.
void Judge::dynamic(const std::string& expression, const std::string& where) {
    text("SELECT " + expression, where);
    const auto tree = Tree::parse("SELECT " + expression);
    const auto* constant = PGVEIL_AS(A_Const, only_target(tree ? tree->statements() : nullptr));
    if (constant != nullptr && !constant->isnull && constant->val.node.type == T_String) {
        const std::string said(text_of(constant->val.sval.sval));
        return piece({PlPiece::Kind::Statement, said}, where);
    }
    found_.opaque_writes = true;
    found_.cause_by_call(kWrite, where + " runs text that is made when it runs");
}

void Judge::column_type(const std::string& named) {
    const auto tree = Tree::parse("SELECT " + named);
    const auto* reference = PGVEIL_AS(ColumnRef, only_target(tree ? tree->statements() : nullptr));
    if (reference == nullptr) return found_.unknown("a type that is not known");
    const NodesView parts = nodes(reference->fields);
    if (parts.size() < 2) return;
    const std::string_view relation_name = text_of(parts[parts.size() - 2]);
    const catalog::Relation* relation = parts.size() == 2 ? catalog_.resolve(relation_name, path_) : catalog_.relation(text_of(parts[parts.size() - 3]), relation_name);
    const catalog::Column* column = relation == nullptr ? nullptr : relation->column(text_of(parts.back()));
    const catalog::Type* type = column == nullptr ? nullptr : catalog_.type(column->type);
    if (type != nullptr) value_made(*type);
}

void Judge::bare_defaults(const Function& function, Findings& into) {
    const std::string where = "default of function " + qualified(function);
    if (function.default_text.empty()) return into.cause_by_call(kWrite, where + " is not known");
    Findings inside;
    bare(inside).text("SELECT " + function.default_text, where);
    into.merge_called(inside, {});
}

// A body in a language we do not parse: names in it that could be calls of something graver than it declares.
void Judge::words(const std::string& text, const std::string& where) {
    const auto tokens = tokens_of(text);
    if (!tokens) return found_.cause_by_call(kWrite, where + " could not be read");
    Findings inside;
    Judge judge = beside(inside);
    for (std::size_t i = 0; i + 1 < tokens->size(); ++i) {
        const Token& token = (*tokens)[i];
        if (token.kind != TokenKind::Identifier || (*tokens)[i + 1].kind != TokenKind::Punctuation || text[(*tokens)[i + 1].start] != '(') continue;
        const std::string name = fold_name(std::string_view(text).substr(token.start, token.end - token.start));
        if (catalog_.functions({}, name, path_).empty()) continue;  // a keyword, a table, a variable
        judge.function_named({{}, name}, -1);
    }
    found_.merge_called(inside, where);
}

}  // namespace pgveil::sql
