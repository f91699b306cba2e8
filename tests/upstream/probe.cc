// Connects as the proxy does, takes the handed-over transport onto a loop, asks one query and prints what it
// met, one `name=value` a line. For tests/upstream/run.py.
//
// usage: upstream-probe CONNINFO [--password-file F] [--database D] [--name APPLICATION] [--set NAME=VALUE]...
//                       [--times N] [--cancel] [SQL]
#include <fmt/format.h>

#include <cstdio>
#include <latch>
#include <optional>

#include "net/event_loop.h"
#include "net/stream.h"
#include "protocol/backend_messages.h"
#include "protocol/encoder.h"
#include "protocol/frame_reader.h"
#include "upstream/connector.h"

using namespace pgveil;

namespace {

struct Arguments {
    upstream::ConnectRequest request;
    std::string sql = "SELECT 1";
    int times = 1;
    bool cancel = false;
};

Arguments read_arguments(int count, char** words) {
    Arguments arguments;
    arguments.request.conninfo = words[1];
    for (int i = 2; i < count; ++i) {
        const std::string_view word = words[i];
        if (word == "--password-file") arguments.request.password_file = words[++i];
        else if (word == "--database") arguments.request.database = words[++i];
        else if (word == "--name") arguments.request.application_name = words[++i];
        else if (word == "--times") arguments.times = std::atoi(words[++i]);
        else if (word == "--cancel") arguments.cancel = true;
        else if (word == "--set") {
            const std::string setting = words[++i];
            const std::size_t equal = setting.find('=');
            arguments.request.settings.emplace_back(setting.substr(0, equal), setting.substr(equal + 1));
        } else arguments.sql = word;
    }
    return arguments;
}

/// One simple query on a handed-over connection, then Terminate.
class Session final : net::StreamUser {
  public:
    Session(net::EventLoop& loop, upstream::Handover handover, upstream::Canceller* canceller)
        : loop_(loop), cancel_(std::move(handover.cancel)), canceller_(canceller),
          stream_(loop, std::move(handover.connection), *this), again_(loop, [this] { canceller_->cancel("", cancel_, {}); }) {}

    void ask(std::string_view sql) {
        protocol::put_query(stream_.out(), sql);
        stream_.written();
        if (canceller_ != nullptr) again_.start_every(std::chrono::milliseconds(20));
        loop_.run();
    }

  private:
    void on_data(net::Stream&, ByteView data) override {
        reader_.feed(data);
        for (;;) {
            const auto step = reader_.next();
            if (step.next == protocol::FrameReader::Next::Malformed) fmt::print("malformed=yes\n"), loop_.stop();
            if (step.next != protocol::FrameReader::Next::Frame) break;
            show(step.frame);
        }
        reader_.keep_rest();
    }
    void show(const protocol::Frame& frame) {
        std::vector<protocol::RawCell> cells;
        if (frame.type == 'D' && protocol::parse_data_row(frame.body, cells)) {
            for (const auto& cell : cells) {
                fmt::print("cell={}\n", cell.size < 0 ? "NULL" : std::string(text_of({cell.data, static_cast<std::size_t>(cell.size)})));
            }
        } else if (frame.type == 'C') {
            fmt::print("tag={}\n", protocol::parse_command_complete(frame.body).value_or("?"));
        } else if (frame.type == 'E') {
            fmt::print("error={}\n", protocol::parse_error_fields(frame.body)->sqlstate());
        } else if (frame.type == 'Z') {
            again_.stop();
            protocol::put_terminate(stream_.out());
            stream_.written();
            stream_.close_after_flush();
        }
    }
    void on_end(net::Stream&) override { fmt::print("end=early\n"), loop_.stop(); }
    void on_hangup(net::Stream&) override {}
    void on_drained(net::Stream&) override {}
    void on_secured(net::Stream&) override {}
    void on_closed(net::Stream&, net::CloseReason reason) override {
        fmt::print("closed={}\n", reason == net::CloseReason::Flushed ? "flushed" : "broken");
        loop_.stop();
    }

    net::EventLoop& loop_;
    upstream::CancelHandle cancel_;
    upstream::Canceller* canceller_;
    protocol::FrameReader reader_{protocol::Direction::Backend, 1 << 20, ""};
    net::Stream stream_;
    net::Timer again_;
};

void print(const upstream::Handover& handover) {
    fmt::print("pid={}\nencrypted={}\nserver_version={}\nserver_encoding={}\n", handover.backend_pid, handover.encrypted,
               handover.server_version, handover.server_encoding);
    for (const auto& [name, value] : handover.parameters) fmt::print("parameter.{}={}\n", name, value);
    if (handover.role) fmt::print("role={}\nwhy={}\n", handover.role->session_user, handover.role->why());
}

bool run(const Arguments& arguments, upstream::Connector& connector, upstream::Canceller& canceller) {
    std::optional<Result<upstream::Handover, upstream::ConnectFailure>> result;
    std::latch done(1);
    connector.connect(arguments.request, [&](Result<upstream::Handover, upstream::ConnectFailure> answer) {
        result.emplace(std::move(answer));
        done.count_down();
    });
    done.wait();
    if (!*result) {
        fmt::print("sqlstate={}\nmessage={}\ndetail={}\n", result->error().sqlstate, result->error().message, result->error().detail);
        return false;
    }
    print(**result);
    net::EventLoop loop;
    Session session(loop, std::move(**result), arguments.cancel ? &canceller : nullptr);
    session.ask(arguments.sql);
    return true;
}

}  // namespace

int main(int count, char** words) {
    if (count < 2) return 2;
    const Arguments arguments = read_arguments(count, words);
    upstream::Connector connector(2);
    upstream::Canceller canceller(1);
    for (int i = 0; i < arguments.times; ++i) {
        if (!run(arguments, connector, canceller)) return 1;
    }
    return 0;
}
