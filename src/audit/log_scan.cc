#include "audit/log_scan.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "audit/line_reader.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

std::string_view take_word(std::string_view& text, char mark) {
    const std::size_t end = std::min(text.find(mark), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

std::optional<std::uint64_t> number_in(std::string_view word) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

/// Length and hash of what lies in [from, size).
TornSegment measure(const std::string& file, const Fd& fd, std::uint64_t from, bool& has_lines) {
    crypto::Sha256 hash;
    std::uint64_t at = from;
    for (;;) {
        const auto piece = read_at(fd, at, 1 << 20);
        if (!piece || piece->empty()) break;
        hash.update(*piece);
        has_lines = has_lines || piece->find('\n') != std::string::npos;
        at += piece->size();
    }
    return {file, from, at - from, crypto::hex(hash.finish())};
}

class Scan {
  public:
    Scan(std::vector<SegmentName> segments, const std::function<bool(const LeafView&)>& leaf)
        : segments_(std::move(segments)), leaf_(leaf) {}
    ScanResult run();

  private:
    void collect_declarations();
    bool read_segment(const SegmentName& segment);
    bool follows(const SegmentName& segment);
    bool read_leaves(const SegmentName& segment, LineReader& lines, std::uint64_t& good_until);
    bool stop(const SegmentName& segment, std::uint64_t offset, std::string what);

    std::vector<SegmentName> segments_;
    const std::function<bool(const LeafView&)>& leaf_;
    std::map<std::string, TornSegment> declared_;
    std::map<std::string, bool> begins_well_;
    ScanResult result_;
};

/// Declarations stand in first records, so only those are read ahead.
void Scan::collect_declarations() {
    for (const SegmentName& segment : segments_) {
        auto fd = open_read(segment.path);
        if (!fd) continue;
        LineReader lines(std::move(*fd), MaxLine + 1);
        const auto line = lines.next();
        const auto stored = line ? parse_line(*line) : std::nullopt;
        begins_well_[segment.file()] = stored && stored->index == segment.first;
        if (!stored) continue;
        for (const auto& [key, value] : stored->record.more) {
            if (key != "prev") continue;
            for (TornSegment& torn : parse_torn(value)) declared_[torn.file] = torn;
        }
    }
}

ScanResult Scan::run() {
    collect_declarations();
    if (!segments_.empty()) result_.first = result_.next = segments_.front().first;
    for (const SegmentName& segment : segments_) {
        if (!read_segment(segment)) break;
    }
    return std::move(result_);
}

bool Scan::stop(const SegmentName& segment, std::uint64_t offset, std::string what) {
    result_.trouble = Trouble{result_.next, segment.file(), offset, std::move(what)};
    return false;
}

bool Scan::read_segment(const SegmentName& segment) {
    ++result_.segments;
    auto fd = open_read(segment.path);
    if (!fd) return stop(segment, 0, "cannot be read: " + message_of(fd.error()));
    const auto found = declared_.find(segment.file());
    const TornSegment* const declared = found == declared_.end() ? nullptr : &found->second;
    const bool has_leaves = begins_well_[segment.file()] && (declared == nullptr || declared->valid > 0);
    if (has_leaves && !follows(segment)) return false;
    LineReader lines(std::move(*fd), declared == nullptr ? UINT64_MAX : declared->valid);
    std::uint64_t good_until = 0;
    if (has_leaves && !read_leaves(segment, lines, good_until)) return false;
    if (lines.error() != 0) return stop(segment, good_until, "cannot be read: " + message_of(lines.error()));
    bool has_lines = false;
    const TornSegment rest = measure(segment.file(), lines.fd(), good_until, has_lines);
    if (declared == nullptr) {
        if (rest.torn > 0) result_.tail.push_back(rest);
        result_.tail_has_lines = result_.tail_has_lines || has_lines;
        return true;
    }
    if (declared->valid != good_until) return stop(segment, good_until, "not a record of this log");
    if (declared->torn && rest != *declared) return stop(segment, good_until, "torn bytes differ from their declaration");
    return true;
}

/// Does this segment go on where the one before it ended?
bool Scan::follows(const SegmentName& segment) {
    if (!result_.tail.empty()) {
        const TornSegment& bad = result_.tail.front();
        result_.trouble = Trouble{result_.next, bad.file, bad.valid, "not a record of this log"};
        return false;
    }
    if (segment.first > result_.next) return stop(segment, 0, "the records before this segment are missing");
    if (segment.first < result_.next) return stop(segment, 0, "repeats indices of an earlier segment");
    return true;
}

/// False: the caller has seen enough.
bool Scan::read_leaves(const SegmentName& segment, LineReader& lines, std::uint64_t& good_until) {
    const std::string file = segment.file();
    while (const auto line = lines.next()) {
        const auto stored = parse_line(*line);
        if (!stored || stored->index != result_.next) return true;
        good_until = lines.offset();
        result_.bytes += line->size() + 1;
        if (!leaf_({*stored, *line, file, lines.line_offset()})) return false;
        ++result_.next;
    }
    return true;
}

}  // namespace

std::string print_torn(const std::vector<TornSegment>& all) {
    std::string out;
    for (const TornSegment& torn : all) {
        if (!out.empty()) out += ';';
        out += torn.file + ":" + std::to_string(torn.valid) + ":" + (torn.torn ? std::to_string(*torn.torn) : "?") + ":" +
               torn.sha256;
    }
    return out;
}

std::vector<TornSegment> parse_torn(std::string_view text) {
    std::vector<TornSegment> all;
    while (!text.empty()) {
        std::string_view entry = take_word(text, ';');
        TornSegment torn;
        torn.file = take_word(entry, ':');
        const auto valid = number_in(take_word(entry, ':'));
        torn.torn = number_in(take_word(entry, ':'));
        torn.sha256 = entry;
        if (!valid) continue;
        torn.valid = *valid;
        all.push_back(std::move(torn));
    }
    return all;
}

ScanResult scan_log(const std::vector<std::string>& dirs, const std::function<bool(const LeafView&)>& leaf) {
    auto segments = list_segments(dirs);
    if (segments) return Scan(std::move(*segments), leaf).run();
    ScanResult result;
    result.trouble = Trouble{0, dirs.empty() ? "" : dirs.front(), 0, segments.error()};
    return result;
}

}  // namespace pgveil::audit
