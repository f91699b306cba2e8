#include "policy/decide.h"

namespace pgveil::policy {

const TagEntry* TagTable::find(ColumnId column) const {
    const auto found = tags_.find(column);
    return found == tags_.end() ? nullptr : &found->second;
}

void TagTable::put(ColumnId column, TagEntry entry) { tags_.insert_or_assign(column, std::move(entry)); }

}  // namespace pgveil::policy
