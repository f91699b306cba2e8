// Effects of calls that tell of arguments and of conditions though no value is returned.
#include <algorithm>
#include <array>

#include "sql/builtin.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

using catalog::Function;
using catalog::Volatility;

// One row for each element of what is stored. Sorted.
constexpr auto kElements = std::to_array<std::string_view>({"json_array_elements", "json_array_elements_text", "json_each", "json_each_text",
    "json_object_keys", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_each", "jsonb_each_text", "jsonb_object_keys", "unnest"});
static_assert(std::ranges::is_sorted(kElements));

/// A built-in after which the session is another: settings, locks, generators, counters; or that takes time.
bool leaves_trace(const Function& function) {
    if (function.volatility != Volatility::Volatile) return false;
    const Judgement judged = judge_builtin(function.name, static_cast<char>(function.volatility));
    constexpr std::array<std::string_view, 4> kReads{"random", "random_normal", "pg_stat_clear_snapshot", "pg_stat_force_next_flush"};
    return judged.kind != Kind::Read || judged.effect == Effect::Sleep || std::ranges::find(kReads, function.name) != kReads.end();
}

}  // namespace

/// The number of rows that a function returns, or the time it takes, tells of its arguments though no value is returned.
/// How many elements a stored array or document has is a count, as of rows.
void Tracer::use_by_effect(std::string_view name, std::span<const Function* const> functions, std::span<const Value> arguments) {
    const bool sleeps = name == "pg_sleep" || name == "pg_sleep_for" || name == "pg_sleep_until";
    const bool makes_rows = std::ranges::any_of(functions, [](const Function* f) { return f->returns_set; });
    if (!sleeps && !makes_rows) return;
    const bool elements = std::ranges::binary_search(kElements, name);
    for (const Value& argument : arguments) {
        if (!argument.atoms.empty() && !(elements && argument.plain())) use_of(argument, PredicateUse::Other);
    }
}

/// What such a call was given, or whether it was made at all, could be asked for in the next statement.
void Tracer::use_by_trace(std::span<const Function* const> functions, std::span<const Value> arguments) {
    const auto leaves = [&](const Function* function) { return function->builtin ? leaves_trace(*function) : user_functions_leave_traces_; };
    if (std::ranges::none_of(functions, leaves)) return;
    ++traces_;
    for (const Value& argument : arguments) use_of(argument, PredicateUse::Other);
}

}  // namespace pgveil::sql
