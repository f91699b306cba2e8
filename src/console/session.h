// ConsoleSession: one person's connection to the console, after login. Messages in, bytes out.
//
// Simple and extended protocol; the console's statements only, at most 64 KiB each. Owner: proxy's console
// listener; lives and runs on the control thread (commands block on log and store). Knows no socket. Reads hostile
// bytes: yes, of somebody who logged in.
#pragma once

#include <map>
#include <string>

#include "console/run.h"
#include "pgveil/core/secret.h"
#include "protocol/frontend_messages.h"

namespace pgveil::console {

class ConsoleSession {
  public:
    ConsoleSession(Place place, Asker asker);

    /// What follows AuthenticationOk: ParameterStatus, BackendKeyData, ReadyForQuery.
    void greet(Bytes& out, std::uint32_t pid, const Secret& key, std::string_view application_name);
    /// One whole message. False: the session is over once `out` is sent.
    [[nodiscard]] bool handle(char type, ByteView body, WallTime now, Bytes& out);

  private:
    struct Prepared {
        Statement statement;               // empty: the empty query
        Command shape;                     // with stand-ins for parameters: enough to describe
        std::size_t parameters = 0;
    };
    struct Portal {
        bool empty = false, ran = false;
        Command command;
        std::vector<std::int16_t> formats;
        Answer answer;
        std::size_t sent = 0;
    };

    bool query(ByteView body, Bytes& out);
    bool parse(ByteView body, Bytes& out);
    bool bind(ByteView body, Bytes& out);
    bool describe(ByteView body, Bytes& out);
    bool execute(ByteView body, Bytes& out);
    bool close(ByteView body, Bytes& out);

    /// Transaction rules around run(); moves the transaction's status.
    Answer carry_out(const Command& command);
    void fail(const protocol::ErrorOut& error, Bytes& out);
    void fail_extended(const protocol::ErrorOut& error, Bytes& out);
    bool broken(Bytes& out);
    void describe_columns(const Command& command, Formats formats, Bytes& out);

    Place place_;
    Asker asker_;
    TransactionStatus status_ = TransactionStatus::Idle;
    bool skipping_ = false;                // after an error in the extended protocol, until Sync
    std::map<std::string, Prepared, std::less<>> statements_;
    std::map<std::string, Portal, std::less<>> portals_;
};

/// A parse error as the server would word it.
[[nodiscard]] protocol::ErrorOut error_of(const CommandError& error);
[[nodiscard]] protocol::ErrorOut error_of(const TokenError& error);

}  // namespace pgveil::console
