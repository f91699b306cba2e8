#include "upstream/opening.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ranges>

namespace pgveil::upstream {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kGlance = std::chrono::milliseconds(250);   // how soon a wish to stop is noticed

enum class Outcome : std::uint8_t { Failed, TimedOut, Stopped, Ready };

// libpq: zero, negative and nonsense mean no limit, and no limit is below two seconds.
std::chrono::seconds timeout_of(const ConnectionParameters& parameters) {
    const std::string_view text = parameters.get("connect_timeout");
    int seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (seconds <= 0) return std::chrono::hours(24 * 365);
    return std::chrono::seconds(std::max(2, seconds));
}

std::string place_of(const PGconn* connection) {
    const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
    return text(PQhost(connection)) + "|" + text(PQhostaddr(connection)) + "|" + text(PQport(connection));
}

void wait_for(const PGconn* connection, PostgresPollingStatusType wanted, Clock::duration most) {
    pollfd watched{.fd = PQsocket(connection), .events = 0, .revents = 0};
    watched.events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::min<Clock::duration>(most, kGlance));
    ::poll(&watched, 1, static_cast<int>(std::max<std::int64_t>(0, ms.count())));
}

bool is_ready(const PGconn* connection, PostgresPollingStatusType wanted) {
    pollfd watched{.fd = PQsocket(connection), .events = 0, .revents = 0};
    watched.events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    return ::poll(&watched, 1, 0) != 0;
}

Outcome drive(PGconn* connection, std::chrono::seconds timeout, const std::atomic<bool>& closing) {
    std::string place = place_of(connection);
    auto deadline = Clock::now() + timeout;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    for (;;) {
        if (closing) return Outcome::Stopped;
        const auto now = Clock::now();
        if (now >= deadline) return Outcome::TimedOut;
        wait_for(connection, wanted, deadline - now);
        if (!is_ready(connection, wanted)) continue;
        wanted = PQconnectPoll(connection);
        if (wanted == PGRES_POLLING_OK) return Outcome::Ready;
        if (wanted == PGRES_POLLING_FAILED) return Outcome::Failed;
        // Each host has the whole time to itself.
        if (std::string here = place_of(connection); here != place) {
            place = std::move(here);
            deadline = Clock::now() + timeout;
        }
    }
}

ConnectionPointer begin(const ConnectionParameters& parameters) {
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : parameters.all()) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* const connection = PQconnectStartParams(keywords.data(), values.data(), 0);
    if (connection == nullptr) return {};
    PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
    // libpq would print the server's notices on our stderr.
    PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
    return {connection, PQfinish};
}

// Hosts may come from a service file or the environment: what libpq made of them is asked back.
void adopt_hosts(ConnectionParameters& parameters, PGconn* connection) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection), PQconninfoFree);
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        const bool place = keyword == "host" || keyword == "hostaddr" || keyword == "port";
        if (place && option->val != nullptr) parameters.set(keyword, option->val);
    }
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    if (list.empty()) return parts;
    for (const auto part : std::views::split(list, ',')) parts.emplace_back(part.begin(), part.end());
    return parts;
}

// False: time is up, or the process ends.
bool collect(PGconn* connection, Clock::time_point deadline, const std::atomic<bool>& closing) {
    while (PQisBusy(connection) != 0) {
        const auto now = Clock::now();
        if (closing || now >= deadline) return false;
        wait_for(connection, PGRES_POLLING_READING, deadline - now);
        if (is_ready(connection, PGRES_POLLING_READING) && PQconsumeInput(connection) != 1) return false;
    }
    return true;
}

}  // namespace

ResultPointer ask_one_row(PGconn* connection, const char* sql, std::chrono::seconds most, const std::atomic<bool>& closing) {
    const auto deadline = Clock::now() + most;
    ResultPointer row;
    int answers = 0;   // the row, then the end of the result
    if (PQsendQuery(connection, sql) != 1 || PQsetSingleRowMode(connection) != 1) return {};
    while (collect(connection, deadline, closing)) {
        ResultPointer next(PQgetResult(connection), PQclear);
        if (!next) return answers == 2 ? row : ResultPointer{};
        const ExecStatusType wanted = ++answers == 1 ? PGRES_SINGLE_TUPLE : PGRES_TUPLES_OK;
        if (answers > 2 || PQresultStatus(next.get()) != wanted) break;
        if (answers == 1) row = std::move(next);
    }
    ::shutdown(PQsocket(connection), SHUT_RDWR);
    return {};
}

bool drop_tried_hosts(ConnectionParameters& parameters, std::string_view tried) {
    const auto addresses = split(parameters.get("hostaddr")), hosts = split(parameters.get("host"));
    const auto& known = hosts.empty() ? addresses : hosts;
    const auto found = std::ranges::find(known, tried);
    if (found == known.end() || found + 1 == known.end()) return false;
    const auto gone = static_cast<std::size_t>(found - known.begin()) + 1;
    for (const char* keyword : {"host", "hostaddr", "port"}) {
        const auto parts = split(parameters.get(keyword));
        if (parts.size() <= 1) continue;   // one port stands for all hosts
        std::string left;
        for (std::size_t i = gone; i < parts.size(); ++i) left += (left.empty() ? "" : ",") + parts[i];
        parameters.set(keyword, left);
    }
    return true;
}

Result<ConnectionPointer, ConnectFailure> open_connection(ConnectionParameters parameters,
                                                         const std::atomic<bool>& closing) {
    for (;;) {
        ConnectionPointer connection = begin(parameters);
        if (!connection) return refuse(failure_of("out of memory"));
        if (PQstatus(connection.get()) == CONNECTION_BAD) return refuse(failure_of(PQerrorMessage(connection.get())));
        switch (drive(connection.get(), timeout_of(parameters), closing)) {
            case Outcome::Ready: return connection;
            case Outcome::Failed: return refuse(failure_of(PQerrorMessage(connection.get())));
            case Outcome::Stopped: return refuse(failure_of("shutting down"));
            case Outcome::TimedOut: break;
        }
        adopt_hosts(parameters, connection.get());
        const char* const tried = PQhost(connection.get());
        if (!drop_tried_hosts(parameters, tried == nullptr ? "" : tried)) return refuse(failure_of("connect timeout expired"));
    }
}

}  // namespace pgveil::upstream
