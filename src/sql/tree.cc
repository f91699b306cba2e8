#include "sql/tree.h"

extern "C" {
#include "common/keywords.h"
}

namespace pgveil::sql {

namespace {

ParseError error_of(const PgQueryError& error) {
    ParseError result;
    result.message = text_of(error.message);
    // bison's own stack is bounded; how it says so.
    if (result.message.find("memory exhausted") != std::string::npos) result.code = sqlstate::StatementTooComplex;
    result.position = error.cursorpos > 0 ? error.cursorpos : 0;
    return result;
}

}  // namespace

std::expected<Tree, ParseError> Tree::parse(const std::string& text) {
    MemoryContext memory = pg_query_enter_memory_context();
    const PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(text.c_str());
    std::free(parsed.stderr_buffer);
    if (parsed.error != nullptr) {
        ParseError error = error_of(*parsed.error);
        pg_query_free_error(parsed.error);
        pg_query_exit_memory_context(memory);
        return std::unexpected(std::move(error));
    }
    return Tree(memory, parsed.tree);
}

Tree::Tree(Tree&& other) noexcept : memory_(other.memory_), statements_(other.statements_) {
    other.memory_ = nullptr;
    other.statements_ = nullptr;
}

Tree::~Tree() {
    if (memory_ != nullptr) pg_query_exit_memory_context(memory_);
}

bool is_keyword(const std::string& word) { return ScanKeywordLookup(word.c_str(), &ScanKeywords) >= 0; }

}  // namespace pgveil::sql
