// Handover: what the two processes of a rolling restart say to each other, as frames (net/local_channel.h).
//
//   new -> old                          | old -> new
//   Hello: who I am, in which version   | Welcome, or Refused with a sentence
//   Take: close log and store           | Yours, with the listening sockets, or Refused
//   Ready, or Failed with a sentence    | Go, or TooLate: it has taken everything back
//   from then on, in any order:
//   Durable, LogLost                    | Append: a record
//   Answered                            | Asked: relay's question
//   Standing, Changed: what is allowed, | CancelDone
//     which request is another          | Sessions: those that are left
//   Cancel, Kill, KillAgent, KillDatabase | Done: the last record is durable, good-bye
//
// Values. Any thread. Hostile: bytes that are no message are none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/packed.h"

namespace pgveil::proxy {

enum class Handover : Byte {
    Hello = 1, Welcome, Refused, Take, Yours, Ready, Failed, Go, TooLate,
    Append, Durable, LogLost, Asked, Answered, Standing, Changed, Cancel, CancelDone, Kill, KillAgent, KillDatabase, Sessions, Done
};

/// Goes up with every change of a message, of Record, Ask, Answer and what they hold.
inline constexpr std::uint32_t kHandoverVersion = 1;
inline constexpr std::uint32_t kHandoverMark = 0x70677668;
inline constexpr std::size_t kMostHandshake = 256 << 10, kMostFrame = (1U << 30) + (1U << 20);   // a message of PostgreSQL's, and what is said of it

/// Whoever is older or newer is refused by the first two, which never change their place.
struct Hello {
    std::uint32_t mark = kHandoverMark, version = kHandoverVersion;
    std::string program;
    std::int64_t pid = 0;
};
void pack_fields(auto& pack, Hello& h) {
    auto& [mark, version, program, pid] = h;
    pack(mark, version, program, pid);
}

/// With another version than ours nothing else is read; nullopt: whoever says this is no pgveil.
[[nodiscard]] std::optional<Hello> read_hello(ByteView body);

/// One word, whatever it is for: a sentence, the id of a request, a name.
struct Word {
    std::string text;
};
void pack_fields(auto& pack, Word& w) { pack(w.text); }

/// One number, whatever it is for: a sequence number, a session.
struct Number {
    std::uint64_t value = 0;
};
void pack_fields(auto& pack, Number& n) { pack(n.value); }

/// A listening socket; its descriptor travels beside it.
struct HandedSocket {
    bool admin = false, passed = false;      // passed: by the service manager, stands in place of the config's addresses
    std::string path;                        // of the file that goes with it, if it is ours
    std::uint64_t device = 0, inode = 0;
};
void pack_fields(auto& pack, HandedSocket& s) {
    auto& [admin, passed, path, device, inode] = s;
    pack(admin, passed, path, device, inode);
}

struct Yours {
    std::vector<HandedSocket> sockets;
    std::uint64_t next_session = 0;
};
void pack_fields(auto& pack, Yours& y) { pack(y.sockets, y.next_session); }

/// With a record, a question or an answer: its number, then its own bytes.
struct Numbered {
    std::uint64_t number = 0;
    Bytes bytes;
};
void pack_fields(auto& pack, Numbered& n) { pack(n.number, n.bytes); }

struct CancelCall {
    std::uint64_t ticket = 0;
    std::uint32_t pid = 0;
    Bytes key;
};
void pack_fields(auto& pack, CancelCall& c) { pack(c.ticket, c.pid, c.key); }

/// What the console shows of a session, in whichever process it is.
struct SessionDetails {
    std::uint64_t id = 0;
    std::string name, database, address, application;
    bool person = false, encrypted = false, writes = false;
    std::uint32_t pid = 0;
    WallTime since{};
};
void pack_fields(auto& pack, SessionDetails& s) {
    auto& [id, name, database, address, application, person, encrypted, writes, pid, since] = s;
    pack(id, name, database, address, application, person, encrypted, writes, pid, since);
}
struct LeftSessions {
    std::vector<SessionDetails> all;
};
void pack_fields(auto& pack, LeftSessions& s) { pack(s.all); }

/// Between Take and Ready the old process's sessions wait. When this is over it takes everything back; so that it can, the
/// new one ends itself a little earlier if it is not ready.
inline constexpr std::chrono::seconds kTaking{60}, kTakingMargin{5};

/// More sessions than a process opens between two words of a hand-over: numbers are never used twice.
inline constexpr std::uint64_t kSessionReserve = 1 << 20;

/// Where the running process waits for the next one.
[[nodiscard]] inline std::string successor_socket(const std::string& state) { return state + "/successor.sock"; }

}  // namespace pgveil::proxy
