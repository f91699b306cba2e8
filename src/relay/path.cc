// The search path: when it must be asked for, and what was judged under another one.
//
// Whatever may set it makes it unknown from the moment it is sent, since the server plans what follows under the new
// one; and the end of a transaction does, which takes SET LOCAL and all that failed back without a word.
#include <algorithm>
#include <charconv>
#include <utility>

#include "relay/relay.h"

namespace pgveil::relay {
namespace {

constexpr std::size_t kMostTempNames = 1000;

// The path, and the names of temporary relations and types, each behind its length in the encoding it comes in. Once made, a
// session's temporary schema stays, though it may be empty again (DISCARD TEMP, and a connection used anew). Neither catalog
// has an index by schema alone.
constexpr std::string_view kAskPath =
    "SELECT pg_catalog.current_setting('search_path'), CASE WHEN pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) '0'::pg_catalog.oid THEN "
    "(SELECT pg_catalog.string_agg(pg_catalog.octet_length(pg_catalog.convert_to(n, 'UTF8'))::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) n, '') FROM "
    "(SELECT relname::pg_catalog.text FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() "
    "UNION SELECT typname::pg_catalog.text FROM pg_catalog.pg_type WHERE typnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema() LIMIT 1001) names (n)) END";

/// nullopt: too many, or no such list.
std::optional<std::vector<std::string>> names_in(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(list.data(), list.data() + list.size(), size);
        list.remove_prefix(static_cast<std::size_t>(end - list.data()));
        if (error != std::errc() || !list.starts_with(':') || size == 0 || size >= list.size() || names.size() == kMostTempNames) return std::nullopt;
        names.emplace_back(list.substr(1, size));
        list.remove_prefix(size + 1);
    }
    std::ranges::sort(names);
    return names;
}

bool calls_set_config(const sql::Analysis& analysis) {
    return std::ranges::any_of(analysis.functions, [](const sql::FunctionUse& f) { return f.name == "pg_catalog.set_config"; });
}

bool sets_path(const sql::Statement& statement) {
    switch (statement.verb) {
        case sql::Verb::Set: case sql::Verb::Reset: return statement.name == "search_path" || statement.name == "all";
        case sql::Verb::Discard: case sql::Verb::DiscardAll: return true;
        case sql::Verb::Other: case sql::Verb::Empty: case sql::Verb::Select: case sql::Verb::Begin: case sql::Verb::Commit:
        case sql::Verb::Rollback: case sql::Verb::Savepoint: case sql::Verb::Release: case sql::Verb::RollbackTo:
        case sql::Verb::PrepareTransaction: case sql::Verb::SetTransaction: case sql::Verb::Show: case sql::Verb::Prepare:
        case sql::Verb::Execute: case sql::Verb::Deallocate: case sql::Verb::DeallocateAll: case sql::Verb::Declare:
        case sql::Verb::Fetch: case sql::Verb::CloseCursor: case sql::Verb::CloseAll: case sql::Verb::CopyIn:
        case sql::Verb::CopyOut: case sql::Verb::Explain: case sql::Verb::Listen: case sql::Verb::Unlisten: case sql::Verb::Lock: return false;
    }
    return true;
}

// It says so itself, so that the path before and after are not the same.
bool moves_path(const sql::Analysis& analysis) {
    return calls_set_config(analysis) || std::ranges::any_of(analysis.statements, sets_path);
}

bool may_affect_path(const sql::Analysis& analysis) {
    switch (analysis.kind) {
        case sql::Kind::Write: case sql::Kind::Ddl: case sql::Kind::Admin: case sql::Kind::Unknown: return true;
        case sql::Kind::Session:   // set_config in a SELECT, DISCARD, SET search_path; a SET of something else does not
            return analysis.statements.size() != 1 || analysis.statements[0].verb != sql::Verb::Set || sets_path(analysis.statements[0]);
        case sql::Kind::Transaction: case sql::Kind::Read: return calls_set_config(analysis);
    }
    return true;
}

bool ends_transaction(const sql::Statement& statement) {
    return statement.verb == sql::Verb::Commit || statement.verb == sql::Verb::Rollback || statement.verb == sql::Verb::RollbackTo;
}

bool looks_up(const sql::Analysis& analysis) {
    return std::ranges::any_of(analysis.statements, [](const sql::Statement& s) { return s.verb == sql::Verb::Execute || s.verb == sql::Verb::Fetch; }) ||
           std::ranges::any_of(analysis.inner, looks_up);
}

// Its names were looked up once, when it was bound or declared, and nothing of it looks up more when it runs.
bool is_settled(const sql::Analysis& analysis) {
    const bool reads = analysis.kind == sql::Kind::Read || analysis.kind == sql::Kind::Session || analysis.kind == sql::Kind::Transaction;
    return reads && !analysis.user_functions && !looks_up(analysis) && std::ranges::none_of(analysis.statements, [](const sql::Statement& s) {
        return s.verb == sql::Verb::CopyOut || s.verb == sql::Verb::Prepare;   // analysed when they run
    });
}

}  // namespace

/// Within one text the analysis follows the path; but not where a transaction's end takes it to, nor into what a name
/// stands for. There every name is unknown.
JudgedPtr Relay::judge(std::string_view text, std::span<const Oid> types) {
    JudgedPtr judged = tools_.judge.judge(text, types, *setup_.view, asker());
    const auto& statements = judged->analysis.statements;
    if (statements.size() < 2) return judged;
    const bool leaves = path_moved_ && std::any_of(statements.begin(), statements.end() - 1, ends_transaction);
    if (!leaves && !(moves_path(judged->analysis) && looks_up(judged->analysis))) return judged;
    catalog::SearchPath kept = std::exchange(path_, {});
    judged = tools_.judge.judge(text, types, *setup_.view, asker());
    path_ = std::move(kept);
    return judged;
}

std::string Relay::judged_under() const {
    std::string under = path_.text + (path_.known ? (path_.has_temp ? 't' : 'k') : 'u');
    for (const std::string& name : path_.temp_names) under += name + '\0';
    return under;
}

/// The server plans what EXECUTE names by the path of the moment.
const sql::Analysis* Relay::prepared(std::string_view name) const {
    const PreparedPtr statement = statements_.expected(name);
    if (!statement || !statement->judged) return nullptr;
    std::string under = judged_under() + std::to_string(setup_.view->version);
    if (statement->under == under || statement->text.empty()) return &statement->judged->analysis;
    statement->under = std::move(under);   // first: a text can name itself
    JudgedPtr again = Judge::fresh(statement->text, statement->types, *setup_.view, asker());
    if (statement->sql_level && !again->analysis.inner.empty()) again = Judge::judge(again->analysis.inner.front(), *setup_.view, asker());
    statement->judged = std::move(again);
    return &statement->judged->analysis;
}

const sql::Analysis* Relay::cursor(std::string_view name) const {
    const PortalPtr portal = portals_.expected(name);
    return portal && portal->judged && !means_another(*portal) ? &portal->judged->analysis : nullptr;
}

bool Relay::means_another(const Portal& portal) const {
    return portal.judged && portal.under != judged_under() && !is_settled(portal.judged->analysis);
}

/// What was sent, or is being answered, may set the path. Planning alone runs functions that call themselves stable.
void Relay::touch_path(const sql::Analysis& analysis, bool only_planned) {
    if (!may_affect_path(analysis) || (only_planned && !(analysis.user_functions && calls_set_config(analysis)))) return;
    path_stale_ = path_touched_ = true;
    path_moved_ = path_moved_ || moves_path(analysis);
}

void Relay::on_status(TransactionStatus status) {
    transaction_.on_ready(status);
    if (status != TransactionStatus::Idle) return;
    if (std::exchange(path_touched_, false)) path_stale_ = true;
    path_moved_ = false;
}

/// SHOW search_path is not reported before PostgreSQL 18, and temporary objects shadow names. Extended messages
/// under our own names: a Query would take the client's unnamed statement with it.
void Relay::ask_path() {
    if (lenient() && (transaction_.status != TransactionStatus::Idle || batch_open_)) return;   // nothing of ours in its transactions
    // A SELECT takes a snapshot, after which the client could not set the isolation of a block it just opened.
    const bool fresh_block = transaction_.status == TransactionStatus::InTransaction && !transaction_.used;
    script(fresh_block ? "SHOW search_path" : kAskPath, Pending::Why::AskPath);
    if (batch_open_) return;
    end_script();
}

/// The path as the server told it, under this catalog; what is temporary stays as it was.
void Relay::use_path(const DatabaseView& view) {
    catalog::SearchPath path = catalog::make_search_path(*view.catalog, facts_.search_path, view.upstream_role);
    path.has_temp = path_.has_temp;
    path.temp_names = std::move(path_.temp_names);
    path_ = std::move(path);
}

void Relay::on_path_row(ByteView body) {
    if (!protocol::parse_data_row(body, cells_) || cells_.empty() || cells_[0].size < 0) return fatal(sqlstate::ConnectionFailure, "the database server broke the protocol");
    facts_.search_path = std::string(reinterpret_cast<const char*>(cells_[0].data), static_cast<std::size_t>(cells_[0].size));
    const std::string before = path_.text;
    use_path(*setup_.view);
    if (cells_.size() > 1) {
        auto names = names_in(cells_[1].size < 0 ? std::string_view() : text_of({cells_[1].data, static_cast<std::size_t>(cells_[1].size)}));
        path_.has_temp = !names || !names->empty();
        path_.temp_names = names ? std::move(*names) : std::vector<std::string>();
    }
    path_moved_ = path_moved_ || (path_touched_ && path_.text != before);
}

}  // namespace pgveil::relay
