// Carrier: how a value of a type is taken apart. The one table from PostgreSQL's types to codecs.
//
// What is not in the table is Foreign: shown only after scanning, and only if it can be read. Pure.
#pragma once

#include <cstdint>

#include "pgveil/masking/column.h"

namespace pgveil::masking {

enum class Carrier : std::uint8_t {
    Foreign,    // an extension's type, a range, a record...: text form is scanned, binary only if it is text
    Text,       // the bytes are the text, in both formats
    Json,       // text in both formats
    Jsonb,      // binary: a version byte, then text
    Array,      // of `element`
    Bytea,      // text form: \x and hex digits
    Number,     // digits that a name can make sensitive
    Plain       // can carry no text: dates, booleans, uuids, geometry, addresses
};

[[nodiscard]] Carrier carrier_of(Oid oid, TypeKind kind);
[[nodiscard]] inline Carrier carrier_of(const TypeInfo& type) { return carrier_of(type.oid, type.kind); }
/// The element type of an array; the catalog's word, or the built-in types' own.
[[nodiscard]] Oid element_of(const TypeInfo& type);

}  // namespace pgveil::masking
