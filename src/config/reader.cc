#include "config/reader.h"

#include <filesystem>
#include <limits>

#include <fmt/format.h>

namespace pgveil::config {
namespace {

template <class Number>
void read_number(Number& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Integer) return at.wrong_type(node, "an integer");
    const std::int64_t least = at.info.least;
    const std::int64_t most = at.info.most > 0 ? at.info.most
                                               : static_cast<std::int64_t>(std::min<std::uint64_t>(
                                                     std::numeric_limits<Number>::max(), std::numeric_limits<std::int64_t>::max()));
    if (node.integer < least || node.integer > most) {
        return at.wrong(node, fmt::format("{} is out of bounds", node.integer), fmt::format("{} to {}", least, most));
    }
    to = static_cast<Number>(node.integer);
}

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

}  // namespace

void Reader::add(Severity severity, Place place, std::string message, std::string hint) {
    diagnostics_.push_back({severity, file_, place.line, place.column, std::move(message), std::move(hint)});
}
void Reader::error(Place place, std::string message, std::string hint) {
    add(Severity::Error, place, std::move(message), std::move(hint));
}
void Reader::warning(Place place, std::string message, std::string hint) {
    add(Severity::Warning, place, std::move(message), std::move(hint));
}

std::string Reader::absolute(std::string_view path) const {
    if (path.empty()) return {};
    const std::filesystem::path whole = std::filesystem::path(directory_) / std::filesystem::path(path);
    std::string text = whole.lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

Place Reader::place_of(const std::string& path) const {
    for (std::string at = path; !at.empty(); at.resize(at.find_last_of('.') == std::string::npos ? 0 : at.find_last_of('.'))) {
        const auto found = places_.find(at);
        if (found != places_.end()) return found->second;
    }
    return {};
}

std::vector<Diagnostic> Reader::take() {
    std::ranges::stable_sort(diagnostics_, [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return std::move(diagnostics_);
}

void At::wrong_type(const Node& node, std::string_view wanted, std::string hint) const {
    wrong(node, fmt::format("is {}, not {}", words_for(node.kind), wanted), std::move(hint));
}

void At::wrong(const Node& node, std::string message, std::string hint) const {
    reader.error(node.place, path + ": " + std::move(message), std::move(hint));
}

void read(bool& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Boolean) return at.wrong_type(node, "true or false");
    to = node.boolean;
}

void read(std::uint32_t& to, const Node& node, const At& at) { read_number(to, node, at); }
void read(std::uint64_t& to, const Node& node, const At& at) { read_number(to, node, at); }

void read(std::string& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Text) return at.wrong_type(node, "a string");
    // Names, conninfo and commands end up in C strings.
    if (node.text.find('\0') != std::string::npos) return at.wrong(node, "contains a zero character");
    to = node.text;
}

void read(Secret& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Text) return at.wrong_type(node, "a string");
    to = Secret(std::string_view(node.text));
}

void read(Path& to, const Node& node, const At& at) {
    std::string text;
    read(text, node, at);
    to.path = at.reader.absolute(text);
}

void read(ByteSize& to, const Node& node, const At& at) {
    const auto size = node.kind == Node::Kind::Text ? size_from(node.text) : std::nullopt;
    if (!size) return at.wrong(node, "is not a size", "a number and B, KiB, MiB, GiB or TiB, as in \"64MiB\"");
    if (*size < static_cast<std::uint64_t>(at.info.least)) return at.wrong(node, "is too small", "at least " + size_text(static_cast<std::uint64_t>(at.info.least)));
    to.bytes = *size;
}

void read(ByteRate& to, const Node& node, const At& at) {
    constexpr std::string_view kPerDay = "/day";
    std::optional<std::uint64_t> size;
    if (node.kind == Node::Kind::Text && node.text.ends_with(kPerDay)) {
        size = size_from(std::string_view(node.text).substr(0, node.text.size() - kPerDay.size()));
    }
    if (!size) return at.wrong(node, "is not an amount a day", "a size and /day, as in \"2GiB/day\"");
    to.bytes_per_day = *size;
}

void read(std::chrono::seconds& to, const Node& node, const At& at) {
    const auto duration = node.kind == Node::Kind::Text ? duration_from(node.text) : std::nullopt;
    if (!duration) return at.wrong(node, "is not a duration", "a number and s, m, h or d, as in \"30s\"");
    if (duration->count() % 1000 != 0) return at.wrong(node, "is not a whole number of seconds");
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration);
    const auto bound = [](std::int64_t count) { return text_of(std::chrono::milliseconds(count * 1000)); };
    if (seconds.count() < at.info.least || (at.info.most > 0 && seconds.count() > at.info.most)) {
        return at.wrong(node, "\"" + node.text + "\" is out of bounds",
                        at.info.most > 0 ? bound(at.info.least) + " to " + bound(at.info.most) : "at least " + bound(at.info.least));
    }
    to = seconds;
}

void read(WallTime& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Instant) {
        return at.wrong_type(node, "a date and time with an offset", "as in 2027-01-01T00:00:00Z, without quotes");
    }
    to = node.instant;
}

void read(Endpoint& to, const Node& node, const At& at) {
    const auto endpoint = node.kind == Node::Kind::Text ? endpoint_from(node.text) : std::nullopt;
    if (!endpoint) {
        return at.wrong(node, "is not an address to listen on",
                        "\"127.0.0.1:6432\", \"[::1]:6432\" or \"unix:/directory\"");
    }
    to = *endpoint;
    if (to.is_unix()) to.directory = at.reader.absolute(to.directory);
}

std::string show(bool value) { return value ? "true" : "false"; }
std::string show(std::uint32_t value) { return std::to_string(value); }
std::string show(std::uint64_t value) { return std::to_string(value); }
std::string show(const std::string& value) { return value.empty() ? "" : toml_text(value); }
std::string show(const Secret& value) { return value.empty() ? "" : "\"(set)\""; }
std::string show(const Path& value) { return value.empty() ? "" : toml_text(value.path); }
std::string show(ByteSize value) { return toml_text(size_text(value.bytes)); }
std::string show(ByteRate value) { return value.bytes_per_day == 0 ? "" : toml_text(size_text(value.bytes_per_day) + "/day"); }
std::string show(std::chrono::seconds value) { return toml_text(text_of(std::chrono::milliseconds(value))); }
std::string show(WallTime value) { return value == WallTime{} ? "" : text_of(value); }
std::string show(const Endpoint& value) { return toml_text(value.text()); }

std::string type_words(const bool*) { return "true | false"; }
std::string type_words(const std::uint32_t*) { return "integer"; }
std::string type_words(const std::uint64_t*) { return "integer"; }
std::string type_words(const std::string*) { return "string"; }
std::string type_words(const Secret*) { return "secret"; }
std::string type_words(const Path*) { return "path"; }
std::string type_words(const ByteSize*) { return "size"; }
std::string type_words(const ByteRate*) { return "size/day"; }
std::string type_words(const std::chrono::seconds*) { return "duration"; }
std::string type_words(const WallTime*) { return "date-time with offset"; }
std::string type_words(const Endpoint*) { return "address"; }

}  // namespace pgveil::config
