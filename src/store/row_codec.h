// RowCodec: lists and enums as the store's columns keep them. What does not read back exactly is nullopt,
// never a default. Values, any thread. Hostile: rows of a file someone may have edited.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgveil/core/grant.h"
#include "pgveil/core/request.h"
#include "store/control_store.h"

namespace pgveil::store {

/// "3:abc2:de": lengths first, since names may hold any character.
[[nodiscard]] std::string pack_list(const std::vector<std::string>& items);
[[nodiscard]] std::optional<std::vector<std::string>> unpack_list(std::string_view packed);

[[nodiscard]] std::optional<RequestState> state_of(std::string_view name);
[[nodiscard]] std::string_view name_of(RequestKind kind);
[[nodiscard]] std::optional<RequestKind> request_kind_of(std::string_view name);
[[nodiscard]] std::string_view name_of(Access access);
[[nodiscard]] std::optional<Access> access_of(std::string_view name);
[[nodiscard]] std::string_view name_of(SwitchKind kind);
[[nodiscard]] std::optional<SwitchKind> switch_kind_of(std::string_view name);

}  // namespace pgveil::store
