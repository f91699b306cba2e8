#include "catalog/catalog.h"

#include <algorithm>
#include <unordered_set>

namespace pgveil::catalog {

namespace {

using Positions = std::vector<std::uint32_t>;

/// Domains nest; PostgreSQL sets no limit, a broken snapshot must not loop.
constexpr int kDomainDepth = 64;

template <class Item>
void index_items(const std::vector<Item>& items, std::unordered_map<Oid, std::uint32_t>& by_oid,
                 std::unordered_map<std::string_view, Positions>& by_name) {
    by_oid.reserve(items.size());
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        by_oid.emplace(items[i].oid, i);
        by_name[items[i].name].push_back(i);
    }
}

template <class Item>
const Item* item_of(const std::vector<Item>& items, const std::unordered_map<Oid, std::uint32_t>& by_oid, Oid oid) {
    const auto found = by_oid.find(oid);
    return found == by_oid.end() ? nullptr : &items[found->second];
}

const Positions* positions_of(const std::unordered_map<std::string_view, Positions>& by_name, std::string_view name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : &found->second;
}

/// First item in search path order; a possible temporary one stops the search (catalog.h, resolve).
template <class Item>
const Item* first_in_path(const std::vector<Item>& items, const Positions* positions, std::string_view name, const SearchPath& path) {
    if (!positions || !path.known) return nullptr;
    for (const Oid schema : path.schemas) {
        if (schema == kTempSchema && may_be_temporary(name, path)) return nullptr;
        for (const std::uint32_t at : *positions) {
            if (items[at].schema_oid == schema) return &items[at];
        }
    }
    return nullptr;
}

/// All items in the schema or along the path. PostgreSQL never looks for functions or operators in pg_temp.
template <class Item>
std::vector<const Item*> all_visible(const std::vector<Item>& items, const Positions* positions,
                                     std::optional<std::string_view> schema, const SearchPath& path) {
    std::vector<const Item*> out;
    if (!positions) return out;
    if (schema) {
        for (const std::uint32_t at : *positions) {
            if (items[at].schema == *schema) out.push_back(&items[at]);
        }
        return out;
    }
    if (!path.known) {   // PostgreSQL's own are always looked for: where nobody else has the name, they are what it means
        for (const std::uint32_t at : *positions) out.push_back(&items[at]);
        if (!std::ranges::all_of(out, [](const Item* item) { return item->schema == "pg_catalog"; })) out.clear();
        return out;
    }
    for (const Oid visible : path.schemas) {
        for (const std::uint32_t at : *positions) {
            if (items[at].schema_oid == visible) out.push_back(&items[at]);
        }
    }
    return out;
}

std::optional<std::string_view> named(std::string_view schema) {
    return schema.empty() ? std::nullopt : std::optional(schema);
}

}  // namespace

struct Snapshot::Index {
    std::unordered_map<Oid, std::uint32_t> relation_oid, function_oid, type_oid, operator_oid;
    std::unordered_map<std::string_view, Positions> relation_name, function_name, type_name, operator_name;
    std::unordered_map<std::string_view, Oid> schema_name;
    std::unordered_map<Oid, std::string_view> schema_oid;
    std::unordered_set<std::string_view> identifiers;
    std::unordered_set<std::uint64_t> implicit_casts;   // source and target

    static std::uint64_t cast_key(Oid source, Oid target) { return std::uint64_t{source.value} << 32U | target.value; }

    explicit Index(const Contents& contents) {
        index_items(contents.relations, relation_oid, relation_name);
        index_items(contents.functions, function_oid, function_name);
        index_items(contents.types, type_oid, type_name);
        index_items(contents.operators, operator_oid, operator_name);
        for (const Cast& cast : contents.casts)
            if (cast.context == 'i') implicit_casts.insert(cast_key(cast.source, cast.target));
        for (const auto& [oid, name] : contents.schemas) {
            schema_name.emplace(name, oid);
            schema_oid.emplace(oid, name);
            identifiers.insert(name);
        }
        for (const Relation& relation : contents.relations) {
            identifiers.insert(relation.name);
            for (const Column& column : relation.columns) identifiers.insert(column.name);
        }
        for (const Function& function : contents.functions) identifiers.insert(function.name);
        for (const Type& type : contents.types) identifiers.insert(type.name);
    }
};

Snapshot::Snapshot(Contents contents, std::uint64_t version)
    : contents_(std::move(contents)), version_(version), index_(std::make_shared<const Index>(contents_)) {}

std::shared_ptr<const void> Memo::find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : found->second;
}

void Memo::put(std::string key, std::shared_ptr<const void> value) {
    const std::lock_guard lock(mutex_);
    if (values_.size() < kMost) values_.emplace(std::move(key), std::move(value));
}

const Column* Relation::column(std::string_view column_name) const {
    const auto found = std::ranges::find(columns, column_name, &Column::name);
    return found == columns.end() ? nullptr : &*found;
}

const Column* Relation::column(AttrNumber number) const {
    const auto found = std::ranges::lower_bound(columns, number, {}, &Column::number);
    return found == columns.end() || found->number != number ? nullptr : &*found;
}

const Relation* Snapshot::relation(Oid oid) const { return item_of(contents_.relations, index_->relation_oid, oid); }

const Relation* Snapshot::relation(std::string_view schema, std::string_view name) const {
    const Positions* positions = positions_of(index_->relation_name, name);
    if (!positions) return nullptr;
    for (const std::uint32_t at : *positions) {
        if (contents_.relations[at].schema == schema) return &contents_.relations[at];
    }
    return nullptr;
}

const Relation* Snapshot::resolve(std::string_view name, const SearchPath& path) const {
    return first_in_path(contents_.relations, positions_of(index_->relation_name, name), name, path);
}

const Function* Snapshot::function(Oid oid) const { return item_of(contents_.functions, index_->function_oid, oid); }

std::vector<const Function*> Snapshot::functions(std::string_view schema, std::string_view name,
                                                 const SearchPath& path) const {
    return all_visible(contents_.functions, positions_of(index_->function_name, name), named(schema), path);
}

const Type* Snapshot::type(Oid oid) const { return item_of(contents_.types, index_->type_oid, oid); }

const Type* Snapshot::type(std::string_view schema, std::string_view name, const SearchPath& path) const {
    const Positions* positions = positions_of(index_->type_name, name);
    if (schema.empty()) return first_in_path(contents_.types, positions, name, path);
    if (!positions) return nullptr;
    for (const std::uint32_t at : *positions) {
        if (contents_.types[at].schema == schema) return &contents_.types[at];
    }
    return nullptr;
}

std::vector<const Operator*> Snapshot::operators(std::string_view schema, std::string_view name,
                                                 const SearchPath& path) const {
    return all_visible(contents_.operators, positions_of(index_->operator_name, name), named(schema), path);
}

std::optional<Oid> Snapshot::schema(std::string_view name) const {
    const auto found = index_->schema_name.find(name);
    return found == index_->schema_name.end() ? std::nullopt : std::optional(found->second);
}

std::string_view Snapshot::schema_name(Oid oid) const {
    const auto found = index_->schema_oid.find(oid);
    return found == index_->schema_oid.end() ? std::string_view{} : found->second;
}

std::string Snapshot::column_name(ColumnId id) const {
    const Relation* owner = relation(id.relation);
    const Column* found = owner ? owner->column(id.attribute) : nullptr;
    return found ? owner->qualified() + "." + found->name : std::string{};
}

Oid Snapshot::base_type(Oid oid) const {
    for (int depth = 0; depth < kDomainDepth; ++depth) {
        const Type* found = type(oid);
        if (!found || found->kind != TypeKind::Domain) return oid;
        oid = found->base;
    }
    return oid;
}

bool Snapshot::implicit_cast(Oid source, Oid target) const { return index_->implicit_casts.contains(Index::cast_key(source, target)); }

bool Snapshot::knows_identifier(std::string_view name) const { return index_->identifiers.contains(name); }

}  // namespace pgveil::catalog
