#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

#include <fmt/format.h>

namespace pgveil::config {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint64_t> number_from(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::uint64_t kDay = 86'400'000;
constexpr std::array kTimes{Unit{"ms", 1},       Unit{"s", 1000},        Unit{"min", 60'000}, Unit{"m", 60'000},
                            Unit{"h", 3600'000}, Unit{"d", kDay},        Unit{"w", 7 * kDay}};
constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20}, Unit{"GiB", 1ULL << 30},
                            Unit{"TiB", 1ULL << 40}};

/// Digits, then letters up to the next digit; both moved past.
std::optional<std::pair<std::uint64_t, std::string_view>> take_amount(std::string_view& text) {
    const auto digits_end = std::ranges::find_if_not(text, is_digit) - text.begin();
    const auto number = number_from(text.substr(0, static_cast<std::size_t>(digits_end)));
    if (!number) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(digits_end));
    const auto unit_end = static_cast<std::size_t>(std::ranges::find_if(text, is_digit) - text.begin());
    const std::string_view unit = text.substr(0, unit_end);
    text.remove_prefix(unit_end);
    return std::pair(*number, unit);
}

template <class Units>
std::optional<std::uint64_t> in_units(std::uint64_t number, std::string_view unit, const Units& units) {
    const auto found = std::ranges::find(units, unit, &Unit::name);
    if (found == units.end() || number > std::numeric_limits<std::int64_t>::max() / found->factor) return std::nullopt;
    return number * found->factor;
}

bool is_base64(std::string_view text, std::size_t least) {
    if (text.size() < least || text.size() % 4 != 0) return false;
    while (text.ends_with('=')) text.remove_suffix(1);
    return std::ranges::all_of(text, [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
    });
}

bool is_ipv4(std::string_view text) {
    int parts = 0;
    while (parts < 4) {
        const auto dot = text.find('.');
        const auto number = number_from(text.substr(0, dot));
        if (!number || *number > 255) return false;
        ++parts;
        if (dot == std::string_view::npos) return parts == 4;
        text.remove_prefix(dot + 1);
    }
    return false;
}

/// Shape only: the system's parser has the last word when the block is used.
bool is_ipv6(std::string_view text) {
    return text.find(':') != std::string_view::npos && text.size() <= 45 &&
           text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
           text.find(":::") == std::string_view::npos;
}

}  // namespace

std::optional<std::chrono::milliseconds> duration_from(std::string_view text) {
    if (text.empty()) return std::nullopt;
    std::uint64_t total = 0;
    while (!text.empty()) {
        const auto amount = take_amount(text);
        if (!amount) return std::nullopt;
        const auto value = in_units(amount->first, amount->second, kTimes);
        if (!value || *value > std::numeric_limits<std::int64_t>::max() - total) return std::nullopt;
        total += *value;
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(total)};
}

std::string text_of(std::chrono::milliseconds duration) {
    const auto count = static_cast<std::uint64_t>(duration.count());
    if (count == 0) return "0s";
    for (const Unit unit : {Unit{"d", kDay}, Unit{"h", 3600'000}, Unit{"m", 60'000}, Unit{"s", 1000}}) {
        if (count % unit.factor == 0) return fmt::format("{}{}", count / unit.factor, unit.name);
    }
    return fmt::format("{}ms", count);
}

std::optional<std::uint64_t> size_from(std::string_view text) {
    if (text == "0") return 0;
    const auto amount = take_amount(text);
    if (!amount || !text.empty()) return std::nullopt;
    return in_units(amount->first, amount->second, kSizes);
}

std::string size_text(std::uint64_t bytes) {
    if (bytes == 0) return "0";
    for (const Unit unit : {Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10}}) {
        if (bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
    }
    return fmt::format("{}B", bytes);
}

std::optional<Endpoint> endpoint_from(std::string_view text) {
    Endpoint endpoint;
    if (text.starts_with("unix:")) {
        endpoint.directory = text.substr(5);
        if (endpoint.directory.empty()) return std::nullopt;
        return endpoint;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const auto port = number_from(text.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return std::nullopt;
    if (host.starts_with('[')) {
        if (!host.ends_with(']') || !is_ipv6(host.substr(1, host.size() - 2))) return std::nullopt;
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;
    }
    endpoint.host = host;
    endpoint.port = static_cast<std::uint16_t>(*port);
    return endpoint;
}

bool Endpoint::is_loopback() const {
    return is_unix() || host == "localhost" || host == "::1" || (host.starts_with("127.") && is_ipv4(host));
}

std::string Endpoint::text() const {
    if (is_unix()) return "unix:" + directory;
    return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool is_address_block(std::string_view text) {
    const auto slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    const bool v4 = is_ipv4(address);
    if (!v4 && !is_ipv6(address)) return false;
    if (slash == std::string_view::npos) return true;
    const auto bits = number_from(text.substr(slash + 1));
    return bits && *bits <= (v4 ? 32U : 128U);
}

std::optional<std::uint32_t> scram_iterations(std::string_view verifier) {
    constexpr std::string_view kScheme = "SCRAM-SHA-256$";
    if (!verifier.starts_with(kScheme)) return std::nullopt;
    verifier.remove_prefix(kScheme.size());
    const auto colon = verifier.find(':'), dollar = verifier.find('$');
    if (colon == std::string_view::npos || dollar == std::string_view::npos || dollar < colon) return std::nullopt;
    const auto iterations = number_from(verifier.substr(0, colon));
    const std::string_view keys = verifier.substr(dollar + 1);
    const auto between = keys.find(':');
    if (!iterations || *iterations == 0 || *iterations > 100'000'000 || between == std::string_view::npos) return std::nullopt;
    const bool sound = is_base64(verifier.substr(colon + 1, dollar - colon - 1), 4) && between == 44 &&
                       is_base64(keys.substr(0, between), 44) && keys.size() - between - 1 == 44 &&
                       is_base64(keys.substr(between + 1), 44);
    return sound ? std::optional(static_cast<std::uint32_t>(*iterations)) : std::nullopt;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                const std::size_t change = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

std::string text_of(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

}  // namespace pgveil::config
