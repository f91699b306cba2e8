// Masks that come back: a statement that would store what pgveil showed in place of the real value (PV006).
//
// Exact, so that no honest write is lost: a mask made with this proxy's key, anywhere in the statement; or a value that
// has the shape of one, where it goes into a column that the agent sees masked.
#include <algorithm>

#include "relay/refusal.h"
#include "relay/relay.h"
#include "sql/lexer.h"

namespace pgveil::relay {
namespace {

std::string_view without_quotes(std::string_view literal) {
    const std::size_t open = literal.find('\''), close = literal.rfind('\'');
    return open < close && close != std::string_view::npos ? literal.substr(open + 1, close - open - 1) : literal;
}

}  // namespace

std::optional<protocol::ErrorOut> Relay::writes_mask(std::string_view text, const Judged& judged, std::span<const BoundParameter> parameters) const {
    if (!needs_write(judged.analysis.kind)) return std::nullopt;
    const bool by_shape = judged.decision.writes_masked;
    const auto mask_in = [&](std::string_view value) { return tools_.masker->made_mask(value, by_shape); };
    bool found = tools_.masker->made_mask(text, false) ||
                 std::ranges::any_of(parameters, [&](const BoundParameter& p) { return !p.is_null && mask_in(text_of(p.value)); });
    const auto tokens = by_shape && !found ? sql::tokens_of(text) : std::nullopt;
    for (std::size_t i = 0; tokens && !found && i < tokens->size(); ++i) {
        const sql::Token& token = (*tokens)[i];
        found = token.kind == sql::TokenKind::String && mask_in(without_quotes(text.substr(token.start, token.end - token.start)));
    }
    if (!found) return std::nullopt;
    auto error = plain(sqlstate::WritesMaskBack, "NOT EXECUTED: the statement holds a masked value, which would be stored in place of the real one",
                       "What pgveil shows for this column is no data. Leave the column out of the statement, or send a value of your own.");
    error.detail = R"({"state":"denied","executed":false,"retryable":false})";
    return error;
}

}  // namespace pgveil::relay
