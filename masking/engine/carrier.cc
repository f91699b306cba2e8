#include "engine/carrier.h"

#include <algorithm>
#include <array>

namespace pgveil::masking {
namespace {

// pg_type.dat. Arrays of types that carry no text have their elements' carrier: they need not be taken apart to be scanned.
struct Known {
    std::uint32_t oid;
    Carrier carrier;
    std::uint32_t element = 0, subtype = 0;   // of arrays; of ranges and multiranges
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
    Known{1000, Carrier::Plain, 16},   // bool[]
    Known{1001, Carrier::Array, 17},
    Known{1003, Carrier::Array, 19},
    Known{1005, Carrier::Number, 21}, Known{1007, Carrier::Number, 23}, Known{1016, Carrier::Number, 20},
    Known{1009, Carrier::Array, 25}, Known{1014, Carrier::Array, 1042}, Known{1015, Carrier::Array, 1043},
    Known{1021, Carrier::Number, 700}, Known{1022, Carrier::Number, 701}, Known{1028, Carrier::Plain, 26},
    Known{1033, Carrier::Text},    // aclitem: text form only
    Known{1042, Carrier::Text}, Known{1043, Carrier::Text},
    Known{1082, Carrier::Plain}, Known{1083, Carrier::Plain}, Known{1114, Carrier::Plain}, Known{1115, Carrier::Plain, 1114},
    Known{1182, Carrier::Plain, 1082}, Known{1183, Carrier::Plain, 1083}, Known{1184, Carrier::Plain}, Known{1185, Carrier::Plain, 1184},
    Known{1186, Carrier::Plain}, Known{1187, Carrier::Plain, 1186}, Known{1266, Carrier::Plain}, Known{1270, Carrier::Plain, 1266},  // times
    Known{1231, Carrier::Number, 1700}, Known{1263, Carrier::Array, 2275},
    Known{1560, Carrier::Plain}, Known{1562, Carrier::Plain},  // bit strings
    Known{1700, Carrier::Number},
    Known{1790, Carrier::Text},    // refcursor
    Known{2202, Carrier::Plain}, Known{2203, Carrier::Plain}, Known{2204, Carrier::Plain}, Known{2205, Carrier::Plain},
    Known{2206, Carrier::Plain},   // reg*
    Known{2275, Carrier::Text},    // cstring
    Known{2278, Carrier::Plain},   // void
    Known{2950, Carrier::Plain}, Known{2951, Carrier::Plain, 2950},  // uuid
    Known{3220, Carrier::Plain},   // pg_lsn
    Known{3802, Carrier::Jsonb}, Known{3807, Carrier::Array, 3802},
    Known{3904, Carrier::Plain, 0, 23}, Known{3906, Carrier::Plain, 0, 1700}, Known{3908, Carrier::Plain, 0, 1114}, Known{3910, Carrier::Plain, 0, 1184},
    Known{3912, Carrier::Plain, 0, 1082}, Known{3926, Carrier::Plain, 0, 20},  // ranges of numbers and times
    Known{4451, Carrier::Plain, 0, 23}, Known{4532, Carrier::Plain, 0, 1700}, Known{4533, Carrier::Plain, 0, 1114}, Known{4534, Carrier::Plain, 0, 1184},
    Known{4535, Carrier::Plain, 0, 1082}, Known{4536, Carrier::Plain, 0, 20},  // multiranges
    Known{651, Carrier::Plain, 650}, Known{1041, Carrier::Plain, 869}, Known{1040, Carrier::Plain, 829}, Known{775, Carrier::Plain, 774},
    Known{791, Carrier::Number, 790}, Known{1561, Carrier::Plain, 1560}, Known{1563, Carrier::Plain, 1562}, Known{1002, Carrier::Plain, 18},
    Known{1017, Carrier::Plain, 600}, Known{1018, Carrier::Plain, 601}, Known{1019, Carrier::Plain, 602}, Known{1027, Carrier::Plain, 604},
    Known{719, Carrier::Plain, 718}, Known{629, Carrier::Plain, 628},
    Known{3905, Carrier::Plain, 3904}, Known{3907, Carrier::Plain, 3906}, Known{3909, Carrier::Plain, 3908}, Known{3911, Carrier::Plain, 3910},
    Known{3913, Carrier::Plain, 3912}, Known{3927, Carrier::Plain, 3926},
    Known{6150, Carrier::Plain, 4451}, Known{6151, Carrier::Plain, 4532}, Known{6152, Carrier::Plain, 4533}, Known{6153, Carrier::Plain, 4534},
    Known{6155, Carrier::Plain, 4535}, Known{6157, Carrier::Plain, 4536}, Known{3643, Carrier::Array, 3614}, Known{3614, Carrier::Tsvector},
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

Shape shape_of(const TypeInfo& type, Format format) {
    const Known* entry = known(type.oid);
    Shape shape{.carrier = carrier_of(type.oid, type.kind), .oid = type.oid, .format = format};
    if (shape.carrier == Carrier::Foreign && type.kind == TypeKind::Base && type.name == "citext") shape.carrier = Carrier::Text;
    if (shape.carrier == Carrier::Foreign && type.kind == TypeKind::Base && type.name == "hstore") shape.carrier = Carrier::Hstore;
    shape.record = type.kind == TypeKind::Composite || type.oid == type_oid::Record;
    const bool vector = type.oid.value == 22 || type.oid.value == 30;   // int2vector, oidvector: arrays with a text form of their own
    shape.array = !vector && (shape.carrier == Carrier::Array || type.kind == TypeKind::Array || (entry != nullptr && entry->element != 0));
    shape.range = type.kind == TypeKind::Range || type.kind == TypeKind::Multirange || (entry != nullptr && entry->subtype != 0);
    shape.multirange = type.kind == TypeKind::Multirange || (type.oid.value >= 4451 && type.oid.value <= 4536);
    if (!shape.array && !shape.range) return shape;
    const std::uint32_t listed = entry == nullptr ? 0 : shape.array ? entry->element : entry->subtype;
    shape.element = listed != 0 ? Oid{listed} : type.element;
    shape.element_kind = type.element_kind;
    shape.element_name = type.element_name;
    return shape;
}

Shape shape_of_element(const Shape& of, Oid told) {
    const Oid oid = of.element != kInvalidOid ? of.element : told;
    return shape_of({.oid = oid, .kind = of.element_kind, .name = std::string(of.element_name)}, of.format);
}

}  // namespace pgveil::masking
