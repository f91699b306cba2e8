// Values: where an expression's value comes from, in terms of atoms.
//
// An atom is one source of values in one place of a query: a stored column of one table occurrence, a column
// of a view, a function's output. Conditions equate atoms ("whatever is compared with a column takes its
// origin"), also after values made of them were computed; so values name atoms, and origins are looked up at
// the end. Internal to src/sql; one thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sql/analysis.h"

namespace pgveil::sql {

using AtomId = std::uint32_t;
struct Shape;

struct Value {
    Flow flow = Flow::Opaque;            // of the expression over its atoms
    bool null_literal = false;
    bool steady = true;                  // NULL, and shaped as it is, only where what it is made of is
    Oid type;                            // {0}: not known
    std::vector<AtomId> atoms;           // sorted, unique
    std::shared_ptr<const Shape> shape;  // fields, where the value is a known row
    bool varies = false;                 // may differ from row to row though no column is in it: volatile, set-returning, aggregates
    std::uint32_t literals = 1;          // how many a literal stands for: VALUES and set operations of literals

    [[nodiscard]] bool plain() const { return flow == Flow::AsIs && atoms.size() == 1; }
    [[nodiscard]] bool literal() const { return flow == Flow::Constant && atoms.empty() && !varies; }

    [[nodiscard]] static Value constant() { return Value{.flow = Flow::Constant}; }
    [[nodiscard]] static Value opaque() { return Value{.steady = false}; }
    [[nodiscard]] static Value count() { return Value{.flow = Flow::CountLike}; }
};

struct Shape {
    struct Field {
        std::string_view name;
        Value value;
    };
    std::vector<Field> fields;
};

/// Whether it is null tells no more than that stored values are there. A row's null test is one of its fields.
[[nodiscard]] bool null_tells_nothing(const Value& value);
/// `into` becomes an expression over itself and `part`.
void absorb(Value& into, const Value& part);
/// A value that is one or the other: set operations, USING. Stays AsIs where both are.
[[nodiscard]] Value either(const Value& a, const Value& b);
void add_atoms(Value& into, std::span<const AtomId> atoms);

/// What a value comes from in the end.
struct Traced {
    Flow flow = Flow::Opaque;
    bool steady = false;
    std::vector<ColumnId> origins, via;  // sorted, unique
};

class Atoms {
  public:
    AtomId add_column(ColumnId column);
    /// `origins` must outlive this; null: none.
    AtomId add(Flow flow, const std::vector<ColumnId>* origins = nullptr);
    /// A view's column: what it comes from, and itself on the way.
    AtomId add_view_column(ColumnId column, const OutputColumn* source);
    /// The atom's value may also be `value` (recursive CTE columns, assigned columns).
    void expand(AtomId atom, const Value& value);
    /// A condition compares these with each other; `exact`: by plain equality of two unchanged values.
    void equate(std::span<const AtomId> atoms, bool exact);
    /// True if the atom is a stored column by itself.
    [[nodiscard]] bool stored(AtomId atom) const;
    /// Both are the one stored column, in whatever places of the query.
    [[nodiscard]] bool same_column(AtomId a, AtomId b) const { return atoms_[a].column != ColumnId{} && atoms_[a].column == atoms_[b].column; }
    [[nodiscard]] AtomId next_id() const { return static_cast<AtomId>(atoms_.size()); }
    [[nodiscard]] Traced resolve(const Value& value) const;

  private:
    struct Atom {
        Flow flow;
        bool exact = true;               // of the class, kept at its root
        ColumnId column;
        const std::vector<ColumnId>* origins;
        const OutputColumn* view;        // then `column` is the view's
        AtomId parent, next;             // union-find; `next` rings through the members
        std::int32_t expansions = -1;    // place in expansions_
        std::uint32_t seen = 0;
    };
    [[nodiscard]] AtomId root(AtomId atom) const;
    [[nodiscard]] std::span<const Value> expansions_of(const Atom& atom) const;

    mutable std::vector<Atom> atoms_;
    std::vector<std::vector<Value>> expansions_;
    mutable std::uint32_t round_ = 0;
};

}  // namespace pgveil::sql
