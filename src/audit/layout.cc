#include "audit/layout.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "audit/file.h"
#include "audit/json_text.h"
#include "audit/timestamp.h"

namespace pgveil::audit {
namespace {

struct CloseDirectory {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

std::string copy_suffix(std::uint32_t copy) { return copy == 0 ? "" : "-" + std::to_string(copy); }

/// Names in a directory, sorted, without those that begin with a dot; an absent directory is empty.
Result<std::vector<std::string>, std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, CloseDirectory> dir(::opendir(path.c_str()));
    if (!dir && errno == ENOENT) return names;
    if (!dir) return refuse("cannot list " + path + ": " + message_of(errno));
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    if (errno != 0) return refuse("cannot list " + path + ": " + message_of(errno));
    std::ranges::sort(names);
    return names;
}

template <class Number>
bool read_digits(std::string_view text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

std::optional<SegmentName> segment_named(const std::string& dir, std::string_view name) {
    constexpr std::string_view Ending = ".jsonl";
    SegmentName segment{0, 0, dir + "/" + std::string(name)};
    if (!name.ends_with(Ending)) return std::nullopt;
    name.remove_suffix(Ending.size());
    if (name.size() < 20 || !read_digits(name.substr(0, 20), segment.first)) return std::nullopt;
    name.remove_prefix(20);
    if (name.empty()) return segment;
    if (!name.starts_with('-') || !read_digits(name.substr(1), segment.copy)) return std::nullopt;
    return segment;
}

bool read_keys(JsonCursor& in, std::vector<std::string>& keys) {
    if (!in.take('[')) return false;
    while (auto key = in.string()) {
        keys.push_back(std::move(*key));
        if (in.peek() != ',') return in.take(']');
        in.take(',');
    }
    return false;
}

bool read_key(JsonCursor& in, std::string_view name) {
    const auto key = in.string();
    return key && *key == name && in.take(':');
}

std::string print(const LogIdentity& identity) {
    std::string out = "{\"version\":1,\"origin\":";
    append_json_string(out, identity.origin);
    out += ",\"created\":\"" + print_time(identity.created) + "\",\"keys\":[";
    for (std::size_t i = 0; i < identity.keys.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, identity.keys[i]);
    }
    return out + "]}\n";
}

std::optional<LogIdentity> parse_identity(std::string_view text) {
    JsonCursor in(text);
    LogIdentity identity;
    if (!in.take('{') || !read_key(in, "version") || in.natural() != 1 || !in.take(',')) return std::nullopt;
    if (!read_key(in, "origin")) return std::nullopt;
    auto origin = in.string();
    if (!origin || !in.take(',') || !read_key(in, "created")) return std::nullopt;
    const auto created = in.string();
    const auto time = created ? parse_time(*created) : std::nullopt;
    if (!time || !in.take(',') || !read_key(in, "keys") || !read_keys(in, identity.keys)) return std::nullopt;
    if (!in.take('}') || !in.take('\n') || !in.at_end()) return std::nullopt;
    identity.origin = std::move(*origin);
    identity.created = *time;
    return identity;
}

}  // namespace

std::string SegmentName::file() const { return file_name_of(path); }

bool log_exists(const std::string& dir) {
    struct stat info{};
    return ::lstat((dir + "/log.json").c_str(), &info) == 0;
}

Result<LogIdentity, std::string> read_identity(const std::string& dir) {
    const std::string path = dir + "/log.json";
    const auto text = read_whole(path, 1 << 20);
    if (!text) return refuse("cannot read " + path + ": " + message_of(text.error()));
    auto identity = parse_identity(*text);
    if (!identity) return refuse(path + " is not a log's identity, or of a later version");
    return std::move(*identity);
}

Result<void, std::string> create_parts(const std::string& dir) {
    for (const char* part : {"", "/seg", "/ckpt", "/blob"}) {
        const std::string path = dir + part;
        if (const int error = make_directory(path); error != 0) {
            return refuse("cannot make directory " + path + ": " + message_of(error));
        }
    }
    if (const int error = sync_directory(dir); error != 0) return refuse("cannot sync " + dir + ": " + message_of(error));
    return {};
}

Result<void, std::string> write_identity(const std::string& dir, const LogIdentity& identity) {
    const int error = write_new_file(dir + "/log.json", print(identity));
    if (error != 0) return refuse("cannot write " + dir + "/log.json: " + message_of(error));
    return {};
}

Result<std::vector<SegmentName>, std::string> list_segments(const std::vector<std::string>& dirs) {
    std::vector<SegmentName> segments;
    for (const std::string& dir : dirs) {
        const auto names = names_in(dir + "/seg");
        if (!names) return refuse(names.error());
        for (const std::string& name : *names) {
            auto segment = segment_named(dir + "/seg", name);
            if (!segment) return refuse(dir + "/seg holds a file that is no segment: " + shown(name));
            segments.push_back(std::move(*segment));
        }
    }
    std::ranges::sort(segments, [](const SegmentName& a, const SegmentName& b) {
        return std::pair(a.first, a.copy) < std::pair(b.first, b.copy);
    });
    return segments;
}

Result<std::vector<std::string>, std::string> list_notes(const std::vector<std::string>& dirs) {
    std::vector<std::string> paths;
    for (const std::string& dir : dirs) {
        const auto names = names_in(dir + "/ckpt");
        if (!names) return refuse(names.error());
        for (const std::string& name : *names) {
            if (!name.ends_with(".notes")) return refuse(dir + "/ckpt holds a file that is no notes file: " + shown(name));
            paths.push_back(dir + "/ckpt/" + name);
        }
    }
    return paths;
}

std::string segment_path(const std::string& dir, std::uint64_t first, std::uint32_t copy) {
    const std::string digits = std::to_string(first);
    return dir + "/seg/" + std::string(20 - digits.size(), '0') + digits + copy_suffix(copy) + ".jsonl";
}

std::string notes_path(const std::string& dir, WallTime now, std::uint32_t copy) {
    const std::string time = print_time(now);
    return dir + "/ckpt/" + time.substr(0, 4) + time.substr(5, 2) + copy_suffix(copy) + ".notes";
}

std::string blob_path(const std::string& dir, const std::string& name) {
    return dir + "/blob/" + name.substr(0, 2) + "/" + name;
}

std::string file_name_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace pgveil::audit
