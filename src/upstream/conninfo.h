// Conninfo: what we were configured with and what this session wants, put together for libpq.
//
// All of libpq's rules apply to what is configured (service, passfile, hosts, TLS); what the session wants
// travels in `options`, because settings given at startup are what RESET ALL returns to. No I/O but the
// password file. Settings come from agents: names and values are hostile. Values, any thread.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "pgveil/core/result.h"
#include "pgveil/core/secret.h"

namespace pgveil::upstream {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct ConnectRequest {
    std::string conninfo;              // libpq's, as configured
    std::string database;              // empty: the conninfo's
    std::string application_name;      // empty: the conninfo's
    Settings settings;                 // in order; of equal names the server takes the last: pins go last
    Secret password;                   // empty: see password_file, else libpq's own ways
    std::string password_file;         // read anew at each connect; its trailing line end does not count
    std::chrono::seconds connect_timeout{0};         // unless the conninfo has its own; zero: 15 s
    bool check_role = true;            // fill Handover::role (cached per conninfo and database)
    std::chrono::milliseconds tcp_user_timeout{0};   // unless the conninfo has its own; zero: the system's
};

/// libpq keywords and values. Holds the password: not to be kept or shown.
class ConnectionParameters {
  public:
    ConnectionParameters() = default;
    ConnectionParameters(ConnectionParameters&&) = default;
    ConnectionParameters& operator=(ConnectionParameters&&) = default;
    ~ConnectionParameters();
    void set(std::string_view keyword, std::string_view value);
    void remove(std::string_view keyword);
    [[nodiscard]] std::string_view get(std::string_view keyword) const;   // empty: not set
    [[nodiscard]] const Settings& all() const { return all_; }

  private:
    Settings all_;
};

/// The refusal is a sentence without secrets.
[[nodiscard]] Result<ConnectionParameters, std::string> assemble(const ConnectRequest& request);

/// "-c name=value ..." with the backslashes the server undoes. Refuses names that are none.
[[nodiscard]] Result<std::string, std::string> options_of(const Settings& settings);

/// libpq's verbose text -> the server's SQLSTATE and message, if a server spoke; otherwise libpq's words.
struct ConnectFailure {
    std::string sqlstate;    // empty: no server answered
    std::string message;     // of the server, or libpq's; one line, printable
    std::string detail;      // everything libpq said, for our log; never for the client
};
[[nodiscard]] ConnectFailure failure_of(std::string_view libpq_text);

}  // namespace pgveil::upstream
