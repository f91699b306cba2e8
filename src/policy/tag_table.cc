#include "policy/decide.h"

namespace pgveil::policy {

const TagEntry* TagTable::find(ColumnId column) const {
    const auto found = tags_.find(column);
    return found == tags_.end() ? nullptr : &found->second;
}

void TagTable::put(ColumnId column, TagEntry entry) { tags_.insert_or_assign(column, std::move(entry)); }

LookAlikes TagTable::look_alikes(ColumnId column) const {
    const auto found = look_alikes_.find(column);
    return found == look_alikes_.end() ? LookAlikes{} : found->second;
}

void TagTable::put(ColumnId column, LookAlikes against) {
    if (against.shapes == 0) {
        look_alikes_.erase(column);
    } else {
        look_alikes_.insert_or_assign(column, against);
    }
}

}  // namespace pgveil::policy
