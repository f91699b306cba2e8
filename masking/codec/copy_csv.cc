// COPY's CSV format as the server writes it (copyto.c, CopyAttributeOutCSV): newlines, delimiters and quotes stand
// within quotes only, where quote and escape characters are escaped; NULL is never quoted, a value that reads like it is.
#include <algorithm>
#include <utility>

#include "codec/copy_codec.h"

namespace pgveil::masking {
namespace {

class CsvCodec final : public CopyCodec {
  public:
    CsvCodec(const CopyOptions& options, std::size_t columns) : options_(options), columns_(columns), header_(options.header) {}

    Scan scan(ByteView more) override {
        for (std::size_t i = 0; i < more.size(); ++i) {
            const char c = static_cast<char>(more[i]);
            if (!step(c)) return {Unit::Malformed, 0};
            if (place_ == Place::RowEnd) {
                place_ = Place::RowStart;
                return {std::exchange(header_, false) ? Unit::Prologue : Unit::Row, i + 1};
            }
        }
        return {Unit::None, more.size()};
    }

    bool split(ByteView row) override {
        fields_.clear();
        scratch_.clear();
        scratch_.reserve(row.size());   // values point into it: it must not move
        const ByteView line = row.first(row.size() - 1);
        if (columns_ == 0) return line.empty();
        for (std::size_t at = 0;;) {
            if (fields_.size() == columns_) return false;
            const std::size_t end = at < line.size() && is(line[at], options_.quote) ? quoted(line, at) : unquoted(line, at);
            if (end == line.size()) return true;
            at = end + 1;
        }
    }

    void put_row(Bytes& out, std::span<const CellView> cells) override {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) out.push_back(static_cast<Byte>(options_.delimiter));
            if (unchanged(i, cells[i])) append(out, fields_[i].raw);
            else put_cell(out, cells[i], !fields_[i].raw.empty() && is(fields_[i].raw[0], options_.quote));
        }
        out.push_back('\n');
    }

    void put_nulls(Bytes& out) override {
        for (std::size_t i = 0; i < columns_; ++i) {
            if (i > 0) out.push_back(static_cast<Byte>(options_.delimiter));
            append(out, options_.null_text);
        }
        out.push_back('\n');
    }

    void put_prologue(Bytes& out, ByteView raw) override { append(out, raw); }
    [[nodiscard]] bool may_end() const override { return place_ == Place::RowStart; }

  private:
    //   place      | meaning
    //   RowStart   | nothing of the row was seen
    //   FieldStart | a delimiter was
    //   Plain      | in a field without quotes
    //   Quoted     | within quotes
    //   Escaped    | after an escape character that is not the quote: quote or escape must follow
    //   Closing    | after a quote within quotes: the end, or the first half of an escaped quote
    //   RowEnd     | the newline was seen
    enum class Place : std::uint8_t { RowStart, FieldStart, Plain, Quoted, Escaped, Closing, RowEnd };

    static bool is(Byte byte, char c) { return static_cast<char>(byte) == c; }

    bool step(char c) {
        switch (place_) {
            case Place::RowStart: case Place::FieldStart:
                if (c == options_.quote) return place_ = Place::Quoted, true;
                return plain(c);
            case Place::Plain: return c != options_.quote && plain(c);
            case Place::Quoted:
                if (c == options_.quote) place_ = Place::Closing;
                else if (c == options_.escape) place_ = Place::Escaped;
                return true;
            case Place::Escaped:
                place_ = Place::Quoted;
                return c == options_.quote || c == options_.escape;
            case Place::Closing:
                if (c == options_.quote && options_.quote == options_.escape) return place_ = Place::Quoted, true;
                return (c == options_.delimiter || c == '\n') && plain(c);
            case Place::RowEnd: return false;
        }
        return false;
    }

    bool plain(char c) {
        place_ = c == '\n' ? Place::RowEnd : c == options_.delimiter ? Place::FieldStart : Place::Plain;
        return c != '\r';
    }

    // Both take one field of a row that scan() has found well-formed, and say where it ends.
    std::size_t unquoted(ByteView line, std::size_t at) {
        const auto* found = at < line.size() ? std::memchr(line.data() + at, options_.delimiter, line.size() - at) : nullptr;
        const std::size_t end = found == nullptr ? line.size() : static_cast<std::size_t>(static_cast<const Byte*>(found) - line.data());
        const ByteView raw = line.subspan(at, end - at);
        if (text_of(raw) == options_.null_text) fields_.push_back({raw, {}});
        else fields_.push_back({raw, {raw.data(), static_cast<std::int32_t>(raw.size())}});
        return end;
    }

    std::size_t quoted(ByteView line, std::size_t at) {
        const std::size_t from = scratch_.size();
        std::size_t i = at + 1;
        for (; i < line.size(); ++i) {
            const bool doubled = i + 1 < line.size() && (is(line[i + 1], options_.quote) || is(line[i + 1], options_.escape));
            if (is(line[i], options_.escape) && doubled) ++i;
            else if (is(line[i], options_.quote)) break;
            scratch_.push_back(static_cast<char>(line[i]));
        }
        const std::size_t end = std::min(i + 1, line.size());
        fields_.push_back({line.subspan(at, end - at), {bytes_of(scratch_).data() + from, static_cast<std::int32_t>(scratch_.size() - from)}});
        return end;
    }

    void put_cell(Bytes& out, const CellView& cell, bool was_quoted) const {
        if (cell.is_null()) return append(out, options_.null_text);
        const std::string_view text = text_of(cell.bytes());
        const char special[] = {options_.delimiter, options_.quote, '\n', '\r'};
        const bool quotes = was_quoted || text == options_.null_text || (columns_ == 1 && text == "\\.") ||
                            text.find_first_of(std::string_view(special, sizeof special)) != std::string_view::npos;
        if (!quotes) return append(out, text);
        out.push_back(static_cast<Byte>(options_.quote));
        for (const char c : text) {
            if (c == options_.quote || c == options_.escape) out.push_back(static_cast<Byte>(options_.escape));
            out.push_back(static_cast<Byte>(c));
        }
        out.push_back(static_cast<Byte>(options_.quote));
    }

    CopyOptions options_;
    std::size_t columns_;
    bool header_;
    Place place_ = Place::RowStart;
    std::string scratch_;
};

}  // namespace

std::unique_ptr<CopyCodec> make_csv_codec(const CopyOptions& options, std::size_t columns) {
    return std::make_unique<CsvCodec>(options, columns);
}

}  // namespace pgveil::masking
