#include "sql/call_types.h"

#include <algorithm>

#include "sql/argument_fit.h"
#include "sql/lineage_tracer.h"

namespace pgveil::sql {

namespace {

using catalog::Function;

bool is_exact(std::span<const Oid> types, const Function& function) { return std::ranges::equal(types, function.arguments); }

bool could_take(const catalog::Snapshot& catalog, std::span<const Oid> types, const Function& function) {
    const std::size_t fixed = function.variadic == kInvalidOid ? function.arguments.size() : function.arguments.size() - 1;
    for (std::size_t i = 0; i < types.size(); ++i) {
        const Oid declared = i < fixed ? function.arguments[i] : function.variadic;
        if (declared == kInvalidOid) return true;
        const bool whole_array = i + 1 == function.arguments.size() && i >= fixed && could_pass(types[i], function.arguments[i], catalog);
        if (!whole_array && !could_pass(types[i], declared, catalog)) return false;
    }
    return true;
}

}  // namespace

std::span<const Oid> CallTypes::of(const void* node) const {
    const auto found = types_.find(node);
    return found == types_.end() ? std::span<const Oid>{} : std::span<const Oid>(found->second);
}

void CallTypes::saw(const void* node, std::vector<Oid> types) {
    const auto [place, fresh] = types_.try_emplace(node, types);
    if (fresh) return;
    if (place->second.size() != types.size()) return place->second.clear();
    for (std::size_t i = 0; i < types.size(); ++i)
        if (place->second[i] != types[i]) place->second[i] = kInvalidOid;
}

void keep_possible(const catalog::Snapshot& catalog, std::span<const Oid> types, std::vector<const Function*>& candidates) {
    if (candidates.size() < 2) return;
    const bool certain = !types.empty() && std::ranges::none_of(types, [](Oid type) { return type == kInvalidOid || type == kUnknownLiteral; });
    if (certain && std::ranges::any_of(candidates, [&](const Function* f) { return is_exact(types, *f); })) {
        std::erase_if(candidates, [&](const Function* f) { return !is_exact(types, *f); });
        return;
    }
    const auto impossible = [&](const Function* f) { return !could_take(catalog, types, *f); };
    // None that fits: the server will say so, and nothing of ours should depend on it.
    if (!std::ranges::all_of(candidates, impossible)) std::erase_if(candidates, impossible);
}

CallTypes call_types(const Node* statement, const Context& context, const catalog::SearchPath& path, const Function* within) {
    CallTypes types;
    Nesting nesting;
    Tracer tracer(context, path, nesting);
    tracer.learn(statement, within, types);
    return types;
}

}  // namespace pgveil::sql
