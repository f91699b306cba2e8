// ValueMasker: one value of one type in, its masked bytes out. Takes containers apart (json, arrays, records,
// bytea) and puts them together again so that the receiver can still decode them.
//
// Appends to the caller's buffer; what could not be understood is Withheld (NULL). Owns the detector and the
// working buffers: one owner, one thread, no allocation in the steady state. Hostile bytes: yes, all of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgveil/masking/json_cursor.h"
#include "detect/detector.h"
#include "engine/carrier.h"
#include "engine/hint_cache.h"
#include "transform/transform.h"

namespace pgveil::masking {

/// What became of a value. The zero value is the strict one.
enum class Fate : std::uint8_t {
    Withheld,   // NULL; nothing was appended
    Changed,    // the masked form was appended
    Same        // may go out as it came; nothing was appended
};

struct Task {
    bool whole = false;     // every value through `order`; else content detection under `hints`
    MaskOrder order;
    HintView hints;
};

class ValueMasker {
  public:
    ValueMasker(std::shared_ptr<const CompiledRules> rules, const KeyedHash& keys);
    ValueMasker(const ValueMasker&) = delete;
    ValueMasker& operator=(const ValueMasker&) = delete;

    [[nodiscard]] Fate mask(const Shape& shape, std::string_view value, const Task& task, std::string& to);

    [[nodiscard]] Detector& detector() { return detector_; }
    [[nodiscard]] HintCache& hints() { return hint_cache_; }
    /// True once something was withheld because it could not be understood; reading clears it.
    [[nodiscard]] bool take_doubt() { return std::exchange(doubt_, false); }
    /// `text` with findings masked, appended.
    void splice(std::string_view text, std::span<const Finding> findings, std::string& to);

  private:
    Fate undecodable();
    Fate text(std::string_view value, const Task& task, std::string& to);
    Fate whole(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate scalar(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate whole_bytea(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate whole_json(std::string_view value, const Task& task, std::string& to);
    Fate foreign(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate bytea(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate jsonb(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate json(std::string_view value, const Task& task, std::string& to);
    Fate walk_json(std::string_view value, const Task& task, std::string& to);
    bool enter_key(const Task& task, std::string& to, std::string_view value, std::size_t& copied);
    bool json_string(const HintView& hints, std::string_view value, std::string& to, std::size_t& copied);
    bool json_number(const HintView& hints, std::string_view value, std::string& to, std::size_t& copied);
    std::string_view decoded_token();
    Fate array_text(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate array_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate record_binary(std::string_view value, const Task& task, std::string& to);
    Fate range_text(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate range_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate multirange_binary(const Shape& shape, std::string_view value, const Task& task, std::string& to);
    Fate hstore_text(std::string_view value, const Task& task, std::string& to);
    Fate hstore_binary(std::string_view value, const Task& task, std::string& to);
    Fate hstore_value(std::string_view key, std::string_view value, const Task& task, std::string& to);
    Fate tsvector_binary(std::string_view value, const Task& task, std::string& to);
    bool length_prefixed(const Shape& shape, std::string_view& rest, const Task& task, std::string& to, Fate& fate);

    Detector detector_;
    HintCache hint_cache_;
    Keyring keys_;
    JsonCursor cursor_;
    DecodedString decoded_;
    std::vector<const NameHints*> active_;    // hints of the keys on the path to the current JSON value
    std::vector<const NameHints*> number_path_;   // those of them that speak for a number
    const NameHints* key_hints_ = nullptr;        // of the key whose own value comes next, not of what lies deeper
    std::vector<std::uint32_t> marks_;        // per open container: size of active_ when it was opened
    std::string element_, element_masked_, scratch_, masked_, part_, part_masked_;
    int nesting_ = 0;
    bool doubt_ = false;
};

}  // namespace pgveil::masking
