// Office: the control service that the desk works with, wherever it is kept meanwhile.
//
// Here: our own, every call goes to it. Elsewhere: another process has it; relay's questions are asked there, and the
// caller waits; whatever people command is refused, as they are connected to that process now. Nowhere: nothing is
// answered. Desk's thread, or any while the desk is closed. Owner: Desk. Not hostile.
#pragma once

#include "control/service.h"

namespace pgveil::proxy {

class Office final : public control::ControlService {
  public:
    /// Blocks for the answer; Unavailable if there will be none.
    using AskElsewhere = std::function<control::Answer(const control::Ask& ask)>;
    void keep_here(std::unique_ptr<control::ControlService> service);
    void give_away() { here_.reset(); }
    void keep_elsewhere(AskElsewhere ask) { elsewhere_ = std::move(ask); }

    control::Answer answer(const control::Ask& ask, WallTime now) override;
    Result<RequestView, control::Refused> approve(const Person& who, std::string_view id, std::string_view reason, std::int64_t max_rows, WallTime now) override;
    Result<RequestView, control::Refused> deny(const Person& who, std::string_view id, std::string_view reason, WallTime now) override;
    Result<Grant, control::Refused> grant(const Person& who, Grant draft, std::chrono::seconds length, WallTime now) override;
    Result<Grant, control::Refused> revoke(const Person& who, std::string_view id, std::string_view reason, WallTime now) override;
    Result<std::vector<RequestView>, control::Refused> requests(const Person& who, WallTime now) override;
    Result<RequestView, control::Refused> request(const Person& who, std::string_view id, WallTime now) override;
    Result<std::vector<Grant>, control::Refused> grants(const Person& who, WallTime now) override;
    Result<control::Switch, control::Refused> disable(const Person& who, control::Switch::Subject subject, std::string_view name, std::string_view reason, WallTime now) override;
    Result<control::Switch, control::Refused> enable(const Person& who, control::Switch::Subject subject, std::string_view name, std::string_view reason, WallTime now) override;
    std::optional<std::vector<control::Switch>> switches() override;
    std::optional<std::vector<ColumnVote>> votes(std::string_view database) override;
    bool keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) override;
    std::vector<RequestView> interrupted() override;
    std::vector<Grant> live_grants(WallTime now) override;
    WallTime tick(WallTime now) override;
    void on_change(std::function<void(const RequestView*)> call) override;
    void reconfigure(control::ServiceOptions options, WallTime now) override;
    /// Ours to decide about what is allowed; elsewhere it is told by whoever has the service.
    [[nodiscard]] bool here() const { return here_ != nullptr; }

  private:
    std::unique_ptr<control::ControlService> here_;
    AskElsewhere elsewhere_;
    std::function<void(const RequestView*)> changed_;
};

}  // namespace pgveil::proxy
