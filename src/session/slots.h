// Slots: names the client gives to prepared statements or portals, as the server will come to see them.
//
// A name changes when the server confirms (ParseComplete, BindComplete, CloseComplete); until then the
// change is pending, and an error that discards the message takes the pending change back. `expected` is
// what a message sent now would meet. Names are cut to 63 bytes, as the server's own tables cut
// protocol and SQL names alike (NAMEDATALEN). One owner, one thread. Reads hostile names; bounded by the caller.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace pgveil::session {

template <class Value>
class Slots {
  public:
    using Pointer = std::shared_ptr<Value>;

    /// The value a message sent now will meet; null: none.
    [[nodiscard]] Pointer expected(std::string_view name) const {
        auto it = slots_.find(key(name));
        if (it == slots_.end()) return nullptr;
        return it->second.pending.empty() ? it->second.confirmed : it->second.pending.back().second;
    }
    /// False if it hangs on an answer still to come what a message sent now will meet: the last change was sent before
    /// `batch`, the tag of the first message since the last Sync, and might yet be discarded in favour of another value.
    /// (Within one batch there is no doubt: whatever discards the change discards the later message too.)
    [[nodiscard]] bool certain(std::string_view name, std::uint64_t batch) const {
        auto it = slots_.find(key(name));
        if (it == slots_.end() || it->second.pending.empty() || it->second.pending.back().first >= batch) return true;
        const Pointer& last = it->second.pending.back().second;
        const auto other = [&](const Pointer& value) { return value && value != last; };
        return !other(it->second.confirmed) && std::ranges::none_of(it->second.pending, [&](const auto& p) { return other(p.second); });
    }
    /// A change was sent under ledger tag `tag`; null closes the name.
    void pend(std::string_view name, std::uint64_t tag, Pointer value) {
        slots_[key(name)].pending.emplace_back(tag, std::move(value));
    }
    /// What was sent under `tag` closes the name by the way, if there is such a one, and also if it fails.
    void take(std::string_view name, std::uint64_t tag) {
        if (!slots_.empty() && expected(name)) pend(name, tag, nullptr);
    }
    void confirm(std::string_view name, std::uint64_t tag) {
        auto it = slots_.find(key(name));
        if (it == slots_.end()) return;
        auto& pending = it->second.pending;
        while (!pending.empty() && pending.front().first <= tag) {
            it->second.confirmed = std::move(pending.front().second);
            pending.pop_front();
        }
        if (pending.empty() && !it->second.confirmed) slots_.erase(it);
    }
    void discard(std::string_view name, std::uint64_t tag) {
        auto it = slots_.find(key(name));
        if (it == slots_.end()) return;
        std::erase_if(it->second.pending, [tag](const auto& p) { return p.first == tag; });
        if (it->second.pending.empty() && !it->second.confirmed) slots_.erase(it);
    }
    /// Set at once: known without asking the server (our own statements, SQL-level names once executed).
    void set(std::string_view name, Pointer value) { slots_[key(name)] = {std::move(value), {}}; }
    void erase(std::string_view name) { slots_.erase(key(name)); }
    void clear() { slots_.clear(); }
    template <class Predicate>
    void erase_confirmed_if(Predicate predicate) {
        std::erase_if(slots_, [&](const auto& s) {
            return s.second.pending.empty() && s.second.confirmed && predicate(*s.second.confirmed);
        });
    }
    [[nodiscard]] std::size_t size() const { return slots_.size(); }

  private:
    static std::string key(std::string_view name) { return std::string(name.substr(0, 63)); }
    struct Slot {
        Pointer confirmed;
        std::deque<std::pair<std::uint64_t, Pointer>> pending;
    };
    std::unordered_map<std::string, Slot> slots_;
};

}  // namespace pgveil::session
