// A journal in memory, a store in a temporary directory and a service on both, for the tests of control/.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "audit/journal.h"
#include "control/service.h"
#include "store/control_store.h"
#include "support/directory.h"

namespace pgveil::control::testing {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Keeps what was appended; durable at once unless told to fail.
class MemoryJournal final : public audit::Journal {
  public:
    audit::Accepted append(audit::Record&& record) override {
        if (full) return {audit::Append::Full, 0};
        records.push_back(std::move(record));
        return {audit::Append::Accepted, records.size()};
    }
    [[nodiscard]] std::uint64_t durable() const override { return broken ? 0 : records.size(); }
    [[nodiscard]] bool failed() const override { return broken; }
    void on_progress(std::function<void()>) override {}
    [[nodiscard]] audit::JournalStatus status() const override { return {}; }
    bool wait(std::uint64_t) override {
        ++waits;
        return !broken;
    }
    [[nodiscard]] std::size_t count(audit::Kind kind) const {
        return static_cast<std::size_t>(std::ranges::count(records, kind, &audit::Record::kind));
    }
    std::vector<audit::Record> records;
    bool broken = false, full = false;
    int waits = 0;
};

using pgveil::test::Directory;

inline const WallTime kStart = WallTime(std::chrono::days(20'000));

inline Person person(std::string name, std::vector<Role> roles, std::vector<std::string> groups = {}) {
    return {std::move(name), std::move(roles), std::move(groups)};
}

/// dana owns copilot; erik and faye are dba approvers; gil approves without a group; hana is auditor, ivan admin.
inline ServiceOptions options_for(const Directory& dir) {
    ServiceOptions o;
    o.store_url = "sqlite:" + dir.file().string();
    o.store_is_new = true;
    o.seal_key = Secret(Bytes(32, 7));
    o.denied_cooldown = seconds(900);
    o.agents = {{"copilot", "dana", {}}, {"rover", "", {}}};
    o.people = {person("dana", {Role::Approver, Role::Admin}, {"dba"}), person("erik", {Role::Approver}, {"dba"}),
                person("faye", {Role::Approver}, {"dba"}),              person("gil", {Role::Approver}),
                person("hana", {Role::Auditor}),                        person("ivan", {Role::Admin}),
                person("bea", {Role::BreakGlass})};
    o.databases = {{"shop", hours(8)}, {"bank", hours(1)}};
    return o;
}

inline RequestDraft draft_of(std::string statement = "DELETE FROM orders WHERE id = 1") {
    RequestDraft d;
    d.agent = "copilot";
    d.owner = "dana";
    d.database = "shop";
    d.reason = "clean up";
    d.statement = std::move(statement);
    d.masked_statement = "DELETE FROM orders WHERE id = $1";
    d.shape = "shape-1";
    d.sql_class = "write";
    d.rule = "orders need a dba";
    d.approvers = {"dba"};
    return d;
}

struct Bench {
    Directory dir;
    ServiceOptions options = options_for(dir);
    std::unique_ptr<MemoryJournal> journal = std::make_unique<MemoryJournal>();
    std::unique_ptr<ControlService> service;
    WallTime now = kStart;

    Bench() { open(); }
    explicit Bench(const std::function<void(ServiceOptions&)>& change) {
        change(options);
        open();
    }
    void open() {
        auto opened = ControlService::open(options, *journal, now);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error()));
        service = std::move(*opened);
    }
    /// Ends the service and starts it again on the same log and on the file as it is now.
    void restart() {
        service.reset();
        options.history = journal->records;
        options.store_is_new = false;
        open();
    }
    [[nodiscard]] Person who(std::string_view name) const { return *std::ranges::find(options.people, name, &Person::name); }

    Answer file(const RequestDraft& d = draft_of()) { return service->answer(FileRequest{d}, now); }
    Answer consume(const RequestDraft& d = draft_of()) {
        return service->answer(ConsumeRequest{.id = "", .agent = d.agent, .database = d.database, .draft = d}, now);
    }
    Answer consume_id(std::string id) { return service->answer(ConsumeRequest{.id = std::move(id), .agent = "copilot", .database = "shop"}, now); }
    Answer finish(std::string id, RequestState state) {
        return service->answer(FinishRequest{std::move(id), state, "DELETE 1", "", 1}, now);
    }
    auto approve(std::string_view name, std::string_view id, std::int64_t rows = -1) {
        return service->approve(who(name), id, "fine", rows, now);
    }
    auto deny(std::string_view name, std::string_view id) { return service->deny(who(name), id, "no", now); }
    RequestState state(std::string_view id) {
        auto seen = service->request(who("erik"), id, now);
        REQUIRE(seen.has_value());
        return seen->state;
    }
};

/// Filed and approved by erik.
inline std::string approved(Bench& b, const RequestDraft& d = draft_of()) {
    const auto filed = b.file(d);
    REQUIRE(filed.outcome == Outcome::Filed);
    REQUIRE(b.approve("erik", filed.request.id).has_value());
    return filed.request.id;
}

}  // namespace pgveil::control::testing
