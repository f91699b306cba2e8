// Transforms: one value as text in, its masked form as text out. What a type can say is the engine's affair.
//
// `redact`, `partial` and `generalize` need no key. `hash` and `pseudonym` are keyed (HMAC-SHA-256 under the plan's key
// domain) and carry a keyed marker, so that the proxy recognises its own masks; `fpe` and `date_shift` are keyed too.
// Keyed transforms where they are not allowed, and what a value has no form for, become `redact`: stricter, never
// weaker. Values are hostile bytes. Pure but for the caller's buffers and the keyring.
#pragma once

#include <string>
#include <string_view>

#include "pgveil/core/keyed_hash.h"
#include "pgveil/masking/mask_plan.h"
#include "transform/keyring.h"

namespace pgveil::masking {

struct MaskOrder {
    Transform transform = Transform::Redact;
    std::string_view class_name, key_domain;
    bool keyed_allowed = false;
    std::string_view subject;    // whose date it is: date_shift moves all dates of one subject alike
};

/// What an order comes to with the keys that are allowed.
[[nodiscard]] Transform effective(const MaskOrder& order);

/// Appends the masked form of `value` to `to`. False: the answer is NULL and nothing was appended.
[[nodiscard]] bool append_masked(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to);

/// Appends `[CLASS]`.
void append_redaction(std::string_view class_name, std::string& to);
/// Appends the shape for a human: `j***@e***.com`, `**** **** **** 1111`. Shows less than a third of any value.
void append_partial(std::string_view class_name, std::string_view value, std::string& to);
/// Appends 32 hex digits that carry a marker.
void append_hash(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys, std::string& to);
/// Appends a stand-in of the class: an address at masked.invalid, a card of a test range, a name from a list.
void append_pseudonym(std::string_view key_domain, std::string_view class_name, std::string_view value, const KeyedHash& keys,
                      std::string& to);

/// Appends a coarser text: a year, a band of ages, a bucket, a network, a postal region. False: there is none.
[[nodiscard]] bool append_generalized(const MaskOrder& order, std::string_view value, Keyring& keys, std::string& to);

/// True if `text` contains something this proxy made: a redaction, or a keyed mask whose marker fits `keys`.
/// Names from the list and partial forms are recognised by their shape.
[[nodiscard]] bool contains_mask(std::string_view text, const KeyedHash& keys);

/// The same of keyed masks alone: nobody writes one by chance.
[[nodiscard]] bool contains_keyed_mask(std::string_view text, const KeyedHash& keys);

/// The form in which equal things are equal: e-mail in lower case, numbers as digits alone. For keyed transforms.
void append_canonical(std::string_view class_name, std::string_view value, std::string& to);

}  // namespace pgveil::masking
