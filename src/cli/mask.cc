#include "cli/mask.h"

#include <fmt/format.h>

#include <array>
#include <iostream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "cli/masking_rules.h"

namespace pgveil::cli {
namespace {

constexpr std::string_view kHelp =
    "usage: pgveil mask [--rules DIR]... [--format text|csv|jsonl]\n"
    "Copies stdin to stdout with personal data and secrets masked. csv: the first record names the columns; csv and jsonl\n"
    "use names and keys as hints.\n"
    "  --rules DIR   a folder of rule packs, or one pack; else $PGVEIL_RULES, ./rules, the installed ones (all of them)\n"
    "  --format F    text (default), csv or jsonl\n";
constexpr std::array<std::string_view, 3> kFormats = {"text", "csv", "jsonl"};
constexpr std::size_t kBlock = 1U << 20U;

bool inside_pem(std::string_view block) {
    const std::size_t begin = block.rfind("-----BEGIN");
    return begin != std::string_view::npos && block.find("-----END", begin) == std::string_view::npos;
}

}  // namespace

bool mask_text_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker) {
    std::string block, line;
    while (std::getline(in, line)) {
        block += line;
        if (!in.eof()) block += '\n';
        if (block.size() < kBlock || inside_pem(block)) continue;
        out << masker.mask_text(block, "");
        block.clear();
    }
    out << masker.mask_text(block, "");
    out.flush();
    return true;
}

namespace {

struct CsvField {
    std::string text, raw;       // decoded; as it was written, quotes included
    char end = '\0';             // ',' or '\n'; NUL at the end of the input
};

/// Reads one field. False: nothing was left.
bool read_field(std::istream& in, CsvField& field) {
    field = {};
    bool quoted = false, any = false;
    for (int got = in.get(); got != std::char_traits<char>::eof(); got = in.get()) {
        any = true;
        const char c = static_cast<char>(got);
        if (!quoted && (c == ',' || c == '\n')) {
            field.end = c;
            return true;
        }
        field.raw += c;
        if (c != '"') {
            field.text += c;
        } else if (quoted && in.peek() == '"') {
            field.raw += static_cast<char>(in.get());
            field.text += '"';
        } else {
            quoted = !quoted;
        }
    }
    return any;
}

void write_field(std::ostream& out, const CsvField& field, const std::string& masked) {
    if (masked == field.text) {
        out << field.raw;
    } else if (field.raw.starts_with('"') || masked.find_first_of(",\"\r\n") != std::string::npos) {
        out << '"';
        for (const char c : masked) out << (c == '"' ? "\"\"" : std::string(1, c));
        out << '"';
    } else {
        out << masked;
    }
}

}  // namespace

bool mask_csv_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker) {
    std::vector<std::string> names;
    bool header = true;
    std::size_t column = 0;
    CsvField field;
    while (read_field(in, field)) {
        if (header) {
            names.push_back(field.text);
            if (names.back().ends_with('\r')) names.back().pop_back();
            out << field.raw;
        } else {
            const bool carriage_return = field.end == '\n' && field.text.ends_with('\r') && field.raw.ends_with('\r');
            if (carriage_return) {
                field.text.pop_back();
                field.raw.pop_back();
            }
            write_field(out, field, masker.mask_text(field.text, column < names.size() ? names[column] : ""));
            if (carriage_return) out << '\r';
        }
        if (field.end != '\0') out << field.end;
        ++column;
        if (field.end != '\n') continue;
        header = false;
        column = 0;
    }
    out.flush();
    return true;
}

bool mask_jsonl_stream(std::istream& in, std::ostream& out, masking::RowMasker& masker) {
    masking::RowPlan plan{{masking::ColumnPlan{}}};
    plan.columns[0].column.type = {.oid = type_oid::Json, .kind = TypeKind::Base};
    plan.columns[0].treatment = masking::Treatment::Scan;
    bool understood = true;
    std::string line;
    while (std::getline(in, line)) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            out << line << '\n';
            continue;
        }
        const bool fits = line.size() <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
        masking::CellView cell{bytes_of(line).data(), fits ? static_cast<std::int32_t>(line.size()) : -1};
        const auto outcome = masker.mask({&cell, 1}, plan);
        understood &= !outcome.doubtful && fits;
        if (cell.is_null()) out << "null\n";
        else out << text_of(cell.bytes()) << '\n';
    }
    out.flush();
    return understood;
}

int run_mask(std::span<const std::string_view> args) {
    int exit = 0;
    const auto parsed = parse_masking_arguments(args, kHelp, kFormats, exit);
    if (!parsed) return exit;
    const auto rules = load_rules(parsed->rules);
    if (!rules) return 2;
    std::ios::sync_with_stdio(false);
    masking::RowMasker masker(rules, no_keys());
    bool understood = false;
    if (parsed->format == "csv") understood = mask_csv_stream(std::cin, std::cout, masker);
    else if (parsed->format == "jsonl") understood = mask_jsonl_stream(std::cin, std::cout, masker);
    else understood = mask_text_stream(std::cin, std::cout, masker);
    return understood ? 0 : 1;
}

}  // namespace pgveil::cli
