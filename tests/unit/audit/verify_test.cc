// What somebody with access to the files can do to a log, and that each of it changes a verdict.
#include "audit/verify.h"

#include <doctest/doctest.h>

#include <random>

#include "audit/key_file.h"
#include "audit/proof.h"
#include "audit/search.h"
#include "audit/timestamp.h"
#include "log_fixture.h"

using namespace pgveil;
using namespace pgveil::audit;
namespace fs = std::filesystem;

namespace {

VerifierKey key_of(const LogFixture& log) { return load_signer_key(log.options.sign_key_file, false)->verifier(); }

VerifyReport verified(const LogFixture& log, std::vector<Anchor> anchors = {}) {
    return verify_log({{log.options.dir}, key_of(log), std::move(anchors), wall_now(), std::chrono::hours(24)});
}

std::string summary(const VerifyReport& r) {
    std::string all;
    for (const Verdict* v : {&r.integrity, &r.completeness, &r.freshness, &r.anchoring}) {
        all += std::string(name_of(v->finding)) + " " + v->ground + "\n";
    }
    for (const std::string& remark : r.remarks) all += remark + "\n";
    return all;
}

/// Several segments, several checkpoints, a blob.
struct BusyLog : LogFixture {
    BusyLog() {
        options.segment_bytes = 4096;
        auto journal = open();
        for (int i = 0; i < 40; ++i) CHECK(journal->wait(journal->append(statement(i)).sequence));
        CHECK(journal->wait(journal->append(statement(40, std::string(40000, 'x'))).sequence));
        for (int i = 41; i < 50; ++i) CHECK(journal->wait(journal->append(statement(i)).sequence));
    }
    [[nodiscard]] fs::path copy_to(const std::string& name) const {
        fs::copy(options.dir, base / name, fs::copy_options::recursive);
        return base / name;
    }
};

}  // namespace

TEST_CASE("an untouched log passes, completeness unproven without an anchor") {
    const BusyLog log;
    const VerifyReport report = verified(log);
    INFO(summary(report));
    CHECK(report.integrity.finding == Finding::Pass);
    CHECK(report.completeness.finding == Finding::Unproven);
    CHECK(report.freshness.finding == Finding::Pass);
    CHECK(report.anchoring.finding == Finding::Unproven);
    CHECK(report.holds());
    CHECK(report.remarks.empty());
    CHECK(report.records == 52);
    CHECK(report.segments > 2);
}

TEST_CASE("a key taken from the log itself attests nothing, and another key fails") {
    const BusyLog log;
    VerifyReport own = verify_log({{log.options.dir}, std::nullopt, {}, wall_now(), std::chrono::hours(24)});
    CHECK(own.integrity.finding == Finding::Pass);
    CHECK(own.self_attested);
    CHECK_FALSE(own.holds());
    const VerifierKey other = generate_signer("pgveil").verifier();
    VerifyReport foreign = verify_log({{log.options.dir}, other, {}, wall_now(), std::chrono::hours(24)});
    CHECK(foreign.integrity.finding == Finding::Fail);
    CHECK_FALSE(foreign.holds());
}

TEST_CASE("every changed bit of a segment changes a verdict") {
    const BusyLog log;
    std::mt19937 random(1);
    for (const fs::path& path : log.files("seg")) {
        const std::string content = LogFixture::read(path);
        for (int i = 0; i < 25; ++i) {
            std::string changed = content;
            const std::size_t at = random() % changed.size();
            changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
            LogFixture::write(path, changed);
            CAPTURE(at);
            CHECK_FALSE(verified(log).holds());
        }
        LogFixture::write(path, content);
    }
    CHECK(verified(log).holds());
}

TEST_CASE("a rewritten line with a fresh checksum does not fit the tree") {
    const BusyLog log;
    const fs::path path = log.files("seg")[0];
    std::string content = LogFixture::read(path);
    const std::size_t begin = content.find('\n', content.find('\n') + 1) + 1, end = content.find('\n', begin);
    auto stored = parse_line(std::string_view(content).substr(begin, end - begin));
    REQUIRE(stored);
    stored->record.agent = "mallory";
    content.replace(begin, end - begin, render_line(stored->index, stored->record, stored->signed_size).text);
    LogFixture::write(path, content);
    const VerifyReport report = verified(log);
    CHECK(report.integrity.finding == Finding::Fail);
    REQUIRE(report.first_bad);
    CHECK(report.first_bad->index <= 2);
}

TEST_CASE("swapped, deleted and doubled lines, cut ends and removed segments are found") {
    const BusyLog log;
    const auto segments = log.files("seg");
    for (const fs::path& path : segments) {
        const std::string content = LogFixture::read(path);
        const std::size_t one = content.find('\n') + 1, two = std::min(content.find('\n', one), content.size() - 1) + 1;
        const std::string first = content.substr(0, one), second = content.substr(one, two - one), rest = content.substr(two);
        for (const std::string& changed : {second + first + rest, first + rest, second + rest, first + first + second + rest,
                                           content.substr(0, content.size() - 1), first, std::string()}) {
            if (changed == content) continue;
            LogFixture::write(path, changed);
            CAPTURE(path.string());
            CHECK_FALSE(verified(log).holds());
        }
        fs::remove(path);
        const VerifyReport report = verified(log);
        CHECK_FALSE(report.holds());
        CHECK(report.completeness.finding == Finding::Fail);
        LogFixture::write(path, content);
    }
    CHECK(verified(log).holds());
}

TEST_CASE("every changed bit and every removed note of the checkpoints changes a verdict") {
    const BusyLog log;
    const std::string before = summary(verified(log));
    const fs::path path = log.files("ckpt")[0];
    const std::string content = LogFixture::read(path);
    std::mt19937 random(2);
    for (int i = 0; i < 60; ++i) {
        std::string changed = content;
        const std::size_t at = random() % changed.size();
        changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
        LogFixture::write(path, changed);
        CAPTURE(at);
        CHECK(summary(verified(log)) != before);
    }
    std::vector<std::size_t> starts{0};
    for (std::size_t at = content.find("\n\npgveil\n"); at != std::string::npos; at = content.find("\n\npgveil\n", at + 1)) {
        starts.push_back(at + 2);
    }
    REQUIRE(starts.size() > 10);
    starts.push_back(content.size());
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
        LogFixture::write(path, content.substr(0, starts[i]) + content.substr(starts[i + 1]));
        CAPTURE(i);
        // The last note of a log that was closed: without it the end is unsigned.
        CHECK_FALSE(verified(log).holds());
        if (i == 0) continue;
        LogFixture::write(path, content.substr(0, starts[i]));  // rolled back
        CHECK_FALSE(verified(log).holds());
    }
    LogFixture::write(path, content);
    CHECK(verified(log).holds());
}

TEST_CASE("a changed or missing blob is found") {
    const BusyLog log;
    const fs::path blob = fs::directory_iterator(log.files("blob")[0])->path();
    const std::string content = LogFixture::read(blob);
    LogFixture::write(blob, content + " ");
    CHECK(verified(log).integrity.finding == Finding::Fail);
    fs::remove(blob);
    CHECK(verified(log).completeness.finding == Finding::Fail);
}

TEST_CASE("a log cut back together with its checkpoints is found with an anchor and only with one") {
    LogFixture log;
    log.options.anchors = {"file:" + (log.base / "anchor").string()};
    log.run(5);
    fs::copy(log.options.dir, log.base / "old", fs::copy_options::recursive);
    log.run(5);
    const auto anchor = [&] {
        return Anchor{"anchor", find_checkpoints(LogFixture::read(log.base / "anchor"))};
    };
    const VerifyReport whole = verified(log, {anchor()});
    INFO(summary(whole));
    CHECK(whole.completeness.finding == Finding::Pass);
    CHECK(whole.anchoring.finding == Finding::Pass);
    fs::remove_all(log.options.dir);
    fs::rename(log.base / "old", log.options.dir);
    const VerifyReport blind = verified(log);
    CHECK(blind.completeness.finding == Finding::Unproven);
    const VerifyReport cut = verified(log, {anchor()});
    CHECK(cut.completeness.finding == Finding::Fail);
    CHECK_FALSE(cut.holds());
}

TEST_CASE("an anchor that holds another tree, or nothing of this key, fails") {
    const BusyLog log;
    const auto signer = load_signer_key(log.options.sign_key_file, false);
    std::size_t length = 0;
    const auto forked = parse_note(sign_note(*signer, {10, Digest{}}), length);
    const VerifyReport fork = verified(log, {{"fork", {*forked}}});
    CHECK(fork.integrity.finding == Finding::Fail);
    CHECK(fork.anchoring.finding == Finding::Fail);
    CHECK(verified(log, {{"empty", {}}}).anchoring.finding == Finding::Fail);
}

TEST_CASE("an old log and a log of the future are not fresh") {
    const BusyLog log;
    VerifyOptions options{{log.options.dir}, key_of(log), {}, wall_now() + std::chrono::hours(25), std::chrono::hours(24)};
    CHECK(verify_log(options).freshness.finding == Finding::Fail);
    options.now = wall_now() - std::chrono::hours(1);
    CHECK(verify_log(options).freshness.finding == Finding::Fail);
}

TEST_CASE("a clock set back shows in freshness") {
    const LogFixture log;
    auto journal = log.open();
    Record early = LogFixture::statement(1);
    early.time = wall_now() - std::chrono::hours(2);
    CHECK(journal->wait(journal->append(Record(early)).sequence));
    journal.reset();
    const VerifyReport report = verified(log);
    CHECK(report.freshness.finding == Finding::Unproven);
    CHECK(report.freshness.ground.find("stepped back") != std::string::npos);
}

TEST_CASE("a log can be verified while it is being written") {
    const LogFixture log;
    auto journal = log.open();
    for (int i = 0; i < 200; ++i) {
        const auto accepted = journal->append(LogFixture::statement(i));
        if (i % 20 != 0) continue;
        const VerifyReport report = verified(log);
        INFO(summary(report));
        CHECK(report.holds());
        CHECK(journal->wait(accepted.sequence));
    }
}

TEST_CASE("one record is proven by one file, and by no changed one") {
    const BusyLog log;
    const VerifierKey key = key_of(log);
    for (const std::uint64_t index : {0, 1, 17, 51}) {
        const auto proof = make_proof({log.options.dir}, key, index);
        REQUIRE(proof);
        const auto proven = check_proof(*proof, key);
        REQUIRE(proven);
        CHECK(proven->index == index);
        CHECK(parse_line(proven->line)->index == index);
        CHECK_FALSE(check_proof(*proof, generate_signer("pgveil").verifier()));
        std::string changed = *proof;
        for (std::size_t at = 0; at < changed.size(); ++at) {
            changed[at] = static_cast<char>(changed[at] ^ 4);
            CHECK_FALSE(check_proof(changed, key));
            changed[at] = (*proof)[at];
        }
    }
    CHECK_FALSE(make_proof({log.options.dir}, key, 52));
}

TEST_CASE("search finds by each of its filters") {
    const LogFixture log;
    auto journal = log.open();
    Record r = LogFixture::statement(1);
    r.agent = "other";
    r.person = "dana";
    r.masked = {{"shop.public.customers.email", 3}};
    r.literals = {{"text", "aabb", 4}};
    r.request = "r_1";
    r.sqlstate = "PV001";
    journal->append(LogFixture::statement(0));
    CHECK(journal->wait(journal->append(Record(r)).sequence));
    journal.reset();
    const auto hits = [&](const Filter& filter) {
        std::size_t count = 0;
        const auto scan = search_log({log.options.dir}, filter, [&](const StoredRecord&, std::string_view) { return ++count > 0; });
        CHECK_FALSE(scan.trouble);
        return count;
    };
    CHECK(hits({}) == 4);
    CHECK(hits({.agent = "other"}) == 1);
    CHECK(hits({.agent = "o*r"}) == 1);
    CHECK(hits({.person = "dana"}) == 1);
    CHECK(hits({.database = "shop"}) == 2);
    CHECK(hits({.relation = "public.orders"}) == 2);
    CHECK(hits({.relation = "public.orders:write"}) == 0);
    CHECK(hits({.column = "*.email"}) == 1);
    CHECK(hits({.kind = "stmt.*"}) == 2);
    CHECK(hits({.kind = "log.start"}) == 1);
    CHECK(hits({.request = "r_1"}) == 1);
    CHECK(hits({.sqlstate = "PV00?"}) == 1);
    CHECK(hits({.tokens = {"aabb"}}) == 1);
    CHECK(hits({.tokens = {"aabc"}}) == 0);
    CHECK(hits({.since = wall_now() + std::chrono::hours(1)}) == 0);
    CHECK(hits({.until = wall_now() + std::chrono::hours(1)}) == 4);
    CHECK(hits({.from_index = 3}) == 1);
}
