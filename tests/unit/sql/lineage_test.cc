#include "lineage_cases.h"

using namespace pgveil;
using namespace pgveil::sql;

TEST_CASE("columns, aliases and stars lead to the stored column") {
    check_columns({
        {"select email from customers", "email=as-is(customers.email)"},
        {"select c.email as e, id from customers c", "e=as-is(customers.email) id=as-is(customers.id)"},
        {"select public.customers.email from public.customers", "email=as-is(customers.email)"},
        {"select shop.public.customers.email from customers", "email=as-is(customers.email)"},
        {"select * from payments", "id=as-is(payments.id) order_id=as-is(payments.order_id) card=as-is(payments.card) "
                                   "amount=as-is(payments.amount)"},
        {"select p.* from orders o, notes p", "id=as-is(notes.id) body=as-is(notes.body)"},
        {"select x, y from notes as n(x, y)", "x=as-is(notes.id) y=as-is(notes.body)"},
        {"select x, body from notes as n(x)", "x=as-is(notes.id) body=as-is(notes.body)"},
        {"table notes", "id=as-is(notes.id) body=as-is(notes.body)"},
        {"select 1, 'x', $1", "?column?=constant ?column?=constant ?column?=constant"},
        {"select now(), current_user, version()", "now=constant current_user=constant version=constant"},
    });
}

TEST_CASE("an expression is derived from all columns in it") {
    check_columns({
        {"select lower(email) from customers", "lower=derived(customers.email)"},
        {"select name || phone from customers", "?column?=derived(customers.name,customers.phone)"},
        {"select coalesce(email, name) from customers", "coalesce=derived(customers.email,customers.name)"},
        {"select case when pin > 5 then 'a' else name end from customers", "name=derived(customers.name,customers.pin)"},
        {"select substr(ssn, 1, 3)::int from employees", "substr=derived(employees.ssn)"},
        {"select array[email, phone] from customers", "array=derived(customers.email,customers.phone)"},
        {"select row(email, 1) from customers", "row=derived(customers.email)"},
        {"select json_build_object('e', email) from customers", "json_build_object=derived(customers.email)"},
        {"select max(salary), min(ssn) from employees", "max=derived(employees.salary) min=derived(employees.ssn)"},
        {"select string_agg(email, ',' order by id) from customers", "string_agg=derived(customers.email)"},
        {"select lag(salary) over (order by id) from employees", "lag=derived(employees.salary)"},
        {"select percentile_cont(0.5) within group (order by salary) from employees", "percentile_cont=derived(employees.salary)"},
        {"select tags[1], profile->>'a' from customers", "tags=derived(customers.tags) ?column?=derived(customers.profile)"},
        {"select (home).city, (c.home).zip from customers c", "city=derived(customers.home) zip=derived(customers.home)"},
        {"select pin = 5000, pin in (1,2) from customers", "?column?=derived(customers.pin) ?column?=derived(customers.pin)"},
        {"select email::text, phone::text, email::varchar(3) from customers",
         "email=as-is(customers.email) phone=as-is(customers.phone) email=derived(customers.email)"},
        {"select ssn::text from employees", "ssn=derived(employees.ssn)"},
    });
}

TEST_CASE("counts, existence and null tests of columns say nothing of values; of expressions they do") {
    check_columns({
        {"select count(*), count(email), count(distinct email) from customers", "count=count count=count count=count"},
        {"select email is null from customers", "?column?=count"},
        {"select nullif(pin, 5) is null from customers", "?column?=derived(customers.pin)"},
        {"select count(nullif(pin, 5)) from customers", "count=derived(customers.pin)"},
        {"select x is null from (select nullif(pin, 5) x from customers) s", "?column?=derived(customers.pin)"},
        {"select exists(select 1 from customers)", "exists=count"},
        {"select row_number() over (order by id), rank() over (order by id) from customers", "row_number=count rank=count"},
        {"select ctid, tableoid from customers", "ctid=count tableoid=count"},
    });
}

TEST_CASE("subqueries, LATERAL, CTEs, set operations and VALUES are followed") {
    check_columns({
        {"select e from (select email as e from customers) s", "e=as-is(customers.email)"},
        {"select (select email from customers limit 1)", "email=as-is(customers.email)"},
        {"select s.* from (select id, lower(email) from customers) s", "id=as-is(customers.id) lower=derived(customers.email)"},
        {"select l.e from customers c, lateral (select c.email as e) l", "e=as-is(customers.email)"},
        {"with x as (select email from customers) select * from x", "email=as-is(customers.email)"},
        {"with x(a) as (select email from customers), y as (select a from x) select y.a from y", "a=as-is(customers.email)"},
        {"with customers as (select id from orders) select * from customers", "id=as-is(orders.id)"},
        {"with x as (select 1 as email) select email from x", "email=constant"},
        {"select email from customers union all select body from notes", "email=as-is(customers.email,notes.body)"},
        {"select email from customers union select 'x'", "email=derived(customers.email)"},
        {"select email from customers union all select null", "email=as-is(customers.email)"},
        {"values (1, 'a'), (2, (select email from customers limit 1))", "column1=constant column2=derived(customers.email)"},
        {"select v.b from (values (1, 'a')) v(a, b)", "b=constant"},
        {"select array(select email from customers)", "array=derived(customers.email)"},
        {"with recursive t(id, name, depth) as (select id, name, 0 from employees where manager is null union all "
         "select e.id, e.name, t.depth + 1 from employees e join t on e.manager = t.id) select name, depth from t",
         "name=as-is(employees.name) depth=constant"},
        {"with recursive t(a, b) as (select 1, email from customers union all select a + 1, b from t where a < 3) search depth first by b set s cycle a set c using p select * from t",
         "a=constant b=as-is(customers.email) s=derived(customers.email) c=constant p=constant"},
        {"with recursive t(a, b) as (select 1, email from customers union all select a + 1, upper(b) from t where a < 3) "
         "select b from t", "b=derived(customers.email)"},
        {"with recursive t(a, b) as (select 'x', email::text from customers union all select b, a from t) select a from t",
         "a=derived(customers.email)"},
    });
}

TEST_CASE("joins merge USING columns and expand stars in PostgreSQL's order") {
    check_columns({
        {"select name from customers c join employees e using (name)", "name=as-is(customers.name,employees.name)"},
        {"select * from (select id, name from customers) a join (select name, ssn from employees) b using (name)",
         "name=as-is(customers.name,employees.name) id=as-is(customers.id) ssn=as-is(employees.ssn)"},
        {"select * from (select id, name from customers) a natural join (select name, ssn from employees) b",
         "name=as-is(customers.name,employees.name) id=as-is(customers.id) ssn=as-is(employees.ssn)"},
        {"select j.y from (notes a join notes b on a.id = b.id) as j(x, y)", "y=as-is(notes.body)"},
        {"select a.body from (notes a join notes b on true) as j", "body=opaque"},
        {"select u.id from notes n join orders o using (id) as u", "id=as-is(notes.id,orders.id)"},
        {"select * from notes n join notes m using (id, body)", "id=as-is(notes.id) body=as-is(notes.body)"},
    });
}

TEST_CASE("whatever is compared with a column takes its origin") {
    check_columns({
        {"select g from generate_series(0, 9999) g join customers on g = pin", "g=as-is(customers.pin)"},
        {"select g from generate_series(0, 9999) g, customers where pin = g", "g=as-is(customers.pin)"},
        {"select g * 2 from generate_series(0, 9999) g, customers where pin = g + 1", "?column?=derived(customers.pin)"},
        {"select y from customers c, lateral (select g as y from generate_series(0, 9) g) s where y = c.pin", "y=as-is(customers.pin)"},
        {"select g from generate_series(0, 9) g where exists (select from customers where pin = g)", "g=as-is(customers.pin)"},
        {"select g, exists (select from customers where pin = g) from generate_series(0, 9) g",
         "g=as-is(customers.pin) exists=derived(customers.pin)"},
        {"select g, (select count(*) from customers where pin = g) from generate_series(0, 9) g",
         "g=as-is(customers.pin) count=derived(customers.pin)"},
        {"select x from (values (1), (2)) v(x) where x in (select pin from customers)", "x=as-is(customers.pin)"},
        {"select a.x from (values (1)) a(x), (values (1)) b(x), customers c where a.x = b.x and b.x = c.pin",
         "x=as-is(customers.pin)"},
        {"select x from (select 5 as x) s, customers where x = pin", "x=as-is(customers.pin)"},
        {"with n as (select 5 as x) select x from n join customers on x = pin", "x=as-is(customers.pin)"},
        {"select g from generate_series(0, 9) g intersect select pin from customers", "g=derived(customers.pin)"},
        {"select g from generate_series(0, 9) g, customers c where g between c.pin and c.pin", "g=derived(customers.pin)"},
        {"select g from generate_series(0, 9) g(g), lateral (select count(*) n from customers where pin = g) s",
         "g=as-is(customers.pin)"},
        {"select o.customer_id, c.id from orders o join customers c on c.id = o.customer_id",
         "customer_id=as-is(customers.id,orders.customer_id) id=as-is(customers.id,orders.customer_id)"},
        {"select email from customers where email like 'a%'", "email=as-is(customers.email)"},
        {"select g from generate_series(0, 9) g where (g, 1) = (select pin, 1 from customers limit 1)", "g=derived(customers.pin)"},
        {"select g::text from generate_series(0, 9) g where g::text = find_customer('x')", "g=opaque"},
    });
}

TEST_CASE("views are followed to their base columns") {
    check_columns({
        {"select customer, email_key from customer_contacts", "customer=as-is(customers.name) email_key=derived(customers.email)"},
        {"select contact from contact_names", "contact=as-is(customers.email)"},
        {"select * from order_counts", "customer_id=as-is(orders.customer_id) orders=count spent=derived(orders.total)"},
        {"select email, orders from customer_summary", "email=as-is(customers.email) orders=count"},
        {"select ctid from customer_summary", "ctid=count"},
    });
}

TEST_CASE("whole rows carry every column") {
    check_columns({
        {"select n from notes n", "n=derived(notes.body,notes.id)"},
        {"select to_jsonb(n) from notes n", "to_jsonb=derived(notes.body,notes.id)"},
        {"select (n).body from notes n", "body=as-is(notes.body)"},
        {"select (s.n).body from (select n from notes n) s", "body=as-is(notes.body)"},
        {"select (n).* from notes n", "id=as-is(notes.id) body=as-is(notes.body)"},
        {"select count(n), count(n.*) from notes n", "count=count count=count"},
        {"select s from (select 1 as a, email from customers) s", "s=derived(customers.email)"},
    });
}

TEST_CASE("functions: pure ones derive, SQL bodies are followed, others are opaque") {
    check_columns({
        {"select customer_email(1)", "customer_email=derived(customers.email,customers.id)"},
        {"select * from customers_named('x')", "id=derived(customers.id,customers.name) email=derived(customers.email,customers.name)"},
        {"select email from all_customers()", "email=as-is(customers.email)"},
        {"select (all_customers()).email", "email=as-is(customers.email)"},
        {"select (customers_named($1)).*", "id=derived(customers.id,customers.name) email=derived(customers.email,customers.name)"},
        {"select add_tax(salary) from employees", "add_tax=derived(employees.salary)"},
        {"select add_tax(5)", "add_tax=constant"},
        {"select find_customer('x')", "find_customer=opaque"},
        {"select o.order_label from orders o", "order_label=derived(orders.customer_id,orders.id,orders.note,orders.placed,"
                                               "orders.state,orders.total)"},
        {"select no_such_function(email) from customers", "no_such_function=opaque(customers.email)"},
        {"select pg_read_file('x')", "pg_read_file=opaque"},
        {"select * from generate_series(1, 3)", "generate_series=constant"},
        {"select * from generate_series(1, 3) with ordinality as t(a, n)", "a=constant n=count"},
        {"select key, value from customers, jsonb_each(profile)", "key=derived(customers.profile) value=derived(customers.profile)"},
        {"select u from customers, unnest(tags) u", "u=derived(customers.tags)"},
        {"select * from unnest(array[1, 2]) x", "x=constant"},
        {"select * from unnest(array[row(1, 2)]) x", "unknown"},
        {"select a from json_to_record('{}') as t(a int)", "a=constant"},
    });
}

TEST_CASE("what is not known is opaque and never spoils a star") {
    check_columns({
        {"select * from no_such_table", "unknown"},
        {"select a, id from no_such_table, notes", "a=opaque id=opaque(notes.id)"},
        {"select n.id, t.x from no_such_table t, notes n", "id=as-is(notes.id) x=opaque"},
        {"select *, 1 from (select * from no_such_table) s, notes", "unknown"},
        {"select no_such_column from customers", "no_such_column=opaque"},
        {"select id from customers, orders", "id=opaque(customers.id,orders.id)"},
        {"select customers.email from customers c", "email=opaque"},
        {"select most_common_vals from pg_stats", "most_common_vals=opaque"},
        {"select query from pg_stat_activity", "query=opaque"},
        {"select relname from pg_class", "relname=as-is(pg_catalog.pg_class.relname)"},
    });
}

TEST_CASE("RETURNING, COPY, SHOW and EXPLAIN have columns too") {
    check_columns({
        {"insert into notes values (1, 'x') returning *", "id=as-is(notes.id) body=as-is(notes.body)"},
        {"insert into notes(body) select email from customers returning body", "body=as-is(customers.email,notes.body)"},
        {"update notes set body = email from customers returning body", "body=as-is(customers.email,notes.body)"},
        {"delete from notes using customers c returning c.email", "email=as-is(customers.email)"},
        {"with d as (delete from notes returning body) select * from d", "body=as-is(notes.body)"},
        {"update notes set body = 'x'", ""},
        {"delete from audit_trail returning what", "what=opaque"},
        {"copy customers (id, email) to stdout", "id=as-is(customers.id) email=as-is(customers.email)"},
        {"copy (select email from customers) to stdout", "email=as-is(customers.email)"},
        {"show search_path", "search_path=constant"},
        {"explain select email from customers where id = 5", "QUERY PLAN=derived(customers.id)"},
        {"explain select 1", "QUERY PLAN=constant"},
        {"call archive_orders()", "unknown"},
        {"fetch 5 from c", "unknown"},
    });
}

TEST_CASE("names are found by PostgreSQL's scoping rules") {
    check_columns({
        {"select (select name) from customers", "name=as-is(customers.name)"},
        {"select (select max(lower(n.body)) as x from notes n group by x) from (select 1 as x) o", "x=derived(notes.body)"},
        {"select (select e.name from employees e where e.id = c.id limit 1) from customers c",
         "name=derived(customers.id,employees.id,employees.name)"},
        {"select (select name from employees limit 1) from customers", "name=as-is(employees.name)"},
        {"select x.body from notes x, (select x.email as body from customers x) s", "body=as-is(notes.body)"},
        {"select s.v from notes n, (select body as v from tickets) s", "v=as-is(tickets.body)"},
        {"select s.v from notes n, lateral (select body as v) s", "v=as-is(notes.body)"},
        {"with a as (select email v from customers) select (with a as (select id v from orders) select v from a limit 1), v from a",
         "v=as-is(orders.id) v=as-is(customers.email)"},
    });
}

TEST_CASE("assignments say which columns flow where") {
    const auto flows = [](const std::string& sql) {
        std::string out;
        for (const Assignment& one : traced(sql).analysis.assignments) {
            out += (out.empty() ? "" : " ") + (one.target == ColumnId{} ? "new" : short_name(one.target)) + "<-";
            for (const ColumnId origin : one.origins) out += short_name(origin) + ",";
            if (one.assigns_value) out += "!";
        }
        return out;
    };
    CHECK(flows("insert into notes(body) select email from customers") == "notes.body<-customers.email,");
    CHECK(flows("insert into notes values (1, $1)") == "notes.id<-! notes.body<-!");
    CHECK(flows("update notes set body = upper(email) from customers") == "notes.body<-customers.email,!");
    CHECK(flows("update notes set body = default") == "notes.body<-");
    CHECK(flows("update notes set (id, body) = (select id, email from customers limit 1)") ==
          "notes.id<-customers.id,customers.email,! notes.body<-customers.id,customers.email,!");
    CHECK(flows("create table t as select email from customers") == "new<-customers.email,");
    CHECK(flows("select email into t from customers") == "new<-customers.email,");
    CHECK(flows("create view v as select lower(email) from customers") == "new<-customers.email,!");
    CHECK(flows("insert into notes values (1, 'x') on conflict (id) do update set body = excluded.body") ==
          "notes.id<-! notes.body<-! notes.body<-!");
    CHECK(flows("merge into notes n using customers c on n.id = c.id when matched then update set body = c.email "
                "when not matched then insert values (c.id, c.name)") ==
          "notes.body<-customers.email, notes.id<-customers.id,notes.id, notes.body<-customers.name,");
    CHECK(flows("copy notes (body) from stdin") == "notes.body<-!");
    CHECK(flows("update customer_contacts set email = 'x'") == "customers.email<-! customer_contacts.email<-!");
}

TEST_CASE("a deep or recursive tree ends opaque, not in a crash") {
    std::string deep = "select ";
    for (int i = 0; i < 2000; ++i) deep += "lower(";
    deep += "email";
    for (int i = 0; i < 2000; ++i) deep += ")";
    CHECK(columns(deep + " from customers").starts_with("lower=opaque"));
    std::string nested = "select email from customers";
    for (int i = 0; i < 700; ++i) nested = "select email from (" + nested + ") s";
    CHECK(columns(nested) != "email=constant");
}

TEST_CASE("only expressions over columns that can raise set may_raise_from_data") {
    for (const char* sql : {"select id, lower(email), count(*) from customers where id = 5 group by 1, 2", "select 1/0", "select name || 'x', email = name from customers",
             "select name like 'a%', name ~ 'a' from customers where name like 'a%' and email <> 'x' and id between 1 and 5", "select max(salary) from employees",
             "select id in (1, $1) from customers where id in (1, 2)"}) {
        CAPTURE(std::string(sql));
        CHECK(!traced(sql).analysis.may_raise_from_data);
    }
    for (const char* sql : {"select 1/(length(ssn) - 9) from employees", "select ssn::int from employees", "select sum(salary::float8) from employees",
             "select sum(salary), avg(salary) from employees", "select json_build_object(name, 1) from customers", "select date_trunc(name, now()) from customers",
             "select case when pin > 5 then 1 / 0 end from customers", "select case when pin > 5 then current_setting('no.such') end from customers",
             "select coalesce(name, 'x'::text) from customers", "select pin > 5 and 1 / 0 = 1 from customers", "select pin in (5, 1 / 0) from customers",
             "select (select id from orders o where o.id > c.id) from customers c", "select array_agg(tags) from customers", "select tags || tags from customers",
             "select length(name::bytea, email) from customers", "select email like name from customers", "select 1 from customers where email ~ name",
             "select a = b from (select row(id, name) a, case when pin > 5 then row(id) end b from customers) s"}) {
        CAPTURE(std::string(sql));
        CHECK(traced(sql).analysis.may_raise_from_data);
    }
}
