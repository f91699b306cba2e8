// Looker: one look at one table: a sample over a connection of its own, counted column by column.
//
// Keeps a connection a database while tables are due. Owner: Votes; its thread only; blocks (seconds at most, but for the
// connecting). Values live for the length of a call, only the poll sees them. Hostile: the values.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/sampler.h"
#include "config/config.h"
#include "pgveil/core/column_vote.h"
#include "pgveil/masking/column_poll.h"

namespace pgveil::proxy {

struct Look {
    std::vector<ColumnVote> votes;        // one a column that could be sampled; none if the look failed
    std::size_t rows = 0;
    std::string error;                    // SQLSTATE or words of ours: a server's message may quote a value
    bool unreachable = false;             // there is no connection; `error` is libpq's
    bool broke = false;                   // the connection ended in the middle of it
};

class Looker {
  public:
    [[nodiscard]] Look look(const config::Database& database, const std::shared_ptr<const masking::CompiledRules>& rules,
                            const catalog::Snapshot& catalog, const catalog::Relation& table, const std::vector<ColumnVote>& before);
    /// Nothing is due: the connections are closed.
    void rest() { samplers_.clear(); }

  private:
    [[nodiscard]] Result<catalog::Sampler*, catalog::LoadError> sampler_of(const config::Database& database);
    [[nodiscard]] Result<void, catalog::LoadError> ask(catalog::Sampler& sampler, const catalog::Relation& table,
                                                       const std::vector<const catalog::Column*>& columns, const std::vector<ColumnVote>& before, Look& found);
    [[nodiscard]] ColumnVote count(const catalog::Relation& table, const catalog::Column& column, const catalog::Sample* values, std::size_t place,
                                   std::uint8_t held);

    std::map<std::string, catalog::Sampler> samplers_;
    std::shared_ptr<const masking::CompiledRules> rules_;
    std::string revision_;
    std::unique_ptr<masking::ColumnPoll> poll_;
};

}  // namespace pgveil::proxy
