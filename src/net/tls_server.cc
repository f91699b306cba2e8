#include "net/tls_server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>

namespace pgveil::net {
namespace {

// One protocol name, with its length in front, as ALPN lists them.
constexpr unsigned char kAlpn[] = {10, 'p', 'o', 's', 't', 'g', 'r', 'e', 's', 'q', 'l'};

std::string openssl_refusal(const std::string& file) {
    const unsigned long code = ERR_peek_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    ERR_clear_error();
    return file + ": " + (reason == nullptr ? "cannot be used" : reason);
}

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                void*) {
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof kAlpn, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// An encrypted key would make OpenSSL ask on the terminal of a service.
int no_passphrase(char*, int, int, void*) { return 0; }

void restrict(SSL_CTX* context, std::size_t max_fragment) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // A resumed session would skip the look at the client's certificate.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_max_send_fragment(context, static_cast<long>(max_fragment));
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
}

// RFC 5929, 4.1: the certificate's own signature hash, SHA-256 in place of MD5 and SHA-1.
Bytes end_point_hash_of(X509* certificate) {
    int digest = NID_undef;
    if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) == 0) return {};
    if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
    const EVP_MD* const method = digest == NID_undef ? nullptr : EVP_get_digestbynid(digest);
    if (method == nullptr) return {};
    Bytes hash(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (X509_digest(certificate, method, hash.data(), &size) != 1) return {};
    hash.resize(size);
    return hash;
}

std::string subject_of(X509_NAME* name) {
    BIO* const memory = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    std::string subject(text, static_cast<std::size_t>(size > 0 ? size : 0));
    BIO_free(memory);
    return subject;
}

// A name that C code would read differently from us names nobody; nor do two names.
std::string common_name_of(X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) return {};
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) return {};
    std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return text.find('\0') == std::string::npos ? text : std::string();
}

// Names of other kinds (addresses, directory names) are listed as "": they say that alternative names are there.
std::vector<std::string> alternative_names_of(X509* certificate) {
    std::vector<std::string> names;
    auto* const found = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
        int kind = 0;
        void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(found, i), &kind);
        std::string text;
        if (kind == GEN_DNS || kind == GEN_EMAIL || kind == GEN_URI) {
            const auto* string = static_cast<const ASN1_STRING*>(value);
            text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), static_cast<std::size_t>(ASN1_STRING_length(string)));
        }
        if (text.find('\0') != std::string::npos) text.clear();
        names.push_back(std::move(text));
    }
    GENERAL_NAMES_free(found);
    return names;
}

}  // namespace

TlsServerContext::~TlsServerContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsServerContext>, std::string> TlsServerContext::load(const TlsServerOptions& options) {
    ERR_clear_error();
    const std::shared_ptr<TlsServerContext> made(new TlsServerContext);
    made->context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX* const context = made->context_;
    if (context == nullptr) return refuse(openssl_refusal("TLS"));
    restrict(context, options.max_fragment);
    if (SSL_CTX_use_certificate_chain_file(context, options.cert_file.c_str()) != 1) {
        return refuse(openssl_refusal(options.cert_file));
    }
    if (SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return refuse(openssl_refusal(options.key_file));
    }
    if (!options.client_ca_file.empty()) {
        STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(options.client_ca_file.c_str());
        if (names == nullptr || SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()) != 1) {
            sk_X509_NAME_pop_free(names, X509_NAME_free);
            return refuse(openssl_refusal(options.client_ca_file));
        }
        SSL_CTX_set_client_CA_list(context, names);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    }
    made->end_point_hash_ = end_point_hash_of(SSL_CTX_get0_certificate(context));
    return made;
}

std::optional<PeerCertificate> peer_certificate_of(ssl_st* ssl) {
    X509* const certificate = ssl == nullptr ? nullptr : SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) return std::nullopt;
    PeerCertificate peer;
    X509_NAME* const subject = X509_get_subject_name(certificate);
    peer.common_name = common_name_of(subject);
    peer.alternative_names = alternative_names_of(certificate);
    peer.subject = subject_of(subject);
    peer.sha256.resize(32);
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), peer.sha256.data(), &size) != 1) return std::nullopt;
    return peer;
}

}  // namespace pgveil::net
