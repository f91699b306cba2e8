// Tracer: the walk behind trace(). One object for one statement, view definition or function body.
//
// Bodies are spread by subject: lineage_from, lineage_select, lineage_expression, lineage_calls,
// lineage_write, lineage_objects, predicates, compared. Recursive; its depth is bounded here besides, and what lies
// deeper is opaque. Names of a range or column borrow from the tree and the catalog. Internal to src/sql.
#pragma once

#include <deque>
#include <functional>
#include <unordered_set>

#include "sql/analyze.h"
#include "sql/call_types.h"
#include "sql/scope.h"
#include "sql/tree.h"

namespace pgveil::sql {

/// Columns of a view or of a SQL function's result, traced once per snapshot.
struct KnownColumns {
    std::vector<OutputColumn> columns;
    bool complete = false;
    bool raises = true;                  // some expression could raise on what columns hold
};

struct Output {
    std::string_view name;
    Value value;
};
struct Rows {
    std::vector<Output> columns;
    bool complete = false;               // false: their number is not known
    [[nodiscard]] static Rows unknown() { return {}; }
};

/// Views and functions being followed, outermost first: recursion and depth end in Opaque.
struct Nesting {
    std::vector<Oid> objects;
    bool cut = false;                    // something was given up for depth: not to be kept in the memo
};

class Tracer {
  public:
    Tracer(const Context& context, const catalog::SearchPath& path, Nesting& nesting)
        : context_(context), catalog_(context.catalog), path_(path), nesting_(nesting) {}

    /// SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE; Rows::unknown for anything else.
    Rows query(const Node* node, const Scope& outer);
    [[nodiscard]] OutputColumn output(std::string_view name, const Value& value) const;

    void copy(const CopyStmt& copy, Rows& rows);
    /// Rows stored in a relation that the statement makes.
    void made(const Rows& rows);
    Rows explained(const Node* node);
    /// Traces a statement for the types of its calls' arguments alone.
    void learn(const Node* statement, const catalog::Function* within, CallTypes& types);
    void finish(Analysis& analysis);

    [[nodiscard]] Atoms& atoms() { return atoms_; }
    [[nodiscard]] bool raises() const { return raises_; }
    [[nodiscard]] bool gave_up() const { return gave_up_; }
    /// Counts columns made; true: they are too many, and this part is not traced.
    bool spends(std::size_t columns);
    /// Something in the statement changes the session, and a function of the user's may be it.
    void suspect_user_functions() { user_functions_leave_traces_ = true; }
    /// Atoms from before and after `first` that a condition compared: what a subquery tells of its rows.
    struct Frame {
        AtomId first;
        std::vector<AtomId> crossing = {};
    };
    void open_frame();
    Frame close_frame();

  private:
    // lineage_select
    Rows select(const SelectStmt& select, const Scope& outer);
    Rows plain_select(const SelectStmt& select, Scope& scope);
    Rows value_lists(const List* lists, const Scope& scope);
    Rows targets(const List* list, const Scope& scope);
    bool star(const Node* node, const Scope& scope, Rows& rows);
    void star_of(Range& range, Rows& rows);
    void clauses(const SelectStmt& select, const Rows& rows, const Scope& scope);
    void group_by(const List* list, const Rows& rows, const Scope& scope);
    void group_item(const Node* node, const Rows& rows, const Scope& scope);
    void order_by(const List* list, const Rows& rows, const Scope& scope);
    void window(const WindowDef& window, const Scope& scope);
    void distinct(const Rows& rows);
    Value sort_value(const Node* node, const Rows& rows, const Scope& scope, bool columns_first);

    // lineage_sets
    Rows set_operation(const SelectStmt& select, const Scope& scope);
    void compare_rows(const Rows& left, const Rows& right);
    void with(const WithClause* with, Scope& scope);
    void common_table(const CommonTableExpr& cte, bool recursive, Scope& scope);
    Rows recursive_rows(const SelectStmt& select, const Scope& outer, const std::function<void(const Rows&)>& declare);
    void mix(Value& column, AtomId own, const Value& first, const Value& next) const;
    void name_columns(Cte& cte, const List* names);
    void searched(Cte& cte, const CommonTableExpr& definition);

    // lineage_from
    void from(const List* list, Scope& scope);
    void from_item(const Node* node, Scope& scope, std::vector<Range*>& made);
    void from_name(const RangeVar& name, Scope& scope, std::vector<Range*>& made);
    void from_subselect(const RangeSubselect& sub, Scope& scope, std::vector<Range*>& made);
    void from_function(const RangeFunction& function, Scope& scope, std::vector<Range*>& made);
    void from_xml_table(const RangeTableFunc& table, Scope& scope, std::vector<Range*>& made);
    void from_join(const JoinExpr& join, Scope& scope, std::vector<Range*>& made);
    void merge_columns(const JoinExpr& join, const std::vector<Range*>& left, const std::vector<Range*>& right,
                       std::vector<Range*>& made);
    Range& new_range();
    Range& relation_range(const catalog::Relation& relation, const Alias* alias, std::string_view name,
                          std::string_view schema);
    void rows_range(Range& range, Rows rows, const Alias* alias);
    void rename(Range& range, const Alias* alias);
    const Value& value_of(Range& range, std::size_t at);
    [[nodiscard]] const catalog::Relation* relation_named(const RangeVar& name) const;

    // lineage_expression
    Value expression(const Node* node, const Scope& scope);
    Value expression_inside(const Node* node, const Scope& scope);
    void absorb_list(Value& into, const List* list, const Scope& scope);
    Value column(const ColumnRef& ref, const Scope& scope);
    Value column_by_name(std::string_view name, const Scope& scope);
    Value unsure(std::string_view name, const Scope& scope);
    Value column_of_range(Range& range, std::string_view column, const Scope& scope);
    Value argument(std::string_view name, const Scope& scope);
    Value whole_row(Range& range);
    Value indirection(const A_Indirection& node, const Scope& scope);
    Value sublink(const SubLink& link, const Scope& scope);
    Value operation(const A_Expr& node, const Scope& scope);
    Value cast(const TypeCast& node, const Scope& scope);
    [[nodiscard]] bool gives_structure(const TypeCast& node, const catalog::Type* type) const;
    [[nodiscard]] Oid array_of(Oid element) const;
    void branches(const Value& value);
    Value one_of(const List* list, const Scope& scope);
    Oid type_of_operation(const A_Expr& node, Oid left, Oid right) const;
    [[nodiscard]] bool is_steady(const A_Expr& node) const;
    Value case_of(const CaseExpr& node, const Scope& scope);
    [[nodiscard]] const catalog::Type* type_named(const TypeName* name) const;

    // lineage_calls
    /// What one call gives: as a scalar, and as rows where it stands in FROM.
    struct Called {
        Value value;
        std::optional<Rows> rows;        // known columns
        bool scalar = false;             // certainly one column
    };
    Called call(const FuncCall& call, const Scope& scope);
    bool several_unnested(const FuncCall& call, std::string_view column, Rows& rows, const Scope& scope);
    /// An array whose elements are certainly no rows.
    [[nodiscard]] bool of_scalars(Oid array) const;
    [[nodiscard]] bool type_arithmetic(const FuncCall& call, const Scope& scope) const;
    [[nodiscard]] static bool is_steady(std::string_view name, std::span<const Value> arguments, std::span<const catalog::Function* const> functions);
    Oid type_of_call(const FuncCall& call, std::span<const Value> arguments, std::vector<const catalog::Function*> functions);
    Called call_candidates(const FuncCall& call, std::vector<Value> arguments);
    void use_by_effect(std::string_view name, std::span<const catalog::Function* const> functions, std::span<const Value> arguments);
    void use_by_trace(std::span<const catalog::Function* const> functions, std::span<const Value> arguments);
    Called call_function(const catalog::Function& function, const std::vector<Value>& arguments);
    Called call_body(const catalog::Function& function, const std::vector<Value>& arguments);
    std::optional<Rows> rows_of_result(const catalog::Function& function, const Value& value) const;
    Value aggregate_value(const FuncCall& call, Value value, std::span<const Value> arguments) const;
    bool operator_is_pure(const A_Expr& node) const;
    [[nodiscard]] bool calls_pure(const catalog::Operator& op) const;
    struct OperatorNames {
        std::unordered_set<std::string_view> users, impure;   // that some operator of the user's has; one that is not known to be pure
    };
    const OperatorNames& operator_names() const;

    // lineage_write
    Rows insert(const InsertStmt& insert, const Scope& outer);
    Rows update(const UpdateStmt& update, const Scope& outer);
    Rows remove(const DeleteStmt& remove, const Scope& outer);
    Rows merge(const MergeStmt& merge, const Scope& outer);
    Range& target(const RangeVar& name);
    void assign(Range& target, std::string_view column, const Value& value, bool is_default);
    void assign_list(Range& target, const List* list, const Scope& scope);
    Value multi_source(const Node* node, const Scope& scope);
    Rows returning(const List* list, const Range& target, const Scope& scope);

    // lineage_objects
    std::shared_ptr<const KnownColumns> view(const catalog::Relation& relation);
    std::shared_ptr<const KnownColumns> body(const catalog::Function& function);
    std::shared_ptr<const KnownColumns> follow(const std::string& sql, const catalog::SearchPath& path, Oid object,
                                               const catalog::Function* function);
    std::shared_ptr<const KnownColumns> known_columns(const RawStmt& statement, const catalog::Function* function);
    Arguments arguments_of(const catalog::Function& function);
    Value system_column(const catalog::Relation& relation, const catalog::Column& column);

    // predicates
    void condition(const Node* node, const Scope& scope);
    void comparison(const A_Expr& node, const Scope& scope);
    void compare_nodes(const Node* left, const Node* right, PredicateUse use, const Scope& scope);
    void compare(const Value& left, const Node* left_node, const Value& right, const Node* right_node,
                 PredicateUse use);
    void compare_with_array(const A_Expr& node, const Scope& scope);
    void in_subquery(const SubLink& link, const Scope& scope);
    void leaf(const Value& value);
    void use_of(const Value& value, PredicateUse use);
    /// `node`: the literal as written; null: no text names it, so that it counts for itself.
    void literal_use(const Value& value, PredicateUse use, const Node* node, const Value& literal);
    void together(const Value& a, const Value& b, bool exact);
    struct Event;
    static void count_values(const Event& event, bool counted, Predicate& predicate, Analysis& analysis);

    /// What an equality compares with: equal for equal literals, other constant expressions are told apart by place.
    struct Literal {
        enum class Said : std::uint8_t { None, Ordinal, Parameter, Place, Null, True, False, Number, Text, Bits } kind = Said::None;
        bool of_array = false;           // how many values it holds is its own to say
        std::uint64_t number = 0;
        std::string_view text = {};      // borrows from the tree
        auto operator<=>(const Literal&) const = default;
    };
    struct Event {
        std::uint32_t value;             // in compared_
        PredicateUse use;
        std::uint32_t more = 0;          // further values that `literal` does not name
        std::uint32_t array = 0;         // $n: an array, whose values are counted when it is bound
        Literal literal = {};
    };
    [[nodiscard]] static Literal literal_of(const Node* node);
    [[nodiscard]] std::uint32_t compared(const Value& value);
    struct Assigned {
        ColumnId target;
        Value value;
        bool assigns_value;
    };

    const Context& context_;
    const catalog::Snapshot& catalog_;
    const catalog::SearchPath& path_;
    Nesting& nesting_;
    Atoms atoms_;
    std::deque<Range> ranges_;
    std::vector<Frame> frames_;
    std::vector<Event> events_;
    std::vector<Value> compared_;        // a value that comes again at once, as in a list, stands once
    std::vector<Assigned> assigned_;
    std::vector<std::shared_ptr<const KnownColumns>> kept_;  // names borrow from these
    mutable std::shared_ptr<const OperatorNames> operator_names_;
    CallTypes* types_ = nullptr;         // where types of arguments are asked for
    std::uint32_t depth_ = 0;
    std::size_t work_ = 0;               // atoms merged; beyond a bound everything is opaque
    bool raises_ = false;
    bool gave_up_ = false;               // some part was not traced: uses of columns may be missing
    bool user_functions_leave_traces_ = false;
    std::uint32_t traces_ = 0;           // calls so far that change the session
};

/// The expression below its casts and COLLATEs.
[[nodiscard]] const Node* without_casts(const Node* node);

}  // namespace pgveil::sql
