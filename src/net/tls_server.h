// TlsServerContext: our certificate and key as clients see them; TLS 1.2 and up, no resumption, no
// renegotiation, ALPN `postgresql`. Immutable once loaded: a reload loads another and drops this one.
// Client certificates are asked for when a CA is given, and optional: auth decides who needs one.
// Hostile: no; the handshakes it serves are. Shared, any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace pgveil::net {

struct TlsServerOptions {
    std::string cert_file;              // PEM, leaf first, then its chain
    std::string key_file;               // PEM
    std::string client_ca_file;         // empty: clients are not asked for a certificate
    std::size_t max_fragment = 8 * 1024;   // asynchronous libpq users hang on records above 8 KiB
};

/// A client's certificate, verified against client_ca_file.
struct PeerCertificate {
    std::string common_name;    // empty if there is none, several, or one with a NUL in it
    std::vector<std::string> alternative_names;   // DNS, e-mail and URI; one that cannot be read names nobody: ""
    std::string subject;        // RFC 2253
    Bytes sha256;               // of the DER form
};

class TlsServerContext {
  public:
    /// The refusal names the file and OpenSSL's reason.
    [[nodiscard]] static Result<std::shared_ptr<const TlsServerContext>, std::string> load(
        const TlsServerOptions& options);
    ~TlsServerContext();
    TlsServerContext(const TlsServerContext&) = delete;
    TlsServerContext& operator=(const TlsServerContext&) = delete;

    /// RFC 5929 tls-server-end-point of our certificate; empty when its signature defines no hash
    /// (Ed25519, RSA-PSS): then no channel binding may be offered.
    [[nodiscard]] const Bytes& end_point_hash() const { return end_point_hash_; }
    [[nodiscard]] ssl_ctx_st* native() const { return context_; }

  private:
    TlsServerContext() = default;
    ssl_ctx_st* context_ = nullptr;
    Bytes end_point_hash_;
};

/// What the peer of an established connection showed and was verified for.
[[nodiscard]] std::optional<PeerCertificate> peer_certificate_of(ssl_st* ssl);

}  // namespace pgveil::net
