// What one option alone cannot show: clashes, dangling names, settings that contradict or endanger.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/sections.h"

namespace pgveil::config {

void check_names(const Config& config, Reader& reader);        // checks_names.cc
void check_rules(const Config& config, Reader& reader);        // checks_rules.cc
void check_masking(const Config& config, Reader& reader);

namespace {

bool is_local(std::string_view host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host.starts_with("%2F") || host.starts_with("%2f") ||
           Endpoint{std::string(host), "", 1}.is_loopback() || host == "[::1]";
}

/// libpq takes lists of hosts; one that is not local is enough.
bool all_local(std::string_view hosts) {
    while (!hosts.empty()) {
        const auto comma = hosts.find(',');
        if (!is_local(hosts.substr(0, comma))) return false;
        hosts.remove_prefix(comma == std::string_view::npos ? hosts.size() : comma + 1);
    }
    return true;
}

void check_upstream(const std::string& conninfo, const std::string& path, Reader& reader) {
    const Place place = reader.place_of(path);
    if (conninfo_value(conninfo, "password")) {
        reader.warning(place, path + ": contains a password", "put it into a file and name it in password_file");
    }
    if (conninfo_value(conninfo, "service")) return;      // host and sslmode may stand in the service file
    const std::string hosts = conninfo_value(conninfo, "hostaddr").value_or(conninfo_value(conninfo, "host").value_or(""));
    const auto sslmode = conninfo_value(conninfo, "sslmode");
    if (all_local(hosts) || sslmode == "verify-full") return;
    if (!sslmode) {
        reader.error(place, path + ": the server is not on this machine and sslmode is not set",
                     "add sslmode=verify-full (and sslrootcert=...); a weaker mode has to be written out");
    } else {
        reader.warning(place, fmt::format("{}: sslmode={} does not prove which server answers", path, *sslmode), "sslmode=verify-full does");
    }
}

void check_databases(const Config& config, Reader& reader) {
    if (config.databases.empty()) {
        reader.error({}, "no [[database]]", "name at least one database and its upstream");
    }
    for (std::size_t i = 0; i < config.databases.size(); ++i) {
        const Database& database = config.databases[i];
        const std::string path = fmt::format("database.{}", i);
        if (!database.upstream.empty()) check_upstream(database.upstream, path + ".upstream", reader);
        if (!database.upstream_write.empty()) check_upstream(database.upstream_write, path + ".upstream_write", reader);
        if (!database.password_file_write.empty() && database.upstream_write.empty()) {
            reader.error(reader.place_of(path + ".password_file_write"), path + ": password_file_write without upstream_write");
        }
        for (std::size_t s = 0; s < database.settings.size(); ++s) {
            const std::string& name = database.settings[s];
            if (name.find('.') == std::string::npos || name.starts_with("pgveil.")) {
                reader.error(reader.place_of(fmt::format("{}.settings.{}", path, s)),
                             fmt::format("{}.settings: \"{}\" is not a dotted name of an application", path, name), "as in \"app.tenant\"");
            }
        }
        if (database.dangerous_role) {
            reader.warning(reader.place_of(path + ".dangerous_role"), path + ": dangerous_role accepts an upstream role that can go round the proxy");
        }
    }
}

void check_tls(const Config& config, Reader& reader) {
    const Tls& tls = config.proxy.tls;
    const Place place = reader.place_of("proxy.tls.mode");
    const auto exposed = std::ranges::find_if_not(config.proxy.listen, &Endpoint::is_loopback);
    if (tls.mode == TlsMode::Off && exposed != config.proxy.listen.end()) {
        reader.error(reader.place_of(reader.written("proxy.tls") ? "proxy.tls.mode" : "proxy.listen"),
                     "TLS is off, but " + exposed->text() + " can be reached from other machines",
                     "set proxy.tls.cert and key, or listen on loopback and unix sockets only");
    }
    if (tls.mode != TlsMode::Off && tls.cert.empty()) reader.error(place, "proxy.tls needs a cert", "cert = \"server.crt\"");
    if (tls.cert.empty() != tls.key.empty()) {
        reader.error(reader.place_of(tls.cert.empty() ? "proxy.tls.key" : "proxy.tls.cert"), "proxy.tls: cert and key go together");
    }
    if (tls.mode == TlsMode::Allow && exposed != config.proxy.listen.end()) {
        reader.warning(place, "proxy.tls.mode = \"allow\" lets clients on other machines log in without TLS", "mode = \"require\"");
    }
}

void check_listeners(const Config& config, Reader& reader) {
    std::set<std::string> seen;
    const auto once = [&](const Endpoint& endpoint, const std::string& path) {
        const std::string key = endpoint.text() + (endpoint.is_unix() ? fmt::format("#{}", endpoint.port) : "");
        if (!seen.insert(key).second) reader.error(reader.place_of(path), path + ": " + endpoint.text() + " is listened on twice");
    };
    if (config.proxy.listen.empty()) reader.error(reader.place_of("proxy.listen"), "proxy.listen is empty", "listen = [\"127.0.0.1:6432\"]");
    for (std::size_t i = 0; i < config.proxy.listen.size(); ++i) once(config.proxy.listen[i], fmt::format("proxy.listen.{}", i));
    for (std::size_t i = 0; i < config.admin.listen.size(); ++i) {
        const std::string path = fmt::format("admin.listen.{}", i);
        once(config.admin.listen[i], path);
        if (!config.admin.listen[i].is_loopback() && config.proxy.tls.mode == TlsMode::Off) {
            reader.error(reader.place_of(path), path + ": people need TLS except on unix sockets and loopback", "set proxy.tls.cert and key");
        }
    }
    if (config.admin.http) {
        once(*config.admin.http, "admin.http");
        if (!config.admin.http->is_loopback() && config.proxy.tls.cert.empty()) {
            reader.error(reader.place_of("admin.http"), "admin.http beyond loopback needs TLS", "set proxy.tls.cert and key");
        }
    }
    if (config.admin.metrics) once(*config.admin.metrics, "admin.metrics");
}

void check_audit(const Config& config, Reader& reader) {
    const auto& anchors = config.audit.anchor;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
        if (anchors[i] != "syslog:" && !(anchors[i].starts_with("file:/") && anchors[i].size() > 6)) {
            reader.error(reader.place_of(fmt::format("audit.anchor.{}", i)), fmt::format("audit.anchor: \"{}\" is no anchor", anchors[i]),
                         "\"syslog:\" or \"file:/directory\"");
        }
    }
    if (anchors.empty()) {
        reader.warning(reader.place_of("audit"), "audit.anchor is not set: whoever holds this host and the key could cut the log off unnoticed",
                       "anchor = [\"syslog:\"]");
    }
    const std::string& url = config.store.url;
    if (!url.starts_with("sqlite:")) {
        reader.error(reader.place_of("store.url"), "store.url is not sqlite:FILE", "url = \"sqlite:state/control.db\"");
    }
}

void check_grants(const Config& config, Reader& reader, WallTime now) {
    for (std::size_t i = 0; i < config.grants.size(); ++i) {
        const GrantEntry& grant = config.grants[i];
        const std::string path = fmt::format("grant.{}", i);
        const Place place = reader.place_of(path + ".until");
        if (!grant.agent.empty() && config.agent(grant.agent) == nullptr) {
            reader.error(reader.place_of(path + ".agent"), fmt::format("{}: no agent is named \"{}\"", path, grant.agent));
        }
        const Database* database = config.database(grant.database);
        if (!grant.database.empty() && database == nullptr) {
            reader.error(reader.place_of(path + ".database"), fmt::format("{}: no database is named \"{}\"", path, grant.database));
        }
        if (grant.until == WallTime{}) continue;
        if (grant.until <= grant.not_before) {
            reader.error(place, path + ": ends before it begins");
        } else if (grant.until <= now) {
            reader.warning(place, path + ": is over, it gives no access any more", "remove it");
        } else if (database != nullptr && grant.until - now > database->max_grant) {
            reader.warning(place, fmt::format("{}: standing access until {}, longer than a person could grant (max_grant {})", path,
                                              text_of(grant.until), text_of(std::chrono::milliseconds(database->max_grant))),
                           "grant for a task from the console instead");
        }
    }
}

}  // namespace

void cross_check(Config& config, Reader& reader, WallTime now) {
    check_databases(config, reader);
    check_names(config, reader);
    check_tls(config, reader);
    check_listeners(config, reader);
    check_audit(config, reader);
    check_grants(config, reader, now);
    check_rules(config, reader);
    check_masking(config, reader);
}

}  // namespace pgveil::config
