// Arrays and records (array_out, array_send, record_send of the server's sources): element by element, each
// re-encoded, so that dimensions, bounds and NULLs survive.
#include <algorithm>

#include "codec/wire_number.h"
#include "engine/value_masker.h"

namespace pgveil::masking {
namespace {

constexpr int kMostDimensions = 6;   // MAXDIM
constexpr int kMostNesting = 32;     // arrays in records in arrays

void append_array_quoted(std::string_view text, std::string& to) {
    to.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') to.push_back('\\');
        to.push_back(c);
    }
    to.push_back('"');
}

/// One element of an array literal: its decoded text and where it ends. False: malformed.
struct LiteralElement {
    std::size_t end = 0;
    bool quoted = false;
};
bool read_element(std::string_view value, std::size_t at, std::string& decoded, LiteralElement& element) {
    decoded.clear();
    element.quoted = value[at] == '"';
    if (element.quoted) ++at;
    for (; at < value.size(); ++at) {
        char c = value[at];
        if (element.quoted ? c == '"' : c == ',' || c == '}' || c == '{' || c == '"') break;
        if (c == '\\') {
            if (++at == value.size()) return false;
            c = value[at];
        }
        decoded.push_back(c);
    }
    if (at >= value.size()) return false;
    if (element.quoted) ++at;
    element.end = at;
    return at < value.size() && (value[at] == ',' || value[at] == '}');
}

}  // namespace

Fate ValueMasker::array_text(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    const Shape element = shape_of_element(shape);
    const std::size_t from = to.size();
    std::size_t copied = 0, at = 0;
    int depth = 0;
    bool changed = false;
    if (value.starts_with('[')) at = std::min(value.find('='), value.size() - 1) + 1;
    std::string decoded = std::move(element_);
    const auto walk = [&]() -> bool {
        for (; at < value.size();) {
            const char c = value[at];
            if (c == '{' || c == '}') {
                depth += c == '{' ? 1 : -1;
                ++at;
                if (depth == 0) return at == value.size();
                if (depth > kMostDimensions) return false;
            } else if (c == ',') {
                ++at;
            } else {
                LiteralElement found;
                if (depth == 0 || !read_element(value, at, decoded, found)) return false;
                const bool null = !found.quoted && (decoded == "NULL" || decoded == "null");
                element_masked_.clear();
                const Fate fate = null ? Fate::Same : mask(element, decoded, task, element_masked_);
                if (fate != Fate::Same) {
                    to.append(value.substr(copied, at - copied));
                    if (fate == Fate::Withheld) to.append("NULL");
                    else append_array_quoted(element_masked_, to);
                    copied = found.end;
                    changed = true;
                }
                at = found.end;
            }
        }
        return false;
    };
    const bool whole_literal = walk();
    element_ = std::move(decoded);
    if (!whole_literal || !changed) to.resize(from);
    if (!whole_literal) return undecodable();
    if (!changed) return Fate::Same;
    to.append(value.substr(copied));
    return Fate::Changed;
}

/// One element or field: length word and bytes, masked or copied. False if it is malformed.
bool ValueMasker::length_prefixed(const Shape& shape, std::string_view& rest, const Task& task, std::string& to, Fate& fate) {
    std::int32_t size = 0;
    fate = Fate::Same;
    if (!take_number(rest, size) || size < -1 || (size >= 0 && static_cast<std::size_t>(size) > rest.size())) return false;
    const std::size_t from = to.size();
    to.append(4, '\xFF');
    if (size == -1) return true;
    const std::string_view value = rest.substr(0, static_cast<std::size_t>(size));
    rest.remove_prefix(value.size());
    fate = mask(shape, value, task, to);
    if (fate == Fate::Withheld) return true;
    if (fate == Fate::Same) to.append(value);
    put_int32(to, from, static_cast<std::int32_t>(to.size() - from - 4));
    return true;
}

Fate ValueMasker::array_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    std::string_view rest = value;
    std::int32_t dimensions = 0, has_null = 0, element_oid = 0;
    if (!take_number(rest, dimensions) || !take_number(rest, has_null) || !take_number(rest, element_oid)) return undecodable();
    if (dimensions < 0 || dimensions > kMostDimensions || nesting_ >= kMostNesting) return undecodable();
    std::uint64_t elements = dimensions == 0 ? 0 : 1;
    for (std::int32_t i = 0; i < dimensions; ++i) {
        std::int32_t size = 0, lower_bound = 0;
        if (!take_number(rest, size) || !take_number(rest, lower_bound) || size < 0) return undecodable();
        elements *= static_cast<std::uint64_t>(size);
        if (elements > rest.size() / 4) return undecodable();
    }
    const Shape element = shape_of_element(shape, Oid{static_cast<std::uint32_t>(element_oid)});
    const std::size_t from = to.size();
    to.append(value.substr(0, value.size() - rest.size()));
    bool changed = false;
    Fate fate{};
    ++nesting_;
    for (; elements > 0 && length_prefixed(element, rest, task, to, fate); --elements) {
        changed |= fate != Fate::Same;
        if (fate == Fate::Withheld) put_int32(to, from + 4, 1);
    }
    --nesting_;
    const bool whole = elements == 0 && rest.empty();
    if (!whole || !changed) to.resize(from);
    if (!whole) return undecodable();
    return changed ? Fate::Changed : Fate::Same;
}

Fate ValueMasker::record_binary(std::string_view value, const Task& task, std::string& to) {
    std::string_view rest = value;
    std::int32_t fields = 0;
    if (!take_number(rest, fields) || fields < 0 || nesting_ >= kMostNesting) return undecodable();
    const std::size_t from = to.size();
    to.append(value.substr(0, 4));
    bool changed = false;
    Fate fate{};
    ++nesting_;
    for (; fields > 0 && rest.size() >= 8; --fields) {
        to.append(rest.substr(0, 4));
        std::int32_t oid = 0;
        (void)take_number(rest, oid);
        const Shape field = shape_of({.oid = Oid{static_cast<std::uint32_t>(oid)}}, Format::Binary);
        if (!length_prefixed(field, rest, task, to, fate)) break;
        changed |= fate != Fate::Same;
    }
    --nesting_;
    const bool whole = fields == 0 && rest.empty();
    if (!whole || !changed) to.resize(from);
    if (!whole) return undecodable();
    return changed ? Fate::Changed : Fate::Same;
}

}  // namespace pgveil::masking
