#include "pgveil/masking/copy_rows.h"

#include "codec/copy_codec.h"

namespace pgveil::masking {
namespace {

// What one large row needed is given back once it has gone.
constexpr std::size_t kKeepCapacity = 64 * 1024;

std::unique_ptr<CopyCodec> codec_for(const CopyOptions& options, std::size_t columns) {
    switch (options.format) {
        case CopyFormat::Text: return make_text_codec(options, columns);
        case CopyFormat::Csv: return make_csv_codec(options, columns);
        case CopyFormat::Binary: return make_binary_codec(columns);
    }
    return make_binary_codec(columns);
}

}  // namespace

CopyRows::CopyRows(const CopyOptions& options, std::size_t columns, std::size_t max_row)
    : codec_(codec_for(options, columns)), columns_(columns), max_row_(max_row) {}

CopyRows::~CopyRows() = default;

void CopyRows::feed(ByteView bytes) { input_ = bytes; }

CopyRows::Next CopyRows::next() {
    if (failed_) return Next::Malformed;
    if (last_ != Next::NeedMore) {   // the unit before has been dealt with
        overflow_ = false;
        partial_.clear();
        if (partial_.capacity() > kKeepCapacity) Bytes().swap(partial_);
    }
    const CopyCodec::Scan scan = codec_->scan(input_);
    switch (scan.unit) {
        case CopyCodec::Unit::None: break;
        case CopyCodec::Unit::Malformed: failed_ = true; return last_ = Next::Malformed;
        case CopyCodec::Unit::Prologue:
            take(scan.taken);
            failed_ = overflow_;
            return last_ = failed_ ? Next::Malformed : Next::Prologue;
        case CopyCodec::Unit::Row: take(scan.taken); return last_ = row();
        case CopyCodec::Unit::Epilogue: take(scan.taken); return last_ = Next::Epilogue;
    }
    overflow_ = overflow_ || partial_.size() + input_.size() > max_row_;
    if (overflow_) Bytes().swap(partial_);
    else append(partial_, input_);
    input_ = {};
    return last_ = Next::NeedMore;
}

/// The unit ends `taken` bytes into the input.
void CopyRows::take(std::size_t taken) {
    if (partial_.empty()) {
        unit_ = input_.first(taken);
    } else {
        append(partial_, input_.first(taken));
        unit_ = partial_;
    }
    input_ = input_.subspan(taken);
    overflow_ = overflow_ || unit_.size() > max_row_;
}

CopyRows::Next CopyRows::row() {
    cells_.assign(columns_, {});
    if (overflow_) return Next::Row;
    failed_ = !codec_->split(unit_) || codec_->fields().size() != columns_;
    if (failed_) return Next::Malformed;
    for (std::size_t i = 0; i < columns_; ++i) cells_[i] = codec_->fields()[i].value;
    return Next::Row;
}

void CopyRows::put(Bytes& out) {
    switch (last_) {
        case Next::Malformed: case Next::NeedMore: return;
        case Next::Prologue: return codec_->put_prologue(out, unit_);
        case Next::Row: return overflow_ ? codec_->put_nulls(out) : codec_->put_row(out, cells_);
        case Next::Epilogue: return append(out, unit_);
    }
}

bool CopyRows::complete() const { return !failed_ && !overflow_ && input_.empty() && codec_->may_end(); }

}  // namespace pgveil::masking
