// Every file under tests/config: valid ones load without error, invalid ones give exactly the diagnostics
// that stand beside them in NAME.expected, one a line.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.h"

using namespace pgveil;
using namespace pgveil::config;

namespace {

namespace fs = std::filesystem;

std::string text_from(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

const WallTime kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22};

Loaded parse_text(std::string_view text) { return config::parse(text, "pgveil.toml", "/etc/pgveil", kNow); }

std::string diagnostics_of(const fs::path& file) {
    std::string text;
    for (const Diagnostic& d : config::parse(text_from(file), file.filename(), "/etc/pgveil", kNow).diagnostics) text += to_text(d) + "\n";
    return text;
}

std::vector<fs::path> files_in(const char* folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

void check_against_expected(const fs::path& file) {
    const fs::path expected = fs::path(file).replace_extension(".expected");
    INFO(file.string());
    CHECK(diagnostics_of(file) == (fs::exists(expected) ? text_from(expected) : ""));
}

}  // namespace

TEST_CASE("a valid file loads; what it is warned about stands beside it") {
    const auto files = files_in("tests/config/valid");
    REQUIRE(files.size() >= 3);
    for (const fs::path& file : files) {
        INFO(file.string());
        CHECK(config::parse(text_from(file), file.filename(), "/etc/pgveil", kNow).usable());
        check_against_expected(file);
    }
}

TEST_CASE("an invalid file gives all its mistakes at once, with place and hint") {
    const auto files = files_in("tests/config/invalid");
    REQUIRE(files.size() >= 8);
    for (const fs::path& file : files) {
        INFO(file.string());
        CHECK_FALSE(config::parse(text_from(file), file.filename(), "/etc/pgveil", kNow).usable());
        check_against_expected(file);
    }
}

TEST_CASE("the contract's example fills every field as written") {
    const Loaded loaded = config::parse(text_from("tests/config/valid/contract.toml"), "contract.toml", "/etc/pgveil", kNow);
    REQUIRE(loaded.usable());
    const Config& config = loaded.config;
    CHECK(config.proxy.listen == std::vector<Endpoint>{{"127.0.0.1", "", 6432}});
    CHECK(config.proxy.state.path == "/etc/pgveil/state");
    CHECK(config.store.url == "sqlite:/etc/pgveil/state/control.db");
    CHECK(config.audit.retain == std::chrono::days{400});
    CHECK(config.audit.anchor == std::vector<std::string>{"syslog:", "file:/mnt/other/anchors"});
    CHECK(config.admin.listen.at(0).directory == "/run/pgveil");
    CHECK(config.admin.http->port == 6480);
    const Database* shop = config.database("shop");
    REQUIRE(shop != nullptr);
    CHECK(shop->password_file.path == "/etc/pgveil/secrets/shop");
    CHECK(shop->max_grant == std::chrono::hours{8});
    CHECK(config.agent("copilot")->owner == "dana");
    CHECK(config.person("erik")->roles == std::vector<Role>{Role::Approver, Role::Admin});
    CHECK(config.grants.at(0).access == Access::Write);
    CHECK(config.grants.at(0).until == std::chrono::sys_days{std::chrono::year{2027} / 1 / 1});
    const RuleEntry& rule = config.rules.at(0);
    CHECK(rule.when.tables == std::vector<std::string>{"public.orders"});
    CHECK(rule.limits->bytes.bytes == 64ULL << 20);
    CHECK(rule.limits->time == std::chrono::seconds{30});
    CHECK(rule.pending == std::chrono::minutes{30});
    CHECK(config.masking.equality_limit.hour == 1000);
    CHECK(config.masking.columns.at(0).transform == masking::Transform::Pseudonym);
}

TEST_CASE("a date with another offset is the same instant") {
    const Loaded loaded = parse_text("[[grant]]\nagent = \"a\"\ndatabase = \"d\"\nuntil = 2027-01-01T02:30:00+02:30\n");
    REQUIRE(loaded.config.grants.size() == 1);
    CHECK(loaded.config.grants[0].until == std::chrono::sys_days{std::chrono::year{2027} / 1 / 1});
}

TEST_CASE("the config in effect shows neither verifiers nor passwords") {
    const Loaded loaded = parse_text(
        "[[database]]\nname = \"shop\"\nupstream = \"host=/tmp password='hun ter2' user=x\"\n"
        "[[database]]\nname = \"two\"\nupstream = \"postgresql://u:hunter2@/shop?password=hunter2&host=/tmp\"\n"
        "[[agent]]\nname = \"a\"\nsecret = \"SCRAM-SHA-256$4096:hunter2\"\n");
    const std::string text = effective(loaded.config);
    CHECK(text.find("ter2") == std::string::npos);
    CHECK(text.find("user=x") != std::string::npos);
    CHECK(text.find("name = \"shop\"") != std::string::npos);
    for (const Diagnostic& diagnostic : loaded.diagnostics) CHECK(to_text(diagnostic).find("hunter2") == std::string::npos);
}

TEST_CASE("the reference is itself a file whose keys are all known") {
    for (const Diagnostic& diagnostic : parse_text(reference()).diagnostics) {
        CHECK_MESSAGE(diagnostic.message.find("unknown key") == std::string::npos, to_text(diagnostic));
        // The examples' verifiers are cut short; nothing else of them is wrong.
        const bool fine = diagnostic.severity == Severity::Warning || diagnostic.message.find("verifier") != std::string::npos;
        CHECK_MESSAGE(fine, to_text(diagnostic));
    }
}

TEST_CASE("a reload is told what needs a restart") {
    const Config running = parse_text("[proxy]\nworkers = 2\nmax_clients = 10\n").config;
    const Config wanted = parse_text("[proxy]\nworkers = 4\nmax_clients = 20\n[admin]\nconsole = \"c\"\n").config;
    CHECK(needs_restart(running, wanted) == std::vector<std::string>{"proxy.workers", "admin.console"});
    CHECK(needs_restart(running, running).empty());
}

TEST_CASE("a file that cannot be read is one error") {
    const Loaded loaded = config::load("tests/config/no-such-file.toml");
    CHECK_FALSE(loaded.usable());
    CHECK(loaded.diagnostics.size() == 1);
    CHECK_FALSE(config::load("tests/config").usable());
}
