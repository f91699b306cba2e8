// CopyRows: the bytes of one COPY TO STDOUT in, its rows as cells, and the same stream out again with other cells.
//
// Any cutting of the stream into CopyData messages will do. A cell that did not change goes out as the very bytes it
// came in; of a changed one only the syntax is ours. Owner: the run that copies; one thread. Reads hostile bytes: yes,
// the server's; whatever PostgreSQL would not write is Malformed, for ever. Holds at most `max_row` bytes of one row.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "pgveil/core/bytes.h"
#include "pgveil/core/copy_options.h"
#include "pgveil/masking/row_masker.h"

namespace pgveil::masking {

class CopyCodec;  // masking/codec: one of text, CSV, binary

class CopyRows {
  public:
    /// `columns`: as CopyOutResponse counts them.
    CopyRows(const CopyOptions& options, std::size_t columns, std::size_t max_row);
    CopyRows(const CopyRows&) = delete;
    CopyRows& operator=(const CopyRows&) = delete;
    ~CopyRows();

    enum class Next : std::uint8_t { Malformed, NeedMore, Prologue, Row, Epilogue };
    /// `bytes` are borrowed until next() has answered NeedMore.
    void feed(ByteView bytes);
    [[nodiscard]] Next next();
    /// Of the Row: its cells; they may be re-pointed. Views until the next call of next() or feed().
    [[nodiscard]] std::span<CellView> cells() { return cells_; }
    /// The Row did not fit into `max_row`; all its cells are NULL.
    [[nodiscard]] bool too_large() const { return overflow_; }
    /// What next() answered, with the cells as they are now, appended.
    void put(Bytes& out);
    /// The stream may end here.
    [[nodiscard]] bool complete() const;

  private:
    void take(std::size_t taken);
    [[nodiscard]] Next row();
    std::unique_ptr<CopyCodec> codec_;
    std::size_t columns_, max_row_;
    ByteView input_, unit_;
    Bytes partial_;                 // of a unit that is cut by the end of what was fed
    std::vector<CellView> cells_;
    Next last_ = Next::NeedMore;
    bool failed_ = false, overflow_ = false;
};

}  // namespace pgveil::masking
