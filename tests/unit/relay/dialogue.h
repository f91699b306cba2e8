// Dialogue: a Relay between two scripted peers, for tests. What each side got is read back as trace lines.
#pragma once

#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "catalog/snapshot_file.h"
#include "protocol/encoder.h"
#include "protocol/trace.h"
#include "relay/relay.h"
#include "support/test_hash.h"

namespace pgveil::test {

using Lines = std::vector<std::string>;

inline std::shared_ptr<const catalog::Snapshot> shop() {
    static const auto snapshot = std::make_shared<const catalog::Snapshot>(*catalog::read("tests/support/shop.catalog"), 1);
    return snapshot;
}

inline std::shared_ptr<const masking::CompiledRules> no_rules() {
    static const auto rules = *masking::compile({});
    return rules;
}

class Dialogue {
  public:
    explicit Dialogue(Access access = Access::Write, policy::Mode mode = policy::Mode::Enforce) {
        auto rules = std::make_shared<policy::Ruleset>();
        rules->mode = mode;
        rules->columns.push_back({"shop.public.customers.email", "EMAIL_ADDRESS", masking::Transform::Redact, std::nullopt});
        rules->equality_per_hour = 3;
        auto view = std::make_shared<relay::DatabaseView>();
        view->database = "shop";
        view->catalog = shop();
        view->rules = rules;
        view->tags = std::make_shared<const policy::TagTable>(policy::make_tags("shop", *shop(), *rules, *no_rules()));
        view->version = 1;
        tools_.masker = std::make_unique<masking::RowMasker>(no_rules(), keys_);
        tools_.tokens = std::make_shared<const TestHash>(2);
        relay::RelaySetup setup;
        setup.agent = {"copilot", "dana", {}};
        setup.session = SessionId{7};
        setup.view = view;
        setup.access = access;
        setup.writable_upstream = access == Access::Write;
        setup.search_path = "public";
        setup.allowance = std::make_shared<policy::Allowance>(policy::DailyBytes{});
        relay_ = std::make_unique<relay::Relay>(std::move(setup), tools_);
    }

    /// Bytes built by `put` come from the client (or the server); the log is durable at once unless `lazy_log`.
    template <class Put>
    void client(Put put) {
        Bytes bytes;
        put(bytes);
        event([&](relay::Actions& out) { relay_->on_client(bytes, now_, out); });
    }
    template <class Put>
    void server(Put put) {
        Bytes bytes;
        put(bytes);
        event([&](relay::Actions& out) { relay_->on_server(bytes, now_, out); });
    }
    void durable() {
        event([&](relay::Actions& out) { relay_->on_durable(last_record_, now_, out); });
    }
    /// A BEGIN that went through.
    void begin() {
        client([](Bytes& out) { protocol::put_query(out, "BEGIN"); });
        server([](Bytes& out) {
            protocol::put_command_complete(out, "BEGIN");
            protocol::put_ready_for_query(out, TransactionStatus::InTransaction);
        });
        const bool made_writable = to_server().size() == 2;
        if (made_writable) {
            server([](Bytes& out) {
                protocol::put_command_complete(out, "SET");
                protocol::put_ready_for_query(out, TransactionStatus::InTransaction);
            });
        }
        (void)to_client();
    }
    void answer(control::Answer answer) {
        const std::uint64_t ticket = asked.back().ticket;
        event([&](relay::Actions& out) { relay_->on_control(ticket, std::move(answer), now_, out); });
    }
    /// The first statement of a session asks for the search path; this is the server's answer to it.
    void answer_path() {
        say_path();
        (void)to_server();
        (void)to_client();
    }
    void say_path(std::optional<std::string> temporary = {}) {
        server([&](Bytes& out) {
            using namespace protocol;
            const std::vector<std::optional<std::string>> row{"public", temporary};
            put_parse_complete(out);
            put_bind_complete(out);
            put_text_row(out, row);
            put_command_complete(out, "SELECT 1");
            put_close_complete(out);
            put_close_complete(out);
            put_ready_for_query(out, TransactionStatus::Idle);
        });
    }

    /// An event that is no bytes.
    template <class What>
    void happen(What what) {
        event([&](relay::Actions& out) { what(*relay_, out); });
    }

    Lines to_client() { return lines(protocol::Direction::Backend, client_bytes_); }
    Lines to_server() { return lines(protocol::Direction::Frontend, server_bytes_); }
    [[nodiscard]] std::string client_text() const { return std::string(text_of(client_bytes_)); }
    relay::Relay& relay() { return *relay_; }

    std::vector<audit::Record> records;
    std::deque<relay::AskControl> asked;
    Lines others;
    bool lazy_log = false;
    std::string settings = "{}", objects = "0";   // the server's answer
    bool facts_fail = false;                      // with 57014
    int facts_asked = 0;

  private:
    template <class Event>
    void event(Event what) {
        const std::size_t before = server_bytes_.size();
        run(what);
        if (text_of(ByteView(server_bytes_).subspan(before)).find("pgveil_facts") != std::string_view::npos) say_facts(before);
    }
    /// What an approval binds is asked for at each hold; no test is about it but its own.
    void say_facts(std::size_t before) {
        Bytes question(server_bytes_.begin() + static_cast<std::ptrdiff_t>(before), server_bytes_.end());
        const bool synced = lines(protocol::Direction::Frontend, question).back() == "Sync";
        server_bytes_.resize(before);
        facts_asked += 1;
        server([&](Bytes& out) {
            const std::vector<std::optional<std::string>> row{settings, objects};
            protocol::put_parse_complete(out);
            protocol::put_bind_complete(out);
            if (facts_fail) {
                protocol::put_error(out, {.code = sqlstate::QueryCanceled, .message = "no", .detail = {}, .hint = {}, .more = {}});
            } else {
                protocol::put_text_row(out, row);
                protocol::put_command_complete(out, "SELECT 1");
                protocol::put_close_complete(out);
                protocol::put_close_complete(out);
            }
            const TransactionStatus status = relay_->transaction().status;
            const bool failed = facts_fail && status == TransactionStatus::InTransaction;
            if (synced) protocol::put_ready_for_query(out, failed ? TransactionStatus::Failed : status);
        });
    }
    template <class Event>
    void run(Event what) {
        relay::Actions out{client_bytes_, server_bytes_};
        what(out);
        bool appended = false;
        for (relay::Action& action : out.others) {
            if (auto* record = std::get_if<relay::AppendRecord>(&action)) records.push_back(record->record), last_record_ = record->number, appended = true;
            else if (auto* ask = std::get_if<relay::AskControl>(&action)) asked.push_back(std::move(*ask));
            else if (std::holds_alternative<relay::EndSession>(action)) others.push_back("end");
            else if (std::holds_alternative<relay::CancelServer>(action)) others.push_back("cancel");
            else if (std::holds_alternative<relay::RefreshCatalog>(action)) others.push_back("refresh");
        }
        if (appended && !lazy_log) durable();
    }
    static Lines lines(protocol::Direction direction, Bytes& bytes) {
        protocol::FrameReader reader(direction, 1 << 20, "");
        reader.feed(bytes);
        Lines all;
        for (auto step = reader.next(); step.next == protocol::FrameReader::Next::Frame; step = reader.next()) {
            all.push_back(protocol::trace_line(direction, step.frame));
            all.back() = all.back().substr(0, all.back().find(' '));
        }
        bytes.clear();
        return all;
    }

    TestHash keys_;
    relay::Tools tools_;
    std::unique_ptr<relay::Relay> relay_;
    Bytes client_bytes_, server_bytes_;
    std::uint64_t last_record_ = 0;
    Now now_{MonotonicTime{} + std::chrono::hours(1), WallTime{} + std::chrono::hours(1)};
};

/// A session whose first statement is over: the search path is known, records and peers' bytes are looked at.
struct Open : Dialogue {
    explicit Open(Access access = Access::Write) : Dialogue(access) {
        client([](Bytes& out) { protocol::put_query(out, "SELECT 1"); });
        answer_path();
        server([](Bytes& out) {
            protocol::put_command_complete(out, "SELECT 0");
            protocol::put_ready_for_query(out, TransactionStatus::Idle);
        });
        (void)to_client();
        (void)to_server();
        records.clear();
        durable();
    }
};

}  // namespace pgveil::test
