// The log as a reader sees it that shares no line with us: log_oracle.py.
#include <doctest/doctest.h>

#include <cstdlib>

#include "audit/key_file.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

int oracle(const LogFixture& log, const std::string& key) {
    const std::string command = "python3 tests/unit/audit/log_oracle.py '" + log.options.dir + "' '" + key + "' > '" +
                                (log.base / "said").string() + "' 2>&1";
    return std::system(command.c_str());
}

}  // namespace

TEST_CASE("an independent reader agrees on every leaf, checksum, root and signature, and sees what was changed") {
    if (std::system("python3 -c pass") != 0) {
        MESSAGE("not run: no python3 here");
        return;
    }
    LogFixture log;
    log.options.segment_bytes = 4096;
    for (int run = 0; run < 2; ++run) {
        auto journal = log.open();
        for (int i = 0; i < 20; ++i) CHECK(journal->wait(journal->append(LogFixture::statement(i, "SELECT '\u202E'\n")).sequence));
    }
    const std::string key = print(load_signer_key(log.options.sign_key_file, false)->verifier());
    CHECK(oracle(log, key) == 0);
    CHECK(LogFixture::read(log.base / "said").starts_with("44 "));
    CHECK(oracle(log, print(generate_signer("pgveil").verifier())) != 0);
    const auto segment = log.files("seg")[1];
    std::string content = LogFixture::read(segment);
    content[content.find("copilot")] = 'k';
    LogFixture::write(segment, content);
    CHECK(oracle(log, key) != 0);
}
