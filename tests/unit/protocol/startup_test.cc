#include "protocol/startup.h"

#include <doctest/doctest.h>

#include <string>

using namespace pgveil;
using namespace pgveil::protocol;
using namespace std::string_literals;

namespace {

std::string word(std::uint32_t value) {
    std::string out;
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>((value >> shift) & 0xff));
    return out;
}
std::string packet(std::uint32_t code, const std::string& rest = "") {
    return word(static_cast<std::uint32_t>(8 + rest.size())) + word(code) + rest;
}
auto parse(const std::string& bytes) { return parse_startup(bytes_of(bytes)); }
StartupFault fault(const std::string& bytes) {
    const auto answer = parse(bytes);
    REQUIRE(std::holds_alternative<StartupRefusal>(answer));
    return std::get<StartupRefusal>(answer).why;
}
StartupMessage message(const std::string& bytes) {
    auto answer = parse(bytes);
    REQUIRE(std::holds_alternative<StartupPacket>(answer));
    return std::get<StartupMessage>(std::get<StartupPacket>(std::move(answer)));
}
template <class Kind>
bool is(const std::string& bytes) {
    const auto answer = parse(bytes);
    return std::holds_alternative<StartupPacket>(answer) &&
           std::holds_alternative<Kind>(std::get<StartupPacket>(answer));
}

constexpr std::uint32_t kV30 = 3 << 16, kCancel = (1234 << 16) | 5678, kSsl = (1234 << 16) | 5679,
                        kGss = (1234 << 16) | 5680;

}  // namespace

TEST_CASE("the size of a packet is its length word, within the server's bounds") {
    CHECK_FALSE(startup_packet_size(bytes_of("\0\0\0"s)).has_value());
    CHECK(startup_packet_size(bytes_of(word(8))) == 8);
    CHECK(startup_packet_size(bytes_of(word(10'004))) == 10'004);
    for (const std::uint32_t size : {0U, 4U, 7U, 10'005U, 0x80000000U, 0xffffffffU}) {
        CHECK(startup_packet_size(bytes_of(word(size))) == 0);
    }
    CHECK(startup_packet_size(bytes_of("GET / HTTP/1.1\r\n"s)) == 0);
}

TEST_CASE("a packet that is not exactly its declared length is refused silently") {
    CHECK(fault(word(8) + word(kV30) + "x") == StartupFault::SilentClose);
    CHECK(fault(word(12) + word(kV30)) == StartupFault::SilentClose);
    CHECK(fault("") == StartupFault::SilentClose);
}

TEST_CASE("encryption requests are known by their code, whatever stands behind it") {
    CHECK(is<SslRequest>(packet(kSsl)));
    CHECK(is<SslRequest>(packet(kSsl, "evil")));
    CHECK(is<GssEncRequest>(packet(kGss)));
}

TEST_CASE("cancel keys have 4 to 256 bytes") {
    auto answer = parse(packet(kCancel, word(77) + "abcd"));
    const auto& cancel = std::get<CancelRequestMessage>(std::get<StartupPacket>(answer));
    CHECK(cancel.pid == 77);
    CHECK(cancel.key.equals(bytes_of("abcd")));
    CHECK(is<CancelRequestMessage>(packet(kCancel, word(1) + std::string(256, 'k'))));
    CHECK(fault(packet(kCancel, word(1) + std::string(257, 'k'))) == StartupFault::SilentClose);
    CHECK(fault(packet(kCancel, word(1) + "abc")) == StartupFault::SilentClose);
    CHECK(fault(packet(kCancel, word(1))) == StartupFault::SilentClose);
    CHECK(fault(packet(kCancel, "ab")) == StartupFault::SilentClose);
}

TEST_CASE("a startup message gives its version and parameters") {
    const auto got = message(packet(kV30 | 2, "user\0ann\0database\0shop\0\0"s));
    CHECK(got.major == 3);
    CHECK(got.minor == 2);
    CHECK(got.get("user") == "ann");
    CHECK(got.get("database") == "shop");
    CHECK(got.get("options").empty());
}

TEST_CASE("of duplicates the last counts, and stands where the last one stood") {
    const auto got = message(packet(kV30, "user\0root\0search_path\0a\0Search_Path\0b\0search_path\0c\0user\0ann\0\0"s));
    CHECK(got.get("user") == "ann");
    REQUIRE(got.parameters.size() == 3);
    CHECK(got.parameters[0].first == "Search_Path");
    CHECK(got.parameters[1].second == "c");
    CHECK(got.parameters[2].first == "user");
}

TEST_CASE("empty values are values and the list ends at an empty name") {
    const auto got = message(packet(kV30, "user\0\0database\0d\0\0"s));
    CHECK(got.get("user").empty());
    CHECK(got.get("database") == "d");
}

TEST_CASE("protocol options are listed once each and are no parameters") {
    const auto got = message(packet(kV30 | 9999, "_pq_.x\0on\0user\0a\0_pq_.x\0off\0_pq_.y\0\0\0"s));
    CHECK(got.minor == 9999);
    CHECK(got.unknown_options == std::vector<std::string>{"_pq_.x", "_pq_.y"});
    CHECK(got.parameters.size() == 1);
}

TEST_CASE("a layout without its last terminator is refused as the server refuses it") {
    CHECK(fault(packet(kV30, "user\0ann\0"s)) == StartupFault::BadTerminator);
    CHECK(fault(packet(kV30, "user\0ann"s)) == StartupFault::BadTerminator);
    CHECK(fault(packet(kV30, "user"s)) == StartupFault::BadTerminator);
    CHECK(fault(packet(kV30, "user\0"s)) == StartupFault::BadTerminator);
    CHECK(fault(packet(kV30, "user\0ann\0\0x"s)) == StartupFault::BadTerminator);
    CHECK(fault(packet(kV30)) == StartupFault::BadTerminator);
}

TEST_CASE("one byte in the terminator's place is passed over, as the server does") {
    const auto got = message(packet(kV30, "user\0ann\0x"s));
    CHECK(got.get("user") == "ann");
    CHECK(got.parameters.size() == 1);
}

TEST_CASE("other majors are named in the refusal") {
    for (const std::uint32_t code : {2U << 16, 4U << 16, 1234U << 16 | 5681U, 0U}) {
        CHECK(fault(packet(code, "\0"s)) == StartupFault::UnsupportedProtocol);
    }
    CHECK(std::get<StartupRefusal>(parse(packet(2U << 16, "\0"s))).detail == "2.0");
}

TEST_CASE("options are read as the server splits them") {
    using Settings = std::vector<std::pair<std::string, std::string>>;
    CHECK(parse_options("") == Settings{});
    CHECK(parse_options("-c a=b  --c-d=e") == Settings{{"a", "b"}, {"c_d", "e"}});
    CHECK(parse_options("-ca=b") == Settings{{"a", "b"}});
    CHECK(parse_options("-c search_path=a,\\ b\\\\c") == Settings{{"search_path", "a, b\\c"}});
    CHECK(parse_options("-c a=b\\") == Settings{{"a", "b"}});
    CHECK(parse_options("\t-c\ra=\n") == Settings{{"a", ""}});
    CHECK(parse_options("-c a=b=c") == Settings{{"a", "b=c"}});
}

TEST_CASE("options the server would refuse, or that are no settings, are refused") {
    for (const char* bad : {"-c", "-c a", "--", "--a", "-c =b", "a=b", "-e", "-c a=b x", "-P", "-"}) {
        CHECK_FALSE(parse_options(bad).has_value());
    }
    CHECK_FALSE(parse_options("-c a=b\0-c role=x"s).has_value());
}
