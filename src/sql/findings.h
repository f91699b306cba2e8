// Findings: what judging has collected so far of a statement, a view or a function body.
//
// The growing form of Analysis; only src/sql uses it. Nothing found is a read. `call_*` is the part that comes from
// calls, unknown names and remote tables: plain EXPLAIN is judged by that part alone. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/analysis.h"
#include "sql/builtin.h"

namespace pgveil::sql {

struct Findings {
    Kind kind = Kind::Read, call_kind = Kind::Read;
    std::uint32_t effects = 0, call_effects = 0;  // bit per Effect
    std::vector<std::string> reasons, unknown_names;
    std::vector<RelationUse> relations;
    std::vector<FunctionUse> functions;
    bool user_functions = false, opaque_writes = false, depends_on_literals = false, wrappable = true, proxy_misused = false, by_name = false;
    std::uint32_t parameters = 0;

    /// Something the statement's own syntax does. No reason is kept for a read.
    void cause(Judgement judgement, std::string reason = {});
    /// Something a call does, or that cannot be known.
    void cause_by_call(Judgement judgement, std::string reason);
    void unknown(std::string reason) { cause_by_call({Kind::Unknown, Effect::Unknown}, std::move(reason)); }
    void unknown_name(std::string name, std::string_view what);

    void use(RelationUse relation);
    void use(FunctionUse function);

    /// Everything of `other`, which a call reaches: `where`, unless empty, is added to its reasons. Parameters
    /// stay apart.
    void merge_called(const Findings& other, std::string_view where);

    [[nodiscard]] static std::vector<Effect> effects_of(std::uint32_t bits);
};

/// The graver of two; Kind's order is gravest first.
[[nodiscard]] inline Kind graver(Kind a, Kind b) { return a < b ? a : b; }

}  // namespace pgveil::sql
