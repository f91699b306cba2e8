// json and jsonb: the same structure out, findings masked inside strings, keys and numbers.
#include <algorithm>
#include <iterator>

#include "engine/value_masker.h"
#include "transform/typed.h"

namespace pgveil::masking {
namespace {

/// More distinct names on one path that say something: nobody's data, an attack on the walk.
constexpr std::size_t kMostActive = 64;

void append_json_escaped(std::string_view text, std::string& to) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            to.push_back('\\');
            to.push_back(c);
        } else if (byte < 0x20) {
            to.append("\\u00");
            to.push_back(hex[byte >> 4U]);
            to.push_back(hex[byte & 15U]);
        } else {
            to.push_back(c);
        }
    }
}

}  // namespace

Fate ValueMasker::json(std::string_view value, const Task& task, std::string& to) {
    const std::size_t from = to.size();
    const Fate fate = walk_json(value, task, to);
    if (fate != Fate::Changed) to.resize(from);
    return fate;
}

/// A string or number alone is masked as what it is; a document as one value.
Fate ValueMasker::whole_json(std::string_view value, const Task& task, std::string& to) {
    cursor_.reset(value);
    const JsonToken token = cursor_.next();
    if (token == JsonToken::Error) return Fate::Withheld;
    const Transform transform = effective(task.order);
    if (token == JsonToken::Number && can_transform(transform, type_oid::Numeric)) {
        const Shape number{.oid = type_oid::Numeric, .format = Format::Text};
        return scalar(number, cursor_.raw(), task, to);
    }
    masked_.clear();
    const bool keyed = transform == Transform::Hash || transform == Transform::Pseudonym;
    if (token != JsonToken::String && !keyed) append_redaction(task.order.class_name, masked_);
    else if (!append_masked(task.order, token == JsonToken::String ? decoded_token() : value, keys_, masked_)) return Fate::Withheld;
    to.push_back('"');
    append_json_escaped(masked_, to);
    to.push_back('"');
    return Fate::Changed;
}

Fate ValueMasker::walk_json(std::string_view value, const Task& task, std::string& to) {
    cursor_.reset(value);
    active_.clear();
    marks_.clear();
    key_hints_ = nullptr;
    std::size_t copied = 0;
    bool changed = false;
    for (;;) {
        const JsonToken token = cursor_.next();
        const HintView hints{task.hints.stored, task.hints.shown, active_};
        switch (token) {
            case JsonToken::Error: return undecodable();
            case JsonToken::End:
                if (changed) to.append(value.substr(copied));
                return doubt_ ? Fate::Withheld : changed ? Fate::Changed : Fate::Same;
            case JsonToken::ObjectBegin:
            case JsonToken::ArrayBegin:
                marks_.push_back(static_cast<std::uint32_t>(active_.size()));
                key_hints_ = nullptr;
                break;
            case JsonToken::ObjectEnd:
            case JsonToken::ArrayEnd:
                active_.resize(marks_.back());
                marks_.pop_back();
                key_hints_ = nullptr;
                break;
            case JsonToken::Key: changed |= enter_key(task, to, value, copied); break;
            case JsonToken::String: changed |= json_string(hints, value, to, copied); break;
            case JsonToken::Number: changed |= json_number(hints, value, to, copied); break;
            case JsonToken::Literal: break;
        }
        if (doubt_) return Fate::Withheld;
    }
}

std::string_view ValueMasker::decoded_token() {
    if (!cursor_.escaped()) return cursor_.raw();
    decode_json_string(cursor_.raw(), decoded_);
    return decoded_.text;
}

bool ValueMasker::enter_key(const Task&, std::string& to, std::string_view value, std::size_t& copied) {
    active_.resize(marks_.back());
    const NameHints* hints = key_hints_ = hint_cache_.of(decoded_token());
    const bool changed = json_string({}, value, to, copied);
    if (hints != nullptr && std::ranges::find(active_, hints) == active_.end()) {
        if (active_.size() == kMostActive) doubt_ = true;
        else active_.push_back(hints);
    }
    return changed;
}

bool ValueMasker::json_string(const HintView& hints, std::string_view value, std::string& to, std::size_t& copied) {
    const std::string_view text = decoded_token();
    const std::size_t start = cursor_.start(), end = cursor_.end();
    if (const Rule* named = hints.named(type_oid::Text); named != nullptr && !text.empty()) {
        to.append(value.substr(copied, start - copied));
        masked_.clear();
        if (!append_masked({named->transform, named->class_name, {}, false}, text, keys_, masked_)) append_redaction(named->class_name, masked_);
        append_json_escaped(masked_, to);
        copied = end;
        return true;
    }
    const auto [findings, doubt] = detector_.detect(text, hints);
    if (doubt) doubt_ = true;
    for (const Finding& finding : findings) {
        const std::size_t from = start + (cursor_.escaped() ? decoded_.origin[finding.start] : finding.start);
        to.append(value.substr(copied, from - copied));
        masked_.clear();
        const Finding here{finding.class_name, finding.rule, 0, finding.end - finding.start, finding.confidence, finding.transform};
        splice(text.substr(finding.start, here.end), {&here, 1}, masked_);
        append_json_escaped(masked_, to);
        copied = start + (cursor_.escaped() ? decoded_.origin[finding.end] : finding.end);
    }
    return !findings.empty();
}

bool ValueMasker::json_number(const HintView& hints, std::string_view value, std::string& to, std::size_t& copied) {
    // "tokens": 5 counts tokens; what lies deeper, as in "phones": [..] or "phones": {"home": ..}, are the things themselves.
    const bool counted = key_hints_ != nullptr && key_hints_->counts;
    number_path_.clear();
    std::ranges::copy_if(hints.path, std::back_inserter(number_path_), [&](const NameHints* name) { return !counted || name != key_hints_; });
    const HintView of_number{hints.stored, hints.shown, number_path_};
    if (of_number.named(type_oid::Numeric) == nullptr) {
        const auto [findings, doubt] = detector_.detect(cursor_.raw(), of_number);
        if (doubt) doubt_ = true;
        if (findings.empty()) return false;
    }
    to.append(value.substr(copied, cursor_.start() - copied));
    to.append("null");  // a number cannot say that it is masked
    copied = cursor_.end();
    return true;
}

}  // namespace pgveil::masking
