// Link: one client connection, from accept to its end, and the server connection behind it.
//
// Joins net's streams to Login, Relay or the console and carries out what they want: bytes, records,
// questions, timers. No decision is taken here. Owner: Worker; its loop's thread.
//
//   phase      | what happens                               | next
//   Login      | startup, TLS, SCRAM                        | Connecting, Console, Cancelling, Closing
//   Cancelling | a CancelRequest, until it is carried out   | Closing
//   Connecting | libpq opens the server connection          | Relaying, Closing
//   Relaying   | agent's session                            | Closing
//   Console    | person's session, commands at the desk     | Closing
//   Closing    | what is queued goes out                    | gone
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/stream.h"
#include "protocol/frame_reader.h"
#include "proxy/login.h"
#include "proxy/renewal.h"
#include "proxy/worker.h"

namespace pgveil::console {
class ConsoleSession;
}

namespace pgveil::proxy {

class Link final : private net::StreamUser {
  public:
    Link(Worker& worker, std::uint64_t id, net::Accepted accepted, bool admin_listener, bool crowded);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    void on_written(std::uint64_t number);
    void on_durable(std::uint64_t number);
    void on_control(std::uint64_t ticket, control::Answer answer);
    void on_request_changed(const std::string& id);
    void on_view(const relay::DatabaseViewPtr& view, bool refreshed);
    void on_world();
    void on_audit_failed();
    /// `asker` hears (cancel_done) when the server has been told, or when there was nothing to tell it.
    void on_cancel(CancelAsker asker);
    void on_cancelled();
    void cancel_done();
    void on_upstream(Result<upstream::Handover, upstream::ConnectFailure> result);
    void on_console(Bytes output, bool ends);
    void check_grant();
    void count_statement(std::string_view rule);
    /// FATAL with `code` to the client, then the end.
    void end(SqlState code, const std::string& message);
    [[nodiscard]] bool drainable() const;
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    enum class Phase : std::uint8_t { Closing, Login, Cancelling, Connecting, Relaying, Console };

    void on_data(net::Stream& stream, ByteView data) override;
    void on_end(net::Stream& stream) override;
    void on_hangup(net::Stream& stream) override;
    void on_drained(net::Stream& stream) override;
    void on_secured(net::Stream& stream) override;
    void on_closed(net::Stream& stream, net::CloseReason reason) override;

    void on_login_bytes(ByteView data);
    void on_login_failed();
    void pass_cancel();
    void answer_askers();
    void proven();
    void open_agent();
    void open_person();
    void deny_access();
    void connect();
    [[nodiscard]] std::optional<std::string> add_settings(upstream::ConnectRequest& request);
    void welcome(const upstream::Handover& handover);
    [[nodiscard]] std::optional<upstream::Handover> take_warm(const upstream::ConnectRequest& request, const config::Database& database);
    void note_warm(upstream::Handover handover);
    [[nodiscard]] bool give_warm(relay::Parameters reported);
    void console_bytes(ByteView data);
    void ask_console();
    void run(relay::Actions& actions);
    void carry_out(relay::Action& action);
    void update_reading();
    void weigh();
    void record(audit::Kind kind, std::string_view why);
    void fatal(SqlState code, std::string message, std::string hint = {});
    [[nodiscard]] bool settling() const;
    void close(std::optional<relay::Parameters> reported = std::nullopt);
    void leave();
    void time_out();

    template <class Event>
    void with_relay(Event event);

    Worker& worker_;
    const std::uint64_t id_;
    Phase phase_ = Phase::Login;
    Peer peer_;
    std::unique_ptr<Login> login_;
    WorldPtr world_;
    std::string name_, database_, application_, asked_encoding_;
    Account account_;
    bool is_person_ = false, entered_ = false, writable_ = false, left_ = false;
    std::uint16_t minor_ = 0;
    WallTime since_{}, grant_until_{};
    MonotonicTime welcomed_{};
    std::string task_, reason_, start_path_;
    policy::AllowancePtr allowance_;           // of an agent
    std::shared_ptr<Counters> counters_;       // of its database
    std::shared_ptr<Activity> activity_;
    std::chrono::seconds wait_{0};
    Bytes server_sink_;                          // where bytes for a server that is gone end
    upstream::CancelHandle cancel_;
    std::size_t kept_ = 0;                       // of Shared::kept
    unsigned cancels_ = 0;                       // on their way to the server
    bool cancelled_ = false;                     // one ever was
    std::optional<Warmth> warmth_;               // the server connection may outlive the session
    std::vector<CancelAsker> askers_;            // who waits for them
    std::unique_ptr<relay::Relay> relay_;
    std::shared_ptr<console::ConsoleSession> console_;
    std::unique_ptr<protocol::FrameReader> console_frames_;
    std::vector<std::pair<char, Bytes>> console_queue_;
    bool console_busy_ = false;
    net::Timer timer_;                           // login deadline, then the relay's
    net::Stream client_;
    std::unique_ptr<net::Stream> server_;
};

}  // namespace pgveil::proxy
