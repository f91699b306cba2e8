// Service: ControlService on a store, the log and the ledger folded from it.
//
// Parts by file: service.cc (start, reconfigure, dispatch, views), filing.cc (what agents ask), execution.cc
// (consume, finish), decisions.cc (what people decide), grants.cc (grants and switches), upkeep.cc (start-up
// reconciliation, expiry). Control thread. Hostile: drafts are.
#pragma once

#include "control/change.h"
#include "control/ledger.h"
#include "control/permissions.h"
#include "control/request_machine.h"
#include "control/service.h"
#include "pgveil/core/keyed_hash.h"

namespace pgveil::control {

class Service final : public ControlService {
  public:
    Service(ServiceOptions options, audit::Journal& journal, std::unique_ptr<store::ControlStore> store);

    /// Folds the history, brings the store in line with it, declares interrupted executions unknown.
    Result<void, std::string> start(WallTime now);

    Answer answer(const Ask& ask, WallTime now) override;
    Result<RequestView, Refused> approve(const Person& who, std::string_view id, std::string_view reason,
                                         std::int64_t max_rows, WallTime now) override;
    Result<RequestView, Refused> deny(const Person& who, std::string_view id, std::string_view reason, WallTime now) override;
    Result<Grant, Refused> grant(const Person& who, Grant draft, std::chrono::seconds length, WallTime now) override;
    Result<Grant, Refused> revoke(const Person& who, std::string_view id, std::string_view reason, WallTime now) override;
    Result<std::vector<RequestView>, Refused> requests(const Person& who, WallTime now) override;
    Result<RequestView, Refused> request(const Person& who, std::string_view id, WallTime now) override;
    Result<std::vector<Grant>, Refused> grants(const Person& who, WallTime now) override;
    Result<Switch, Refused> disable(const Person& who, Switch::Subject subject, std::string_view name,
                                    std::string_view reason, WallTime now) override;
    Result<Switch, Refused> enable(const Person& who, Switch::Subject subject, std::string_view name,
                                   std::string_view reason, WallTime now) override;
    std::optional<std::vector<Switch>> switches() override;
    std::optional<std::vector<ColumnVote>> votes(std::string_view database) override;
    bool keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) override;
    std::vector<RequestView> interrupted() override;
    std::vector<Grant> live_grants(WallTime now) override;
    WallTime tick(WallTime now) override;
    void on_change(std::function<void(const RequestView*)> call) override { changed_ = std::move(call); }
    void reconfigure(ServiceOptions options, WallTime now) override;

  private:
    using Row = store::RequestRow;

    // filing.cc
    Answer file(const FileRequest& ask, WallTime now);
    std::optional<Answer> answer_of_same(const RequestDraft& draft, WallTime now);
    std::optional<Answer> too_many(const RequestDraft& draft, WallTime now);
    std::optional<Answer> said_before(const RequestDraft& draft, const std::vector<store::DenialRow>& denials, WallTime now);
    Answer add(const RequestDraft& draft, const Agent& agent, WallTime now);
    Answer look(const LookRequest& ask, WallTime now);
    Answer cancel(const CancelRequest& ask, WallTime now);
    Answer list_own(const ListOwn& ask, WallTime now);

    // execution.cc
    Answer consume(const ConsumeRequest& ask, WallTime now);
    std::optional<Row> wanted(const ConsumeRequest& ask, WallTime now);
    /// False: over for good, the same statement is a new request.
    [[nodiscard]] bool still_speaks(const Row& row, WallTime now) const;
    std::optional<std::string> drift(const ConsumeRequest& ask, const Row& row);
    std::optional<std::string> void_cause(const Row& row, const LoggedRequest* logged, WallTime now);
    Answer spend(const Row& row, WallTime now);
    Answer finish(const FinishRequest& ask, WallTime now);

    // decisions.cc
    std::optional<Refused> may_approve(const Person& who, const Row& row, const LoggedRequest* logged) const;
    std::uint32_t eligible_approvals(const Row& row, const LoggedRequest& logged) const;
    RequestView complete_approval(const Row& row, const store::ApprovalRow& approval, WallTime now);
    RequestView answer_access(const Row& row, const store::ApprovalRow& approval, WallTime now);

    // grants.cc
    std::optional<Refused> may_grant(const Person& who, const Grant& draft, std::chrono::seconds length, bool& break_glass) const;
    store::GrantRow make_grant(Change& change, Grant draft, std::string request, bool break_glass, WallTime now);
    void fulfil_access(Change& change, const Grant& grant, std::vector<std::string>& fulfilled, WallTime now);
    Result<Switch, Refused> turn(const Person& who, Switch wanted, bool off);

    // upkeep.cc
    void reconcile_requests(WallTime now);
    void reconcile_request(const std::string& id, const LoggedRequest& logged);
    void reconcile_rest();
    void interrupt(WallTime now);
    void expire(const Row& row, WallTime now);

    // service.cc
    WallTime clock(WallTime now);
    [[nodiscard]] const Agent* agent(std::string_view name) const;
    /// The person as configured now; nullptr for agents, strangers and people removed since they logged in.
    [[nodiscard]] const Person* person(std::string_view name) const;
    [[nodiscard]] const DatabaseTerms* database(std::string_view name) const;
    [[nodiscard]] bool answers_for(std::string_view person, std::string_view agent, std::string_view owner) const;
    [[nodiscard]] std::optional<Refused> may_not(const Person& who, Action action) const;
    /// As `find_request`, expired now if it is due.
    std::optional<Row> fresh(std::string_view id, WallTime now);
    [[nodiscard]] RequestView view_of(const Row& row, bool with_body);
    void move(Change& change, const Row& row, RequestEvent event, store::Move how, audit::Record record);
    RequestView told(std::string_view id);
    void tell() { if (changed_) changed_(nullptr); }

    ServiceOptions options_;
    audit::Journal& journal_;
    std::unique_ptr<store::ControlStore> store_;
    std::unique_ptr<KeyedHash> hash_;
    Ledger ledger_;
    std::function<void(const RequestView*)> changed_;
    std::vector<std::string> interrupted_;
    WallTime latest_{};
    WallTime grants_told_{};
};

}  // namespace pgveil::control
