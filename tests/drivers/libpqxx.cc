// libpqxx through pgveil; programs.py says what each line means and compares them.
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <pqxx/pqxx>
#include <regex>
#include <thread>
#include <typeinfo>

namespace {

const std::string tagged = "SELECT id, full_name, email, birth_date FROM customers WHERE id";
const std::string endless = "SELECT count(*) FROM orders a, orders b, orders c";

void out(const std::string& step, const std::string& text) {
    std::cout << step << ": " << std::regex_replace(text, std::regex("\\s*\n\\s*"), " ") << std::endl;
}

std::string rows(const pqxx::result& found) {
    std::string text;
    for (const auto& row : found) {
        if (!text.empty()) text += ';';
        for (const auto& cell : row) text += (cell.num() > 0 ? "|" : "") + std::string(cell.is_null() ? "NULL" : cell.c_str());
    }
    return text;
}

template <class Do> std::string state(Do&& what) {
    try {
        return what();
    } catch (const pqxx::sql_error& error) {
        return error.sqlstate();
    }
}

template <class Do> void attempt(const std::string& step, Do&& what) {
    try {
        return out(step, what());
    } catch (const pqxx::sql_error& error) {
        out(step, error.sqlstate());
        if (error.sqlstate() != "PV001") return;
        out("held", error.what());   // the whole message, which names the request; libpqxx gives no DETAIL
    }
    std::cin.ignore(100, '\n');
    out("approved", what());
    out("again", state(what));
}

std::string one(pqxx::connection& c, const std::string& sql) {
    pqxx::nontransaction t(c);
    return rows(t.exec(sql));
}

void batch(pqxx::connection& c) {
    pqxx::nontransaction t(c);
    pqxx::pipeline pipe(t);
    pipe.retain(20);
    std::vector<pqxx::pipeline::query_id> ids;
    for (int i = 0; i < 20; ++i) ids.push_back(pipe.insert("SELECT " + std::to_string(i) + " * 2"));
    ids.push_back(pipe.insert(tagged + " = 7"));
    pipe.complete();
    for (const auto id : ids) out("batch", rows(pipe.retrieve(id)));
}

void cancel(pqxx::connection& c) {
    std::promise<void> ended;
    std::thread canceller([&, done = ended.get_future()] {
        while (done.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout) c.cancel_query();
    });
    out("cancel", state([&] { return one(c, endless); }));
    ended.set_value();
    canceller.join();
    out("after cancel", one(c, "SELECT 2"));
}

void errors(pqxx::connection& c) {
    for (const char* wrong : {"SELECT 1/0", "SELECT nothing FROM orders", "SELEC 1", "SELECT * FROM nowhere"}) {
        try {
            one(c, wrong);
        } catch (const pqxx::sql_error& error) {
            out("error", error.sqlstate() + " " + typeid(error).name() + " " + error.what());
        }
    }
}

}  // namespace

int main() {
    const std::string product = std::getenv("PRODUCT"), other = std::getenv("OTHER_PRODUCT");
    auto opened = std::make_unique<pqxx::connection>("");
    pqxx::connection& c = *opened;
    out("connect", one(c, "SELECT 1"));
    out("query", one(c, tagged + " <= 3 ORDER BY id"));
    out("parameters", rows(pqxx::nontransaction(c).exec_params(tagged + " BETWEEN $1 AND $2 ORDER BY id", 4, 5)));
    c.prepare("one", tagged + " = $1");
    for (int id = 1; id <= 5; ++id) out("prepared", rows(pqxx::nontransaction(c).exec_prepared("one", id)));
    c.unprepare("one");
    const pqxx::binarystring bytes(std::string("\0\1\xff", 3));
    out("binary", rows(pqxx::nontransaction(c).exec_params(tagged + " = 8 AND $1::bytea = '\\x0001ff'", bytes)));
    out("types", one(c, "SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id"));
    batch(c);
    {
        pqxx::work t(c);
        pqxx::icursorstream cursor(t, tagged + " <= 20 ORDER BY id", "batches", 7);
        for (pqxx::result found; cursor >> found;) out("cursor", rows(found));
        t.commit();
    }
    {
        pqxx::work t(c);
        pqxx::stream_from stream(t, "customers", std::vector<std::string>{"id", "full_name", "email", "birth_date"});
        std::string line;
        for (int count = 0; stream.get_raw_line(line); ++count) {
            line = std::regex_replace(std::regex_replace(line, std::regex("\t"), "|"), std::regex("\\\\N"), "NULL");
            if (count < 5) out("copy out", line);
        }
        stream.complete();
    }
    attempt("copy in", [&] {
        pqxx::work t(c);
        pqxx::stream_to stream(t, "order_log", std::vector<std::string>{"order_id"});
        stream << std::make_tuple(1) << std::make_tuple(2);
        stream.complete();
        t.commit();
        return std::string("done");
    });
    cancel(c);
    errors(c);
    {
        pqxx::work t(c);
        out("commit", rows(t.exec("SELECT 3")));
        t.commit();
    }
    {
        pqxx::work t(c);
        out("in a block", state([&] { return std::to_string(t.exec_params("UPDATE products SET stock = 0 WHERE id = $1", other).affected_rows()); }));
        out("failed block", state([&] { return rows(t.exec("SELECT 4")); }));
        t.abort();
    }
    out("rollback", one(c, "SELECT 5"));
    attempt("write", [&] {
        pqxx::nontransaction t(c);
        return std::to_string(t.exec_params("UPDATE products SET stock = stock + 1 WHERE id = $1", product).affected_rows());
    });
    opened.reset();
    pqxx::connection next("");
    out("reconnect", one(next, "SELECT 6"));
}
