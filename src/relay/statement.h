// What the relay remembers of the client's statements, portals and running executions. Values with shared
// ownership between name tables and ledger; one session, one thread. Hold no cell bytes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pgveil/core/clock.h"
#include "pgveil/core/request.h"
#include "pgveil/masking/copy_rows.h"
#include "protocol/frame_reader.h"
#include "relay/plans.h"
#include "sql/lexer.h"

namespace pgveil::relay {

constexpr std::size_t kMaxNames = 20'000;   // prepared statements or portals of one session

/// Bytes that the session keeps for its client as long as this lives; `account` has their sum.
class Charge {
  public:
    Charge() = default;
    Charge(std::shared_ptr<std::size_t> account, std::size_t bytes) : account_(std::move(account)), bytes_(bytes) { *account_ += bytes_; }
    Charge(Charge&& other) noexcept : account_(std::exchange(other.account_, nullptr)), bytes_(other.bytes_) {}
    Charge& operator=(Charge&& other) noexcept {
        std::swap(account_, other.account_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Charge() {
        if (account_) *account_ -= bytes_;
    }

  private:
    std::shared_ptr<std::size_t> account_;
    std::size_t bytes_ = 0;
};

/// A prepared statement of the client ("" included).
struct Prepared {
    std::string text;
    std::vector<Oid> types;
    JudgedPtr judged;
    std::optional<sql::LoggedText> logged;   // made at first use
    DescriptionPtr description;              // null until the server described it
    bool sql_level = false;                  // made by PREPARE, which `text` is then: known to EXECUTE, not to Bind
    std::string under;                       // search path and view that an EXECUTE of it was judged under
    bool local = false;                      // ours to answer; the server never saw it
    Charge charge;
};
using PreparedPtr = std::shared_ptr<Prepared>;

/// A query that describes the columns of a COPY (design: architecture, decision 4); its position is `shift` characters
/// further on in the client's text.
struct CopyShape {
    PreparedPtr statement;                   // null: not a COPY, or nothing to describe
    std::int32_t shift = -1;                 // -1: no part of the client's text
};

/// What cuts a result: of a rule, but for Egress, which is the agent's.
enum class Limit : std::uint8_t { None, Rows, Bytes, Time, Egress };

/// One execution of one text: what masking, limits and the log need until its last answer.
struct Run {
    std::uint64_t number = 0;                // of the session's statements
    std::uint64_t intent = 0;                // record that must be durable before a result byte leaves; 0: none
    JudgedPtr judged;
    bool enforced = true;                    // false: shadow/warn, nothing is changed
    bool records_result = false;
    std::size_t result = 0;                  // index of the statement of the text that answers now
    DescriptionPtr description;
    std::vector<std::int16_t> formats;       // of Bind; empty: text
    PlannedPtr plan;                         // null until the first row
    std::vector<std::uint64_t> masked_cells; // per column of the plan
    std::map<std::string, std::uint64_t> masked;   // totals by rule, for the log
    std::uint64_t rows = 0, bytes = 0;
    MonotonicTime started{};
    std::string tag, sqlstate;
    std::string text;                        // if it PREPAREs, or is only parsed
    std::string request;                     // approval spent on it
    Limit cut = Limit::None;                 // what ended it: rows are dropped, the error is ours
    std::vector<CopyShape> shapes;           // by statement of the text; empty until asked for
    std::unique_ptr<masking::CopyRows> copy; // from CopyOutResponse to CopyDone, if rows may change
    bool simple = false;                     // a simple query, if it copies
    Bytes shape_error;                       // the server's word on a shape, in place of its 25P02 for the COPY
    // pgveil.execute: rows are collected, not sent
    bool captures = false;
    std::string captured_rows;               // JSON array body
    std::size_t captured_count = 0;
};
using RunPtr = std::shared_ptr<Run>;

struct Portal {
    PreparedPtr statement;                   // null: a cursor made at SQL level
    JudgedPtr judged;
    std::vector<std::int16_t> formats;
    RunPtr run;
    std::vector<BoundParameter> parameters;  // local statements and held ones only
    std::string under;                       // search path at Bind
    std::shared_ptr<const void> named;       // EXECUTE, FETCH: what their name meant at Bind
    bool names = false;                      // is such a one
    bool with_hold = false;
    bool writes = false;                     // runs read-write
    Charge charge;
};
using PortalPtr = std::shared_ptr<Portal>;

/// COPY ... FROM STDIN: what the ledger does not know of the data under way.
struct CopyIn {
    std::uint32_t syncs = 0;                 // Syncs since the last datum: the server reads them only if the COPY fails before
    bool forwards = false;                   // the CopyData that is coming in pieces goes on
    std::optional<char> doubted;             // no COPY message: it waits for what the server says to our CopyFail
};

/// What belongs to one ledger entry besides its disposition.
struct Pending {
    enum class Why : std::uint8_t { Client, Script, Poison, AskPath, Describe, Probe, Captured, Shape, AskFacts };
    std::uint64_t tag = 0;
    Why why = Why::Client;
    std::string name;            // statement or portal the entry confirms
    PreparedPtr statement;
    PortalPtr portal;
    RunPtr run;
    std::vector<Oid> parameters; // Describe: of ParameterDescription
    Bytes replacement;           // Poison: our error
    bool closes_statement = false;
    bool answered = false;       // AskPath: its row came
};

/// relay.h has the table.
enum class State : std::uint8_t {
    Ended, Reading, Barrier, AskingControl, WaitingForPerson, WaitingForRecord, WaitingForCatalog, WaitingForCancel, Running
};

enum class Stage : std::uint8_t { Judge, Look, Consume, File, Submit, Local, Run };

/// A message that had to wait: our own copy, and how far it got.
struct Deferred {
    char type = 0;
    Bytes body;
    Stage stage = Stage::Judge;
    std::optional<protocol::Malformed> lost;   // framing ended at this message
    bool refreshed = false, listed = false;
    bool by_id = false;                  // pgveil.execute
    bool recorded = false;               // the log has a record of what was decided on it
    RunPtr local;                        // ours to answer: until its result is recorded
    enum class Facts : std::uint8_t { NotAsked, Asked, Told } facts = Facts::NotAsked;   // what an approval of it binds
    SqlState facts_code = sqlstate::InternalError;   // with which the server failed at them
    bool cancelled = false;              // the client cancelled it before it was sent
    JudgedPtr judged;
    RequestDraft draft;
    RequestView request;
    std::string waiting_for;             // request id
    std::uint64_t ticket = 0, record = 0;
    MonotonicTime deadline{};
    PortalPtr portal;
    RunPtr run;
};

/// The limits of what runs, and what is kept while our cancel is under way: the server must be hit by it before it hears of
/// the next statement.
struct Cut {
    std::uint64_t egress = 0;    // result bytes of this event
    std::uint64_t timed = 0;     // run whose time runs
    MonotonicTime until{};       // and ends
    Limit limit = Limit::None;   // of the latest cut
    RunPtr captured;             // of pgveil.execute: its end waits for the cancel
    std::uint32_t cancels = 0;   // requests that have not been carried out yet
    bool cutting = false;        // one of them ends a result
    bool unsaid = false;         // the server finished all the same: the error is still to be told
    Bytes ready;                 // its ReadyForQuery, which the client gets afterwards
};

}  // namespace pgveil::relay
