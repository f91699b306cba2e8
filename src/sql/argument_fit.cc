#include "sql/argument_fit.h"

namespace pgveil::sql {
namespace {

using catalog::Type;

// pg_type.dat's pseudo-types that take a whole kind of types; {0}: not one of them.
TypeKind kind_taken(Oid declared) {
    switch (declared.value) {
        case 2277: case 5078: return TypeKind::Array;        // anyarray, anycompatiblearray
        case 3831: case 5080: return TypeKind::Range;        // anyrange, anycompatiblerange
        case 4537: case 4538: return TypeKind::Multirange;   // anymultirange, anycompatiblemultirange
        case 3500: return TypeKind::Enum;                    // anyenum
    }
    return TypeKind::Unknown;
}

}  // namespace

bool could_pass(Oid given, Oid declared, const catalog::Snapshot& catalog) {
    if (given == kInvalidOid || given == type_oid::Unknown || given == declared) return true;
    const Oid value = catalog.base_type(given), wanted = catalog.base_type(declared);
    const Type *from = catalog.type(value), *to = catalog.type(wanted);
    if (from == nullptr || to == nullptr || value == wanted) return true;
    if (from->kind == TypeKind::Pseudo || from->kind == TypeKind::Unknown || to->kind == TypeKind::Unknown) return true;
    if (const TypeKind kind = kind_taken(wanted); kind != TypeKind::Unknown) {
        // int2vector and oidvector are base types that the server takes for arrays.
        return from->kind == kind || (kind == TypeKind::Array && from->element != kInvalidOid);
    }
    if (to->kind == TypeKind::Pseudo) return true;
    if (from->kind == TypeKind::Composite && to->kind == TypeKind::Composite) return true;   // a child passes for its parent
    if (from->kind == TypeKind::Array && to->kind == TypeKind::Array) return could_pass(from->element, to->element, catalog);
    return catalog.implicit_cast(value, wanted) || catalog.implicit_cast(given, declared);
}

}  // namespace pgveil::sql
