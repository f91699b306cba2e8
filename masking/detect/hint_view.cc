// HintView: what the names around a value say, together.
#include <algorithm>

#include "detect/detector.h"
#include "engine/name_reach.h"

namespace pgveil::masking {

bool HintView::speaks_for(std::size_t rule) const {
    if (stored != nullptr && stored->says(rule, NameHints::For)) return true;
    if (shown != nullptr && shown->says(rule, NameHints::For)) return true;
    return std::ranges::any_of(path, [&](const NameHints* key) { return key != nullptr && key->says(rule, NameHints::For); });
}

bool HintView::speaks_against(std::size_t rule) const {
    return stored != nullptr && stored->says(rule, NameHints::Against) && !speaks_for(rule);
}

std::uint32_t HintView::weight_of(std::size_t rule) const {
    std::uint32_t most = std::max(stored != nullptr ? stored->weight(rule) : 0, shown != nullptr ? shown->weight(rule) : 0);
    for (const NameHints* key : path) most = std::max(most, key != nullptr ? key->weight(rule) : 0);
    return most;
}

bool HintView::opens_hinted_rules() const {
    if ((stored != nullptr && stored->speaks_for_hinted) || (shown != nullptr && shown->speaks_for_hinted)) return true;
    return std::ranges::any_of(path, [](const NameHints* key) { return key != nullptr && key->speaks_for_hinted; });
}

bool HintView::speaks_for(std::size_t rule, Oid type, std::string_view class_name) const {
    const auto reaching = [&](const NameHints* name) { return name != nullptr && name_reaches(type, class_name, name->counts) ? name : nullptr; };
    return HintView{reaching(stored), reaching(shown), {}}.speaks_for(rule);
}

const Rule* HintView::named(Oid type) const {
    const auto by = [&](const NameHints* name) {
        return name != nullptr && name->named != nullptr && name_reaches(type, name->named->class_name, name->counts) ? name->named : nullptr;
    };
    if (const Rule* rule = by(stored)) return rule;
    if (const Rule* rule = by(shown)) return rule;
    for (const NameHints* key : path) {
        if (const Rule* rule = by(key)) return rule;
    }
    return nullptr;
}

}  // namespace pgveil::masking
