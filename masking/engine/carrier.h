// Carrier: how a value of a type is scanned; Shape: how it is taken apart. The one table from PostgreSQL's types to codecs.
//
// What is not in the table is Foreign: shown only after scanning, and only if it can be read; under a tag, never. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "pgveil/masking/column.h"

namespace pgveil::masking {

enum class Carrier : std::uint8_t {
    Foreign,    // an extension's type, a range, a record...: text form is scanned, binary only if it is text
    Text,       // the bytes are the text, in both formats
    Json,       // text in both formats
    Jsonb,      // binary: a version byte, then text
    Array,      // of `element`
    Bytea,      // text form: \x and hex digits
    Hstore,     // pairs of texts
    Tsvector,   // lexemes with positions
    Number,     // digits that a name can make sensitive
    Plain       // can carry no text: dates, booleans, uuids, geometry, addresses
};

[[nodiscard]] Carrier carrier_of(Oid oid, TypeKind kind);
[[nodiscard]] inline Carrier carrier_of(const TypeInfo& type) { return carrier_of(type.oid, type.kind); }

struct Shape {
    Carrier carrier = Carrier::Foreign;
    Oid oid, element;               // element: of arrays; of ranges and multiranges the subtype
    TypeKind element_kind = TypeKind::Unknown;
    std::string_view element_name;  // lives as long as the TypeInfo
    bool record = false;            // a composite or `record`
    bool array = false, range = false, multirange = false;
    Format format = Format::Text;
};
[[nodiscard]] Shape shape_of(const TypeInfo& type, Format format);
/// The element's shape; `told` is what the value itself says its element type is, where the catalog said nothing.
[[nodiscard]] Shape shape_of_element(const Shape& of, Oid told = {});

}  // namespace pgveil::masking
