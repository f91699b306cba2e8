#include "cli/log.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "audit/file.h"
#include "audit/key_file.h"
#include "audit/layout.h"
#include "audit/proof.h"
#include "audit/publish.h"
#include "audit/search.h"
#include "audit/timestamp.h"
#include "audit/verify.h"
#include "cli/log_export.h"
#include "cli/log_options.h"
#include "cli/log_print.h"
#include "cli/log_tail.h"
#include "cli/log_value.h"

namespace pgveil::cli {
namespace {

constexpr int Done = 0, No = 1, Usage = 2, Cannot = 3;

int usage(std::string_view why) {
    fmt::print(stderr, "pgveil log: {}\nTry `pgveil log --help`.\n", why);
    return Usage;
}

int cannot(std::string_view why) {
    fmt::print(stderr, "pgveil log: {}\n", why);
    return Cannot;
}

void write_out(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// The line itself, or a file that holds it.
Result<audit::VerifierKey, std::string> key_from(const std::string& text) {
    if (auto key = audit::parse_verifier_key(text)) return *key;
    auto content = audit::read_whole(text, 4096);
    if (!content) return refuse("--key `" + text + "` is neither a verifier key line nor a readable file");
    while (content->ends_with('\n')) content->pop_back();
    if (auto key = audit::parse_verifier_key(*content)) return *key;
    return refuse("the file " + text + " holds no verifier key line");
}

/// --key, or the log's own: enough to make a proof or tiles, which are checked with a key from elsewhere.
Result<audit::VerifierKey, std::string> key_or_own(const LogOptions& options) {
    if (!options.key.empty()) return key_from(options.key);
    const auto identity = audit::read_identity(options.dirs.front());
    if (!identity) return refuse(identity.error());
    if (!identity->keys.empty()) return key_from(identity->keys.back());
    return refuse(std::string("log.json holds no verifier key"));
}

std::optional<std::uint64_t> index_from(const LogOptions& options) {
    if (options.words.size() != 1) return std::nullopt;
    std::uint64_t index = 0;
    const std::string& word = options.words.front();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return index;
}

int run_verify(const LogOptions& options) {
    audit::VerifyOptions verify{options.dirs, std::nullopt, {}, audit::wall_now(), options.max_age};
    if (!options.key.empty()) {
        const auto key = key_from(options.key);
        if (!key) return usage(key.error());
        verify.key = *key;
    }
    for (const std::string& path : options.anchors) {
        const auto content = audit::read_whole(path, 1ULL << 30);
        if (!content) return cannot("cannot read anchor " + path + ": " + audit::message_of(content.error()));
        verify.anchors.push_back({path, audit::find_checkpoints(*content)});
    }
    const audit::VerifyReport report = audit::verify_log(verify);
    write_out(print_report(report, options.format));
    return report.holds() ? Done : No;
}

int run_show(const LogOptions& options) {
    std::vector<audit::StoredRecord> records;
    if (options.last > 0) {
        auto last = audit::last_records(options.dirs, options.last);
        if (!last) return cannot(last.error());
        records = std::move(*last);
    } else {
        const auto index = index_from(options);
        if (!index) return usage("show needs the INDEX of one record, or --last N");
        auto record = audit::find_record(options.dirs, *index);
        if (!record) return cannot(record.error());
        if (*record) records.push_back(std::move(**record));
    }
    for (audit::StoredRecord& stored : records) {
        if (!audit::load_blobs(options.dirs, stored)) fmt::print(stderr, "pgveil log: a blob of record {} is missing\n", stored.index);
        const bool whole = options.format == LogFormat::Text;
        write_out(whole ? print_record_in_full(stored) + (records.size() > 1 ? "\n" : "") : print_record(stored, options.format));
    }
    return records.empty() ? No : Done;
}

int run_search(const LogOptions& options) {
    LogOptions wanted = options;
    if (options.value) {
        auto tokens = tokens_of_value(options.token_key);
        if (!tokens) return cannot(tokens.error());
        wanted.filter.tokens.insert(wanted.filter.tokens.end(), tokens->begin(), tokens->end());
    }
    if (options.format == LogFormat::Csv) write_out(csv_heading());
    std::uint64_t count = 0;
    const auto scan = audit::search_log(options.dirs, wanted.filter, [&](const audit::StoredRecord& stored, std::string_view) {
        write_out(print_record(stored, options.format));
        return ++count != options.limit;
    });
    if (scan.trouble) {
        return cannot(fmt::format("reading ended at record {}: {}; run `pgveil log verify`", scan.trouble->index, scan.trouble->what));
    }
    return count == 0 ? No : Done;
}

int run_check_proof(const LogOptions& options) {
    const auto key = key_from(options.key);
    if (!key) return usage(key.error());
    const auto text = audit::read_whole(options.check, 1 << 20);
    if (!text) return cannot("cannot read " + options.check + ": " + audit::message_of(text.error()));
    const auto proven = audit::check_proof(*text, *key);
    if (!proven) {
        fmt::print("FAIL  {}\n", proven.error());
        return No;
    }
    fmt::print("PASS  record {} is in the signed log of {} records\n", proven->index, proven->checkpoint.size);
    if (const auto stored = audit::parse_line(proven->line)) write_out(print_record(*stored, options.format));
    return Done;
}

int run_prove(const LogOptions& options) {
    if (!options.check.empty()) return options.key.empty() ? usage("prove --check needs --key") : run_check_proof(options);
    if (options.dirs.empty()) return usage("prove needs --log DIR, or --check FILE");
    const auto index = index_from(options);
    if (!index) return usage("prove needs the INDEX of one record");
    const auto key = key_or_own(options);
    if (!key) return usage(key.error());
    const auto proof = audit::make_proof(options.dirs, *key, *index);
    if (!proof) return cannot(proof.error());
    if (options.out.empty()) {
        write_out(*proof);
        return Done;
    }
    const int error = audit::write_new_file(options.out, *proof);
    return error == 0 ? Done : cannot("cannot write " + options.out + ": " + audit::message_of(error));
}

int run_publish(const LogOptions& options) {
    const auto key = key_or_own(options);
    if (!key) return usage(key.error());
    const std::string out = options.out.empty() ? options.dirs.front() + "/pub" : options.out;
    const auto published = audit::publish_log(options.dirs, *key, out);
    if (!published) return cannot(published.error());
    fmt::print("{} records in {}\n", published->size, out);
    return Done;
}

struct Command {
    std::string_view name;
    int (*run)(const LogOptions&);
};
constexpr std::array Commands = {Command{"verify", run_verify}, Command{"show", run_show}, Command{"search", run_search},
                                 Command{"prove", run_prove}, Command{"export", run_log_export}, Command{"publish", run_publish},
                                 Command{"tail", run_log_tail}};

}  // namespace

int run_log(std::span<const std::string_view> args) {
    if (args.empty()) return usage("what shall be done? verify, show, search, prove, export, publish or tail");
    const std::string_view name = args.front();
    if (name == "--help" || name == "-h" || name == "help") return write_out(log_help()), Done;
    for (const Command& command : Commands) {
        if (command.name != name) continue;
        const auto options = parse_log_options(args.subspan(1));
        if (!options) return usage(options.error());
        if (options->help) return write_out(log_help()), Done;
        const bool foreign_format = options->format == LogFormat::Ocsf || options->format == LogFormat::Ecs;
        if (foreign_format && name != "export") return usage("formats ocsf and ecs are export's");
        const bool needs_log = name != "prove";
        if (needs_log && options->dirs.empty()) return usage(fmt::format("{} needs --log DIR", name));
        if (!options->dirs.empty() && !audit::log_exists(options->dirs.front())) {
            return cannot("there is no log in " + options->dirs.front());
        }
        return command.run(*options);
    }
    return usage(fmt::format("`{}` is not one of verify, show, search, prove, export, publish, tail", name));
}

}  // namespace pgveil::cli
