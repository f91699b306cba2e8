// A person's session: messages are framed here and handled one after the other at the desk.
#include "console/session.h"
#include "crypto/random.h"
#include "protocol/encoder.h"
#include "proxy/link.h"

namespace pgveil::proxy {
namespace {

constexpr std::size_t kMaxConsoleMessage = 128 * 1024;

}  // namespace

void Link::open_person() {
    if (!world_->is_console(database_)) {
        record(audit::Kind::AuthFail, "person on a database");
        return fatal(sqlstate::InvalidAuthorization, "people use the console database only",
                     "Connect to database \"" + world_->config->admin.console + "\".");
    }
    if (worker_.leaving()) return fatal(sqlstate::CannotConnectNow, "another process of the proxy has taken over: connect again");
    application_ = std::string(login_->startup().get("application_name"));
    SessionEntry entry{{id_, name_, database_, peer_.address.text, application_, true, peer_.encrypted, false, 0, since_}, worker_.index()};
    worker_.shared().registry.enter(std::move(entry), Secret());
    entered_ = true;
    record(audit::Kind::SessionOpen, "console");
    phase_ = Phase::Console;
    timer_.stop();
    login_.reset();
    console_frames_ = std::make_unique<protocol::FrameReader>(protocol::Direction::Frontend, kMaxConsoleMessage, "");
    console_busy_ = true;
    Worker& worker = worker_;
    worker.shared().desk->post([&worker, id = id_, name = name_, address = peer_.address.text, application = application_](control::ControlService& service) {
        Shared& shared = worker.shared();
        auto session = std::make_shared<console::ConsoleSession>(console::Place{service, *shared.host, *shared.journal},
                                                                 console::Asker{name, address, SessionId{id}, wall_now()});
        Bytes out;
        protocol::put_authentication_ok(out);
        session->greet(out, static_cast<std::uint32_t>(id), Secret(crypto::random_bytes(4)), application);
        worker.post([id, session = std::move(session), out = std::move(out)](Worker& self) mutable {
            Link* found = self.link(id);
            if (found == nullptr) return;
            found->console_ = std::move(session);
            found->on_console(std::move(out), false);
        });
    });
}

void Link::console_bytes(ByteView data) {
    console_frames_->feed(data);
    while (true) {
        const auto step = console_frames_->next();
        if (step.next == protocol::FrameReader::Next::NeedMore) break;
        const bool too_large = step.next == protocol::FrameReader::Next::Frame && !(step.frame.first && step.frame.last);
        if (step.next == protocol::FrameReader::Next::Malformed || too_large || console_frames_->kept() > 2 * kMaxConsoleMessage) {
            return fatal(sqlstate::ProtocolViolation, "invalid message");
        }
        console_queue_.emplace_back(step.frame.type, copy_of(step.frame.body));
    }
    console_frames_->keep_rest();
    ask_console();
}

// One batch at a time; what comes meanwhile waits, and beyond a bound is not read.
void Link::ask_console() {
    if (console_queue_.size() > 256) client_.pause_reading();
    if (console_busy_ || console_queue_.empty() || phase_ != Phase::Console) return;
    console_busy_ = true;
    auto messages = std::exchange(console_queue_, {});
    client_.resume_reading();
    Worker& worker = worker_;
    worker.shared().desk->post([&worker, id = id_, session = console_, messages = std::move(messages)](control::ControlService&) {
        Bytes out;
        bool ends = false;
        for (const auto& [type, body] : messages) {
            if (!session->handle(type, body, wall_now(), out)) {
                ends = true;
                break;
            }
        }
        worker.post([id, ends, out = std::move(out)](Worker& self) mutable {
            if (Link* found = self.link(id)) found->on_console(std::move(out), ends);
        });
    });
}

void Link::on_console(Bytes output, bool ends) {
    if (phase_ != Phase::Console) return;
    console_busy_ = false;
    client_.write(output);
    if (ends) return close();
    ask_console();
}

}  // namespace pgveil::proxy
