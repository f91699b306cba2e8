// A log in a directory of its own, removed at the end; and what tests do to it.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "audit/journal.h"

namespace pgveil::audit {

struct LogFixture {
    std::filesystem::path base;
    JournalOptions options;

    LogFixture() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgveil-audit-XXXXXX").string();
        base = ::mkdtemp(pattern.data());
        options.dir = (base / "audit").string();
        options.sign_key_file = (base / "sign.key").string();
        options.log_is_new = true;
        options.reserve_bytes = 1 << 16;
        options.segment_bytes = 1 << 20;
    }
    ~LogFixture() { std::filesystem::remove_all(base); }

    [[nodiscard]] std::unique_ptr<Journal> open() const {
        auto journal = Journal::open(options);
        if (!journal) FAIL(journal.error());
        return std::move(*journal);
    }
    [[nodiscard]] std::string refusal() const {
        auto journal = Journal::open(options);
        return journal ? "" : journal.error();
    }
    /// Opens, appends `count` statements, closes.
    void run(int count, const std::string& sql = "SELECT $1 FROM t") const {
        auto journal = open();
        std::uint64_t last = 0;
        for (int i = 0; i < count; ++i) last = journal->append(statement(i, sql)).sequence;
        if (count > 0) CHECK(journal->wait(last));
    }
    static Record statement(int number, const std::string& sql = "SELECT $1 FROM t") {
        Record record;
        record.kind = Kind::StmtIntent;
        record.agent = "copilot";
        record.database = "shop";
        record.session = 7;
        record.statement = static_cast<std::uint64_t>(number + 1);
        record.sql = sql;
        record.sql_class = "read";
        record.decision = "allow";
        record.relations = {"public.orders:read"};
        return record;
    }
    [[nodiscard]] std::vector<std::filesystem::path> files(const std::string& part) const {
        std::vector<std::filesystem::path> paths;
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(options.dir) / part)) {
            paths.push_back(entry.path());
        }
        std::sort(paths.begin(), paths.end());
        return paths;
    }
    static std::string read(const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const std::filesystem::path& path, const std::string& content) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    }
};

}  // namespace pgveil::audit
