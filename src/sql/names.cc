#include "sql/analysis.h"

namespace pgveil::sql {

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::Unknown: return "unknown";
        case Kind::Admin: return "admin";
        case Kind::Ddl: return "ddl";
        case Kind::Write: return "write";
        case Kind::Session: return "session";
        case Kind::Transaction: return "transaction";
        case Kind::Read: return "read";
    }
    return "unknown";
}

std::string_view name_of(Effect effect) {
    switch (effect) {
        case Effect::Unknown: return "unknown";
        case Effect::Read: return "read";
        case Effect::Write: return "write";
        case Effect::Ddl: return "ddl";
        case Effect::Lock: return "lock";
        case Effect::Sequence: return "sequence";
        case Effect::Setting: return "setting";
        case Effect::Role: return "role";
        case Effect::Transaction: return "transaction";
        case Effect::CopyIn: return "copy-in";
        case Effect::CopyOut: return "copy-out";
        case Effect::File: return "file";
        case Effect::Program: return "program";
        case Effect::Network: return "network";
        case Effect::Notify: return "notify";
        case Effect::Admin: return "admin";
        case Effect::Replication: return "replication";
        case Effect::LargeObject: return "large-object";
        case Effect::Sleep: return "sleep";
    }
    return "unknown";
}

}  // namespace pgveil::sql
