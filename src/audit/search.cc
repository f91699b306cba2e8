#include "audit/search.h"

#include <algorithm>

#include "audit/file.h"
#include "audit/layout.h"
#include "audit/line_reader.h"
#include "crypto/digest.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

constexpr std::uint64_t MaxBlob = 1ULL << 28;

bool wanted(const std::string& pattern, std::string_view text) {
    return pattern.empty() || matches_pattern(pattern, text);
}

bool matches_relation(const std::string& pattern, const std::vector<std::string>& relations) {
    return pattern.empty() || std::ranges::any_of(relations, [&](const std::string& relation) {
        // `public.orders:write`: found by name, or by name and use.
        return matches_pattern(pattern, relation) || matches_pattern(pattern, relation.substr(0, relation.rfind(':')));
    });
}

bool matches_column(const std::string& pattern, const Record& record) {
    return pattern.empty() || std::ranges::any_of(record.masked, [&](const auto& cell) {
        return matches_pattern(pattern, cell.first);
    });
}

bool matches_token(const std::vector<std::string>& tokens, const Record& record) {
    return tokens.empty() || std::ranges::any_of(record.literals, [&](const LiteralToken& literal) {
        return !literal.token.empty() && std::ranges::find(tokens, literal.token) != tokens.end();
    });
}

bool in_time(const Filter& filter, WallTime time) {
    return (!filter.since || time >= *filter.since) && (!filter.until || time < *filter.until);
}

/// The records of one segment below `until`: a later segment repeats what a failed sync left in doubt.
std::vector<StoredRecord> read_segment(const SegmentName& segment, std::uint64_t until) {
    std::vector<StoredRecord> records;
    auto fd = open_read(segment.path);
    if (!fd) return records;
    LineReader lines(std::move(*fd), UINT64_MAX);
    std::uint64_t next = segment.first;
    while (const auto line = lines.next()) {
        auto stored = parse_line(*line);
        if (!stored || stored->index != next || next >= until) break;
        records.push_back(std::move(*stored));
        ++next;
    }
    return records;
}

}  // namespace

Result<std::optional<StoredRecord>, std::string> find_record(const std::vector<std::string>& dirs, std::uint64_t index) {
    const auto segments = list_segments(dirs);
    if (!segments) return refuse(segments.error());
    for (auto it = segments->rbegin(); it != segments->rend(); ++it) {
        if (it->first > index) continue;
        auto records = read_segment(*it, index + 1);
        if (it->first + records.size() > index) return std::optional(std::move(records[index - it->first]));
    }
    return std::optional<StoredRecord>();
}

Result<std::vector<StoredRecord>, std::string> last_records(const std::vector<std::string>& dirs, std::uint64_t count) {
    const auto segments = list_segments(dirs);
    if (!segments) return refuse(segments.error());
    std::vector<StoredRecord> all;
    std::uint64_t until = UINT64_MAX;
    for (auto it = segments->rbegin(); it != segments->rend() && all.size() < count; ++it) {
        auto records = read_segment(*it, until);
        if (records.empty()) continue;
        until = it->first;
        records.insert(records.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
        all = std::move(records);
    }
    if (all.size() > count) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(count));
    return all;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool matches(const Filter& filter, const StoredRecord& stored) {
    const Record& r = stored.record;
    return (!filter.from_index || stored.index >= *filter.from_index) && in_time(filter, r.time) &&
           (!filter.session || r.session == *filter.session) && wanted(filter.kind, name_of(r.kind)) &&
           wanted(filter.agent, r.agent) && wanted(filter.person, r.person) && wanted(filter.database, r.database) &&
           wanted(filter.sql_class, r.sql_class) && wanted(filter.decision, r.decision) && wanted(filter.rule, r.rule) &&
           wanted(filter.request, r.request) && wanted(filter.sqlstate, r.sqlstate) && wanted(filter.task, r.task) &&
           matches_relation(filter.relation, r.relations) && matches_column(filter.column, r) &&
           matches_token(filter.tokens, r);
}

bool load_blobs(const std::vector<std::string>& dirs, StoredRecord& stored) {
    return std::ranges::all_of(stored.blobs, [&](const BlobReference& blob) {
        return std::ranges::any_of(dirs, [&](const std::string& dir) {
            const auto content = read_whole(blob_path(dir, blob.name), MaxBlob);
            return content && crypto::hex(crypto::sha256(*content)) == blob.name && restore_blob(stored, blob, *content);
        });
    });
}

ScanResult search_log(const std::vector<std::string>& dirs, const Filter& filter,
                      const std::function<bool(const StoredRecord&, std::string_view line)>& found) {
    return scan_log(dirs, [&](const LeafView& leaf) {
        if (leaf.stored.blobs.empty()) return !matches(filter, leaf.stored) || found(leaf.stored, leaf.line);
        StoredRecord whole = leaf.stored;
        // A record whose blob is gone is still shown for what its line says.
        if (!load_blobs(dirs, whole)) whole = leaf.stored;
        return !matches(filter, whole) || found(whole, leaf.line);
    });
}

}  // namespace pgveil::audit
