// SqliteStore: ControlStore on one SQLite file (WAL, synchronous=FULL, STRICT tables).
//
// Owner: control; one thread. A row that does not read back exactly is a Fault, not a guess. It makes no
// file and checks no directory: open.cc does, before.
#pragma once

#include "store/control_store.h"
#include "store/sqlite.h"

namespace pgveil::store {

class SqliteStore final : public ControlStore {
  public:
    /// Sets the pragmas, makes or brings forward the schema. Refusal: a sentence for the operator.
    [[nodiscard]] static Result<std::unique_ptr<ControlStore>, std::string> open(const std::string& path);

    Kept<void> begin() override;
    Kept<void> commit() override;
    void rollback() noexcept override;

    Kept<void> add_request(const RequestRow& row) override;
    Kept<std::optional<RequestRow>> find_request(std::string_view id) override;
    Kept<std::optional<RequestRow>> newest_of(std::string_view agent, std::string_view database,
                                              const Digest& digest) override;
    Kept<std::vector<RequestRow>> requests(std::string_view agent, std::size_t limit) override;
    Kept<std::vector<RequestRow>> requests_in(RequestState state) override;
    Kept<std::vector<RequestRow>> due(WallTime now) override;
    Kept<std::optional<WallTime>> next_due() override;
    Kept<bool> move(std::string_view id, RequestState from, const Move& move) override;
    Kept<std::optional<RequestRow>> consume(std::string_view id, WallTime now) override;
    Kept<std::int64_t> count_pending(std::string_view agent) override;
    Kept<std::vector<WallTime>> filed_since(std::string_view agent, WallTime since) override;

    Kept<bool> add_approval(const ApprovalRow& row) override;
    Kept<std::vector<ApprovalRow>> approvals(std::string_view request) override;
    Kept<void> add_denial(const DenialRow& row) override;
    Kept<std::vector<DenialRow>> denials_since(std::string_view agent, WallTime since) override;

    Kept<void> add_grant(const GrantRow& row) override;
    Kept<std::optional<GrantRow>> find_grant(std::string_view id) override;
    Kept<std::vector<GrantRow>> grants(WallTime since) override;
    Kept<bool> revoke_grant(std::string_view id, std::string_view by) override;

    Kept<void> set_switch(const SwitchRow& row) override;
    Kept<bool> clear_switch(SwitchKind kind, std::string_view name) override;
    Kept<std::vector<SwitchRow>> switches() override;

    Kept<std::vector<ColumnVote>> votes(std::string_view database) override;
    Kept<void> keep_votes(std::string_view database, Oid relation, const std::vector<ColumnVote>& votes) override;

  private:
    explicit SqliteStore(std::unique_ptr<Database> db) : db_(std::move(db)) {}
    [[nodiscard]] Kept<bool> changed(Statement& statement);
    std::unique_ptr<Database> db_;
};

}  // namespace pgveil::store
