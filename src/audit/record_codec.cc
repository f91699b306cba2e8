#include "audit/record_codec.h"

#include "pgveil/core/packed.h"

namespace pgveil::audit {

constexpr Kind last_of(Kind) { return Kind::LogIdle; }

void pack_fields(auto& pack, LiteralToken& t) {
    auto& [type, token, length] = t;
    pack(type, token, length);
}

void pack_fields(auto& pack, Record& r) {
    auto& [kind, time, agent, person, database, session, statement, address, sql, literals, sql_class, decision, rule, request, task,
         relations, rows, bytes, duration_us, masked, sqlstate, tag, more] = r;
    pack(kind, time, agent, person, database, session, statement, address, sql, literals, sql_class, decision, rule, request, task,
         relations, rows, bytes, duration_us, masked, sqlstate, tag, more);
}

Bytes encode(const Record& record) { return packed(record); }
std::optional<Record> decode_record(ByteView bytes) { return unpacked<Record>(bytes); }

}  // namespace pgveil::audit
