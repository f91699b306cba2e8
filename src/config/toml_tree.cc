#include <algorithm>
#include <chrono>
#include <sstream>

#include <toml.hpp>

#include "config/node.h"

namespace pgveil::config {
namespace {

using Toml = toml::basic_value<toml::discard_comments, std::unordered_map, std::vector>;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

bool is_bare_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

class Walk {
  public:
    explicit Walk(std::string_view text) : lines_(lines_of(text)) {}

    [[nodiscard]] Node node(const Toml& value) const {
        Node node;
        const auto location = value.location();
        node.place = {location.line(), location.column()};
        switch (value.type()) {
            case toml::value_t::table: table(node, value); break;
            case toml::value_t::array: array(node, value); break;
            case toml::value_t::string: node.kind = Node::Kind::Text; node.text = value.as_string().str; break;
            case toml::value_t::integer: node.kind = Node::Kind::Integer; node.integer = value.as_integer(); break;
            case toml::value_t::boolean: node.kind = Node::Kind::Boolean; node.boolean = value.as_boolean(); break;
            case toml::value_t::floating: node.kind = Node::Kind::Float; break;
            case toml::value_t::offset_datetime:
                node.kind = Node::Kind::Instant;
                node.instant = instant(value.as_offset_datetime());
                break;
            case toml::value_t::local_datetime:
            case toml::value_t::local_date:
            case toml::value_t::local_time:
            case toml::value_t::empty: node.kind = Node::Kind::OtherTime; break;
        }
        return node;
    }

  private:
    void array(Node& node, const Toml& value) const {
        node.kind = Node::Kind::Array;
        for (const Toml& item : value.as_array()) node.items.push_back(this->node(item));
    }

    void table(Node& node, const Toml& value) const {
        node.kind = Node::Kind::Table;
        for (const auto& [name, field] : value.as_table()) {
            Field entry{name, {}, this->node(field)};
            entry.place = key_place(name, first_place(entry.value));
            node.fields.push_back(std::move(entry));
        }
        std::ranges::sort(node.fields, [](const Field& a, const Field& b) {
            return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
        });
    }

    /// An array of tables has no place of its own in the file; its first table has.
    static Place first_place(const Node& value) {
        return value.kind == Node::Kind::Array && !value.items.empty() && value.items.front().kind == Node::Kind::Table
                   ? value.items.front().place
                   : value.place;
    }

    /// The library keeps no place for keys: look for the word on the value's line.
    [[nodiscard]] Place key_place(const std::string& name, Place value) const {
        if (value.line == 0 || value.line > lines_.size()) return value;
        const std::string& line = lines_[value.line - 1];
        for (auto at = line.find(name); at != std::string::npos; at = line.find(name, at + 1)) {
            const bool starts = at == 0 || !is_bare_key(line[at - 1]);
            const bool ends = at + name.size() >= line.size() || !is_bare_key(line[at + name.size()]);
            if (starts && ends) return {value.line, static_cast<std::uint32_t>(at + 1)};
        }
        return value;
    }

    static WallTime instant(const toml::offset_datetime& when) {
        using namespace std::chrono;
        const year_month_day day{year{when.date.year}, month{static_cast<unsigned>(when.date.month) + 1},
                                 std::chrono::day{when.date.day}};
        const auto clock = hours{when.time.hour} + minutes{when.time.minute} + seconds{when.time.second} +
                           milliseconds{when.time.millisecond} + microseconds{when.time.microsecond};
        const auto offset = hours{when.offset.hour} + minutes{when.offset.minute};
        return WallTime{sys_days{day}.time_since_epoch()} + duration_cast<microseconds>(clock) - offset;
    }

    std::vector<std::string> lines_;
};

/// The library's report spans lines and draws; its first line says what is wrong.
std::string first_line(const std::string& report) {
    std::string line = report.substr(0, report.find('\n'));
    for (const std::string_view prefix : {"[error] ", "toml::"}) {
        if (line.starts_with(prefix)) line.erase(0, prefix.size());
    }
    // What follows is "parser_function: what is wrong".
    const auto colon = line.find(": ");
    if (line.starts_with("parse_") && colon != std::string::npos) line.erase(0, colon + 2);
    return line;
}

}  // namespace

const Node* Node::field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &Field::name);
    return found == fields.end() ? nullptr : &found->value;
}

std::string_view words_for(Node::Kind kind) {
    switch (kind) {
        case Node::Kind::Table: return "a table";
        case Node::Kind::Array: return "an array";
        case Node::Kind::Text: return "a string";
        case Node::Kind::Integer: return "an integer";
        case Node::Kind::Boolean: return "true or false";
        case Node::Kind::Float: return "a number with a fraction";
        case Node::Kind::Instant: return "a date and time";
        case Node::Kind::OtherTime: return "a date or time without an offset";
    }
    return "something else";
}

Result<Node, SyntaxError> read_toml(std::string_view text, const std::string& file) {
    // The library reads a file that lacks its last newline as an error in some places.
    std::string whole(text);
    if (!whole.ends_with('\n')) whole.push_back('\n');
    try {
        std::istringstream in(whole);
        return Walk(whole).node(toml::parse<toml::discard_comments, std::unordered_map, std::vector>(in, file));
    } catch (const toml::exception& error) {
        const auto where = error.location();
        return refuse(SyntaxError{{where.line(), where.column()}, first_line(error.what())});
    } catch (const std::exception& error) {
        return refuse(SyntaxError{{}, first_line(error.what())});
    }
}

}  // namespace pgveil::config
