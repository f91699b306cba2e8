#include "cli/upstream.h"

#include <fstream>

#include <fmt/format.h>

namespace pgveil::cli {
namespace {

Result<Secret, std::string> password_of(const config::Path& file) {
    if (file.empty()) return Secret();
    std::ifstream in(file.path);
    std::string line;
    if (!in || !std::getline(in, line)) return refuse("cannot read " + file.path);
    if (line.ends_with('\r')) line.pop_back();
    return Secret(std::string_view(line));
}

}  // namespace

Result<Secret, std::string> upstream_password(const config::Database& database, bool writer) {
    const bool own_file = writer && !database.password_file_write.empty();
    return password_of(own_file ? database.password_file_write : database.password_file);
}

Result<catalog::Snapshot::Contents, std::string> load_catalog(const config::Database& database, bool writer) {
    const auto password = upstream_password(database, writer);
    if (!password) return refuse(password.error());
    auto loader = catalog::Loader::connect(writer ? database.upstream_write : database.upstream, *password, database.connect_timeout);
    if (!loader) return refuse(loader.error().message);
    auto contents = loader->load();
    if (!contents) {
        const bool encoding = contents.error().what == catalog::LoadError::What::NotUtf8;
        return refuse(encoding ? std::string("the database is not UTF8: ") + contents.error().message : contents.error().message);
    }
    return std::move(*contents);
}

}  // namespace pgveil::cli
