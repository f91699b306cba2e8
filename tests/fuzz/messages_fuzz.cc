// Message bodies of both sides: what parses and is encoded again has the same bytes, or at least parses alike.
#include <algorithm>

#include "fuzz.h"
#include "protocol/backend_messages.h"
#include "protocol/encoder.h"
#include "protocol/frontend_messages.h"
#include "protocol/trace.h"

using namespace pgveil;
using namespace pgveil::protocol;
using pgveil::fuzz::require;

namespace {

bool same(const Bytes& message, ByteView body) {
    return std::ranges::equal(ByteView(message).subspan(5), body);
}

void check_bind(ByteView body) {
    const auto bind = parse_bind(body);
    if (!bind) return;
    std::vector<ParameterOut> parameters;
    for (const auto& p : bind->parameters) parameters.push_back({p.value, p.is_null, p.format});
    Bytes out;
    put_bind(out, bind->portal, bind->statement, parameters, bind->result_formats);
    const auto again = parse_bind(ByteView(out).subspan(5));
    require(again && again->portal == bind->portal && again->statement == bind->statement, "names survive");
    require(again->parameters.size() == bind->parameters.size() && again->result_formats == bind->result_formats, "shape survives");
    for (std::size_t i = 0; i < bind->parameters.size(); ++i) {
        const auto &a = bind->parameters[i], &b = again->parameters[i];
        require(a.is_null == b.is_null && a.format == b.format && std::ranges::equal(a.value, b.value), "parameters survive");
    }
}

void check_frontend(ByteView body) {
    Bytes out;
    if (const auto sql = parse_query(body)) put_query(out, *sql), require(same(out, body), "Query");
    out.clear();
    if (const auto parse = parse_parse(body)) {
        put_parse(out, parse->name, parse->query, parse->types), require(same(out, body), "Parse");
    }
    out.clear();
    if (const auto d = parse_describe(body)) put_describe(out, static_cast<char>(d->target), d->name), require(same(out, body), "Describe");
    out.clear();
    if (const auto execute = parse_execute(body)) {
        put_execute(out, execute->portal, execute->max_rows), require(same(out, body), "Execute");
    }
    if (const auto sasl = parse_sasl_initial(body)) require(!sasl->data || sasl->data->size() <= body.size(), "SASL data is inside");
    check_bind(body);
}

void check_rows(ByteView body) {
    static std::vector<RawCell> cells;
    if (!parse_data_row(body, cells)) return;
    Bytes out;
    put_data_row(out, cells);
    require(same(out, body), "DataRow");
}

void check_row_description(ByteView body) {
    const auto fields = parse_row_description(body);
    if (!fields) return;
    std::vector<FieldOut> again;
    for (const auto& f : *fields) {
        again.push_back({std::string(f.name), {f.table, f.attribute}, f.type, f.size, f.modifier, static_cast<Format>(f.format)});
    }
    Bytes out;
    put_row_description(out, again);
    require(same(out, body), "RowDescription");
}

void check_error(ByteView body) {
    const auto error = parse_error_fields(body);
    if (!error) return;
    std::vector<std::pair<char, std::string>> fields(error->fields.begin(), error->fields.end());
    Bytes out;
    put_error_fields(out, 'E', fields);
    require(same(out, body), "ErrorResponse");
}

void check_backend(ByteView body) {
    check_rows(body);
    check_row_description(body);
    check_error(body);
    Bytes out;
    if (const auto tag = parse_command_complete(body)) {
        put_command_complete(out, *tag), require(same(out, body), "CommandComplete");
        require(rows_of_tag(*tag) >= -1, "rows of a tag");
    }
    out.clear();
    if (const auto status = parse_parameter_status(body)) {
        put_parameter_status(out, status->name, status->value), require(same(out, body), "ParameterStatus");
    }
    out.clear();
    if (const auto types = parse_parameter_description(body)) {
        put_parameter_description(out, *types), require(same(out, body), "ParameterDescription");
    }
    out.clear();
    if (const auto ready = parse_ready_for_query(body)) put_ready_for_query(out, *ready), require(same(out, body), "ReadyForQuery");
    static_cast<void>(parse_notification(body));
    static_cast<void>(parse_copy_response(body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView body(data + 1, size - 1);
    check_frontend(body);
    check_backend(body);
    const Frame frame{.type = static_cast<char>(data[0]), .length = body.size(), .body = body};
    static_cast<void>(trace_line(Direction::Frontend, frame));
    static_cast<void>(trace_line(Direction::Backend, frame));
    return 0;
}
