// Column: what the masking engine is told of one result column. Value, any thread. Not hostile: the
// fields come from RowDescription and the catalog; names are data all the same and are never printed.
#pragma once

#include <string>
#include <vector>

#include "pgveil/core/pg_types.h"

namespace pgveil::masking {

/// A type as far as values of it must be taken apart. Domains are given by their base type already.
struct TypeInfo {
    Oid oid;
    TypeKind kind = TypeKind::Unknown;   // Unknown: nothing of it is ever shown under a tag
    Oid element;                         // arrays: element type; ranges: subtype
    TypeKind element_kind = TypeKind::Unknown;
    std::string name, element_name;      // pg_type.typname where known ("hstore" is dynamic)
    bool operator==(const TypeInfo&) const = default;
};

struct Column {
    std::string name;                    // output name (chosen by the agent: hints *for* only)
    std::string stored_name;             // name of the stored column, empty for expressions
    ColumnId id;                         // stored column or {0,0}
    TypeInfo type;
    Format format = Format::Text;
    bool name_speaks = true;             // false: `name` stands over a count, a literal or the catalog's own words
};

}  // namespace pgveil::masking
