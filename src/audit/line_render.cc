#include <algorithm>
#include <array>

#include "audit/json_text.h"
#include "audit/line.h"
#include "audit/timestamp.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

/// Room for `,"ck":<20 digits>`, `,"crc":<10 digits>}` and the LF.
constexpr std::size_t Tail = 64;

struct Span {
    std::size_t begin = 0, end = 0;
    [[nodiscard]] std::size_t size() const { return end - begin; }
};

/// One buffer, and where in it each value stands, so that long values can be lifted out afterwards.
class Builder {
  public:
    explicit Builder(std::uint64_t index) {
        out_.reserve(512);
        out_ += "{\"i\":";
        append_number(out_, index);
    }
    std::string& begin(std::string_view key) {
        out_.append(",\"").append(key).append("\":");
        values_[count_].begin = out_.size();
        return out_;
    }
    void end() { values_[count_++].end = out_.size(); }
    void text(std::string_view key, std::string_view value) {
        if (value.empty()) return;
        append_json_string(begin(key), value);
        end();
    }
    template <class Number>
    void number(std::string_view key, Number value, bool present) {
        if (!present) return;
        append_number(begin(key), value);
        end();
    }
    RenderedLine finish(std::optional<std::uint64_t> signed_size);

  private:
    void lift(std::size_t which, std::vector<Blob>& blobs);
    std::string out_;
    std::array<Span, 24> values_;
    std::size_t count_ = 0;
};

void Builder::lift(std::size_t which, std::vector<Blob>& blobs) {
    const Span span = values_[which];
    Blob blob{{}, out_.substr(span.begin, span.size())};
    blob.name = crypto::hex(crypto::sha256(blob.content));
    std::string reference = "{\"blob\":\"" + blob.name + "\",\"bytes\":";
    append_number(reference, static_cast<std::uint64_t>(blob.content.size()));
    reference += '}';
    out_.replace(span.begin, span.size(), reference);
    const std::size_t saved = span.size() - reference.size();
    values_[which].end -= saved;
    for (std::size_t i = which + 1; i < count_; ++i) {
        values_[i].begin -= saved;
        values_[i].end -= saved;
    }
    blobs.push_back(std::move(blob));
}

RenderedLine Builder::finish(std::optional<std::uint64_t> signed_size) {
    RenderedLine line;
    for (;;) {
        const auto all = std::span(values_).first(count_);
        const auto longest = std::ranges::max_element(all, {}, &Span::size);
        if (longest == all.end()) break;
        if (longest->size() <= MaxInlineValue && out_.size() + Tail <= MaxLine) break;
        lift(static_cast<std::size_t>(longest - all.begin()), line.blobs);
    }
    if (signed_size) {
        out_ += ",\"ck\":";
        append_number(out_, *signed_size);
    }
    const std::uint32_t crc = crypto::crc32c(bytes_of(out_));
    out_ += ",\"crc\":";
    append_number(out_, static_cast<std::uint64_t>(crc));
    out_ += '}';
    line.text = std::move(out_);
    return line;
}

void append_literals(std::string& out, const std::vector<LiteralToken>& literals) {
    out += '[';
    for (const LiteralToken& literal : literals) {
        out += out.back() == '[' ? "{\"type\":" : ",{\"type\":";
        append_json_string(out, literal.type);
        out += ",\"len\":";
        append_number(out, static_cast<std::uint64_t>(literal.length));
        out += ",\"t\":";
        append_json_string(out, literal.token);
        out += '}';
    }
    out += ']';
}

void append_relations(std::string& out, const std::vector<std::string>& relations) {
    out += '[';
    for (std::size_t i = 0; i < relations.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, relations[i]);
    }
    out += ']';
}

void append_value(std::string& out, std::uint64_t number) { append_number(out, number); }
void append_value(std::string& out, const std::string& text) { append_json_string(out, text); }

template <class Pairs>
void append_object(std::string& out, const Pairs& pairs) {
    out += '{';
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, pairs[i].first);
        out += ':';
        append_value(out, pairs[i].second);
    }
    out += '}';
}

void add_subject(Builder& line, const Record& record) {
    std::string& out = line.begin("ts");
    out += '"';
    append_time(out, record.time);
    out += '"';
    line.end();
    line.text("kind", name_of(record.kind));
    line.text("agent", record.agent);
    line.text("person", record.person);
    line.text("database", record.database);
    line.number("session", record.session, record.session != 0);
    line.number("statement", record.statement, record.statement != 0);
    line.text("address", record.address);
}

void add_statement(Builder& line, const Record& record) {
    line.text("sql", record.sql);
    if (!record.literals.empty()) {
        append_literals(line.begin("literals"), record.literals);
        line.end();
    }
    line.text("class", record.sql_class);
    line.text("decision", record.decision);
    line.text("rule", record.rule);
    line.text("request", record.request);
    line.text("task", record.task);
    if (!record.relations.empty()) {
        append_relations(line.begin("relations"), record.relations);
        line.end();
    }
}

void add_outcome(Builder& line, const Record& record) {
    line.number("rows", record.rows, record.rows >= 0);
    line.number("bytes", record.bytes, record.bytes >= 0);
    if (!record.masked.empty()) {
        append_object(line.begin("masked"), record.masked);
        line.end();
    }
    line.text("sqlstate", record.sqlstate);
    line.text("tag", record.tag);
    line.number("duration_us", record.duration_us, record.duration_us >= 0);
    if (!record.more.empty()) {
        append_object(line.begin("more"), record.more);
        line.end();
    }
}

}  // namespace

RenderedLine render_line(std::uint64_t index, const Record& record, std::optional<std::uint64_t> signed_size) {
    Builder line(index);
    add_subject(line, record);
    add_statement(line, record);
    add_outcome(line, record);
    return line.finish(signed_size);
}

}  // namespace pgveil::audit
