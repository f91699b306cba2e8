// Directory: a test's own, gone at its end.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace pgveil::test {

struct Directory {
    std::filesystem::path path;
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "pgveil-test-XXXXXX").string();   // mkdtemp's place
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::filesystem::path file() const { return path / "control.db"; }
    [[nodiscard]] std::string url() const { return "sqlite:" + file().string(); }
};

}  // namespace pgveil::test
