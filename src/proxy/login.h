// Login: one connection from its first byte to a proven name (manual 55.2.1; backend_startup.c).
//
// Sans-I/O: bytes in, bytes and one outcome out; proxy/link owns the stream. Nothing reaches a database
// before Proven. Reads hostile bytes before any authentication: at most kMaxStartupPacket, then `p`
// messages of at most 64 KiB, are kept. One deadline for all of it is the link's.
//
//   state     | message                        | next
//   ----------+--------------------------------+------------------------------------------
//   Packet    | SSLRequest                     | Packet (link starts TLS), answered S or N
//   Packet    | GSSENCRequest                  | Packet, answered N
//   Packet    | CancelRequest                  | Over: Cancel
//   Packet    | StartupMessage                 | Sasl, AuthenticationSASL sent; Over: Proven by certificate
//   Sasl      | SASLInitialResponse, Response  | Sasl, or Over: Proven
//   any       | anything else                  | Over: Close, after FATAL where PostgreSQL says one
#pragma once

#include <memory>
#include <optional>

#include "auth/scram_server.h"
#include "protocol/startup.h"
#include "proxy/world.h"

namespace pgveil::proxy {

struct Peer {
    net::PeerAddress address;
    bool encrypted = false;
    bool admin_listener = false;      // of [admin] listen: people only
    bool crowded = false;             // too many connections from its address
    std::optional<net::PeerCertificate> certificate = std::nullopt;   // verified
};

class Login {
  public:
    enum class Step : std::uint8_t { Close, NeedMore, StartTls, Cancel, Proven };

    Login(WorldPtr world, Peer peer);
    Login(const Login&) = delete;
    Login& operator=(const Login&) = delete;

    /// Takes all of `bytes`. `more_waiting`: the socket holds further plain bytes (asked before TLS starts).
    [[nodiscard]] Step feed(ByteView bytes, bool more_waiting, Bytes& out);
    /// TLS is on, asked for or direct: within direct TLS an SSLRequest is still answered (N), as the server does.
    void secured(std::optional<net::PeerCertificate> certificate) { peer_.encrypted = true, peer_.certificate = std::move(certificate); }
    [[nodiscard]] bool at_first_byte() const { return buffer_.empty() && !peer_.encrypted && !ssl_done_ && !gss_done_ && state_ == State::Packet; }

    [[nodiscard]] const protocol::CancelRequestMessage& cancel() const { return cancel_; }
    [[nodiscard]] const protocol::StartupMessage& startup() const { return startup_; }
    [[nodiscard]] const Account& account() const { return *account_; }     // after Proven
    [[nodiscard]] std::string database() const;
    [[nodiscard]] const std::string& failure() const { return failure_; }  // for the log: a code, no data
    [[nodiscard]] bool password_failed() const { return password_failed_; }
    [[nodiscard]] std::string user() const { return std::string(startup_.get("user")); }

  private:
    enum class State : std::uint8_t { Over, Packet, Sasl };
    Step take_packet(bool more_waiting, Bytes& out);
    Step begin(Bytes& out);
    Step challenge(Bytes& out);
    [[nodiscard]] std::optional<Step> refuse_early(Bytes& out);
    Step take_sasl(Bytes& out);
    Step reply(const auth::ScramReply& answer, Bytes& out);
    Step fatal(Bytes& out, SqlState code, std::string message);
    [[nodiscard]] bool may_enter(const Account& account) const;

    WorldPtr world_;
    Peer peer_;
    State state_ = State::Packet;
    bool ssl_done_ = false, gss_done_ = false, initial_ = true, password_failed_ = false;
    Bytes buffer_;
    protocol::CancelRequestMessage cancel_;
    protocol::StartupMessage startup_;
    const Account* account_ = nullptr;
    std::unique_ptr<auth::ScramServer> scram_;
    std::string failure_;
};

}  // namespace pgveil::proxy
