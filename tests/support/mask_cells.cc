// mask-cells: RowMasker behind a pipe, for tests that ask PostgreSQL and its drivers what they think of masked cells.
// Reads lines of tab-separated `oid kind element element-kind type-name format transform class hex element-name` and prints the
// masked cell in hex, `NULL`, or `same`. Keys are fixed: a test's answers are the same every time.
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "crypto/digest.h"
#include "pgveil/masking/row_masker.h"

namespace {

using namespace pgveil;
using namespace pgveil::masking;

TypeKind kind_of(const std::string& typtype) {
    static const std::map<std::string, TypeKind> kinds{{"b", TypeKind::Base}, {"a", TypeKind::Array}, {"c", TypeKind::Composite}, {"d", TypeKind::Domain},
                                                       {"e", TypeKind::Enum}, {"r", TypeKind::Range}, {"m", TypeKind::Multirange}, {"p", TypeKind::Pseudo}};
    const auto found = kinds.find(typtype);
    return found == kinds.end() ? TypeKind::Unknown : found->second;
}

Transform transform_of(const std::string& name) {
    for (int i = 0; i <= static_cast<int>(Transform::Null); ++i) {
        if (name_of(static_cast<Transform>(i)) == name) return static_cast<Transform>(i);
    }
    return Transform::Null;
}

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::string masked(RowMasker& masker, const std::vector<std::string>& part) {
    RowPlan plan{{ColumnPlan{}}};
    ColumnPlan& column = plan.columns[0];
    column.column.name = "c";
    column.column.id = {Oid{16400}, AttrNumber{1}};
    column.column.type = {Oid{static_cast<std::uint32_t>(std::stoul(part[0]))}, kind_of(part[1]), Oid{static_cast<std::uint32_t>(std::stoul(part[2]))},
                          kind_of(part[3]), part[4], part[9]};
    column.column.format = part[5] == "1" ? Format::Binary : Format::Text;
    column.treatment = part[6] == "scan" ? Treatment::Scan : Treatment::Apply;
    column.transform = transform_of(part[6]);
    column.class_name = part[7];
    column.key_domain = "test\n" + part[7];
    column.keyed_allowed = true;
    std::string bytes;
    for (std::size_t i = 0; i + 1 < part[8].size(); i += 2) bytes += static_cast<char>(digit(part[8][i]) * 16 + digit(part[8][i + 1]));
    CellView cell{bytes_of(bytes).data(), static_cast<std::int32_t>(bytes.size())};
    if (masker.mask({&cell, 1}, plan).masked == 0) return "same";
    if (cell.is_null()) return "NULL";
    std::string hex;
    for (const Byte b : cell.bytes()) {
        hex += "0123456789abcdef"[b >> 4U];
        hex += "0123456789abcdef"[b & 15U];
    }
    return hex;
}

}  // namespace

int main() {
    const auto keys = crypto::make_keyed_hash(Secret(std::string_view("the key of a test, known to all")));
    Rule email{.id = "t/email", .title = "E-mail", .class_name = "EMAIL_ADDRESS", .why = "test", .patterns = {}, .confirmer = "email",
               .strength = Strength::Strong, .hints = {"email"}, .match = {"a@b.cc"}, .no_match = {"a"}};
    const auto rules = compile({RulePack{"t", {email}}});
    if (!rules) return 2;
    RowMasker masker(*rules, *keys);
    for (std::string line; std::getline(std::cin, line);) {
        std::vector<std::string> parts;
        std::istringstream fields(line);
        for (std::string part; std::getline(fields, part, '\t');) parts.push_back(part);
        parts.resize(10);
        std::cout << masked(masker, parts) << std::endl;
    }
    return 0;
}
