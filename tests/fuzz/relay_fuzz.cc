// The relay between two peers of which neither can be trusted: bytes, answers, records and time in any order.
//
// An input is a list of steps: a letter, two bytes of length, that many bytes. What must hold: both peers get whole
// messages of the protocol and nothing after the end; no sensitive value reaches the client; no write reaches the server
// that nobody approved. The steps, as `step` reads them:
//   c, s   bytes of the client, of the server        C, S   one message: its type, then its body
//   a      the server answers, once for each byte    e      an event for each byte
// With a `w` before the first step the session is one of shadow mode, in which everything passes.
#include <array>
#include <memory>

#include "catalog/snapshot_file.h"
#include "peer_server.h"
#include "relay/relay.h"
#include "support/test_hash.h"

using namespace pgveil;
using fuzz::require;

namespace {

const std::shared_ptr<const catalog::Snapshot>& shop() {
    static const auto snapshot = std::make_shared<const catalog::Snapshot>(*catalog::read("tests/support/shop.catalog"), 1);
    return snapshot;
}

relay::DatabaseViewPtr make_view(std::uint64_t version, bool shadow) {
    auto rules = std::make_shared<policy::Ruleset>();
    rules->mode = shadow ? policy::Mode::Shadow : policy::Mode::Enforce;
    rules->columns.push_back({"shop.public.customers.email", "EMAIL_ADDRESS", masking::Transform::Redact, std::nullopt});
    rules->limits.rows = 5;
    rules->limits.time = std::chrono::seconds(1);
    auto view = std::make_shared<relay::DatabaseView>();
    view->database = "shop";
    view->catalog = shop();
    view->tags = std::make_shared<const policy::TagTable>(policy::make_tags("shop", *shop(), *rules, **masking::compile({})));
    view->rules = rules;
    view->version = version;
    return view;
}

class Session {
  public:
    explicit Session(bool shadow) : shadow_(shadow) {
        static const std::array views{make_view(1, false), make_view(1, true)};
        static const std::shared_ptr<const masking::CompiledRules> rules = *masking::compile({});
        tools_.masker = std::make_unique<masking::RowMasker>(rules, *tokens_);
        tools_.tokens = tokens_;
        relay::RelaySetup setup;
        setup.agent = {"copilot", "dana", {}};
        setup.session = SessionId{7};
        setup.view = views[shadow ? 1 : 0];
        setup.access = Access::Write;
        setup.writable_upstream = true;
        setup.search_path = "public";
        setup.max_message = 4096;
        setup.allowance = std::make_shared<policy::Allowance>(policy::DailyBytes{.egress = 100'000, .log = 0});
        relay_ = std::make_unique<relay::Relay>(std::move(setup), tools_);
    }

    void step(char what, ByteView bytes) {
        switch (what) {
            case 'c': return event([&](relay::Actions& out) { relay_->on_client(bytes, now_, out); });
            case 's': return event([&](relay::Actions& out) { relay_->on_server(bytes, now_, out); });
            case 'C': case 'S': return message(what == 'C', bytes);
            case 'a':
                for (const Byte choice : bytes) answer(choice);
                return;
            case 'e':
                for (const Byte which : bytes) happen(which);
                return;
            default: return;
        }
    }
    void finish() const {
        if (shadow_) return;
        require(text_of(all_to_client_).find(fuzz::kCanary) == std::string_view::npos, "no sensitive value reaches the client");
        require(server_.writes() <= approved_, "no write reaches the server that nobody approved");
    }

  private:
    void message(bool of_client, ByteView bytes) {
        if (bytes.empty()) return;
        Bytes whole;
        protocol::put_message(whole, static_cast<char>(bytes[0]), bytes.subspan(1));
        step(of_client ? 'c' : 's', whole);
    }
    void answer(Byte choice) {
        Bytes said;
        if (server_.answer(choice, said)) step('s', said);
    }
    template <class Event>
    void event(Event what) {
        if (ended_) return;
        Bytes to_client, to_server;
        relay::Actions out{to_client, to_server};
        what(out);
        for (relay::Action& action : out.others) carry_out(action);
        check_client(to_client);
        server_.take(to_server);
    }
    void carry_out(relay::Action& action) {
        if (const auto* record = std::get_if<relay::AppendRecord>(&action)) last_record_ = record->number;
        if (const auto* ask = std::get_if<relay::AskControl>(&action)) asked_ = *ask;
        if (std::holds_alternative<relay::EndSession>(action)) ended_ = true;
        cancels_ += std::holds_alternative<relay::CancelServer>(action) ? 1 : 0;
    }
    void check_client(ByteView bytes) {
        append(all_to_client_, bytes);
        client_.feed(bytes);
        for (;;) {
            const auto got = client_.next();
            require(got.next != protocol::FrameReader::Next::Malformed, "what the relay sends to the client is framed");
            if (got.next == protocol::FrameReader::Next::NeedMore) break;
        }
        client_.keep_rest();
    }
    void happen(Byte which) {
        now_.monotonic += std::chrono::milliseconds(300);
        switch (which % 10) {
            case 0: case 1: return event([&](relay::Actions& out) { relay_->on_durable(last_record_, now_, out); });
            case 2: return event([&](relay::Actions& out) { relay_->on_written(last_record_, now_, out); });
            case 3: return event([&](relay::Actions& out) { relay_->on_timer(now_, out); });
            case 4: return event([&](relay::Actions& out) { relay_->on_cancel(now_, out); });
            case 5:
                if (cancels_ == 0) return;
                --cancels_;
                return event([&](relay::Actions& out) { relay_->on_cancelled(now_, out); });
            case 6: case 7: return control(which / 10);
            case 8: return new_view();
            case 9: return rare(which / 10);
        }
    }
    void new_view() {
        static const std::array newer{make_view(2, false), make_view(2, true)};
        event([&](relay::Actions& out) { relay_->on_view(newer[shadow_ ? 1 : 0], true, now_, out); });
    }
    void rare(int which) {
        switch (which % 6) {
            case 0: return event([&](relay::Actions& out) { relay_->on_client_end(now_, out); });
            case 1: return event([&](relay::Actions& out) { relay_->on_peer_lost(true, now_, out); });
            case 2: return event([&](relay::Actions& out) { relay_->on_peer_lost(false, now_, out); });
            case 3: return event([&](relay::Actions& out) { relay_->on_audit_failed(now_, out); });
            case 4: return event([&](relay::Actions& out) { relay_->end(sqlstate::AdminShutdown, "over", now_, out); });
            case 5: return event([&](relay::Actions& out) { relay_->on_request_changed("r_aaaaaaaaaaaaaaaaaaaaaaaaaa", now_, out); });
        }
    }
    // What control may answer: a spent approval is the only one after which a write may run.
    void control(int which) {
        if (!asked_) return;
        const relay::AskControl ask = *std::exchange(asked_, std::nullopt);
        control::Answer answer;
        answer.outcome = static_cast<control::Outcome>(which % 9);
        answer.request.id = "r_aaaaaaaaaaaaaaaaaaaaaaaaaa";
        answer.request.state = static_cast<RequestState>(which % 11);
        const auto* consume = std::get_if<control::ConsumeRequest>(&ask.ask);
        if (consume != nullptr && consume->draft) answer.request.statement = consume->draft->statement;
        if (consume != nullptr && answer.outcome == control::Outcome::Consumed) ++approved_;
        event([&](relay::Actions& out) { relay_->on_control(ask.ticket, std::move(answer), now_, out); });
    }

    std::shared_ptr<const KeyedHash> tokens_ = std::make_shared<const test::TestHash>(2);
    relay::Tools tools_;
    std::unique_ptr<relay::Relay> relay_;
    fuzz::PeerServer server_;
    protocol::FrameReader client_{protocol::Direction::Backend, 1U << 20, "Dd"};
    Bytes all_to_client_;
    std::optional<relay::AskControl> asked_;
    std::uint64_t last_record_ = 0;
    std::size_t approved_ = 0, cancels_ = 0;
    const bool shadow_;
    bool ended_ = false;
    Now now_{MonotonicTime{} + std::chrono::hours(1), WallTime{} + std::chrono::hours(1)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteView rest(data, size);
    if (text_of(rest).contains(fuzz::kCanary.substr(0, 8))) return 0;   // what a peer says itself is no secret of the rows
    const bool shadow = size > 0 && rest[0] == 'w';
    Session session(shadow);
    if (shadow) rest = rest.subspan(1);
    while (rest.size() >= 3) {
        const std::size_t length = std::min<std::size_t>(rest[1] * 256U + rest[2], rest.size() - 3);
        session.step(static_cast<char>(rest[0]), rest.subspan(3, length));
        rest = rest.subspan(3 + length);
    }
    session.finish();
    return 0;
}
