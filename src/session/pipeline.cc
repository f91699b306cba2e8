#include "session/pipeline.h"

#include <optional>
#include <string_view>

namespace pgveil::session {
namespace {

struct Row {
    std::string_view answers;   // besides E and the asynchronous ones
    std::string_view finishers;
};

Row row_of(Request request) {
    switch (request) {
        case Request::Query: return {"TDCIGHdcZ", "Z"};
        case Request::Parse: return {"1", "1"};
        case Request::Bind: return {"2", "2"};
        case Request::DescribeStatement: return {"tTn", "Tn"};
        case Request::DescribePortal: return {"Tn", "Tn"};
        case Request::Execute: return {"DCIsGHdc", "CIs"};
        case Request::Close: return {"3", "3"};
        case Request::Sync: return {"Z", "Z"};
        case Request::FunctionCall: return {"VZ", "Z"};
    }
    return {"", ""};
}

bool ends_with_ready(Request request) {
    switch (request) {
        case Request::Query:
        case Request::FunctionCall:
        case Request::Sync: return true;
        case Request::Parse:
        case Request::Bind:
        case Request::DescribeStatement:
        case Request::DescribePortal:
        case Request::Execute:
        case Request::Close: return false;
    }
    return false;
}

std::optional<Progress> first_of_result(Request request, char type) {
    switch (type) {
        case 'T': return request == Request::Query ? std::optional(Progress::Rows) : std::nullopt;
        case 'D': return request == Request::Execute ? std::optional(Progress::Rows) : std::nullopt;
        case 'H': return Progress::CopyingOut;
        case 'G': return Progress::CopyingIn;
        case 'C': case 'I': case 's': case 't': case 'V': return Progress::Between;
        default: return std::nullopt;
    }
}

/// Of a type that the request may have at all: whether it may have it now.
std::optional<Progress> advanced(Request request, Progress at, char type) {
    switch (at) {
        case Progress::Between:
            if (type == 'Z' || (request == Request::DescribeStatement && (type == 'T' || type == 'n'))) return Progress::Between;
            if (request == Request::DescribeStatement || request == Request::FunctionCall) return std::nullopt;
            return first_of_result(request, type);
        case Progress::Fresh: return first_of_result(request, type);
        case Progress::Rows:
            if (type == 'D' || (type == 'T' && request == Request::Query)) return Progress::Rows;
            return type == 'C' || type == 's' ? std::optional(Progress::Between) : std::nullopt;
        case Progress::CopyingOut:
            if (type == 'd') return Progress::CopyingOut;
            return type == 'c' ? std::optional(Progress::CopiedOut) : std::nullopt;
        case Progress::CopiedOut: case Progress::CopyingIn: return type == 'C' ? std::optional(Progress::Between) : std::nullopt;
        case Progress::Failed: return type == 'Z' ? std::optional(Progress::Failed) : std::nullopt;
    }
    return std::nullopt;
}

bool has_order(Request request) {
    switch (request) {
        case Request::Query: case Request::Execute: case Request::DescribeStatement: case Request::FunctionCall: return true;
        case Request::Parse: case Request::Bind: case Request::DescribePortal: case Request::Close: case Request::Sync: return false;
    }
    return true;
}

}  // namespace

void Pipeline::sent(Entry entry) {
    if (entry.request == Request::Sync) skipping_ = false;
    unflushed_ = !ends_with_ready(entry.request);
    entries_.push_back(entry);
}

Pipeline::Answered Pipeline::answered(char type) {
    if (type == 'N' || type == 'S' || type == 'A') return {Match::Asynchronous, {}, false, {}};
    if (entries_.empty()) return {};
    if (type == 'E') return on_error();
    const Entry head = entries_.front();
    const Row row = row_of(head.request);
    if (row.answers.find(type) == std::string_view::npos) return {};
    if (has_order(head.request)) {
        const std::optional<Progress> now = advanced(head.request, progress_, type);
        if (!now) return {};
        progress_ = *now;
    }
    if (type == 'G') on_copy_in();
    if (type == 'C' || type == 'Z') copying_in_ = false;
    const bool finished = row.finishers.find(type) != std::string_view::npos;
    if (finished) pop();
    return {Match::Answer, head, finished, {}};
}

void Pipeline::pop() {
    entries_.pop_front();
    progress_ = Progress::Fresh;
}

// The server ignores Sync and Flush while it copies in (postgres.c, PqMsg handling in CopyGetData), so
// Syncs that were sent ahead of the data will never be answered.
void Pipeline::on_copy_in() {
    copying_in_ = true;
    if (entries_.front().request != Request::Execute) return;
    while (entries_.size() > 1 && entries_[1].request == Request::Sync) entries_.erase(entries_.begin() + 1);
}

Pipeline::Answered Pipeline::on_error() {
    copying_in_ = false;
    Answered result{Match::Answer, entries_.front(), false, {}};
    progress_ = Progress::Failed;
    if (ends_with_ready(result.entry.request)) return result;   // its ReadyForQuery is still to come
    pop();
    result.finished = true;
    while (!entries_.empty() && entries_.front().request != Request::Sync) {
        result.discarded.push_back(entries_.front());
        entries_.pop_front();
    }
    skipping_ = entries_.empty();
    return result;
}

}  // namespace pgveil::session
