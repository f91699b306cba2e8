// Judge: what the nodes of a query do: relations read, written and locked, functions, operators, casts and types.
//
// Walks with a stack of its own (walk.h), resolves names in the catalog as PostgreSQL would, follows views, policies and
// SQL function bodies. Not here: statements that are no query (statements.cc), lineage. Where several functions could
// be meant, the gravest counts. One thread, one text; borrows the Context. Reads hostile trees: within_bounds first.
#pragma once

#include <memory>
#include <utility>

#include "sql/call_types.h"
#include "sql/catalog_facts.h"
#include "sql/findings.h"
#include "sql/walk.h"

namespace pgveil::sql {

struct PlPiece;

/// Names that WITH clauses bring, innermost first. Lives in the judge's walk.
struct CteScope {
    const WithClause* with;
    std::size_t visible;      // of a non-recursive clause, only the queries before
    const CteScope* outer;
};

/// What one analyze call has learnt of views and functions, and how deep it is in them.
struct JudgeMemo {
    std::shared_ptr<const CatalogFacts> facts;
    std::vector<Oid> in_progress;           // views and functions that are being looked into
    std::uint32_t looks = 0;                // into views, functions and operators: all that one text may cost
    bool cut = false;                       // a look was cut short: what it found is not to be kept
    std::vector<std::string> created;       // names that earlier statements of the same text make
};

/// A name as written: at most schema and name; `foreign` if another database is named.
struct QualifiedName {
    std::string_view schema, name;
    bool foreign = false;
    [[nodiscard]] std::string text() const { return schema.empty() ? std::string(name) : std::string(schema) + "." + std::string(name); }
};

class Judge {
  public:
    /// `path`: how this text's names resolve; `running`: the search path in force when it runs (functions it calls
    /// resolve theirs by that). They differ inside views, which were resolved when they were made.
    Judge(const Context& context, const catalog::SearchPath& path, const catalog::SearchPath& running, JudgeMemo& memo,
          Findings& findings)
        : context_(context), catalog_(context.catalog), path_(path), running_(running), memo_(memo), found_(findings) {}

    /// For texts in which a name may be a variable of PL/pgSQL.
    void without_types() { typed_ = false; }
    /// The statement that all nodes to come are part of, and the SQL function whose body it is: types are looked up in it.
    void within(const Node* statement, const catalog::Function* function = nullptr) {
        statement_ = statement;
        function_ = function;
        types_.reset();
    }
    /// A query or an expression, and all under it.
    void query(const Node* node);
    /// All of `list`.
    void queries(const List* list);
    /// One relation used by a statement itself. Unknown names make it unknown, except for `lenient` (DDL).
    void relation(const RangeVar& name, Use use, bool lenient = false);
    void locked(const RangeVar& name, Use use);
    void type(const TypeName& name, Oid source = kInvalidOid);
    void call(const FuncCall& call);
    /// `call`: whose arguments' types may tell which is meant.
    void function_named(QualifiedName name, int arguments, const FuncCall* call = nullptr);
    void function(const catalog::Function& function);
    /// The body of a function in a language that is not parsed: words that could be calls.
    void words(const std::string& text, const std::string& where);
    /// A statement or several as text, as a view or function body holds them.
    void text(const std::string& sql, std::string_view where, const catalog::Function* function = nullptr);

    [[nodiscard]] Findings& findings() { return found_; }
    [[nodiscard]] const Context& context() const { return context_; }
    [[nodiscard]] const catalog::SearchPath& path() const { return path_; }
    [[nodiscard]] JudgeMemo& memo() { return memo_; }

  private:
    struct Item {
        const Node* node;
        const CteScope* scope;
        bool locked = false;   // under FOR UPDATE
    };

    void visit(const Item& item);
    void visit_expression(const Item& item);
    void push_children(const Node* node, const CteScope* scope);
    void push(const void* node, const CteScope* scope, bool locked = false);
    void push_list(const List* list, const CteScope* scope, bool locked = false);
    const CteScope* open_with(const WithClause* with, const CteScope* outer);
    void select(const SelectStmt& select, const Item& item);
    void insert(const InsertStmt& insert, const CteScope* scope);
    void update(const UpdateStmt& update, const CteScope* scope);
    void remove(const DeleteStmt& remove, const CteScope* scope);
    void merge(const MergeStmt& merge, const CteScope* scope);
    void from_name(const RangeVar& name, const Item& item);

    void resolved(const catalog::Relation& relation, Use use);
    void follow(const catalog::Relation& relation, Use use);
    void view(const catalog::Relation& relation, Use use);
    void policies(const catalog::Relation& relation);
    void write_to(const RangeVar& name, std::string_view verb);

    void type_use(const catalog::Type& type, Oid source = kInvalidOid);
    void value_made(const catalog::Type& type);
    void fields_of(const catalog::Type& composite);
    void bare_defaults(const catalog::Function& function, Findings& into);
    void domain_checks(const catalog::Type& domain);
    /// Casts to the type, and those from it that need no word; `source`: the type that is cast, where it is known.
    void casts_of(Oid type, std::string_view written, Oid source = kInvalidOid);
    void cast(const TypeCast& cast);
    [[nodiscard]] std::span<const Oid> types_of(const void* node);
    void implicit_casts(const catalog::Relation& relation);
    /// Findings of a view or function: kept ones, or what `look` finds.
    template <class Look>
    std::shared_ptr<const Findings> kept(const std::string& what, Look look);
    void user_function(const catalog::Function& function);
    /// The same eyes for a text resolved by pg_catalog alone, finding into `into`.
    [[nodiscard]] Judge bare(Findings& into);
    [[nodiscard]] Judge beside(Findings& into) { return Judge(context_, path_, running_, memo_, into); }
    [[nodiscard]] bool created_here(std::string_view name) const;
    void body(const catalog::Function& function, Findings& into);
    [[nodiscard]] bool pieces(const std::string& body, const std::string& where);
    void piece(const PlPiece& piece, const std::string& where);
    void dynamic(const std::string& expression, const std::string& where);
    void column_type(const std::string& named);
    void set_config(const FuncCall& call);
    void note_named_setting(const SelectStmt& select);
    void operator_named(const List* name);
    void operator_named(std::string_view schema, std::string_view name);
    void operators_found(std::string_view schema, std::string_view name, Findings& into);
    void field_as_function(std::string_view name, bool whole_row);
    void sample_method(const RangeTableSample& sample);

    const Context& context_;
    const catalog::Snapshot& catalog_;
    const catalog::SearchPath& path_;
    const catalog::SearchPath& running_;
    JudgeMemo& memo_;
    Findings& found_;
    std::vector<Item> stack_;
    std::vector<const Node*> children_;
    std::vector<std::unique_ptr<CteScope>> scopes_;
    std::vector<std::string_view> operators_seen_;
    bool typed_ = true;        // false: names may be variables, so that no type is certain
    const Node* statement_ = nullptr;
    const catalog::Function* function_ = nullptr;
    std::optional<CallTypes> types_;
    std::pair<const FuncCall*, std::optional<std::string_view>> named_setting_{};   // set_config over one row of pg_settings
};

// Not kept while names of the text itself stand beside the catalog's, nor what a cut has shortened.
template <class Look>
std::shared_ptr<const Findings> Judge::kept(const std::string& what, Look look) {
    const KeptFindings place(context_, running_, what);
    const bool keeps = memo_.created.empty();
    if (auto known = keeps ? place.find() : nullptr) return known;
    auto made = std::make_shared<Findings>();
    constexpr std::uint32_t kMostLooks = 5'000;
    if (++memo_.looks > kMostLooks) {
        made->unknown("too many views and functions");
        memo_.cut = true;
        return made;
    }
    const bool cut_before = std::exchange(memo_.cut, false);
    look(*made);
    if (keeps && !memo_.cut) place.put(made);
    memo_.cut = memo_.cut || cut_before;
    return made;
}

/// The last one or two parts of a name list, the database before them checked against the catalog's.
[[nodiscard]] QualifiedName name_of(const List* parts, const catalog::Snapshot& catalog);

}  // namespace pgveil::sql
