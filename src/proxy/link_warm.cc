// A session's server connection before and after it: taken from those kept warm, and given back to them.
#include "proxy/link.h"

namespace pgveil::proxy {

/// Of the same agent and the same config, opened with the same words; nothing if the database keeps none warm.
std::optional<upstream::Handover> Link::take_warm(const upstream::ConnectRequest& request, const config::Database& database) {
    if (database.warm_connections == 0) return std::nullopt;
    const std::string whose = std::to_string(world_->version) + "/" + name_;   // a reload may have changed what it was opened with
    warmth_ = Warmth{upstream::WarmPool::key_of(request, whose), database_, database.warm_connections, database.warm_idle, {}};
    return worker_.shared().warm.take(warmth_->key, worker_.loop().now().monotonic);
}

void Link::note_warm(upstream::Handover handover) {
    if (!warmth_) return;
    warmth_->handover = std::move(handover);
    warmth_->handover.connection = {};   // the stream has it
}

/// False: the server must be told good-bye. A cancel that was ever sent may still be on its way to the backend.
bool Link::give_warm(relay::Parameters reported) {
    if (!warmth_ || cancelled_ || !server_ || worker_.draining() || worker_.leaving()) return false;
    net::HandedOver connection = server_->release();
    if (connection.fd < 0) return false;
    warmth_->handover.connection = std::move(connection);
    warmth_->handover.parameters = std::move(reported);
    worker_.renew(std::move(*warmth_));
    warmth_.reset();
    return true;
}

}  // namespace pgveil::proxy
