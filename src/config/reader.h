// Reader and Option: one declaration per option, from which parsing, messages, reference and dump all come.
//
// An Option<S> pairs a field of S with its name, sentence, bounds and example. read_table() fills a struct
// from a TOML table, reporting wrong types, values out of bounds, missing and unknown keys, and goes on.
// Internal to config/.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/node.h"
#include "config/values.h"

namespace pgveil::config {

/// What people are told of an option. `fallback` replaces the printed default where it is computed.
struct Info {
    std::string_view name, sentence, example;
    std::string_view fallback = {};
    bool required = false;
    bool restart = false;          // a change needs a restart
    std::int64_t least = 0, most = 0;   // numbers: inclusive, both 0 for none
};

class Reader {
  public:
    Reader(std::string file, std::string directory) : file_(std::move(file)), directory_(std::move(directory)) {}

    void error(Place place, std::string message, std::string hint = {});
    void warning(Place place, std::string message, std::string hint = {});

    /// Relative to the config's directory, made absolute.
    [[nodiscard]] std::string absolute(std::string_view path) const;

    /// Where an option was written ("agent.0.name"); the enclosing table's place if it was not.
    [[nodiscard]] Place place_of(const std::string& path) const;
    void remember(const std::string& path, Place place) { places_[path] = place; }
    [[nodiscard]] bool written(const std::string& path) const { return places_.contains(path); }

    [[nodiscard]] std::vector<Diagnostic> take();

  private:
    void add(Severity severity, Place place, std::string message, std::string hint);
    std::string file_, directory_;
    std::map<std::string, Place> places_;
    std::vector<Diagnostic> diagnostics_;
};

/// Where a value is read: its path for messages ("rule.0.wait") and its bounds.
struct At {
    Reader& reader;
    std::string path;
    const Info& info;
    void wrong_type(const Node& node, std::string_view wanted, std::string hint = {}) const;
    void wrong(const Node& node, std::string message, std::string hint = {}) const;
    [[nodiscard]] At item(std::size_t index) const { return {reader, path + "." + std::to_string(index), info}; }
};

// One overload set per value type: read, show (as TOML), and the type's name for people.
void read(bool& to, const Node& node, const At& at);
void read(std::uint32_t& to, const Node& node, const At& at);
void read(std::uint64_t& to, const Node& node, const At& at);
void read(std::string& to, const Node& node, const At& at);
void read(Secret& to, const Node& node, const At& at);
void read(Path& to, const Node& node, const At& at);
void read(ByteSize& to, const Node& node, const At& at);
void read(ByteRate& to, const Node& node, const At& at);
void read(std::chrono::seconds& to, const Node& node, const At& at);
void read(WallTime& to, const Node& node, const At& at);
void read(Endpoint& to, const Node& node, const At& at);

std::string show(bool value);
std::string show(std::uint32_t value);
std::string show(std::uint64_t value);
std::string show(const std::string& value);
std::string show(const Secret& value);
std::string show(const Path& value);
std::string show(ByteSize value);
std::string show(ByteRate value);
std::string show(std::chrono::seconds value);
std::string show(WallTime value);
std::string show(const Endpoint& value);

std::string type_words(const bool*);
std::string type_words(const std::uint32_t*);
std::string type_words(const std::uint64_t*);
std::string type_words(const std::string*);
std::string type_words(const Secret*);
std::string type_words(const Path*);
std::string type_words(const ByteSize*);
std::string type_words(const ByteRate*);
std::string type_words(const std::chrono::seconds*);
std::string type_words(const WallTime*);
std::string type_words(const Endpoint*);

template <class Choice>
struct Names;   // specialised in choices.h: `static constexpr std::array<std::pair<std::string_view, Choice>, N> all`

template <class Choice>
concept Named = requires { Names<Choice>::all; };

template <Named Choice>
std::string choice_words() {
    std::string words;
    for (const auto& [name, value] : Names<Choice>::all) words += (words.empty() ? "" : " | ") + std::string(name);
    return words;
}

template <Named Choice>
void read(Choice& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Text) return at.wrong_type(node, "one of " + choice_words<Choice>());
    std::vector<std::string> candidates;
    for (const auto& [name, value] : Names<Choice>::all) {
        if (name == node.text) {
            to = value;
            return;
        }
        candidates.emplace_back(name);
    }
    const auto near = nearest(node.text, candidates);
    at.wrong(node, "\"" + node.text + "\" is not one of " + choice_words<Choice>(), near ? "did you mean \"" + *near + "\"?" : "");
}

template <Named Choice>
std::string show(Choice choice) {
    for (const auto& [name, value] : Names<Choice>::all) {
        if (value == choice) return "\"" + std::string(name) + "\"";
    }
    return "\"?\"";
}

template <Named Choice>
std::string type_words(const Choice*) {
    return choice_words<Choice>();
}

template <class S>
struct Option {
    Info info;
    std::string type;
    std::function<void(S&, const Node&, const At&)> read;
    std::function<std::string(const S&)> show;   // as TOML; empty: not set
};
template <class S>
using Options = std::vector<Option<S>>;

/// The options of a struct that is itself a value (`limits = { rows = 1 }`): specialised in choices.h.
template <class S>
const Options<S>& options_of();
template <class S>
inline constexpr bool is_inline_table = false;

/// Reads every option of `table` into `to`; unknown and missing keys are mistakes.
template <class S>
void read_table(S& to, const Node& table, const Options<S>& options, Reader& reader, const std::string& path,
                const std::vector<std::string>& subtables = {}) {
    std::vector<std::string> known(subtables);
    for (const Option<S>& option : options) known.emplace_back(option.info.name);
    for (const Field& field : table.fields) {
        const auto found = std::ranges::find(options, field.name, [](const Option<S>& option) { return option.info.name; });
        if (found != options.end()) {
            reader.remember(path + "." + field.name, field.place);
            found->read(to, field.value, At{reader, path + "." + field.name, found->info});
        } else if (std::ranges::find(subtables, field.name) == subtables.end()) {
            const auto near = nearest(field.name, known);
            reader.error(field.place, "unknown key \"" + field.name + "\" in " + path,
                         near ? "did you mean \"" + *near + "\"?" : "pgveil check --reference lists every option");
        }
    }
    for (const Option<S>& option : options) {
        if (option.info.required && table.field(option.info.name) == nullptr) {
            reader.error(table.place, path + " lacks \"" + std::string(option.info.name) + "\"",
                         "for example " + std::string(option.info.name) + " = " + std::string(option.info.example));
        }
    }
}

template <class S>
    requires is_inline_table<S>
void read(S& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Table) return at.wrong_type(node, "a table", "for example " + std::string(at.info.example));
    read_table(to, node, options_of<S>(), at.reader, at.path);
}

template <class S>
    requires is_inline_table<S>
std::string show(const S& value) {
    std::string text;
    for (const Option<S>& option : options_of<S>()) {
        const std::string shown = option.show(value);
        if (!shown.empty()) text += (text.empty() ? "" : ", ") + std::string(option.info.name) + " = " + shown;
    }
    return "{ " + text + " }";
}

template <class S>
    requires is_inline_table<S>
std::string type_words(const S*) {
    std::string words;
    for (const Option<S>& option : options_of<S>()) {
        words += (words.empty() ? "" : ", ") + std::string(option.info.name) + " = " + option.type;
    }
    return "{ " + words + " }";
}

template <class T>
void read(std::vector<T>& to, const Node& node, const At& at) {
    if (node.kind != Node::Kind::Array) return at.wrong_type(node, "an array", "for example " + std::string(at.info.example));
    to.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        at.reader.remember(at.item(i).path, node.items[i].place);
        read(to.emplace_back(), node.items[i], at.item(i));
    }
}

template <class T>
std::string show(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + show(value);
    return "[" + text + "]";
}

template <class T>
std::string type_words(const std::vector<T>*) {
    return "array of " + type_words(static_cast<const T*>(nullptr));
}

template <class T>
void read(std::optional<T>& to, const Node& node, const At& at) {
    read(to.emplace(), node, at);
}

template <class T>
std::string show(const std::optional<T>& value) {
    return value ? show(*value) : "";
}

template <class T>
std::string type_words(const std::optional<T>*) {
    return type_words(static_cast<const T*>(nullptr));
}

template <class S, class F>
Option<S> option(F S::*field, Info info) {
    return {info, type_words(static_cast<const F*>(nullptr)),
            [field](S& to, const Node& node, const At& at) { read(to.*field, node, at); },
            [field](const S& from) { return show(from.*field); }};
}

}  // namespace pgveil::config
