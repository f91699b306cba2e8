#include "engine/value_masker.h"

#include <algorithm>

#include "codec/bytea.h"
#include "codec/utf8.h"
#include "detect/chars.h"

namespace pgveil::masking {
ValueMasker::ValueMasker(std::shared_ptr<const CompiledRules> rules, const KeyedHash& keys)
    : detector_(rules), hint_cache_(rules), keys_(keys) {
    active_.reserve(64);
    marks_.reserve(64);
}

Fate ValueMasker::mask(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (task.whole) return whole(shape, value, task, to);
    switch (shape.carrier) {
        case Carrier::Text: return text(value, task, to);
        case Carrier::Json: return json(value, task, to);
        case Carrier::Jsonb: return jsonb(shape, value, task, to);
        case Carrier::Array: return shape.format == Format::Text ? array_text(shape, value, task, to) : array_binary(shape, value, task, to);
        case Carrier::Bytea: return bytea(shape, value, task, to);
        case Carrier::Hstore: return shape.format == Format::Text ? hstore_text(value, task, to) : hstore_binary(value, task, to);
        case Carrier::Tsvector: return shape.format == Format::Text ? text(value, task, to) : tsvector_binary(value, task, to);
        case Carrier::Foreign: return foreign(shape, value, task, to);
        case Carrier::Number:
        case Carrier::Plain: break;
    }
    return Fate::Same;
}

Fate ValueMasker::undecodable() {
    doubt_ = true;
    return Fate::Withheld;
}

Fate ValueMasker::text(std::string_view value, const Task& task, std::string& to) {
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
    if (shape.range && shape.format == Format::Text) return range_text(shape, value, task, to);
    if (shape.multirange) return multirange_binary(shape, value, task, to);
    if (shape.range) return range_binary(shape, value, task, to);
    if (shape.format == Format::Binary) {
        if (shape.record) return record_binary(value, task, to);
        if (value.find('\0') != std::string_view::npos || !is_utf8(value)) return undecodable();
    }
    return text(value, task, to);
}

Fate ValueMasker::bytea(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (shape.format == Format::Binary) return is_utf8(value) ? text(value, task, to) : Fate::Same;
    masked_.clear();
    if (!decode_bytea_hex(value, scratch_)) {
        // bytea_output = escape: what is found cannot be cut out without knowing the escapes.
        return text(value, task, masked_) == Fate::Same ? Fate::Same : Fate::Withheld;
    }
    if (!is_utf8(scratch_)) return Fate::Same;
    const Fate fate = text(scratch_, task, masked_);
    if (fate == Fate::Changed) append_bytea_hex(masked_, to);
    return fate;
}

Fate ValueMasker::jsonb(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (shape.format == Format::Text) return json(value, task, to);
    if (value.empty() || value.front() != '\x01') return undecodable();
    const std::size_t from = to.size();
    to.push_back('\x01');
    const Fate fate = json(value.substr(1), task, to);
    if (fate != Fate::Changed) to.resize(from);
    return fate;
}

}  // namespace pgveil::masking
