#include "catalog/pq_loader.h"

#include <charconv>
#include <unordered_map>

#include <fmt/format.h>

#include "catalog/pq_answer.h"
#include "catalog/pq_queries.h"

namespace pgveil::catalog {

namespace {

constexpr int kSince14 = 140000;

/// One row of an answer, by position. Text format; the queries fix what stands where.
class Row {
  public:
    Row(const PGresult& result, int row) : result_(result), row_(row) {}
    [[nodiscard]] bool null(int at) const { return PQgetisnull(&result_, row_, at) != 0; }
    [[nodiscard]] std::string_view view(int at) const {
        return {PQgetvalue(&result_, row_, at), static_cast<std::size_t>(PQgetlength(&result_, row_, at))};
    }
    [[nodiscard]] std::string text(int at) const { return std::string(view(at)); }
    [[nodiscard]] bool flag(int at) const { return view(at) == "t"; }
    [[nodiscard]] char letter(int at) const { return view(at).empty() ? '\0' : view(at).front(); }
    [[nodiscard]] std::int64_t number(int at) const { return number_of(view(at)); }
    [[nodiscard]] Oid oid(int at) const { return Oid(static_cast<std::uint32_t>(number(at))); }
    [[nodiscard]] std::vector<std::string> texts(int at) const { return array_of(view(at)); }
    [[nodiscard]] std::vector<Oid> oids(int at) const {
        std::vector<Oid> out;
        for (const std::string& item : array_of(view(at))) out.emplace_back(static_cast<std::uint32_t>(number_of(item)));
        return out;
    }

  private:
    static std::int64_t number_of(std::string_view text) {
        std::int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }
    /// array_out's text ({a,"b c",NULL}) or oidvector's (25 25).
    static std::vector<std::string> array_of(std::string_view text);

    const PGresult& result_;
    int row_;
};

std::vector<std::string> Row::array_of(std::string_view text) {
    std::vector<std::string> out;
    const bool braces = !text.empty() && text.front() == '{';
    if (braces) text = text.substr(1, text.size() - 2);
    const char separator = braces ? ',' : ' ';
    std::size_t at = 0;
    while (at < text.size()) {
        std::string item;
        bool in_quotes = false;
        for (; at < text.size() && (in_quotes || text[at] != separator); ++at) {
            if (braces && text[at] == '"') {
                in_quotes = !in_quotes;
            } else {
                if (braces && text[at] == '\\' && at + 1 < text.size()) ++at;
                item += text[at];
            }
        }
        ++at;
        out.push_back(std::move(item));
    }
    return out;
}

template <class Each>
Result<void, LoadError> for_rows(PGconn& connection, const std::string& sql, Each each) {
    auto result = query(connection, sql);
    if (!result) return refuse(std::move(result.error()));
    const int rows = PQntuples(result->get());
    for (int i = 0; i < rows; ++i) each(Row(**result, i));
    return {};
}

TypeKind type_kind(char typtype, bool true_array) {
    switch (typtype) {
        case 'b': return true_array ? TypeKind::Array : TypeKind::Base;
        case 'c': return TypeKind::Composite;
        case 'd': return TypeKind::Domain;
        case 'e': return TypeKind::Enum;
        case 'r': return TypeKind::Range;
        case 'm': return TypeKind::Multirange;
        case 'p': return TypeKind::Pseudo;
    }
    return TypeKind::Unknown;
}

/// RETURN x and BEGIN ATOMIC ... END, which only CREATE FUNCTION's grammar knows, as plain statements.
std::string plain_body(std::string body) {
    constexpr std::string_view kReturn = "RETURN ", kBegin = "BEGIN ATOMIC", kEnd = "END";
    if (body.starts_with(kReturn)) return "SELECT " + body.substr(kReturn.size());
    if (body.starts_with(kBegin) && body.ends_with(kEnd)) {
        return body.substr(kBegin.size(), body.size() - kBegin.size() - kEnd.size());
    }
    return body;
}

/// pg_proc spreads the arguments over parallel arrays; proallargtypes is null when all are IN.
void read_arguments(const Row& row, Function& function) {
    function.arguments = row.oids(7);
    const std::vector<Oid> all = row.null(8) ? function.arguments : row.oids(8);
    const std::vector<std::string> modes = row.texts(9), names = row.texts(10);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const char mode = i < modes.size() && !modes[i].empty() ? modes[i].front() : 'i';
        const std::string name = i < names.size() ? names[i] : std::string{};
        if (mode == 'i' || mode == 'b' || mode == 'v') function.argument_names.push_back(name);
        if (mode == 'o' || mode == 'b' || mode == 't') function.output_columns.emplace_back(name, all[i]);
    }
    function.argument_names.resize(function.arguments.size());
}

Function function_of(const Row& row) {
    Function f;
    f.oid = row.oid(0), f.schema_oid = row.oid(1), f.schema = row.text(2), f.name = row.text(3);
    f.language = row.text(4), f.return_type = row.oid(5), f.body = plain_body(row.text(6));
    read_arguments(row, f);
    f.defaults = static_cast<std::uint16_t>(row.number(11)), f.variadic = row.oid(12);
    f.volatility = static_cast<Volatility>(row.letter(13)), f.kind = static_cast<FunctionKind>(row.letter(14));
    f.returns_set = row.flag(15), f.security_definer = row.flag(16), f.search_path = row.text(17);
    f.default_text = row.text(19);
    f.builtin = f.schema == "pg_catalog" && f.oid.value < kFirstNormalOid;
    for (const Oid part : row.oids(18)) {
        if (part != kInvalidOid) f.depends_on.push_back(part);
    }
    return f;
}

Relation relation_of(const Row& row) {
    Relation r;
    r.oid = row.oid(0), r.schema_oid = row.oid(1), r.schema = row.text(2), r.name = row.text(3);
    r.kind = static_cast<RelationKind>(row.letter(4)), r.definition = row.text(5);
    r.parents = row.oids(6), r.children = row.oids(7);
    r.has_rules = row.flag(8), r.has_triggers = row.flag(9), r.row_security = row.flag(10);
    r.has_domain_or_expr_defaults = row.flag(11), r.policy_expressions = row.texts(12);
    r.estimated_rows = row.number(13), r.bytes = row.number(14);
    return r;
}

Type type_of(const Row& row) {
    Type t;
    t.oid = row.oid(0), t.schema_oid = row.oid(1), t.schema = row.text(2), t.name = row.text(3);
    t.kind = type_kind(row.letter(4), row.flag(6)), t.category = row.letter(5);
    t.base = row.oid(7), t.element = t.kind == TypeKind::Array ? row.oid(8) : row.oid(9), t.relation = row.oid(10);
    t.domain_has_check = row.flag(11), t.domain_checks = row.texts(12);
    t.builtin = t.schema == "pg_catalog" && t.oid.value < kFirstNormalOid;
    return t;
}

Result<void, LoadError> load_database(PGconn& connection, Snapshot::Contents& contents) {
    bool utf8 = false;
    auto done = for_rows(connection, queries::kDatabase, [&](const Row& row) {
        contents.database = row.text(0), contents.server_version = row.text(1);
        contents.server_version_num = static_cast<std::uint32_t>(row.number(2)), contents.database_oid = row.oid(3);
        utf8 = row.view(4) == "UTF8";
        contents.role = row.text(5), contents.default_search_path = row.text(6), contents.danger = row.text(7);
        contents.role_is_dangerous = !contents.danger.empty();
    });
    if (done && !utf8) return refuse(LoadError{LoadError::What::NotUtf8, "0A000", "the database's encoding is not UTF8"});
    return done;
}

Result<void, LoadError> load_relations(PGconn& connection, Snapshot::Contents& contents) {
    auto done = for_rows(connection, queries::kSchemas, [&](const Row& row) {
        contents.schemas.emplace_back(row.oid(0), row.text(1));
        if (!row.flag(2)) contents.unusable_schemas.push_back(row.oid(0));
    });
    if (!done) return done;
    std::unordered_map<Oid, std::size_t> places;
    done = for_rows(connection, queries::kRelations, [&](const Row& row) {
        contents.relations.push_back(relation_of(row));
        places.emplace(contents.relations.back().oid, contents.relations.size() - 1);
    });
    if (!done) return done;
    return for_rows(connection, queries::kColumns, [&](const Row& row) {
        const auto place = places.find(row.oid(0));
        if (place == places.end()) return;
        contents.relations[place->second].columns.push_back(
            {row.text(1), AttrNumber(static_cast<std::int16_t>(row.number(2))), row.oid(3), row.flag(4), row.flag(5)});
    });
}

Result<void, LoadError> load_code(PGconn& connection, Snapshot::Contents& contents) {
    const bool since14 = PQserverVersion(&connection) >= kSince14;
    const auto with = [](const char* text, const char* part) { return fmt::format(fmt::runtime(text), part); };
    auto done = for_rows(connection,
                         with(queries::kFunctions, since14 ? queries::kBodySince14 : queries::kBodyBefore14),
                         [&](const Row& row) { contents.functions.push_back(function_of(row)); });
    if (!done) return done;
    done = for_rows(connection, with(queries::kTypes, since14 ? queries::kRangeSince14 : queries::kRangeBefore14),
                    [&](const Row& row) { contents.types.push_back(type_of(row)); });
    if (!done) return done;
    done = for_rows(connection, queries::kOperators, [&](const Row& row) {
        contents.operators.push_back({row.oid(0), row.oid(1), row.oid(4), row.oid(5), row.oid(6), row.oid(7),
                                      row.text(2), row.text(3)});
    });
    if (!done) return done;
    return for_rows(connection, queries::kCasts, [&](const Row& row) {
        contents.casts.push_back({row.oid(0), row.oid(1), row.oid(2), row.letter(3)});
    });
}

Result<Snapshot::Contents, LoadError> load_in_transaction(PGconn& connection) {
    Snapshot::Contents contents;
    auto done = load_database(connection, contents);
    if (!done) return refuse(std::move(done.error()));
    // LOCAL: the caller's connection gets its settings back at COMMIT or ROLLBACK. lock_timeout: deparsing
    // a view waits for whoever holds its tables exclusively.
    auto set = query(connection, "SET LOCAL search_path = ''; SET LOCAL lock_timeout = '5s'; "
                                 "SET LOCAL client_encoding = 'UTF8'; SET LOCAL quote_all_identifiers = off; "
                                 "SET LOCAL bytea_output = 'hex'");
    if (!set) return refuse(std::move(set.error()));
    done = load_relations(connection, contents);
    if (!done) return refuse(std::move(done.error()));
    done = load_code(connection, contents);
    if (!done) return refuse(std::move(done.error()));
    return contents;
}

}  // namespace

Result<Loader, LoadError> Loader::connect(const std::string& conninfo, const Secret& password,
                                          std::chrono::seconds timeout) {
    auto opened = open_connection(conninfo, password, timeout, {.name = "pgveil catalog"});
    if (!opened) return refuse(std::move(opened.error()));
    return Loader(*opened);
}

bool Loader::alive() const { return PQstatus(connection_.get()) == CONNECTION_OK; }
Result<Snapshot::Contents, LoadError> Loader::load() { return catalog::load(*connection_); }
Result<std::string, LoadError> Loader::change_stamp() { return catalog::change_stamp(*connection_); }

Result<Snapshot::Contents, LoadError> load(PGconn& connection) {
    // Its own statement: execution may have been revoked, and then the identifier stays empty.
    std::string identifier;
    (void)for_rows(connection, queries::kSystemIdentifier, [&](const Row& row) { identifier = row.text(0); });
    auto begun = query(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    if (!begun) return refuse(std::move(begun.error()));
    auto contents = load_in_transaction(connection);
    auto ended = query(connection, contents ? "COMMIT" : "ROLLBACK");
    if (contents && !ended) return refuse(std::move(ended.error()));
    if (contents) contents->system_identifier = std::move(identifier);
    return contents;
}

Result<std::string, LoadError> change_stamp(PGconn& connection) {
    std::string sql;
    for (const char* table : queries::kStampTables) {
        if (!sql.empty()) sql += " UNION ALL ";
        sql += fmt::format(fmt::runtime(queries::kStampOfTable), table);
    }
    std::string stamp;
    auto done = for_rows(connection, sql, [&](const Row& row) { stamp += row.text(0) + " "; });
    if (!done) return refuse(std::move(done.error()));
    return stamp;
}

}  // namespace pgveil::catalog
