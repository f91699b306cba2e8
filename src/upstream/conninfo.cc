#include "upstream/conninfo.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>

namespace pgveil::upstream {
namespace {

constexpr std::size_t kMaxPasswordFile = 64 * 1024;
constexpr const char* kDefaultConnectTimeout = "15";

void erase(std::string& secret) {
    volatile char* at = secret.data();
    for (std::size_t i = 0; i < secret.size(); ++i) at[i] = '\0';
}

bool is_setting_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; };
    const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '$'; };
    return !name.empty() && letter(name[0]) && std::ranges::all_of(name, inner);
}

bool is_server_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Result<std::string, std::string> read_password(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return refuse("password file " + path + ": " + std::strerror(errno));
    std::string text(kMaxPasswordFile, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return refuse("password file " + path + ": cannot be read");
    std::fill(text.begin() + file.gcount(), text.end(), '\0');
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) return refuse("password file " + path + ": empty");
    if (text.find('\0') != std::string::npos || text.size() >= kMaxPasswordFile - 2) {
        erase(text);
        return refuse("password file " + path + ": no password");
    }
    return text;
}

Result<ConnectionParameters, std::string> parse(const std::string& conninfo) {
    char* error = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(conninfo.c_str(), &error), PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> guard(error, PQfreemem);
    // libpq quotes what it does not understand, which may be part of a password.
    if (!options) return refuse(std::string("the conninfo string is not one that libpq understands"));
    ConnectionParameters parameters;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) parameters.set(option->keyword, option->val);
    }
    return parameters;
}

std::optional<std::string> set_password(ConnectionParameters& parameters, const ConnectRequest& request) {
    if (!request.password.empty()) {
        parameters.set("password", text_of(request.password.reveal()));
    } else if (!request.password_file.empty()) {
        auto password = read_password(request.password_file);
        if (!password) return std::move(password.error());
        parameters.set("password", *password);
        erase(*password);
    }
    return std::nullopt;
}

// Printable, one line, of a length a log can bear: before TLS anybody may have written it.
std::string printable(std::string_view text) {
    constexpr std::size_t kMost = 1000;
    std::string result(text.substr(0, kMost));
    for (char& c : result) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    while (result.ends_with(' ')) result.pop_back();
    return result;
}

bool is_sqlstate(std::string_view text) {
    return text.size() == 5 && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

ConnectionParameters::~ConnectionParameters() {
    for (auto& [keyword, value] : all_) {
        if (keyword == "password" || keyword == "sslpassword") erase(value);
    }
}

void ConnectionParameters::set(std::string_view keyword, std::string_view value) {
    remove(keyword);
    all_.emplace_back(keyword, value);
}

void ConnectionParameters::remove(std::string_view keyword) {
    for (auto& [known, value] : all_) {
        if (known == keyword) erase(value);
    }
    std::erase_if(all_, [&](const auto& each) { return each.first == keyword; });
}

std::string_view ConnectionParameters::get(std::string_view keyword) const {
    for (const auto& [known, value] : all_) {
        if (known == keyword) return value;
    }
    return {};
}

Result<std::string, std::string> options_of(const Settings& settings) {
    std::string options;
    for (const auto& [name, value] : settings) {
        if (!is_setting_name(name)) return refuse(std::string("a startup setting has a name that is none"));
        if (value.find('\0') != std::string::npos) return refuse("startup setting " + name + " holds a NUL");
        if (!options.empty()) options += ' ';
        options += "-c " + name + '=';
        for (const char c : value) {
            if (c == '\\' || is_server_space(c)) options += '\\';
            options += c;
        }
    }
    return options;
}

Result<ConnectionParameters, std::string> assemble(const ConnectRequest& request) {
    for (const std::string* text : {&request.conninfo, &request.database, &request.application_name}) {
        if (text->find('\0') != std::string::npos) return refuse(std::string("a connection parameter holds a NUL"));
    }
    auto parameters = parse(request.conninfo);
    if (!parameters) return parameters;
    auto options = options_of(request.settings);
    if (!options) return refuse(std::move(options.error()));
    // The operator's own options come first, so that a pin behind them holds.
    std::string all_options(parameters->get("options"));
    if (!all_options.empty() && !options->empty()) all_options += ' ';
    all_options += *options;
    if (!all_options.empty()) parameters->set("options", all_options);

    if (!request.database.empty()) parameters->set("dbname", request.database);
    if (!request.application_name.empty()) parameters->set("application_name", request.application_name);
    const auto timeout = request.connect_timeout.count();
    if (parameters->get("connect_timeout").empty()) parameters->set("connect_timeout", timeout > 0 ? std::to_string(timeout) : kDefaultConnectTimeout);
    // A server that vanished is noticed within two minutes rather than the system's two hours.
    for (const auto& [keyword, value] : {std::pair{"keepalives_idle", "60"}, {"keepalives_interval", "15"}, {"keepalives_count", "4"}}) {
        if (parameters->get(keyword).empty()) parameters->set(keyword, value);
    }
    if (request.tcp_user_timeout.count() > 0 && parameters->get("tcp_user_timeout").empty()) {
        parameters->set("tcp_user_timeout", std::to_string(request.tcp_user_timeout.count()));
    }
    // A GSS layer would be libpq's private buffer; a walsender speaks another language than we check.
    parameters->set("gssencmode", "disable");
    parameters->remove("replication");
    parameters->set("client_encoding", "UTF8");
    if (auto problem = set_password(*parameters, request)) return refuse(std::move(*problem));
    return parameters;
}

ConnectFailure failure_of(std::string_view libpq_text) {
    ConnectFailure failure;
    // In verbose mode a server's line is `FATAL:  28P01: text`; with several hosts the last one counts.
    for (std::size_t at = libpq_text.find(":  "); at != std::string_view::npos; at = libpq_text.find(":  ", at + 1)) {
        const std::string_view rest = libpq_text.substr(at + 3);
        if (rest.size() < 7 || rest.substr(5, 2) != ": " || !is_sqlstate(rest.substr(0, 5))) continue;
        failure.sqlstate = rest.substr(0, 5);
        failure.message = printable(rest.substr(7, rest.find('\n') - 7));
    }
    failure.detail = printable(libpq_text.substr(0, libpq_text.find("\nLOCATION:")));
    if (failure.sqlstate.empty()) failure.message = failure.detail;
    return failure;
}

}  // namespace pgveil::upstream
