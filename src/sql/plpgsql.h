// plpgsql: what SQL a PL/pgSQL body holds, as pieces that the judge can read.
//
// A splitter, not a compiler: it knows the language's statements (pl_gram.y of 15) and gives every expression, query
// and type out of a body; whatever it does not know makes the whole body unknown. So no token of a body that was
// read stays unseen. libpg_query's own PL/pgSQL parser knows no types and refuses cursors and record fields; tests
// compare the two where it can. Reads text from the catalog. Pure, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgveil::sql {

struct PlPiece {
    enum class Kind : unsigned char {
        Expression,   // goes behind SELECT, as PL/pgSQL itself does it
        Statement,    // INTO and its targets taken out
        Dynamic,      // an expression whose text is run
        Type,
        ColumnType,   // table.column, of %TYPE; or a variable, which brings nothing new
        Transaction   // COMMIT or ROLLBACK
    };
    Kind kind = Kind::Statement;
    std::string text;
    bool operator==(const PlPiece&) const = default;
};

/// nullopt: not all of the body is understood.
[[nodiscard]] std::optional<std::vector<PlPiece>> read_plpgsql(std::string_view body);

}  // namespace pgveil::sql
