#include "engine/carrier.h"

#include <algorithm>
#include <array>

namespace pgveil::masking {
namespace {

// pg_type.dat. Arrays of types that carry no text are listed as their elements.
struct Known {
    std::uint32_t oid;
    Carrier carrier;
    std::uint32_t element = 0;
};
constexpr auto kKnown = [] {
    std::array made = {
    Known{16, Carrier::Plain},     // bool
    Known{17, Carrier::Bytea},
    Known{18, Carrier::Plain},     // "char": one byte
    Known{19, Carrier::Text},      // name
    Known{20, Carrier::Number}, Known{21, Carrier::Number}, Known{23, Carrier::Number},
    Known{24, Carrier::Plain},     // regproc
    Known{25, Carrier::Text},
    Known{26, Carrier::Plain}, Known{27, Carrier::Plain}, Known{28, Carrier::Plain}, Known{29, Carrier::Plain},  // oid tid xid cid
    Known{22, Carrier::Plain}, Known{30, Carrier::Plain},     // int2vector, oidvector
    Known{114, Carrier::Json}, Known{142, Carrier::Text},  // json, xml
    Known{143, Carrier::Array, 142}, Known{199, Carrier::Array, 114},
    Known{600, Carrier::Plain}, Known{601, Carrier::Plain}, Known{602, Carrier::Plain}, Known{603, Carrier::Plain},
    Known{604, Carrier::Plain}, Known{628, Carrier::Plain}, Known{718, Carrier::Plain},  // geometry
    Known{650, Carrier::Plain}, Known{869, Carrier::Plain}, Known{829, Carrier::Plain}, Known{774, Carrier::Plain},  // networks
    Known{700, Carrier::Number}, Known{701, Carrier::Number},
    Known{705, Carrier::Text},     // unknown
    Known{790, Carrier::Number},   // money
    Known{1000, Carrier::Plain},   // bool[]
    Known{1001, Carrier::Array, 17},
    Known{1003, Carrier::Array, 19},
    Known{1005, Carrier::Number}, Known{1007, Carrier::Number}, Known{1016, Carrier::Number},
    Known{1009, Carrier::Array, 25}, Known{1014, Carrier::Array, 1042}, Known{1015, Carrier::Array, 1043},
    Known{1021, Carrier::Number}, Known{1022, Carrier::Number}, Known{1028, Carrier::Plain},
    Known{1033, Carrier::Text},    // aclitem: text form only
    Known{1042, Carrier::Text}, Known{1043, Carrier::Text},
    Known{1082, Carrier::Plain}, Known{1083, Carrier::Plain}, Known{1114, Carrier::Plain}, Known{1115, Carrier::Plain},
    Known{1182, Carrier::Plain}, Known{1183, Carrier::Plain}, Known{1184, Carrier::Plain}, Known{1185, Carrier::Plain},
    Known{1186, Carrier::Plain}, Known{1187, Carrier::Plain}, Known{1266, Carrier::Plain}, Known{1270, Carrier::Plain},  // times
    Known{1231, Carrier::Number}, Known{1263, Carrier::Array, 2275},
    Known{1560, Carrier::Plain}, Known{1562, Carrier::Plain},  // bit strings
    Known{1700, Carrier::Number},
    Known{1790, Carrier::Text},    // refcursor
    Known{2202, Carrier::Plain}, Known{2203, Carrier::Plain}, Known{2204, Carrier::Plain}, Known{2205, Carrier::Plain},
    Known{2206, Carrier::Plain},   // reg*
    Known{2275, Carrier::Text},    // cstring
    Known{2278, Carrier::Plain},   // void
    Known{2950, Carrier::Plain}, Known{2951, Carrier::Plain},  // uuid
    Known{3220, Carrier::Plain},   // pg_lsn
    Known{3802, Carrier::Jsonb}, Known{3807, Carrier::Array, 3802},
    Known{3904, Carrier::Plain}, Known{3906, Carrier::Plain}, Known{3908, Carrier::Plain}, Known{3910, Carrier::Plain},
    Known{3912, Carrier::Plain}, Known{3926, Carrier::Plain},  // ranges of numbers and times
    Known{4089, Carrier::Plain}, Known{4096, Carrier::Plain},  // regnamespace, regrole
    Known{5069, Carrier::Plain},   // xid8
    };
    std::ranges::sort(made, {}, &Known::oid);
    return made;
}();

const Known* known(Oid oid) {
    const auto* found = std::ranges::lower_bound(kKnown, oid.value, {}, &Known::oid);
    return found != kKnown.end() && found->oid == oid.value ? found : nullptr;
}

}  // namespace

Carrier carrier_of(Oid oid, TypeKind kind) {
    if (const Known* entry = known(oid)) return entry->carrier;
    switch (kind) {
        case TypeKind::Array: return Carrier::Array;
        case TypeKind::Enum: return Carrier::Plain;   // labels belong to the schema
        case TypeKind::Unknown:
        case TypeKind::Base:
        case TypeKind::Composite:
        case TypeKind::Domain:
        case TypeKind::Range:
        case TypeKind::Multirange:
        case TypeKind::Pseudo: break;
    }
    return Carrier::Foreign;
}

Oid element_of(const TypeInfo& type) {
    const Known* entry = known(type.oid);
    return entry != nullptr && entry->element != 0 ? Oid{entry->element} : type.element;
}

}  // namespace pgveil::masking
