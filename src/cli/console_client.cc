#include "cli/console_client.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>

namespace pgveil::cli {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string without_line_breaks(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

Connection connect(const ConsoleTarget& target) {
    const char* database = std::getenv("PGDATABASE");
    const bool named = !target.database.empty() || (database != nullptr && *database != '\0');
    const std::string dbname = named ? target.database : "pgveil";
    // An empty value is libpq's "not given".
    const char* const keys[] = {"host", "port", "user", "dbname", "fallback_application_name", "client_encoding", nullptr};
    const char* const values[] = {target.host.c_str(), target.port.c_str(), target.user.c_str(), dbname.c_str(), "pgveil", "UTF8", nullptr};
    return {PQconnectdbParams(keys, values, 0), &PQfinish};
}

TextTable table_of(const PGresult* result) {
    TextTable table;
    for (int c = 0; c < PQnfields(result); ++c) table.names.emplace_back(PQfname(result, c));
    for (int r = 0; r < PQntuples(result); ++r) {
        auto& row = table.rows.emplace_back();
        for (int c = 0; c < PQnfields(result); ++c) {
            row.emplace_back(PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c)));
        }
    }
    return table;
}

}  // namespace

void ConsoleTarget::declare(Options& options) {
    options.value("--host", host, "HOST", "-h: where the proxy listens, or the directory of its socket; default $PGHOST");
    options.value("--port", port, "PORT", "-p: default $PGPORT");
    options.value("--username", user, "NAME", "-U: the person; default $PGUSER");
    options.value("--dbname", database, "NAME", "-d: the console's database name; default $PGDATABASE, then pgveil");
}

std::vector<std::string_view> long_forms(Arguments arguments) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto word = arguments[i];
        const bool last = i + 1 == arguments.size();
        if (word == "-h" && !last) words.emplace_back("--host");
        else if (word == "-p") words.emplace_back("--port");
        else if (word == "-U") words.emplace_back("--username");
        else if (word == "-d") words.emplace_back("--dbname");
        else words.push_back(word);
    }
    return words;
}

std::string aligned(const TextTable& table) {
    std::vector<std::size_t> widths;
    for (const auto& name : table.names) widths.push_back(width_of(name));
    for (const auto& row : table.rows) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
    }
    std::string out;
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string text;
        for (std::size_t c = 0; c < cells.size(); ++c) {
            const auto cell = without_line_breaks(cells[c]);
            text += cell + std::string(c + 1 < cells.size() ? widths[c] - width_of(cell) + 2 : 0, ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    };
    line(table.names);
    for (const auto& row : table.rows) line(row);
    return out;
}

std::string as_sheet(const TextTable& table) {
    std::string out;
    for (const auto& row : table.rows) {
        if (row.size() < 2) continue;
        out += row[0] + ": ";
        for (const char c : row[1]) out += c == '\n' ? std::string("\n    ") : std::string(1, c);
        out += '\n';
    }
    return out;
}

int ask_console(const ConsoleTarget& target, const std::string& command, const std::vector<std::string>& parameters, Layout layout) {
    const Connection connection = connect(target);
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        fmt::print(stderr, "pgveil: {}", PQerrorMessage(connection.get()));
        return Cannot;
    }
    std::vector<const char*> values;
    for (const auto& p : parameters) values.push_back(p.c_str());
    const Answer answer{PQexecParams(connection.get(), command.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0),
                        &PQclear};
    const auto status = PQresultStatus(answer.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fmt::print(stderr, "{}", PQerrorMessage(connection.get()));
        return PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE) != nullptr ? AnswerIsNo : Cannot;
    }
    if (status == PGRES_TUPLES_OK && layout == Layout::Aligned) fmt::print("{}", aligned(table_of(answer.get())));
    if (status == PGRES_TUPLES_OK && layout == Layout::Sheet) fmt::print("{}", as_sheet(table_of(answer.get())));
    return Done;
}

}  // namespace pgveil::cli
