#include "catalog/snapshot_file.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <type_traits>

namespace pgveil::catalog {

namespace {

constexpr std::string_view kHeader = "pgveil-catalog 1";

// Writer and Reader have the same faces, so that one function per struct names its fields for both.
struct Writer {
    std::string out;
    static constexpr bool reading = false;

    void begin(char letter) { out += letter; }
    void end() { out += '\n'; }
    void text(const std::string& value) {
        out += '\t';
        for (const char c : value) {
            if (c == '\\' || c == '\t' || c == '\n') out += '\\';
            out += c == '\t' ? 't' : c == '\n' ? 'n' : c;
        }
    }
    void number(std::int64_t value) { out += '\t' + std::to_string(value); }
};

struct Reader {
    std::string_view rest;      // fields of one line
    bool good = true;
    static constexpr bool reading = true;

    std::string_view next() {
        if (rest.empty() || rest.front() != '\t') {
            good = false;
            return {};
        }
        rest.remove_prefix(1);
        const std::string_view field = rest.substr(0, rest.find('\t'));
        rest.remove_prefix(field.size());
        return field;
    }
    void text(std::string& value) {
        const std::string_view field = next();
        value.clear();
        for (std::size_t i = 0; i < field.size(); ++i) {
            if (field[i] != '\\' || i + 1 == field.size()) {
                value += field[i];
            } else {
                ++i;
                value += field[i] == 't' ? '\t' : field[i] == 'n' ? '\n' : field[i];
            }
        }
    }
    void number(std::int64_t& value) {
        const std::string_view field = next();
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
        if (error != std::errc{} || end != field.data() + field.size()) good = false;
    }
};

template <class Archive, class Value>
void field(Archive& a, Value& value);

template <class Archive, class Value>
void integer(Archive& a, Value& value) {
    if constexpr (Archive::reading) {
        std::int64_t wide = 0;
        a.number(wide);
        value = static_cast<std::remove_const_t<Value>>(wide);
    } else {
        a.number(static_cast<std::int64_t>(value));
    }
}

template <class Archive, class Item>
void list(Archive& a, std::vector<Item>& items) {
    std::size_t count = items.size();
    integer(a, count);
    if constexpr (Archive::reading) {
        // every item takes a byte at least, so a count beyond the line is a lie
        if (!a.good || count > a.rest.size()) {
            a.good = false;
            return;
        }
        items.resize(count);
    }
    for (Item& item : items) field(a, item);
}

template <class Value>
inline constexpr bool is_id = false;
template <class Tag, class Rep>
inline constexpr bool is_id<StrongId<Tag, Rep>> = true;

template <class Archive> void fields(Archive& a, Column& c) {
    field(a, c.name), field(a, c.number), field(a, c.type);
    std::uint32_t flags = (c.not_null ? 1U : 0U) | (c.generated ? 2U : 0U);
    field(a, flags);
    if constexpr (Archive::reading) c.not_null = (flags & 1) != 0, c.generated = (flags & 2) != 0;
}
template <class Archive, class First, class Second> void fields(Archive& a, std::pair<First, Second>& p) {
    field(a, p.first), field(a, p.second);
}
template <class Archive> void fields(Archive& a, Relation& r) {
    field(a, r.oid), field(a, r.schema_oid), field(a, r.schema), field(a, r.name), field(a, r.kind);
    list(a, r.columns), field(a, r.definition), list(a, r.parents), list(a, r.children);
    field(a, r.has_rules), field(a, r.has_triggers), field(a, r.row_security), field(a, r.has_domain_or_expr_defaults);
    list(a, r.policy_expressions), field(a, r.estimated_rows), field(a, r.bytes);
}
template <class Archive> void fields(Archive& a, Function& f) {
    field(a, f.oid), field(a, f.schema_oid), field(a, f.return_type), field(a, f.schema), field(a, f.name);
    field(a, f.language), field(a, f.body), list(a, f.arguments), list(a, f.argument_names), field(a, f.defaults);
    field(a, f.variadic), field(a, f.volatility), field(a, f.kind), field(a, f.returns_set), field(a, f.builtin);
    list(a, f.output_columns), list(a, f.depends_on), field(a, f.security_definer), field(a, f.search_path);
    if constexpr (Archive::reading) {
        if (a.rest.empty()) return;  // files saved before defaults were kept
    }
    field(a, f.default_text);
}
template <class Archive> void fields(Archive& a, Type& t) {
    field(a, t.oid), field(a, t.schema_oid), field(a, t.base), field(a, t.element), field(a, t.relation);
    field(a, t.schema), field(a, t.name), field(a, t.kind), field(a, t.category), field(a, t.builtin);
    field(a, t.domain_has_check);
    if constexpr (Archive::reading) {
        if (a.rest.empty()) return;  // files saved before checks were kept
    }
    list(a, t.domain_checks);
}
template <class Archive> void fields(Archive& a, Operator& o) {
    field(a, o.oid), field(a, o.schema_oid), field(a, o.left), field(a, o.right), field(a, o.result);
    field(a, o.function), field(a, o.schema), field(a, o.name);
}
template <class Archive> void fields(Archive& a, Cast& c) {
    field(a, c.source), field(a, c.target), field(a, c.function), field(a, c.context);
}
template <class Archive> void fields(Archive& a, Snapshot::Contents& c) {
    field(a, c.database), field(a, c.server_version), field(a, c.system_identifier), field(a, c.server_version_num);
    field(a, c.database_oid), field(a, c.role), field(a, c.default_search_path), field(a, c.role_is_dangerous);
    field(a, c.danger), list(a, c.schemas), list(a, c.unusable_schemas);
}

template <class Archive, class Value>
void field(Archive& a, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) {
        a.text(value);
    } else if constexpr (is_id<Value>) {
        integer(a, value.value);
    } else if constexpr (std::is_enum_v<Value> || std::is_integral_v<Value>) {
        integer(a, value);
    } else {
        fields(a, value);
    }
}

template <class Item>
void write_line(Writer& writer, char letter, Item& item) {
    writer.begin(letter);
    fields(writer, item);
    writer.end();
}

template <class Item>
bool read_item(Reader& reader, Item& item) {
    fields(reader, item);
    return reader.good && reader.rest.empty();
}

template <class Item>
bool read_into(Reader& reader, std::vector<Item>& items) {
    return read_item(reader, items.emplace_back());
}

bool read_line(std::string_view line, Snapshot::Contents& contents) {
    if (line.empty()) return false;
    Reader reader{line.substr(1)};
    switch (line.front()) {
        case 'D': return read_item(reader, contents);
        case 'r': return read_into(reader, contents.relations);
        case 'f': return read_into(reader, contents.functions);
        case 't': return read_into(reader, contents.types);
        case 'o': return read_into(reader, contents.operators);
        case 'c': return read_into(reader, contents.casts);
    }
    return false;
}

}  // namespace

std::string to_text(const Snapshot::Contents& contents) {
    // The archive functions take what they name by reference; writing changes none of it.
    auto& source = const_cast<Snapshot::Contents&>(contents);
    Writer writer;
    writer.out = std::string(kHeader) + '\n';
    write_line(writer, 'D', source);
    for (Relation& relation : source.relations) write_line(writer, 'r', relation);
    for (Function& function : source.functions) write_line(writer, 'f', function);
    for (Type& type : source.types) write_line(writer, 't', type);
    for (Operator& op : source.operators) write_line(writer, 'o', op);
    for (Cast& cast : source.casts) write_line(writer, 'c', cast);
    return std::move(writer.out) + ".\n";
}

Result<Snapshot::Contents, FileRefusal> from_text(std::string_view text) {
    Snapshot::Contents contents;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) break;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (number++ == 0) {
            if (line != kHeader) break;
        } else if (line == ".") {
            return contents;     // the last line: a file cut short does not pass for a smaller database
        } else if (!read_line(line, contents)) {
            break;
        }
    }
    return refuse(FileRefusal::WrongFormat);
}

bool save(const Snapshot::Contents& contents, const std::filesystem::path& file) {
    std::filesystem::path beside = file;
    beside += ".new";
    {
        std::ofstream out(beside, std::ios::binary | std::ios::trunc);
        out << to_text(contents);
        if (!out.flush()) return false;
    }
    std::error_code error;
    std::filesystem::rename(beside, file, error);
    return !error;
}

Result<Snapshot::Contents, FileRefusal> read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return refuse(FileRefusal::Unreadable);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in.good() && !in.eof()) return refuse(FileRefusal::Unreadable);
    return from_text(text.view());
}

}  // namespace pgveil::catalog
