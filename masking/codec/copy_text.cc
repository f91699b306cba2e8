// COPY's text format as the server writes it (copyto.c, CopyAttributeOutText): a row ends at a newline, and no newline
// stands within one.
#include <algorithm>
#include <utility>

#include "codec/copy_codec.h"

namespace pgveil::masking {
namespace {

// The character after the backslash for the control characters that have a letter, else 0.
char letter_of(char c) {
    switch (c) {
        case '\b': return 'b';
        case '\f': return 'f';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        case '\v': return 'v';
        default: return 0;
    }
}

char control_of(char letter) {
    switch (letter) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'v': return '\v';
        default: return 0;
    }
}

class TextCodec final : public CopyCodec {
  public:
    TextCodec(const CopyOptions& options, std::size_t columns) : options_(options), columns_(columns), header_(options.header) {}

    Scan scan(ByteView more) override {
        const auto* end = more.empty() ? nullptr : static_cast<const Byte*>(std::memchr(more.data(), '\n', more.size()));
        if (end == nullptr) {
            inside_ = inside_ || !more.empty();
            return {Unit::None, more.size()};
        }
        inside_ = false;
        return {std::exchange(header_, false) ? Unit::Prologue : Unit::Row, static_cast<std::size_t>(end - more.data()) + 1};
    }

    bool split(ByteView row) override {
        fields_.clear();
        scratch_.clear();
        scratch_.reserve(row.size());   // values point into it: it must not move
        const ByteView line = row.first(row.size() - 1);
        if (columns_ == 0) return line.empty();
        const bool plain = line.empty() || std::memchr(line.data(), '\\', line.size()) == nullptr;
        for (std::size_t at = 0;;) {
            const std::size_t end = plain ? next_delimiter(line, at) : next_unescaped(line, at);
            if (fields_.size() == columns_ || !field(line.subspan(at, end - at))) return false;
            if (end == line.size()) return true;
            at = end + 1;
        }
    }

    void put_row(Bytes& out, std::span<const CellView> cells) override {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) out.push_back(static_cast<Byte>(options_.delimiter));
            if (unchanged(i, cells[i])) append(out, fields_[i].raw);
            else put_cell(out, cells[i]);
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
    [[nodiscard]] bool may_end() const override { return !inside_; }

  private:
    [[nodiscard]] std::size_t next_delimiter(ByteView line, std::size_t at) const {
        const auto* found = at < line.size() ? std::memchr(line.data() + at, options_.delimiter, line.size() - at) : nullptr;
        return found == nullptr ? line.size() : static_cast<std::size_t>(static_cast<const Byte*>(found) - line.data());
    }
    [[nodiscard]] std::size_t next_unescaped(ByteView line, std::size_t at) const {
        while (at < line.size() && line[at] != static_cast<Byte>(options_.delimiter)) at += line[at] == '\\' ? 2 : 1;
        return std::min(at, line.size());
    }

    // What is written where a value stands; false: an escape the server does not make.
    bool field(ByteView raw) {
        if (text_of(raw) == options_.null_text) {
            fields_.push_back({raw, {}});
            return true;
        }
        if (raw.empty() || std::memchr(raw.data(), '\\', raw.size()) == nullptr) {
            fields_.push_back({raw, {raw.data(), static_cast<std::int32_t>(raw.size())}});
            return true;
        }
        const std::size_t from = scratch_.size();
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const char c = static_cast<char>(raw[i]);
            if (c != '\\') {
                scratch_.push_back(c);
                continue;
            }
            if (++i == raw.size()) return false;
            const char escaped = static_cast<char>(raw[i]);
            const char control = control_of(escaped);
            if (control == 0 && escaped != '\\' && escaped != options_.delimiter) return false;
            scratch_.push_back(control != 0 ? control : escaped);
        }
        fields_.push_back({raw, {bytes_of(scratch_).data() + from, static_cast<std::int32_t>(scratch_.size() - from)}});
        return true;
    }

    void put_cell(Bytes& out, const CellView& cell) const {
        if (cell.is_null()) return append(out, options_.null_text);
        for (const Byte byte : cell.bytes()) {
            const char c = static_cast<char>(byte);
            const char letter = letter_of(c);
            if (letter != 0 || c == '\\' || c == options_.delimiter) out.push_back('\\');
            out.push_back(static_cast<Byte>(letter != 0 ? letter : c));
        }
    }

    CopyOptions options_;
    std::size_t columns_;
    bool header_, inside_ = false;
    std::string scratch_;
};

}  // namespace

std::unique_ptr<CopyCodec> make_text_codec(const CopyOptions& options, std::size_t columns) {
    return std::make_unique<TextCodec>(options, columns);
}

}  // namespace pgveil::masking
