#include "cli/detect.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "cli/masking_rules.h"
#include "pgveil/masking/json_cursor.h"

namespace pgveil::cli {
namespace {

using masking::JsonCursor;
using masking::JsonToken;

constexpr std::string_view kHelp =
    "usage: pgveil detect [--rules DIR]...\n"
    "Content detection. Reads JSON lines {\"id\":..,\"text\":..,\"column\":\"optional column name\"} from stdin and prints\n"
    "{\"id\":..,\"findings\":[{\"class\":..,\"rule\":..,\"start\":..,\"end\":..,\"confidence\":..}]}; offsets are bytes of the UTF-8 text.\n"
    "  --rules DIR   a folder of rule packs, or one pack; else $PGVEIL_RULES, ./rules, the installed ones (all of them)\n";

struct Line {
    std::string_view id = "null";    // as it was written
    std::string text, column;
    bool has_text = false;
};

std::string decoded(const JsonCursor& cursor) {
    if (!cursor.escaped()) return std::string(cursor.raw());
    masking::DecodedString to;
    masking::decode_json_string(cursor.raw(), to);
    return to.text;
}

/// Reads the value behind a key at depth 1; false if the JSON is malformed.
bool read_value(JsonCursor& cursor, std::string_view line, const std::string& key, Line& to) {
    const JsonToken token = cursor.next();
    const bool quoted = token == JsonToken::String;
    const std::size_t start = cursor.start() - (quoted ? 1 : 0);
    if (quoted && key == "text") {
        to.text = decoded(cursor);
        to.has_text = true;
    }
    if (quoted && key == "column") to.column = decoded(cursor);
    std::size_t end = cursor.end() + (quoted ? 1 : 0);
    for (JsonToken inner = token; cursor.depth() > 1 && inner != JsonToken::Error;) {
        inner = cursor.next();
        end = cursor.end();
        if (inner == JsonToken::Error) return false;
    }
    if (key == "id") to.id = line.substr(start, end - start);
    return token != JsonToken::Error && token != JsonToken::End;
}

bool read_line(std::string_view line, Line& to) {
    JsonCursor cursor;
    cursor.reset(line);
    if (cursor.next() != JsonToken::ObjectBegin) return false;
    for (;;) {
        const JsonToken token = cursor.next();
        if (token == JsonToken::ObjectEnd) return cursor.next() == JsonToken::End && to.has_text;
        if (token != JsonToken::Key) return false;
        const std::string key = decoded(cursor);
        if (!read_value(cursor, line, key, to)) return false;
    }
}

}  // namespace

bool detect_line(std::string_view line, masking::RowMasker& masker, std::string& to) {
    Line read;
    if (!read_line(line, read)) {
        fmt::format_to(std::back_inserter(to), R"({{"id":{},"findings":[],"error":"not a JSON object with a string \"text\""}})", read.id);
        return false;
    }
    fmt::format_to(std::back_inserter(to), R"({{"id":{},"findings":[)", read.id);
    bool first = true;
    for (const masking::Finding& f : masker.detect(read.text, read.column)) {
        fmt::format_to(std::back_inserter(to), R"({}{{"class":"{}","rule":"{}","start":{},"end":{},"confidence":{:.2f}}})", first ? "" : ",",
                       f.class_name, f.rule, f.start, f.end, f.confidence);
        first = false;
    }
    to += "]}";
    return true;
}

bool detect_all(std::istream& in, std::ostream& out, masking::RowMasker& masker) {
    std::string line, answer;
    bool understood = true;
    while (std::getline(in, line)) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        answer.clear();
        understood &= detect_line(line, masker, answer);
        answer += '\n';
        out << answer;
    }
    out.flush();
    return understood;
}

int run_detect(std::span<const std::string_view> args) {
    int exit = 0;
    const auto parsed = parse_masking_arguments(args, kHelp, {}, exit);
    if (!parsed) return exit;
    const auto rules = load_rules(parsed->rules);
    if (!rules) return 2;
    std::ios::sync_with_stdio(false);
    masking::RowMasker masker(rules, no_keys());
    return detect_all(std::cin, std::cout, masker) ? 0 : 2;
}

}  // namespace pgveil::cli
