// Options of the process itself: proxy, TLS, policy, audit, store, admin.
#include "config/sections.h"

namespace pgveil::config {

template <>
const Options<Limits>& options_of<Limits>() {
    static const Options<Limits> all{
        option(&Limits::rows, {.name = "rows", .sentence = "Rows of one statement's result or effect; 0 = no limit.", .example = "100000"}),
        option(&Limits::bytes, {.name = "bytes", .sentence = "Bytes of one statement's result; 0 = no limit.", .example = "\"64MiB\""}),
        option(&Limits::time, {.name = "time", .sentence = "How long one statement may run; 0s = no limit.", .example = "\"30s\""}),
    };
    return all;
}

const Options<Proxy>& proxy_options() {
    static const Options<Proxy> all{
        option(&Proxy::listen, {.name = "listen", .sentence = "Addresses agents connect to: host:port, [v6]:port, unix:/directory.",
               .example = "[\"127.0.0.1:6432\", \"[::1]:6432\"]", .fallback = "[\"127.0.0.1:6432\"]", .restart = true}),
        option(&Proxy::workers, {.name = "workers", .sentence = "Event loops; 0 = one per core.", .example = "4", .restart = true, .most = 1024}),
        option(&Proxy::state, {.name = "state", .sentence = "Directory of keys, store and audit log unless set elsewhere.",
               .example = "\"/var/lib/pgveil\"", .fallback = "\"state\"", .restart = true}),
        option(&Proxy::max_clients, {.name = "max_clients", .sentence = "Client connections; 53300 beyond.", .example = "1000", .least = 1, .most = 1'000'000}),
        option(&Proxy::max_per_address, {.name = "max_per_address", .sentence = "Client connections from one address; 0 = no limit.", .example = "100"}),
        option(&Proxy::session_memory, {.name = "session_memory", .sentence = "What one session may make the proxy keep for it (messages not yet whole, prepared "
               "statements); 53200 and its end beyond.", .example = "\"1GiB\"", .least = 1 << 20}),
        option(&Proxy::memory, {.name = "memory", .sentence = "The same for all sessions together: beyond it a session that keeps more than 1MiB ends.",
               .example = "\"2GiB\"", .least = 64 << 20}),
        option(&Proxy::login_timeout, {.name = "login_timeout", .sentence = "How long a client may take to log in.", .example = "\"60s\"", .least = 1, .most = 3600}),
        option(&Proxy::drain_timeout, {.name = "drain_timeout", .sentence = "How long SIGTERM waits for sessions to end; a second SIGTERM ends at once.",
               .example = "\"30s\"", .most = 86400}),
        option(&Proxy::tcp_user_timeout, {.name = "tcp_user_timeout", .sentence = "How long sent data may stay unacknowledged before a connection is given up, "
               "both legs; 0s = the system's.", .example = "\"60s\"", .most = 86400}),
        option(&Proxy::log_format, {.name = "log_format", .sentence = "Form of the operational log on stderr.", .example = "\"json\"", .restart = true}),
        option(&Proxy::log_level, {.name = "log_level", .sentence = "Least grave message of the operational log.", .example = "\"info\""}),
    };
    return all;
}

const Options<Tls>& tls_options() {
    static const Options<Tls> all{
        option(&Tls::mode, {.name = "mode", .sentence = "TLS towards clients; off only on loopback and unix sockets.", .example = "\"require\"",
               .fallback = "\"require\" with a certificate, else \"off\"", .restart = true}),
        option(&Tls::cert, {.name = "cert", .sentence = "Server certificate chain, PEM.", .example = "\"server.crt\""}),
        option(&Tls::key, {.name = "key", .sentence = "Its private key, PEM.", .example = "\"server.key\""}),
        option(&Tls::client_ca, {.name = "client_ca", .sentence = "Authorities that sign agents' certificates; enables auth = \"cert\".",
               .example = "\"agents-ca.crt\""}),
    };
    return all;
}

const Options<Policy>& policy_options() {
    static const Options<Policy> all{
        option(&Policy::mode, {.name = "mode", .sentence = "enforce acts; shadow records what would have happened; warn does that and sends a NOTICE. "
               "Login, grants and the log hold in every mode.", .example = "\"shadow\""}),
        option(&Policy::limits, {.name = "limits", .sentence = "Limits of statements whose rule sets none.",
               .example = "{ rows = 1000000, bytes = \"1GiB\", time = \"30m\" }"}),
    };
    return all;
}

const Options<Audit>& audit_options() {
    static const Options<Audit> all{
        option(&Audit::dir, {.name = "dir", .sentence = "Directory of the log.", .example = "\"state/audit\"", .fallback = "\"audit\" under proxy.state", .restart = true}),
        option(&Audit::sign_key_file, {.name = "sign_key_file", .sentence = "Signing key from `pgveil keygen`; a missing or different key stops the "
               "start unless log and store are new.", .example = "\"state/sign.key\"", .fallback = "\"sign.key\" under proxy.state", .restart = true}),
        option(&Audit::retain, {.name = "retain", .sentence = "How long records must be kept; this version removes none.",
               .example = "\"400d\"", .least = 86400}),
        option(&Audit::reserve, {.name = "reserve", .sentence = "Disk space kept so that refusals and shutdown can still be recorded.", .example = "\"256MiB\"", .restart = true}),
        option(&Audit::fallback_dir, {.name = "fallback_dir", .sentence = "Where the log goes on when its directory fails.", .example = "\"/mnt/other/audit\"", .restart = true}),
        option(&Audit::anchor, {.name = "anchor", .sentence = "Where signed checkpoints are kept besides; without one, completeness is never PASS.",
               .example = "[\"syslog:\", \"file:/mnt/other/anchors\"]", .restart = true}),
        option(&Audit::durability, {.name = "durability", .sentence = "strict: intent on disk before effect or first result byte; group: that for "
               "writes, reads synced within 10 ms.", .example = "\"strict\""}),
    };
    return all;
}

const Options<Store>& store_options() {
    static const Options<Store> all{
        option(&Store::url, {.name = "url", .sentence = "sqlite:FILE.", .example = "\"sqlite:state/control.db\"",
               .fallback = "\"sqlite:control.db\" under proxy.state", .restart = true}),
    };
    return all;
}

const Options<Admin>& admin_options() {
    static const Options<Admin> all{
        option(&Admin::console, {.name = "console", .sentence = "Database name of the console.", .example = "\"pgveil\"", .restart = true}),
        option(&Admin::listen, {.name = "listen", .sentence = "If set, people log in only here and agents' listeners refuse them; people need TLS "
               "except on unix sockets.", .example = "[\"unix:/run/pgveil\"]", .restart = true}),
        option(&Admin::http, {.name = "http", .sentence = "Address of the API and web page; off until set; beyond loopback only with TLS.",
               .example = "\"127.0.0.1:6480\"", .restart = true}),
        option(&Admin::http_hosts, {.name = "http_hosts", .sentence = "Host names the HTTP interface answers to, beside its address.",
               .example = "[\"pgveil.example.com\"]"}),
        option(&Admin::metrics, {.name = "metrics", .sentence = "Address of /metrics alone, without login; off until set.", .example = "\"127.0.0.1:6481\"", .restart = true}),
    };
    return all;
}

}  // namespace pgveil::config
