// Values under a tag or a name that decides alone: each masked whole, as a value of its own type where the transform
// has one, else NULL. Nothing of an unknown type is ever shown.
#include "codec/bytea.h"
#include "codec/scalar.h"
#include "engine/value_masker.h"
#include "transform/typed.h"

namespace pgveil::masking {
namespace {

/// Types in which some mask can stand in a value's place.
bool can_say(const Shape& shape, Transform transform) {
    switch (shape.carrier) {
        case Carrier::Text:
        case Carrier::Json:
        case Carrier::Jsonb:
        case Carrier::Bytea: return true;
        case Carrier::Array:
        case Carrier::Hstore:
        case Carrier::Tsvector:
        case Carrier::Foreign:
        case Carrier::Number:
        case Carrier::Plain: break;
    }
    return !shape.array && !shape.range && can_transform(transform, shape.oid);
}

/// What is left of a text may be half a tag of its markup.
bool keeps_letters(Transform transform) { return transform == Transform::Partial || transform == Transform::Fpe; }

/// A shift keeps the order of bounds, and so does rounding down; any other stand-in may turn a range around.
bool keeps_order(Transform transform) { return transform == Transform::DateShift || transform == Transform::Generalize; }

}  // namespace

Fate ValueMasker::whole(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    const Transform transform = effective(task.order);
    if (transform == Transform::Clear) return Fate::Same;
    if (transform == Transform::Null) return Fate::Withheld;
    if (shape.array) {
        if (!can_say(shape_of_element(shape), transform)) return Fate::Withheld;
        return shape.format == Format::Text ? array_text(shape, value, task, to) : array_binary(shape, value, task, to);
    }
    if (shape.range) {
        if (!keeps_order(transform) || !can_transform(transform, shape.element)) return Fate::Withheld;
        if (shape.format == Format::Text) return range_text(shape, value, task, to);
        return shape.multirange ? multirange_binary(shape, value, task, to) : range_binary(shape, value, task, to);
    }
    switch (shape.carrier) {
        case Carrier::Text: {
            MaskOrder order = task.order;
            if (shape.oid == type_oid::Xml && keeps_letters(transform)) order.transform = Transform::Redact;
            return append_masked(order, value, keys_, to) ? Fate::Changed : Fate::Withheld;
        }
        case Carrier::Json: return whole_json(value, task, to);
        case Carrier::Jsonb: {
            if (shape.format == Format::Text) return whole_json(value, task, to);
            if (!value.starts_with('\x01')) return Fate::Withheld;
            const std::size_t from = to.size();
            to.push_back('\x01');
            const Fate fate = whole_json(value.substr(1), task, to);
            if (fate != Fate::Changed) to.resize(from);
            return fate;
        }
        case Carrier::Bytea: return whole_bytea(shape, value, task, to);
        case Carrier::Number:
        case Carrier::Plain: return scalar(shape, value, task, to);
        case Carrier::Array:
        case Carrier::Hstore:
        case Carrier::Tsvector:
        case Carrier::Foreign: break;
    }
    return Fate::Withheld;
}

Fate ValueMasker::scalar(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (!can_transform(effective(task.order), shape.oid)) return Fate::Withheld;
    auto read = read_scalar(shape.oid, shape.format, value);
    if (!read || !transform_scalar(task.order, shape.oid, keys_, *read)) return Fate::Withheld;
    return append_scalar(*read, shape.oid, shape.format, to) ? Fate::Changed : Fate::Withheld;
}

/// The mask's text as bytes; a keyed token of the bytes themselves, so that both formats agree.
Fate ValueMasker::whole_bytea(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    std::string_view bytes = value;
    if (shape.format == Format::Text) {
        if (!decode_bytea_hex(value, scratch_)) return Fate::Withheld;
        bytes = scratch_;
    }
    MaskOrder order = task.order;
    if (effective(order) != Transform::Hash && effective(order) != Transform::Pseudonym) order.transform = Transform::Redact;
    masked_.clear();
    if (effective(order) == Transform::Redact) append_redaction(order.class_name, masked_);
    else append_hash(order.key_domain, order.class_name, bytes, keys_.hash(), masked_);
    if (shape.format == Format::Text) append_bytea_hex(masked_, to);
    else to.append(masked_);
    return Fate::Changed;
}

}  // namespace pgveil::masking
