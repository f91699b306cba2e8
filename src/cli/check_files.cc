#include "cli/check_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "proxy/rules.h"

namespace pgveil::cli {
namespace {

using config::Diagnostic;
using config::Severity;

class Findings {
  public:
    explicit Findings(std::string file) : file_(std::move(file)) {}

    void add(Severity severity, std::string message, std::string hint = {}) {
        all_.push_back({severity, file_, 0, 0, std::move(message), std::move(hint)});
    }

    void readable(const config::Path& path, std::string_view option) {
        if (!path.empty() && access(path.path.c_str(), R_OK) != 0) {
            add(Severity::Error, fmt::format("{}: {}: {}", option, path.path, std::strerror(errno)));
        }
    }

    /// Must be readable by its owner alone, if it exists at all.
    void secret(const config::Path& path, std::string_view option) {
        struct stat about{};
        if (path.empty() || stat(path.path.c_str(), &about) != 0) return;
        if ((about.st_mode & 077) != 0) {
            add(Severity::Error, fmt::format("{}: {} can be read by others than its owner", option, path.path), "chmod 600 " + path.path);
        }
    }

    std::vector<Diagnostic> take() { return std::move(all_); }

  private:
    std::string file_;
    std::vector<Diagnostic> all_;
};

}  // namespace

std::vector<Diagnostic> check_files(const config::Config& config, const std::string& file) {
    Findings findings(file);
    const config::Tls& tls = config.proxy.tls;
    findings.readable(tls.cert, "proxy.tls.cert");
    findings.readable(tls.key, "proxy.tls.key");
    findings.secret(tls.key, "proxy.tls.key");
    findings.readable(tls.client_ca, "proxy.tls.client_ca");
    for (const config::Database& database : config.databases) {
        for (const config::Path* path : {&database.password_file, &database.password_file_write}) {
            const std::string option = fmt::format("password_file of {}", database.name);
            findings.readable(*path, option);
            findings.secret(*path, option);
        }
    }
    // Missing keys are made at the first start; whether it is the first, serve decides.
    findings.secret(config.audit.sign_key_file, "audit.sign_key_file");
    findings.secret(config.masking.key_file, "masking.key_file");
    for (const config::Path& old : config.masking.old_key_files) {
        findings.readable(old, "masking.old_key_files");
        findings.secret(old, "masking.old_key_files");
    }
    return findings.take();
}

std::vector<Diagnostic> check_packs(const config::Config& config, const std::string& file) {
    const auto compiled = proxy::compile_rules(config);
    if (compiled) return {};
    return {{Severity::Error, file, 0, 0, "masking.packs: " + compiled.error(), ""}};
}

}  // namespace pgveil::cli
