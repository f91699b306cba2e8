#include "sql/copy_out.h"

#include <algorithm>
#include <cctype>

#include "sql/lexer.h"

namespace pgveil::sql {
namespace {

/// A definition's value as the server's defGetString gives it.
std::string value_of(const DefElem& option) {
    switch (tag_of(option.arg)) {
        case T_Integer: return std::to_string(PGVEIL_AS(Integer, option.arg)->ival);
        case T_Float: return std::string(text_of(PGVEIL_AS(Float, option.arg)->fval));
        case T_Boolean: return PGVEIL_AS(Boolean, option.arg)->boolval ? "true" : "false";
        default: return std::string(text_of(option.arg));
    }
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool is_on(const DefElem& option) {
    if (option.arg == nullptr) return true;
    const std::string value = lower(value_of(option));
    return value == "1" || value == "true" || value == "on";
}

// As the server compares encoding names: letters and digits alone.
bool is_utf8(std::string_view name) {
    std::string kept;
    for (const unsigned char c : name) {
        if (std::isalnum(c) != 0) kept.push_back(static_cast<char>(std::tolower(c)));
    }
    return kept == "utf8" || kept == "unicode";
}

struct Read {
    CopyOptions options;
    std::optional<std::string> delimiter, null_text, quote, escape;
    std::string unknown;
};

void one_option(const DefElem& option, Read& read) {
    const std::string_view name = text_of(option.defname);
    if (name == "format") {
        const std::string value = value_of(option);
        if (value == "csv") read.options.format = CopyFormat::Csv;
        else if (value == "binary") read.options.format = CopyFormat::Binary;
        else if (value != "text") read.unknown = "format " + value;
    } else if (name == "delimiter") {
        read.delimiter = value_of(option);
    } else if (name == "null") {
        read.null_text = value_of(option);
    } else if (name == "quote") {
        read.quote = value_of(option);
    } else if (name == "escape") {
        read.escape = value_of(option);
    } else if (name == "header") {
        read.options.header = is_on(option);
    } else if (name == "encoding") {
        if (!is_utf8(value_of(option))) read.unknown = "ENCODING other than UTF8";
    } else if (name != "force_quote" && name != "freeze" && name != "force_not_null" && name != "force_null") {
        // those add quotes, or nothing to COPY TO
        read.unknown = "option " + std::string(name);
    }
}

// A text of one character, as the server demands of all three; else it will refuse, and what we read does not matter.
char single(const std::optional<std::string>& value, char otherwise) { return value && value->size() == 1 ? (*value)[0] : otherwise; }

bool ends_rows(char c) { return c == '\n' || c == '\r'; }

Read options_of(const List* list) {
    Read read;
    for (const Node* node : nodes(list)) {
        if (const auto* option = PGVEIL_AS(DefElem, node)) one_option(*option, read);
    }
    const bool csv = read.options.format == CopyFormat::Csv;
    read.options.delimiter = single(read.delimiter, csv ? ',' : '\t');
    read.options.null_text = read.null_text.value_or(csv ? "" : "\\N");
    read.options.quote = single(read.quote, '"');
    read.options.escape = single(read.escape, read.options.quote);
    if (csv && (ends_rows(read.options.quote) || ends_rows(read.options.escape))) read.unknown = "a line end as QUOTE or ESCAPE";
    return read;
}

// A backslash within it that no value's own escapes can make keeps NULL apart; \N is such a one.
bool ambiguous(const CopyOptions& options) {
    if (options.format != CopyFormat::Text) return false;
    constexpr std::string_view escapes = "bfnrtv\\";
    for (std::size_t i = 0; i < options.null_text.size(); ++i) {
        if (options.null_text[i] != '\\') continue;
        if (++i == options.null_text.size()) return false;
        const char c = options.null_text[i];
        if (escapes.find(c) == std::string_view::npos && c != options.delimiter) return false;
    }
    return !options.null_text.empty();
}

std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

/// COPY t (a, b): the columns one by one, never the table's own list, which may have grown since the catalog was read
/// and holds the generated ones.
std::string table_shape(const CopyStmt& node, const Statement& statement) {
    std::string columns = statement.columns_known ? "" : "*";
    for (const OutputColumn& column : statement.columns) {
        if (statement.columns_known) columns += (columns.empty() ? "" : ", ") + quoted(column.name);
    }
    const RangeVar& relation = *node.relation;
    const std::string_view schema = text_of(relation.schemaname);
    return "SELECT " + columns + " FROM ONLY " + (schema.empty() ? "" : quoted(schema) + ".") + quoted(text_of(relation.relname));
}

/// The query between the parentheses.
void query_shape(const Statement& statement, std::string_view text, CopyOut& out) {
    const std::string_view own = text.substr(statement.location, statement.length);
    const auto tokens = tokens_of(own);
    if (!tokens) return;
    std::size_t depth = 0, from = 0;
    for (const Token& token : *tokens) {
        if (token.kind != TokenKind::Punctuation) continue;
        const char c = own[token.start];
        if (c == '(' && depth++ == 0) from = token.end;
        if (c != ')' || depth == 0 || --depth > 0) continue;
        out.shape = std::string(own.substr(from, token.start - from));
        out.shape_location = statement.location + static_cast<std::uint32_t>(from);
        return;
    }
}

}  // namespace

CopyOut copy_out(const CopyStmt& node, const Statement& statement, std::string_view text) {
    CopyOut out;
    Read read = options_of(node.options);
    out.unknown_option = std::move(read.unknown);
    if (out.unknown_option.empty()) out.options = std::move(read.options);
    out.null_is_ambiguous = out.options && ambiguous(*out.options);
    if (node.query != nullptr) query_shape(statement, text, out);
    else if (node.relation != nullptr) out.shape = table_shape(node, statement);
    return out;
}

}  // namespace pgveil::sql
