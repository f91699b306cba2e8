// hstore (hstore_io.c) and tsvector (tsvector.c of the server's sources): text by text, each re-encoded. An hstore's
// keys are hints as JSON's are.
#include "codec/utf8.h"
#include "codec/wire_number.h"
#include "engine/value_masker.h"

namespace pgveil::masking {
namespace {

/// A quoted text at `at`, decoded; `at` moves behind it. False: there is none.
bool read_quoted(std::string_view value, std::size_t& at, std::string& decoded) {
    decoded.clear();
    if (at >= value.size() || value[at] != '"') return false;
    for (++at; at < value.size(); ++at) {
        char c = value[at];
        if (c == '"') {
            ++at;
            return true;
        }
        if (c == '\\') {
            if (++at == value.size()) return false;
            c = value[at];
        }
        decoded.push_back(c);
    }
    return false;
}

void append_quoted(std::string_view text, std::string& to) {
    to.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') to.push_back('\\');
        to.push_back(c);
    }
    to.push_back('"');
}

}  // namespace

/// A value under its key; Withheld means the pair's value is NULL.
Fate ValueMasker::hstore_value(std::string_view key, std::string_view value, const Task& task, std::string& to) {
    const NameHints* hints = hint_cache_.of(key);
    Task inner = task;
    inner.hints.path = {&hints, hints != nullptr ? std::size_t{1} : 0};
    const Rule* named = inner.hints.named(type_oid::Text);
    if (named == nullptr || value.empty()) return text(value, inner, to);
    return append_masked({named->transform, named->class_name, {}, false, {}}, value, keys_, to) ? Fate::Changed : Fate::Withheld;
}

Fate ValueMasker::hstore_text(std::string_view value, const Task& task, std::string& to) {
    const std::size_t from = to.size();
    std::string key = std::move(element_), item = std::move(part_);
    bool changed = false, sound = true;
    std::size_t at = 0;
    while (sound && at < value.size()) {
        if (at != 0) {
            sound = value.substr(at, 2) == ", ";
            to.append(", ");
            at += 2;
        }
        sound = sound && read_quoted(value, at, key) && value.substr(at, 2) == "=>";
        if (!sound) break;
        at += 2;
        part_masked_.clear();
        Fate fate = text(key, task, part_masked_);
        changed |= fate != Fate::Same;
        append_quoted(fate == Fate::Same ? key : fate == Fate::Changed ? part_masked_ : "[MASKED]", to);
        to.append("=>");
        if (value.substr(at, 4) == "NULL") {
            to.append("NULL");
            at += 4;
            continue;
        }
        sound = read_quoted(value, at, item);
        part_masked_.clear();
        fate = sound ? hstore_value(key, item, task, part_masked_) : Fate::Same;
        changed |= fate != Fate::Same;
        if (fate == Fate::Withheld) to.append("NULL");
        else append_quoted(fate == Fate::Same ? item : part_masked_, to);
    }
    element_ = std::move(key);
    part_ = std::move(item);
    if (!sound || !changed) to.resize(from);
    if (!sound) return undecodable();
    return changed ? Fate::Changed : Fate::Same;
}

Fate ValueMasker::hstore_binary(std::string_view value, const Task& task, std::string& to) {
    std::string_view rest = value;
    std::int32_t count = 0;
    if (!take_number(rest, count) || count < 0) return undecodable();
    const std::size_t from = to.size();
    to.append(value.substr(0, 4));
    bool changed = false, sound = true;
    const auto take_text = [&](std::string_view& taken, bool& null) {
        std::int32_t size = 0;
        if (!take_number(rest, size) || size < -1 || (size > 0 && static_cast<std::size_t>(size) > rest.size())) return false;
        null = size < 0;
        taken = rest.substr(0, null ? 0 : static_cast<std::size_t>(size));
        rest.remove_prefix(taken.size());
        return is_utf8(taken);
    };
    for (; count > 0; --count) {
        std::string_view key, item;
        bool null = false;
        sound = take_text(key, null) && !null && take_text(item, null);
        if (!sound) break;
        masked_.clear();
        const Fate by_key = text(key, task, masked_);
        const std::string_view shown = by_key == Fate::Same ? key : by_key == Fate::Changed ? std::string_view(masked_) : "[MASKED]";
        append_number(static_cast<std::int32_t>(shown.size()), to);
        to.append(shown);
        const std::size_t at = to.size();
        to.append(4, '\xFF');
        const Fate fate = null ? Fate::Withheld : hstore_value(key, item, task, to);
        if (fate == Fate::Same) to.append(item);
        if (fate != Fate::Withheld) put_int32(to, at, static_cast<std::int32_t>(to.size() - at - 4));
        changed |= by_key != Fate::Same || (!null && fate != Fate::Same);
    }
    sound &= rest.empty();
    if (!sound || !changed) to.resize(from);
    if (!sound) return undecodable();
    return changed ? Fate::Changed : Fate::Same;
}

Fate ValueMasker::tsvector_binary(std::string_view value, const Task& task, std::string& to) {
    std::string_view rest = value;
    std::int32_t count = 0;
    if (!take_number(rest, count) || count < 0) return undecodable();
    const std::size_t from = to.size();
    to.append(value.substr(0, 4));
    bool changed = false, sound = true;
    for (; sound && count > 0; --count) {
        const std::size_t end = rest.find('\0');
        sound = end != std::string_view::npos && rest.size() >= end + 3;
        if (!sound) break;
        const std::string_view lexeme = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        const std::string_view tail = rest;
        std::uint16_t positions = 0;
        (void)take_number(rest, positions);
        sound = rest.size() >= std::size_t{2} * positions && is_utf8(lexeme);
        if (!sound) break;
        rest.remove_prefix(std::size_t{2} * positions);
        const Fate fate = text(lexeme, task, to);
        changed |= fate != Fate::Same;
        if (fate == Fate::Same) to.append(lexeme);
        if (fate == Fate::Withheld) to.append("[MASKED]");
        to.push_back('\0');
        to.append(tail.substr(0, tail.size() - rest.size()));
    }
    sound &= rest.empty();
    if (!sound || !changed) to.resize(from);
    if (!sound) return undecodable();
    return changed ? Fate::Changed : Fate::Same;
}

}  // namespace pgveil::masking
