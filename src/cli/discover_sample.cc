#include "cli/discover_sample.h"

#include <algorithm>

namespace pgveil::cli {
namespace {

/// A finding that covers most of the value is the value; one inside a longer text is a mention.
void look(ColumnSample& sample, std::string_view value, std::string_view column, masking::RowMasker& masker) {
    ++sample.values;
    std::vector<std::string_view> seen;
    for (const masking::Finding& finding : masker.detect(value, column)) {
        if (std::ranges::find(seen, finding.class_name) != seen.end()) continue;
        seen.push_back(finding.class_name);
        const bool is_new = !sample.found.contains(std::string(finding.class_name));
        ColumnSample::Seen& counts = sample.found[std::string(finding.class_name)];
        ++((finding.end - finding.start) * 5 >= value.size() * 4 ? counts.are : counts.mention);
        counts.transform = is_new ? finding.transform : std::max(counts.transform, finding.transform);
    }
}

}  // namespace

Result<std::map<std::string, ColumnSample>, std::string> sample_columns(catalog::Sampler& sampler, const catalog::Snapshot& catalog,
                                                                        const catalog::Relation& table, std::uint32_t rows,
                                                                        masking::RowMasker& masker, masking::ColumnPoll& poll) {
    const std::vector<const catalog::Column*> columns = catalog::Sampler::candidates(catalog, table);
    std::map<std::string, ColumnSample> samples;
    if (columns.empty() || rows == 0) return samples;
    const auto values = sampler.sample(table, columns, {.rows = rows});
    if (!values) return refuse(values.error().message);
    for (std::size_t column = 0; column < columns.size(); ++column) {
        const std::string& name = columns[column]->name;
        poll.clear();
        for (std::size_t row = 0; row < values->rows(); ++row) {
            const auto value = values->value(row, column);
            if (!value) continue;
            look(samples[name], *value, name, masker);
            poll.add(*value);
        }
        const auto sampled = samples.find(name);
        if (sampled != samples.end()) sampled->second.vote = poll.verdict();
    }
    return samples;
}

}  // namespace pgveil::cli
