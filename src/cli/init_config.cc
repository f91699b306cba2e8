#include "cli/init_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/values.h"

namespace pgveil::cli {
namespace {

std::string toml(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string conninfo_quoted(std::string_view value) {
    const bool plain = !value.empty() && value.find_first_of(" '\\\t\n") == std::string_view::npos;
    if (plain) return std::string(value);
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

bool is_local_host(const std::string& host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || config::Endpoint{host, "", 1}.is_loopback();
}

std::string list_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + toml(word);
    return text;
}

std::string database_table(const InitConfig& config) {
    std::string text = fmt::format("[[database]]\nname     = {}\nupstream = {}\n", toml(config.database), toml(config.upstream.text()));
    if (!config.upstream.password_file.empty()) text += fmt::format("password_file = {}\n", toml(config.upstream.password_file));
    if (config.upstream_write) {
        text += fmt::format("upstream_write = {}\n", toml(config.upstream_write->text()));
        if (!config.upstream_write->password_file.empty()) {
            text += fmt::format("password_file_write = {}\n", toml(config.upstream_write->password_file));
        }
    } else {
        text += "# upstream_write = \"...\"              # recommended: a role that may write, for sessions under a write grant; `upstream` then needs SELECT only\n";
    }
    text += config.dangerous_role ? "dangerous_role = true                # for trials: this role can go round the proxy\n" : "";
    return text + "max_grant = \"8h\"\n";
}

}  // namespace

std::optional<std::string> Conninfo::get(std::string_view keyword) const {
    const auto found = std::ranges::find(pairs, keyword, &std::pair<std::string, std::string>::first);
    return found == pairs.end() ? std::nullopt : std::optional(found->second);
}

std::string Conninfo::text() const {
    std::string text;
    for (const auto& [keyword, value] : pairs) text += fmt::format("{}{}={}", text.empty() ? "" : " ", keyword, conninfo_quoted(value));
    const bool remote = !is_local_host(get("hostaddr").value_or(get("host").value_or(""))) && !get("service");
    if (remote && !get("sslmode")) text += " sslmode=verify-full";
    return text;
}

std::string text_of(const InitConfig& config) {
    // A first grant, so that the agent can be tried at once; people give the next ones.
    const std::string until = config::text_of(config.now + std::chrono::hours{8});
    return fmt::format(
        "# pgveil. Every option: pgveil check --reference. After a change: pgveil check --config THIS, then SIGHUP.\n\n"
        "[proxy]\nlisten = [{listen}]\nstate  = \"state\"\n\n"
        "[policy]\nmode = {mode}                     # shadow records what enforce would do; warn also tells the agent\n\n"
        "[audit]\ndir = \"state/audit\"\nsign_key_file = \"state/sign.key\"\n"
        "# anchor = [\"syslog:\", \"file:/mnt/other/anchors\"]   # without one the log cannot prove that its end is not cut off\n\n"
        "[admin]\nconsole = \"pgveil\"\n{http}\n"
        "{database}\n"
        "[[agent]]\nname   = {agent}\nauth   = \"scram\"\nsecret = {agent_secret}\n"
        "# owner = \"...\"                        # who answers for it; may then neither grant to it nor approve for it\n\n"
        "[[person]]\nname   = {person}\nsecret = {person_secret}\nroles  = [\"approver\", \"auditor\", \"admin\"]\ngroups = [\"dba\"]\n\n"
        "[[grant]]                             # to try it out; later ones: GRANT write ON db TO agent FOR '2 hours' on the console\n"
        "agent = {agent}\ndatabase = {name}\naccess = \"write\"\nuntil = {until}\n\n"
        "# [[rule]]                            # first match wins; without rules: reads pass, writes and DDL wait for a person\n"
        "# name = \"orders need a dba\"\n# when = {{ kind = [\"write\"], tables = [\"public.orders\"] }}\n# action = \"hold\"\n# approvers = [\"dba\"]\n\n"
        "[masking]\npacks = [{packs}]\n\n"
        "# [[masking.column]]\n# column = \"{plain_name}.public.customers.email\"\n# class = \"EMAIL_ADDRESS\"\n# transform = \"pseudonym\"\n",
        fmt::arg("listen", toml(config.listen)), fmt::arg("mode", toml(config.wanted_mode)),
        fmt::arg("http", config.http.empty() ? "# http = \"127.0.0.1:6480\"             # web page and API\n" : "http = " + toml(config.http) + "\n"),
        fmt::arg("database", database_table(config)), fmt::arg("agent", toml(config.agent)),
        fmt::arg("agent_secret", toml(config.agent_verifier)), fmt::arg("person", toml(config.person)),
        fmt::arg("person_secret", toml(config.person_verifier)), fmt::arg("name", toml(config.database)), fmt::arg("until", until), fmt::arg("packs", list_of(config.packs)),
        fmt::arg("plain_name", config.database.find_first_of("\n\r") == std::string::npos ? config.database : "db"));
}

}  // namespace pgveil::cli
