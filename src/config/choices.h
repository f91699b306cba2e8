// The words of every choice, and which structs are written as inline tables. Internal to config/.
#pragma once

#include <array>

#include "config/reader.h"

namespace pgveil::config {

template <class Choice, std::size_t N>
using NameTable = std::array<std::pair<std::string_view, Choice>, N>;

template <> struct Names<Mode> {
    static constexpr NameTable<Mode, 3> all{{{"enforce", Mode::Enforce}, {"warn", Mode::Warn}, {"shadow", Mode::Shadow}}};
};
template <> struct Names<TlsMode> {
    static constexpr NameTable<TlsMode, 3> all{{{"off", TlsMode::Off}, {"allow", TlsMode::Allow}, {"require", TlsMode::Require}}};
};
template <> struct Names<Durability> {
    static constexpr NameTable<Durability, 2> all{{{"strict", Durability::Strict}, {"group", Durability::Group}}};
};
template <> struct Names<AuthMethod> {
    static constexpr NameTable<AuthMethod, 3> all{{{"scram", AuthMethod::Scram}, {"cert", AuthMethod::Cert}, {"token", AuthMethod::Token}}};
};
template <> struct Names<RuleAction> {
    static constexpr NameTable<RuleAction, 3> all{{{"allow", RuleAction::Allow}, {"hold", RuleAction::Hold}, {"deny", RuleAction::Deny}}};
};
template <> struct Names<Predicates> {
    static constexpr NameTable<Predicates, 4> all{{{"allow", Predicates::Allow}, {"equality", Predicates::Equality},
                                                   {"hold", Predicates::Hold}, {"deny", Predicates::Deny}}};
};
template <> struct Names<Opaque> {
    static constexpr NameTable<Opaque, 2> all{{{"redact", Opaque::Redact}, {"scan", Opaque::Scan}}};
};
template <> struct Names<Scope> {
    static constexpr NameTable<Scope, 3> all{{{"agent", Scope::Agent}, {"task", Scope::Task}, {"deployment", Scope::Deployment}}};
};
template <> struct Names<LogFormat> {
    static constexpr NameTable<LogFormat, 2> all{{{"text", LogFormat::Text}, {"json", LogFormat::Json}}};
};
template <> struct Names<LogLevel> {
    static constexpr NameTable<LogLevel, 4> all{{{"error", LogLevel::Error}, {"warning", LogLevel::Warning},
                                                 {"info", LogLevel::Info}, {"debug", LogLevel::Debug}}};
};
template <> struct Names<Role> {
    static constexpr NameTable<Role, 5> all{{{"approver", Role::Approver}, {"auditor", Role::Auditor}, {"admin", Role::Admin},
                                             {"reveal", Role::Reveal}, {"break-glass", Role::BreakGlass}}};
};
template <> struct Names<Access> {
    static constexpr NameTable<Access, 2> all{{{"read", Access::Read}, {"write", Access::Write}}};
};
template <> struct Names<masking::Transform> {
    using enum masking::Transform;
    static constexpr NameTable<masking::Transform, 9> all{{{"redact", Redact}, {"null", Null}, {"partial", Partial}, {"hash", Hash},
                                                           {"pseudonym", Pseudonym}, {"fpe", Fpe}, {"generalize", Generalize},
                                                           {"date_shift", DateShift}, {"clear", Clear}}};
};

template <> inline constexpr bool is_inline_table<Limits> = true;
template <> inline constexpr bool is_inline_table<When> = true;
template <> inline constexpr bool is_inline_table<EqualityLimit> = true;
template <> const Options<Limits>& options_of<Limits>();
template <> const Options<When>& options_of<When>();
template <> const Options<EqualityLimit>& options_of<EqualityLimit>();

}  // namespace pgveil::config
