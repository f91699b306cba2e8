#include "relay/local_shapes.h"

#include <array>
#include <charconv>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace pgveil::relay {
namespace {

using namespace type_oid;
constexpr std::array kRequest{LocalColumn{"id", Text}, LocalColumn{"state", Text}, LocalColumn{"executed", Bool},
                              LocalColumn{"reason", Text}, LocalColumn{"decided_by", Text}, LocalColumn{"expires_at", Timestamptz}};
constexpr std::array kExecute{LocalColumn{"id", Text}, LocalColumn{"tag", Text}, LocalColumn{"rows", Int8}, LocalColumn{"result", Jsonb}};
constexpr std::array kExplain{LocalColumn{"kind", Text}, LocalColumn{"action", Text}, LocalColumn{"rule", Text},
                              LocalColumn{"reasons", Text}, LocalColumn{"columns", Jsonb}};
constexpr std::array kWhoami{LocalColumn{"agent", Text}, LocalColumn{"owner", Text}, LocalColumn{"database", Text},
                             LocalColumn{"access", Text}, LocalColumn{"task", Text}, LocalColumn{"session", Text}};
constexpr std::array kGrants{LocalColumn{"id", Text}, LocalColumn{"database", Text}, LocalColumn{"access", Text},
                             LocalColumn{"until", Timestamptz}, LocalColumn{"reason", Text}};
constexpr std::array kRequests{LocalColumn{"id", Text}, LocalColumn{"state", Text}, LocalColumn{"statement", Text},
                               LocalColumn{"decided_by", Text}, LocalColumn{"reason", Text}, LocalColumn{"expires_at", Timestamptz}};
// Settings answered here: under their names, as PostgreSQL has it.
constexpr std::array kTask{LocalColumn{"pgveil.task", Text}};
constexpr std::array kReason{LocalColumn{"pgveil.reason", Text}};
constexpr std::array kWait{LocalColumn{"pgveil.wait", Text}};
constexpr std::array kApplicationName{LocalColumn{"application_name", Text}};
constexpr std::array kDefaultReadOnly{LocalColumn{"default_transaction_read_only", Text}};
constexpr std::array kReadOnly{LocalColumn{"transaction_read_only", Text}};

// Microseconds between 1970-01-01 and 2000-01-01 (timestamp.h, POSTGRES_EPOCH_JDATE).
constexpr std::int64_t kPostgresEpoch = 946'684'800'000'000;

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string big_endian(std::int64_t value) {
    std::string out;
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
    return out;
}

std::string as_text(Oid type, const std::string& cell) {
    if (type != Timestamptz) return cell;
    const WallTime time{std::chrono::microseconds{number(cell)}};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}+00", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                       (time - seconds).count());
}

std::string as_binary(Oid type, const std::string& cell) {
    if (type == Bool) return std::string(1, cell == "t" ? '\1' : '\0');
    if (type == Int8) return big_endian(number(cell));
    if (type == Timestamptz) return big_endian(number(cell) - kPostgresEpoch);
    if (type == Jsonb) return '\1' + cell;
    return cell;
}

Format format_at(std::span<const std::int16_t> formats, std::size_t i) {
    if (formats.empty()) return Format::Text;
    const std::int16_t code = formats.size() == 1 ? formats[0] : (i < formats.size() ? formats[i] : std::int16_t{0});
    return code == 1 ? Format::Binary : Format::Text;
}

}  // namespace

std::span<const LocalColumn> shape_of(const sql::Analysis& analysis) {
    switch (analysis.proxy_call) {
        case sql::ProxyCall::Request: case sql::ProxyCall::Submit: return kRequest;
        case sql::ProxyCall::Execute: return kExecute;
        case sql::ProxyCall::Explain: return kExplain;
        case sql::ProxyCall::None: case sql::ProxyCall::Misused: break;
    }
    if (analysis.statements.empty() || analysis.statements.front().verb != sql::Verb::Show) return {};
    const std::string& name = analysis.statements.front().name;
    if (name == "pgveil.whoami") return kWhoami;
    if (name == "pgveil.grants") return kGrants;
    if (name == "pgveil.requests") return kRequests;
    if (name == "application_name") return kApplicationName;
    if (name == "default_transaction_read_only") return kDefaultReadOnly;
    if (name == "transaction_read_only") return kReadOnly;
    if (name == "pgveil.task") return kTask;
    return name == "pgveil.reason" ? kReason : kWait;
}

void put_local_description(Bytes& out, std::span<const LocalColumn> shape, std::span<const std::int16_t> formats) {
    std::vector<protocol::FieldOut> fields;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const bool fixed = shape[i].type == Int8 || shape[i].type == Timestamptz;
        fields.push_back({.name = std::string(shape[i].name), .column = {}, .type = shape[i].type,
                          .size = static_cast<std::int16_t>(fixed ? 8 : shape[i].type == Bool ? 1 : -1), .modifier = -1,
                          .format = format_at(formats, i)});
    }
    protocol::put_row_description(out, fields);
}

void put_local_row(Bytes& out, std::span<const LocalColumn> shape, const LocalRow& row, std::span<const std::int16_t> formats) {
    std::vector<std::string> values(row.size());
    std::vector<protocol::RawCell> cells(row.size());
    for (std::size_t i = 0; i < row.size() && i < shape.size(); ++i) {
        if (!row[i]) continue;
        values[i] = format_at(formats, i) == Format::Text ? as_text(shape[i].type, *row[i]) : as_binary(shape[i].type, *row[i]);
        cells[i] = {bytes_of(values[i]).data(), static_cast<std::int32_t>(values[i].size())};
    }
    protocol::put_data_row(out, cells);
}

std::string micros(WallTime time) { return std::to_string(time.time_since_epoch().count()); }

LocalRow row_of_request(const RequestView& request) {
    const auto or_null = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
    return {request.id, std::string(name_of(request.state)), std::string(request.state == RequestState::Executed ? "t" : "f"),
            or_null(request.decision_reason), or_null(request.decided_by), micros(request.expires)};
}

}  // namespace pgveil::relay
