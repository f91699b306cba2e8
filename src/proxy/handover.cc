#include "proxy/handover.h"

namespace pgveil::proxy {

std::optional<Hello> read_hello(ByteView body) {
    struct Head {
        std::uint32_t mark = 0, version = 0;
    };
    constexpr std::size_t head_size = 8;
    if (body.size() < head_size) return std::nullopt;
    Head head;
    Unpacker unpack(body.first(head_size));
    unpack(head.mark, head.version);
    if (head.mark != kHandoverMark) return std::nullopt;
    if (head.version == kHandoverVersion) return unpacked<Hello>(body);
    return Hello{.mark = head.mark, .version = head.version, .program = {}, .pid = 0};
}

}  // namespace pgveil::proxy
