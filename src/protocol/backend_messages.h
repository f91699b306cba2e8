// Backend messages as views over a frame's body (manual, 55.7). Views live as long as the body.
// nullopt: the server contradicts the protocol; the session ends (08006). Hostile: yes (a server may be
// compromised). Values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/pg_types.h"
#include "pgveil/core/sqlstate.h"

namespace pgveil::protocol {

struct FieldView {
    std::string_view name;
    Oid table;
    AttrNumber attribute;
    Oid type;
    std::int16_t size = 0;
    std::int32_t modifier = -1;
    std::int16_t format = 0;
};
[[nodiscard]] std::optional<std::vector<FieldView>> parse_row_description(ByteView body);
[[nodiscard]] std::optional<std::vector<Oid>> parse_parameter_description(ByteView body);

/// One cell of a DataRow: size -1 is NULL.
struct RawCell {
    const Byte* data = nullptr;
    std::int32_t size = -1;
};
/// Fills `cells` (cleared first); false: malformed. No allocation once `cells` has grown.
[[nodiscard]] bool parse_data_row(ByteView body, std::vector<RawCell>& cells);

[[nodiscard]] std::optional<std::string_view> parse_command_complete(ByteView body);
/// Rows of a tag ("UPDATE 3" -> 3, "INSERT 0 5" -> 5), -1 if it carries none.
[[nodiscard]] std::int64_t rows_of_tag(std::string_view tag);
[[nodiscard]] std::optional<TransactionStatus> parse_ready_for_query(ByteView body);
struct ParameterStatusView {
    std::string_view name, value;
};
[[nodiscard]] std::optional<ParameterStatusView> parse_parameter_status(ByteView body);
struct NotificationView {
    std::uint32_t pid = 0;
    std::string_view channel, payload;
};
[[nodiscard]] std::optional<NotificationView> parse_notification(ByteView body);

/// CopyInResponse, CopyOutResponse, CopyBothResponse.
struct CopyResponseView {
    Format overall = Format::Text;
    std::vector<Format> column_formats;
};
[[nodiscard]] std::optional<CopyResponseView> parse_copy_response(ByteView body);

/// ErrorResponse / NoticeResponse fields, by their letter (manual 55.8).
struct ErrorFields {
    std::vector<std::pair<char, std::string_view>> fields;
    [[nodiscard]] std::string_view get(char code) const;
    [[nodiscard]] std::string_view sqlstate() const { return get('C'); }
};
[[nodiscard]] std::optional<ErrorFields> parse_error_fields(ByteView body);

}  // namespace pgveil::protocol
