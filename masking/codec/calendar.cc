#include "codec/calendar.h"

#include <chrono>

#include "detect/chars.h"

namespace pgveil::masking {
namespace {

using std::chrono::sys_days;
constexpr sys_days kEpoch{std::chrono::year{2000} / 1 / 1};

/// Exactly `count` digits at the front.
bool take_digits(std::string_view& rest, std::size_t count, int& value) {
    if (rest.size() < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_digit(rest[i])) return false;
        value = value * 10 + static_cast<int>(digit_value(rest[i]));
    }
    rest.remove_prefix(count);
    return true;
}

bool take(std::string_view& rest, char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
}

bool take_date(std::string_view& rest, std::int64_t& days) {
    CivilDate date;
    if (!take_digits(rest, 4, date.year) || !take(rest, '-') || !take_digits(rest, 2, date.month) || !take(rest, '-') || !take_digits(rest, 2, date.day)) return false;
    const std::chrono::year_month_day civil{std::chrono::year{date.year}, std::chrono::month{static_cast<unsigned>(date.month)},
                                            std::chrono::day{static_cast<unsigned>(date.day)}};
    if (date.year < 1 || !civil.ok()) return false;
    days = days_of(date);
    return true;
}

bool take_time(std::string_view& rest, std::int64_t& microseconds) {
    int hours = 0, minutes = 0, seconds = 0;
    if (!take_digits(rest, 2, hours) || !take(rest, ':') || !take_digits(rest, 2, minutes)) return false;
    if (take(rest, ':') && !take_digits(rest, 2, seconds)) return false;
    if (hours > 24 || minutes > 59 || seconds > 60) return false;
    microseconds = ((std::int64_t{hours} * 60 + minutes) * 60 + seconds) * 1'000'000;
    if (!take(rest, '.')) return true;
    std::int64_t unit = 100'000;
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1), unit /= 10) microseconds += unit * digit_value(rest.front());
    return true;
}

/// "+01", "-03:30", "Z"; nothing is UTC.
bool take_zone(std::string_view& rest, std::int64_t& seconds_east) {
    seconds_east = 0;
    if (rest.empty() || take(rest, 'Z')) return true;
    const bool west = rest.front() == '-';
    if (!west && rest.front() != '+') return false;
    rest.remove_prefix(1);
    int hours = 0, minutes = 0, seconds = 0;
    if (!take_digits(rest, 2, hours)) return false;
    if (take(rest, ':') && !take_digits(rest, 2, minutes)) return false;
    if (take(rest, ':') && !take_digits(rest, 2, seconds)) return false;
    seconds_east = (hours * 60 + minutes) * 60 + seconds;
    if (west) seconds_east = -seconds_east;
    return true;
}

void append_padded(int value, std::size_t digits, std::string& to) {
    const std::string text = std::to_string(value);
    to.append(digits > text.size() ? digits - text.size() : 0, '0').append(text);
}

}  // namespace

std::int64_t days_of(const CivilDate& date) {
    const sys_days day{std::chrono::year{date.year} / date.month / date.day};
    return (day - kEpoch).count();
}

CivilDate date_of(std::int64_t days) {
    const std::chrono::year_month_day civil{kEpoch + std::chrono::days{days}};
    return {static_cast<int>(civil.year()), static_cast<int>(static_cast<unsigned>(civil.month())), static_cast<int>(static_cast<unsigned>(civil.day()))};
}

bool is_held_day(std::int64_t days) {
    static const std::int64_t first = days_of({1, 1, 1}), last = days_of({9999, 12, 31});
    return days >= first && days <= last;
}

std::optional<std::int64_t> read_iso_date(std::string_view text) {
    std::int64_t days = 0;
    return take_date(text, days) && text.empty() ? std::optional(days) : std::nullopt;
}

std::optional<std::int64_t> read_iso_timestamp(std::string_view text) {
    std::int64_t days = 0, time = 0, east = 0;
    if (!take_date(text, days) || (!take(text, ' ') && !take(text, 'T')) || !take_time(text, time) || !take_zone(text, east) || !text.empty()) return std::nullopt;
    return days * kMicrosecondsADay + time - east * 1'000'000;
}

void append_iso_date(std::int64_t days, std::string& to) {
    const CivilDate date = date_of(days);
    append_padded(date.year, 4, to);
    to.push_back('-');
    append_padded(date.month, 2, to);
    to.push_back('-');
    append_padded(date.day, 2, to);
}

void append_iso_timestamp(std::int64_t microseconds, bool zoned, std::string& to) {
    std::int64_t days = microseconds / kMicrosecondsADay, time = microseconds % kMicrosecondsADay;
    if (time < 0) {
        time += kMicrosecondsADay;
        --days;
    }
    append_iso_date(days, to);
    const auto seconds = static_cast<int>(time / 1'000'000), fraction = static_cast<int>(time % 1'000'000);
    to.push_back(' ');
    append_padded(seconds / 3600, 2, to);
    to.push_back(':');
    append_padded(seconds / 60 % 60, 2, to);
    to.push_back(':');
    append_padded(seconds % 60, 2, to);
    if (fraction != 0) {
        to.push_back('.');
        append_padded(fraction, 6, to);
    }
    if (zoned) to.append("+00");
}

}  // namespace pgveil::masking
