#include "proxy/logbook.h"

#include <doctest/doctest.h>

#include <thread>

#include "audit/record_codec.h"

using namespace pgveil;
using namespace pgveil::proxy;
using audit::Append;

namespace {

/// What a log got, and in which order; outlives the journals on it.
struct Log {
    std::mutex mutex;
    std::vector<std::uint64_t> statements;
    std::vector<std::string> ends;
    bool broken = false;
};

class FakeJournal final : public audit::Journal {
  public:
    explicit FakeJournal(Log& log) : log_(log) {}
    ~FakeJournal() override {
        const std::lock_guard lock(log_.mutex);
        log_.ends.push_back(end_);
    }
    audit::Accepted append(audit::Record&& record) override {
        std::uint64_t sequence = 0;
        {
            const std::lock_guard lock(log_.mutex);
            if (log_.broken) return {Append::Failed, 0};
            log_.statements.push_back(record.statement);
            sequence = ++durable_;
        }
        if (progress_) progress_();
        return {Append::Accepted, sequence};
    }
    [[nodiscard]] std::uint64_t durable() const override { return durable_; }
    [[nodiscard]] bool failed() const override { return log_.broken; }
    void on_progress(std::function<void()> call) override { progress_ = std::move(call); }
    [[nodiscard]] audit::JournalStatus status() const override { return {}; }
    bool wait(std::uint64_t) override { return !log_.broken; }
    void say_at_end(std::string key, std::string value) override { end_ = key + "=" + value; }

  private:
    Log& log_;
    std::atomic<std::uint64_t> durable_{0};
    std::function<void()> progress_;
    std::string end_;
};

audit::Record record(std::uint64_t number) {
    audit::Record r;
    r.statement = number;
    return r;
}

std::vector<std::uint64_t> numbers(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = from; i <= to; ++i) all.push_back(i);
    return all;
}

}  // namespace

TEST_CASE("numbers go on from place to place, and only what is on disk is durable") {
    Log first, second;
    Logbook book;
    std::atomic<int> progress = 0;
    book.on_progress([&] { ++progress; });
    REQUIRE(book.keep_here(std::make_unique<FakeJournal>(first)));
    for (std::uint64_t i = 1; i <= 3; ++i) CHECK(book.append(record(i)).sequence == i);
    CHECK(book.durable() == 3);
    CHECK(book.write_through());

    REQUIRE(book.give_away("handed_over", "yes"));
    CHECK(first.ends == std::vector<std::string>{"handed_over=yes"});
    for (std::uint64_t i = 4; i <= 5; ++i) CHECK(book.append(record(i)).sequence == i);
    CHECK(book.durable() == 3);
    CHECK_FALSE(book.write_through());
    CHECK_FALSE(book.settle(std::chrono::milliseconds(1)));

    REQUIRE(book.keep_here(std::make_unique<FakeJournal>(second)));   // taken back
    CHECK(second.statements == numbers(4, 5));
    CHECK(book.durable() == 5);
    CHECK(book.wait(5));
    CHECK(book.append(record(6)).sequence == 6);
    CHECK(book.durable() == 6);
    REQUIRE(book.give_away("handed_over", "yes"));
    CHECK(book.append(record(7)).outcome == Append::Accepted);

    std::vector<std::uint64_t> sent;
    const int before = progress;
    book.keep_elsewhere([&](std::uint64_t sequence, Bytes bytes) {
        const auto got = audit::decode_record(bytes);
        REQUIRE(got);
        CHECK(got->statement == sequence);
        CHECK(got->time != WallTime{});
        sent.push_back(sequence);
    });
    CHECK(book.append(record(8)).sequence == 8);
    CHECK(sent == numbers(7, 8));
    CHECK(book.durable() == 6);
    CHECK_FALSE(book.write_through());
    book.acknowledged(7);
    CHECK(book.durable() == 7);
    book.acknowledged(1000);                                           // no more than there is
    CHECK(book.durable() == 8);
    CHECK(book.settle(std::chrono::milliseconds(0)));
    CHECK(progress > before);

    book.lose();
    CHECK(book.failed());
    CHECK(book.append(record(9)).outcome == Append::Failed);
    CHECK_FALSE(book.wait(9));
    CHECK(book.wait(8));
}

TEST_CASE("what is written nowhere is bounded, and room comes back") {
    Logbook book;
    std::uint64_t taken = 0;
    while (book.append(record(taken + 1)).outcome == Append::Accepted) ++taken;
    CHECK(taken == Logbook::kMostRecords);
    audit::Record refused = record(1);
    refused.sql = "kept";
    CHECK(book.append(std::move(refused)).outcome == Append::Full);
    CHECK(refused.sql == "kept");
    book.keep_elsewhere([](std::uint64_t, Bytes) {});
    CHECK(book.append(record(1)).outcome == Append::Full);
    book.acknowledged(10);
    for (int i = 0; i < 10; ++i) CHECK(book.append(record(1)).outcome == Append::Accepted);
    CHECK(book.append(record(1)).outcome == Append::Full);

    Logbook heavy;
    audit::Record large;
    large.sql.assign(Logbook::kMostBytes, 'x');
    CHECK(heavy.append(std::move(large)).outcome == Append::Accepted);   // one passes, whatever its size
    CHECK(heavy.append(record(1)).outcome == Append::Full);
}

TEST_CASE("a log that fails where it goes is lost for good") {
    Log log;
    Logbook book;
    CHECK(book.append(record(1)).outcome == Append::Accepted);
    log.broken = true;
    CHECK_FALSE(book.keep_here(std::make_unique<FakeJournal>(log)));
    CHECK(book.failed());
    CHECK_FALSE(book.wait(1));
    CHECK_FALSE(book.give_away("handed_over", "yes"));
    Log other;
    CHECK_FALSE(book.keep_here(std::make_unique<FakeJournal>(other)));
    CHECK(book.append(record(2)).outcome == Append::Failed);
}

TEST_CASE("threads that append while the log changes hands lose nothing, and never see a number twice") {
    constexpr std::uint64_t each = 3000;
    constexpr std::size_t threads = 4;
    Log log;
    std::vector<std::vector<std::uint64_t>> given(threads);
    Logbook book;
    REQUIRE(book.keep_here(std::make_unique<FakeJournal>(log)));
    std::atomic<bool> stop = false;
    std::thread mover([&] {
        while (!stop) {
            REQUIRE(book.give_away("handed_over", "yes"));
            std::this_thread::yield();
            REQUIRE(book.keep_here(std::make_unique<FakeJournal>(log)));
        }
    });
    std::vector<std::thread> writers;
    for (std::size_t t = 0; t < threads; ++t) {
        writers.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < each;) {
                const auto got = book.append(record(t * each + i));
                if (got.outcome != Append::Accepted) continue;
                given[t].push_back(got.sequence);
                ++i;
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    stop = true;
    mover.join();
    CHECK(book.wait(each * threads));
    std::vector<std::uint64_t> all;
    for (const auto& own : given) {
        CHECK(std::ranges::is_sorted(own));
        all.insert(all.end(), own.begin(), own.end());
    }
    std::ranges::sort(all);
    CHECK(all == numbers(1, each * threads));
    std::vector<std::uint64_t> written = log.statements;
    std::ranges::sort(written);
    CHECK(written == numbers(0, each * threads - 1));
}
