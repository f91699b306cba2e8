// ControlService: grants, requests, approvals; the one service behind console, HTTP, CLI and relay.
//
// Synchronous; lives on the control thread (store calls block). Every change is written to the store and
// recorded in the log, durable, before the call returns. Checks the permission table for every person.
// Owner: proxy. Hostile: statement texts and reasons are; they are stored sealed and never interpreted.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "audit/journal.h"
#include "control/messages.h"
#include "pgveil/core/column_vote.h"
#include "pgveil/core/principal.h"
#include "pgveil/core/secret.h"

namespace pgveil::control {

enum class Refusal : std::uint8_t { Unavailable, NotAllowed, SelfApproval, NotFound, WrongState, Invalid, Duplicate };
struct Refused {
    Refusal why = Refusal::Unavailable;
    std::string message;            // for the person
};

struct DatabaseTerms {
    std::string name;
    std::chrono::seconds max_grant{8 * 3600};
};

/// An agent or database a person turned off (DISABLE).
struct Switch {
    enum class Subject : std::uint8_t { Agent, Database };
    Subject subject = Subject::Agent;
    std::string name, person, reason;
    WallTime at{};
    bool operator==(const Switch&) const = default;
};

struct ServiceOptions {
    std::string store_url;          // "sqlite:/path/control.db"
    bool store_is_new = false;      // only then a missing store is made
    /// The log's records of requests, grants and switches, oldest first (control/history.h reads them).
    /// What is not in it does not count: without it no approval and no grant of the store is honoured.
    std::vector<audit::Record> history;
    /// Another process still executes what the store says is executing: it stays so.
    bool executing_goes_on = false;
    Secret seal_key;                // AEAD key for statements and parameters at rest
    std::vector<Agent> agents;      // with owners
    std::vector<Person> people;
    std::vector<DatabaseTerms> databases;
    std::vector<Grant> config_grants;
    std::uint32_t pending_per_agent = 200;
    std::uint32_t requests_per_minute = 300;
    std::chrono::seconds denied_cooldown{900};   // agent and shape
    std::chrono::seconds access_grant{3600};     // what approving an access request gives; max_grant still bounds it
};

class ControlService {
  public:
    [[nodiscard]] static Result<std::unique_ptr<ControlService>, std::string> open(ServiceOptions options,
                                                                                   audit::Journal& journal, WallTime now);
    virtual ~ControlService() = default;

    /// relay's questions.
    [[nodiscard]] virtual Answer answer(const Ask& ask, WallTime now) = 0;

    // people's commands
    [[nodiscard]] virtual Result<RequestView, Refused> approve(const Person& who, std::string_view id, std::string_view reason,
                                                               std::int64_t max_rows, WallTime now) = 0;
    [[nodiscard]] virtual Result<RequestView, Refused> deny(const Person& who, std::string_view id, std::string_view reason,
                                                            WallTime now) = 0;
    [[nodiscard]] virtual Result<Grant, Refused> grant(const Person& who, Grant draft, std::chrono::seconds length, WallTime now) = 0;
    [[nodiscard]] virtual Result<Grant, Refused> revoke(const Person& who, std::string_view id, std::string_view reason, WallTime now) = 0;
    /// Newest first, at most 500. Statements and parameters are filled in for approvers only, and only while the
    /// request has not ended; everybody else reads `masked_statement`. One request in full is recorded as read.
    [[nodiscard]] virtual Result<std::vector<RequestView>, Refused> requests(const Person& who, WallTime now) = 0;
    [[nodiscard]] virtual Result<RequestView, Refused> request(const Person& who, std::string_view id, WallTime now) = 0;
    [[nodiscard]] virtual Result<std::vector<Grant>, Refused> grants(const Person& who, WallTime now) = 0;

    /// Turns an agent or database off or on; off survives restarts. Ending its sessions is the caller's to do,
    /// on on_change. Turning on what is on is WrongState.
    [[nodiscard]] virtual Result<Switch, Refused> disable(const Person& who, Switch::Subject subject, std::string_view name,
                                                          std::string_view reason, WallTime now) = 0;
    [[nodiscard]] virtual Result<Switch, Refused> enable(const Person& who, Switch::Subject subject, std::string_view name,
                                                         std::string_view reason, WallTime now) = 0;
    /// What is turned off. nullopt: the store does not answer; treat everything as off.
    [[nodiscard]] virtual std::optional<std::vector<Switch>> switches() = 0;

    /// What samples said of a database's columns. Votes are cast by the proxy and decided by nobody: only kept here.
    /// nullopt: the store does not answer.
    [[nodiscard]] virtual std::optional<std::vector<ColumnVote>> votes(std::string_view database) = 0;
    /// In place of all votes of this relation. False: not kept.
    virtual bool keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) = 0;

    /// Requests whose execution the last run did not finish; they are `unknown` now (PV007), or with
    /// `executing_goes_on` executing: whoever knows the other process reports the end of these. Whoever can ask
    /// the server (pg_xact_status) reports with FinishRequest{Executed or Failed}.
    [[nodiscard]] virtual std::vector<RequestView> interrupted() = 0;

    /// All grants that are or will be live, config's included: the snapshot workers decide with.
    [[nodiscard]] virtual std::vector<Grant> live_grants(WallTime now) = 0;
    /// Expires what is due; returns when to call again.
    [[nodiscard]] virtual WallTime tick(WallTime now) = 0;
    /// Called (on the control thread) after any change of grants or of a request's state: id of the request or "".
    virtual void on_change(std::function<void(const RequestView*)> call) = 0;
    /// New agents/people/databases/config grants after a reload.
    virtual void reconfigure(ServiceOptions options, WallTime now) = 0;
};

}  // namespace pgveil::control
