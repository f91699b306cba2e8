#include "proxy/looker.h"

#include <algorithm>

#include <fmt/format.h>

#include "proxy/catalogs.h"
#include "proxy/desk.h"

namespace pgveil::proxy {
namespace {

/// A thousand rows: of random part numbers 62 fail, of people's numbers 20 at the very most (masking/column_poll.h).
const catalog::SampleTerms kTerms{
    .rows = 1000, .width = 65, .statement = std::chrono::milliseconds(2000), .lock = std::chrono::milliseconds(100), .alone = true};

constexpr std::chrono::seconds kConnecting{3};   // the end of the process waits for it

}  // namespace

Look Looker::look(const config::Database& database, const std::shared_ptr<const masking::CompiledRules>& rules, const catalog::Snapshot& catalog,
                  const catalog::Relation& table, const std::vector<ColumnVote>& before) {
    if (rules_ != rules) {
        rules_ = rules;
        revision_ = masking::poll_revision(*rules);
        poll_ = std::make_unique<masking::ColumnPoll>(rules);
    }
    Look found;
    const auto sampler = sampler_of(database);
    if (!sampler) {
        found.unreachable = true;
        found.error = sampler.error().message;
        return found;
    }
    if (const auto done = ask(**sampler, table, catalog::Sampler::singles(catalog, table), before, found); !done) {
        found.broke = done.error().what == catalog::LoadError::What::Connection;
        found.error = found.broke ? "the connection ended" : "SQLSTATE " + done.error().sqlstate;
        if (found.broke) samplers_.erase(database.name);
    }
    return found;
}

Result<void, catalog::LoadError> Looker::ask(catalog::Sampler& sampler, const catalog::Relation& table, const std::vector<const catalog::Column*>& columns,
                                             const std::vector<ColumnVote>& before, Look& found) {
    const auto readable = sampler.readable(table, columns);
    if (!readable) return refuse(readable.error());
    std::optional<catalog::Sample> values;
    if (!readable->empty()) {
        auto sample = sampler.sample(table, *readable, kTerms);
        if (!sample) return refuse(std::move(sample.error()));
        values.emplace(std::move(*sample));
        found.rows = values->rows();
    }
    if (readable->size() < columns.size()) found.error = fmt::format("{} of {} columns cannot be read now", columns.size() - readable->size(), columns.size());
    for (const catalog::Column* column : columns) {
        const auto place = std::ranges::find(*readable, column) - readable->begin();
        const bool is_read = place < std::ssize(*readable);
        const auto last = std::ranges::find(before, column->number, [](const ColumnVote& vote) { return vote.column.attribute; });
        const bool held = last != before.end() && last->revision == revision_;
        found.votes.push_back(count(table, *column, is_read ? &*values : nullptr, static_cast<std::size_t>(place), held ? last->look_alikes : std::uint8_t{0}));
    }
    return {};
}

Result<catalog::Sampler*, catalog::LoadError> Looker::sampler_of(const config::Database& database) {
    if (const auto open = samplers_.find(database.name); open != samplers_.end()) return &open->second;
    auto opened = catalog::Sampler::connect(database.upstream, read_password(database.password_file),
                                            std::min(database.connect_timeout, kConnecting), "pgveil/sample");
    if (!opened) return refuse(std::move(opened.error()));
    return &samplers_.emplace(database.name, std::move(*opened)).first->second;
}

ColumnVote Looker::count(const catalog::Relation& table, const catalog::Column& column, const catalog::Sample* values, std::size_t place,
                         std::uint8_t held) {
    ColumnVote vote;
    vote.column = {table.oid, column.number};
    vote.type = column.type;
    vote.relation = table.qualified();
    vote.name = column.name;
    vote.revision = revision_;
    vote.at = wall_now();
    poll_->clear();
    for (std::size_t row = 0; values != nullptr && row < values->rows(); ++row) {
        if (const auto value = values->value(row, place)) poll_->add(*value);
    }
    const masking::ColumnPoll::Verdict verdict = poll_->verdict();
    if (verdict.rule != nullptr) vote.rule = verdict.rule->id;
    if (verdict.rule != nullptr) vote.passed = static_cast<std::uint32_t>(verdict.passed);
    vote.distinct = static_cast<std::uint32_t>(verdict.distinct);
    const masking::ColumnPoll::Against against = poll_->against(held);
    vote.look_alikes = against.look_alikes;
    vote.failed = static_cast<std::uint32_t>(against.failed);
    vote.shaped = static_cast<std::uint32_t>(against.shaped);
    poll_->clear();
    return vote;
}

}  // namespace pgveil::proxy
