// The client here is written from RFC 5802 alone and shares nothing with crypto/scram: it derives its proof
// with libcrypto's one-shot functions.
#include "auth/scram_server.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <functional>
#include <map>

#include "crypto/digest.h"
#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::auth;

namespace {

std::string hmac(const std::string& key, const std::string& message) {
    unsigned char out[32];
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), out, &length);
    return {reinterpret_cast<char*>(out), 32};
}
std::string b64(const std::string& bytes) {
    std::string out(bytes.size() * 2 + 8, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    return out.substr(0, static_cast<std::size_t>(length));
}
std::string unb64(const std::string& text) {
    std::string out(text.size(), '\0');
    int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                 reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    for (auto it = text.rbegin(); it != text.rend() && *it == '='; ++it) --length;
    return out.substr(0, static_cast<std::size_t>(length));
}

struct Client {
    std::string password, nonce = "fyko+d2lbbFgONRv9qkxdawL", gs2 = "n,,", binding_data, user;
    std::string first_bare, auth_message, salted;
    std::string first() {
        first_bare = "n=" + user + ",r=" + nonce;
        return gs2 + first_bare;
    }
    std::string final(const std::string& server_first, const std::string& extension = "") {
        std::map<char, std::string> fields;
        std::size_t at = 0;
        while (at < server_first.size()) {
            const std::size_t comma = std::min(server_first.find(',', at), server_first.size());
            fields[server_first[at]] = server_first.substr(at + 2, comma - at - 2);
            at = comma + 1;
        }
        const std::string salt = unb64(fields['s']);
        salted.assign(32, '\0');
        PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                          reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()),
                          std::stoi(fields['i']), EVP_sha256(), 32, reinterpret_cast<unsigned char*>(salted.data()));
        const std::string key = hmac(salted, "Client Key");
        unsigned char stored[32];
        SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), stored);
        const std::string bare_final = "c=" + b64(gs2 + binding_data) + ",r=" + fields['r'] + extension;
        auth_message = first_bare + "," + server_first + "," + bare_final;
        std::string proof = hmac({reinterpret_cast<char*>(stored), 32}, auth_message);
        for (std::size_t i = 0; i < 32; ++i) proof[i] = static_cast<char>(proof[i] ^ key[i]);
        return bare_final + ",p=" + b64(proof);
    }
    [[nodiscard]] std::string expected_server_final() const {
        return "v=" + b64(hmac(hmac(salted, "Server Key"), auth_message));
    }
};

const auto Mock = crypto::make_keyed_hash(Secret("mock secret"));

ScramSettings settings(bool known = true, Bytes endpoint = {}) {
    ScramSettings s;
    s.name = "copilot";
    if (known) s.verifier = crypto::make_verifier(Secret("pencil"), Bytes(16, 7), 4096);
    s.endpoint_hash = std::move(endpoint);
    s.nonce.fill(0x42);
    return s;
}

ScramReply run(ScramServer& server, Client& client, std::string_view mechanism = ScramSha256) {
    ScramReply first = server.initial(mechanism, client.first());
    if (first.outcome != ScramOutcome::Continue) return first;
    return server.response(client.final(first.message));
}

}  // namespace

TEST_CASE("the right password is accepted and the server proves itself") {
    ScramServer server(settings(), *Mock);
    Client client{.password = "pencil"};
    const ScramReply reply = run(server, client);
    CHECK(reply.outcome == ScramOutcome::Accepted);
    CHECK(reply.message == client.expected_server_final());
}

TEST_CASE("the messages of RFC 7677 come out byte for byte") {
    ScramSettings s = settings();
    s.verifier = crypto::parse_verifier(
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    REQUIRE(s.verifier);
    ScramServer server(s, *Mock);
    const ScramReply first = server.initial(ScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    CHECK(first.message == "r=rOprNGfwEbeRWgbNEkqO" + crypto::base64(s.nonce) + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    Client client{.password = "pencil", .nonce = "rOprNGfwEbeRWgbNEkqO", .user = "user"};
    client.first();
    CHECK(server.response(client.final(first.message)).outcome == ScramOutcome::Accepted);
}

TEST_CASE("a wrong password is rejected at the end") {
    ScramServer server(settings(), *Mock);
    Client client{.password = "pencils"};
    const ScramReply reply = run(server, client);
    CHECK(reply.outcome == ScramOutcome::Rejected);
    CHECK(reply.sqlstate == sqlstate::InvalidPassword);
    CHECK(reply.message.empty());
}

TEST_CASE("an unknown name meets the same exchange, the same salt each time, and is rejected") {
    ScramServer known(settings(), *Mock), unknown(settings(false), *Mock), again(settings(false), *Mock);
    Client client{.password = "pencil"};
    const std::string first = client.first();
    const std::string a = known.initial(ScramSha256, first).message;
    const std::string b = unknown.initial(ScramSha256, first).message;
    CHECK(a.size() == b.size());
    CHECK(b == again.initial(ScramSha256, first).message);
    CHECK(unknown.response(client.final(b)).outcome == ScramOutcome::Rejected);
    ScramSettings other = settings(false);
    other.name = "another";
    ScramServer third(other, *Mock);
    CHECK(third.initial(ScramSha256, first).message != b);
}

TEST_CASE("no initial response is answered with an empty continue") {
    ScramServer server(settings(), *Mock);
    Client client{.password = "pencil"};
    const ScramReply empty = server.initial(ScramSha256, std::nullopt);
    CHECK(empty.outcome == ScramOutcome::Continue);
    CHECK(empty.message.empty());
    const ScramReply first = server.response(client.first());
    REQUIRE(first.outcome == ScramOutcome::Continue);
    CHECK(server.response(client.final(first.message)).outcome == ScramOutcome::Accepted);
}

TEST_CASE("an unknown attribute in either client message is ignored, as PostgreSQL ignores it") {
    ScramServer server(settings(), *Mock);
    Client client{.password = "pencil"};
    client.first();
    client.first_bare += ",x=1";
    const ScramReply first = server.initial(ScramSha256, "n,," + client.first_bare);
    REQUIRE(first.outcome == ScramOutcome::Continue);
    CHECK(server.response(client.final(first.message, ",y=2")).outcome == ScramOutcome::Accepted);
}

TEST_CASE("PLUS is offered with a certificate hash only, and binds to that hash") {
    CHECK(ScramServer(settings(), *Mock).mechanisms() == std::vector{ScramSha256});
    const Bytes hash(32, 0x55);
    ScramServer server(settings(true, hash), *Mock);
    CHECK(server.mechanisms() == std::vector{ScramSha256Plus, ScramSha256});
    Client client{.password = "pencil", .gs2 = "p=tls-server-end-point,,", .binding_data = std::string(32, 0x55)};
    CHECK(run(server, client, ScramSha256Plus).outcome == ScramOutcome::Accepted);

    ScramServer tapped(settings(true, hash), *Mock);
    Client victim{.password = "pencil", .gs2 = "p=tls-server-end-point,,", .binding_data = std::string(32, 0x56)};
    const ScramReply reply = run(tapped, victim, ScramSha256Plus);
    CHECK(reply.outcome == ScramOutcome::Malformed);
    CHECK(reply.sqlstate == sqlstate::InvalidAuthorization);
}

TEST_CASE("a client that supports PLUS and saw no offer is a downgrade only where PLUS was offered") {
    Client client{.password = "pencil", .gs2 = "y,,"};
    ScramServer plain(settings(), *Mock);
    CHECK(run(plain, client).outcome == ScramOutcome::Accepted);
    ScramServer offering(settings(true, Bytes(32, 1)), *Mock);
    const ScramReply reply = offering.initial(ScramSha256, client.first());
    CHECK(reply.outcome == ScramOutcome::Malformed);
    CHECK(reply.sqlstate == sqlstate::InvalidAuthorization);
    Client without{.password = "pencil"};
    ScramServer third(settings(true, Bytes(32, 1)), *Mock);
    CHECK(run(third, without).outcome == ScramOutcome::Accepted);
}

TEST_CASE("malformed first messages are refused, whatever they look like") {
    const std::string long_name(1100, 'x');
    const std::string messages[] = {
        "", "n", "n,", "n,,", "x,,n=,r=a", "n,,n=", "n,,r=a", "n,,n=,r", "n,,n=,a=b", "n,a=root,n=,r=a", "n,x,n=,r=a",
        "n,,m=1,n=,r=a", "n,,n=,r=a b", "n,,n=,r=a\x01", "n,,n=,r=\xc3\xa9", "n,,n=,r=a,1=x", "n,,n=,r=a,,", "n;,n=,r=a",
        "p=tls-server-end-point,,n=,r=a", std::string("n,,n=,r=a\0", 10), "n,,n=" + long_name + ",r=a", "N,,n=,r=a"};
    for (const std::string& message : messages) {
        CAPTURE(message);
        ScramServer server(settings(), *Mock);
        CHECK(server.initial(ScramSha256, message).outcome == ScramOutcome::Malformed);
        CHECK(server.response("n,,n=,r=a").outcome == ScramOutcome::Malformed);
    }
}

TEST_CASE("a mechanism that was not offered is refused, and so is binding data that does not fit it") {
    for (const std::string_view mechanism : {"", "PLAIN", "scram-sha-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"}) {
        ScramServer server(settings(), *Mock);
        CHECK(server.initial(mechanism, "n,,n=,r=a").outcome == ScramOutcome::Malformed);
    }
    for (const std::string_view first : {"n,,n=,r=a", "y,,n=,r=a", "p=tls-unique,,n=,r=a", "p,,n=,r=a"}) {
        ScramServer server(settings(true, Bytes(32, 1)), *Mock);
        CHECK(server.initial(ScramSha256Plus, first).outcome == ScramOutcome::Malformed);
    }
}

TEST_CASE("malformed final messages are refused, and none of them is accepted by trying again") {
    const auto with = [](const std::string& good, auto change) {
        std::string text = good;
        change(text);
        return text;
    };
    const std::vector<std::function<void(std::string&)>> changes = {
        [](std::string& t) { t.clear(); },
        [](std::string& t) { t = t.substr(2); },
        [](std::string& t) { t[2] = 'B'; },
        [](std::string& t) { t.replace(0, 6, "c=eSws"); },
        [](std::string& t) { t.insert(t.find("r=") + 2, "z"); },
        [](std::string& t) { t.erase(t.find("r=") + 2, 1); },
        [](std::string& t) { t.insert(t.find(",p="), "z"); },
        [](std::string& t) { t.erase(t.find(",p=")); },
        [](std::string& t) { t.pop_back(); },
        [](std::string& t) { t += "="; },
        [](std::string& t) { t += ",x=1"; },
        [](std::string& t) { t += '\0'; },
        [](std::string& t) { t += '\n'; },
        [](std::string& t) { t.insert(t.find(",p="), ",x=" + std::string(1024, 'x')); },
    };
    for (const auto& change : changes) {
        ScramServer server(settings(), *Mock);
        Client client{.password = "pencil"};
        const ScramReply first = server.initial(ScramSha256, client.first());
        const std::string good = client.final(first.message);
        const std::string bad = with(good, change);
        CAPTURE(bad);
        CHECK(server.response(bad).outcome == ScramOutcome::Malformed);
        CHECK(server.response(good).outcome == ScramOutcome::Malformed);
    }
}

TEST_CASE("an accepted exchange is over") {
    ScramServer server(settings(), *Mock);
    Client client{.password = "pencil"};
    const ScramReply first = server.initial(ScramSha256, client.first());
    const std::string final = client.final(first.message);
    CHECK(server.response(final).outcome == ScramOutcome::Accepted);
    CHECK(server.response(final).outcome == ScramOutcome::Malformed);
    CHECK(server.initial(ScramSha256, client.first()).outcome == ScramOutcome::Malformed);
}
