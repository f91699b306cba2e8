#include "config/rule_pack_reader.h"

#include <doctest/doctest.h>

using namespace pgveil;
using namespace pgveil::config;

namespace {

constexpr const char* kGood = R"(
version = 1
[[rule]]
id = "x/y"
title = "t"
class = "C"
why = "w"
pattern = 'a+'
strength = "hinted"
hints = ["a b"]
transform = "partial"
match = ["a", "b", "c"]
no_match = ["x", "y", "z"]
)";

std::string with(const std::string& line) { return std::string(kGood) + line + "\n"; }

std::string complaint(const std::string& text) {
    const auto pack = read_pack_text(text, "p.toml");
    if (pack) return "";
    std::string all;
    for (const auto& trouble : pack.error()) all += to_string(trouble) + "\n";
    return all;
}

}  // namespace

TEST_CASE("a pack file becomes rules") {
    const auto pack = read_pack_text(kGood, "p.toml");
    REQUIRE(pack.has_value());
    REQUIRE(pack->rules.size() == 1);
    const masking::Rule& rule = pack->rules[0];
    CHECK(rule.id == "x/y");
    CHECK(rule.class_name == "C");
    CHECK(rule.patterns == std::vector<std::string>{"a+"});
    CHECK(rule.strength == masking::Strength::Hinted);
    CHECK(rule.transform == masking::Transform::Partial);
    CHECK(rule.no_match.size() == 3);
}

TEST_CASE("mistakes are told with file and line, all at once") {
    CHECK(complaint(with("colour = 1")).find("p.toml:14: unknown key \"colour\"") != std::string::npos);
    CHECK(complaint("[[rule]]\nid = 3\nstrength = \"huge\"\ntransform = \"clear\"\nmatch = [\"a\"]\nhints = \"x\"\n").find("p.toml:2: \"id\" is not a string") == 0);
    const std::string many = complaint("[[rule]]\nid = 3\nstrength = \"huge\"\ntransform = \"clear\"\nmatch = [\"a\"]\nhints = \"x\"\n");
    for (const char* part : {"\"title\" is missing", "unknown strength", "unknown transform", "match holds 1 examples", "no_match holds 0", "\"hints\" is not a list"}) {
        CAPTURE(part);
        CHECK(many.find(part) != std::string::npos);
    }
    CHECK(complaint("[[rule]\n").find("p.toml:1: not valid TOML") == 0);
    CHECK(complaint("other = 1\n").find("unknown key \"other\"") != std::string::npos);
    CHECK(read_pack("no/such", "rules").error()[0].message == "there is no such rule pack");
}
