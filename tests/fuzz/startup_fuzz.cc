// Startup packets and the options parameter.
#include <algorithm>

#include "fuzz.h"
#include "protocol/startup.h"

using namespace pgveil;
using namespace pgveil::protocol;
using pgveil::fuzz::require;

namespace {

void check_message(const StartupMessage& message, ByteView packet) {
    require(message.major == 3, "only protocol 3 is a message");
    std::size_t bytes = 0;
    for (const auto& [name, value] : message.parameters) {
        require(!name.empty() && name.find('\0') == std::string::npos, "names are names");
        require(value.find('\0') == std::string::npos, "values end at their NUL");
        require(message.get(name) == value, "a name stands once");
        bytes += name.size() + value.size() + 2;
    }
    require(bytes <= packet.size(), "no more comes out than went in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    const auto wanted = startup_packet_size(input);
    require(wanted.has_value() == (size >= 4), "four bytes tell the size");
    require(!wanted || *wanted == 0 || (*wanted >= 8 && *wanted <= kMaxStartupPacket), "sizes are bounded");
    const auto answer = parse_startup(input);
    if (const auto* packet = std::get_if<StartupPacket>(&answer)) {
        require(wanted == size, "only an exact packet is one");
        if (const auto* message = std::get_if<StartupMessage>(packet)) check_message(*message, input);
        if (const auto* cancel = std::get_if<CancelRequestMessage>(packet)) {
            require(cancel->key.reveal().size() >= 4 && cancel->key.reveal().size() <= 256, "cancel keys are bounded");
        }
    }
    if (const auto settings = parse_options(text_of(input))) {
        for (const auto& [name, value] : *settings) {
            require(!name.empty() && name.find('=') == std::string::npos && name.find('-') == std::string::npos, "option names");
            require(name.size() + value.size() <= size, "options shrink");
        }
    }
    return 0;
}
