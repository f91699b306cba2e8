#include "sql/lineage_values.h"

#include <algorithm>
#include <iterator>

#include "sql/array_values.h"

namespace pgveil::sql {

namespace {

/// The flow of an expression over two parts.
Flow expression_flow(Flow a, Flow b) {
    if (a == Flow::Opaque || b == Flow::Opaque) return Flow::Opaque;
    const auto data = [](Flow flow) { return flow == Flow::Derived || flow == Flow::AsIs; };
    if (data(a) || data(b)) return Flow::Derived;
    return a == Flow::CountLike || b == Flow::CountLike ? Flow::CountLike : Flow::Constant;
}

const OutputColumn kUnknownSource;

bool null_tells_nothing(const Value& value, std::size_t& fields_left) {
    if (!value.shape) return value.plain() || value.atoms.empty();
    return std::ranges::all_of(value.shape->fields, [&](const Shape::Field& field) {
        return fields_left > 0 && (--fields_left, null_tells_nothing(field.value, fields_left));
    });
}

void sort_unique(std::vector<ColumnId>& columns) {
    std::ranges::sort(columns);
    const auto doubles = std::ranges::unique(columns);
    columns.erase(doubles.begin(), doubles.end());
}

}  // namespace

void add_atoms(Value& into, std::span<const AtomId> atoms) {
    if (atoms.empty() || std::ranges::equal(into.atoms, atoms)) return;
    if (into.atoms.empty()) {
        into.atoms.assign(atoms.begin(), atoms.end());
        return;
    }
    std::vector<AtomId> both;
    both.reserve(into.atoms.size() + atoms.size());
    std::ranges::set_union(into.atoms, atoms, std::back_inserter(both));
    into.atoms = std::move(both);
}

bool null_tells_nothing(const Value& value) {
    std::size_t fields = 4096;   // rows within rows share their shapes: unfolded they double with each
    return null_tells_nothing(value, fields);
}

void absorb(Value& into, const Value& part) {
    into.flow = expression_flow(into.flow, part.flow);
    into.null_literal = false;
    into.steady = into.steady && part.steady;
    into.shape = nullptr;
    into.varies = into.varies || part.varies || part.literals > 1;
    add_atoms(into, part.atoms);
}

Value either(const Value& a, const Value& b) {
    if (a.null_literal) return b;
    if (b.null_literal) return a;
    Value both = a;
    if (a.type != b.type) both.type = kInvalidOid;
    if (a.literal() && b.literal()) {
        both.shape = nullptr;
        both.literals = std::min(a.literals + b.literals, kUnknownCount);
        return both;
    }
    if (a.flow == Flow::AsIs && b.flow == Flow::AsIs) {
        both.shape = nullptr;
        both.steady = a.steady && b.steady;
        add_atoms(both, b.atoms);
    } else {
        absorb(both, b);
    }
    return both;
}

AtomId Atoms::add_column(ColumnId column) {
    const AtomId id = next_id();
    atoms_.push_back({.flow = Flow::AsIs, .column = column, .origins = nullptr, .view = nullptr, .parent = id, .next = id});
    return id;
}

AtomId Atoms::add(Flow flow, const std::vector<ColumnId>* origins) {
    const AtomId id = next_id();
    atoms_.push_back({.flow = flow, .column = {}, .origins = origins, .view = nullptr, .parent = id, .next = id});
    return id;
}

AtomId Atoms::add_view_column(ColumnId column, const OutputColumn* source) {
    const AtomId id = add(source ? source->flow : Flow::Opaque, source ? &source->origins : nullptr);
    atoms_[id].column = column;
    atoms_[id].view = source ? source : &kUnknownSource;
    return id;
}

void Atoms::expand(AtomId atom, const Value& value) {
    if (atoms_[atom].expansions < 0) {
        atoms_[atom].expansions = static_cast<std::int32_t>(expansions_.size());
        expansions_.emplace_back();
    }
    expansions_[static_cast<std::size_t>(atoms_[atom].expansions)].push_back(value);
}

bool Atoms::stored(AtomId atom) const {
    const Atom& a = atoms_[atom];
    return a.flow == Flow::AsIs && ((a.column != ColumnId{} && !a.view) || (a.origins && !a.origins->empty()));
}

AtomId Atoms::root(AtomId atom) const {
    while (atoms_[atom].parent != atom) {
        atoms_[atom].parent = atoms_[atoms_[atom].parent].parent;
        atom = atoms_[atom].parent;
    }
    return atom;
}

void Atoms::equate(std::span<const AtomId> atoms, bool exact) {
    if (atoms.size() < 2) return;
    const AtomId first = root(atoms.front());
    for (const AtomId atom : atoms.subspan(1)) {
        const AtomId other = root(atom);
        if (other == first) continue;
        atoms_[first].exact = atoms_[first].exact && atoms_[other].exact;
        atoms_[other].parent = first;
        std::swap(atoms_[first].next, atoms_[other].next);  // joins the two rings
    }
    atoms_[first].exact = atoms_[first].exact && exact;
}

std::span<const Value> Atoms::expansions_of(const Atom& atom) const {
    if (atom.expansions < 0) return {};
    return expansions_[static_cast<std::size_t>(atom.expansions)];
}

Traced Atoms::resolve(const Value& value) const {
    Traced traced;
    traced.steady = value.steady;
    ++round_;
    bool opaque = value.flow == Flow::Opaque, as_is = value.flow == Flow::AsIs, counts = value.flow == Flow::CountLike;
    std::vector<AtomId> waiting(value.atoms);
    while (!waiting.empty()) {
        const AtomId start = waiting.back();
        waiting.pop_back();
        if (atoms_[start].seen == round_) continue;
        if (!atoms_[root(start)].exact) as_is = false;
        const std::size_t before = traced.origins.size();
        bool expands = false;
        AtomId at = start;
        do {
            Atom& atom = atoms_[at];
            atom.seen = round_;
            opaque = opaque || atom.flow == Flow::Opaque;
            counts = counts || atom.flow == Flow::CountLike;
            if (atom.flow == Flow::Derived) as_is = false;
            if (atom.column != ColumnId{}) (atom.view ? traced.via : traced.origins).push_back(atom.column);
            // What a view or a body gives says it itself; a function's rows are made of its arguments (from_function).
            if (atom.view) traced.steady = traced.steady && (atom.view->steady || atom.view->flow == Flow::AsIs);
            if (atom.view) traced.via.insert(traced.via.end(), atom.view->via.begin(), atom.view->via.end());
            if (atom.origins) traced.origins.insert(traced.origins.end(), atom.origins->begin(), atom.origins->end());
            for (const Value& other : expansions_of(atom)) {
                expands = true;
                traced.steady = traced.steady && other.steady;
                opaque = opaque || other.flow == Flow::Opaque;
                counts = counts || other.flow == Flow::CountLike;
                if (other.flow != Flow::AsIs && !other.null_literal) as_is = false;
                waiting.insert(waiting.end(), other.atoms.begin(), other.atoms.end());
            }
            at = atom.next;
        } while (at != start);
        // one of several alternatives that is no stored column: UNION with a function's rows
        if (traced.origins.size() == before && !expands) as_is = false;
    }
    sort_unique(traced.origins);
    sort_unique(traced.via);
    if (opaque) {
        traced.flow = Flow::Opaque;
    } else if (traced.origins.empty()) {
        traced.flow = counts ? Flow::CountLike : Flow::Constant;
    } else {
        traced.flow = as_is ? Flow::AsIs : Flow::Derived;
    }
    return traced;
}

}  // namespace pgveil::sql
