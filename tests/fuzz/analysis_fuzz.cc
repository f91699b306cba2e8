// SQL texts: the lexer and the analysis take anything, agree with themselves, and fail to the strict side.
#include <string>

#include "catalog/snapshot_file.h"
#include "fuzz.h"
#include "sql/analyze.h"
#include "sql/lexer.h"

using namespace pgveil;
using pgveil::fuzz::require;

namespace {

// Not keyed, not HMAC: what is tested here is where the tokens come from, not what they are made of.
class Plain : public KeyedHash {
  public:
    Digest hash(std::string_view domain, ByteView message) const override {
        Digest out{};
        std::uint64_t sum = 1469598103934665603ULL + domain.size();
        for (const Byte b : message) sum = (sum ^ static_cast<std::uint64_t>(b)) * 1099511628211ULL;
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Byte>(sum >> (i % 8 * 8));
        return out;
    }
};

const catalog::Snapshot& snapshot() {
    static const catalog::Snapshot made(catalog::read("tests/tables/sql/fixture.catalog").value(), 1);
    return made;
}

void lex(std::string_view text) {
    const auto tokens = sql::tokens_of(text);
    const auto bare = sql::without_comments(text);
    require(tokens.has_value() == bare.has_value(), "the lexer's two faces agree on what closes");
    if (tokens) {
        std::uint32_t at = 0;
        for (const sql::Token& token : *tokens) {
            require(token.start >= at && token.end >= token.start && token.end <= text.size(), "tokens are in order and inside the text");
            at = token.end;
        }
        require(sql::without_comments(*bare) == bare, "a text without comments stays as it is");
    }
    const sql::LoggedText logged = sql::mask_for_log(text, Plain{}, [](std::string_view) { return false; });
    require(logged.lexed || logged.text.empty(), "what does not lex is not logged as text");
    require(logged.text.find('\'') == std::string::npos, "no quoted literal is in a logged text");
    std::string key;
    (void)sql::strip_literals(text, key);
}

void judge(std::string_view text) {
    static const catalog::SearchPath path = catalog::make_search_path(snapshot(), "\"$user\", public", "agent");
    const sql::Context context{.catalog = snapshot(), .search_path = path};
    const sql::Analysis one = sql::analyze(text, context), two = sql::analyze(text, context);
    require(one.kind == two.kind && one.effects == two.effects && one.statements.size() == two.statements.size(), "the same text is judged alike");
    require(!one.unparsed || one.kind == sql::Kind::Unknown, "what does not parse is unknown");
    for (const sql::Statement& statement : one.statements) {
        require(statement.kind >= one.kind, "a text is as grave as its gravest statement");
        require(std::uint64_t{statement.location} + statement.length <= text.size(), "a statement lies inside its text");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (!sql::valid_text(text)) return 0;
    lex(text);
    judge(text);
    return 0;
}
