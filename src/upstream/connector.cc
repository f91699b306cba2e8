#include "upstream/connector.h"

#include <fcntl.h>
#include <libpq-fe.h>

#include <cerrno>
#include <cstring>

#include "upstream/opening.h"
#include "upstream/worker_pool.h"

namespace pgveil::upstream {
namespace {

constexpr std::size_t kMaxCancelsWaiting = 1000;

// GUC_REPORT settings of PostgreSQL 13 to 18, in the order a server reports them (alphabetical).
constexpr const char* kReported[] = {
    "application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby",
    "integer_datetimes", "IntervalStyle", "is_superuser", "scram_iterations", "search_path", "server_encoding",
    "server_version", "session_authorization", "standard_conforming_strings", "TimeZone"};

ConnectFailure failure(std::string message) { return {.sqlstate = {}, .message = message, .detail = message}; }

void take_parameters(const PGconn* connection, Handover& handover) {
    for (const char* name : kReported) {
        if (const char* value = PQparameterStatus(connection, name)) handover.parameters.emplace_back(name, value);
    }
    if (const char* encoding = PQparameterStatus(connection, "server_encoding")) handover.server_encoding = encoding;
    handover.server_version = PQserverVersion(connection);
    handover.backend_pid = static_cast<std::uint32_t>(PQbackendPID(connection));
    handover.opened = std::chrono::steady_clock::now();
}

/// Idle, and nothing read that libpq has not understood to its end.
bool is_settled(PGconn* connection) {
    if (PQconsumeInput(connection) != 1 || PQisBusy(connection) != 0) return false;
    while (PGnotify* notification = PQnotifies(connection)) PQfreemem(notification);
    return PQstatus(connection) == CONNECTION_OK && PQtransactionStatus(connection) == PQTRANS_IDLE &&
           PQgssEncInUse(connection) == 0;
}

// A PGconn costs 37 KB. Without TLS its socket is all we need: the connection object is left with /dev/null,
// so that its goodbye goes nowhere.
std::optional<ConnectFailure> hand_over_plain(PGconn* connection, Handover& handover) {
    const int old = PQsocket(connection);
    auto socket = std::make_shared<net::Fd>(::fcntl(old, F_DUPFD_CLOEXEC, 3));
    const net::Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!*socket || !nowhere || ::dup3(nowhere.get(), old, O_CLOEXEC) < 0) return failure(std::strerror(errno));
    handover.connection = {.fd = socket->get(), .ssl = nullptr, .owner = socket};
    return std::nullopt;
}

std::optional<ConnectFailure> hand_over_tls(const ConnectionPointer& connection, Handover& handover) {
    // The last flush must not wait on a loop's thread.
    PQsetnonblocking(connection.get(), 1);
    auto* const ssl = static_cast<ssl_st*>(PQsslStruct(connection.get(), "OpenSSL"));
    if (ssl == nullptr) return failure("the TLS library of libpq is not OpenSSL");
    handover.connection = {.fd = PQsocket(connection.get()), .ssl = ssl, .owner = connection};
    handover.encrypted = true;
    return std::nullopt;
}

std::optional<ConnectFailure> hand_over(const ConnectionPointer& connection, Handover& handover) {
    handover.cancel = CancelHandle(PQgetCancel(connection.get()), PQfreeCancel);
    if (!handover.cancel) return failure("no cancel key");
    if (!is_settled(connection.get())) return failure("the server sent something unexpected after the login");
    take_parameters(connection.get(), handover);
    return PQsslInUse(connection.get()) != 0 ? hand_over_tls(connection, handover)
                                             : hand_over_plain(connection.get(), handover);
}

}  // namespace

Connector::Connector(unsigned threads, std::chrono::seconds role_cache)
    : closing_(std::make_unique<Closing>()), role_cache_(role_cache), pool_(std::make_unique<WorkerPool>(threads)) {}

Connector::~Connector() {
    closing_->flag = true;
    pool_.reset();
}

void Connector::connect(ConnectRequest request, Callback done) {
    std::string destination = request.conninfo;
    pool_->add(std::move(destination), [this, request = std::move(request), done = std::move(done)](bool wanted) mutable {
        if (wanted) done(connect_now(request));
        else done(refuse(failure("shutting down")));
    });
}

Result<Handover, ConnectFailure> Connector::connect_now(const ConnectRequest& request) {
    auto parameters = assemble(request);
    if (!parameters) return refuse(failure(std::move(parameters.error())));
    auto connection = open_connection(std::move(*parameters), closing_->flag);
    if (!connection) return refuse(std::move(connection.error()));
    Handover handover;
    if (request.check_role) {
        if (auto failed = find_role(connection->get(), request, handover)) return refuse(std::move(*failed));
    }
    if (auto failed = hand_over(*connection, handover)) return refuse(std::move(*failed));
    return handover;
}

Canceller::Canceller(unsigned threads) : pool_(std::make_unique<WorkerPool>(threads)) {}
Canceller::~Canceller() = default;

void Canceller::cancel(std::string destination, CancelHandle handle, Callback done) {
    if (!handle || pool_->waiting() >= kMaxCancelsWaiting) {
        if (done) done(false);
        return;
    }
    pool_->add(std::move(destination), [handle = std::move(handle), done = std::move(done)](bool wanted) mutable {
        char error[256];
        const bool sent = wanted && PQcancel(handle.get(), error, sizeof error) == 1;
        if (done) done(sent);
    });
}

}  // namespace pgveil::upstream
