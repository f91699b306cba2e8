// The search_path's text into schemas, by the rules of SplitIdentifierString and recomputeNamespacePath.
#include <algorithm>
#include <unordered_set>

#include "catalog/catalog.h"

namespace pgveil::catalog {

namespace {

constexpr std::size_t kNameBytes = 63;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// Cuts as the server does, never inside a UTF-8 character.
void truncate(std::string& name) {
    if (name.size() <= kNameBytes) return;
    std::size_t end = kNameBytes;
    while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    name.resize(end);
}

std::optional<std::string> quoted_item(std::string_view text, std::size_t& at) {
    std::string name;
    for (++at; at < text.size(); ++at) {
        if (text[at] != '"') {
            name += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
            name += text[++at];
        } else {
            ++at;
            return name;
        }
    }
    return std::nullopt;
}

std::optional<std::string> bare_item(std::string_view text, std::size_t& at) {
    std::string name;
    for (; at < text.size() && text[at] != ',' && !is_space(text[at]); ++at) {
        const char c = text[at];
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (name.empty()) return std::nullopt;
    return name;
}

void skip_spaces(std::string_view text, std::size_t& at) {
    while (at < text.size() && is_space(text[at])) ++at;
}

std::optional<std::vector<std::string>> split_identifiers(std::string_view text) {
    std::vector<std::string> names;
    std::size_t at = 0;
    skip_spaces(text, at);
    if (at == text.size()) return names;
    while (true) {
        skip_spaces(text, at);
        if (at == text.size()) return std::nullopt;
        auto name = text[at] == '"' ? quoted_item(text, at) : bare_item(text, at);
        if (!name) return std::nullopt;
        truncate(*name);
        names.push_back(std::move(*name));
        skip_spaces(text, at);
        if (at == text.size()) return names;
        if (text[at++] != ',') return std::nullopt;
    }
}

std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += c;
        out += c;
    }
    return out += '"';
}

bool is_temp_name(std::string_view name) { return name == "pg_temp" || name.starts_with("pg_temp_"); }

}  // namespace

bool may_be_temporary(std::string_view name, const SearchPath& path) {
    return path.has_temp && (path.temp_names.empty() || std::ranges::binary_search(path.temp_names, name));
}

SearchPath make_search_path(const Snapshot& snapshot, std::string_view text, std::string_view role) {
    SearchPath path;
    const auto names = split_identifiers(text);
    if (!names) return path;
    const auto usable = [&](Oid schema) {
        return std::ranges::find(snapshot.contents().unusable_schemas, schema) ==
               snapshot.contents().unusable_schemas.end();
    };
    const auto add = [&](Oid schema) {
        if (std::ranges::find(path.schemas, schema) == path.schemas.end()) path.schemas.push_back(schema);
    };
    for (const std::string& name : *names) {
        if (is_temp_name(name)) {
            add(kTempSchema);
            continue;
        }
        const auto schema = snapshot.schema(name == "$user" ? role : std::string_view(name));
        if (schema && usable(*schema)) add(*schema);
    }
    const auto implicit = [&](Oid schema) {
        if (std::ranges::find(path.schemas, schema) == path.schemas.end()) {
            path.schemas.insert(path.schemas.begin(), schema);
        }
    };
    const auto system = snapshot.schema("pg_catalog");
    if (system) implicit(*system);
    implicit(kTempSchema);
    path.known = system.has_value();
    for (const Oid schema : path.schemas) {
        if (!path.text.empty()) path.text += ", ";
        path.text += quoted(schema == kTempSchema ? std::string_view("pg_temp") : snapshot.schema_name(schema));
    }
    return path;
}

}  // namespace pgveil::catalog
