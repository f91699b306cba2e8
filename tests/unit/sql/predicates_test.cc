#include "lineage_cases.h"

using namespace pgveil;
using namespace pgveil::sql;

TEST_CASE("predicates name each use of a stored column and count distinct literals") {
    check_predicates({
        {"select 1 from customers where email = 'a'", "customers.email:equality:1"},
        {"select 1 from customers where email = 'a' or email = 'b' or email = 'a'", "customers.email:equality:2"},
        {"select 1 from customers where email in ('a', 'b', $1)", "customers.email:equality:3"},
        {"select 1 from customers where email = any('{a,b,c}')", "customers.email:equality:3"},
        {"select 1 from customers where email = any($1)", "customers.email:equality:0+$1"},
        {"select 1 from customers where email = any($2::text[]) or email = any($1) or email = 'a'", "customers.email:equality:1+$1+$2"},
        {"select 1 from customers where email = any($1::text::text[])", "customers.email:equality:1000000"},
        {"select 1 from customers where id = any('1 2 3'::oidvector)", "customers.id:equality:3"},
        {"select 1 from customers where email = any(array['a', 'b'])", "customers.email:equality:2"},
        {"select 1 from customers where email <> 'a'", "customers.email:equality:1"},
        {"select 1 from customers where email not in ('a', $1)", "customers.email:equality:2"},
        {"select 1 from customers where email <> all('{a,b,c}')", "customers.email:equality:3"},
        {"select 1 from customers where email <> all($1)", "customers.email:equality:0+$1"},
        {"select 1 from customers where email is distinct from 'a'", "customers.email:equality:1"},
        {"select 1 from customers where email is distinct from lower(name)", "customers.email:other:0 customers.name:other:0"},
        {"select 1 from customers where pin <> (select max(g) from generate_series(1, 9) g)", "customers.pin:other:0"},
        {"select 1 from customers where pin <> all (select g from generate_series(1, 9) g)", "customers.pin:other:0"},
        {"select 1 from customers where pin < all('{5}')", "customers.pin:range:0"},
        {"select 1 from customers c join employees e on c.name <> e.name", "customers.name:equality:0 employees.name:equality:0"},
        {"select 1 from customers where lower(email) = 'a'", "customers.email:other:0"},
        {"select 1 from customers where pin > 5 and pin between 1 and 2", "customers.pin:range:0"},
        {"select 1 from customers where email like 'a%'", "customers.email:pattern:0"},
        {"select 1 from customers where email ~ 'a'", "customers.email:pattern:0"},
        {"select 1 from customers where email is null", ""},
        {"select generate_series(1, pin) from customers", "customers.pin:other:0"},
        {"select count(*) from (select unnest(string_to_array(email, null)) from customers) x", "customers.email:other:0"},
        {"select 1 from customers, regexp_split_to_table(email, 'a')", "customers.email:other:0"},
        {"select pg_sleep(pin) from customers", "customers.pin:other:0"},
        {"select unnest(tags), jsonb_array_elements(profile) from customers", ""},
        {"select 1 from customers where nullif(pin, 1) is null", "customers.pin:other:0"},
        {"select 1 from customers where active", "customers.active:equality:1"},
        {"select 1 from customers where not active and active is true", "customers.active:equality:1"},
        {"select 1 from customers c join employees e on c.name = e.name", "customers.name:equality:0 employees.name:equality:0"},
        {"select 1 from customers c join employees e using (name)", "customers.name:equality:0 employees.name:equality:0"},
        {"select 1 from generate_series(1, 9) g join customers on pin = g", "customers.pin:other:0"},
        {"select 1 from customers where pin = (select max(g) from generate_series(1, 9) g)", "customers.pin:other:0"},
        {"select name from customers group by name order by name", "customers.name:group:0 customers.name:order:0"},
        {"select name as n from customers order by n, 1", "customers.name:order:0"},
        {"select lower(name) from customers order by lower(name)", "customers.name:other:0"},
        {"select distinct name from customers", "customers.name:group:0"},
        {"select name from customers union select name from employees", "customers.name:group:0 employees.name:group:0"},
        {"select count(*) from customers having max(pin) > 5", "customers.pin:other:0"},
        {"select count(*) filter (where pin < 5) from customers", "customers.pin:range:0"},
        {"select 1 from notes limit (select pin from customers)", "customers.pin:other:0"},
        {"select 1 from customers c, generate_series(1, c.pin)", "customers.pin:other:0"},
        {"select 1 from customers where (name, pin) = ('a', 1)", "customers.name:equality:1 customers.pin:equality:1"},
        {"select 1 from customers where pin in (select 5)", "customers.pin:equality:1"},
        {"select 1 from customer_contacts where customer = 'x'",
         "customer_contacts.customer:equality:1 customers.name:equality:1"},
        // a name that a range of unknown columns could bring is still one of those that are known
        {"select 1 from customers, unnest(array[row(1, 2)]) u where pin > 5", "customers.pin:other:0"},
        {"select 1 from customers, unnest($1::text[], $2::text[]) u where pin = 5", "customers.pin:equality:1"},
        {"select 1 from notes where exists (select 1 from customers, unnest(array[row(1, 2)]) u where pin = 5)", "customers.pin:other:0"},
        {"explain select 1 from customers where pin > 5", "customers.pin:range:0"},
        {"declare c cursor for select 1 from customers where pin > 5", "customers.pin:range:0"},
        {"update customers set name = 'x' where pin > 5", "customers.pin:range:0"},
        {"select rank() over (partition by name order by pin) from customers", "customers.name:group:0 customers.pin:order:0"},
    });
}

TEST_CASE("a set operation compares, unless it is UNION ALL") {
    check_predicates({
        {"select pin > 5 from customers intersect all select true", "customers.pin:other:0"},
        {"select pin > 5 from customers except all select true", "customers.pin:other:0"},
        {"select 1 where exists (select pin > 5 from customers intersect all select true)", "customers.pin:other:0"},
        {"select pin > 5 from customers union all select true", ""},
        {"select name from customers except all select name from employees", "customers.name:group:0 employees.name:group:0"},
        {"select name from customers intersect select 'a'", "customers.name:equality:1 customers.name:group:0"},
        {"select name from customers intersect select null", "customers.name:group:0"},
        {"select name from customers intersect (values ('a'), ('b'), ($1))", "customers.name:equality:3 customers.name:group:0"},
        {"select name from customers union (select 'a' union all select 'b')", "customers.name:equality:2 customers.name:group:0"},
        {"select pin from customers intersect select g from generate_series(0, 9999) g", "customers.pin:other:0"},
        {"select pin from customers intersect select generate_series(0, 9999)", "customers.pin:other:0"},
        {"select pin from customers union select g * 2 from generate_series(0, 9999) g", "customers.pin:other:0"},
        {"select g from generate_series(0, 9999) g except select pin from customers", "customers.pin:other:0"},
        // what one side is chosen by tells of the other
        {"select pin from customers intersect select id from orders where id < 5", "customers.pin:group:0 customers.pin:range:0 orders.id:group:0 orders.id:range:0"},
        // columns that do not match, or whose number is open, may be compared with anything
        {"select pin from customers intersect select * from unnest(array[row(1, 2)])", "customers.pin:other:0"},
        {"select (case when n.id > 5 then n end).*, 1 from notes n intersect select * from notes", "notes.body:other:0 notes.id:other:0"},
    });
}

TEST_CASE("equality counts every value that a list or a subquery may hold") {
    check_predicates({
        {"select 1 from customers where pin in (values (1), (2), (3))", "customers.pin:equality:3"},
        {"select 1 from customers where pin in (select 1 union all select 2 union all select 3)", "customers.pin:equality:3"},
        {"select 1 from customers where (name, pin) in (values ('a', 1), ('b', 2))", "customers.name:equality:2 customers.pin:equality:2"},
        {"select 1 from customers where pin in (select generate_series(0, 9999))", "customers.pin:other:0"},
        {"select 1 from customers where name in (select '4' || lpad(generate_series(0, 9999)::text, 4, '0'))", "customers.name:other:0"},
        {"select 1 from customers where pin in (select unnest(array[1, 2, 3]))", "customers.pin:other:0"},
        {"select 1 from customers where pin in (select sum(1) over (order by g) from generate_series(0, 9999) g)", "customers.pin:other:0"},
        {"select 1 from customers where pin = any(array(values (1), (2)))", "customers.pin:other:0"},
        {"select 1 from customers where pin = random() * 9999", "customers.pin:other:0"},
        {"select 1 from customers where pin = case when random() < 0.5 then 1 else 2 end", "customers.pin:other:0"},
        {"select 1 from customers where pin = length('abc') and name = current_setting('a.b')", "customers.name:equality:1 customers.pin:equality:1"},
    });
}

TEST_CASE("a row is null where its fields are") {
    check_predicates({
        {"select 1 from (select case when pin > 5 then 1 end x from customers) q where q is null", "customers.pin:other:0"},
        {"select 1 from (select case when pin > 5 then 1 end x from customers) q where q.* is not null", "customers.pin:other:0"},
        {"select 1 from customers c, lateral (select case when c.pin > 5 then 1 end) z where z is not null", "customers.pin:other:0"},
        {"select 1 from customers c, lateral (values (case when c.pin > 5 then 1 end)) v where v is null", "customers.pin:other:0"},
        {"select 1 from customers c where c is not null", ""},
        {"select 1 from (select pin, 5 from customers) q where q is null", ""},
    });
    check_columns({
        {"select count(pg_identify_object(1259::regclass, case when pin > 5 then 1259::oid end, 0)) from customers", "count=derived(customers.pin)"},
        {"select count(pg_identify_object(1259::regclass, 1259::oid, 0)) from customers", "count=count"},
        {"select count(q) from (select case when pin > 5 then 1 end x from customers) q", "count=derived(customers.pin)"},
        {"select count(q) from (select pin from customers) q", "count=count"},
    });
}

TEST_CASE("what recursion computes is no column, on either side") {
    check_predicates({
        {"with recursive r(x) as (select case when pin > 5 then 1 end from customers union all select x from r where false) "
         "select 1 from r where x is null", "customers.pin:other:0"},
        {"with recursive r(x) as (select left(name, 1) from customers union all select x from r where false) select 1 from r where x = '4'",
         "customers.name:other:0"},
        {"with recursive r(x) as (select pin > 5 from customers union all select x from r where false) select 1 from r where x", "customers.pin:other:0"},
        {"with recursive r(x, n) as (select pin, 1 from customers union all select nullif(x, 5), n + 1 from r where x is not null and n < 3) "
         "select 1 from r where n = 2", "customers.pin:other:0"},
        {"with recursive r(x) as (select pin from customers union all select q.y from r, lateral (select nullif(x, 5) y) q) select 1 from r",
         "customers.pin:other:0"},
        {"with recursive r(x) as (select pin > 5 from customers union select x from r) select 1 from r", "customers.pin:other:0"},
        {"with recursive r(x) as (select pin from customers union select 5) select 1 from r", "customers.pin:equality:1 customers.pin:group:0"},
        {"with recursive r(x) as (select pin > 5 from customers intersect all select true) select 1 from r", "customers.pin:other:0"},
        {"with recursive r(x, y) as (select pin > 5, id from customers union all select x, y from r) cycle x set c using p select 1 from r",
         "customers.pin:other:0"},
        {"with recursive r(x, y) as (select pin, id from customers union all select x, y from r) cycle x set c using p select 1 from r",
         "customers.pin:group:0"},
        // beside other values a sorted or grouped column is compared with them
        {"with recursive r(x, k) as (select pin, 1 from customers union all select 5, 2 from r where k < 2) select k from r order by x", "customers.pin:other:0"},
        {"with recursive r(x) as (select 5 union all select pin from customers, r) select count(distinct x) from r", "customers.pin:other:0"},
        {"with recursive r(x) as (select pin from customers union all select v.x from r, (values (5)) v(x)) select 1 from r order by x", "customers.pin:other:0"},
        {"with recursive r(x) as (select pin from customers union all select c.pin from customers c, r) select x from r order by x", "customers.pin:order:0"},
        {"with recursive r(x) as (select pin from customers union all select null from r) select x from r group by x", "customers.pin:group:0"},
        {"with recursive r(x) as (select pin from customers union all select c.pin from customers c join r on r.x = c.id) select 1 from r where x = 5",
         "customers.id:equality:1 customers.id:other:0 customers.pin:equality:1 customers.pin:other:0"},
    });
    check_columns({
        {"with recursive r(x) as (select case when pin > 5 then 1 end from customers union all select x from r where false) select count(x) from r",
         "count=derived(customers.pin)"},
        {"with recursive r(x) as (select pin from customers union all select x from r where false) select count(x), x from r group by x",
         "count=count x=as-is(customers.pin)"},
    });
}

TEST_CASE("a join by names that are not all known may compare any column") {
    check_predicates({
        {"select count(*) from (select pin as zip from customers) c natural join unnest(array[row(1, 2)]) a", "customers.pin:other:0"},
        {"select count(*) from (select pin as zip from customers) c join unnest(array[row(1, 2)]) a using (zip)", "customers.pin:other:0"},
        {"select count(*) from (select pin as zip from customers) c natural join (select 1 as other) a", ""},
    });
}

TEST_CASE("table functions, samples and window frames tell of what steers them") {
    check_predicates({
        {"select 1 from customers c, xmltable('/a' passing case when pin > 5 then '<a/>'::xml end columns x int)", "customers.pin:other:0"},
        {"select 1 from customers c, xmltable(case when pin > 5 then '/a' else '/b' end passing ('<a/>'::xml) columns x int)", "customers.pin:other:0"},
        {"select 1 from customers c, xmltable('/a' passing ('<a/>'::xml) columns x int path (case when pin > 5 then 'a' else '' end))", "customers.pin:other:0"},
        {"select 1 from customers c, xmltable('/a' passing ('<a/>'::xml) columns x int default (pin))", "customers.pin:other:0"},
        {"select 1 from xmltable('/a' passing ('<a/>'::xml) columns x int default (1))", ""},
        {"select 1 from notes tablesample bernoulli (50) repeatable ((select pin from customers where id = 1))", "customers.id:equality:1 customers.pin:other:0"},
        {"select 1 from notes tablesample bernoulli ((select pin from customers limit 1))", "customers.pin:other:0"},
        {"select count(*) over (order by pin range between 5 preceding and current row) from customers", "customers.pin:range:0"},
        {"select count(*) over (order by pin range between unbounded preceding and current row) from customers", "customers.pin:order:0"},
        {"select count(*) over (order by pin rows between 5 preceding and current row) from customers", "customers.pin:order:0"},
        {"select count(*) over (order by pin groups between 5 preceding and current row) from customers", "customers.pin:order:0"},
        {"select count(*) over (v range between 5 preceding and 1 following) from customers window w as (order by pin), v as (w)",
         "customers.pin:order:0 customers.pin:range:0"},
        {"select count(*) over v from customers window w as (order by pin), v as (w range 5 preceding)", "customers.pin:order:0 customers.pin:range:0"},
    });
}

TEST_CASE("calls that change the session tell of what they are given and of what decides whether they run") {
    check_predicates({
        {"select setseed(pin / 1e6) from customers", "customers.pin:other:0"},
        {"select case when pin > 5 then set_config('work_mem', '1MB', false) end from customers", "customers.pin:other:0"},
        {"select case when pin > 5 then pg_advisory_unlock(1) end from customers", "customers.pin:other:0"},
        {"select pin > 5 and pg_advisory_unlock(1) from customers", "customers.pin:other:0"},
        {"select coalesce(nullif(pin, 5), random()) from customers", "customers.pin:other:0"},
        {"select pin in (5, random()) from customers", "customers.pin:other:0"},
        {"select case when pin > 5 then (select random()) end from customers", "customers.pin:other:0"},
        {"select case when pin > 5 then pg_sleep(1) end from customers", "customers.pin:other:0"},
        {"select 1 from customers c, lateral setseed(c.pin / 1e6)", "customers.pin:other:0"},
        {"select count(setseed(0.5)) filter (where pin > 5) from customers", "customers.pin:range:0"},
        {"select set_config('a', 'b', false), setseed(0.5), pg_advisory_unlock(1), random(), pg_sleep(1)", ""},
        {"select pin, set_config('a.b', 'c', false), random() from customers order by random()", ""},
        {"select (select pin from customers order by random() limit 1), case when 1 = 1 then random() end from notes", ""},
        {"select coalesce(name, gen_random_uuid()::text), case when pin > 5 then clock_timestamp() end from customers", ""},
    });
}

TEST_CASE("equality names the columns that are compared, through whatever they pass") {
    const auto with = [](const std::string& sql) {
        std::string out;
        for (const Predicate& predicate : traced(sql).analysis.predicates) {
            for (const ColumnId other : predicate.with) out += (out.empty() ? "" : " ") + short_name(predicate.column) + "~" + short_name(other);
        }
        return out;
    };
    CHECK(with("select 1 from customers where pin = 5") == "");
    CHECK(with("select 1 from customers a join customers b on a.pin = b.pin") == "");
    CHECK(with("select 1 from customers c join orders o on c.pin = o.id") == "customers.pin~orders.id orders.id~customers.pin");
    CHECK(with("select 1 from customers where pin in (select id from orders order by id limit 5)") == "customers.pin~orders.id orders.id~customers.pin");
    CHECK(with("select pin from customers intersect (select id from orders order by id limit 5)") == "customers.pin~orders.id orders.id~customers.pin");
    CHECK(with("select 1 from customers join (select id as pin from orders) o using (pin)") == "customers.pin~orders.id orders.id~customers.pin");
    CHECK(with("select 1 from notes n, orders o, customers c where n.id = o.id and o.id = c.pin and n.id = 5").find("customers.pin~notes.id") != std::string::npos);
}
