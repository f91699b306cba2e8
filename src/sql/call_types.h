// CallTypes: the types of the arguments of a statement's calls and casts, where they are certain.
//
// PostgreSQL chooses among functions of one name by these (func_select_candidate). Nothing here chooses: candidates that
// certainly cannot be meant are left out, the others stay. Filled by the tracer, which knows what columns are; borrows
// nodes of one tree. Pure, one thread.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "sql/analyze.h"
#include "sql/tree.h"

namespace pgveil::sql {

inline constexpr Oid kUnknownLiteral = type_oid::Unknown;   // 'a' without a cast: any type may be meant

class CallTypes {
  public:
    /// Of a FuncCall or TypeCast; empty: not known. {0}: this one is not known.
    [[nodiscard]] std::span<const Oid> of(const void* node) const;
    /// Seen twice with different types: not known.
    void saw(const void* node, std::vector<Oid> types);

  private:
    std::unordered_map<const void*, std::vector<Oid>> types_;
};

/// Of one statement; `within`: the SQL function whose body it is.
[[nodiscard]] CallTypes call_types(const Node* statement, const Context& context, const catalog::SearchPath& path,
                                   const catalog::Function* within);

/// Leaves out of `candidates` those that a call with arguments of these types certainly does not mean. Positional only.
void keep_possible(const catalog::Snapshot& catalog, std::span<const Oid> types, std::vector<const catalog::Function*>& candidates);

}  // namespace pgveil::sql
