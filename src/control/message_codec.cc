#include "control/message_codec.h"

#include "pgveil/core/packed.h"

namespace pgveil {

constexpr Access last_of(Access) { return Access::Write; }
constexpr RequestState last_of(RequestState) { return RequestState::Unknown; }
constexpr RequestKind last_of(RequestKind) { return RequestKind::Access; }
constexpr Format last_of(Format) { return Format::Binary; }

void pack_fields(auto& pack, Grant& g) {
    auto& [id, agent, database, access, reason, task, created_by, not_before, until, revoked] = g;
    pack(id, agent, database, access, reason, task, created_by, not_before, until, revoked);
}
void pack_fields(auto& pack, BoundParameter& p) {
    auto& [type, format, is_null, value] = p;
    pack(type, format, is_null, value);
}
void pack_fields(auto& pack, SessionFacts& f) {
    auto& [search_path, time_zone, date_style, interval_style, isolation, role, settings, objects] = f;
    pack(search_path, time_zone, date_style, interval_style, isolation, role, settings, objects);
}

void pack_fields(auto& pack, RequestDraft& d) {
    auto& [kind, agent, owner, database, task, reason, facts, statement, parameters, result_formats, digest, shape, sql_class, relations,
         rule, why, approvers, approvals_needed, pending_for, approved_for, masked_statement] = d;
    pack(kind, agent, owner, database, task, reason, facts, statement, parameters, result_formats, digest, shape, sql_class, relations,
         rule, why, approvers, approvals_needed, pending_for, approved_for, masked_statement);
}

void pack_fields(auto& pack, RequestView& v) {
    auto& [id, kind, state, agent, owner, database, task, reason, statement, masked_statement, sql_class, rule, shape, parameters,
         result_formats, relations, why, approvers, approved_by, approvals_needed, digest, facts, decided_by, decision_reason, outcome_tag,
         created, expires, decided, attempts, max_rows] = v;
    pack(id, kind, state, agent, owner, database, task, reason, statement, masked_statement, sql_class, rule, shape, parameters,
         result_formats, relations, why, approvers, approved_by, approvals_needed, digest, facts, decided_by, decision_reason, outcome_tag,
         created, expires, decided, attempts, max_rows);
}

namespace control {
namespace {

template <std::size_t I>
std::optional<Ask> decode_alternative(ByteView bytes) {
    auto found = unpacked<std::variant_alternative_t<I, Ask>>(bytes);
    return found ? std::optional<Ask>(std::move(*found)) : std::nullopt;
}

}  // namespace

constexpr Outcome last_of(Outcome) { return Outcome::Listed; }
constexpr Switch::Subject last_of(Switch::Subject) { return Switch::Subject::Database; }

void pack_fields(auto& pack, FileRequest& a) {
    auto& [draft] = a;
    pack(draft);
}
void pack_fields(auto& pack, ConsumeRequest& a) {
    auto& [id, digest, agent, database, draft] = a;
    pack(id, digest, agent, database, draft);
}
void pack_fields(auto& pack, LookRequest& a) {
    auto& [id, agent] = a;
    pack(id, agent);
}
void pack_fields(auto& pack, FinishRequest& a) {
    auto& [id, state, tag, sqlstate, rows] = a;
    pack(id, state, tag, sqlstate, rows);
}
void pack_fields(auto& pack, CancelRequest& a) {
    auto& [id, agent] = a;
    pack(id, agent);
}
void pack_fields(auto& pack, ListOwn& a) {
    auto& [agent] = a;
    pack(agent);
}
void pack_fields(auto& pack, Answer& a) {
    auto& [outcome, request, requests, grants, detail, retry_after_s] = a;
    pack(outcome, request, requests, grants, detail, retry_after_s);
}
void pack_fields(auto& pack, Switch& s) {
    auto& [subject, name, person, reason, at] = s;
    pack(subject, name, person, reason, at);
}
void pack_fields(auto& pack, Standing& s) {
    auto& [grants, off, known] = s;
    pack(grants, off, known);
}

// Which alternative, then its fields.
Bytes encode(const Ask& ask) {
    Bytes out{static_cast<Byte>(ask.index())};
    append(out, std::visit([](const auto& a) { return packed(a); }, ask));
    return out;
}

std::optional<Ask> decode_ask(ByteView bytes) {
    static_assert(std::variant_size_v<Ask> == 6);
    if (bytes.empty()) return std::nullopt;
    const ByteView fields = bytes.subspan(1);
    switch (bytes[0]) {
        case 0: return decode_alternative<0>(fields);
        case 1: return decode_alternative<1>(fields);
        case 2: return decode_alternative<2>(fields);
        case 3: return decode_alternative<3>(fields);
        case 4: return decode_alternative<4>(fields);
        case 5: return decode_alternative<5>(fields);
        default: return std::nullopt;
    }
}

Bytes encode(const Answer& answer) { return packed(answer); }
Bytes encode(const Standing& standing) { return packed(standing); }
std::optional<Answer> decode_answer(ByteView bytes) { return unpacked<Answer>(bytes); }
std::optional<Standing> decode_standing(ByteView bytes) { return unpacked<Standing>(bytes); }

}  // namespace control
}  // namespace pgveil
