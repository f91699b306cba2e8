// CopyCodec: the syntax of one COPY format: where a unit (header, row, trailer) ends, its fields, and fields back to bytes.
//
// scan() goes over the stream once and keeps its place between calls, so it never needs to see a byte again; split()
// takes a whole row apart. One owner, one thread. Reads hostile bytes: yes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/copy_options.h"
#include "pgveil/masking/row_masker.h"

namespace pgveil::masking {

/// One field of a row: the bytes it came as (quotes and escapes included, delimiter not) and what they mean.
struct CopyField {
    ByteView raw;
    CellView value;
};

class CopyCodec {
  public:
    enum class Unit : std::uint8_t { None, Malformed, Prologue, Row, Epilogue };
    struct Scan {
        Unit unit = Unit::None;     // None: all was taken and the unit goes on
        std::size_t taken = 0;
    };
    CopyCodec() = default;
    CopyCodec(const CopyCodec&) = delete;
    CopyCodec& operator=(const CopyCodec&) = delete;
    virtual ~CopyCodec() = default;

    [[nodiscard]] virtual Scan scan(ByteView more) = 0;
    /// Takes a Row apart; false: not what the server would write. Values may lie in the codec's scratch until the next call.
    [[nodiscard]] virtual bool split(ByteView row) = 0;
    /// The fields of the last split with `cells` in place of their values.
    virtual void put_row(Bytes& out, std::span<const CellView> cells) = 0;
    virtual void put_nulls(Bytes& out) = 0;
    virtual void put_prologue(Bytes& out, ByteView raw) = 0;
    [[nodiscard]] virtual bool may_end() const = 0;
    [[nodiscard]] std::span<const CopyField> fields() const { return fields_; }

  protected:
    /// True if the cell at `i` is still the value the field came with.
    [[nodiscard]] bool unchanged(std::size_t i, const CellView& cell) const {
        return cell.size == fields_[i].value.size && (cell.is_null() || cell.data == fields_[i].value.data);
    }
    std::vector<CopyField> fields_;
};

[[nodiscard]] std::unique_ptr<CopyCodec> make_text_codec(const CopyOptions& options, std::size_t columns);
[[nodiscard]] std::unique_ptr<CopyCodec> make_csv_codec(const CopyOptions& options, std::size_t columns);
[[nodiscard]] std::unique_ptr<CopyCodec> make_binary_codec(std::size_t columns);

}  // namespace pgveil::masking
