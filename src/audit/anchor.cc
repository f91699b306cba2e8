#include "audit/anchor.h"

#include <syslog.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>

#include "audit/file.h"

namespace pgveil::audit {
namespace {

constexpr std::string_view FilePrefix = "file:";
constexpr auto Interval = std::chrono::seconds(1);

/// Empty, or what went wrong.
std::string send(const std::string& anchor, const SignedCheckpoint& checkpoint) {
    if (anchor == "syslog:") {
        ::syslog(LOG_NOTICE | LOG_AUTHPRIV, "%s", one_line(checkpoint).c_str());
        return {};
    }
    const std::string path = anchor.substr(FilePrefix.size());
    const auto fd = open_append(path, false);
    int error = fd ? write_all(*fd, print(checkpoint) + "\n") : fd.error();
    if (error == 0) error = sync_data(*fd);
    return error == 0 ? std::string() : "anchor " + path + ": " + message_of(error);
}

}  // namespace

struct AnchorSender::State {
    std::vector<std::string> anchors;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::optional<SignedCheckpoint> waiting;
    std::string problem;
    bool ending = false;
    std::thread thread;

    void run();
};

void AnchorSender::State::run() {
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [this] { return ending || waiting; });
        if (!waiting) return;
        const SignedCheckpoint next = *std::exchange(waiting, std::nullopt);
        lock.unlock();
        std::string failure;
        for (const std::string& anchor : anchors) {
            if (std::string why = send(anchor, next); !why.empty()) failure = std::move(why);
        }
        lock.lock();
        problem = std::move(failure);
        changed.wait_for(lock, Interval, [this] { return ending; });
    }
}

Result<std::unique_ptr<AnchorSender>, std::string> AnchorSender::start(std::vector<std::string> anchors) {
    for (const std::string& anchor : anchors) {
        const bool is_file = anchor.starts_with(FilePrefix) && anchor.size() > FilePrefix.size();
        if (anchor != "syslog:" && !is_file) return refuse("unknown anchor `" + anchor + "`: use syslog: or file:/path");
    }
    auto state = std::make_unique<State>();
    state->anchors = std::move(anchors);
    if (!state->anchors.empty()) {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        state->thread = std::thread([raw = state.get()] { raw->run(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    return std::unique_ptr<AnchorSender>(new AnchorSender(std::move(state)));
}

AnchorSender::AnchorSender(std::unique_ptr<State> state) : state_(std::move(state)) {}

AnchorSender::~AnchorSender() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->ending = true;
    }
    state_->changed.notify_all();
    if (state_->thread.joinable()) state_->thread.join();
}

void AnchorSender::offer(const SignedCheckpoint& checkpoint) {
    if (!state_->thread.joinable()) return;
    {
        const std::lock_guard lock(state_->mutex);
        state_->waiting = checkpoint;
    }
    state_->changed.notify_all();
}

std::string AnchorSender::problem() const {
    const std::lock_guard lock(state_->mutex);
    return state_->problem;
}

}  // namespace pgveil::audit
