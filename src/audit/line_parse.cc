#include <array>

#include "audit/json_text.h"
#include "audit/line.h"
#include "audit/timestamp.h"
#include "crypto/digest.h"

namespace pgveil::audit {
namespace {

bool read_text(JsonCursor& in, std::string& into) {
    auto text = in.string();
    if (!text) return false;
    into = std::move(*text);
    return true;
}

template <class Number>
bool read_count(JsonCursor& in, Number& into) {
    const auto number = in.natural();
    if (!number || *number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) return false;
    into = static_cast<Number>(*number);
    return true;
}

/// '[' items ']' or '{' items '}', `item` reading one.
template <class Item>
bool read_list(JsonCursor& in, char open, char close, Item item) {
    if (!in.take(open)) return false;
    while (item()) {
        if (in.peek() != ',') return in.take(close);
        if (!in.take(',')) return false;
    }
    return false;
}

bool read_expected_key(JsonCursor& in, std::string_view key) {
    const auto found = in.string();
    return found && *found == key && in.take(':');
}

bool read_literals(JsonCursor& in, std::vector<LiteralToken>& into) {
    return read_list(in, '[', ']', [&] {
        LiteralToken token;
        const bool good = in.take('{') && read_expected_key(in, "type") && read_text(in, token.type) && in.take(',') &&
                          read_expected_key(in, "len") && read_count(in, token.length) && in.take(',') &&
                          read_expected_key(in, "t") && read_text(in, token.token) && in.take('}');
        into.push_back(std::move(token));
        return good;
    });
}

bool read_relations(JsonCursor& in, std::vector<std::string>& into) {
    return read_list(in, '[', ']', [&] { return read_text(in, into.emplace_back()); });
}

bool read_masked(JsonCursor& in, std::vector<std::pair<std::string, std::uint64_t>>& into) {
    return read_list(in, '{', '}', [&] {
        auto& pair = into.emplace_back();
        return read_text(in, pair.first) && in.take(':') && read_count(in, pair.second);
    });
}

bool read_more(JsonCursor& in, std::vector<std::pair<std::string, std::string>>& into) {
    return read_list(in, '{', '}', [&] {
        auto& pair = into.emplace_back();
        return read_text(in, pair.first) && in.take(':') && read_text(in, pair.second);
    });
}

bool read_time(JsonCursor& in, WallTime& into) {
    const auto text = in.string();
    const auto time = text ? parse_time(*text) : std::nullopt;
    if (time) into = *time;
    return time.has_value();
}

bool read_kind(JsonCursor& in, Kind& into) {
    const auto text = in.string();
    const auto kind = text ? kind_named(*text) : std::nullopt;
    if (kind) into = *kind;
    return kind.has_value();
}

using ReadField = bool (*)(JsonCursor&, Record&);
struct Field {
    std::string_view key;
    ReadField read;
};

/// In the order of the line.
constexpr std::array Fields = {
    Field{"ts", [](JsonCursor& in, Record& r) { return read_time(in, r.time); }},
    Field{"kind", [](JsonCursor& in, Record& r) { return read_kind(in, r.kind); }},
    Field{"agent", [](JsonCursor& in, Record& r) { return read_text(in, r.agent); }},
    Field{"person", [](JsonCursor& in, Record& r) { return read_text(in, r.person); }},
    Field{"database", [](JsonCursor& in, Record& r) { return read_text(in, r.database); }},
    Field{"session", [](JsonCursor& in, Record& r) { return read_count(in, r.session); }},
    Field{"statement", [](JsonCursor& in, Record& r) { return read_count(in, r.statement); }},
    Field{"address", [](JsonCursor& in, Record& r) { return read_text(in, r.address); }},
    Field{"sql", [](JsonCursor& in, Record& r) { return read_text(in, r.sql); }},
    Field{"literals", [](JsonCursor& in, Record& r) { return read_literals(in, r.literals); }},
    Field{"class", [](JsonCursor& in, Record& r) { return read_text(in, r.sql_class); }},
    Field{"decision", [](JsonCursor& in, Record& r) { return read_text(in, r.decision); }},
    Field{"rule", [](JsonCursor& in, Record& r) { return read_text(in, r.rule); }},
    Field{"request", [](JsonCursor& in, Record& r) { return read_text(in, r.request); }},
    Field{"task", [](JsonCursor& in, Record& r) { return read_text(in, r.task); }},
    Field{"relations", [](JsonCursor& in, Record& r) { return read_relations(in, r.relations); }},
    Field{"rows", [](JsonCursor& in, Record& r) { return read_count(in, r.rows); }},
    Field{"bytes", [](JsonCursor& in, Record& r) { return read_count(in, r.bytes); }},
    Field{"masked", [](JsonCursor& in, Record& r) { return read_masked(in, r.masked); }},
    Field{"sqlstate", [](JsonCursor& in, Record& r) { return read_text(in, r.sqlstate); }},
    Field{"tag", [](JsonCursor& in, Record& r) { return read_text(in, r.tag); }},
    Field{"duration_us", [](JsonCursor& in, Record& r) { return read_count(in, r.duration_us); }},
    Field{"more", [](JsonCursor& in, Record& r) { return read_more(in, r.more); }},
};

bool is_object_field(std::string_view key) { return key == "masked" || key == "more"; }

/// An object whose first key is `blob`; `masked` and `more` are objects themselves, so the key is looked at ahead.
bool looks_like_blob(const JsonCursor& in, std::string_view key) {
    if (in.peek() != '{') return false;
    if (!is_object_field(key)) return true;
    JsonCursor ahead = in;
    if (!ahead.take('{')) return false;
    const auto first = ahead.string();
    if (!first || *first != "blob" || !ahead.take(':') || ahead.peek() != '"') return false;
    const auto name = ahead.string();
    if (!name || name->size() != 64 || !ahead.take(',')) return false;
    const auto second = ahead.string();
    return second && *second == "bytes" && ahead.take(':') && ahead.peek() != '"';
}

bool read_blob(JsonCursor& in, BlobReference& into) {
    const bool read = in.take('{') && read_expected_key(in, "blob") && read_text(in, into.name) && in.take(',') &&
                      read_expected_key(in, "bytes") && read_count(in, into.bytes) && in.take('}');
    // The name becomes part of a path.
    return read && into.name.size() == 64 && into.name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Cuts `,"crc":<n>}` off and checks it.
bool take_checksum(std::string_view& line) {
    constexpr std::string_view Mark = ",\"crc\":";
    const std::size_t at = line.rfind(Mark);
    if (at == std::string_view::npos) return false;
    JsonCursor in(line.substr(at + Mark.size()));
    const auto crc = in.natural();
    if (!crc || !in.take('}') || !in.at_end()) return false;
    line = line.substr(0, at);
    return *crc == crypto::crc32c(bytes_of(line));
}

bool read_fields(JsonCursor& in, StoredRecord& stored) {
    std::size_t next = 0;
    while (!in.at_end()) {
        if (!in.take(',')) return false;
        const auto key = in.string();
        if (!key || !in.take(':')) return false;
        if (*key == "ck") {
            stored.signed_size = in.natural();
            return stored.signed_size && in.at_end();
        }
        while (next < Fields.size() && Fields[next].key != *key) ++next;
        if (next == Fields.size()) return false;
        if (looks_like_blob(in, *key)) {
            BlobReference reference{*key, {}, 0};
            if (!read_blob(in, reference)) return false;
            stored.blobs.push_back(std::move(reference));
        } else if (!Fields[next].read(in, stored.record)) {
            return false;
        }
        ++next;
    }
    return true;
}

}  // namespace

std::optional<StoredRecord> parse_line(std::string_view line) {
    if (line.size() > MaxLine || !take_checksum(line)) return std::nullopt;
    JsonCursor in(line);
    StoredRecord stored;
    if (!in.take('{') || !read_expected_key(in, "i") || !read_count(in, stored.index)) return std::nullopt;
    if (!read_fields(in, stored)) return std::nullopt;
    return stored;
}

bool restore_blob(StoredRecord& stored, const BlobReference& reference, std::string_view content) {
    for (const Field& field : Fields) {
        if (field.key != reference.key) continue;
        JsonCursor in(content);
        return field.read(in, stored.record) && in.at_end();
    }
    return false;
}

}  // namespace pgveil::audit
