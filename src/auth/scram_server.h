// ScramServer: the server's side of one SCRAM-SHA-256 or SCRAM-SHA-256-PLUS exchange, without I/O.
//
// Messages in, messages out; accepts exactly what PostgreSQL's auth-scram.c accepts. It never sees a password
// and never tells an unknown name from a wrong password: an unknown name goes through the same messages, with
// a salt derived from the server's own secret, and fails at the same place.
//
//   state       | event                    | next / outcome
//   ------------+--------------------------+--------------------------------------------------
//   Chosen      | initial(), no data       | First, Continue with an empty message
//   Chosen      | initial(), client-first  | Final, Continue with server-first
//   First       | response(), client-first | Final, Continue with server-first
//   Final       | response(), client-final | Over, Accepted with server-final, or Rejected
//   any         | malformed, out of turn   | Over, Malformed
//
// Owner: the login of one connection, one thread. Hostile: yes, every message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/scram.h"
#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/sqlstate.h"

namespace pgveil::auth {

inline constexpr std::string_view ScramSha256 = "SCRAM-SHA-256";
inline constexpr std::string_view ScramSha256Plus = "SCRAM-SHA-256-PLUS";
inline constexpr std::size_t MaxSaslMessage = 1024;  // PG_MAX_SASL_MESSAGE_LENGTH

enum class ScramOutcome : std::uint8_t { Malformed, Rejected, Continue, Accepted };

struct ScramReply {
    ScramOutcome outcome = ScramOutcome::Malformed;
    std::string message;                             // for AuthenticationSASLContinue or AuthenticationSASLFinal
    SqlState sqlstate = sqlstate::ProtocolViolation;  // when Malformed or Rejected
    std::string_view text, detail;                   // when Malformed: PostgreSQL's sentences, without data
};

struct ScramSettings {
    std::string_view name;                                // of the startup packet; SCRAM's own name is ignored
    std::optional<crypto::ScramVerifier> verifier;        // nullopt: unknown name, mock exchange
    Bytes endpoint_hash;                                  // tls-server-end-point; empty: PLUS is not offered
    std::array<Byte, 18> nonce{};                         // fresh randomness, once per exchange
    std::uint32_t mock_iterations = crypto::ScramDefaultIterations;
};

class ScramServer {
  public:
    /// `mock` makes the salts of unknown names and must stay the same over restarts; used only here.
    ScramServer(ScramSettings settings, const KeyedHash& mock);

    /// What AuthenticationSASL lists, best first.
    [[nodiscard]] std::vector<std::string_view> mechanisms() const;
    /// SASLInitialResponse. `data` is nullopt when the client sent length -1.
    [[nodiscard]] ScramReply initial(std::string_view mechanism, std::optional<std::string_view> data);
    /// SASLResponse.
    [[nodiscard]] ScramReply response(std::string_view data);

  private:
    enum class State : std::uint8_t { Over, Chosen, First, Final };
    [[nodiscard]] bool offers(std::string_view mechanism) const;
    ScramReply client_first(std::string_view message);
    ScramReply client_final(std::string_view message);
    std::optional<ScramReply> read_binding_flag(class ScramText& text);
    [[nodiscard]] std::string expected_binding() const;

    State state_ = State::Chosen;
    bool doomed_ = false;  // no such name: fails whatever the proof
    bool plus_ = false;
    char flag_ = 'n';
    crypto::ScramVerifier verifier_;
    Bytes endpoint_hash_;
    std::string server_nonce_, client_nonce_, client_first_bare_, server_first_;
};

}  // namespace pgveil::auth
