#include "sql/argument_fit.h"

#include <doctest/doctest.h>

#include "catalog/snapshot_file.h"

using namespace pgveil;
using namespace pgveil::sql;

TEST_CASE("what PostgreSQL could pass where a function declares a type") {
    const catalog::Snapshot shop(*catalog::read("tests/support/shop.catalog"), 1);
    const Oid int4_array{1007}, float8_array{1022}, text_array{1009}, anyarray{2277}, anymultirange{4537}, tsvector{3614}, anyelement{2283}, int2vector{22};
    CHECK(could_pass(int4_array, anyarray, shop));
    CHECK_FALSE(could_pass(int4_array, anymultirange, shop));
    CHECK_FALSE(could_pass(int4_array, tsvector, shop));
    CHECK(could_pass(int4_array, float8_array, shop));         // element by element
    CHECK_FALSE(could_pass(text_array, int4_array, shop));
    CHECK(could_pass(int2vector, anyarray, shop));
    CHECK(could_pass(type_oid::Int4, type_oid::Int8, shop));
    CHECK(could_pass(type_oid::Varchar, type_oid::Text, shop));
    CHECK_FALSE(could_pass(type_oid::Int4, type_oid::Text, shop));   // only in assignments
    CHECK(could_pass(type_oid::Text, anyelement, shop));
    CHECK(could_pass(kInvalidOid, tsvector, shop));
    CHECK(could_pass(Oid{999999}, tsvector, shop));             // not known: not ruled out
}
