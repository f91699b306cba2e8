#include "pgveil/masking/row_masker.h"

#include <doctest/doctest.h>

#include "small_pack.h"
#include "support/test_hash.h"

using namespace pgveil;
using namespace pgveil::masking;

namespace {

struct Bench {
    test::TestHash keys;
    std::shared_ptr<const CompiledRules> rules = [] {
        auto made = compile({test::small_pack()});
        REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().rule + ": " + made.error().why));
        return *made;
    }();
    RowMasker masker{rules, keys};
    RowMasker::Outcome outcome;

    std::string one(const ColumnPlan& plan, std::string_view value) {
        RowPlan row{{plan}};
        CellView cell{bytes_of(value).data(), static_cast<std::int32_t>(value.size())};
        outcome = masker.mask({&cell, 1}, row);
        return cell.is_null() ? "<NULL>" : std::string(text_of(cell.bytes()));
    }
};

ColumnPlan scan(Oid type, std::string name = "c", Format format = Format::Text) {
    ColumnPlan plan;
    plan.column.name = std::move(name);
    plan.column.type = {.oid = type, .kind = TypeKind::Base};
    plan.column.format = format;
    plan.treatment = Treatment::Scan;
    return plan;
}

ColumnPlan apply(Oid type, Transform transform, std::string class_name = "EMAIL_ADDRESS", bool keyed = true) {
    ColumnPlan plan = scan(type);
    plan.treatment = Treatment::Apply;
    plan.transform = transform;
    plan.class_name = std::move(class_name);
    plan.key_domain = "shop";
    plan.keyed_allowed = keyed;
    return plan;
}

std::string int32(std::uint32_t v) {
    return {static_cast<char>(v >> 24U), static_cast<char>(v >> 16U & 0xFFU), static_cast<char>(v >> 8U & 0xFFU), static_cast<char>(v & 0xFFU)};
}

std::string text_array(const std::vector<std::string>& elements) {
    std::string value = int32(1) + int32(0) + int32(25) + int32(static_cast<std::uint32_t>(elements.size())) + int32(1);
    for (const std::string& e : elements) value += e == "<NULL>" ? int32(0xFFFFFFFF) : int32(static_cast<std::uint32_t>(e.size())) + e;
    return value;
}

}  // namespace

TEST_CASE("the zero plan withholds, and a plan of another width withholds everything") {
    Bench b;
    CHECK(b.one(ColumnPlan{}, "x") == "<NULL>");
    CellView cells[2] = {{bytes_of("x").data(), 1}, {}};
    const auto outcome = b.masker.mask(cells, RowPlan{{scan(type_oid::Text)}});
    CHECK(cells[0].is_null());
    CHECK(outcome.doubtful);
    CHECK(outcome.masked == 1);
}

TEST_CASE("tags: every transform of a text value") {
    Bench b;
    CHECK(b.one(apply(type_oid::Text, Transform::Redact), "john@example.com") == "[EMAIL_ADDRESS]");
    CHECK(b.one(apply(type_oid::Varchar, Transform::Null), "john@example.com") == "<NULL>");
    CHECK(b.one(apply(type_oid::Text, Transform::Partial), "john@example.com") == "j***@e***.com");
    CHECK(b.one(apply(type_oid::Text, Transform::Pseudonym), "john@example.com").ends_with("@masked.invalid"));
    CHECK(b.one(apply(type_oid::Text, Transform::Hash), "john@example.com").size() == 32);
    CHECK(b.one(apply(type_oid::Text, Transform::Hash, "X", false), "v") == "[X]");
    CHECK(b.one(apply(type_oid::Text, Transform::Clear), "john@example.com") == "john@example.com");
    CHECK(b.outcome.masked == 0);
}

TEST_CASE("tags: what a type cannot say is NULL, whatever the format") {
    Bench b;
    for (const Oid type : {type_oid::Int4, type_oid::Int8, type_oid::Numeric, type_oid::Date, type_oid::Timestamptz, type_oid::Bool, type_oid::Uuid,
                           type_oid::Inet, type_oid::Bytea, type_oid::Float8, type_oid::Char, Oid{99999}}) {
        CAPTURE(type.value);
        CHECK(b.one(apply(type, Transform::Redact), "1234") == "<NULL>");
        auto binary = apply(type, Transform::Pseudonym);
        binary.column.format = Format::Binary;
        const std::string masked = b.one(binary, "12345");      // no type's binary form but bytea's
        CHECK((type == type_oid::Bytea ? masked.size() == 32 : masked == "<NULL>"));
    }
}

TEST_CASE("tags: dates of one subject are moved together, of another differently") {
    Bench b;
    const auto moved = [&](std::string_view subject, std::string_view date) {
        RowPlan row{{apply(type_oid::Int4, Transform::Clear), apply(type_oid::Date, Transform::DateShift)}};
        row.columns[1].subject = 0;
        CellView cells[2] = {{bytes_of(subject).data(), static_cast<std::int32_t>(subject.size())}, {bytes_of(date).data(), 10}};
        b.masker.mask(cells, row);
        return cells[1].is_null() ? "<NULL>" : std::string(text_of(cells[1].bytes()));
    };
    CHECK(moved("7", "2020-03-01") == moved("7", "2020-03-01"));
    CHECK(moved("7", "2020-03-01") != moved("8", "2020-03-01"));
    CHECK(moved("7", "2020-03-01") != "2020-03-01");
    CHECK(moved("7", "infinity  ") == "<NULL>");
}

TEST_CASE("tags: json stays json, jsonb keeps its version byte, arrays keep their shape") {
    Bench b;
    CHECK(b.one(apply(type_oid::Json, Transform::Redact), "{\"a\":1}") == "\"[EMAIL_ADDRESS]\"");
    auto jsonb = apply(type_oid::Jsonb, Transform::Partial);
    CHECK(b.one(jsonb, "{\"a\":1}") == "\"[EMAIL_ADDRESS]\"");
    jsonb.column.format = Format::Binary;
    CHECK(b.one(jsonb, "\x01{\"a\":1}") == "\x01\"[EMAIL_ADDRESS]\"");
    CHECK(b.one(apply(type_oid::TextArray, Transform::Redact), "{a@b.com,NULL,\"x \\\"y\"}") == "{\"[EMAIL_ADDRESS]\",NULL,\"[EMAIL_ADDRESS]\"}");
    CHECK(b.one(apply(type_oid::TextArray, Transform::Null), "{{a,b},{c,d}}") == "<NULL>");
    CHECK(b.one(apply(type_oid::Int4Array, Transform::Redact), "{1,2}") == "<NULL>");
    auto binary = apply(type_oid::TextArray, Transform::Redact, "X");
    binary.column.format = Format::Binary;
    CHECK(b.one(binary, text_array({"a", "<NULL>", "bc"})) == text_array({"[X]", "<NULL>", "[X]"}));
}

TEST_CASE("content: findings are cut out of free text, all else stays") {
    Bench b;
    CHECK(b.one(scan(type_oid::Text), "mail john@example.com or pay 4111 1111 1111 1111, SSN 536-22-1234.") ==
          "mail [EMAIL_ADDRESS] or pay [CREDIT_CARD], SSN [US_SSN].");
    CHECK(b.outcome.masked == 1);
    CHECK(b.one(scan(type_oid::Text), "nothing here") == "nothing here");
    CHECK(b.outcome.masked == 0);
    CHECK(b.one(scan(type_oid::Text), "id BDG-123456 x") == "id B*** x");
    CHECK(b.one(scan(type_oid::Text), "") == "");
}

TEST_CASE("names speak for weak rules, decide for named ones, and speak against only as stored") {
    Bench b;
    CHECK(b.one(scan(type_oid::Text, "note"), "555-123-4567") == "555-123-4567");
    CHECK(b.one(scan(type_oid::Text, "phone"), "555-123-4567") == "[PHONE_NUMBER]");
    CHECK(b.one(scan(type_oid::Text, "full_name"), "Maria Garcia") == "[PERSON]");
    CHECK(b.one(scan(type_oid::Text, "password"), "hunter2") == "<NULL>");
    CHECK(b.one(scan(type_oid::Text, "password_at"), "2024") == "2024");
    ColumnPlan plan = scan(type_oid::Text, "part");
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    plan.column.stored_name = "part";
    CHECK(b.one(plan, "536-22-1234") == "536-22-1234");
    plan.column.name = "ssn";
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    CHECK(b.one(scan(type_oid::Int8, "ssn"), "536221234") == "<NULL>");
    CHECK(b.one(scan(type_oid::Int8, "n"), "536221234") == "536221234");
    CHECK(b.one(scan(type_oid::Date, "n"), "2024-01-01") == "2024-01-01");
}

TEST_CASE("json: strings, escapes, keys and numbers are masked and it stays the same JSON") {
    Bench b;
    const ColumnPlan json = scan(type_oid::Json);
    CHECK(b.one(json, R"({"a": "x john@example.com y", "b": [1, true, null]})") == R"({"a": "x [EMAIL_ADDRESS] y", "b": [1, true, null]})");
    CHECK(b.one(json, R"({"a":"john\u0040example.com\n"})") == R"({"a":"[EMAIL_ADDRESS]\n"})");
    CHECK(b.one(json, R"({"john@example.com":1})") == R"({"[EMAIL_ADDRESS]":1})");
    CHECK(b.one(json, R"([4111111111111111, 42])") == R"([null, 42])");
    CHECK(b.one(json, R"({"password":"a","x":"b"})") == R"({"password":"[PASSWORD]","x":"b"})");
    CHECK(b.one(json, R"({"phone":{"home":"555-123-4567","n":[5551234567]},"z":"555-123-4567"})") ==
          R"({"phone":{"home":"[PHONE_NUMBER]","n":[null]},"z":"555-123-4567"})");
    CHECK(b.one(json, R"({"fullName":"A \"B\"","n":1})") == R"({"fullName":"[PERSON]","n":1})");
    CHECK(b.one(json, R"({"a":1,)") == "<NULL>");
    CHECK(b.outcome.doubtful);
    const ColumnPlan jsonb = scan(type_oid::Jsonb, "c", Format::Binary);
    CHECK(b.one(jsonb, "\x01{\"a\": \"john@example.com\"}") == "\x01{\"a\": \"[EMAIL_ADDRESS]\"}");
    CHECK(b.one(jsonb, "\x02{}") == "<NULL>");
    CHECK(b.one(jsonb, "") == "<NULL>");
    CHECK(b.one(jsonb, "\x01{\"a\": 1}") == "\x01{\"a\": 1}");
}

TEST_CASE("arrays: found in elements, in both formats, malformed ones are withheld") {
    Bench b;
    const ColumnPlan text = scan(type_oid::TextArray);
    CHECK(b.one(text, "{a,john@example.com,\"x\\\\y\"}") == "{a,\"[EMAIL_ADDRESS]\",\"x\\\\y\"}");
    CHECK(b.one(text, "[0:1]={a,\"b john@example.com\"}") == "[0:1]={a,\"b [EMAIL_ADDRESS]\"}");
    CHECK(b.one(text, "{{a,b},{c,john@example.com}}") == "{{a,b},{c,\"[EMAIL_ADDRESS]\"}}");
    CHECK(b.one(text, "{}") == "{}");
    for (const char* bad : {"{a", "a", "{\"a}", "{a\\", "{a}}", "", "{a}x", "{{{{{{{a}}}}}}}"}) {
        CAPTURE(bad);
        CHECK(b.one(text, bad) == "<NULL>");
        CHECK(b.outcome.doubtful);
    }
    const ColumnPlan binary = scan(type_oid::TextArray, "c", Format::Binary);
    CHECK(b.one(binary, text_array({"a", "john@example.com"})) == text_array({"a", "[EMAIL_ADDRESS]"}));
    CHECK(b.one(binary, text_array({"a", "b"})) == text_array({"a", "b"}));
    CHECK(b.one(binary, int32(0) + int32(0) + int32(25)) == int32(0) + int32(0) + int32(25));
    const std::string good = text_array({"a", "john@example.com"});
    for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK(b.one(binary, good.substr(0, cut)) == "<NULL>");
    CHECK(b.one(binary, good + "x") == "<NULL>");
    CHECK(b.one(binary, int32(1) + int32(0) + int32(25) + int32(0x7FFFFFFF) + int32(1)) == "<NULL>");
    CHECK(b.one(binary, int32(1) + int32(0) + int32(25) + int32(1) + int32(1) + int32(0x80000000)) == "<NULL>");
}

TEST_CASE("records in binary form: fields by their own type, unknown ones withheld") {
    Bench b;
    ColumnPlan plan = scan(type_oid::Record, "c", Format::Binary);
    const std::string head = int32(3) + int32(25) + int32(1) + "x" + int32(23) + int32(4) + int32(7);
    CHECK(b.one(plan, head + int32(25) + int32(14) + "john@e.example") == head + int32(25) + int32(15) + "[EMAIL_ADDRESS]");
    CHECK(b.one(plan, head + int32(99999) + int32(3) + std::string("a\0b", 3)) == head + int32(99999) + int32(0xFFFFFFFF));
    CHECK(b.one(plan, head) == "<NULL>");
    CHECK(b.one(plan, "") == "<NULL>");
}

TEST_CASE("bytea that is text is scanned in both formats") {
    Bench b;
    CHECK(b.one(scan(type_oid::Bytea), "\\x6a406578616d706c652e636f6d") == "\\x5b454d41494c5f414444524553535d");
    CHECK(b.one(scan(type_oid::Bytea), "\\x00ff") == "\\x00ff");
    CHECK(b.one(scan(type_oid::Bytea), "\\x6") == "\\x6");
    CHECK(b.one(scan(type_oid::Bytea), "a j1@example.com") == "<NULL>");
    CHECK(b.one(scan(type_oid::Bytea, "c", Format::Binary), "j1@example.com") == "[EMAIL_ADDRESS]");
    CHECK(b.one(scan(type_oid::Bytea, "c", Format::Binary), "\xFF\xFE") == "\xFF\xFE");
}

TEST_CASE("unknown types: text is scanned, binary must be text") {
    Bench b;
    CHECK(b.one(scan(Oid{99999}), "x j1@example.com") == "x [EMAIL_ADDRESS]");
    CHECK(b.one(scan(Oid{99999}, "c", Format::Binary), "x j1@example.com") == "x [EMAIL_ADDRESS]");
    CHECK(b.one(scan(Oid{99999}, "c", Format::Binary), "\xFF") == "<NULL>");
    CHECK(b.outcome.doubtful);
    CHECK(b.one(scan(Oid{99999}, "c", Format::Binary), std::string("a\0b", 3)) == "<NULL>");
}

TEST_CASE("what is written with other digits or invisible characters is found where it stands") {
    Bench b;
    CHECK(b.one(scan(type_oid::Text), "é 4111\u200B１１１１11111111 é") == "é [CREDIT_CARD] é");
    CHECK(b.one(scan(type_oid::Text), "jo\u00ADhn＠example．com!") == "[EMAIL_ADDRESS]!");
    CHECK(b.one(scan(type_oid::Text), "5\u2011") == "5\u2011");
    CHECK(b.one(scan(type_oid::Text), "536\u201122\u20111234") == "[US_SSN]");
    CHECK(b.one(scan(type_oid::Text), "\xFF\xC3 j1@example.com") == "\xFF\xC3 [EMAIL_ADDRESS]");
}

TEST_CASE("every cell of a wide row keeps its own bytes") {
    Bench b;
    RowPlan plan;
    std::vector<std::string> values;
    for (int i = 0; i < 200; ++i) {
        plan.columns.push_back(i % 3 == 0 ? apply(type_oid::Text, Transform::Hash, "X") : scan(type_oid::Text));
        values.push_back(i % 2 == 0 ? "u" + std::to_string(i) + "@example.com" : "value " + std::to_string(i));
    }
    std::vector<CellView> cells;
    for (const std::string& v : values) cells.push_back({bytes_of(v).data(), static_cast<std::int32_t>(v.size())});
    std::vector<std::uint64_t> counts(cells.size());
    const auto outcome = b.masker.mask(cells, plan, counts);
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string got(text_of(cells[i].bytes()));
        if (i % 3 == 0) CHECK(got.size() == 32);
        else CHECK(got == (i % 2 == 0 ? "[EMAIL_ADDRESS]" : values[i]));
        CHECK(counts[i] == (got == values[i] ? 0 : 1));
        total += static_cast<std::uint32_t>(counts[i]);
    }
    CHECK(outcome.masked == total);
}

TEST_CASE("rows that cannot change are known beforehand") {
    Bench b;
    RowPlan plan{{scan(type_oid::Int4, "quantity"), scan(type_oid::Timestamptz, "created_at")}};
    CHECK_FALSE(RowMasker::passes_everything(plan));
    b.masker.settle(plan);
    CHECK(RowMasker::passes_everything(plan));
    RowPlan sensitive{{scan(type_oid::Int8, "ssn")}};
    b.masker.settle(sensitive);
    CHECK_FALSE(RowMasker::passes_everything(sensitive));
    RowPlan text{{scan(type_oid::Text)}};
    b.masker.settle(text);
    CHECK_FALSE(RowMasker::passes_everything(text));
    CHECK_FALSE(RowMasker::passes_everything(RowPlan{{ColumnPlan{}}}));
}

TEST_CASE("settled plans do not take each other's columns, whatever comes between them") {
    Bench b;
    const auto cell = [](std::string_view value) { return CellView{bytes_of(value).data(), static_cast<std::int32_t>(value.size())}; };
    RowPlan names{{scan(type_oid::Int8, "ssn"), scan(type_oid::Text, "note")}}, plain{{scan(type_oid::Int8, "n")}};
    RowPlan free{{scan(type_oid::Text, "ssn")}};
    b.masker.settle(names);
    b.masker.settle(plain);
    CHECK(names.settled != plain.settled);
    for (int round = 0; round < 3; ++round) {
        std::array row{cell("536221234"), cell("word")};
        CHECK(b.masker.mask(row, names).masked == 1);
        CHECK(row[0].is_null());
        std::array one{cell("536221234")};
        CHECK(b.masker.mask(one, plain).masked == 0);
        std::array text{cell("536221234")};
        CHECK(b.masker.mask(text, free).masked == 1);   // never settled
    }
}

TEST_CASE("a plan settled by a masker that is gone is not taken for one of its successor's") {
    RowPlan old{{scan(type_oid::Int8, "ssn")}}, other{{scan(type_oid::Int8, "n")}};
    {
        Bench gone;
        gone.masker.settle(old);
    }
    Bench b;
    b.masker.settle(other);
    std::array plain{CellView{bytes_of(std::string_view("536221234")).data(), 9}};
    CHECK(b.masker.mask(plain, other).masked == 0);
    std::array row{CellView{bytes_of(std::string_view("536221234")).data(), 9}};
    CHECK(b.masker.mask(row, old).masked == 1);
    CHECK(row[0].is_null());
}

TEST_CASE("packs that prove nothing or prove too little are refused with the rule's id") {
    const auto refused = [](auto change) {
        RulePack pack = test::small_pack();
        change(pack.rules[0]);
        const auto made = compile({pack});
        return made ? std::string("compiled") : made.error().rule + ": " + made.error().why;
    };
    CHECK(refused([](Rule&) {}) == "compiled");
    CHECK(refused([](Rule& r) { r.match.clear(); }).starts_with("t/email: needs examples"));
    CHECK(refused([](Rule& r) { r.no_match.clear(); }).starts_with("t/email: needs examples"));
    CHECK(refused([](Rule& r) { r.match.push_back("none"); }) == "t/email: does not find example 2 of match");
    CHECK(refused([](Rule& r) { r.no_match.push_back("b2@example.com"); }) == "t/email: finds example 2 of no_match");
    CHECK(refused([](Rule& r) { r.confirmer = "nobody"; }).starts_with("t/email: no confirmer"));
    CHECK(refused([](Rule& r) { r.patterns = {"[^@]@x"}; }).starts_with("t/email: patterns use positive"));
    CHECK(refused([](Rule& r) { r.patterns = {"(@"}; }).starts_with("t/email: "));
    CHECK(refused([](Rule& r) { r.patterns = {"x*"}; }).starts_with("t/email: a pattern must not match the empty"));
    CHECK(refused([](Rule& r) { r.id = "t/card"; }) == "t/card: two rules have this id");
    CHECK(refused([](Rule& r) { r.strength = Strength::Named; }).starts_with("t/email: strength named takes no patterns"));
}

TEST_CASE("detect tells class, rule and place; the name alone may decide") {
    Bench b;
    const auto found = b.masker.detect("x john@example.com", "");
    REQUIRE(found.size() == 1);
    CHECK(found[0].class_name == "EMAIL_ADDRESS");
    CHECK(found[0].rule == "t/email");
    CHECK(found[0].start == 2);
    CHECK(found[0].end == 18);
    CHECK(b.masker.detect("Maria", "full_name").size() == 1);
    CHECK(b.masker.detect("Maria", "").empty());
    CHECK(b.masker.mask_text("x john@example.com", "") == "x [EMAIL_ADDRESS]");
    CHECK(b.masker.mask_text("hunter2", "password") == "[PASSWORD]");
    CHECK(class_of_name(*b.rules, "patientName", type_oid::Text)->class_name == "PERSON");
    CHECK(class_of_name(*b.rules, "card_number", type_oid::Text)->class_name == "CREDIT_CARD");
    CHECK(class_of_name(*b.rules, "quantity", type_oid::Text) == nullptr);
    // Of numbers: counts and measures of a thing are not the thing, and some things are no numbers.
    for (const char* name : {"emails", "email", "email_opens", "phone_calls", "mobile_users", "unique_ips", "zip_codes", "pass_rate", "tokens", "addresses", "card_numbers"}) {
        CAPTURE(name);
        CHECK(class_of_name(*b.rules, name, type_oid::Int8) == nullptr);
    }
    for (const char* name : {"card_number", "phone", "home_phone"}) {
        CAPTURE(name);
        CHECK(class_of_name(*b.rules, name, type_oid::Int8) == class_of_name(*b.rules, name, type_oid::Text));
        CHECK(class_of_name(*b.rules, name, type_oid::Bool) == nullptr);
    }
}

TEST_CASE("a masked value is masked where the row's own stored text repeats it, and in nothing the agent composed") {
    Bench b;
    RowPlan plan{{apply(type_oid::Text, Transform::Redact, "PERSON"), scan(type_oid::Text), scan(type_oid::Json), scan(type_oid::Text)}};
    for (std::int16_t i = 0; i < 3; ++i) plan.columns[static_cast<std::size_t>(i)].column.id = {Oid{16400}, AttrNumber{static_cast<std::int16_t>(i + 1)}};
    const auto row = [&](std::vector<std::string> values) {
        std::vector<CellView> cells;
        for (const std::string& v : values) cells.push_back({bytes_of(v).data(), static_cast<std::int32_t>(v.size())});
        b.outcome = b.masker.mask(cells, plan);
        std::string all;
        for (const CellView& cell : cells) all += (cell.is_null() ? "<NULL>" : std::string(text_of(cell.bytes()))) + "|";
        return all;
    };
    CHECK(row({"Maria Garcia", "Call Maria Garcia, not Ana Maria Garciasson", "{\"n\":\"Maria Garcia\",\"Maria Garcia\":1}", "Maria Garcia"}) ==
          "[PERSON]|Call [PERSON], not Ana Maria Garciasson|{\"n\":\"[PERSON]\",\"[PERSON]\":1}|Maria Garcia|");
    CHECK(row({"Wu", "Call Wu", "{}", "x"}) == "[PERSON]|Call Wu|{}|x|");
    CHECK(row({"j1@example.com", "to j1@example.com!", "[]", "x"}) == "[PERSON]|to [EMAIL_ADDRESS]!|[]|x|");
    plan.columns[1].column.id.relation = Oid{16500};
    CHECK(row({"Maria Garcia", "Call Maria Garcia", "[\"Maria Garcia\"]", "x"}) == "[PERSON]|Call Maria Garcia|[\"[PERSON]\"]|x|");
    plan.columns[0].column.id = {};
    CHECK(row({"Maria Garcia", "Call Maria Garcia", "{}", "x"}) == "[PERSON]|Call Maria Garcia|{}|x|");
}

TEST_CASE("a vote against silences whole values of its shape in a stored text, and nothing else") {
    Bench b;
    ColumnPlan plan = scan(type_oid::Text);
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    plan.look_alikes = look_alike::NineDigits;
    CHECK(b.one(plan, "536-22-1234") == "536-22-1234");
    CHECK(b.one(plan, " 536-22-1234  ") == " 536-22-1234  ");
    CHECK(b.one(plan, "part 536-22-1234") == "part [US_SSN]");
    CHECK(b.one(plan, "536-22-1234, 536-22-1235") == "[US_SSN], [US_SSN]");
    CHECK(b.one(plan, "\xef\xbc\x95" "36-22-1234") == "[US_SSN]");         // a full-width five
    CHECK(b.one(plan, "4111111111111111") != "4111111111111111");           // another shape
    CHECK(b.one(plan, "john@example.com") != "john@example.com");
    plan.look_alikes = look_alike::SixteenDigits;
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    CHECK(b.one(plan, "4111111111111111") == "4111111111111111");
    CHECK(b.one(plan, "4111 1111 1111 1111") != "4111 1111 1111 1111");
    CHECK(b.one(plan, "card 4111111111111111") != "card 4111111111111111");
}

TEST_CASE("a vote against gives way to a name, and does not reach into documents and arrays") {
    Bench b;
    ColumnPlan plan = scan(type_oid::Text, "ssn");
    plan.look_alikes = look_alike::NineDigits;
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    plan.column.name = "c";
    plan.column.stored_name = "ssn";
    CHECK(b.one(plan, "536-22-1234") == "[US_SSN]");
    ColumnPlan json = scan(type_oid::Json);
    json.look_alikes = look_alike::NineDigits;
    CHECK(b.one(json, R"("536-22-1234")") == R"("[US_SSN]")");
    ColumnPlan array = scan(type_oid::TextArray);
    array.look_alikes = look_alike::NineDigits;
    array.column.type = {.oid = type_oid::TextArray, .kind = TypeKind::Array, .element = type_oid::Text, .element_kind = TypeKind::Base};
    CHECK(b.one(array, "{536-22-1234}") == R"({"[US_SSN]"})");
}
