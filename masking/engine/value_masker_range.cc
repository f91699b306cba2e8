// Ranges and multiranges (rangetypes.c, multirangetypes.c of the server's sources): bound by bound, each re-encoded.
// A bound that cannot be said makes the whole range NULL, and so does one in whose text something was found: its mask
// may sort elsewhere, and a range that is turned around is no range.
#include "codec/wire_number.h"
#include "engine/value_masker.h"

namespace pgveil::masking {
namespace {

constexpr unsigned char kEmpty = 0x01, kNoLower = 0x08, kNoUpper = 0x10;   // RANGE_EMPTY, RANGE_LB_INF, RANGE_UB_INF

/// One bound of a range literal: decoded text, and where it ends.
bool read_bound(std::string_view value, std::size_t& at, std::string& decoded, bool& given) {
    decoded.clear();
    given = false;
    bool quoted = false;
    for (; at < value.size(); ++at) {
        const char c = value[at];
        if (!quoted && (c == ',' || c == ']' || c == ')')) return true;
        if (!quoted && (c == '[' || c == '(')) return false;
        given = true;
        if (c == '\\') {
            if (++at == value.size()) return false;
            decoded.push_back(value[at]);
        } else if (c == '"') {
            if (quoted && at + 1 < value.size() && value[at + 1] == '"') decoded.push_back(value[++at]);
            else quoted = !quoted;
        } else {
            decoded.push_back(c);
        }
    }
    return false;
}

void append_bound(std::string_view text, std::string& to) {
    to.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') to.push_back('\\');
        to.push_back(c);
    }
    to.push_back('"');
}

/// Under a tag a range without bounds is withheld too: it says that there are none.
Fate fate_of(bool whole, bool changed, bool withheld) {
    if (withheld || changed != whole) return Fate::Withheld;
    return changed ? Fate::Changed : Fate::Same;
}

}  // namespace

Fate ValueMasker::range_text(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    const Shape element = shape_of_element(shape);
    const std::size_t from = to.size();
    std::string decoded = std::move(element_), masked;
    bool changed = false, sound = true, withheld = false;
    std::size_t at = 0;
    if (value == "empty") at = value.size(), to.append(value);
    while (sound && at < value.size()) {
        const char c = value[at];
        if (c != '[' && c != '(') {              // braces and commas of a multirange
            sound = shape.multirange && (c == '{' || c == '}' || c == ',');
            to.push_back(c);
            ++at;
            continue;
        }
        for (int bound = 0; bound < 2 && sound; ++bound) {
            to.push_back(value[at++]);           // the bracket, or the comma between the bounds
            bool given = false;
            sound = read_bound(value, at, decoded, given) && (value[at] == ',') == (bound == 0);
            if (!sound || !given) continue;
            masked.clear();
            const Fate fate = mask(element, decoded, task, masked);
            withheld |= fate == Fate::Withheld;
            changed |= fate == Fate::Changed;
            append_bound(fate == Fate::Changed ? masked : decoded, to);
        }
        if (sound) to.push_back(value[at++]);
    }
    element_ = std::move(decoded);
    if (!sound || fate_of(task.whole, changed, withheld) != Fate::Changed) to.resize(from);
    if (!sound) return undecodable();
    return fate_of(task.whole, changed, withheld);
}

Fate ValueMasker::range_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    const Shape element = shape_of_element(shape);
    std::string_view rest = value;
    if (rest.empty()) return undecodable();
    const auto flags = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    const std::size_t from = to.size();
    to.push_back(static_cast<char>(flags));
    bool changed = false, sound = true, withheld = false;
    for (const unsigned char missing : {kNoLower, kNoUpper}) {
        if (!sound || (flags & (kEmpty | missing)) != 0) continue;
        Fate fate{};
        sound = length_prefixed(element, rest, task, to, fate);
        withheld |= fate == Fate::Withheld;
        changed |= fate == Fate::Changed;
    }
    sound &= rest.empty();
    if (!sound || fate_of(task.whole, changed, withheld) != Fate::Changed) to.resize(from);
    if (!sound) return undecodable();
    return fate_of(task.whole, changed, withheld);
}

Fate ValueMasker::multirange_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to) {
    if (shape.format == Format::Text) return range_text(shape, value, task, to);
    Shape range = shape;
    range.multirange = false;
    std::string_view rest = value;
    std::int32_t count = 0;
    if (!take_number(rest, count) || count < 0) return undecodable();
    const std::size_t from = to.size();
    to.append(value.substr(0, 4));
    bool changed = false, withheld = false, sound = true;
    for (; sound && count > 0; --count) {
        std::int32_t size = 0;
        sound = take_number(rest, size) && size >= 0 && static_cast<std::size_t>(size) <= rest.size();
        if (!sound) break;
        const std::size_t at = to.size();
        to.append(4, '\0');
        const std::string_view one = rest.substr(0, static_cast<std::size_t>(size));
        rest.remove_prefix(one.size());
        const Fate fate = range_binary(range, one, task, to);
        withheld |= fate == Fate::Withheld;
        changed |= fate == Fate::Changed;
        if (fate == Fate::Same) to.append(one);
        put_int32(to, at, static_cast<std::int32_t>(to.size() - at - 4));
    }
    sound &= rest.empty();
    if (!sound || fate_of(task.whole, changed, withheld) != Fate::Changed) to.resize(from);
    if (!sound) return undecodable();
    return fate_of(task.whole, changed, withheld);
}

}  // namespace pgveil::masking
