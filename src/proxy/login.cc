#include "proxy/login.h"

#include <algorithm>

#include <fmt/format.h>

#include "auth/certificate.h"
#include "crypto/random.h"
#include "protocol/encoder.h"
#include "protocol/frontend_messages.h"

namespace pgveil::proxy {
namespace {

constexpr std::size_t kMaxPassword = 65'535;
constexpr std::uint16_t kNewestMinor = 2;

std::uint32_t word(ByteView bytes) {
    return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

}  // namespace

Login::Login(WorldPtr world, Peer peer) : world_(std::move(world)), peer_(std::move(peer)) {}

Login::Step Login::feed(ByteView bytes, bool more_waiting, Bytes& out) {
    if (state_ == State::Over) return Step::Close;
    append(buffer_, bytes);
    while (true) {
        const Step step = state_ == State::Packet ? take_packet(more_waiting, out) : take_sasl(out);
        if (step != Step::NeedMore) return step;
        const bool again = state_ == State::Packet ? protocol::startup_packet_size(buffer_).value_or(SIZE_MAX) <= buffer_.size()
                                                   : buffer_.size() >= 5 && word(ByteView(buffer_).subspan(1)) < buffer_.size();
        if (!again) return Step::NeedMore;
    }
}

Login::Step Login::fatal(Bytes& out, SqlState code, std::string message) {
    failure_ = std::string(code.text());
    protocol::put_error(out, {.severity = "FATAL", .code = code, .message = std::move(message), .detail = {}, .hint = {}, .more = {}});
    state_ = State::Over;
    return Step::Close;
}

Login::Step Login::take_packet(bool more_waiting, Bytes& out) {
    const auto size = protocol::startup_packet_size(buffer_);
    if (!size) return Step::NeedMore;
    if (*size == 0) return state_ = State::Over, failure_ = "packet", Step::Close;
    if (buffer_.size() < *size) return Step::NeedMore;
    auto parsed = protocol::parse_startup(ByteView(buffer_).first(*size));
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*size));
    if (const auto* refusal = std::get_if<protocol::StartupRefusal>(&parsed)) {
        switch (refusal->why) {
            case protocol::StartupFault::SilentClose: return state_ = State::Over, failure_ = "packet", Step::Close;
            case protocol::StartupFault::BadTerminator:
                return fatal(out, sqlstate::ProtocolViolation, "invalid startup packet layout: expected terminator as last byte");
            case protocol::StartupFault::UnsupportedProtocol:
                return fatal(out, sqlstate::FeatureNotSupported,
                             fmt::format("unsupported frontend protocol {}: server supports 3.0 to 3.2", refusal->detail));
        }
    }
    auto& packet = std::get<protocol::StartupPacket>(parsed);
    const bool ssl = std::holds_alternative<protocol::SslRequest>(packet);
    if (ssl || std::holds_alternative<protocol::GssEncRequest>(packet)) {
        if (ssl ? ssl_done_ : (gss_done_ || ssl_done_)) {
            return fatal(out, sqlstate::FeatureNotSupported,
                         fmt::format("unsupported frontend protocol 1234.{}: server supports 3.0 to 3.2", ssl ? 5679 : 5680));
        }
        // Plain bytes behind the request would be taken for ones that came encrypted (CVE-2021-23214).
        if (!buffer_.empty() || more_waiting) {
            return fatal(out, sqlstate::ProtocolViolation, fmt::format("received unencrypted data after {} request", ssl ? "SSL" : "GSSAPI encryption"));
        }
        (ssl ? ssl_done_ : gss_done_) = true;
        const bool yes = ssl && world_->tls && !peer_.address.local_socket && !peer_.encrypted;
        out.push_back(yes ? 'S' : 'N');
        return yes ? Step::StartTls : Step::NeedMore;
    }
    if (auto* cancel = std::get_if<protocol::CancelRequestMessage>(&packet)) {
        cancel_ = std::move(*cancel);
        return state_ = State::Over, Step::Cancel;
    }
    startup_ = std::move(std::get<protocol::StartupMessage>(packet));
    return begin(out);
}

std::string Login::database() const {
    const std::string_view database = startup_.get("database");
    return std::string(database.empty() ? startup_.get("user") : database);
}

Login::Step Login::begin(Bytes& out) {
    if (startup_.minor > kNewestMinor || !startup_.unknown_options.empty()) {
        protocol::put_negotiate_version(out, kNewestMinor, startup_.unknown_options);
    }
    if (const auto refused = refuse_early(out)) return *refused;
    auto found = world_->accounts.find(startup_.get("user"));
    account_ = found != world_->accounts.end() && may_enter(found->second) ? &found->second : nullptr;
    if (account_ == nullptr || account_->certificate.empty()) return challenge(out);
    if (!peer_.certificate) {   // who has no certificate of ours learns nothing of who needs one
        account_ = nullptr;
        return challenge(out);
    }
    if (!auth::certificate_proves(account_->certificate, peer_.certificate->common_name, peer_.certificate->alternative_names)) {
        password_failed_ = true;
        return fatal(out, sqlstate::InvalidAuthorization, fmt::format("certificate authentication failed for user \"{}\"", startup_.get("user")));
    }
    state_ = State::Over;
    return Step::Proven;
}

/// What may be said before anybody has proved anything.
std::optional<Login::Step> Login::refuse_early(Bytes& out) {
    if (peer_.crowded) return fatal(out, sqlstate::TooManyConnections, "too many connections from this address");
    if (startup_.get("user").empty()) return fatal(out, sqlstate::InvalidAuthorization, "no PostgreSQL user name specified in startup packet");
    const bool needs_tls = world_->config->proxy.tls.effective() == config::TlsMode::Require && !peer_.address.local_socket;
    if (needs_tls && !peer_.encrypted) return fatal(out, sqlstate::InvalidAuthorization, "this listener takes encrypted connections only: use sslmode=require or stricter");
    if (world_->is_console(database()) && world_->tls && !peer_.encrypted && !peer_.address.local_socket) {
        return fatal(out, sqlstate::InvalidAuthorization, "the console takes encrypted connections only: use sslmode=require or stricter");
    }
    const std::string_view replication = startup_.get("replication");
    if (!replication.empty() && replication != "false" && replication != "off" && replication != "0" && replication != "no") {
        return fatal(out, sqlstate::FeatureNotSupported, "replication connections are not supported");
    }
    return std::nullopt;
}

// An unknown name, a name from the wrong place and a wrong password fail alike, after the same exchange.
Login::Step Login::challenge(Bytes& out) {
    auth::ScramSettings settings;
    settings.name = startup_.get("user");
    if (account_ != nullptr) settings.verifier = account_->verifier;
    if (peer_.encrypted && world_->tls) settings.endpoint_hash = world_->tls->end_point_hash();
    const Bytes random = crypto::random_bytes(settings.nonce.size());
    std::ranges::copy(random, settings.nonce.begin());
    scram_ = std::make_unique<auth::ScramServer>(std::move(settings), *world_->mock_keys);
    const auto mechanisms = scram_->mechanisms();
    protocol::put_authentication_sasl(out, mechanisms);
    state_ = State::Sasl;
    return Step::NeedMore;
}

bool Login::may_enter(const Account& account) const {
    if (account.is_person != peer_.admin_listener && (peer_.admin_listener || !world_->config->admin.listen.empty())) return false;
    // People type passwords that open the console: not over a plain network.
    if (account.is_person && !peer_.encrypted && !peer_.address.local_socket && world_->tls) return false;
    if (account.from.empty() || peer_.address.local_socket) return true;
    return std::ranges::any_of(account.from, [&](const net::IpRange& range) { return range.contains(peer_.address.ip); });
}

Login::Step Login::take_sasl(Bytes& out) {
    if (buffer_.empty()) return Step::NeedMore;
    if (buffer_[0] != 'p') {
        return fatal(out, sqlstate::ProtocolViolation, fmt::format("expected SASL response, got message type {}", unsigned{buffer_[0]}));
    }
    if (buffer_.size() < 5) return Step::NeedMore;
    const std::uint64_t length = word(ByteView(buffer_).subspan(1));
    if (length < 4 || length > kMaxPassword) return state_ = State::Over, failure_ = "message length", Step::Close;
    if (buffer_.size() < length + 1) return Step::NeedMore;
    const Bytes message(buffer_.begin() + 5, buffer_.begin() + static_cast<std::ptrdiff_t>(length) + 1);
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(length) + 1);
    if (!std::exchange(initial_, false)) return reply(scram_->response(text_of(message)), out);
    const auto first = protocol::parse_sasl_initial(message);
    if (!first) return fatal(out, sqlstate::ProtocolViolation, "invalid SASL response");
    return reply(scram_->initial(first->mechanism, first->data ? std::optional(text_of(*first->data)) : std::nullopt), out);
}

Login::Step Login::reply(const auth::ScramReply& answer, Bytes& out) {
    switch (answer.outcome) {
        case auth::ScramOutcome::Continue:
            protocol::put_authentication_sasl_continue(out, bytes_of(answer.message));
            return Step::NeedMore;
        case auth::ScramOutcome::Accepted:
            if (account_ == nullptr) break;
            protocol::put_authentication_sasl_final(out, bytes_of(answer.message));
            state_ = State::Over;
            return Step::Proven;
        case auth::ScramOutcome::Malformed: return fatal(out, answer.sqlstate, std::string(answer.text));
        case auth::ScramOutcome::Rejected: break;
    }
    password_failed_ = true;
    return fatal(out, sqlstate::InvalidPassword, fmt::format("password authentication failed for user \"{}\"", startup_.get("user")));
}

}  // namespace pgveil::proxy
