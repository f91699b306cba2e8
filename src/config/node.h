// Node: a TOML value with its place in the file, free of the library that read it.
//
// Internal to config/. Values; borrowed by the reader for one load. read_toml is the only code that names
// toml11 (the pack reader apart); no exception leaves it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/result.h"

namespace pgveil::config {

struct Place {
    std::uint32_t line = 0, column = 0;      // 1-based
};

struct Field;

struct Node {
    enum class Kind : std::uint8_t { Table, Array, Text, Integer, Boolean, Float, Instant, OtherTime };
    Kind kind = Kind::Table;
    Place place;
    std::string text;
    std::int64_t integer = 0;
    bool boolean = false;
    WallTime instant{};                      // a date-time with an offset
    std::vector<Node> items;                 // Array
    std::vector<Field> fields;               // Table, in file order
    [[nodiscard]] const Node* field(std::string_view name) const;
};

struct Field {
    std::string name;
    Place place;                             // of the key
    Node value;
};

[[nodiscard]] std::string_view words_for(Node::Kind kind);

struct SyntaxError {
    Place place;
    std::string message;
};
[[nodiscard]] Result<Node, SyntaxError> read_toml(std::string_view text, const std::string& file);

}  // namespace pgveil::config
