// journal DIR [RECORDS] [WAITERS]: how many records a second the journal makes durable, signed included.
//
// The log it writes below DIR, in a directory of its own that is removed again, must verify. Two figures: all records handed over as fast as the
// queue takes them (batches form by themselves), and WAITERS threads that each wait for their own record.
#include <fmt/core.h>

#include <charconv>
#include <filesystem>
#include <thread>
#include <vector>

#include "audit/journal.h"
#include "audit/key_file.h"
#include "audit/timestamp.h"
#include "audit/verify.h"

using namespace pgveil;
using namespace pgveil::audit;

namespace {

using Clock = std::chrono::steady_clock;

Record statement(std::uint64_t number) {
    Record record;
    record.kind = Kind::StmtIntent;
    record.agent = "copilot";
    record.database = "shop";
    record.session = 4711;
    record.statement = number;
    record.address = "10.0.0.17:51234";
    record.sql = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.id = $1";
    record.literals = {{"int8", "00112233445566778899aabbccddeeff", 9}};
    record.sql_class = "read";
    record.decision = "allow";
    record.rule = "built-in read";
    record.relations = {"public.orders:read", "public.customers:read"};
    return record;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void append_all(Journal& journal, std::uint64_t count) {
    const auto start = Clock::now();
    std::uint64_t last = 0;
    for (std::uint64_t i = 1; i <= count;) {
        const Accepted accepted = journal.append(statement(i));
        if (accepted.outcome == Append::Failed) std::exit(3);
        if (accepted.outcome == Append::Full) {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
            continue;
        }
        last = accepted.sequence;
        ++i;
    }
    journal.wait(last);
    fmt::print("batched       {:>9.0f} records/s\n", static_cast<double>(count) / seconds_since(start));
}

void append_waiting(Journal& journal, unsigned waiters, std::uint64_t each) {
    const auto start = Clock::now();
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < waiters; ++t) {
        threads.emplace_back([&] {
            for (std::uint64_t i = 0; i < each; ++i) journal.wait(journal.append(statement(i)).sequence);
        });
    }
    for (std::thread& thread : threads) thread.join();
    const double seconds = seconds_since(start);
    fmt::print("{:>3} waiters   {:>9.0f} records/s, {:.0f} us each\n", waiters, waiters * static_cast<double>(each) / seconds,
               seconds / static_cast<double>(each) * 1e6);
}

std::uint64_t number(int argc, char** argv, int at, std::uint64_t otherwise) {
    if (argc <= at) return otherwise;
    std::uint64_t value = otherwise;
    const std::string_view text = argv[at];
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return fmt::print(stderr, "usage: bench-journal DIR [RECORDS] [WAITERS]\n"), 2;
    const std::string base = std::string(argv[1]) + "/journal-" + std::to_string(Clock::now().time_since_epoch().count());
    std::filesystem::create_directories(base);
    struct Remove {
        const std::string& what;
        ~Remove() { std::filesystem::remove_all(what); }
    } const removed{base};
    JournalOptions options;
    options.dir = base + "/audit";
    options.sign_key_file = base + "/sign.key";
    options.log_is_new = true;
    {
        auto journal = Journal::open(options);
        if (!journal) return fmt::print(stderr, "{}\n", journal.error()), 3;
        append_all(**journal, number(argc, argv, 2, 300000));
        for (const unsigned waiters : {1U, 8U, static_cast<unsigned>(number(argc, argv, 3, 64))}) append_waiting(**journal, waiters, 300);
    }
    const auto start = Clock::now();
    const auto key = load_signer_key(options.sign_key_file, false)->verifier();
    const VerifyReport report = verify_log({{options.dir}, key, {}, wall_now(), std::chrono::hours(24)});
    fmt::print("verify        {:>9.0f} records/s: {} {}\n", static_cast<double>(report.records) / seconds_since(start),
               name_of(report.integrity.finding), report.integrity.ground);
    return report.holds() ? 0 : 1;
}
