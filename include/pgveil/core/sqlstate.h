// SqlState: five characters of an error code (manual, appendix A), and ours in class PV.
#pragma once

#include <array>
#include <string_view>

namespace pgveil {

struct SqlState {
    std::array<char, 5> code{'X', 'X', '0', '0', '0'};
    constexpr SqlState() = default;
    consteval SqlState(const char (&text)[6]) : code{text[0], text[1], text[2], text[3], text[4]} {}
    [[nodiscard]] constexpr std::string_view text() const { return {code.data(), code.size()}; }
    bool operator==(const SqlState&) const = default;
};

namespace sqlstate {
inline constexpr SqlState Success{"00000"}, FeatureNotSupported{"0A000"}, ConnectionFailure{"08006"},
    ProtocolViolation{"08P01"}, CannotConnect{"08001"}, InvalidParameterValue{"22023"},
    CharacterNotInRepertoire{"22021"}, InFailedTransaction{"25P02"}, InvalidAuthorization{"28000"},
    InvalidPassword{"28P01"}, InvalidCatalogName{"3D000"}, InvalidStatementName{"26000"}, InvalidCursorName{"34000"},
    InsufficientPrivilege{"42501"}, SyntaxError{"42601"}, StatementTooComplex{"54001"}, TooManyConnections{"53300"}, OutOfMemory{"53200"},
    QueryCanceled{"57014"}, AdminShutdown{"57P01"}, CannotConnectNow{"57P03"}, InternalError{"XX000"},
    ObjectNotInState{"55000"};

// The contract's own class (contract.md, "What an agent meets").
inline constexpr SqlState Held{"PV001"}, DeniedByPerson{"PV002"}, NoGrant{"PV003"}, EffectExceeded{"PV004"},
    ApprovalDrifted{"PV005"}, WritesMaskBack{"PV006"}, OutcomeUnknown{"PV007"}, AuditUnavailable{"PV008"},
    RequestExpired{"PV009"}, LimitReached{"PV010"}, TooManyRequests{"PV011"}, BudgetSpent{"PV012"},
    StoreUnavailable{"PV013"};
}  // namespace sqlstate

}  // namespace pgveil
