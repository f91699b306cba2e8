// Frontend messages as views over a frame's body (manual, 55.7). Views live as long as the body.
// Every parser returns nullopt on any disagreement with the server's own reading ("invalid message
// format": 08P01). Reads hostile bytes: yes. Values, any thread.
#pragma once

#include <optional>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/pg_types.h"

namespace pgveil::protocol {

struct ParseView {
    std::string_view name, query;
    std::vector<Oid> types;
};
struct ParameterView {
    ByteView value;
    bool is_null = false;
    Format format = Format::Text;
};
struct BindView {
    std::string_view portal, statement;
    std::vector<ParameterView> parameters;
    std::vector<std::int16_t> result_formats;   // 0, 1 or n codes, as sent
    bool bad_format_code = false;               // a code other than 0/1: 22023 at the server
};
enum class Target : char { Statement = 'S', Portal = 'P' };
struct DescribeView {                           // Describe and Close share the shape
    Target target = Target::Statement;
    std::string_view name;
};
struct ExecuteView {
    std::string_view portal;
    std::int32_t max_rows = 0;
};

[[nodiscard]] std::optional<std::string_view> parse_query(ByteView body);   // 'Q': one NUL-ended string, exactly
[[nodiscard]] std::optional<ParseView> parse_parse(ByteView body);
[[nodiscard]] std::optional<BindView> parse_bind(ByteView body);
[[nodiscard]] std::optional<DescribeView> parse_describe(ByteView body);     // 'D' and 'C'
[[nodiscard]] std::optional<ExecuteView> parse_execute(ByteView body);
/// 'p' as SASLInitialResponse: mechanism and data (absent: nullopt inside).
struct SaslInitialView {
    std::string_view mechanism;
    std::optional<ByteView> data;
};
[[nodiscard]] std::optional<SaslInitialView> parse_sasl_initial(ByteView body);
[[nodiscard]] std::optional<std::string_view> parse_password(ByteView body);

}  // namespace pgveil::protocol
