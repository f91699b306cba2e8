// Pipeline: the ledger of requests in flight on one server connection, and what to do with each answer.
//
// Every message sent to the server that will be answered has one entry, in order; the server's messages
// are matched against the head. An error discards exactly what PostgreSQL discards: in the extended
// protocol everything up to the next Sync (postgres.c, ignore_till_sync), in the simple one nothing.
// Owns no socket; knows no policy: `tag` is the relay's own number. One owner, one thread.
// Reads hostile bytes: message types from the server; any contradiction is Match::Violation.
// Of Query, Execute, DescribeStatement and FunctionCall, which have several answers, the order counts too (Progress).
//
//   request      answered by                                   finished by
//   Query        T D C I E G H d c Z                           Z
//   Parse        1                                             1
//   Bind         2                                             2
//   DescribeS    t, then T or n                                T n
//   DescribeP    T or n                                        T n
//   Execute      D C I s G H d c                               C I s
//   Close        3                                             3
//   Sync         Z                                             Z
//   FunctionCall V E Z                                         Z
//
//   progress     | takes, and goes to                                                    | finished by
//   Fresh        | T Rows (Query), D Rows (Execute), H CopyingOut, G CopyingIn, C I s t V Between |
//   Between      | as Fresh; Z; after t: T or n                                           | Z, T, n
//   Rows         | D, C s Between; T: rules DO ALSO SELECT give one completion to several results |
//   CopyingOut   | d, c CopiedOut                                                        |
//   CopiedOut, CopyingIn | C Between                                                     |
//   Failed       | E (a FATAL one may follow), Z                                         | Z
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace pgveil::session {

enum class Request : std::uint8_t { Query, Parse, Bind, DescribeStatement, DescribePortal, Execute, Close, Sync, FunctionCall };

/// What happens to the answers. Replace: the server must fail here, and its error becomes one of ours.
enum class Disposition : std::uint8_t { Swallow, Replace, Forward };

/// Where the answer to the head stands.
enum class Progress : std::uint8_t { Fresh, Between, Rows, CopyingOut, CopiedOut, CopyingIn, Failed };

struct Entry {
    Request request = Request::Sync;
    Disposition disposition = Disposition::Swallow;
    std::uint64_t tag = 0;
};

class Pipeline {
  public:
    void sent(Entry entry);
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] const Entry* head() const { return entries_.empty() ? nullptr : &entries_.front(); }
    /// True after an error whose Sync has not been sent: the server ignores what comes until then.
    [[nodiscard]] bool skipping() const { return skipping_; }
    /// True between G (CopyInResponse) and the end of its data: the server reads COPY messages only.
    [[nodiscard]] bool copying_in() const { return copying_in_; }
    /// CopyDone or CopyFail was sent: what comes next is read as any other message again.
    void copy_data_ended() {
        copying_in_ = false;
        unflushed_ = true;   // its CommandComplete may be kept back like any other answer
    }
    /// Extended messages were sent since the last Sync; the server may be keeping their answers back.
    [[nodiscard]] bool needs_flush() const { return unflushed_; }
    void flushed() { unflushed_ = false; }

    enum class Match : std::uint8_t { Violation, Asynchronous, Answer };
    struct Answered {
        Match match = Match::Violation;
        Entry entry;                  // the head this message belongs to
        bool finished = false;        // that entry is done and gone
        std::vector<Entry> discarded; // entries an error took with it, in order (Sync not among them)
    };
    /// Moves the ledger by one message of the server.
    [[nodiscard]] Answered answered(char type);

  private:
    [[nodiscard]] Answered on_error();
    void on_copy_in();
    void pop();
    std::deque<Entry> entries_;
    Progress progress_ = Progress::Fresh;
    bool skipping_ = false;
    bool copying_in_ = false;
    bool unflushed_ = false;
};

}  // namespace pgveil::session
