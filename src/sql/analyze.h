// analyze: SQL text -> Analysis. The only judge of what a statement does.
//
// Pure: no I/O, no globals but the parser library's own thread-local memory. Any thread; a thread that
// calls it needs 8 MiB of stack. Reads hostile bytes: the text. The caller pins client_encoding=UTF8 and
// standard_conforming_strings=on on the server and rejects NUL and invalid UTF-8 first (valid_text).
#pragma once

#include <span>

#include "catalog/catalog.h"
#include "sql/analysis.h"

namespace pgveil::sql {

struct Bounds {
    std::size_t text_bytes = 1 << 20;
    std::uint32_t depth = 500;
    std::uint32_t nodes = 100'000;
};

/// What a statement or cursor made at SQL level stands for; the relay looks names up (EXECUTE, FETCH).
class NamedStatements {
  public:
    virtual ~NamedStatements() = default;
    [[nodiscard]] virtual const Analysis* prepared(std::string_view name) const = 0;
    [[nodiscard]] virtual const Analysis* cursor(std::string_view name) const = 0;
};

struct Context {
    const catalog::Snapshot& catalog;
    const catalog::SearchPath& search_path;
    std::span<const Oid> parameter_types = {};   // declared by Parse; {0} where not
    const NamedStatements* named = nullptr;      // null: EXECUTE and FETCH are Unknown
    std::span<const std::string> allowed_settings = {};  // dotted names from [[database]] settings
    Bounds bounds = {};
};

/// True if `text` is valid UTF-8 without NUL.
[[nodiscard]] bool valid_text(std::string_view text);

/// Never fails: what cannot be understood comes back as Kind::Unknown with `unparsed` or reasons.
[[nodiscard]] Analysis analyze(std::string_view text, const Context& context);

}  // namespace pgveil::sql
