#include "store/row_codec.h"

#include <charconv>

namespace pgveil::store {

std::string pack_list(const std::vector<std::string>& items) {
    std::string packed;
    for (const auto& item : items) packed += std::to_string(item.size()) + ':' + item;
    return packed;
}

std::optional<std::vector<std::string>> unpack_list(std::string_view packed) {
    std::vector<std::string> items;
    while (!packed.empty()) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(packed.data(), packed.data() + packed.size(), size);
        if (error != std::errc{}) return std::nullopt;
        packed.remove_prefix(static_cast<std::size_t>(end - packed.data()));
        if (packed.empty() || packed.front() != ':' || size > packed.size() - 1) return std::nullopt;
        items.emplace_back(packed.substr(1, size));
        packed.remove_prefix(1 + size);
    }
    return items;
}

std::optional<RequestState> state_of(std::string_view name) {
    for (const auto state : {RequestState::Void, RequestState::Pending, RequestState::Approved, RequestState::Executing,
                             RequestState::Executed, RequestState::Failed, RequestState::Exceeded, RequestState::Denied,
                             RequestState::Expired, RequestState::Cancelled, RequestState::Unknown}) {
        if (pgveil::name_of(state) == name) return state;
    }
    return std::nullopt;
}

std::string_view name_of(RequestKind kind) {
    switch (kind) {
        case RequestKind::Statement: return "statement";
        case RequestKind::Access: return "access";
    }
    return "statement";
}

std::optional<RequestKind> request_kind_of(std::string_view name) {
    if (name == "statement") return RequestKind::Statement;
    if (name == "access") return RequestKind::Access;
    return std::nullopt;
}

std::string_view name_of(Access access) {
    switch (access) {
        case Access::None: return "none";
        case Access::Read: return "read";
        case Access::Write: return "write";
    }
    return "none";
}

std::optional<Access> access_of(std::string_view name) {
    if (name == "none") return Access::None;
    if (name == "read") return Access::Read;
    if (name == "write") return Access::Write;
    return std::nullopt;
}

std::string_view name_of(SwitchKind kind) {
    switch (kind) {
        case SwitchKind::Agent: return "agent";
        case SwitchKind::Database: return "database";
    }
    return "agent";
}

std::optional<SwitchKind> switch_kind_of(std::string_view name) {
    if (name == "agent") return SwitchKind::Agent;
    if (name == "database") return SwitchKind::Database;
    return std::nullopt;
}

}  // namespace pgveil::store
