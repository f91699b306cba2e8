#include "audit/note.h"

#include <algorithm>
#include <charconv>

#include "audit/json_text.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

constexpr Byte Ed25519Kind = 1;
constexpr std::string_view Dash = "\xe2\x80\x94 ";
constexpr std::string_view PrivatePrefix = "PRIVATE+KEY+";
constexpr std::size_t SignatureBytes = 4 + 64;

std::array<Byte, 4> key_id(const VerifierKey& key) {
    crypto::Sha256 hash;
    hash.update(key.name).update("\n").update(ByteView(&Ed25519Kind, 1)).update(key.key);
    const Digest digest = hash.finish();
    return {digest[0], digest[1], digest[2], digest[3]};
}

/// `<name>+<8 hex>+<base64 of kind || 32 bytes>` taken apart.
struct KeyText {
    std::string_view name, id;
    Secret body;
};
std::optional<KeyText> split_key(std::string_view text) {
    const std::size_t first = text.find('+');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = text.find('+', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    auto body = crypto::from_base64(text.substr(second + 1));
    if (!body || body->size() != 33 || body->front() != Ed25519Kind) return std::nullopt;
    KeyText key{text.substr(0, first), text.substr(first + 1, second - first - 1), Secret(std::move(*body))};
    if (!is_key_name(key.name) || key.id.size() != 8) return std::nullopt;
    return key;
}

std::string key_text(const VerifierKey& key, ByteView body) {
    Bytes kind_and_body{Ed25519Kind};
    append(kind_and_body, body);
    std::string text = key.name + "+" + crypto::hex(key_id(key)) + "+" + crypto::base64(kind_and_body);
    crypto::erase(kind_and_body.data(), kind_and_body.size());
    return text;
}

std::string checkpoint_text(std::string_view origin, const Checkpoint& checkpoint) {
    return std::string(origin) + "\n" + std::to_string(checkpoint.size) + "\n" + crypto::base64(checkpoint.root) + "\n";
}

/// The next line without its LF; nullopt if there is no LF.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

bool read_size(std::string_view text, std::uint64_t& size) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    return error == std::errc() && end == text.data() + text.size() && (text.size() == 1 || text.front() != '0');
}

bool read_root(std::string_view text, Digest& root) {
    const auto bytes = crypto::from_base64(text);
    if (!bytes || bytes->size() != root.size()) return false;
    std::ranges::copy(*bytes, root.begin());
    return true;
}

bool read_signature(std::string_view line, SignedCheckpoint& note) {
    if (!line.starts_with(Dash)) return false;
    line.remove_prefix(Dash.size());
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return false;
    auto bytes = crypto::from_base64(line.substr(space + 1));
    if (!bytes || bytes->size() != SignatureBytes) return false;
    note.signer = line.substr(0, space);
    note.signature = std::move(*bytes);
    return true;
}

std::optional<SignedCheckpoint> parse_one_line(std::string_view line) {
    constexpr std::string_view Mark = "pgveil-checkpoint ";
    const std::size_t at = line.find(Mark);
    if (at == std::string_view::npos) return std::nullopt;
    line.remove_prefix(at + Mark.size());
    std::array<std::string_view, 4> words;
    for (std::string_view& word : words) {
        const std::size_t end = std::min(line.find(' '), line.size());
        word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    SignedCheckpoint note;
    note.origin = note.signer = words[0];
    auto signature = crypto::from_base64(words[3]);
    if (!read_size(words[1], note.checkpoint.size) || !read_root(words[2], note.checkpoint.root)) return std::nullopt;
    if (!signature || signature->size() != SignatureBytes) return std::nullopt;
    note.signature = std::move(*signature);
    return note;
}

}  // namespace

bool is_key_name(std::string_view name) {
    if (name.empty() || name.size() > 200) return false;
    for (std::size_t at = 0; at < name.size();) {
        const char32_t c = next_character(name, at);
        if (c <= ' ' || c == '+' || c == 0xfffd || is_active(c) || c == 0xa0 || c == 0x3000) return false;
    }
    return true;
}

std::optional<VerifierKey> parse_verifier_key(std::string_view text) {
    const auto split = split_key(text);
    if (!split) return std::nullopt;
    VerifierKey key{std::string(split->name), {}};
    std::ranges::copy(split->body.reveal().subspan(1), key.key.begin());
    if (crypto::hex(key_id(key)) != split->id) return std::nullopt;
    return key;
}

std::string print(const VerifierKey& key) { return key_text(key, key.key); }

SignerKey generate_signer(std::string_view name) { return {std::string(name), crypto::SigningKey::generate()}; }

std::optional<SignerKey> parse_signer_key(const Secret& secret) {
    std::string_view text = text_of(secret.reveal());
    while (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.starts_with(PrivatePrefix)) return std::nullopt;
    const auto split = split_key(text.substr(PrivatePrefix.size()));
    if (!split) return std::nullopt;
    auto key = crypto::SigningKey::from_seed(split->body.reveal().subspan(1));
    if (!key) return std::nullopt;
    SignerKey signer{std::string(split->name), std::move(*key)};
    if (crypto::hex(key_id(signer.verifier())) != split->id) return std::nullopt;
    return signer;
}

Secret print(const SignerKey& key) {
    std::string text = std::string(PrivatePrefix) + key_text(key.verifier(), key.key.seed().reveal()) + "\n";
    Secret secret(text);
    crypto::erase(text.data(), text.size());
    return secret;
}

std::string sign_note(const SignerKey& key, const Checkpoint& checkpoint) {
    const std::string text = checkpoint_text(key.name, checkpoint);
    Bytes signature;
    append(signature, key_id(key.verifier()));
    append(signature, key.key.sign(bytes_of(text)));
    return text + "\n" + std::string(Dash) + key.name + " " + crypto::base64(signature) + "\n";
}

std::string print(const SignedCheckpoint& note) {
    return checkpoint_text(note.origin, note.checkpoint) + "\n" + std::string(Dash) + note.signer + " " +
           crypto::base64(note.signature) + "\n";
}

std::string one_line(const SignedCheckpoint& note) {
    return "pgveil-checkpoint " + note.origin + " " + std::to_string(note.checkpoint.size) + " " +
           crypto::base64(note.checkpoint.root) + " " + crypto::base64(note.signature);
}

bool verify(const VerifierKey& key, const SignedCheckpoint& note) {
    if (note.origin != key.name || note.signer != key.name || note.signature.size() != SignatureBytes) return false;
    const ByteView signature = note.signature;
    if (!std::ranges::equal(signature.first(4), key_id(key))) return false;
    return crypto::verify(key.key, bytes_of(checkpoint_text(note.origin, note.checkpoint)), signature.subspan(4));
}

std::optional<SignedCheckpoint> parse_note(std::string_view text, std::size_t& length) {
    const std::size_t whole = text.size();
    SignedCheckpoint note;
    const auto origin = take_line(text);
    if (!origin || !is_key_name(*origin)) return std::nullopt;
    const auto size = take_line(text);
    if (!size || !read_size(*size, note.checkpoint.size)) return std::nullopt;
    const auto root = take_line(text);
    if (!root || !read_root(*root, note.checkpoint.root)) return std::nullopt;
    const auto gap = take_line(text);
    if (!gap || !gap->empty()) return std::nullopt;
    const auto signature = take_line(text);
    if (!signature || !read_signature(*signature, note)) return std::nullopt;
    note.origin = *origin;
    length = whole - text.size();
    return note;
}

std::vector<SignedCheckpoint> find_checkpoints(std::string_view text) {
    std::vector<SignedCheckpoint> found;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 0;
        if (auto note = parse_note(text.substr(at), length)) {
            found.push_back(std::move(*note));
            at += length;
            continue;
        }
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (auto note = parse_one_line(text.substr(at, end - at))) found.push_back(std::move(*note));
        at = end + 1;
    }
    return found;
}

}  // namespace pgveil::audit
