#include <doctest/doctest.h>

#include <sstream>

#include "cli/detect.h"
#include "cli/mask.h"
#include "cli/masking_rules.h"

using namespace pgveil;

namespace {

masking::RowMasker& masker() {
    static masking::RowMasker made(cli::load_rules({"rules"}), cli::no_keys());
    return made;
}

std::string detect(const std::string& line) {
    std::string answer;
    cli::detect_line(line, masker(), answer);
    return answer;
}

template <class Stream>
std::string masked(Stream stream, const std::string& text, bool understood = true) {
    std::istringstream in(text);
    std::ostringstream out;
    CHECK(stream(in, out, masker()) == understood);
    return out.str();
}

}  // namespace

TEST_CASE("detect answers with class, rule and byte offsets, the id as it was") {
    CHECK(detect(R"({"id":1,"text":"é john@example.com"})") ==
          R"({"id":1,"findings":[{"class":"EMAIL_ADDRESS","rule":"core/email","start":3,"end":19,"confidence":1.00}]})");
    CHECK(detect(R"({"text":"nothing","id":"a\"b"})") == R"({"id":"a\"b","findings":[]})");
    CHECK(detect(R"({"id":{"x":[1]},"text":""})") == R"({"id":{"x":[1]},"findings":[]})");
    CHECK(detect(R"({"id":2,"text":"Maria Garcia","column":"full_name"})").find("\"PERSON\"") != std::string::npos);
    CHECK(detect(R"({"id":2,"text":"a\u0040example.com is j1\u0040example.com"})").find("\"start\":0,\"end\":13") != std::string::npos);
}

TEST_CASE("detect says which line it does not understand, without repeating it") {
    for (const char* line : {"", "{", "[]", "{\"id\":1}", "{\"id\":1,\"text\":5}", "{\"text\":\"a\"} x"}) {
        CAPTURE(line);
        CHECK(detect(line).find("\"error\"") != std::string::npos);
    }
    std::istringstream in("{\"id\":1,\"text\":\"x\"}\n\n{\n");
    std::ostringstream out;
    CHECK_FALSE(cli::detect_all(in, out, masker()));
}

TEST_CASE("mask text keeps all but the findings, across lines of a key") {
    CHECK(masked(cli::mask_text_stream, "a\nmail j1@example.com\nz") == "a\nmail [EMAIL_ADDRESS]\nz");
    CHECK(masked(cli::mask_text_stream, "x\n") == "x\n");
    CHECK(masked(cli::mask_text_stream, "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n") == "[PRIVATE_KEY]\n");
}

TEST_CASE("mask csv takes the header as hints and quotes what needs it") {
    CHECK(masked(cli::mask_csv_stream, "id,full_name,note\n1,\"Garcia, Maria\",\"say \"\"hi\"\" to j1@example.com\"\n2,,x\n") ==
          "id,full_name,note\n1,\"[PERSON]\",\"say \"\"hi\"\" to [EMAIL_ADDRESS]\"\n2,,x\n");
    CHECK(masked(cli::mask_csv_stream, "a,ssn\r\nx,536221234\r\n") == "a,ssn\r\nx,[US_SSN]\r\n");
    CHECK(masked(cli::mask_csv_stream, "a,b") == "a,b");
}

TEST_CASE("mask jsonl keeps the structure, and withholds what is no JSON") {
    CHECK(masked(cli::mask_jsonl_stream, "{\"a\":\"j1@example.com\",\"password\":\"x\"}\n[1]\n") ==
          "{\"a\":\"[EMAIL_ADDRESS]\",\"password\":\"[PASSWORD]\"}\n[1]\n");
    CHECK(masked(cli::mask_jsonl_stream, "{broken\n", false) == "null\n");
}
