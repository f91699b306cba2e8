#include "audit/timestamp.h"

#include <charconv>

namespace pgveil::audit {
namespace {

using namespace std::chrono;

void append_padded(std::string& out, std::int64_t number, std::size_t width) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const auto length = static_cast<std::size_t>(end - digits);
    if (length < width) out.append(width - length, '0');
    out.append(digits, length);
}

/// Takes `width` digits and then, unless NUL, the mark.
bool take_number(std::string_view& text, std::size_t width, char mark, int& value) {
    if (text.size() < width) return false;
    for (std::size_t i = 0; i < width; ++i) {
        if (text[i] < '0' || text[i] > '9') return false;
    }
    std::from_chars(text.data(), text.data() + width, value);
    text.remove_prefix(width);
    if (mark == '\0') return true;
    if (!text.starts_with(mark)) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<microseconds> fraction_of(std::string_view text, bool loose) {
    if (text.empty() && loose) return microseconds(0);
    if (!text.starts_with('.') || text.size() > 7 || text.size() < 2) return std::nullopt;
    text.remove_prefix(1);
    if (!loose && text.size() != 6) return std::nullopt;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        const char c = i < text.size() ? text[i] : '0';
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return microseconds(value);
}

}  // namespace

void append_time(std::string& out, WallTime time) {
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    append_padded(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_padded(out, clock.hours().count(), 2);
    out += ':';
    append_padded(out, clock.minutes().count(), 2);
    out += ':';
    append_padded(out, clock.seconds().count(), 2);
    out += '.';
    append_padded(out, clock.subseconds().count(), 6);
    out += 'Z';
}

std::string print_time(WallTime time) {
    std::string out;
    append_time(out, time);
    return out;
}

std::optional<WallTime> parse_time(std::string_view text, bool loose) {
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    if (!take_number(text, 4, '-', y) || !take_number(text, 2, '-', mo)) return std::nullopt;
    if (!take_number(text, 2, '\0', d)) return std::nullopt;
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
    if (!date.ok()) return std::nullopt;
    if (text.empty() && loose) return WallTime(sys_days(date));
    if (!text.starts_with('T') && !(loose && text.starts_with(' '))) return std::nullopt;
    text.remove_prefix(1);
    if (!take_number(text, 2, ':', h) || !take_number(text, 2, ':', mi)) return std::nullopt;
    if (!take_number(text, 2, '\0', s) || h > 23 || mi > 59 || s > 59) return std::nullopt;
    if (text.ends_with('Z')) {
        text.remove_suffix(1);
    } else if (!loose) {
        return std::nullopt;
    }
    const auto fraction = fraction_of(text, loose);
    if (!fraction) return std::nullopt;
    return WallTime(sys_days(date)) + hours(h) + minutes(mi) + seconds(s) + *fraction;
}

WallTime wall_now() { return floor<microseconds>(system_clock::now()); }

}  // namespace pgveil::audit
