// Built-in functions and types: what PostgreSQL itself brings, judged by hand.
//
// Rule: a built-in that the server declares immutable or stable is a read unless listed here; a volatile one is
// unknown unless listed here. The names (not the judgement) of all built-ins are generated from a PostgreSQL 15
// server into builtin_names.inc, for use without a catalog. Pure, any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "sql/analysis.h"

namespace pgveil::sql {

struct Judgement {
    Kind kind = Kind::Unknown;
    Effect effect = Effect::Unknown;
    bool operator==(const Judgement&) const = default;
};

/// One row of the list: what the function is judged, and in a few words why.
struct ListedBuiltin {
    std::string_view name;
    Judgement judgement;
    std::string_view why = {};
};
[[nodiscard]] std::span<const ListedBuiltin> listed_builtins();
/// "" where the function is not listed.
[[nodiscard]] std::string_view why_listed(std::string_view name);

/// The listed judgement of a pg_catalog function, all overloads alike; nullopt: not listed.
[[nodiscard]] std::optional<Judgement> listed_builtin(std::string_view name);

/// The judgement of a pg_catalog function of that declared volatility ('i', 's', 'v').
[[nodiscard]] Judgement judge_builtin(std::string_view name, char volatility);

/// Declared volatility of a PostgreSQL 15 built-in (the most volatile overload); nullopt: no such function.
[[nodiscard]] std::optional<char> builtin_volatility(std::string_view name);
[[nodiscard]] bool is_builtin_type(std::string_view name);
/// A system table or view; an empty schema is pg_catalog, which every search path has.
[[nodiscard]] bool is_builtin_relation(std::string_view schema, std::string_view name);

/// Functions of well-known extensions whose declared volatility says too little or too much: they reach the network or
/// server files or run text; or they are volatile and still reads. By bare name, in whatever schema the extension was put;
/// only for functions in C, which none but a superuser can make.
[[nodiscard]] std::optional<Judgement> listed_extension(std::string_view name);

/// System views that show server files.
[[nodiscard]] std::optional<Judgement> listed_system_relation(std::string_view name);

}  // namespace pgveil::sql
