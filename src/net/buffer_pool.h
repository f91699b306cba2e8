// BufferPool: empty byte buffers of one loop that keep their room, so that a busy stream need not ask for
// memory at each turn and an idle one need not hold any. Not hostile. Owner: the loop; loop thread.
#pragma once

#include <utility>
#include <vector>

#include "pgveil/core/bytes.h"

namespace pgveil::net {

class BufferPool {
  public:
    [[nodiscard]] Bytes take() {
        if (free_.empty()) return {};
        Bytes buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
    }
    void give(Bytes&& buffer) {
        if (buffer.capacity() == 0 || buffer.capacity() > kLargest || free_.size() >= kMost) {
            Bytes().swap(buffer);
            return;
        }
        buffer.clear();
        free_.push_back(std::move(buffer));
        buffer = {};
    }
    [[nodiscard]] std::size_t size() const { return free_.size(); }

  private:
    static constexpr std::size_t kMost = 16, kLargest = 1024 * 1024;
    std::vector<Bytes> free_;
};

}  // namespace pgveil::net
