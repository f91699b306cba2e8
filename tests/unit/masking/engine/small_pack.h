// A small pack of rules for the engine's tests; the shipped packs have their own suite (tests/rules).
#pragma once

#include "pgveil/masking/rule_pack.h"

namespace pgveil::test {

inline masking::RulePack small_pack() {
    using masking::Rule;
    using masking::Strength;
    using masking::Transform;
    masking::RulePack pack{"small", {}};
    pack.rules.push_back(Rule{.id = "t/email", .title = "e-mail", .class_name = "EMAIL_ADDRESS", .why = "w",
                              .patterns = {"[0-9A-Za-z\"_.+-]@[\\x80-\\xff0-9A-Za-z-]{1,63}\\.[0-9A-Za-z]"}, .confirmer = "email", .strength = Strength::Strong,
                              .hints = {"email"}, .counter_hints = {"count"}, .transform = Transform::Pseudonym,
                              .match = {"a1@example.com"}, .no_match = {"a1@example"}});
    pack.rules.push_back(Rule{.id = "t/card", .title = "card", .class_name = "CREDIT_CARD", .why = "w",
                              .patterns = {"[0-9][0-9 -]{11,22}[0-9]"}, .confirmer = "card", .strength = Strength::Strong,
                              .hints = {"card number"}, .counter_hints = {"order"}, .match = {"4111111111111111"}, .no_match = {"4111111111111112"}});
    pack.rules.push_back(Rule{.id = "t/ssn", .title = "ssn", .class_name = "US_SSN", .why = "w",
                              .patterns = {"[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}"}, .confirmer = "us_ssn", .strength = Strength::Strong,
                              .hints = {"ssn"}, .counter_hints = {"part"}, .match = {"536-22-1234"}, .no_match = {"536221234"}});
    pack.rules.push_back(Rule{.id = "t/phone", .title = "phone", .class_name = "PHONE_NUMBER", .why = "w",
                              .patterns = {"[0-9][0-9 -]{5,8}[0-9]"}, .confirmer = "phone_hinted", .strength = Strength::Hinted,
                              .hints = {"phone"}, .match = {"555-123-4567"}, .no_match = {"12"}});
    pack.rules.push_back(Rule{.id = "t/badge", .title = "a rule whose pattern decides", .class_name = "BADGE", .why = "w",
                              .patterns = {"\\bBDG-[0-9]{4,6}\\b"}, .strength = Strength::Strong, .transform = Transform::Partial,
                              .match = {"BDG-1234"}, .no_match = {"XBDG-1234", "BDG-12"}});
    pack.rules.push_back(Rule{.id = "t/name", .title = "name", .class_name = "PERSON", .why = "w", .strength = Strength::Named,
                              .hints = {"full name", "patient name"}, .match = {"full_name"}, .no_match = {"filename"}});
    pack.rules.push_back(Rule{.id = "t/password", .title = "password", .class_name = "PASSWORD", .why = "w", .strength = Strength::Named,
                              .hints = {"password"}, .counter_hints = {"at"}, .transform = Transform::Null, .match = {"password"}, .no_match = {"pass"}});
    return pack;
}

}  // namespace pgveil::test
