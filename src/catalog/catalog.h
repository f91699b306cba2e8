// Snapshot: what one database contains, as an immutable value.
//
// Made by the loader (catalog/pq_loader, libpq) or from a saved file, then shared by pointer between all
// workers until the next one replaces it. Never changes. Names are data from the server, not hostile in
// structure. System schemas (pg_catalog, information_schema) are included.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pgveil/core/pg_types.h"

namespace pgveil::catalog {

enum class RelationKind : char {
    Table = 'r', Partitioned = 'p', View = 'v', Materialized = 'm', Foreign = 'f', Sequence = 'S', Composite = 'c',
    Index = 'i', PartitionedIndex = 'I', Toast = 't'
};

struct Column {
    std::string name;
    AttrNumber number;
    Oid type;
    bool not_null = false;
    bool generated = false;               // STORED or VIRTUAL: COPY of a table leaves it out
};

struct Relation {
    Oid oid, schema_oid;
    std::string schema, name;             // qualified name is schema + "." + name
    RelationKind kind = RelationKind::Table;
    std::vector<Column> columns;          // live user columns, by attnum
    std::string definition;               // views: pg_get_viewdef text (search_path-independent)
    std::vector<Oid> parents, children;   // inheritance and partitions
    bool has_rules = false, has_triggers = false, row_security = false, has_domain_or_expr_defaults = false;
    std::vector<std::string> policy_expressions;  // RLS USING / WITH CHECK
    std::int64_t estimated_rows = -1, bytes = -1;
    [[nodiscard]] std::string qualified() const { return schema + "." + name; }
    [[nodiscard]] const Column* column(std::string_view column_name) const;
    [[nodiscard]] const Column* column(AttrNumber number) const;
};

enum class Volatility : char { Immutable = 'i', Stable = 's', Volatile = 'v' };
enum class FunctionKind : char { Function = 'f', Procedure = 'p', Aggregate = 'a', Window = 'w' };

struct Function {
    Oid oid, schema_oid, return_type;
    std::string schema, name, language, body;   // body: SQL and plpgsql only, else empty; of
                                                // BEGIN ATOMIC and RETURN bodies the statements alone, qualified
    std::vector<Oid> arguments;                 // input arguments (IN, INOUT, VARIADIC)
    std::vector<std::string> argument_names;    // empty strings where none
    std::uint16_t defaults = 0;                 // trailing arguments that have one
    Oid variadic;                               // element type or 0
    Volatility volatility = Volatility::Volatile;
    FunctionKind kind = FunctionKind::Function;
    bool returns_set = false;
    bool builtin = false;                       // pg_catalog and oid < 16384
    std::vector<std::pair<std::string, Oid>> output_columns;   // OUT / TABLE columns
    std::vector<Oid> depends_on;                // aggregates: transition, final, ... functions
    bool security_definer = false;
    std::string search_path;                    // of its own SET search_path; empty: none
    std::string default_text;                   // expressions of the defaults, comma-separated, qualified
};

struct Type {
    Oid oid, schema_oid, base, element, relation;  // domain base; array element / range subtype; composite's relation
    std::string schema, name;
    TypeKind kind = TypeKind::Unknown;
    char category = 'U';
    bool builtin = false;
    bool domain_has_check = false;
    std::vector<std::string> domain_checks;      // their expressions over VALUE, as pg_get_expr writes them
};

struct Operator {
    Oid oid, schema_oid, left, right, result, function;
    std::string schema, name;
};

struct Cast {
    Oid source, target, function;
    char context = 'e';                          // e explicit, a assignment, i implicit
};

inline constexpr std::uint32_t kFirstNormalOid = 16384;   // FirstNormalObjectId: initdb made what lies below

/// Stands in SearchPath::schemas where the session's temporary schema is searched; no real schema has it.
inline constexpr Oid kTempSchema{0xFFFFFFFF};

/// The schemas a name is looked up in, in order; pg_temp and pg_catalog as PostgreSQL adds them.
struct SearchPath {
    std::vector<Oid> schemas;      // resolved, kTempSchema and pg_catalog first unless named
    bool known = false;            // false: an unqualified name is unknown, but for functions and operators that pg_catalog alone has
    bool has_temp = false;         // this session has temporary relations or types, which may shadow unqualified names
    std::vector<std::string> temp_names;   // theirs, sorted; none though it has some: any name may be one
    std::string text;              // canonical text for keys and digests
    bool operator==(const SearchPath&) const = default;
};

/// Whether `name`, without a schema, may be a temporary relation or type.
[[nodiscard]] bool may_be_temporary(std::string_view name, const SearchPath& path);

/// What floors above derive from one snapshot alone (a view's lineage), kept with it and gone with it.
/// Values are immutable. Any thread. Keys begin with a letter of the user's own; at most kMost values are kept.
class Memo {
  public:
    static constexpr std::size_t kMost = 20'000;
    [[nodiscard]] std::shared_ptr<const void> find(const std::string& key) const;
    void put(std::string key, std::shared_ptr<const void> value);

  private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const void>> values_;
};

class Snapshot;
using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Snapshot {
  public:
    struct Contents {
        std::string database, server_version, system_identifier;
        std::uint32_t server_version_num = 0;
        Oid database_oid;
        std::vector<std::pair<Oid, std::string>> schemas;
        std::vector<Oid> unusable_schemas;       // the loading role has no USAGE: the server skips them in a path
        std::vector<Relation> relations;
        std::vector<Function> functions;
        std::vector<Type> types;
        std::vector<Operator> operators;
        std::vector<Cast> casts;
        std::string role, default_search_path;   // of the loading role: SHOW search_path text
        bool role_is_dangerous = false;
        std::string danger;                      // which attribute
    };
    explicit Snapshot(Contents contents, std::uint64_t version);
    Snapshot(const Snapshot&) = delete;          // the index borrows from the contents
    Snapshot& operator=(const Snapshot&) = delete;

    [[nodiscard]] std::uint64_t version() const { return version_; }     // grows; 0 = empty
    [[nodiscard]] const Contents& contents() const { return contents_; }
    [[nodiscard]] bool empty() const { return contents_.relations.empty(); }

    [[nodiscard]] const Relation* relation(Oid oid) const;
    [[nodiscard]] const Relation* relation(std::string_view schema, std::string_view name) const;
    /// As PostgreSQL resolves an unqualified relation name; null: not there, path unknown, or a temporary
    /// object of the session could stand before it.
    [[nodiscard]] const Relation* resolve(std::string_view name, const SearchPath& path) const;
    [[nodiscard]] const Function* function(Oid oid) const;
    /// All functions of that name visible (schema empty: search path; else that schema).
    [[nodiscard]] std::vector<const Function*> functions(std::string_view schema, std::string_view name, const SearchPath& path) const;
    [[nodiscard]] const Type* type(Oid oid) const;
    [[nodiscard]] const Type* type(std::string_view schema, std::string_view name, const SearchPath& path) const;
    /// All operators of that name; schema empty: search path.
    [[nodiscard]] std::vector<const Operator*> operators(std::string_view schema, std::string_view name, const SearchPath& path) const;
    [[nodiscard]] std::optional<Oid> schema(std::string_view name) const;
    [[nodiscard]] std::string_view schema_name(Oid oid) const;
    /// "public.customers.email" or "" when unknown.
    [[nodiscard]] std::string column_name(ColumnId column) const;
    /// Domains down to their base type.
    [[nodiscard]] Oid base_type(Oid type) const;
    /// pg_cast has one of these that needs no word in the text.
    [[nodiscard]] bool implicit_cast(Oid source, Oid target) const;
    [[nodiscard]] bool knows_identifier(std::string_view name) const;
    /// Not part of the value: the same snapshot with and without it answers alike.
    [[nodiscard]] Memo& memo() const { return memo_; }

  private:
    struct Index;
    mutable Memo memo_;
    Contents contents_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const Index> index_;
};

/// `text` as SET search_path or SHOW search_path gives it ("$user", public) for `role`. A text that is no
/// list of identifiers gives known = false. Schemas that do not exist or lack USAGE are left out, as the
/// server does; what is temporary is the caller's to set.
[[nodiscard]] SearchPath make_search_path(const Snapshot& snapshot, std::string_view text, std::string_view role);

}  // namespace pgveil::catalog
