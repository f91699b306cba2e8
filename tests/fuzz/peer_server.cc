#include "peer_server.h"

#include <array>

namespace pgveil::fuzz {
namespace {

using namespace protocol;

constexpr Oid kCustomers{16564}, kEmailType{16558};

bool gives_rows(std::string_view text) { return text.starts_with("SELECT") || text.starts_with("SHOW") || text.starts_with("FETCH"); }

constexpr std::array<Byte, 7> kTwoTextColumns{0, 0, 2, 0, 0, 0, 0};
bool reads_copy(std::string_view text) { return text.starts_with("COPY") && text.contains("FROM STDIN"); }
bool gives_copy(std::string_view text) { return text.starts_with("COPY") && text.contains("TO STDOUT"); }

}  // namespace

void PeerServer::take(ByteView bytes) {
    const Bytes copy = copy_of(bytes);
    reader_.feed(copy);
    for (;;) {
        const auto got = reader_.next();
        require(got.next != FrameReader::Next::Malformed, "what the relay sends to the server is framed");
        if (got.next == FrameReader::Next::NeedMore) break;
        if (got.frame.first) waiting_.push_back({got.frame.type, {}});
        append(waiting_.back().body, got.frame.body);
        if (!got.frame.last || got.frame.type != 'Q') continue;
        const auto text = parse_query(waiting_.back().body);
        if (text && text->starts_with(kWrite)) ++writes_;
    }
    reader_.keep_rest();
}

bool PeerServer::answer(std::uint8_t choice, Bytes& out) {
    while (!waiting_.empty()) {
        const Message message = std::move(waiting_.front());
        waiting_.pop_front();
        if (skipping_ && message.type != 'S') continue;
        if (copying_ != Copying::No && message.type != 'c' && message.type != 'f') continue;
        switch (message.type) {
            case 'Q': query(message.body, choice, out); return true;
            case 'P': parse(message.body, choice, out); return true;
            case 'B': bind(message.body, choice, out); return true;
            case 'D': describe(message.body, out); return true;
            case 'E': execute(message.body, choice, out); return true;
            case 'c': case 'f': copied(message.type == 'c', out); return true;
            case 'C': put_close_complete(out); return true;
            case 'S':
                skipping_ = false;
                put_ready_for_query(out, status_);
                return true;
            default: continue;   // Flush, COPY data, Terminate
        }
    }
    return false;
}

void PeerServer::fail(Bytes& out) {
    ErrorOut error;
    error.severity = "ERROR";
    error.code = SqlState("22012");
    error.message = "division by zero";
    put_error(out, error);
    if (status_ == TransactionStatus::InTransaction) status_ = TransactionStatus::Failed;
}

void PeerServer::query(ByteView body, std::uint8_t choice, Bytes& out) {
    const auto text = parse_query(body);
    if (!text || choice % 8 == 7) {
        fail(out);
    } else if (reads_copy(*text)) {
        copying_ = Copying::Simple;
        return put_message(out, 'G', kTwoTextColumns);
    } else if (gives_copy(*text)) {
        copy_rows(choice, out);
    } else {
        if (gives_rows(*text)) description(*text, out);
        rows(*text, choice, out);
        tag(*text, out);
    }
    put_ready_for_query(out, status_);
}

void PeerServer::parse(ByteView body, std::uint8_t choice, Bytes& out) {
    const auto parse = parse_parse(body);
    if (!parse || choice % 16 == 15) return skipping_ = true, fail(out);
    statements_[std::string(parse->name)] = std::string(parse->query);
    put_parse_complete(out);
}

void PeerServer::bind(ByteView body, std::uint8_t choice, Bytes& out) {
    const auto bind = parse_bind(body);
    const auto found = bind ? statements_.find(bind->statement) : statements_.end();
    if (found == statements_.end() || choice % 16 == 14) return skipping_ = true, fail(out);
    portals_[std::string(bind->portal)] = found->second;
    put_bind_complete(out);
}

void PeerServer::describe(ByteView body, Bytes& out) {
    const auto asked = parse_describe(body);
    const auto& names = asked && asked->target == Target::Statement ? statements_ : portals_;
    const auto found = asked ? names.find(asked->name) : names.end();
    if (found == names.end()) return skipping_ = true, fail(out);
    if (asked->target == Target::Statement) put_parameter_description(out, {});
    if (gives_rows(found->second)) description(found->second, out);
    else put_no_data(out);
}

void PeerServer::execute(ByteView body, std::uint8_t choice, Bytes& out) {
    const auto asked = parse_execute(body);
    const auto found = asked ? portals_.find(asked->portal) : portals_.end();
    if (found == portals_.end() || choice % 8 == 6) return skipping_ = true, fail(out);
    if (reads_copy(found->second)) {
        copying_ = Copying::Extended;
        return put_message(out, 'G', kTwoTextColumns);
    }
    if (gives_copy(found->second)) return copy_rows(choice, out);
    rows(found->second, choice, out);
    if (asked->max_rows > 0 && choice % 2 == 1) put_portal_suspended(out);
    else tag(found->second, out);
}

void PeerServer::copy_rows(std::uint8_t choice, Bytes& out) {
    put_message(out, 'H', kTwoTextColumns);
    for (int i = 0; i < choice % 4; ++i) put_message(out, 'd', bytes_of("1\tcopied\n"));
    put_message(out, 'c', {});
    put_command_complete(out, "COPY 3");
}

void PeerServer::copied(bool done, Bytes& out) {
    const Copying was = std::exchange(copying_, Copying::No);
    if (was == Copying::No) return;
    if (done) put_command_complete(out, "COPY 1");
    else fail(out);
    if (was == Copying::Simple) return put_ready_for_query(out, status_);
    skipping_ = !done;
}

void PeerServer::description(std::string_view text, Bytes& out) {
    const bool secret = text == kSecretQuery;
    const std::array<FieldOut, 1> fields{FieldOut{.name = secret ? "email" : "n", .column = secret ? ColumnId{kCustomers, AttrNumber{3}} : ColumnId{}, .type = secret ? kEmailType : type_oid::Int4}};
    put_row_description(out, fields);
}

void PeerServer::rows(std::string_view text, std::uint8_t choice, Bytes& out) {
    if (!gives_rows(text)) return;
    for (int i = 0; i < choice % 4; ++i) {
        const std::array<std::optional<std::string>, 1> cells{text == kSecretQuery ? std::string(kCanary) : text.contains("search_path") ? "public" : "1"};
        put_text_row(out, cells);
    }
}

void PeerServer::tag(std::string_view text, Bytes& out) {
    if (text.starts_with("BEGIN")) status_ = TransactionStatus::InTransaction;
    if (text.starts_with("COMMIT") || text.starts_with("ROLLBACK")) status_ = TransactionStatus::Idle;
    put_command_complete(out, text.starts_with("SELECT") ? "SELECT 1" : text.starts_with("UPDATE") ? "UPDATE 1" : text.substr(0, text.find(' ')));
}

}  // namespace pgveil::fuzz
