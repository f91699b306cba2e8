#include "auth/scram_server.h"

#include <algorithm>

#include "auth/scram_text.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::auth {
namespace {

constexpr std::string_view BindingType = "tls-server-end-point";

ScramReply malformed(std::string_view detail) {
    return {ScramOutcome::Malformed, {}, sqlstate::ProtocolViolation, "malformed SCRAM message", detail};
}

ScramReply refused(SqlState code, std::string_view text, std::string_view detail = {}) {
    return {ScramOutcome::Malformed, {}, code, text, detail};
}

/// A verifier that no password matches, the same for the same name for as long as the secret lives.
crypto::ScramVerifier mock_verifier(std::string_view name, std::uint32_t iterations, const KeyedHash& mock) {
    const Digest salt = mock.hash("scram mock salt", bytes_of(name));
    const Digest stored = mock.hash("scram mock stored key", bytes_of(name));
    const Digest server = mock.hash("scram mock server key", bytes_of(name));
    return {iterations, copy_of(ByteView(salt).first(crypto::ScramSaltBytes)), stored, server};
}

}  // namespace

ScramServer::ScramServer(ScramSettings settings, const KeyedHash& mock)
    : doomed_(!settings.verifier),
      endpoint_hash_(std::move(settings.endpoint_hash)),
      server_nonce_(crypto::base64(settings.nonce)) {
    // Derived for known names too, so that both take the same time.
    verifier_ = mock_verifier(settings.name, settings.mock_iterations, mock);
    if (settings.verifier) verifier_ = std::move(*settings.verifier);
}

std::vector<std::string_view> ScramServer::mechanisms() const {
    if (endpoint_hash_.empty()) return {ScramSha256};
    return {ScramSha256Plus, ScramSha256};
}

bool ScramServer::offers(std::string_view mechanism) const {
    return mechanism == ScramSha256 || (mechanism == ScramSha256Plus && !endpoint_hash_.empty());
}

ScramReply ScramServer::initial(std::string_view mechanism, std::optional<std::string_view> data) {
    const bool in_turn = state_ == State::Chosen;
    state_ = State::Over;
    if (!in_turn || !offers(mechanism)) {
        return refused(sqlstate::ProtocolViolation, "client selected an invalid SASL authentication mechanism");
    }
    plus_ = mechanism == ScramSha256Plus;
    if (!data) {
        state_ = State::First;
        return {ScramOutcome::Continue, {}, sqlstate::Success, {}, {}};
    }
    return client_first(*data);
}

ScramReply ScramServer::response(std::string_view data) {
    const State state = std::exchange(state_, State::Over);
    switch (state) {
        case State::First: return client_first(data);
        case State::Final: return client_final(data);
        case State::Chosen:
        case State::Over: return malformed("The message came out of turn.");
    }
    return malformed("The message came out of turn.");
}

ScramReply ScramServer::client_first(std::string_view message) {
    if (message.empty()) return malformed("The message is empty.");
    if (message.size() > MaxSaslMessage) return malformed("The message is too long.");
    if (message.find('\0') != std::string_view::npos) return malformed("Message length does not match input length.");
    ScramText text(message);
    if (auto problem = read_binding_flag(text)) return std::move(*problem);
    if (text.peek() == 'a') {
        return refused(sqlstate::FeatureNotSupported, "client uses authorization identity, but it is not supported");
    }
    if (!text.skip(',')) return malformed("Unexpected attribute in client-first-message.");
    const std::string_view bare = text.left();
    if (text.peek() == 'm') {
        return refused(sqlstate::FeatureNotSupported, "client requires an unsupported SCRAM extension");
    }
    const auto name = text.value_of('n');
    const auto nonce = name ? text.value_of('r') : std::nullopt;
    if (!nonce) return malformed("Attribute expected in client-first-message.");
    if (!is_scram_printable(*nonce)) {
        return refused(sqlstate::ProtocolViolation, "non-printable characters in SCRAM nonce");
    }
    while (!text.at_end()) {
        char ignored = 0;
        if (!text.any_value(ignored)) return malformed("Attribute expected in client-first-message.");
    }
    client_first_bare_ = bare;
    client_nonce_ = *nonce;
    server_first_ = "r=" + client_nonce_ + server_nonce_ + ",s=" + crypto::base64(verifier_.salt) +
                    ",i=" + std::to_string(verifier_.iterations);
    state_ = State::Final;
    return {ScramOutcome::Continue, server_first_, sqlstate::Success, {}, {}};
}

/// RFC 5802's gs2-cbind-flag, up to and with its comma.
std::optional<ScramReply> ScramServer::read_binding_flag(ScramText& text) {
    constexpr std::string_view NoData =
        "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.";
    flag_ = text.peek();
    if (flag_ == 'n' || flag_ == 'y') {
        if (plus_) return malformed(NoData);
        // The client would have bound the channel, had it seen the offer we made: somebody took it away.
        if (flag_ == 'y' && !endpoint_hash_.empty()) {
            return refused(sqlstate::InvalidAuthorization, "SCRAM channel binding negotiation error",
                           "The client supports SCRAM channel binding but thinks the server does not.  However, this "
                           "server does support channel binding.");
        }
        if (!text.skip(flag_) || !text.skip(',')) return malformed("Comma expected in client-first-message.");
        return std::nullopt;
    }
    if (flag_ != 'p') return malformed("Unexpected channel-binding flag.");
    if (!plus_) {
        return malformed("The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes "
                         "channel binding data.");
    }
    const auto type = text.value_of('p');
    if (!type) return malformed("Unexpected channel-binding flag.");
    if (*type != BindingType) return refused(sqlstate::ProtocolViolation, "unsupported SCRAM channel-binding type");
    return std::nullopt;
}

std::string ScramServer::expected_binding() const {
    if (!plus_) return flag_ == 'y' ? "eSws" : "biws";  // base64 of "y,," and "n,,"
    Bytes input;
    append(input, "p=");
    append(input, BindingType);
    append(input, ",,");
    append(input, ByteView(endpoint_hash_));
    return crypto::base64(input);
}

ScramReply ScramServer::client_final(std::string_view message) {
    if (message.empty()) return malformed("The message is empty.");
    if (message.size() > MaxSaslMessage) return malformed("The message is too long.");
    if (message.find('\0') != std::string_view::npos) return malformed("Message length does not match input length.");
    ScramText text(message);
    const auto binding = text.value_of('c');
    if (!binding) return malformed("Attribute expected in client-final-message.");
    if (*binding != expected_binding()) {
        if (plus_) return refused(sqlstate::InvalidAuthorization, "SCRAM channel binding check failed");
        return refused(sqlstate::ProtocolViolation,
                       "unexpected SCRAM channel-binding attribute in client-final-message");
    }
    const auto nonce = text.value_of('r');
    if (!nonce) return malformed("Attribute expected in client-final-message.");
    std::size_t without_proof = 0;
    std::string_view proof_text;
    for (char name = 0; name != 'p';) {
        without_proof = message.size() - text.left().size() - 1;  // before the comma that begins this attribute
        const auto value = text.any_value(name);
        if (!value) return malformed("Attribute expected in client-final-message.");
        proof_text = *value;
    }
    const auto proof_bytes = crypto::from_base64(proof_text);
    Digest proof{};
    if (!proof_bytes || proof_bytes->size() != proof.size()) return malformed("Malformed proof in client-final-message.");
    std::ranges::copy(*proof_bytes, proof.begin());
    if (!text.at_end()) return malformed("Garbage found at the end of client-final-message.");
    if (!crypto::constant_time_equal(bytes_of(*nonce), bytes_of(client_nonce_ + server_nonce_))) {
        return refused(sqlstate::ProtocolViolation, "invalid SCRAM response", "Nonce does not match.");
    }
    const std::string auth_message =
        client_first_bare_ + "," + server_first_ + "," + std::string(message.substr(0, without_proof));
    const bool proven = crypto::check_proof(verifier_, auth_message, proof);
    if (!proven || doomed_) return {ScramOutcome::Rejected, {}, sqlstate::InvalidPassword, {}, {}};
    const Digest signature = crypto::server_signature(verifier_, auth_message);
    return {ScramOutcome::Accepted, "v=" + crypto::base64(signature), sqlstate::Success, {}, {}};
}

}  // namespace pgveil::auth
