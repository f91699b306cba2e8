// E-mail addresses (RFC 5321 mailboxes as people write them) against their look-alikes: user parts of URLs,
// scp paths, package versions, image names, unit names.
#include <algorithm>
#include <array>

#include "detect/chars.h"
#include "detect/confirm.h"

namespace pgveil::masking {
namespace {

constexpr std::size_t kMaxLocal = 64, kMaxDomain = 253, kMaxLabel = 63;

bool is_local(char c) {
    return is_alnum(c) || is_high(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

bool is_label(char c) { return is_alnum(c) || c == '-' || is_high(c); }

// Last labels that name files or services and no top-level domain.
constexpr std::array<std::string_view, 28> kNoDomain = {
    "avif", "bmp", "css",  "csv",  "gif",  "gz",   "html",   "ico", "jpeg", "jpg",     "js",    "json", "jsx",   "log",
    "mount", "pdf", "png", "scss", "service", "slice", "socket", "svg", "target", "timer", "ts", "txt", "webp", "xml"};

/// One past the domain that starts at `at`, 0 if there is none with a plausible last label.
std::size_t domain_end(std::string_view text, std::size_t at) {
    std::size_t label = at, good = 0, i = at;
    const std::size_t stop = std::min(text.size(), at + kMaxDomain + 1);
    for (; i <= stop; ++i) {
        if (i < stop && is_label(text[i])) continue;
        std::size_t last = i;
        while (last > label && text[last - 1] == '-') --last;
        const std::string_view name = text.substr(label, last - label);
        if (name.empty() || name.size() > kMaxLabel || name.front() == '-') break;
        const bool letters = std::ranges::all_of(name, [](char c) { return is_letter(c) || is_high(c); });
        const bool puny = name.size() > 4 && lower(name[0]) == 'x' && lower(name[1]) == 'n' && name[2] == '-';
        if (label != at && name.size() >= 2 && (letters || puny)) good = last;
        if (i >= stop || text[i] != '.' || last != i) break;
        label = i + 1;
    }
    return good;
}

bool names_a_file(std::string_view domain) {
    std::array<char, 8> last{};
    const std::string_view label = domain.substr(domain.rfind('.') + 1);
    if (label.size() > last.size()) return false;
    std::ranges::transform(label, last.begin(), lower);
    return std::ranges::find(kNoDomain, std::string_view(last.data(), label.size())) != kNoDomain.end();
}

std::size_t local_start(std::string_view text, std::size_t at) {
    if (at > 1 && text[at - 1] == '"') {
        for (std::size_t i = at - 1; i-- > 0 && at - i <= kMaxLocal + 2;) {
            if (text[i] == '"') return i;
        }
        return at;
    }
    std::size_t start = at;
    while (start > 0 && at - start < kMaxLocal && is_local(text[start - 1])) --start;
    // Punctuation in front belongs to the sentence; '=' and '/' part keys and paths from values.
    const std::size_t cut = text.substr(start, at - start).find_last_of("=/|'`");
    if (cut != std::string_view::npos && start + cut + 1 < at) start += cut + 1;
    while (start < at && !is_alnum(text[start]) && !is_high(text[start]) && text[start] != '_') ++start;
    while (start < at && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) ++start;
    return start;
}

/// `scheme://user:password@host` and `scheme://user@host`: the URL rules' business.
bool is_userinfo(std::string_view text, std::size_t start) {
    std::size_t at = start;
    const auto ends_authority = [](char c) { return is_space(c) || std::string_view("/?#&=,;\"'<>()").find(c) != std::string_view::npos; };
    while (at > 0 && start - at < kMaxLocal && !ends_authority(text[at - 1])) --at;
    return at >= 3 && text.substr(at - 3, 3) == "://";
}

}  // namespace

Answer confirm_email(const Candidate& c) {
    const std::size_t at = c.text.rfind('@', c.end == 0 ? 0 : c.end - 1);
    if (at == std::string_view::npos || c.end - at > kMaxDomain) return std::nullopt;
    const std::size_t start = local_start(c.text, at);
    const std::size_t end = domain_end(c.text, at + 1);
    if (start == at || end == 0 || c.text[at - 1] == '.') return std::nullopt;
    const std::string_view local = c.text.substr(start, at - start), domain = c.text.substr(at + 1, end - at - 1);
    if (names_a_file(domain) || is_userinfo(c.text, start)) return std::nullopt;
    const bool scp_path = peek(c.text, end) == ':' && is_word(peek(c.text, end + 1));
    if (local == "git" && scp_path) return std::nullopt;
    return Confirmed{start, end, 1.0};
}

}  // namespace pgveil::masking
