#include "audit/proof.h"

#include <algorithm>
#include <charconv>

#include "audit/log_scan.h"
#include "audit/merkle.h"
#include "audit/note_merge.h"
#include "crypto/encode.h"

namespace pgveil::audit {
namespace {

constexpr std::string_view Header = "c2sp.org/tlog-proof@v1";
constexpr std::size_t MaxPath = 64;

std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

std::optional<std::string_view> take_field(std::string_view& text, std::string_view name) {
    const auto line = take_line(text);
    if (!line || !line->starts_with(name)) return std::nullopt;
    return line->substr(name.size());
}

/// Base64 hashes up to the empty line.
bool take_path(std::string_view& text, std::vector<Digest>& path) {
    for (auto line = take_line(text); line; line = take_line(text)) {
        if (line->empty()) return true;
        const auto bytes = crypto::from_base64(*line);
        if (!bytes || bytes->size() != Digest{}.size() || path.size() == MaxPath) return false;
        std::ranges::copy(*bytes, path.emplace_back().begin());
    }
    return false;
}

}  // namespace

Result<std::string, std::string> make_proof(const std::vector<std::string>& dirs, const VerifierKey& key,
                                            std::uint64_t index) {
    const auto checkpoint = last_checkpoint(dirs, key);
    if (!checkpoint) return refuse(std::string("no checkpoint signed by the key was found"));
    const std::uint64_t size = checkpoint->checkpoint.size;
    if (index >= size) return refuse("record " + std::to_string(index) + " is not below the signed size " + std::to_string(size));
    const auto ranges = inclusion_ranges(index, size);
    std::vector<CompactRange> heads(ranges.size());
    std::string line;
    const ScanResult scan = scan_log(dirs, [&](const LeafView& leaf) {
        const std::uint64_t at = leaf.stored.index;
        if (at >= size) return false;
        if (at == index) line = leaf.line;
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            if (at >= ranges[i].first && at < ranges[i].second) heads[i].append(leaf_hash(leaf.line));
        }
        return true;
    });
    if (scan.trouble) return refuse("the log is damaged at record " + std::to_string(scan.trouble->index));
    std::vector<Digest> path;
    for (const CompactRange& head : heads) path.push_back(head.root());
    if (!verify_inclusion(index, size, leaf_hash(line), path, checkpoint->checkpoint.root)) {
        return refuse(std::string("the records do not fit the last checkpoint; run `pgveil log verify`"));
    }
    std::string out = std::string(Header) + "\nextra " + crypto::base64(bytes_of(line)) + "\nindex " + std::to_string(index) + "\n";
    for (const Digest& hash : path) out += crypto::base64(hash) + "\n";
    return out + "\n" + print(*checkpoint);
}

Result<ProvenRecord, std::string> check_proof(std::string_view text, const VerifierKey& key) {
    const std::string malformed = "this is not a proof file of one record";
    if (take_line(text) != Header) return refuse(malformed);
    const auto extra = take_field(text, "extra ");
    const auto line = extra ? crypto::from_base64(*extra) : std::nullopt;
    const auto number = line ? take_field(text, "index ") : std::nullopt;
    if (!number) return refuse(malformed);
    ProvenRecord proven;
    const auto [end, error] = std::from_chars(number->data(), number->data() + number->size(), proven.index);
    if (error != std::errc() || end != number->data() + number->size()) return refuse(malformed);
    std::vector<Digest> path;
    std::size_t length = 0;
    if (!take_path(text, path)) return refuse(malformed);
    const auto note = parse_note(text, length);
    if (!note || length != text.size()) return refuse(malformed);
    if (!verify(key, *note)) return refuse(std::string("the checkpoint is not signed by the given key"));
    proven.line = text_of(*line);
    proven.checkpoint = note->checkpoint;
    if (!verify_inclusion(proven.index, note->checkpoint.size, leaf_hash(proven.line), path, note->checkpoint.root)) {
        return refuse(std::string("the record is not in the tree that was signed"));
    }
    const auto stored = parse_line(proven.line);
    if (!stored || stored->index != proven.index) return refuse(std::string("the proven leaf is not a record of that index"));
    return proven;
}

}  // namespace pgveil::audit
