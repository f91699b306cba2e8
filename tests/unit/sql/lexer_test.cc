#include "sql/lexer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <sstream>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

using namespace pgveil;
using namespace pgveil::sql;

namespace {

using Spans = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

/// What PostgreSQL's own scanner says; nullopt where it raises an error.
std::optional<Spans> reference(const std::string& text) {
    const PgQueryScanResult result = pg_query_scan(text.c_str());
    std::optional<Spans> spans;
    if (result.error == nullptr) {
        PgQuery__ScanResult* scanned = pg_query__scan_result__unpack(nullptr, result.pbuf.len, reinterpret_cast<const std::uint8_t*>(result.pbuf.data));
        spans.emplace();
        for (std::size_t i = 0; i < scanned->n_tokens; ++i)
            spans->emplace_back(static_cast<std::uint32_t>(scanned->tokens[i]->start), static_cast<std::uint32_t>(scanned->tokens[i]->end));
        pg_query__scan_result__free_unpacked(scanned, nullptr);
    }
    pg_query_free_scan_result(result);
    return spans;
}

/// Where tokens start and end. pg_query_scan reports a wrong end for E'..' and U&".." (it has the length of the
/// lexer's last piece); their starts, and all that follows, are compared.
std::string shown(std::string_view text, const Spans& spans) {
    std::string out;
    for (const auto& [start, end] : spans) {
        const std::string_view head = text.substr(start, 3);
        const bool odd = head.size() >= 2 && (((head[0] | 0x20) == 'e' && head[1] == '\'') || ((head[0] | 0x20) == 'u' && head[1] == '&'));
        out += std::to_string(start) + "-" + (odd ? "?" : std::to_string(end)) + " ";
    }
    return out;
}

/// A string that goes on after a comment: libpg_query's scanner returns comments and so ends the string there (its
/// parser then refuses the text); the server goes on, and so do we.
bool continues_after_comment(std::string_view text) {
    const auto tokens = tokens_of(text).value_or(std::vector<Token>{});
    for (const Token& token : tokens)
        if (token.kind == TokenKind::String && text.substr(token.start, token.end - token.start).find("--") != std::string_view::npos &&
            text.substr(token.start, token.end - token.start).find('\n') != std::string_view::npos)
            return true;
    return false;
}

Spans ours(std::string_view text) {
    Spans spans;
    const auto tokens = tokens_of(text);
    for (const Token& token : *tokens) spans.emplace_back(token.start, token.end);
    return spans;
}

std::vector<std::string> corpus() {
    std::vector<std::string> texts = {
        "SELECT 'it''s', E'a\\'b', U&'d\\0061t', B'101', X'1F', N'x', $$a'b$$, $q$ $$ $q$, $1, 1.5e10, .5, 5., 1..2",
        "SELECT 'a'\n  'b' -- c\n 'd', 'e' 'f'", "SELECT a/*x/*y*/z*/b, a--c\n-b, 1-/*c*/-1, a<-1, a@-1, a+-1, a!=-1",
        "SELECT \"a\"\"b\", U&\"d\\0061\", x::int, a[1:2], f(a => 1, b := 2), a.*, \xC3\xA4\xC3\xB6 FROM t;",
        "SELECT a <> b, a >= b, a => b, a !~~* b, a ->> 'b' #>> '{a}', |/ 4, @ -5, a ~>=~ b, ?| ?& ?", "", "   ", "--", "/**/"};
    for (const char* file : {"tests/tables/sql/kinds.txt", "tests/tables/sql/forgotten.txt", "tests/tables/sql/fixture.sql"}) {
        std::ifstream in(file);
        std::string line;
        while (std::getline(in, line)) texts.push_back(line);
    }
    return texts;
}

class PlainHash final : public KeyedHash {
  public:
    [[nodiscard]] Digest hash(std::string_view domain, ByteView message) const override {
        Digest digest{};
        std::size_t at = 0;
        for (const char c : domain) digest[at++ % 16] ^= static_cast<Byte>(c);
        for (const Byte b : message) {
            digest[at % 16] = static_cast<Byte>(digest[at % 16] * 31 + b);
            ++at;
        }
        return digest;
    }
};

LoggedText logged(std::string_view text) {
    return mask_for_log(text, PlainHash(), [](std::string_view name) { return name == "Known"; });
}

std::string key(std::string_view text) {
    std::string out;
    REQUIRE(strip_literals(text, out));
    return out;
}

}  // namespace

TEST_CASE("tokens lie where PostgreSQL's own scanner puts them") {
    std::size_t compared = 0;
    for (const std::string& text : corpus()) {
        const auto wanted = reference(text);
        if (!wanted || continues_after_comment(text)) continue;
        CAPTURE(text);
        REQUIRE(tokens_of(text).has_value());
        CHECK(shown(text, ours(text)) == shown(text, *wanted));
        ++compared;
    }
    CHECK(compared > 700);
}

TEST_CASE("tokens lie where PostgreSQL puts them in texts made of token pieces at random") {
    const std::vector<std::string> pieces = {"'", "''", "\"", "$", "$$", "$a$", "--", "/*", "*/", "\n", " ", "e'", "E'", "u&'", "b'", "x'", "n'",
        "\\", "a", "Z9", "1", ".", "..", "1.", "e5", "+", "-", "*", "/", "@", "!", "=", "<", ">", ":", "::", ":=", "(", ")", ",", ";", "[", "?", "|", "\xC3\xA4", "$1"};
    std::mt19937 random(7);
    std::size_t compared = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string text;
        for (unsigned n = 1 + random() % 9; n > 0; --n) text += pieces[random() % pieces.size()];
        const auto wanted = reference(text);
        if (!wanted || continues_after_comment(text)) continue;
        CAPTURE(text);
        REQUIRE(tokens_of(text).has_value());
        REQUIRE(shown(text, ours(text)) == shown(text, *wanted));
        ++compared;
    }
    CHECK(compared > 5'000);
}

TEST_CASE("a string goes on after a comment that ends its line") {
    const std::string text = "SELECT 'a' -- it's\n 'b' 'c'";
    CHECK(ours(text) == Spans{{0, 6}, {7, 23}, {24, 27}});
}

TEST_CASE("an open quote or comment is no token list") {
    for (const char* text : {"SELECT 'a", "SELECT \"a", "SELECT $$a", "SELECT $a$ $b$", "/* /* */", "E'\\'", "U&\"x"}) {
        CAPTURE(text);
        CHECK_FALSE(tokens_of(text).has_value());
        CHECK_FALSE(without_comments(text).has_value());
        std::string out;
        CHECK_FALSE(strip_literals(text, out));
        CHECK_FALSE(logged(text).lexed);
        CHECK(logged(text).text.empty());
    }
}

TEST_CASE("texts that differ in values, spaces and comments alone share a key") {
    CHECK(key("SELECT * FROM t WHERE a = 'x' AND b = 5") == key("SELECT *\n FROM t /* c */ WHERE a='yy' AND b=77 -- d"));
    CHECK(key("SELECT $$a$$") == key("SELECT 'b'"));
    CHECK(key("SELECT 1.5") == key("SELECT 2e7"));
}

TEST_CASE("texts that could mean something else never share a key") {
    CHECK(key("SELECT 'a'") != key("SELECT 1"));
    CHECK(key("SELECT B'1'") != key("SELECT '1'"));
    CHECK(key("SELECT a FROM t ORDER BY 1") != key("SELECT a FROM t ORDER BY 2"));
    CHECK(key("SELECT a FROM t GROUP BY 1, 2") != key("SELECT a FROM t GROUP BY 1, 3"));
    CHECK(key("SELECT DISTINCT ON (1) a FROM t") != key("SELECT DISTINCT ON (2) a FROM t"));
    CHECK(key("SELECT a FROM t ORDER BY 1 LIMIT 5") == key("SELECT a FROM t ORDER BY 1 LIMIT 6"));
    CHECK(key("SELECT \"a b\"") != key("SELECT a b"));
    CHECK(key("SELECT a b") != key("SELECT ab"));
    CHECK(key("SELECT $1") != key("SELECT $2"));
    CHECK(key("SELECT 1, 2") != key("SELECT 1, 2, 3"));
    CHECK(key("SELECT - 1") != key("SELECT 1"));
    CHECK(key("SELECT a FROM t GROUP BY 1 UNION SELECT b FROM u WHERE c = 5 ORDER BY 1") != key("SELECT a FROM t GROUP BY 1 UNION SELECT b FROM u WHERE c = 5 ORDER BY 2"));
    CHECK(key("SELECT a FROM t ORDER BY extract(year FROM b), 1") != key("SELECT a FROM t ORDER BY extract(year FROM b), 2"));
    CHECK(key("SELECT a FROM t ORDER BY (SELECT 1 WHERE true), 1") != key("SELECT a FROM t ORDER BY (SELECT 1 WHERE true), 2"));
    CHECK(key("SELECT a FROM t GROUP BY GROUPING SETS ((1), (2))") != key("SELECT a FROM t GROUP BY GROUPING SETS ((1), (3))"));
    CHECK(key("SELECT (SELECT b FROM u GROUP BY 1 LIMIT 1) FROM t GROUP BY 1") != key("SELECT (SELECT b FROM u GROUP BY 1 LIMIT 1) FROM t GROUP BY 2"));
}

TEST_CASE("values beside joins and windows are left out of the key") {
    CHECK(key("SELECT * FROM a JOIN b ON a.x = b.x WHERE a.y = 5") == key("SELECT * FROM a JOIN b ON a.x = b.x WHERE a.y = 6"));
    CHECK(key("SELECT rank() OVER (ORDER BY a) FROM t WHERE b = 5") == key("SELECT rank() OVER (ORDER BY a) FROM t WHERE b = 6"));
    CHECK(key("SELECT a FROM t GROUP BY 1 HAVING count(*) > 5") == key("SELECT a FROM t GROUP BY 1 HAVING count(*) > 6"));
}

TEST_CASE("a name whose meaning hangs on a literal makes no key") {
    std::string out;
    CHECK_FALSE(strip_literals("WITH \"customer!0073\" AS (SELECT 1) SELECT * FROM U&\"customer!0073\" UESCAPE '#'", out));
    CHECK(strip_literals("SELECT U&'d!0061' UESCAPE '!'", out));
}

TEST_CASE("without_comments keeps every other byte") {
    CHECK(without_comments("SELECT/*a*/1 -- b\n, '--c', \"/*d*/\", $$--e$$").value() == "SELECT 1  \n, '--c', \"/*d*/\", $$--e$$");
    CHECK(without_comments("SELECT 1").value() == "SELECT 1");
}

TEST_CASE("no literal stands in a logged text") {
    const LoggedText text = logged("SELECT 'secret', E'sec\\'ret', $$secret$$, 123456789, 5, B'101', \"Known\", \"secret\" FROM t WHERE a = $2 /* secret */");
    REQUIRE(text.lexed);
    CHECK(text.text == "SELECT $3, $4, $5, $6, $7, $8, \"Known\", \"?\" FROM t WHERE a = $2  ");
    REQUIRE(text.literals.size() == 6);
    CHECK(text.literals[0].type == "text");
    CHECK(text.literals[0].length == 6);
    CHECK(text.literals[0].token == text.literals[2].token);
    CHECK(text.literals[0].token != text.literals[1].token);
    CHECK(text.literals[0].token.size() == 32);
    CHECK(text.literals[3].type == "number");
    CHECK(text.literals[4].token.empty());
    CHECK(text.literals[5].type == "bit");
}

TEST_CASE("a value has one token however it is quoted") {
    const auto token = [](std::string_view sql) { return logged(sql).literals.at(0).token; };
    CHECK(token("SELECT 'it''s'") == token("SELECT $$it's$$"));
    CHECK(token("SELECT E'it\\'s'") == token("SELECT 'it''s'"));
    CHECK(token("SELECT 'a'\n'b'") == token("SELECT 'ab'"));
    CHECK(token("SELECT 'a' -- it's\n 'b'") == token("SELECT 'ab'"));
    CHECK(token("SELECT 'a'") != token("SELECT 'b'"));
}

TEST_CASE("only allow-listed comment keys reach the log, and only with plain values") {
    const LoggedText text = logged("SELECT 1 /*route='/x',task_id='T-5',traceparent='00-ab-cd-01'*/");
    REQUIRE(text.comment_keys.size() == 2);
    CHECK(text.comment_keys[0] == std::pair<std::string, std::string>("task_id", "T-5"));
    CHECK(text.comment_keys[1].second == "00-ab-cd-01");
    CHECK(logged("SELECT 1 /*task_id='a b@c'*/").comment_keys.empty());
    CHECK(logged("SELECT 1 /*my_task_id='a'*/").comment_keys.empty());
}

TEST_CASE("of a refused text only keywords and known names stay in clear, the others are numbered") {
    const auto refused = [](std::string_view text) {
        return mask_for_log(text, PlainHash(), [](std::string_view name) { return name == "customers" || name == "email"; }, UnknownNames::Data).text;
    };
    CHECK(refused("SELECT * FROM customers WHERE email = Maria Garcia") == "SELECT * FROM customers WHERE email = \"?1\" \"?2\"");
    CHECK(refused("SELECT c.email, C.x FROM customers c") == "SELECT \"?1\".email, \"?1\".\"?2\" FROM customers \"?1\"");
    CHECK(refused("SET application_name = Maria") == "SET application_name = \"?1\"");
    CHECK(refused("SELECT \"Maria\"") == "SELECT \"?1\"");
    CHECK(refused("SELECT $452472138, $3").find("452472138") == std::string::npos);
    CHECK(logged("SELECT $452472138").text.find("452472138") == std::string::npos);
    CHECK(logged("SELECT $65535, 'x'").text == "SELECT $65535, $65536");
    CHECK(logged("SELECT c.email FROM customers c").text == "SELECT c.email FROM customers c");
}
