// COPY ... FROM STDIN: a write like any other until the server asks for data; then the wire is the data's.
//
// The server reads its messages in order, and while it copies it ignores Sync and Flush (copyfromparse.c). Whether it
// copies is known when it says so: until then nothing behind the statement is read from the client.
#include <utility>

#include <fmt/format.h>

#include "relay/refusal.h"
#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr char kCopyEnds[] = "pgveil: a message that is no COPY data";

}  // namespace

/// A text that may copy in was sent, and the server has not said whether it reads data or messages next.
bool Relay::awaits_copy() const { return copy_in_flight_ && !pipeline_.empty() && !pipeline_.copying_in(); }

/// Data is asked for where nothing copies in: what the client sends next would be taken for it.
void Relay::on_copy_in(const Pending& pending) {
    if (!setup_.view->enforcing()) return;
    const sql::Analysis* analysis = pending.run && pending.run->judged ? &pending.run->judged->analysis : nullptr;
    const bool asked = analysis != nullptr && pending.run->result < analysis->statements.size() && analysis->statements[pending.run->result].verb == sql::Verb::CopyIn;
    if (!asked) fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
}

/// Data the server does not ask for is ignored, as by the server: a COPY that failed leaves some on its way.
void Relay::copy_data(const protocol::Frame& frame) {
    if (frame.first) {
        copy_in_.forwards = pipeline_.copying_in();
        copy_in_.syncs = 0;
        if (copy_in_.forwards) protocol::put_header(out_->to_server, 'd', static_cast<std::uint32_t>(frame.length));
    }
    if (copy_in_.forwards) append(out_->to_server, frame.body);
    if (!frame.last) return;
    copy_in_.forwards = false;
    if (relock_ && pipeline_.empty()) {   // it had to wait for the message to be whole
        relock_ = false;
        pin_default();
    }
}

void Relay::during_copy(char type, ByteView body) {
    if (type == 'S') ++copy_in_.syncs;
    if (type == 'S' || type == 'H') return;
    if (type != 'c' && type != 'f') return doubt_copy(type, body);
    protocol::put_message(out_->to_server, type, body);
    pipeline_.copy_data_ended();
    copy_in_.syncs = 0;
}

// Anything but COPY messages, Sync and Flush ends the session, unless the data before it have ended the COPY already:
// then it is a message like any other. The server's answer to a CopyFail of ours tells; where it has left the COPY it
// ignores that.
void Relay::doubt_copy(char type, ByteView body) {
    protocol::put_message(out_->to_server, 'f', bytes_of(std::string_view(kCopyEnds, sizeof kCopyEnds)));
    pipeline_.copy_data_ended();
    copy_in_.doubted = type;
    defer(type, body);
}

bool Relay::ended_by_us(const protocol::ErrorFields& error) const {
    return copy_in_.doubted && error.sqlstate() == "57014" && error.get('M').find(kCopyEnds) != std::string_view::npos;
}

// The server stops within this message, and framing is lost with it: it says both and is gone.
void Relay::copy_lost_sync(char type) {
    protocol::put_error(out_->to_client, plain(sqlstate::ProtocolViolation,
        fmt::format("unexpected message type 0x{:02X} during COPY from stdin", static_cast<unsigned char>(type))));
    fatal(sqlstate::ProtocolViolation, "terminating connection because protocol synchronization was lost");
}

/// The COPY failed before it read what the client sent behind its last datum: those Syncs are answered.
void Relay::answer_syncs() {
    for (std::uint32_t syncs = std::exchange(copy_in_.syncs, 0); syncs > 0; --syncs) on_sync({});
}

}  // namespace pgveil::relay
