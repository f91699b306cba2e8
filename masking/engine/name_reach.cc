#include "engine/name_reach.h"

#include <algorithm>
#include <array>

namespace pgveil::masking {
namespace {

// Classes whose values have letters or signs in them, always.
constexpr std::array<std::string_view, 14> kNeverNumbers{"API_KEY", "CRYPTO", "EMAIL_ADDRESS", "FIRST_NAME", "IBAN_CODE", "JWT", "LAST_NAME",
                                                         "PASSWORD_HASH", "PERSON", "PRIVATE_KEY", "SIGNED_URL", "SWIFT_CODE", "URL", "VIN"};

bool is_moment(Oid type) {
    return type == type_oid::Timestamp || type == type_oid::Timestamptz || type == type_oid::Date || type == type_oid::Time || type == type_oid::Timetz;
}

bool is_number(Oid type) {
    return type == type_oid::Int2 || type == type_oid::Int4 || type == type_oid::Int8 || type == type_oid::Numeric || type == type_oid::Float4 ||
           type == type_oid::Float8 || type == type_oid::Money;
}

}  // namespace

bool name_reaches(Oid type, std::string_view class_name, bool counts) {
    if (type == type_oid::Bool || type == type_oid::Uuid || type == type_oid::Interval || type == type_oid::OidType) return false;
    const auto says = [&](std::string_view word) { return class_name.find(word) != std::string_view::npos; };
    if (is_moment(type)) return says("DATE") || says("BIRTH") || says("AGE");
    return !is_number(type) || (!counts && std::ranges::find(kNeverNumbers, class_name) == kNeverNumbers.end());
}

}  // namespace pgveil::masking
