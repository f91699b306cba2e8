#include "catalog/catalog.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "catalog/snapshot_file.h"

using namespace pgveil;
using namespace pgveil::catalog;

namespace {

const Snapshot& shop() {
    static const Snapshot snapshot = [] {
        auto contents = read("tests/support/shop.catalog");
        REQUIRE(contents.has_value());
        return Snapshot(std::move(*contents), 1);
    }();
    return snapshot;
}

SearchPath path(std::string_view text, std::string_view role = "nobody") { return make_search_path(shop(), text, role); }

std::string resolved(std::string_view name, const SearchPath& where) {
    const Relation* found = shop().resolve(name, where);
    return found ? found->qualified() : "";
}

}  // namespace

TEST_CASE("an unqualified relation is the first along the search path") {
    CHECK(resolved("orders", path("public, sales")) == "public.orders");
    CHECK(resolved("orders", path("sales, public")) == "sales.orders");
    CHECK(resolved("orders", path("")) == "");
    CHECK(resolved("Mixed Case", path("sales")) == "sales.Mixed Case");
    CHECK(resolved("mixed case", path("sales")) == "");
}

TEST_CASE("pg_catalog comes first unless the path names it") {
    CHECK(resolved("pg_class", path("public")) == "pg_catalog.pg_class");
    const auto length = [&](std::string_view text) {
        const auto found = shop().functions("", "length", path(text));
        REQUIRE(!found.empty());
        return found.front()->schema;
    };
    CHECK(length("sales") == "pg_catalog");
    CHECK(length("sales, pg_catalog") == "sales");
}

TEST_CASE("$user is the role's schema if there is one, and quoted names keep their case") {
    CHECK(resolved("orders", path("\"$user\", public", "sales")) == "sales.orders");
    CHECK(resolved("orders", path("\"$user\", public", "dana")) == "public.orders");
    CHECK(resolved("orders", path("$user, public", "sales")) == "sales.orders");
    CHECK(resolved("orders", path("SALES")) == "sales.orders");
    CHECK(resolved("orders", path("\"SALES\"")) == "");
}

TEST_CASE("a text that is no list of identifiers leaves the path unknown") {
    for (const char* text : {"public,", ",public", "public sales", "\"public", "a,,b"}) {
        CAPTURE(text);
        CHECK(!path(text).known);
        CHECK(resolved("orders", path(text)) == "");
    }
    CHECK(path(" public , sales ").known);
    CHECK(path("no_such_schema, public").text == path("public").text);
}

TEST_CASE("where the session has temporary objects an unqualified name may be one of them") {
    SearchPath with_temp = path("public");
    with_temp.has_temp = true;
    CHECK(resolved("orders", with_temp) == "");
    SearchPath temp_last = path("public, pg_temp");
    temp_last.has_temp = true;
    CHECK(resolved("orders", temp_last) == "public.orders");
    CHECK(resolved("no_such_table", temp_last) == "");
    CHECK(!shop().functions("", "length", with_temp).empty());
    CHECK(shop().type("", "int4", with_temp) == nullptr);
    with_temp.temp_names = {"mine", "orders"};
    CHECK(resolved("orders", with_temp) == "");
    CHECK(resolved("customers", with_temp) == "public.customers");
    CHECK(shop().type("", "int4", with_temp) != nullptr);
}

TEST_CASE("schemas the role may not use are left out of the path, as the server does") {
    auto contents = read("tests/support/shop.catalog");
    REQUIRE(contents.has_value());
    contents->unusable_schemas.push_back(*shop().schema("sales"));
    const Snapshot guarded(std::move(*contents), 2);
    const Relation* found = guarded.resolve("orders", make_search_path(guarded, "sales, public", "nobody"));
    REQUIRE(found);
    CHECK(found->schema == "public");
}

TEST_CASE("columns are found by name and by number, and named in full") {
    const Relation* customers = shop().relation("public", "customers");
    REQUIRE(customers);
    const Column* email = customers->column("email");
    REQUIRE(email);
    CHECK(customers->column(email->number) == email);
    CHECK(customers->column(AttrNumber(0)) == nullptr);
    CHECK(customers->column(AttrNumber(99)) == nullptr);
    CHECK(shop().column_name({customers->oid, email->number}) == "public.customers.email");
    CHECK(shop().column_name({Oid(1), AttrNumber(1)}).empty());
}

TEST_CASE("the loader brought views, rules, partitions, policies and bodies") {
    const Relation* contacts = shop().relation("public", "contact_names");
    REQUIRE(contacts);
    CHECK(contacts->kind == RelationKind::View);
    CHECK(contacts->definition.find("public.customer_contacts") != std::string::npos);
    CHECK(shop().relation("public", "events")->children.size() == 2);
    CHECK(shop().relation("public", "secret_notes")->parents == std::vector{shop().relation("public", "notes")->oid});
    CHECK(shop().relation("public", "employees")->policy_expressions.size() == 1);
    CHECK(shop().relation("public", "audit_trail")->has_rules);
    CHECK(!contacts->has_rules);
    CHECK(shop().relation("public", "tickets")->has_triggers);
    CHECK(!shop().relation("public", "payments")->has_triggers);
    CHECK(shop().relation("pg_catalog", "pg_class") != nullptr);
}

TEST_CASE("functions carry arguments, defaults, volatility and SQL bodies as plain statements") {
    const auto one = [](std::string_view name) {
        const auto found = shop().functions("public", name, {});
        REQUIRE(found.size() == 1);
        return found.front();
    };
    CHECK(one("all_customers")->body.find("ATOMIC") == std::string::npos);
    CHECK(one("all_customers")->body.find("public.customers") != std::string::npos);
    CHECK(one("add_tax")->body.starts_with("SELECT "));
    CHECK(one("add_tax")->defaults == 1);
    CHECK(one("add_tax")->argument_names == std::vector<std::string>{"amount", "rate"});
    CHECK(one("customers_named")->output_columns.size() == 2);
    CHECK(one("customers_named")->output_columns[1].first == "email");
    CHECK(one("customers_named")->arguments.size() == 1);
    CHECK(one("customers_named")->returns_set);
    CHECK(one("close_order")->volatility == Volatility::Volatile);
    CHECK(one("close_order")->language == "plpgsql");
    CHECK(one("archive_orders")->kind == FunctionKind::Procedure);
    CHECK(one("total_tax")->kind == FunctionKind::Aggregate);
    CHECK(one("total_tax")->depends_on.size() == 1);
    CHECK(!one("add_tax")->builtin);
    CHECK(shop().functions("pg_catalog", "lower", {}).front()->builtin);
}

TEST_CASE("types know their kind, and a domain its base") {
    const SearchPath where = path("public");
    const Type* email = shop().type("", "email_text", where);
    REQUIRE(email);
    CHECK(email->kind == TypeKind::Domain);
    CHECK(email->domain_has_check);
    CHECK(shop().base_type(email->oid) == type_oid::Text);
    CHECK(shop().base_type(type_oid::Int4) == type_oid::Int4);
    CHECK(shop().type("", "order_state", where)->kind == TypeKind::Enum);
    CHECK(shop().type("", "address", where)->kind == TypeKind::Composite);
    CHECK(shop().type(type_oid::TextArray)->kind == TypeKind::Array);
    CHECK(shop().type(type_oid::TextArray)->element == type_oid::Text);
    CHECK(shop().type(type_oid::Name)->kind == TypeKind::Base);
    CHECK(shop().type("pg_catalog", "int4range", where)->element == type_oid::Int4);
}

TEST_CASE("operators of a user stand beside the server's own") {
    CHECK(shop().operators("", "+@", path("public")).size() == 1);
    CHECK(shop().operators("", "+@", path("")).empty());
    CHECK(!shop().operators("", "=", path("")).empty());
}

TEST_CASE("identifiers that exist are known, others are not") {
    CHECK(shop().knows_identifier("birth_date"));
    CHECK(shop().knows_identifier("Secret Field"));
    CHECK(!shop().knows_identifier("4111111111111111"));
}
