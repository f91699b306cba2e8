#include "cli/serve.h"

#include <csignal>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "config/load.h"
#include "proxy/proxy.h"

namespace pgveil::cli {
namespace {

constexpr std::string_view kHelp =
    "usage: pgveil serve [--replace] [--config FILE]\n\n"
    "Runs the proxy in the foreground; talks on stderr. SIGHUP reads the config again (all or nothing), SIGTERM and\n"
    "SIGINT end sessions as they become idle, a second one ends at once.\n"
    "--replace takes over from the process that runs on the same state, without refusing or losing a connection: that one\n"
    "ends its sessions as with SIGTERM and exits 0. With nobody to take over from it is a plain start.\n"
    "The config defaults to $PGVEIL_CONFIG, then /etc/pgveil/pgveil.toml.\n"
    "Exit: 0 stopped or replaced, 2 usage or config, 3 cannot start, or cannot go on.\n";

std::string_view level_name(config::LogLevel level) {
    switch (level) {
        case config::LogLevel::Error: return "error";
        case config::LogLevel::Warning: return "warning";
        case config::LogLevel::Info: return "info";
        case config::LogLevel::Debug: return "debug";
    }
    return "error";
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) out += c; else out += ' ';
    }
    return out;
}

proxy::LogLine logger(config::LogFormat format, config::LogLevel wanted) {
    auto mutex = std::make_shared<std::mutex>();
    return [mutex, format, wanted](config::LogLevel level, const std::string& text) {
        if (level > wanted) return;
        const std::time_t now = std::time(nullptr);
        const std::scoped_lock lock(*mutex);
        if (format == config::LogFormat::Json) {
            fmt::print(stderr, "{{\"ts\":\"{:%Y-%m-%dT%H:%M:%SZ}\",\"level\":\"{}\",\"text\":\"{}\"}}\n", fmt::gmtime(now), level_name(level), escaped(text));
        } else {
            fmt::print(stderr, "{:%Y-%m-%d %H:%M:%S} UTC {}: {}\n", fmt::gmtime(now), level_name(level), text);
        }
        std::fflush(stderr);
    };
}

// No core file and no debugger of another process may read the keys and passwords in our memory.
void harden() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    ::umask(0077);
}

sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&set, number);
    return set;
}

void reload(proxy::Proxy& running, const proxy::LogLine& log) {
    const bool speaks = !running.replaced();   // for the service; otherwise another process does
    if (speaks) proxy::tell_manager_reloading();
    const console::ReloadOutcome outcome = running.reload();
    if (speaks) proxy::tell_manager("READY=1");
    for (const std::string& problem : outcome.problems) log(outcome.done ? config::LogLevel::Warning : config::LogLevel::Error, problem);
    for (const std::string& note : outcome.notes) log(config::LogLevel::Warning, note);
    log(outcome.done ? config::LogLevel::Info : config::LogLevel::Error, outcome.done ? "config reloaded" : "config not reloaded: the old one stays");
}

// What a burst of sessions took lies free in the allocator's arenas, which give nothing back by themselves: once a minute the
// machine has it again.
void give_memory_back(MonotonicTime& next) {
    const MonotonicTime now = std::chrono::steady_clock::now();
    if (now < next) return;
    ::malloc_trim(0);
    next = now + std::chrono::minutes(1);
}

// Until the drain is over. Signals are taken here and nowhere else.
void wait_and_obey(proxy::Proxy& running, const proxy::LogLine& log) {
    const sigset_t signals = our_signals();
    bool draining = false;
    MonotonicTime next_trim = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!running.finished()) {
        give_memory_back(next_trim);
        const timespec tick{0, 100'000'000};
        const int number = ::sigtimedwait(&signals, nullptr, &tick);
        if (number == SIGHUP) reload(running, log);
        if (number != SIGTERM && number != SIGINT) continue;
        if (draining) return running.stop_now();
        draining = true;
        if (running.replaced()) {
            running.shutdown();
            continue;
        }
        proxy::tell_manager("STOPPING=1");
        log(config::LogLevel::Info, "draining: sessions end as they become idle");
        running.shutdown();
    }
}

int say_end(proxy::Proxy::End end, const proxy::LogLine& log) {
    switch (end) {
        case proxy::Proxy::End::Stopped: log(config::LogLevel::Info, "stopped"); return 0;
        case proxy::Proxy::End::Replaced: log(config::LogLevel::Info, "replaced"); return 0;
        case proxy::Proxy::End::Lost: log(config::LogLevel::Error, "stopped: the log could not be written to the end"); return 3;
    }
    return 3;
}

int serve(const std::string& file, bool replace) {
    config::Loaded loaded = config::load(file);
    for (const config::Diagnostic& diagnostic : loaded.diagnostics) fmt::print(stderr, "{}\n", config::to_text(diagnostic));
    if (!loaded.usable()) return 2;
    auto config = std::make_shared<const config::Config>(std::move(loaded.config));
    const proxy::LogLine log = logger(config->proxy.log_format, config->proxy.log_level);
    std::vector<proxy::PassedSocket> passed = proxy::passed_sockets();
    harden();
    const sigset_t signals = our_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);   // inherited by every thread
    auto started = proxy::Proxy::start(config, log, std::move(passed), replace);
    if (!started) {
        log(config::LogLevel::Error, started.error());
        return 3;
    }
    for (const std::string& address : (*started)->listening()) log(config::LogLevel::Info, "listening on " + address);
    log(config::LogLevel::Info, "ready");
    proxy::tell_manager((*started)->replaces() ? fmt::format("MAINPID={}\nREADY=1", ::getpid()) : std::string("READY=1"));
    wait_and_obey(**started, log);
    (*started)->stop_now();
    return say_end((*started)->end(), log);
}

}  // namespace

int run_serve(std::span<const std::string_view> arguments) {
    const char* given = std::getenv("PGVEIL_CONFIG");
    std::string file = given != nullptr ? given : "/etc/pgveil/pgveil.toml";
    bool replace = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--help" || arguments[i] == "-h") {
            fmt::print("{}", kHelp);
            return 0;
        }
        if (arguments[i] == "--replace") replace = true;
        else if (arguments[i] == "--config" && i + 1 < arguments.size()) file = arguments[++i];
        else if (arguments[i].starts_with("--config=")) file = arguments[i].substr(9);
        else {
            fmt::print(stderr, "pgveil serve: unknown argument \"{}\"\n{}", arguments[i], kHelp);
            return 2;
        }
    }
    return serve(file, replace);
}

}  // namespace pgveil::cli
