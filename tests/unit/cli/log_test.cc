#include "cli/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "audit/key_file.h"
#include "cli/log_options.h"
#include "cli/log_print.h"
#include "crypto/digest.h"
#include "sql/lexer.h"
#include "unit/audit/log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;
using namespace pgveil::cli;

namespace {

struct Ran {
    int exit = -1;
    std::string out;
};

/// Runs the subcommand with standard output, and if given standard input, in files.
Ran run(const LogFixture& log, std::vector<std::string> words, const std::string& input = "") {
    const std::string out = (log.base / "stdout").string(), in = (log.base / "stdin").string();
    LogFixture::write(in, input);
    std::fflush(stdout);
    const int kept_out = ::dup(STDOUT_FILENO), kept_in = ::dup(STDIN_FILENO);
    const int to = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), from = ::open(in.c_str(), O_RDONLY);
    ::dup2(to, STDOUT_FILENO);
    ::dup2(from, STDIN_FILENO);
    const std::vector<std::string_view> args(words.begin(), words.end());
    Ran ran{run_log(args), {}};
    std::fflush(stdout);
    ::dup2(kept_out, STDOUT_FILENO);
    ::dup2(kept_in, STDIN_FILENO);
    for (const int fd : {kept_out, kept_in, to, from}) ::close(fd);
    ran.out = LogFixture::read(out);
    return ran;
}

std::string key_line(const LogFixture& log) {
    return print(load_signer_key(log.options.sign_key_file, false)->verifier());
}

}  // namespace

TEST_CASE("verify exits 0 with a key from outside, 1 with the log's own, 1 when something was changed") {
    const LogFixture log;
    log.run(3);
    const Ran good = run(log, {"verify", "--log", log.options.dir, "--key", key_line(log)});
    CHECK(good.exit == 0);
    CHECK(good.out.find("integrity     PASS") != std::string::npos);
    CHECK(good.out.find("completeness  UNPROVEN") != std::string::npos);
    const Ran self = run(log, {"verify", "--log=" + log.options.dir});
    CHECK(self.exit == 1);
    CHECK(self.out.find("self-attested") != std::string::npos);
    CHECK(self.out.find("integrity     PASS") != std::string::npos);
    const auto segment = log.files("seg")[0];
    std::string content = LogFixture::read(segment);
    content[content.find("copilot")] = 'k';
    LogFixture::write(segment, content);
    const Ran bad = run(log, {"verify", "--log", log.options.dir, "--key", key_line(log), "--json"});
    CHECK(bad.exit == 1);
    CHECK(bad.out.starts_with("{\"holds\":false,\"integrity\":{\"finding\":\"FAIL\""));
    CHECK(bad.out.find("\"first_bad\":1,") != std::string::npos);
}

TEST_CASE("a key may be given as a file, and what is no key is a usage error") {
    const LogFixture log;
    log.run(1);
    const std::string path = (log.base / "log.vkey").string();
    LogFixture::write(path, key_line(log) + "\n");
    CHECK(run(log, {"verify", "--log", log.options.dir, "--key", path}).exit == 0);
    CHECK(run(log, {"verify", "--log", log.options.dir, "--key", "nonsense"}).exit == 2);
}

TEST_CASE("an anchor file makes completeness PASS") {
    LogFixture log;
    const std::string anchor = (log.base / "anchor").string();
    log.options.anchors = {"file:" + anchor};
    log.run(3);
    const Ran ran = run(log, {"verify", "--log", log.options.dir, "--key", key_line(log), "--anchor", anchor});
    CHECK(ran.exit == 0);
    CHECK(ran.out.find("completeness  PASS") != std::string::npos);
    CHECK(run(log, {"verify", "--log", log.options.dir, "--key", key_line(log), "--anchor", anchor + "x"}).exit == 3);
}

TEST_CASE("usage errors exit 2, a missing log exits 3, help exits 0") {
    const LogFixture log;
    log.run(1);
    CHECK(run(log, {}).exit == 2);
    CHECK(run(log, {"frobnicate"}).exit == 2);
    CHECK(run(log, {"verify"}).exit == 2);
    CHECK(run(log, {"search", "--log", log.options.dir, "--nonsense"}).exit == 2);
    CHECK(run(log, {"search", "--log", log.options.dir, "--since", "yesterday"}).exit == 2);
    CHECK(run(log, {"search", "--log"}).exit == 2);
    CHECK(run(log, {"show", "--log", log.options.dir}).exit == 2);
    CHECK(run(log, {"verify", "--log", (log.base / "none").string()}).exit == 3);
    CHECK(run(log, {"--help"}).exit == 0);
    CHECK(run(log, {"verify", "--help"}).exit == 0);
}

TEST_CASE("show prints one record or the last ones, and exits 1 where there is none") {
    LogFixture log;
    log.options.segment_bytes = 2000;
    auto journal = log.open();
    for (int i = 0; i < 20; ++i) CHECK(journal->wait(journal->append(LogFixture::statement(i)).sequence));
    journal.reset();
    const Ran one = run(log, {"show", "--log", log.options.dir, "13"});
    CHECK(one.exit == 0);
    CHECK(one.out.find("statement    13\n") != std::string::npos);
    CHECK(run(log, {"show", "--log", log.options.dir, "22"}).exit == 1);
    const Ran last = run(log, {"show", "--log", log.options.dir, "--last", "12", "--json"});
    CHECK(std::ranges::count(last.out, '\n') == 12);
    CHECK(last.out.starts_with("{\"i\":10,"));
    const Ran tail = run(log, {"tail", "--log", log.options.dir, "-n", "3", "--json"});
    CHECK(tail.out.starts_with("{\"i\":19,"));
}

TEST_CASE("search prints text, JSON and CSV, and exits 1 when nothing was found") {
    const LogFixture log;
    log.run(3);
    const Ran text = run(log, {"search", "--log", log.options.dir, "--agent", "cop*"});
    CHECK(text.exit == 0);
    CHECK(text.out.find("    SELECT $1 FROM t\n") != std::string::npos);
    const Ran json = run(log, {"search", "--log", log.options.dir, "--kind", "stmt.intent", "--format", "json", "--limit", "2"});
    CHECK(std::ranges::count(json.out, '\n') == 2);
    const Ran csv = run(log, {"search", "--log", log.options.dir, "--kind", "stmt.intent", "--format", "csv"});
    CHECK(csv.out.starts_with("index,time,kind,agent,"));
    CHECK(std::ranges::count(csv.out, '\n') == 4);
    CHECK(run(log, {"search", "--log", log.options.dir, "--agent", "nobody"}).exit == 1);
}

TEST_CASE("what is printed is inert, whatever the record holds") {
    StoredRecord stored;
    stored.record.agent = "a\x1b[31m\u202Eb\r\nc";
    stored.record.task = "=HYPERLINK(\"x\")";
    stored.record.sql = "\tSELECT '\u2066'";
    for (const LogFormat format : {LogFormat::Text, LogFormat::Json, LogFormat::Csv}) {
        const std::string out = print_record(stored, format);
        CHECK(out.find('\x1b') == std::string::npos);
        CHECK(out.find('\r') == std::string::npos);
        CHECK(out.find('\t') == std::string::npos);
        CHECK(out.find("\u202E") == std::string::npos);
        CHECK(out.find("\u2066") == std::string::npos);
    }
    CHECK(csv_cell("=1+1") == "\"'=1+1\"");
    CHECK(csv_cell("-1") == "\"'-1\"");
    CHECK(csv_cell("@x") == "\"'@x\"");
    CHECK(csv_cell("\t=x") == "\"\\u{9}=x\"");
    CHECK(csv_cell("a\"b\"") == "\"a\"\"b\"\"\"");
    CHECK(csv_cell("\"") == "\"\"\"\"");
}

TEST_CASE("a value is found by the tokens its statements hold, and never printed") {
    const LogFixture log;
    const std::string key_file = (log.base / "token.key").string();
    const auto key = load_hash_key(key_file, true);
    REQUIRE(key);
    const auto keyed = crypto::make_keyed_hash(*key);
    const auto masked = sql::mask_for_log("SELECT * FROM t WHERE email = 'o''neil@example.com' AND id = 123456789", *keyed,
                                          [](std::string_view) { return false; });
    Record record = LogFixture::statement(1, masked.text);
    for (const auto& literal : masked.literals) record.literals.push_back({literal.type, literal.token, literal.length});
    auto journal = log.open();
    journal->append(LogFixture::statement(2));
    CHECK(journal->wait(journal->append(Record(record)).sequence));
    journal.reset();
    const std::vector<std::string> search{"search", "--log", log.options.dir, "--value-from-tty", "--token-key", key_file, "--json"};
    const Ran found = run(log, search, "o'neil@example.com\n");
    CHECK(found.exit == 0);
    CHECK(found.out.starts_with("{\"i\":2,"));
    CHECK(std::ranges::count(found.out, '\n') == 1);
    CHECK(found.out.find("neil") == std::string::npos);
    CHECK(run(log, search, "123456789\n").exit == 0);
    CHECK(run(log, search, "other@example.com\n").exit == 1);
    CHECK(run(log, {"search", "--log", log.options.dir, "--value-from-tty"}, "x\n").exit == 3);
}

TEST_CASE("prove writes one file that holds under the log's key and under no other") {
    const LogFixture log;
    log.run(5);
    const std::string proof = (log.base / "record.tlog-proof").string();
    CHECK(run(log, {"prove", "--log", log.options.dir, "3", "--out", proof}).exit == 0);
    const Ran held = run(log, {"prove", "--check", proof, "--key", key_line(log)});
    CHECK(held.exit == 0);
    CHECK(held.out.starts_with("PASS  record 3 "));
    CHECK(run(log, {"prove", "--check", proof}).exit == 2);
    LogFixture other;
    other.run(1);
    const Ran refused = run(log, {"prove", "--check", proof, "--key", key_line(other)});
    CHECK(refused.exit == 1);
    CHECK(refused.out.starts_with("FAIL"));
    CHECK(run(log, {"prove", "--log", log.options.dir, "--key", key_line(log), "7"}).exit == 3);
}

TEST_CASE("export gives one event a record in the shapes of OCSF, ECS and CSV") {
    const LogFixture log;
    {
        auto journal = log.open();
        Record record = LogFixture::statement(1);
        record.address = "[::1]:5000";
        record.kind = Kind::StmtResult;
        record.sqlstate = "00000";
        record.duration_us = 1500;
        record.masked = {{"email", 2}};
        CHECK(journal->wait(journal->append(Record(record)).sequence));
    }
    const Ran ocsf = run(log, {"export", "--log", log.options.dir, "--format", "ocsf", "--kind", "stmt.*"});
    CHECK(ocsf.exit == 0);
    CHECK(std::ranges::count(ocsf.out, '\n') == 1);
    for (const char* part : {"\"class_uid\":6005,\"activity_id\":1,\"type_uid\":600501,", "\"action_id\":4,\"disposition_id\":1",
                             "\"src_endpoint\":{\"ip\":\"::1\",\"port\":5000}", "\"actor\":{\"user\":{\"name\":\"copilot\"}}",
                             "\"query_info\":{\"query_string\":\"SELECT $1 FROM t\"}", "\"uid\":\"pgveil/1\""}) {
        CAPTURE(part);
        CHECK(ocsf.out.find(part) != std::string::npos);
    }
    const Ran ecs = run(log, {"export", "--log", log.options.dir, "--format", "ecs", "--kind", "stmt.*"});
    CHECK(ecs.out.find("\"duration\":1500000") != std::string::npos);
    CHECK(ecs.out.find("\"outcome\":\"success\"") != std::string::npos);
    CHECK(run(log, {"export", "--log", log.options.dir, "--format", "csv"}).out.starts_with("index,"));
    CHECK(run(log, {"search", "--log", log.options.dir, "--format", "ecs"}).exit == 2);
}
