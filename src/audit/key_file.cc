#include "audit/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "audit/file.h"
#include "crypto/digest.h"
#include "crypto/encode.h"
#include "crypto/random.h"

namespace pgveil::audit {
namespace {

constexpr std::uint64_t MaxSecretFile = 64 << 10;

/// Empty, or why the open file must not be trusted as secret.
std::string distrust(const Fd& fd) {
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return message_of(errno);
    if ((info.st_mode & 077) != 0) return "group or others may access it; use chmod 600";
    if (info.st_uid != ::geteuid() && info.st_uid != 0) return "it belongs to another user";
    return {};
}

Secret hex_line(const Secret& key) {
    std::string text = crypto::hex(key.reveal()) + "\n";
    Secret line(text);
    crypto::erase(text.data(), text.size());
    return line;
}

bool is_missing(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) != 0 && errno == ENOENT;
}

}  // namespace

Result<Secret, std::string> read_secret_file(const std::string& path) {
    const auto fd = open_read(path);
    if (!fd) {
        const bool odd = fd.error() == ELOOP || fd.error() == EINVAL;
        return refuse("cannot read " + path + ": " + (odd ? "not a regular file" : message_of(fd.error())));
    }
    if (const std::string why = distrust(*fd); !why.empty()) return refuse("cannot trust " + path + ": " + why);
    if (size_of(*fd) > MaxSecretFile) return refuse("cannot read " + path + ": too large for a key");
    auto content = read_at(*fd, 0, MaxSecretFile);
    if (!content) return refuse("cannot read " + path + ": " + message_of(content.error()));
    Secret secret(*content);
    crypto::erase(content->data(), content->size());
    return secret;
}

Result<void, std::string> create_secret_file(const std::string& path, const Secret& content) {
    const int error = write_new_file(path, text_of(content.reveal()));
    if (error != 0) return refuse("cannot create " + path + ": " + message_of(error));
    return {};
}

Result<Secret, std::string> load_hash_key(const std::string& path, bool may_create) {
    if (is_missing(path)) {
        if (!may_create) return refuse("key file " + path + " is missing, and the log is not new: restore it");
        Secret key(crypto::random_bytes(32));
        if (auto made = create_secret_file(path, hex_line(key)); !made) return refuse(made.error());
        return key;
    }
    auto text = read_secret_file(path);
    if (!text) return refuse(text.error());
    std::string_view line = text_of(text->reveal());
    while (line.ends_with('\n')) line.remove_suffix(1);
    auto key = crypto::from_hex(line);
    if (!key || key->size() != 32) return refuse("key file " + path + " does not hold 64 hexadecimal digits");
    return Secret(std::move(*key));
}

Result<SignerKey, std::string> load_signer_key(const std::string& path, bool may_create, std::string_view name) {
    if (is_missing(path)) {
        if (!may_create) return refuse("signing key " + path + " is missing, and the log is not new: restore it");
        if (auto made = create_signer_key(path, name); !made) return refuse(made.error());
    }
    const auto text = read_secret_file(path);
    if (!text) return refuse(text.error());
    auto key = parse_signer_key(*text);
    if (!key) return refuse("signing key " + path + " is not what `pgveil keygen` writes");
    return std::move(*key);
}

Result<std::string, std::string> create_signer_key(const std::string& path, std::string_view name) {
    if (!is_key_name(name)) return refuse(std::string("a key name has no white space, no '+' and at most 200 bytes"));
    const SignerKey key = generate_signer(name);
    if (auto made = create_secret_file(path, print(key)); !made) return refuse(made.error());
    return print(key.verifier());
}

}  // namespace pgveil::audit
