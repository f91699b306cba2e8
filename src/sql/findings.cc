#include "sql/findings.h"

#include <algorithm>

namespace pgveil::sql {

namespace {

// An answer to a person; a statement of a thousand calls needs no thousand lines.
constexpr std::size_t kMostReasons = 20;
// Lists are searched from the front; more distinct objects than this in one statement are not judged.
constexpr std::size_t kMostObjects = 1000;

template <class T>
void add_once(std::vector<T>& list, T item) {
    if (std::ranges::find(list, item) == list.end()) list.push_back(std::move(item));
}

void add_reason(std::vector<std::string>& reasons, std::string reason) {
    if (!reason.empty() && reasons.size() < kMostReasons) add_once(reasons, std::move(reason));
}

constexpr std::uint32_t bit(Effect effect) { return 1U << static_cast<unsigned>(effect); }

}  // namespace

void Findings::cause(Judgement judgement, std::string reason) {
    kind = graver(kind, judgement.kind);
    effects |= bit(judgement.effect);
    if (judgement.kind != Kind::Read) add_reason(reasons, std::move(reason));
}

void Findings::cause_by_call(Judgement judgement, std::string reason) {
    call_kind = graver(call_kind, judgement.kind);
    call_effects |= bit(judgement.effect);
    cause(judgement, std::move(reason));
}

void Findings::unknown_name(std::string name, std::string_view what) {
    unknown(std::string(what) + " " + name + " is not known");
    if (unknown_names.size() < kMostObjects) add_once(unknown_names, std::move(name));
}

void Findings::use(RelationUse relation) {
    if (relations.size() >= kMostObjects) return unknown("too many relations");
    add_once(relations, std::move(relation));
}

void Findings::use(FunctionUse function) {
    if (functions.size() >= kMostObjects) return unknown("too many functions");
    add_once(functions, std::move(function));
}

void Findings::merge_called(const Findings& other, std::string_view where) {
    kind = graver(kind, other.kind);
    call_kind = graver(call_kind, other.kind);
    effects |= other.effects;
    call_effects |= other.effects;
    for (const std::string& reason : other.reasons) 
        add_reason(reasons, where.empty() ? reason : reason + ", in " + std::string(where));
    for (const std::string& name : other.unknown_names)
        if (unknown_names.size() < kMostObjects) add_once(unknown_names, name);
    for (const RelationUse& relation : other.relations) use(relation);
    for (const FunctionUse& function : other.functions) use(function);
    user_functions |= other.user_functions;
    opaque_writes |= other.opaque_writes;
    depends_on_literals |= other.depends_on_literals;
    wrappable &= other.wrappable;
    proxy_misused |= other.proxy_misused;
    by_name |= other.by_name;
}

std::vector<Effect> Findings::effects_of(std::uint32_t bits) {
    std::vector<Effect> out;
    for (unsigned i = 0; i <= static_cast<unsigned>(Effect::Sleep); ++i)
        if ((bits >> i & 1U) != 0) out.push_back(static_cast<Effect>(i));
    return out;
}

}  // namespace pgveil::sql
