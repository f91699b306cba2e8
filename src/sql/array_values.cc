#include "sql/array_values.h"

#include <algorithm>

namespace pgveil::sql {
namespace {

constexpr std::size_t kMostDimensions = 6;   // MAXDIM

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::uint32_t bounded(std::size_t count) { return static_cast<std::uint32_t>(std::min<std::size_t>(count, kUnknownCount)); }

std::uint32_t words_in(std::string_view text) {
    std::size_t words = 0;
    bool within = false;
    for (const char c : text) {
        words += !within && !is_space(c) ? 1 : 0;
        within = !is_space(c);
    }
    return bounded(std::max<std::size_t>(words, 1));
}

std::uint32_t word_at(ByteView bytes, std::size_t at) {
    return (std::uint32_t{bytes[at]} << 24) | (std::uint32_t{bytes[at + 1]} << 16) | (std::uint32_t{bytes[at + 2]} << 8) | bytes[at + 3];
}

}  // namespace

// A delimiter within quotes is none. Two types have one of their own: that of box is ';'.
std::uint32_t values_in_array(std::string_view text) {
    const std::size_t brace = text.find('{');
    const bool array = brace != std::string_view::npos &&
                       std::ranges::all_of(text.substr(0, brace), [](char c) { return is_space(c) || std::string_view("[]:=+-0123456789").find(c) != std::string_view::npos; });
    if (!array) return words_in(text);
    std::size_t values = 1;
    bool quoted = false;
    for (std::size_t i = brace; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (text[i] == '"') quoted = !quoted;
        else if (!quoted && (text[i] == ',' || text[i] == ';')) ++values;
    }
    return bounded(values);
}

std::uint32_t values_in_binary_array(ByteView value) {
    constexpr std::size_t header = 12, dimension = 8, least_element = 4;
    if (value.size() < header) return kUnknownCount;
    const std::uint32_t dimensions = word_at(value, 0);
    if (dimensions == 0) return 1;
    if (dimensions > kMostDimensions || value.size() < header + dimensions * dimension) return kUnknownCount;
    const std::size_t room = (value.size() - header - dimensions * dimension) / least_element;
    std::uint64_t values = 1;
    for (std::size_t i = 0; i < dimensions; ++i) {
        values *= word_at(value, header + i * dimension);
        if (values > room) return kUnknownCount;
    }
    return bounded(std::max<std::size_t>(values, 1));
}

}  // namespace pgveil::sql
