#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <functional>
#include <thread>

#include "net/stream.h"
#include "sockets.h"

using namespace pgveil;
using namespace pgveil::net;
using namespace pgveil::net::test;

namespace {

struct Key {
    explicit Key(const char* kind) : pkey(std::string_view(kind) == "RSA" ? EVP_RSA_gen(2048)
                                          : std::string_view(kind) == "EC" ? EVP_EC_gen("P-256")
                                                                           : EVP_PKEY_Q_keygen(nullptr, nullptr, kind)) {}
    ~Key() { EVP_PKEY_free(pkey); }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    EVP_PKEY* pkey;
};

/// Self-signed, which makes it its own CA. Written as PEM into `directory`.
struct Certificate {
    Certificate(const std::string& directory, const std::string& name, const char* kind, const EVP_MD* digest,
                std::string_view common_name, bool pss = false)
        : key(kind), cert_file(directory + "/" + name + ".crt"), key_file(directory + "/" + name + ".key") {
        X509* x = X509_new();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
        X509_gmtime_adj(X509_getm_notBefore(x), -60);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key.pkey);
        X509_NAME* subject = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.data()),
                                   static_cast<int>(common_name.size()), -1, 0);
        X509_set_issuer_name(x, subject);
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        EVP_PKEY_CTX* key_context = nullptr;
        REQUIRE(EVP_DigestSignInit(context, &key_context, digest, nullptr, key.pkey) == 1);
        if (pss) EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
        REQUIRE(X509_sign_ctx(x, context) > 0);
        EVP_MD_CTX_free(context);
        FILE* out = std::fopen(cert_file.c_str(), "w");
        PEM_write_X509(out, x);
        std::fclose(out);
        out = std::fopen(key_file.c_str(), "w");
        PEM_write_PrivateKey(out, key.pkey, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(out);
        sha256.resize(32);
        sha512.resize(64);
        X509_digest(x, EVP_sha256(), sha256.data(), nullptr);
        X509_digest(x, EVP_sha512(), sha512.data(), nullptr);
        X509_free(x);
    }
    Key key;
    std::string cert_file, key_file;
    Bytes sha256, sha512;
};

struct ServerUser final : StreamUser {
    std::string data;
    bool secured = false;
    int ends = 0;
    std::optional<CloseReason> closed;
    std::function<void(Stream&)> at_data, at_secured;
    void on_data(Stream& stream, ByteView bytes) override {
        data += text_of(bytes);
        if (at_data) at_data(stream);
    }
    void on_end(Stream&) override { ++ends; }
    void on_hangup(Stream&) override {}
    void on_drained(Stream&) override {}
    void on_secured(Stream& stream) override {
        secured = true;
        if (at_secured) at_secured(stream);
    }
    void on_closed(Stream&, CloseReason reason) override { closed = reason; }
    [[nodiscard]] bool over() const { return ends > 0 || closed; }
};

/// A blocking TLS client on its own thread.
class Client {
  public:
    explicit Client(int fd) : context_(SSL_CTX_new(TLS_client_method())), fd_(fd) {}
    ~Client() {
        SSL_free(ssl);
        SSL_CTX_free(context_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    SSL_CTX* context() { return context_; }
    bool connect() {
        ssl = SSL_new(context_);
        SSL_set_fd(ssl, fd_);
        return SSL_connect(ssl) == 1;
    }
    void say(std::string_view text) { SSL_write(ssl, text.data(), static_cast<int>(text.size())); }
    std::string read_to_end() {
        std::string all;
        char buffer[16384];
        for (;;) {
            const int got = SSL_read(ssl, buffer, sizeof buffer);
            if (got <= 0) return all;
            largest = std::max(largest, static_cast<std::size_t>(got));
            all.append(buffer, static_cast<std::size_t>(got));
        }
    }
    SSL* ssl = nullptr;
    std::size_t largest = 0;

  private:
    SSL_CTX* context_;
    int fd_;
};

std::shared_ptr<const TlsServerContext> load(const Certificate& cert, const std::string& ca = "") {
    auto made = TlsServerContext::load({.cert_file = cert.cert_file, .key_file = cert.key_file, .client_ca_file = ca});
    REQUIRE(made);
    return *made;
}

}  // namespace

TEST_CASE("a client asks in the clear, gets its S, shakes hands, and both directions carry more than a record") {
    const TemporaryDirectory directory;
    const Certificate cert(directory.path, "server", "EC", EVP_sha256(), "localhost");
    EventLoop loop;
    Pair pair = tcp_pair();
    ServerUser user;
    Stream stream(loop, std::move(pair.ours), user);
    const std::string big(300'000, 'u');
    user.at_data = [&](Stream& s) {
        if (user.data == "SSLRequest") {
            user.data.clear();
            s.write(bytes_of("S"));
            s.start_tls(load(cert));
            s.write(bytes_of("after "));   // must wait for the handshake
        } else if (user.data.size() == big.size()) {
            s.write(bytes_of(user.data));
            s.close_after_flush();
        }
    };
    std::string answer;
    char first = 0;
    std::size_t largest = 0;
    std::thread peer([&] {
        REQUIRE(::send(pair.theirs.get(), "SSLRequest", 10, 0) == 10);
        REQUIRE(::recv(pair.theirs.get(), &first, 1, 0) == 1);
        Client client(pair.theirs.get());
        REQUIRE(client.connect());
        client.say(big);
        answer = client.read_to_end();
        largest = client.largest;
    });
    while (!user.closed) loop.run_once();
    peer.join();
    CHECK(first == 'S');
    CHECK(user.secured);
    CHECK(user.closed == CloseReason::Flushed);
    CHECK(answer == "after " + big);
    CHECK(largest <= 8 * 1024);
}

TEST_CASE("direct TLS starts from bytes that were read already, and ALPN is agreed") {
    const TemporaryDirectory directory;
    const Certificate cert(directory.path, "server", "RSA", EVP_sha256(), "localhost");
    EventLoop loop;
    Pair pair = unix_pair();
    ServerUser user;
    Stream stream(loop, std::move(pair.ours), user);
    bool started = false, alpn = false;
    user.at_data = [&](Stream& s) {
        if (std::exchange(started, true)) return;
        const std::string hello = std::exchange(user.data, {});
        CHECK(hello[0] == 0x16);
        s.start_tls(load(cert), bytes_of(hello));
    };
    user.at_secured = [&](Stream& s) {
        alpn = s.alpn_agreed();
        CHECK(s.encrypted());
        CHECK(s.tls_description().starts_with("TLSv1.3 "));
        CHECK_FALSE(s.peer_certificate());
    };
    std::thread peer([&] {
        Client client(pair.theirs.get());
        const unsigned char protocols[] = "\12postgresql";
        SSL_CTX_set_alpn_protos(client.context(), protocols, 11);
        REQUIRE(client.connect());
        client.say("startup");
        SSL_shutdown(client.ssl);
    });
    while (!user.over()) loop.run_once();
    peer.join();
    CHECK(alpn);
    CHECK(user.data == "startup");
    CHECK(user.ends == 1);
}

TEST_CASE("direct TLS without ALPN, and TLS inside TLS, end the connection") {
    const TemporaryDirectory directory;
    const Certificate cert(directory.path, "server", "EC", EVP_sha256(), "localhost");
    for (const bool direct : {true, false}) {
        EventLoop loop;
        Pair pair = unix_pair();
        ServerUser user;
        Stream stream(loop, std::move(pair.ours), user);
        bool started = !direct;
        if (!direct) stream.start_tls(load(cert));
        user.at_data = [&](Stream& s) {
            if (std::exchange(started, true)) return s.start_tls(load(cert));
            s.start_tls(load(cert), bytes_of(std::exchange(user.data, {})));
        };
        std::string answer = "nothing read";
        std::thread peer([&] {
            Client client(pair.theirs.get());
            if (client.connect()) client.say("SSLRequest");
            answer = client.read_to_end();
        });
        while (!user.closed) loop.run_once();
        peer.join();
        CHECK(user.secured == !direct);
        CHECK(answer.empty());
        CHECK(user.closed == (direct ? CloseReason::TlsFailed : CloseReason::Reset));
        CHECK_FALSE(stream.detail().empty());
    }
}

TEST_CASE("without ALPN nothing was agreed, and another protocol than postgresql fails the handshake") {
    const TemporaryDirectory directory;
    const Certificate cert(directory.path, "server", "EC", EVP_sha256(), "localhost");
    for (const bool other : {false, true}) {
        EventLoop loop;
        Pair pair = unix_pair();
        ServerUser user;
        Stream stream(loop, std::move(pair.ours), user);
        stream.start_tls(load(cert));
        user.at_secured = [](Stream& s) { CHECK_FALSE(s.alpn_agreed()); };
        bool connected = false;
        std::thread peer([&] {
            Client client(pair.theirs.get());
            if (other) SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>("\2h2"), 3);
            connected = client.connect();
            pair.theirs.reset();
        });
        while (!user.over()) loop.run_once();
        peer.join();
        CHECK(connected == !other);
        CHECK(user.secured == !other);
        if (other) CHECK(user.closed == CloseReason::TlsFailed);
    }
}

TEST_CASE("TLS 1.1 and plaintext instead of a handshake are refused") {
    const TemporaryDirectory directory;
    const Certificate cert(directory.path, "server", "EC", EVP_sha256(), "localhost");
    for (const bool plaintext : {false, true}) {
        EventLoop loop;
        Pair pair = unix_pair();
        ServerUser user;
        Stream stream(loop, std::move(pair.ours), user);
        stream.start_tls(load(cert));
        std::thread peer([&] {
            if (plaintext) {
                static_cast<void>(::send(pair.theirs.get(), "Q\0\0\0\15select 1\0", 14, 0));
                read_to_end(pair.theirs.get());
                return;
            }
            Client client(pair.theirs.get());
            SSL_CTX_set_security_level(client.context(), 0);
            SSL_CTX_set_max_proto_version(client.context(), TLS1_1_VERSION);
            SSL_CTX_set_min_proto_version(client.context(), TLS1_1_VERSION);
            CHECK_FALSE(client.connect());
        });
        while (!user.closed) loop.run_once();
        peer.join();
        CHECK(user.closed == CloseReason::TlsFailed);
        CHECK(user.data.empty());
        CHECK_FALSE(stream.detail().empty());
    }
}

TEST_CASE("a client's certificate is verified against our CA, and optional") {
    const TemporaryDirectory directory;
    const Certificate server(directory.path, "server", "EC", EVP_sha256(), "localhost");
    const Certificate known(directory.path, "known", "EC", EVP_sha256(), "copilot");
    const Certificate stranger(directory.path, "stranger", "EC", EVP_sha256(), "copilot");
    const Certificate nul(directory.path, "nul", "EC", EVP_sha256(), std::string_view("copilot\0x", 9));
    struct Case {
        const Certificate* shown;
        const Certificate* ca;
        bool accepted;
        std::string name;
    };
    for (const Case& c : {Case{&known, &known, true, "copilot"}, Case{nullptr, &known, true, ""},
                          Case{&stranger, &known, false, ""}, Case{&nul, &nul, true, ""}}) {
        EventLoop loop;
        Pair pair = unix_pair();
        ServerUser user;
        Stream stream(loop, std::move(pair.ours), user);
        stream.start_tls(load(server, c.ca->cert_file));
        std::optional<PeerCertificate> seen;
        user.at_secured = [&](Stream& s) { seen = s.peer_certificate(); };
        std::thread peer([&] {
            Client client(pair.theirs.get());
            if (c.shown != nullptr) {
                SSL_CTX_use_certificate_file(client.context(), c.shown->cert_file.c_str(), SSL_FILETYPE_PEM);
                SSL_CTX_use_PrivateKey_file(client.context(), c.shown->key_file.c_str(), SSL_FILETYPE_PEM);
            }
            if (client.connect()) client.say("x");
            client.read_to_end();
            ::shutdown(pair.theirs.get(), SHUT_RDWR);
        });
        user.at_data = [](Stream& s) { s.close_after_flush(); };
        while (!user.over()) loop.run_once();
        stream.close();
        peer.join();
        CHECK(user.secured == c.accepted);
        CHECK(seen.has_value() == (c.accepted && c.shown != nullptr));
        if (seen) {
            CHECK(seen->common_name == c.name);
            CHECK(seen->sha256 == c.shown->sha256);
            CHECK(seen->subject.starts_with("CN=copilot"));
        }
    }
}

TEST_CASE("the channel binding hash follows the certificate's signature, and is absent where none is defined") {
    const TemporaryDirectory d;
    const Certificate ec(d.path, "ec", "EC", EVP_sha256(), "a"), sha512(d.path, "rsa", "RSA", EVP_sha512(), "a"),
        sha1(d.path, "sha1", "RSA", EVP_sha1(), "a"), ed(d.path, "ed", "ED25519", nullptr, "a"),
        pss(d.path, "pss", "RSA", EVP_sha256(), "a", true);
    CHECK(load(ec)->end_point_hash() == ec.sha256);
    CHECK(load(sha512)->end_point_hash() == sha512.sha512);
    CHECK(load(ed)->end_point_hash().empty());
    CHECK(load(pss)->end_point_hash().empty());
    // OpenSSL's default security level may refuse SHA-1 certificates altogether.
    const auto weak = TlsServerContext::load({.cert_file = sha1.cert_file, .key_file = sha1.key_file});
    if (weak) CHECK((*weak)->end_point_hash() == sha1.sha256);
}

TEST_CASE("a context that cannot be loaded names the file") {
    const TemporaryDirectory directory;
    const Certificate one(directory.path, "one", "EC", EVP_sha256(), "a"), two(directory.path, "two", "EC", EVP_sha256(), "a");
    const auto missing = TlsServerContext::load({.cert_file = directory.path + "/none.crt", .key_file = one.key_file});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().find("none.crt") != std::string::npos);
    const auto mismatch = TlsServerContext::load({.cert_file = one.cert_file, .key_file = two.key_file});
    REQUIRE_FALSE(mismatch);
    CHECK(mismatch.error().find("two.key") != std::string::npos);
    CHECK_FALSE(TlsServerContext::load({.cert_file = one.cert_file, .key_file = one.key_file, .client_ca_file = "/none"}));
}
