// Binding: what exactly an approval binds, and how it is kept at rest.
//
// The digest covers every field that changes what would run, each behind its length, so that no two
// statements share one by moving a border. The body (statement, parameters, facts) is sealed under the request's
// id and digest: a body moved to another row, or a row pointed at another body, does not open.
// Values; any thread. Hostile: statements and parameters are, they are only copied. Sealed bytes come from a
// store someone may have edited.
#pragma once

#include <optional>

#include "pgveil/core/keyed_hash.h"
#include "pgveil/core/request.h"
#include "pgveil/core/secret.h"

namespace pgveil::control {

/// What of a request is sealed.
struct RequestBody {
    std::string statement;
    std::vector<BoundParameter> parameters;
    std::vector<std::int16_t> result_formats;
    SessionFacts facts;
    bool operator==(const RequestBody&) const = default;
};

/// Who wants to run it, where, and as what kind of request: the part of the digest outside the body.
struct BindingScope {
    RequestKind kind = RequestKind::Statement;
    std::string_view agent, database, sql_class;   // sql_class counts for access requests (read, write)
};

/// Keyed: digests stand in the log, and literals must not be guessed from them.
[[nodiscard]] Digest binding_digest(const KeyedHash& hash, const BindingScope& scope, const RequestBody& body);
[[nodiscard]] Digest binding_digest(const KeyedHash& hash, const RequestDraft& draft);
/// The same for texts that differ in white space and in the case of words only: an added space is no new idea.
/// Hex; session settings do not count.
[[nodiscard]] std::string wording_digest(const KeyedHash& hash, const BindingScope& scope, const RequestBody& body);
[[nodiscard]] RequestBody body_of(const RequestDraft& draft);

[[nodiscard]] Bytes seal_body(const Secret& key, std::string_view id, const Digest& digest, const RequestBody& body);
/// nullopt: another key, row or digest, or changed bytes.
[[nodiscard]] std::optional<RequestBody> open_body(const Secret& key, std::string_view id, const Digest& digest,
                                                   ByteView sealed);

}  // namespace pgveil::control
