#include "relay/judge.h"

#include <algorithm>

#include "sql/lexer.h"

namespace pgveil::relay {
namespace {

constexpr std::size_t kMaxCachedText = 64 * 1024;
constexpr std::size_t kEntry = 256;                                // of a hash table and a shared pointer
constexpr std::size_t kJudgement = 3 * 1024, kOutputColumn = 640;  // measured: resident bytes a statement, and a column of it

void add_number(std::string& key, std::uint64_t number) {
    key.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void add_context(std::string& key, const DatabaseView& view, const catalog::SearchPath& path, std::span<const Oid> types) {
    add_number(key, view.version);
    key.append(view.database).push_back('\0');
    key.append(path.text).push_back(path.known ? (path.has_temp ? 't' : 'k') : 'u');
    for (Oid type : types) add_number(key, type.value);
    key.push_back('\0');
}

// Verbs whose analysis looks session objects up (EXECUTE, FETCH, DECLARE, PREPARE): never shared.
bool names_session_objects(const sql::Analysis& analysis) {
    for (const sql::Statement& s : analysis.statements) {
        switch (s.verb) {
            case sql::Verb::Prepare: case sql::Verb::Execute: case sql::Verb::Declare: case sql::Verb::Fetch:
            case sql::Verb::CloseCursor: case sql::Verb::Deallocate: return true;
            case sql::Verb::Other: case sql::Verb::Empty: case sql::Verb::Select: case sql::Verb::Begin:
            case sql::Verb::Commit: case sql::Verb::Rollback: case sql::Verb::Savepoint: case sql::Verb::Release:
            case sql::Verb::RollbackTo: case sql::Verb::PrepareTransaction: case sql::Verb::SetTransaction:
            case sql::Verb::Set: case sql::Verb::Reset: case sql::Verb::Show: case sql::Verb::DeallocateAll:
            case sql::Verb::CloseAll: case sql::Verb::Discard: case sql::Verb::DiscardAll: case sql::Verb::CopyIn:
            case sql::Verb::CopyOut: case sql::Verb::Explain: case sql::Verb::Listen: case sql::Verb::Unlisten:
            case sql::Verb::Lock: break;
        }
    }
    return std::ranges::any_of(analysis.inner, names_session_objects);   // EXPLAIN EXECUTE
}

}  // namespace

// Analysing, planning and running a query does (postgres.c, analyze_requires_snapshot); of the rest, what is certain.
bool takes_snapshot(const sql::Analysis& analysis) {
    return analysis.kind != sql::Kind::Transaction && !std::ranges::all_of(analysis.statements, [](const sql::Statement& s) {
        return s.verb == sql::Verb::Set || s.verb == sql::Verb::Reset || s.verb == sql::Verb::Show || s.verb == sql::Verb::Empty;
    });
}

std::size_t weight_of(const Judged& judged) {
    std::size_t columns = 0;
    for (const sql::Statement& s : judged.analysis.statements) columns += s.columns.size();
    for (const sql::Analysis& inner : judged.analysis.inner) {
        for (const sql::Statement& s : inner.statements) columns += s.columns.size();
    }
    return kJudgement + columns * kOutputColumn;
}

JudgedPtr Judge::judge(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const Asker& asker) {
    const bool cacheable = text.size() <= kMaxCachedText && !asker.path.has_temp;
    if (!cacheable) return fresh(text, types, view, asker);
    key_.clear();
    add_context(key_, view, asker.path, types);
    key_.append(asker.agent.name).push_back(static_cast<char>(asker.access));
    const std::size_t context = key_.size();
    const bool stripped = sql::strip_literals(text, stripped_);
    if (stripped) {
        key_.append(stripped_);
        const JudgedPtr* found = judged_.find(key_);
        if (found != nullptr && *found) return *found;
        if (found == nullptr) {
            JudgedPtr judged = fresh(text, types, view, asker);
            if (!judged->lasting) return judged;
            const bool shared = !judged->analysis.depends_on_literals;
            judged_.put(key_, shared ? judged : nullptr, 2 * key_.size() + (shared ? weight_of(*judged) : kEntry));
            if (shared) return judged;
        }
    }
    key_.resize(context);
    key_.push_back('=');
    key_.append(text);
    if (const JudgedPtr* found = judged_.find(key_)) return *found;
    JudgedPtr judged = fresh(text, types, view, asker);
    if (judged->lasting) judged_.put(key_, judged, 2 * key_.size() + weight_of(*judged));
    return judged;
}

JudgedPtr Judge::fresh(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const Asker& asker) {
    return judge(sql::analyze(text, {.catalog = *view.catalog,
                                     .search_path = asker.path,
                                     .parameter_types = types,
                                     .named = asker.named,
                                     .allowed_settings = view.settings}), view, asker);
}

JudgedPtr Judge::judge(sql::Analysis analysis, const DatabaseView& view, const Asker& asker, std::span<const std::uint32_t> array_sizes) {
    auto judged = std::make_shared<Judged>();
    judged->view_version = view.version;
    judged->analysis = std::move(analysis);
    judged->lasting = !asker.path.has_temp && !names_session_objects(judged->analysis);
    judged->decision = policy::decide({.analysis = judged->analysis,
                                       .agent = asker.agent,
                                       .database = view.database,
                                       .database_mode = view.mode,
                                       .access = asker.access,
                                       .ruleset = *view.rules,
                                       .tags = *view.tags,
                                       .catalog = *view.catalog,
                                       .array_sizes = array_sizes});
    return judged;
}

DescriptionPtr Judge::description(std::string_view text, std::span<const Oid> types, const DatabaseView& view,
                                  const catalog::SearchPath& path) {
    if (text.size() > kMaxCachedText || path.has_temp || !path.known) return nullptr;
    key_.clear();
    add_context(key_, view, path, types);
    key_.append(text);
    const DescriptionPtr* found = descriptions_.find(key_);
    return found == nullptr ? nullptr : *found;
}

void Judge::learn(std::string_view text, std::span<const Oid> types, const DatabaseView& view, const catalog::SearchPath& path,
                  DescriptionPtr description) {
    if (text.size() > kMaxCachedText || path.has_temp || !path.known) return;
    key_.clear();
    add_context(key_, view, path, types);
    key_.append(text);
    descriptions_.put(key_, description, kEntry + 2 * key_.size() + description->columns.size() * sizeof(masking::Column));
}

bool is_empty(const sql::Analysis& analysis) {
    return !analysis.unparsed && std::ranges::all_of(analysis.statements, [](const sql::Statement& s) { return s.verb == sql::Verb::Empty; });
}

bool only_controls(const sql::Analysis& analysis) {
    return std::ranges::all_of(analysis.statements, [](const sql::Statement& s) { return s.kind == sql::Kind::Transaction; });
}

bool prepares(const sql::Analysis& analysis) {
    return std::ranges::any_of(analysis.statements, [](const sql::Statement& s) { return s.verb == sql::Verb::Prepare; });
}

bool needs_write(sql::Kind kind) {
    switch (kind) {
        case sql::Kind::Write: case sql::Kind::Ddl: case sql::Kind::Admin: case sql::Kind::Unknown: return true;
        case sql::Kind::Session: case sql::Kind::Transaction: case sql::Kind::Read: return false;
    }
    return true;
}

}  // namespace pgveil::relay
