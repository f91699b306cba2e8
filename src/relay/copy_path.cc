// COPY ... TO STDOUT: rows without a description, taken apart, masked and put together again.
//
// What the columns are is asked of the server before the COPY: a query with the same columns is parsed and described,
// never run. Where that is not possible the catalog's names and the strict branch remain. A stream that cannot be read
// as the statement says ends the session.
#include <algorithm>
#include <array>
#include <charconv>

#include "relay/plans.h"
#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::string_view kShapeName = "pgveil_shape";

const sql::CopyOut* copy_of_statement(const Judged& judged, std::size_t index) {
    const auto& statements = judged.analysis.statements;
    if (index >= statements.size() || statements[index].verb != sql::Verb::CopyOut || !statements[index].copy) return nullptr;
    return &*statements[index].copy;
}

std::int32_t characters(std::string_view text) {
    return static_cast<std::int32_t>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Words for NULL that no value worth guessing reads like.
bool says_nothing(std::string_view null_text) {
    std::string word(null_text);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c); });
    constexpr std::array<std::string_view, 7> words{"null", "none", "nil", "na", "n/a", "nan", "-"};
    return std::ranges::find(words, word) != words.end();
}

bool hides(const policy::ColumnDirective& column) {
    return column.treatment == masking::Treatment::Apply || column.treatment == masking::Treatment::Withhold;
}

/// The server's error about a shape as it would be about the client's text: `shift` characters on, or nowhere (-1).
Bytes moved_error(ByteView body, std::int32_t shift) {
    Bytes message;
    std::vector<std::pair<char, std::string>> moved;
    const auto parsed = protocol::parse_error_fields(body);
    for (const auto& [code, value] : parsed->fields) {
        std::int32_t position = 0;
        if (code != 'P') moved.emplace_back(code, value);
        else if (shift >= 0 && std::from_chars(value.data(), value.data() + value.size(), position).ec == std::errc{}) {
            moved.emplace_back('P', std::to_string(position + shift));
        }
    }
    protocol::put_error_fields(message, 'E', moved);
    message.erase(message.begin(), message.begin() + 5);
    return message;
}

/// Where the shape stands in the text: characters before it. What was approved runs without its comments, so places may
/// have moved.
std::int32_t shift_of(const sql::CopyOut& copy, std::string_view text) {
    const bool in_text = copy.shape_location > 0 && text.size() > copy.shape_location && text.substr(copy.shape_location).starts_with(copy.shape);
    return in_text ? characters(text.substr(0, copy.shape_location)) : -1;
}

}  // namespace

/// A COPY that names what nobody here knows: the server parses a text of this kind without looking at names, so its
/// shape is asked about instead.
std::string Relay::probed_text(std::string_view text, const Judged& judged, Run& run) const {
    const sql::CopyOut* copy = judged.analysis.statements.size() == 1 ? copy_of_statement(judged, 0) : nullptr;
    if (copy == nullptr || copy->shape.empty()) return std::string(text);
    run.shapes = {{nullptr, shift_of(*copy, text)}};
    return copy->shape;
}

void Relay::on_probe_error(ByteView body, const Run& run) {
    if (run.shapes.empty()) return forward_error('E', body, &run);
    forward_error('E', moved_error(body, run.shapes[0].shift), &run);
}

/// Why rows of a COPY in it could not be followed.
std::optional<protocol::ErrorOut> Relay::cannot_copy(const Judged& judged) const {
    for (std::size_t i = 0; i < judged.analysis.statements.size(); ++i) {
        const sql::CopyOut* copy = copy_of_statement(judged, i);
        if (copy == nullptr) continue;
        if (!copy->options) {
            return plain(sqlstate::FeatureNotSupported, "COPY with " + copy->unknown_option + " is not supported here", "Use SELECT, or COPY without it.");
        }
        const bool known = i < judged.decision.columns.size() && i < judged.decision.columns_known.size() && judged.decision.columns_known[i];
        const bool sensitive = !known || std::ranges::any_of(judged.decision.columns[i], hides);
        if (copy->null_is_ambiguous && sensitive && !says_nothing(copy->options->null_text)) {
            return plain(sqlstate::FeatureNotSupported, "COPY of masked columns with this NULL text is not supported here",
                         "In text format a value may read exactly like it. Use \\N, or FORMAT csv.");
        }
    }
    return std::nullopt;
}

/// Before the COPY is sent: the server describes a query with its columns, once for each text and catalog.
void Relay::describe_copies(const RunPtr& run, std::string_view text, bool simple) {
    const auto& statements = run->judged->analysis.statements;
    if (!run->enforced || !run->shapes.empty()) return;
    run->simple = simple;
    if (std::ranges::none_of(statements, [](const sql::Statement& s) { return s.verb == sql::Verb::CopyOut; })) return;
    run->shapes.resize(statements.size());
    // A batch that is open must not be ended here, and in a block a query over what this very text makes would fail.
    const bool in_block = transaction_.status != TransactionStatus::Idle;
    const bool asks = !(simple && batch_open_) && !(in_block && statements.size() > 1 && needs_write(run->judged->analysis.kind));
    for (std::size_t i = 0; i < statements.size(); ++i) {
        const sql::CopyOut* copy = copy_of_statement(*run->judged, i);
        if (copy == nullptr || copy->shape.empty()) continue;
        CopyShape& shape = run->shapes[i];
        shape.statement = std::make_shared<Prepared>();
        shape.statement->text = copy->shape;
        shape.shift = shift_of(*copy, text);
        shape.statement->description = tools_.judge.description(copy->shape, {}, *setup_.view, path_);
        if (asks && !shape.statement->description) inject_shape(shape.statement, run, simple);
    }
}

void Relay::inject_shape(const PreparedPtr& shape, const RunPtr& run, bool simple) {
    Bytes& out = out_->to_server;
    protocol::put_parse(out, kShapeName, shape->text, {});
    protocol::put_describe(out, 'S', kShapeName);
    protocol::put_close(out, 'S', kShapeName);
    send(session::Request::Parse, session::Disposition::Swallow, {.why = Pending::Why::Shape, .statement = shape, .run = run});
    send(session::Request::DescribeStatement, session::Disposition::Swallow, {.why = Pending::Why::Shape, .statement = shape, .run = run});
    send(session::Request::Close, session::Disposition::Swallow, {.why = Pending::Why::Script});
    if (!simple) return;
    protocol::put_sync(out);
    send(session::Request::Sync, session::Disposition::Swallow, {.why = Pending::Why::Script});
}

/// In a batch it is the answer, as everything up to Sync is skipped now. Before a simple query the COPY itself will
/// fail in the same words, but in a block, which has failed already: then this is its answer, at its place in the text.
void Relay::on_shape_error(ByteView body, const Pending& pending) {
    Run& run = *pending.run;
    const auto shape = std::ranges::find(run.shapes, pending.statement, &CopyShape::statement);
    const Bytes moved = moved_error(body, shape == run.shapes.end() ? -1 : shape->shift);
    if (!run.simple) {
        forward_error('E', moved, &run);
        run.sqlstate = std::string(protocol::parse_error_fields(body)->sqlstate());
        return finish_run(run);
    }
    if (transaction_.status == TransactionStatus::Idle) return;
    const std::size_t before = out_->to_client.size();
    forward_error('E', moved, &run);
    run.shape_error.assign(out_->to_client.begin() + static_cast<std::ptrdiff_t>(before), out_->to_client.end());
    out_->to_client.resize(before);
}

/// What the columns of the COPY that answers now are; never null.
DescriptionPtr Relay::copied_columns(const Run& run, std::size_t count) const {
    if (run.result < run.shapes.size() && run.shapes[run.result].statement) {
        const DescriptionPtr& described = run.shapes[run.result].statement->description;
        if (described && described->columns.size() == count) return described;
    }
    auto unknown = std::make_shared<Description>();
    const auto& names = run.judged->analysis.statements[run.result].columns;
    for (std::size_t i = 0; i < count; ++i) {
        masking::Column column;
        if (names.size() == count) column.name = names[i].name;
        unknown->columns.push_back(std::move(column));
    }
    return unknown;
}

void Relay::on_copy(const protocol::Frame& frame, Run& run) {
    if (frame.type == 'H') return on_copy_out(frame, run);
    if (frame.type == 'd') return on_copy_data(frame, run);
    on_copy_done(frame, run);
}

void Relay::on_copy_out(const protocol::Frame& frame, Run& run) {
    const auto response = protocol::parse_copy_response(frame.body);
    if (!response) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    if (run.enforced && run.cut == Limit::None) {
        const sql::CopyOut* copy = copy_of_statement(*run.judged, run.result);
        const std::size_t columns = response->column_formats.size();
        const bool binary = response->overall == Format::Binary;
        if (copy == nullptr || !copy->options || (copy->options->format == CopyFormat::Binary) != binary) {
            return fatal(sqlstate::FeatureNotSupported, "the server copies what was not asked for");
        }
        run.description = copied_columns(run, columns);
        run.formats = {static_cast<std::int16_t>(response->overall)};
        plan_rows(run);
        if (!run.plan->passes) run.copy = std::make_unique<masking::CopyRows>(*copy->options, columns, setup_.max_message);
    }
    protocol::put_message(out_->to_client, 'H', frame.body);
}

void Relay::on_copy_data(const protocol::Frame& frame, Run& run) {
    piece_forwarded_ = false;
    if (run.copy) return copy_rows(frame.body, run);
    if (run.enforced && !(run.plan && run.plan->passes)) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    count_row(run, frame.length);
    if (run.cut != Limit::None) return;
    protocol::put_header(out_->to_client, 'd', static_cast<std::uint32_t>(frame.length));
    append(out_->to_client, frame.body);
    piece_forwarded_ = true;
}

/// What came in as one message goes out as one, but for a row that is not complete yet.
void Relay::copy_rows(ByteView bytes, Run& run) {
    using Next = masking::CopyRows::Next;
    if (run.cut != Limit::None) return;
    run.bytes += bytes.size();
    cut_.egress += bytes.size();
    copied_.clear();
    run.copy->feed(bytes);
    for (Next next = run.copy->next(); next != Next::NeedMore; next = run.copy->next()) {
        if (next == Next::Malformed) return fatal(sqlstate::ConnectionFailure, "the server's COPY data cannot be read");
        if (next == Next::Row) {
            count_row(run, 0);
            if (run.cut != Limit::None) break;
            if (run.copy->too_large()) run.masked["too large"] += run.plan->rows.columns.size();
            else (void)tools_.masker->mask(run.copy->cells(), run.plan->rows, run.masked_cells);
        }
        run.copy->put(copied_);
    }
    if (!copied_.empty()) protocol::put_message(out_->to_client, 'd', copied_);
}

void Relay::on_copy_done(const protocol::Frame& frame, Run& run) {
    const bool torn = run.copy && run.cut == Limit::None && !run.copy->complete();
    run.copy.reset();
    if (torn) return fatal(sqlstate::ConnectionFailure, "the server's COPY data ends within a row");
    protocol::put_message(out_->to_client, 'c', frame.body);
}

}  // namespace pgveil::relay
