// Tree: the door to libpg_query's C parse tree (decisions: the C tree, not protobuf).
//
// What it is: PostgreSQL 15's node layouts, made safe to include in C++23, and Tree, which owns one raw
// parse. What it is not: a judge of anything; it names no effect. Nodes live as long as their Tree; a
// Tree is made, used and destroyed on one thread, last made first destroyed (the library keeps a stack of
// memory contexts per thread). Reads hostile bytes: the text.
//
// Rules for code that includes this header:
// - Only src/sql may. In the rooms' headers other than tree's own users, pass `const Node*` by forward use.
// - The library raises errors by longjmp to its own handler. Tree::parse is the only call that may raise, and
//   its handler lies inside the library, so no C++ frame is jumped over. Call nothing else of the library
//   (no makeX, no copyObject, no raw_expression_tree_walker: it raises on nodes it does not know).
// - The grammar is iterative, trees are not shallow: walk with an explicit stack, or only after
//   `measure` (walk.h) has said that the depth is within bounds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <iterator>
#include <string>
#include <string_view>

#include <pg_query.h>

// c.h has a global type of this name; every variable called so would shadow it.
#define text pg_text_datum
extern "C" {
#include "postgres.h"

#include "nodes/nodes.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "nodes/primnodes.h"
#include "nodes/value.h"

#include <pg_query/pg_query_internal.h>
}

// postgres.h renames the standard library's functions and claims words that fmt, doctest and we need.
#undef text
#undef snprintf
#undef vsnprintf
#undef sprintf
#undef vsprintf
#undef fprintf
#undef vfprintf
#undef printf
#undef vprintf
#undef strerror
#undef strerror_r
#undef gettext
#undef dgettext
#undef ngettext
#undef dngettext
#undef _
#undef Min
#undef Max
#undef Abs
#undef Assert
#undef likely
#undef unlikely
#undef foreach
#undef lengthof
#undef DEBUG
#undef DEBUG1
#undef DEBUG2
#undef DEBUG3
#undef DEBUG4
#undef DEBUG5
#undef LOG
#undef LOG_SERVER_ONLY
#undef COMMERROR
#undef INFO
#undef NOTICE
#undef WARNING
#undef PGWARNING
#undef ERROR
#undef PGERROR
#undef FATAL
#undef PANIC
#undef elog
#undef ereport
#undef PG_TRY
#undef PG_CATCH
#undef PG_FINALLY
#undef PG_END_TRY
#undef bool_
#undef Log

#include "pgveil/core/sqlstate.h"

namespace pgveil::sql {

/// Why the grammar refused a text. `message` may quote it.
struct ParseError {
    std::string message;
    std::int32_t position = 0;  // 1-based, characters; 0 none
    SqlState code = sqlstate::SyntaxError;
};

/// One raw parse: a List of RawStmt. Empty text gives no statements.
class Tree {
  public:
    /// `text` must hold no NUL byte (valid_text); its size must already be bounded.
    [[nodiscard]] static std::expected<Tree, ParseError> parse(const std::string& text);
    Tree(Tree&& other) noexcept;
    Tree& operator=(Tree&&) = delete;
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree();
    /// RawStmt nodes in order; null if none.
    [[nodiscard]] const List* statements() const { return statements_; }

  private:
    Tree(MemoryContext memory, const List* statements) : memory_(memory), statements_(statements) {}
    MemoryContext memory_;
    const List* statements_;
};

/// The node as a T, or null if it is absent or of another kind: `as<SelectStmt>(node, T_SelectStmt)`.
template <class T>
[[nodiscard]] const T* as(const void* node, NodeTag tag) {
    return node != nullptr && static_cast<const Node*>(node)->type == tag ? static_cast<const T*>(node) : nullptr;
}
#define PGVEIL_AS(T, node) (::pgveil::sql::as<T>((node), T_##T))

[[nodiscard]] inline NodeTag tag_of(const void* node) {
    return node == nullptr ? T_Invalid : static_cast<const Node*>(node)->type;
}

/// A List of nodes as a range of `const Node*`; null is the empty list.
class NodesView {
  public:
    class iterator {
      public:
        using value_type = const Node*;
        using difference_type = std::ptrdiff_t;
        iterator() = default;
        explicit iterator(const ListCell* cell) : cell_(cell) {}
        const Node* operator*() const { return static_cast<const Node*>(cell_->ptr_value); }
        iterator& operator++() {
            ++cell_;
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++cell_;
            return before;
        }
        bool operator==(const iterator&) const = default;

      private:
        const ListCell* cell_ = nullptr;
    };
    explicit NodesView(const List* list) : list_(list) {}
    [[nodiscard]] iterator begin() const { return iterator(list_ == nullptr ? nullptr : list_->elements); }
    [[nodiscard]] iterator end() const {
        return iterator(list_ == nullptr ? nullptr : list_->elements + list_->length);
    }
    [[nodiscard]] std::size_t size() const { return list_ == nullptr ? 0 : static_cast<std::size_t>(list_->length); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] const Node* operator[](std::size_t i) const {
        return static_cast<const Node*>(list_->elements[i].ptr_value);
    }
    [[nodiscard]] const Node* back() const { return (*this)[size() - 1]; }

  private:
    const List* list_;
};
[[nodiscard]] inline NodesView nodes(const List* list) { return NodesView(list); }

/// A String node's text; "" for anything else. Lives as long as the tree.
[[nodiscard]] inline std::string_view text_of(const Node* node) {
    const auto* string = PGVEIL_AS(String, node);
    return string == nullptr || string->sval == nullptr ? std::string_view{} : std::string_view{string->sval};
}
/// A C string field; "" for null.
[[nodiscard]] inline std::string_view text_of(const char* text) {
    return text == nullptr ? std::string_view{} : std::string_view{text};
}

/// Of PostgreSQL's grammar, whatever its category; `word` in lower case.
[[nodiscard]] bool is_keyword(const std::string& word);

}  // namespace pgveil::sql
