#include "control/binding.h"

#include "crypto/encode.h"
#include "crypto/seal.h"

namespace pgveil::control {
namespace {

void put_number(Bytes& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(number >> shift));
}

void put_field(Bytes& out, ByteView field) {
    put_number(out, field.size());
    append(out, field);
}
void put_field(Bytes& out, std::string_view field) { put_field(out, bytes_of(field)); }

void put_facts(Bytes& out, const SessionFacts& facts) {
    for (const auto* fact : {&facts.search_path, &facts.time_zone, &facts.date_style, &facts.interval_style,
                             &facts.isolation, &facts.role, &facts.settings, &facts.objects}) {
        put_field(out, std::string_view(*fact));
    }
}

void put_parameters(Bytes& out, const std::vector<BoundParameter>& parameters) {
    put_number(out, parameters.size());
    for (const auto& p : parameters) {
        put_number(out, p.type.value);
        put_number(out, static_cast<std::uint16_t>(p.format));
        put_number(out, p.is_null ? 1 : 0);
        put_field(out, p.is_null ? ByteView() : ByteView(p.value));
    }
}

/// Reads what put_* wrote; after the first disagreement everything is refused.
class Reader {
  public:
    explicit Reader(ByteView bytes) : rest_(bytes) {}
    std::uint64_t number() {
        if (rest_.size() < 8) return fail();
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | rest_[static_cast<std::size_t>(i)];
        rest_ = rest_.subspan(8);
        return value;
    }
    ByteView field() {
        const auto size = number();
        if (size > rest_.size()) return (void)fail(), ByteView();
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }
    std::string text() { return std::string(text_of(field())); }
    /// A count of things of at least `least` bytes each.
    std::uint64_t count(std::uint64_t least) {
        const auto n = number();
        return n > rest_.size() / least ? fail() : n;
    }
    [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

  private:
    std::uint64_t fail() {
        ok_ = false;
        rest_ = {};
        return 0;
    }
    ByteView rest_;
    bool ok_ = true;
};

RequestBody read_body(Reader& in) {
    RequestBody body;
    body.statement = in.text();
    for (auto n = in.count(32); n > 0; --n) {
        BoundParameter p;
        p.type = Oid(static_cast<std::uint32_t>(in.number()));
        p.format = static_cast<Format>(in.number());
        p.is_null = in.number() != 0;
        p.value = copy_of(in.field());
        body.parameters.push_back(std::move(p));
    }
    for (auto n = in.count(8); n > 0; --n) body.result_formats.push_back(static_cast<std::int16_t>(in.number()));
    for (auto* fact : {&body.facts.search_path, &body.facts.time_zone, &body.facts.date_style,
                       &body.facts.interval_style, &body.facts.isolation, &body.facts.role,
                       &body.facts.settings, &body.facts.objects}) {
        *fact = in.text();
    }
    return body;
}

/// Runs of white space become one space, words lower case; what stands between quotes stays.
std::string without_layout(std::string_view text) {
    std::string out;
    char quote = 0;
    for (const char c : text) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (quote != 0) {
            out += c;
            if (c == quote) quote = 0;
        } else if (space) {
            if (!out.empty() && out.back() != ' ') out += ' ';
        } else {
            if (c == '\'' || c == '"') quote = c;
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == ';')) out.pop_back();
    return out;
}

Bytes seal_context(std::string_view id, const Digest& digest) {
    Bytes context;
    put_field(context, std::string_view("pgveil/request-body/v1"));
    put_field(context, id);
    append(context, ByteView(digest));
    return context;
}

}  // namespace

// Result formats do not enter: they change how rows are written, not what happens.
Digest binding_digest(const KeyedHash& hash, const BindingScope& scope, const RequestBody& body) {
    Bytes text;
    const bool access = scope.kind == RequestKind::Access;
    put_field(text, std::string_view(access ? "access" : "statement"));
    put_field(text, scope.agent);
    put_field(text, scope.database);
    put_field(text, access ? scope.sql_class : std::string_view());
    put_facts(text, body.facts);
    put_field(text, std::string_view(body.statement));
    put_parameters(text, body.parameters);
    return hash.hash("pgveil/approval/v1", text);
}

Digest binding_digest(const KeyedHash& hash, const RequestDraft& draft) {
    return binding_digest(hash, {draft.kind, draft.agent, draft.database, draft.sql_class}, body_of(draft));
}

std::string wording_digest(const KeyedHash& hash, const BindingScope& scope, const RequestBody& body) {
    RequestBody plain = body;
    plain.facts = {};
    plain.statement = without_layout(body.statement);
    return crypto::hex(binding_digest(hash, scope, plain));
}

RequestBody body_of(const RequestDraft& draft) {
    // Asking for access twice from differently set up sessions is asking for one thing.
    const bool access = draft.kind == RequestKind::Access;
    return {draft.statement, draft.parameters, draft.result_formats, access ? SessionFacts{} : draft.facts};
}

Bytes seal_body(const Secret& key, std::string_view id, const Digest& digest, const RequestBody& body) {
    Bytes plain;
    put_field(plain, std::string_view(body.statement));
    put_parameters(plain, body.parameters);
    put_number(plain, body.result_formats.size());
    for (const auto format : body.result_formats) put_number(plain, static_cast<std::uint16_t>(format));
    put_facts(plain, body.facts);
    const Secret held{std::move(plain)};
    return crypto::seal(key, seal_context(id, digest), held.reveal());
}

std::optional<RequestBody> open_body(const Secret& key, std::string_view id, const Digest& digest, ByteView sealed) {
    const auto plain = crypto::open_sealed(key, seal_context(id, digest), sealed);
    if (!plain) return std::nullopt;
    Reader in(plain->reveal());
    RequestBody body = read_body(in);
    if (!in.complete()) return std::nullopt;
    return body;
}

}  // namespace pgveil::control
