// Analysis: everything policy, masking, holding and recording need to know of one SQL text.
//
// A value, made by sql::analyze, immutable and shared once made (plan cache). It contains no literal of
// the statement but where a field says so. The zero values are the strict ones: Kind::Unknown, Flow::Opaque.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pgveil/core/copy_options.h"
#include "pgveil/core/pg_types.h"
#include "pgveil/core/sqlstate.h"

namespace pgveil::sql {

/// Gravest first; a text's kind is the gravest of its statements' (contract.md, "explain").
enum class Kind : std::uint8_t { Unknown, Admin, Ddl, Write, Session, Transaction, Read };
[[nodiscard]] std::string_view name_of(Kind kind);

/// sql.md, "Kind and effects". Unknown is what no table row covers.
enum class Effect : std::uint8_t {
    Unknown, Read, Write, Ddl, Lock, Sequence, Setting, Role, Transaction, CopyIn, CopyOut, File, Program, Network,
    Notify, Admin, Replication, LargeObject, Sleep
};
[[nodiscard]] std::string_view name_of(Effect effect);

enum class Use : std::uint8_t { Read, Write, Lock };

struct RelationUse {
    Oid oid;                 // {0} when it did not resolve
    std::string name;        // "public.orders", as the catalog writes it
    Use use = Use::Write;
    bool system = false;     // pg_catalog, information_schema
    bool operator==(const RelationUse&) const = default;
};

struct FunctionUse {
    Oid oid;                 // {0}: unresolved
    std::string name;        // "pg_catalog.length"
    bool operator==(const FunctionUse&) const = default;
};

/// How an output column comes from its origins.
enum class Flow : std::uint8_t {
    Opaque,     // origin could not be resolved
    Derived,    // some expression over the origins
    AsIs,       // exactly the one origin column's value
    CountLike,  // count, exists, is null: says nothing of the values
    Constant    // from the statement's own text or parameters alone
};

struct OutputColumn {
    std::string name;
    Flow flow = Flow::Opaque;
    std::vector<ColumnId> origins;      // base columns, views followed; AsIs with several: one or each of them
    std::vector<ColumnId> via;          // columns of the views it came through: these may be tagged as well
    bool steady = false;                // NULL only where what it is made of is NULL: that says nothing of values
    bool operator==(const OutputColumn&) const = default;
};

/// A use of a stored column that tells something of its values without returning them.
enum class PredicateUse : std::uint8_t { Other, Range, Pattern, Equality, Group, Order };
struct Predicate {
    ColumnId column;
    PredicateUse use = PredicateUse::Other;
    std::uint32_t values = 0;           // distinct literals/parameters compared with it (Equality)
    std::vector<std::uint32_t> arrays;  // $n: each of its elements is one more
    std::vector<ColumnId> with = {};    // Equality, Group: other stored columns whose values it is compared with; sorted
    bool operator==(const Predicate&) const = default;
};

/// Flow of stored columns into stored columns (INSERT ... SELECT, CREATE TABLE AS, UPDATE SET a = b).
struct Assignment {
    ColumnId target;                    // {0,0}: a table made by this statement
    std::vector<ColumnId> origins;
    bool assigns_value = true;          // a literal, parameter or expression is assigned (ORM write-back)
    bool operator==(const Assignment&) const = default;
};

/// What session and transaction tracking need to know of one statement.
enum class Verb : std::uint8_t {
    Other, Empty, Select, Begin, Commit, Rollback, Savepoint, Release, RollbackTo, PrepareTransaction, SetTransaction,
    Set, Reset, Show, Prepare, Execute, Deallocate, DeallocateAll, Declare, Fetch, CloseCursor, CloseAll, Discard,
    DiscardAll, CopyIn, CopyOut, Explain, Listen, Unlisten, Lock
};

/// Functions the proxy answers itself; the whole statement must be one of these (contract.md).
enum class ProxyCall : std::uint8_t { None, Request, Execute, Explain, Submit, Misused };

/// COPY ... TO STDOUT: its rows come without a description, so all that says what they are is here.
struct CopyOut {
    std::optional<CopyOptions> options;  // null: this version cannot follow them; `unknown_option` says why
    std::string unknown_option;
    bool null_is_ambiguous = false;      // text format: a value may be written exactly as NULL is
    std::string shape;                   // a query with the same columns, for the server to describe; empty: none known
    std::uint32_t shape_location = 0;    // where in the text `shape` stands, if it is part of it
};

struct Statement {
    Verb verb = Verb::Other;
    Kind kind = Kind::Unknown;
    std::uint32_t location = 0, length = 0;  // bytes of this statement in the text
    std::string name;        // savepoint, prepared statement, cursor or setting (lower-cased as the server does, 63 bytes)
    std::string value;       // Set: the value as text; for `pgveil.*` and tracked settings only. Explain: inner text is not here
    bool local = false;      // SET LOCAL
    bool to_default = false; // SET x TO DEFAULT / RESET
    bool read_only = false, read_write = false;  // modes named in BEGIN / SET TRANSACTION
    bool chain = false;      // COMMIT/ROLLBACK AND CHAIN
    bool with_hold = false;  // DECLARE ... WITH HOLD
    std::vector<OutputColumn> columns;  // of this statement's result, empty if none or unknown
    bool columns_known = false;         // false: every column of its result is opaque
    std::int32_t inner = -1; // SQL-level PREPARE / DECLARE / EXPLAIN: index into Analysis::inner, else -1
    bool has_result = false;
    std::optional<CopyOut> copy;
};

/// Why a text could not be analysed at all. The text goes to the server as a Parse only (sql.md).
struct Unparsed {
    SqlState code = sqlstate::SyntaxError;
    std::string message;     // libpg_query's; may quote the statement: for the agent, never for the log
    std::int32_t position = 0;  // 1-based, characters; 0 none
    bool bounded = false;    // a size/depth/node limit, not the grammar: answer 54001, do not ask the server
};

struct Analysis {
    Kind kind = Kind::Unknown;
    std::vector<Effect> effects;            // sorted, unique
    std::vector<Statement> statements;      // top level, in order; empty text: one Verb::Empty
    std::vector<Analysis> inner;            // bodies of PREPARE, DECLARE, EXPLAIN
    std::vector<RelationUse> relations;     // views and their base tables both
    std::vector<FunctionUse> functions;
    std::vector<Predicate> predicates;
    std::vector<Assignment> assignments;
    std::vector<std::string> reasons;       // why the kind is what it is, in words, without literals
    std::vector<std::string> unknown_names; // what the catalog did not know: refresh, then judge again
    std::optional<Unparsed> unparsed;
    ProxyCall proxy_call = ProxyCall::None;
    std::string proxy_argument;             // literal id or SQL of the call; empty when it is $1
    bool proxy_argument_is_parameter = false;
    bool user_functions = false;            // calls something that is not built in (WITH HOLD, EXPLAIN shields)
    bool opaque_writes = false;             // code or rules that may write tables which `relations` cannot name
    bool may_raise_from_data = true;        // expressions over columns that can raise or branch
    bool depends_on_literals = false;       // may not be shared through the literal-stripped cache
    bool wrappable = true;                  // false: VACUUM, CREATE INDEX CONCURRENTLY, CALL that commits ...
    bool by_name = false;                   // what it does hangs on what a name of the session stands for: EXECUTE, FETCH, CURRENT OF
    std::uint32_t parameters = 0;           // highest $n
};

}  // namespace pgveil::sql
