#include "engine/value_masker.h"

#include <algorithm>

#include "codec/utf8.h"
#include "detect/chars.h"

namespace pgveil::masking {
namespace {

/// Types in which a mask can stand in a value's place.
bool can_say(Carrier carrier) { return carrier == Carrier::Text || carrier == Carrier::Json || carrier == Carrier::Jsonb; }

}  // namespace

ValueMasker::ValueMasker(std::shared_ptr<const CompiledRules> rules, const KeyedHash& keys)
    : detector_(rules), hint_cache_(rules), keys_(keys) {
    active_.reserve(64);
    marks_.reserve(64);
}

Fate ValueMasker::mask(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    switch (shape.carrier) {
        case Carrier::Text: return text(value, task, to);
        case Carrier::Json: return json(value, task, to);
        case Carrier::Jsonb: return jsonb(shape, value, task, to);
        case Carrier::Array:
            if (task.whole && !can_say(carrier_of(shape.element, shape.element_kind))) return Fate::Withheld;
            return shape.format == Format::Text ? array_text(shape, value, task, to) : array_binary(shape, value, task, to);
        case Carrier::Bytea: return bytea(shape, value, task, to);
        case Carrier::Foreign: return foreign(shape, value, task, to);
        case Carrier::Number:
        case Carrier::Plain: break;
    }
    return task.whole ? Fate::Withheld : Fate::Same;
}

Fate ValueMasker::undecodable() {
    doubt_ = true;
    return Fate::Withheld;
}

Fate ValueMasker::text(std::string_view value, const Task& task, std::string& to) {
    if (task.whole) return append_masked(task.order, value, keys_, to) ? Fate::Changed : Fate::Withheld;
    const auto [findings, doubt] = detector_.detect(value, task.hints);
    if (doubt) return undecodable();
    if (findings.empty()) return Fate::Same;
    const bool all_of_it = findings.size() == 1 && findings[0].start == 0 && findings[0].end == value.size();
    if (all_of_it && findings[0].transform == Transform::Null) return Fate::Withheld;
    splice(value, findings, to);
    return Fate::Changed;
}

void ValueMasker::splice(std::string_view text, std::span<const Finding> findings, std::string& to) {
    std::size_t copied = 0;
    for (const Finding& finding : findings) {
        to.append(text.substr(copied, finding.start - copied));
        const std::string_view found = text.substr(finding.start, finding.end - finding.start);
        // Content is never masked with a key: the agent would build itself a dictionary.
        const MaskOrder order{finding.transform, finding.class_name, {}, false};
        if (effective(order) == Transform::Clear || !append_masked(order, found, keys_, to)) append_redaction(finding.class_name, to);
        copied = finding.end;
    }
    to.append(text.substr(copied));
}

Fate ValueMasker::foreign(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (task.whole) return Fate::Withheld;
    if (shape.format == Format::Binary) {
        if (shape.record) return record_binary(value, task, to);
        if (value.find('\0') != std::string_view::npos || !is_utf8(value)) return undecodable();
    }
    return text(value, task, to);
}

namespace {

int hex_value(char c) { return is_digit(c) ? c - '0' : lower(c) - 'a' + 10; }

/// False if it is not the hex form of bytea_out.
bool decode_hex(std::string_view text, std::string& to) {
    to.clear();
    if (!text.starts_with("\\x") || text.size() % 2 != 0) return false;
    for (std::size_t i = 2; i < text.size(); i += 2) {
        if (!is_hex(text[i]) || !is_hex(text[i + 1])) return false;
        to.push_back(static_cast<char>(hex_value(text[i]) * 16 + hex_value(text[i + 1])));
    }
    return true;
}

void append_hex_form(std::string_view bytes, std::string& to) {
    constexpr std::string_view digits = "0123456789abcdef";
    to.append("\\x");
    for (const char c : bytes) {
        to.push_back(digits[static_cast<unsigned char>(c) >> 4U]);
        to.push_back(digits[static_cast<unsigned char>(c) & 15U]);
    }
}

}  // namespace

Fate ValueMasker::bytea(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (task.whole) return Fate::Withheld;
    if (shape.format == Format::Binary) return is_utf8(value) ? text(value, task, to) : Fate::Same;
    masked_.clear();
    if (!decode_hex(value, scratch_)) {
        // bytea_output = escape: what is found cannot be cut out without knowing the escapes.
        return text(value, task, masked_) == Fate::Same ? Fate::Same : Fate::Withheld;
    }
    if (!is_utf8(scratch_)) return Fate::Same;
    const Fate fate = text(scratch_, task, masked_);
    if (fate == Fate::Changed) append_hex_form(masked_, to);
    return fate;
}

Fate ValueMasker::jsonb(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (shape.format == Format::Text) return json(value, task, to);
    if (value.empty() || value.front() != '\x01') return task.whole ? Fate::Withheld : undecodable();
    const std::size_t from = to.size();
    to.push_back('\x01');
    const Fate fate = json(value.substr(1), task, to);
    if (fate != Fate::Changed) to.resize(from);
    return fate;
}

}  // namespace pgveil::masking
