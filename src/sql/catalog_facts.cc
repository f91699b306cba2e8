#include "sql/catalog_facts.h"

namespace pgveil::sql {

namespace {


std::shared_ptr<const CatalogFacts> work_out(const catalog::Snapshot& snapshot) {
    auto facts = std::make_shared<CatalogFacts>();
    std::unordered_set<std::string_view> users;
    for (const catalog::Operator& op : snapshot.contents().operators) {
        const bool builtin = op.schema == "pg_catalog" && op.function.value < catalog::kFirstNormalOid;
        (builtin ? facts->builtin_operators : users).insert(op.name);
    }
    for (const std::string_view name : users) facts->builtin_operators.erase(name);
    for (const catalog::Cast& cast : snapshot.contents().casts)
        if (cast.function.value >= catalog::kFirstNormalOid) facts->user_casts.push_back(&cast);
    facts->bare = catalog::make_search_path(snapshot, "pg_catalog", snapshot.contents().role);
    return facts;
}

}  // namespace

std::shared_ptr<const CatalogFacts> facts_of(const catalog::Snapshot& snapshot) {
    static const std::string kKey = "J";
    if (auto known = std::static_pointer_cast<const CatalogFacts>(snapshot.memo().find(kKey))) return known;
    auto made = work_out(snapshot);
    snapshot.memo().put(kKey, made);
    return made;
}

KeptFindings::KeptFindings(const Context& context, const catalog::SearchPath& running, std::string_view what)
    : memo_(context.catalog.memo()) {
    if (running.has_temp) return;
    key_ = "J";
    key_ += what;
    key_ += '\x1F';
    key_ += running.known ? 'k' : 'u';
    key_ += running.text;
    for (const Oid schema : running.schemas) key_ += '\x1F' + std::to_string(schema.value);
    for (const std::string& setting : context.allowed_settings) {
        key_ += '\x1F';
        key_ += setting;
    }
    key_ += '\x1F' + std::to_string(context.bounds.depth) + '/' + std::to_string(context.bounds.nodes);
}

std::shared_ptr<const Findings> KeptFindings::find() const {
    return key_.empty() ? nullptr : std::static_pointer_cast<const Findings>(memo_.find(key_));
}
void KeptFindings::put(std::shared_ptr<const Findings> findings) const {
    if (!key_.empty()) memo_.put(key_, std::move(findings));
}

}  // namespace pgveil::sql
