// Key files: read only when they are private, made only when nothing of that name exists.
//
// Serves every secret file of the state directory: sign.key (text of a signer), token.key, mask.key and the
// store's sealing key (32 random bytes as hex). A file that group or others may read, that belongs to somebody
// else (root excepted) or is a link is refused with a sentence for the operator. Blocks. Hostile: contents.
#pragma once

#include <string>

#include "audit/note.h"
#include "pgveil/core/result.h"
#include "pgveil/core/secret.h"

namespace pgveil::audit {

/// The bytes of a private file of at most 64 KiB.
[[nodiscard]] Result<Secret, std::string> read_secret_file(const std::string& path);
/// O_EXCL, 0600, synced together with its directory.
[[nodiscard]] Result<void, std::string> create_secret_file(const std::string& path, const Secret& content);

/// 32 bytes kept as hex. Missing and `may_create`: drawn and written. Missing otherwise: refused, because a
/// new key would silently break what the old one made findable.
[[nodiscard]] Result<Secret, std::string> load_hash_key(const std::string& path, bool may_create);

/// The log's signing key; the same rule. `name` names a key that is made here.
[[nodiscard]] Result<SignerKey, std::string> load_signer_key(const std::string& path, bool may_create,
                                                             std::string_view name = "pgveil");

/// `pgveil keygen`: makes the file and gives the verifier key line.
[[nodiscard]] Result<std::string, std::string> create_signer_key(const std::string& path, std::string_view name);

}  // namespace pgveil::audit
