#include "protocol/frontend_messages.h"

#include <algorithm>

#include "protocol/wire_cursor.h"

namespace pgveil::protocol {
namespace {

// Counts are claims: room is made for no more than the body could hold.
template <class Element>
void reserve_claimed(std::vector<Element>& into, std::size_t claimed, std::size_t left, std::size_t least_each) {
    into.reserve(std::min(claimed, left / least_each));
}

// false: formats and parameters disagree (08P01 at the server).
bool read_formats(WireCursor& in, std::vector<std::int16_t>& formats) {
    const std::size_t count = in.u16();
    reserve_claimed(formats, count, in.left(), 2);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) formats.push_back(in.i16());
    return !in.failed();
}

bool is_format(std::int16_t code) { return code == 0 || code == 1; }

// none: all text; one: it stands for all; else one each.
std::int16_t format_of(const std::vector<std::int16_t>& formats, std::size_t index) {
    if (formats.empty()) return 0;
    return formats.size() == 1 ? formats[0] : formats[index];
}

bool read_parameters(WireCursor& in, const std::vector<std::int16_t>& formats, BindView& bind) {
    const std::size_t count = in.u16();
    if (in.failed() || (formats.size() > 1 && formats.size() != count)) return false;
    reserve_claimed(bind.parameters, count, in.left(), 4);
    for (std::size_t i = 0; i < count; ++i) {
        ParameterView parameter;
        const std::int32_t size = in.i32();
        if (size < -1 || in.failed()) return false;
        parameter.is_null = size == -1;
        if (!parameter.is_null) parameter.value = in.bytes(static_cast<std::uint64_t>(size));
        if (in.failed()) return false;
        const std::int16_t code = format_of(formats, i);
        if (!is_format(code)) bind.bad_format_code = true;
        parameter.format = code == 1 ? Format::Binary : Format::Text;
        bind.parameters.push_back(parameter);
    }
    return true;
}

}  // namespace

std::optional<std::string_view> parse_query(ByteView body) {
    WireCursor in(body);
    const std::string_view sql = in.text();
    if (!in.complete()) return std::nullopt;
    return sql;
}

std::optional<ParseView> parse_parse(ByteView body) {
    WireCursor in(body);
    ParseView parse;
    parse.name = in.text();
    parse.query = in.text();
    const std::size_t count = in.u16();
    reserve_claimed(parse.types, count, in.left(), 4);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) parse.types.emplace_back(in.u32());
    if (!in.complete()) return std::nullopt;
    return parse;
}

std::optional<BindView> parse_bind(ByteView body) {
    WireCursor in(body);
    BindView bind;
    bind.portal = in.text();
    bind.statement = in.text();
    std::vector<std::int16_t> formats;
    if (!read_formats(in, formats) || !read_parameters(in, formats, bind)) return std::nullopt;
    if (!read_formats(in, bind.result_formats) || !in.complete()) return std::nullopt;
    if (!std::ranges::all_of(bind.result_formats, is_format)) bind.bad_format_code = true;
    return bind;
}

std::optional<DescribeView> parse_describe(ByteView body) {
    WireCursor in(body);
    const char target = static_cast<char>(in.u8());
    const std::string_view name = in.text();
    if (!in.complete()) return std::nullopt;
    if (target == 'S') return DescribeView{Target::Statement, name};
    if (target == 'P') return DescribeView{Target::Portal, name};
    return std::nullopt;
}

std::optional<ExecuteView> parse_execute(ByteView body) {
    WireCursor in(body);
    ExecuteView execute;
    execute.portal = in.text();
    execute.max_rows = in.i32();
    if (!in.complete()) return std::nullopt;
    return execute;
}

std::optional<SaslInitialView> parse_sasl_initial(ByteView body) {
    WireCursor in(body);
    SaslInitialView initial;
    initial.mechanism = in.text();
    const std::int32_t size = in.i32();
    if (size < -1 || in.failed()) return std::nullopt;
    if (size >= 0) initial.data = in.bytes(static_cast<std::uint64_t>(size));
    if (!in.complete()) return std::nullopt;
    return initial;
}

std::optional<std::string_view> parse_password(ByteView body) { return parse_query(body); }

}  // namespace pgveil::protocol
