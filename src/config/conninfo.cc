// A look into libpq connection strings, enough for warnings: libpq itself parses them when connecting.
#include <algorithm>
#include <utility>
#include <vector>

#include "config/values.h"

namespace pgveil::config {
namespace {

struct Pair {
    std::string keyword, value;
    std::size_t begin = 0, end = 0;      // of the value in the text, quotes included
};

bool is_uri(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// keyword = value pairs; values may be quoted with ' and escaped with backslash (manual, 34.1.1.1).
std::vector<Pair> pairs_of(std::string_view text) {
    std::vector<Pair> pairs;
    std::size_t at = 0;
    const auto skip_spaces = [&] { while (at < text.size() && is_space(text[at])) ++at; };
    for (skip_spaces(); at < text.size(); skip_spaces()) {
        Pair pair;
        while (at < text.size() && text[at] != '=' && !is_space(text[at])) pair.keyword.push_back(text[at++]);
        skip_spaces();
        if (at >= text.size() || text[at] != '=') return pairs;
        ++at;
        skip_spaces();
        pair.begin = at;
        const bool quoted = at < text.size() && text[at] == '\'';
        if (quoted) ++at;
        while (at < text.size() && (quoted ? text[at] != '\'' : !is_space(text[at]))) {
            if (text[at] == '\\' && at + 1 < text.size()) ++at;
            pair.value.push_back(text[at++]);
        }
        if (quoted && at < text.size()) ++at;
        pair.end = at;
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

/// Authority and query parameters of a URI; percent-escapes are left as they are.
std::vector<Pair> uri_pairs(std::string_view text) {
    std::vector<Pair> pairs;
    const std::size_t start = text.find("://") + 3;
    const std::size_t authority_end = std::min(text.find_first_of("/?", start), text.size());
    const std::string_view authority = text.substr(start, authority_end - start);
    const std::size_t at = authority.rfind('@');
    const std::size_t host_start = at == std::string_view::npos ? 0 : at + 1;
    if (at != std::string_view::npos) {
        const std::size_t colon = authority.substr(0, at).find(':');
        if (colon != std::string_view::npos) {
            pairs.push_back({"password", std::string(authority.substr(colon + 1, at - colon - 1)), start + colon + 1, start + at});
        }
    }
    std::string_view host = authority.substr(host_start);
    const std::size_t port = host.starts_with('[') ? host.find("]:") : host.rfind(':');
    if (port != std::string_view::npos) host = host.substr(0, host.starts_with('[') ? port + 1 : port);
    if (!host.empty()) pairs.push_back({"host", std::string(host), 0, 0});
    for (std::size_t from = text.find('?'); from < text.size();) {
        const std::size_t end = std::min(text.find('&', from + 1), text.size());
        const std::size_t equals = text.find('=', from + 1);
        if (equals < end) {
            pairs.push_back({std::string(text.substr(from + 1, equals - from - 1)),
                             std::string(text.substr(equals + 1, end - equals - 1)), equals + 1, end});
        }
        from = end;
    }
    return pairs;
}

std::vector<Pair> all_pairs(std::string_view text) { return is_uri(text) ? uri_pairs(text) : pairs_of(text); }

}  // namespace

std::optional<std::string> conninfo_value(std::string_view conninfo, std::string_view keyword) {
    std::optional<std::string> found;
    for (Pair& pair : all_pairs(conninfo)) {
        if (pair.keyword == keyword) found = std::move(pair.value);
    }
    return found;
}

std::string without_password(std::string_view conninfo) {
    std::string text(conninfo);
    std::vector<Pair> pairs = all_pairs(conninfo);
    std::ranges::sort(pairs, std::greater{}, &Pair::begin);
    for (const Pair& pair : pairs) {
        if (pair.keyword == "password" || pair.keyword == "sslpassword") text.replace(pair.begin, pair.end - pair.begin, "(set)");
    }
    return text;
}

}  // namespace pgveil::config
