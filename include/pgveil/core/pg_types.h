// PostgreSQL's own small vocabulary: OIDs, attribute numbers, formats, transaction status.
// Names and values are the server's (pg_type.dat, protocol chapter 55.7 of the manual).
#pragma once

#include <cstdint>

#include "pgveil/core/strong_id.h"

namespace pgveil {

using Oid = StrongId<struct OidTag, std::uint32_t>;
using AttrNumber = StrongId<struct AttrNumberTag, std::int16_t>;  // > 0 user column, < 0 system, 0 none

inline constexpr Oid kInvalidOid{0};

/// A column of a stored relation; {0,0} when an output column is no stored column.
struct ColumnId {
    Oid relation;
    AttrNumber attribute;
    auto operator<=>(const ColumnId&) const = default;
};

/// Format code of a value on the wire (Bind, RowDescription).
enum class Format : std::int16_t { Text = 0, Binary = 1 };

/// ReadyForQuery's status byte.
enum class TransactionStatus : char { Idle = 'I', InTransaction = 'T', Failed = 'E' };

/// pg_type.typtype and the categories masking cares for.
enum class TypeKind : std::uint8_t { Unknown, Base, Array, Composite, Domain, Enum, Range, Multirange, Pseudo };

namespace type_oid {
inline constexpr Oid Bool{16}, Bytea{17}, Char{18}, Name{19}, Int8{20}, Int2{21}, Int4{23}, Regproc{24},
    Text{25}, OidType{26}, Json{114}, Xml{142}, Float4{700}, Float8{701}, Unknown{705}, Money{790}, Macaddr{829},
    Inet{869}, Cidr{650}, Macaddr8{774}, Bpchar{1042}, Varchar{1043}, Date{1082}, Time{1083}, Timestamp{1114},
    Timestamptz{1184}, Interval{1186}, Timetz{1266}, Bit{1560}, Varbit{1562}, Numeric{1700}, Uuid{2950},
    Tsvector{3614}, Jsonb{3802}, Record{2249}, TextArray{1009}, VarcharArray{1015}, Int4Array{1007}, Cstring{2275},
    Void{2278};
}  // namespace type_oid

}  // namespace pgveil
template <>
struct std::hash<pgveil::ColumnId> {
    std::size_t operator()(const pgveil::ColumnId& c) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{c.relation.value} << 16) ^
                                          static_cast<std::uint16_t>(c.attribute.value));
    }
};
