// COPY's binary format (manual, COPY, Binary Format): signature, flags, extension area; rows of length-prefixed fields;
// a trailer of -1. What the extension area holds is nobody's to know, so it does not go on.
#include <algorithm>
#include <array>

#include "codec/copy_codec.h"

namespace pgveil::masking {
namespace {

constexpr std::array<Byte, 11> kSignature{'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0};
constexpr std::uint32_t kMaxField = 0x3fffffff;

void put_word(Bytes& out, std::uint32_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(value >> shift));
}

std::uint32_t word_at(ByteView bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

class BinaryCodec final : public CopyCodec {
  public:
    explicit BinaryCodec(std::size_t columns) : columns_(columns) {}

    Scan scan(ByteView more) override {
        std::size_t at = 0;
        while (at < more.size()) {
            const std::size_t here = std::min(missing_, more.size() - at);
            if (!read(more.subspan(at, here))) return {Unit::Malformed, 0};
            at += here;
            if (missing_ > 0) break;
            const Unit done = advance();
            if (done != Unit::None) return {done, at};
        }
        return {Unit::None, at};
    }

    bool split(ByteView row) override {
        fields_.clear();
        std::size_t at = 2;
        while (fields_.size() < columns_ && row.size() - at >= 4) {
            const auto size = static_cast<std::int32_t>(word_at(row, at));
            const std::size_t body = size < 0 ? 0 : static_cast<std::size_t>(size);
            if (row.size() - at - 4 < body) return false;
            fields_.push_back({row.subspan(at, 4 + body), {size < 0 ? nullptr : row.data() + at + 4, size}});
            at += 4 + body;
        }
        return at == row.size();
    }

    void put_row(Bytes& out, std::span<const CellView> cells) override {
        put_word(out, static_cast<std::uint32_t>(columns_), 2);
        for (const CellView& cell : cells) {
            put_word(out, static_cast<std::uint32_t>(cell.size), 4);
            append(out, cell.bytes());
        }
    }

    void put_nulls(Bytes& out) override {
        put_word(out, static_cast<std::uint32_t>(columns_), 2);
        for (std::size_t i = 0; i < columns_; ++i) put_word(out, 0xFFFFFFFF, 4);
    }

    void put_prologue(Bytes& out, ByteView raw) override {
        (void)raw;
        append(out, ByteView(kSignature));
        put_word(out, 0, 4);
        put_word(out, 0, 4);
    }

    [[nodiscard]] bool may_end() const override { return part_ == Part::Over; }

  private:
    //   part      | then, when its bytes are complete
    //   Signature | Flags
    //   Flags     | Extension length; any flag ends it: critical ones must, others PostgreSQL does not set
    //   ExtLength | Extension, or Count
    //   Extension | Count
    //   Count     | Length; Count again for a row without columns; Over after -1
    //   Length    | Body; Length or Count after NULL or an empty value
    //   Body      | Length, or Count after the last column
    //   Over      | nothing may follow
    enum class Part : std::uint8_t { Signature, Flags, ExtLength, Extension, Count, Length, Body, Over };

    bool read(ByteView bytes) {
        if (part_ == Part::Over) return false;
        if (part_ == Part::Signature) {
            const std::size_t from = kSignature.size() - missing_;
            if (!std::equal(bytes.begin(), bytes.end(), kSignature.begin() + static_cast<std::ptrdiff_t>(from))) return false;
        } else if (part_ != Part::Extension && part_ != Part::Body) {
            for (const Byte byte : bytes) word_ = word_ << 8 | byte;
        }
        missing_ -= bytes.size();
        return true;
    }

    void enter(Part part, std::size_t bytes) {
        part_ = part;
        missing_ = bytes;
        word_ = 0;
    }

    Unit advance() {
        switch (part_) {
            case Part::Signature: enter(Part::Flags, 4); return Unit::None;
            case Part::Flags:
                if (word_ != 0) return Unit::Malformed;
                enter(Part::ExtLength, 4);
                return Unit::None;
            case Part::ExtLength:
                if (word_ > kMaxField) return Unit::Malformed;
                if (word_ > 0) return enter(Part::Extension, word_), Unit::None;
                [[fallthrough]];
            case Part::Extension: enter(Part::Count, 2); return Unit::Prologue;
            case Part::Count: return count();
            case Part::Length:
                if (word_ != 0xFFFFFFFF && word_ > kMaxField) return Unit::Malformed;
                if (word_ != 0xFFFFFFFF && word_ > 0) return enter(Part::Body, word_), Unit::None;
                [[fallthrough]];
            case Part::Body: return field();
            case Part::Over: return Unit::Malformed;
        }
        return Unit::Malformed;
    }

    Unit count() {
        if (word_ == 0xFFFF) return enter(Part::Over, 1), Unit::Epilogue;
        if (word_ != columns_) return Unit::Malformed;
        left_ = columns_;
        if (columns_ == 0) return enter(Part::Count, 2), Unit::Row;
        enter(Part::Length, 4);
        return Unit::None;
    }

    Unit field() {
        if (--left_ > 0) return enter(Part::Length, 4), Unit::None;
        enter(Part::Count, 2);
        return Unit::Row;
    }

    std::size_t columns_, left_ = 0;
    Part part_ = Part::Signature;
    std::size_t missing_ = kSignature.size();
    std::uint32_t word_ = 0;
};

}  // namespace

std::unique_ptr<CopyCodec> make_binary_codec(std::size_t columns) { return std::make_unique<BinaryCodec>(columns); }

}  // namespace pgveil::masking
