// Typed transforms: the stand-in of a number, date, timestamp, uuid or address, of its own type.
//
// Stand-ins lie where no real value does: numbers below minus a million (the class's own reserved numbers where it
// has any), dates in the 19th century, 240.0.0.0/4 and 2001:db8::/32, locally administered devices, uuids of
// version 8. Equal values get equal stand-ins in every type and format. Pure but for the keyring.
#pragma once

#include "codec/scalar.h"
#include "transform/keyring.h"
#include "transform/transform.h"

namespace pgveil::masking {

/// Replaces the value of a column of `type`. False: the type cannot say it, the answer is NULL.
[[nodiscard]] bool transform_scalar(const MaskOrder& order, Oid type, Keyring& keys, Scalar& scalar);
/// Whether transform_scalar can be true for some value of the type.
[[nodiscard]] bool can_transform(Transform effective, Oid type);

/// The type whose stand-in a text gets instead of a token, where its class or form says what it is.
[[nodiscard]] std::optional<Oid> type_of_text(Transform effective, std::string_view class_name, std::string_view value);
/// Appends a text's typed form; false if it has none under this order.
[[nodiscard]] bool append_typed_text(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to);

}  // namespace pgveil::masking
