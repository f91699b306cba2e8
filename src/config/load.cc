#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "config/sections.h"

namespace pgveil::config {
namespace {

/// The last part of "masking.column"; the parent is what precedes it.
std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? std::pair(std::string_view{}, name)
                                         : std::pair(name.substr(0, dot), name.substr(dot + 1));
}

std::vector<std::string> subtables_of(std::string_view name) {
    std::vector<std::string> subtables;
    for (const Section& section : sections()) {
        const auto [parent, last] = split_name(section.name);
        if (parent == name) subtables.emplace_back(last);
    }
    return subtables;
}

const Node* node_of(const Node& root, std::string_view name) {
    const auto [parent, last] = split_name(name);
    const Node* within = parent.empty() ? &root : node_of(root, parent);
    return within == nullptr || within->kind != Node::Kind::Table ? nullptr : within->field(last);
}

void read_section(const Section& section, const Node& root, Config& config, Reader& reader) {
    const Node* node = node_of(root, section.name);
    if (node == nullptr) return;
    const std::vector<std::string> subtables = subtables_of(section.name);
    const std::string name(section.name);
    if (!section.array) {
        if (node->kind != Node::Kind::Table) return reader.error(node->place, fmt::format("{} is not a table", name), fmt::format("write [{}]", name));
        reader.remember(name, node->place);
        return section.read(config, *node, reader, name, subtables);
    }
    if (node->kind != Node::Kind::Array) {
        return reader.error(node->place, fmt::format("{} is not an array of tables", name), fmt::format("write [[{}]]", name));
    }
    for (std::size_t i = 0; i < node->items.size(); ++i) {
        const Node& item = node->items[i];
        const std::string path = fmt::format("{}.{}", name, i);
        reader.remember(path, item.place);
        if (item.kind != Node::Kind::Table) {
            reader.error(item.place, fmt::format("{} is not a table", path), fmt::format("write [[{}]]", name));
        } else {
            section.read(config, item, reader, path, subtables);
        }
    }
}

void unknown_sections(const Node& root, Reader& reader) {
    const std::vector<std::string> known = subtables_of("");
    for (const Field& field : root.fields) {
        if (std::ranges::find(known, field.name) != known.end()) continue;
        const auto near = nearest(field.name, known);
        reader.error(field.place, "unknown key \"" + field.name + "\"",
                     near ? "did you mean \"" + *near + "\"?" : "pgveil check --reference lists every option");
    }
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
    const std::string place = diagnostic.line == 0 ? diagnostic.file
                                                   : fmt::format("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column);
    return fmt::format("{}: {}: {}{}{}", place, diagnostic.severity == Severity::Error ? "error" : "warning",
                       diagnostic.message, diagnostic.hint.empty() ? "" : "; hint: ", diagnostic.hint);
}

bool Loaded::usable() const {
    return std::ranges::none_of(diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

Loaded parse(std::string_view text, const std::string& file, const std::string& directory, WallTime now) {
    Loaded loaded;
    loaded.config.file = file;
    loaded.config.directory = directory;
    Reader reader(file, directory);
    const auto root = read_toml(text, file);
    if (!root) {
        reader.error(root.error().place, root.error().message, "the file is not valid TOML from here on");
    } else {
        unknown_sections(*root, reader);
        for (const Section& section : sections()) read_section(section, *root, loaded.config, reader);
        fill_defaults(loaded.config, reader);
        cross_check(loaded.config, reader, now);
    }
    loaded.diagnostics = reader.take();
    return loaded;
}

Loaded load(const std::string& path) {
    std::error_code ignored;
    const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (!in || std::filesystem::is_directory(absolute, ignored)) {
        return {{}, {{Severity::Error, path, 0, 0, "cannot be read", "give --config FILE, or set PGVEIL_CONFIG"}}};
    }
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    Loaded loaded = parse(text.str(), path, absolute.parent_path().string(), now);
    loaded.config.file = absolute.string();
    return loaded;
}

const Database* Config::database(std::string_view name) const {
    const auto found = std::ranges::find(databases, name, &Database::name);
    return found == databases.end() ? nullptr : &*found;
}
const AgentEntry* Config::agent(std::string_view name) const {
    const auto found = std::ranges::find(agents, name, &AgentEntry::name);
    return found == agents.end() ? nullptr : &*found;
}
const PersonEntry* Config::person(std::string_view name) const {
    const auto found = std::ranges::find(people, name, &PersonEntry::name);
    return found == people.end() ? nullptr : &*found;
}

}  // namespace pgveil::config
