// PeerServer: a small PostgreSQL for the relay's fuzz target. Reads what the relay sends, answers as the protocol says,
// in an order and with errors that the input chooses. Rows of one sensitive column hold the canary.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "fuzz.h"
#include "protocol/encoder.h"
#include "protocol/frame_reader.h"
#include "protocol/frontend_messages.h"

namespace pgveil::fuzz {

constexpr std::string_view kCanary = "canary.7f3a9c@example.com";
constexpr std::string_view kSecretQuery = "SELECT email FROM customers", kWrite = "UPDATE orders SET";

class PeerServer {
  public:
    /// Bytes of the relay; what is not a message of the protocol is a fault of the relay.
    void take(ByteView bytes);
    /// Answers the next message; `choice` picks among what a server may say. False: nothing is left to answer.
    bool answer(std::uint8_t choice, Bytes& out);
    [[nodiscard]] std::size_t writes() const { return writes_; }   // simple queries that write

  private:
    struct Message {
        char type = 0;
        Bytes body;
    };
    void query(ByteView body, std::uint8_t choice, Bytes& out);
    void execute(ByteView body, std::uint8_t choice, Bytes& out);
    void parse(ByteView body, std::uint8_t choice, Bytes& out);
    void bind(ByteView body, std::uint8_t choice, Bytes& out);
    void describe(ByteView body, Bytes& out);
    void fail(Bytes& out);
    static void rows(std::string_view text, std::uint8_t choice, Bytes& out);
    static void description(std::string_view text, Bytes& out);
    void tag(std::string_view text, Bytes& out);
    static void copy_rows(std::uint8_t choice, Bytes& out);
    void copied(bool done, Bytes& out);

    enum class Copying : std::uint8_t { No, Simple, Extended };   // data of the client are being read

    protocol::FrameReader reader_{protocol::Direction::Frontend, 1U << 20, ""};
    std::deque<Message> waiting_;
    std::map<std::string, std::string, std::less<>> statements_, portals_;
    TransactionStatus status_ = TransactionStatus::Idle;
    Copying copying_ = Copying::No;
    bool skipping_ = false;
    std::size_t writes_ = 0;
};

}  // namespace pgveil::fuzz
