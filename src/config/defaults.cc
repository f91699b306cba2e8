#include "config/sections.h"

namespace pgveil::config {
namespace {

void fill(Path& path, const std::string& fallback) {
    if (path.empty()) path.path = fallback;
}

/// A unix socket takes its number from the first TCP address of its list, as PgBouncer's does.
void number_sockets(std::vector<Endpoint>& endpoints, std::uint16_t fallback) {
    std::uint16_t port = fallback;
    for (const Endpoint& endpoint : endpoints) {
        if (!endpoint.is_unix()) {
            port = endpoint.port;
            break;
        }
    }
    for (Endpoint& endpoint : endpoints) {
        if (endpoint.is_unix()) endpoint.port = port;
    }
}

/// "file:relative" and "sqlite:relative" become absolute.
void make_absolute(std::string& text, std::string_view scheme, const Reader& reader) {
    if (text.starts_with(scheme)) text = std::string(scheme) + reader.absolute(std::string_view(text).substr(scheme.size()));
}

/// A pack is a name under rules_dir ("region/us") or a path; only what says so by ./, ../ or / is a path.
bool is_path(std::string_view pack) { return pack.starts_with('/') || pack.starts_with("./") || pack.starts_with("../"); }

}  // namespace

void fill_defaults(Config& config, Reader& reader) {
    Proxy& proxy = config.proxy;
    if (!reader.written("proxy.listen")) proxy.listen = {Endpoint{"127.0.0.1", "", 6432}};
    number_sockets(proxy.listen, 6432);
    const std::uint16_t agents_port = proxy.listen.empty() ? std::uint16_t{6432} : proxy.listen.front().port;
    number_sockets(config.admin.listen, agents_port);
    proxy.tls.mode = proxy.tls.effective();

    fill(proxy.state, reader.absolute("state"));
    const std::string& state = proxy.state.path;
    fill(config.audit.dir, state + "/audit");
    fill(config.audit.sign_key_file, state + "/sign.key");
    fill(config.masking.key_file, state + "/mask.key");
    if (config.store.url.empty()) config.store.url = "sqlite:" + state + "/control.db";
    make_absolute(config.store.url, "sqlite:", reader);
    for (std::string& anchor : config.audit.anchor) make_absolute(anchor, "file:", reader);
    if (!reader.written("masking.packs")) config.masking.packs = {"core"};
    for (std::string& pack : config.masking.packs) {
        if (is_path(pack)) pack = reader.absolute(pack);
    }
    for (ColumnEntry& column : config.masking.columns) {
        if (column.class_name.empty()) column.class_name = "SENSITIVE";
    }
}

}  // namespace pgveil::config
