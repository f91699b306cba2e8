#include "control/binding.h"

#include <doctest/doctest.h>

#include <set>

#include "crypto/digest.h"
#include "crypto/encode.h"

using namespace pgveil;
using namespace pgveil::control;

namespace {

RequestDraft draft() {
    RequestDraft d;
    d.agent = "copilot";
    d.database = "shop";
    d.statement = "DELETE FROM t WHERE a = $1 AND b = $2";
    d.parameters = {{type_oid::Int4, Format::Text, false, {'1'}}, {type_oid::Text, Format::Text, true, {}}};
    d.result_formats = {1};
    d.facts = {"public", "UTC", "ISO, MDY", "postgres", "read committed", "app"};
    d.sql_class = "write";
    return d;
}

const auto hash = crypto::make_keyed_hash(Secret(Bytes(32, 5)));
Digest digest_of(const RequestDraft& d) { return binding_digest(*hash, d); }
std::string wording(const RequestDraft& d) {
    return wording_digest(*hash, {d.kind, d.agent, d.database, d.sql_class}, body_of(d));
}

template <class F>
RequestDraft with(F change) {
    auto d = draft();
    change(d);
    return d;
}

}  // namespace

TEST_CASE("everything that changes what would run changes the digest") {
    const RequestDraft variants[] = {
        draft(),
        with([](auto& d) { d.agent = "copilo"; }),
        with([](auto& d) { d.database = "bank"; }),
        with([](auto& d) { d.statement += ' '; }),
        with([](auto& d) { d.kind = RequestKind::Access; }),
        with([](auto& d) { d.facts.search_path = "public, x"; }),
        with([](auto& d) { d.facts.settings = R"({"bytea_output": "escape"})"; }),
        with([](auto& d) { d.facts.objects = "another view"; }),
        with([](auto& d) { d.facts.time_zone = "CET"; }),
        with([](auto& d) { d.facts.date_style = "ISO, DMY"; }),
        with([](auto& d) { d.facts.interval_style = "iso_8601"; }),
        with([](auto& d) { d.facts.isolation = "serializable"; }),
        with([](auto& d) { d.facts.role = "other"; }),
        with([](auto& d) { d.parameters[0].value = {'2'}; }),
        with([](auto& d) { d.parameters[0].type = type_oid::Int8; }),
        with([](auto& d) { d.parameters[0].format = Format::Binary; }),
        with([](auto& d) { d.parameters[1].is_null = false; }),
        with([](auto& d) { d.parameters.pop_back(); }),
        with([](auto& d) { std::swap(d.parameters[0], d.parameters[1]); }),
        with([](auto& d) { d.facts.role = "a"; d.facts.isolation = "read committedpp"; }),   // moved border
    };
    std::set<std::string> digests;
    for (const auto& d : variants) digests.insert(crypto::hex(digest_of(d)));
    CHECK(digests.size() == std::size(variants));
}

TEST_CASE("what does not change the effect does not change the digest") {
    const auto same = digest_of(draft());
    CHECK(digest_of(with([](auto& d) { d.result_formats = {0}; })) == same);
    CHECK(digest_of(with([](auto& d) { d.reason = "another"; d.task = "t"; })) == same);
    CHECK(digest_of(with([](auto& d) { d.parameters[1].value = {'x'}; })) == same);   // bytes of a NULL
    const auto access = with([](auto& d) { d.kind = RequestKind::Access; d.sql_class = "read"; });
    auto elsewhere = access;
    elsewhere.facts.time_zone = "CET";
    CHECK(digest_of(access) == digest_of(elsewhere));
    elsewhere.sql_class = "write";
    CHECK(digest_of(access) != digest_of(elsewhere));
}

TEST_CASE("a sealed body opens in its own row only") {
    const Secret key{Bytes(32, 9)};
    const auto d = draft();
    const auto digest = digest_of(d);
    const auto sealed = seal_body(key, "r_a", digest, body_of(d));
    const auto opened = open_body(key, "r_a", digest, sealed);
    REQUIRE(opened.has_value());
    CHECK(*opened == body_of(d));
    CHECK_FALSE(open_body(key, "r_b", digest, sealed).has_value());
    CHECK_FALSE(open_body(key, "r_a", Digest{}, sealed).has_value());
    CHECK_FALSE(open_body(Secret{Bytes(32, 8)}, "r_a", digest, sealed).has_value());
    auto bent = sealed;
    bent[bent.size() / 2] ^= 1;
    CHECK_FALSE(open_body(key, "r_a", digest, bent).has_value());
    CHECK_FALSE(open_body(key, "r_a", digest, {}).has_value());
    CHECK(text_of(sealed).find("DELETE") == std::string_view::npos);
}

TEST_CASE("a digest tells nothing to whoever lacks the key") {
    const auto other = crypto::make_keyed_hash(Secret(Bytes(32, 6)));
    CHECK(binding_digest(*other, draft()) != digest_of(draft()));
}

TEST_CASE("layout and the case of words do not make another wording; values and quoted text do") {
    const auto said = [](std::string statement) { return wording(with([&](auto& d) { d.statement = std::move(statement); })); };
    const auto one = said("DELETE FROM t WHERE a = 'X  y'");
    CHECK(said(" delete\n from  T where a = 'X  y' ;") == one);
    CHECK(said("DELETE FROM t WHERE a = 'x  y'") != one);
    CHECK(said("DELETE FROM t WHERE a = 'X y'") != one);
    CHECK(said("DELETE FROM t WHERE b = 'X  y'") != one);
    CHECK(wording(with([](auto& d) { d.facts.time_zone = "CET"; })) == wording(draft()));
    CHECK(wording(with([](auto& d) { d.parameters[0].value = {'7'}; })) != wording(draft()));
}
