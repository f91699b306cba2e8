// Packed: values to bytes and back, between two processes of this program; one list of fields serves both ways.
//
// A type takes part by a function `pack_fields(pack, value)` that names its fields, by a structured binding, so that a field
// added later does not compile until it is named here too; an enum by `last_of(E{})`, its greatest value. Numbers are fixed and little-endian, texts and lists behind their length. Packs of
// another layout are for the caller to refuse (a version before everything). Reads hostile bytes: a length is compared
// with what is there before anything is made of it, and whatever does not fit makes the whole invalid.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include "pgveil/core/bytes.h"
#include "pgveil/core/strong_id.h"

namespace pgveil {

class Packer {
  public:
    template <class... Values>
    void operator()(const Values&... values) {
        (put(values), ...);
    }
    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    template <class T>
        requires std::integral<T> || std::is_enum_v<T>
    void put(const T& value) {
        auto rest = static_cast<std::uint64_t>(value);
        for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8U) out_.push_back(static_cast<Byte>(rest));
    }
    void put(const std::string& text) {
        put(static_cast<std::uint32_t>(text.size()));
        append(out_, text);
    }
    void put(const Bytes& bytes) {
        put(static_cast<std::uint32_t>(bytes.size()));
        append(out_, bytes);
    }
    template <class T>
    void put(const std::vector<T>& list) {
        put(static_cast<std::uint32_t>(list.size()));
        for (const T& one : list) put(one);
    }
    template <class T, std::size_t N>
    void put(const std::array<T, N>& fixed) {
        for (const T& one : fixed) put(one);
    }
    template <class A, class B>
    void put(const std::pair<A, B>& both) {
        put(both.first), put(both.second);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class Rep, class Period>
    void put(const std::chrono::duration<Rep, Period>& time) {
        put(static_cast<std::int64_t>(time.count()));
    }
    template <class Clock, class Duration>
    void put(const std::chrono::time_point<Clock, Duration>& time) {
        put(time.time_since_epoch());
    }
    template <class Tag, class Rep>
    void put(const StrongId<Tag, Rep>& id) {
        put(id.value);
    }
    template <class T>
        requires std::is_class_v<T>
    void put(const T& value) {
        pack_fields(*this, const_cast<T&>(value));   // the list of fields is the reader's too
    }

    Bytes out_;
};

class Unpacker {
  public:
    explicit Unpacker(ByteView from) : left_(from) {}
    template <class... Values>
    void operator()(Values&... values) {
        (get(values), ...);
    }
    /// Everything was there, and nothing else.
    [[nodiscard]] bool complete() const { return valid_ && left_.empty(); }

  private:
    template <std::integral T>
    void get(T& value) {
        if (!valid_ || left_.size() < sizeof(T)) return fail();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) sum |= std::uint64_t{left_[i]} << (8 * i);
        if constexpr (std::is_same_v<T, bool>) {
            if (sum > 1) return fail();
        }
        value = static_cast<T>(sum);
        left_ = left_.subspan(sizeof(T));
    }
    template <class T>
        requires std::is_enum_v<T>
    void get(T& value) {
        std::underlying_type_t<T> number{};
        get(number);
        if (std::cmp_less(number, 0) || std::cmp_greater(number, static_cast<std::underlying_type_t<T>>(last_of(T{})))) return fail();
        value = static_cast<T>(number);
    }
    void get(std::string& text) {
        const ByteView found = get_run();
        text.assign(text_of(found));
    }
    void get(Bytes& bytes) {
        const ByteView found = get_run();
        bytes.assign(found.begin(), found.end());
    }
    template <class T>
    void get(std::vector<T>& list) {
        std::uint32_t count = 0;
        get(count);
        list.clear();
        if (count > left_.size()) return fail();   // no element is shorter than a byte
        for (std::uint32_t i = 0; i < count && valid_; ++i) get(list.emplace_back());
    }
    template <class T, std::size_t N>
    void get(std::array<T, N>& fixed) {
        for (T& one : fixed) get(one);
    }
    template <class A, class B>
    void get(std::pair<A, B>& both) {
        get(both.first), get(both.second);
    }
    template <class T>
    void get(std::optional<T>& value) {
        bool there = false;
        get(there);
        value.reset();
        if (there) get(value.emplace());
    }
    template <class Rep, class Period>
    void get(std::chrono::duration<Rep, Period>& time) {
        std::int64_t count = 0;
        get(count);
        time = std::chrono::duration<Rep, Period>(static_cast<Rep>(count));
    }
    template <class Clock, class Duration>
    void get(std::chrono::time_point<Clock, Duration>& time) {
        Duration since{};
        get(since);
        time = std::chrono::time_point<Clock, Duration>(since);
    }
    template <class Tag, class Rep>
    void get(StrongId<Tag, Rep>& id) {
        get(id.value);
    }
    template <class T>
        requires std::is_class_v<T>
    void get(T& value) {
        pack_fields(*this, value);
    }
    ByteView get_run() {
        std::uint32_t size = 0;
        get(size);
        if (size > left_.size()) fail();
        if (!valid_) return {};
        const ByteView found = left_.first(size);
        left_ = left_.subspan(size);
        return found;
    }
    void fail() {
        valid_ = false;
        left_ = {};
    }

    ByteView left_;
    bool valid_ = true;
};

template <class T>
[[nodiscard]] Bytes packed(const T& value) {
    Packer pack;
    pack(value);
    return pack.take();
}

/// nullopt: these are not the bytes of a T.
template <class T>
[[nodiscard]] std::optional<T> unpacked(ByteView bytes) {
    std::optional<T> value(std::in_place);
    Unpacker unpack(bytes);
    unpack(*value);
    return unpack.complete() ? std::move(value) : std::nullopt;
}

}  // namespace pgveil
