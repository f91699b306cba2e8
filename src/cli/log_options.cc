#include "cli/log_options.h"

#include <array>
#include <charconv>

#include "audit/timestamp.h"

namespace pgveil::cli {
namespace {

using Set = bool (*)(LogOptions&, std::string_view);
struct Option {
    std::string_view name;
    Set set;          // false: the value is not one
    bool takes_value = true;
};

template <class Number>
bool read_number(std::string_view text, Number& into) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc() && end == text.data() + text.size();
}

bool read_duration(std::string_view text, std::chrono::seconds& into) {
    if (text.empty()) return false;
    std::int64_t unit = 1;
    switch (text.back()) {
        case 's': break;
        case 'm': unit = 60; break;
        case 'h': unit = 3600; break;
        case 'd': unit = 86400; break;
        default: return false;
    }
    std::int32_t number = 0;
    if (!read_number(text.substr(0, text.size() - 1), number) || number < 0) return false;
    into = std::chrono::seconds(number * unit);
    return true;
}

bool read_time(std::string_view text, std::optional<WallTime>& into) {
    into = audit::parse_time(text, true);
    return into.has_value();
}

bool read_format(std::string_view text, LogFormat& into) {
    constexpr std::pair<std::string_view, LogFormat> Names[] = {{"text", LogFormat::Text}, {"json", LogFormat::Json},
                                                                {"csv", LogFormat::Csv}, {"ocsf", LogFormat::Ocsf},
                                                                {"ecs", LogFormat::Ecs}};
    for (const auto& [name, format] : Names) {
        if (name == text) return into = format, true;
    }
    return false;
}

template <class Field>
bool read_session(std::string_view text, Field& into) {
    std::uint64_t number = 0;
    if (!read_number(text, number)) return false;
    into = number;
    return true;
}

using O = LogOptions;
using V = std::string_view;
constexpr std::array Options = {
    Option{"--help", [](O& o, V) { return o.help = true; }, false},
    Option{"-h", [](O& o, V) { return o.help = true; }, false},
    Option{"--log", [](O& o, V v) { return o.dirs.insert(o.dirs.begin(), std::string(v)), !v.empty(); }},
    Option{"--fallback", [](O& o, V v) { return o.dirs.emplace_back(v), !v.empty(); }},
    Option{"--key", [](O& o, V v) { return o.key = v, !v.empty(); }},
    Option{"--anchor", [](O& o, V v) { return o.anchors.emplace_back(v), !v.empty(); }},
    Option{"--max-age", [](O& o, V v) { return read_duration(v, o.max_age); }},
    Option{"--json", [](O& o, V) { return o.format = LogFormat::Json, true; }, false},
    Option{"--format", [](O& o, V v) { return read_format(v, o.format); }},
    Option{"--limit", [](O& o, V v) { return read_number(v, o.limit); }},
    Option{"--last", [](O& o, V v) { return read_number(v, o.last) && o.last > 0; }},
    Option{"-n", [](O& o, V v) { return read_number(v, o.last) && o.last > 0; }},
    Option{"--check", [](O& o, V v) { return o.check = v, !v.empty(); }},
    Option{"--out", [](O& o, V v) { return o.out = v, !v.empty(); }},
    Option{"--token-key", [](O& o, V v) { return o.token_key = v, !v.empty(); }},
    Option{"--value-from-tty", [](O& o, V) { return o.value = true; }, false},
    Option{"--follow", [](O& o, V) { return o.follow = true; }, false},
    Option{"-f", [](O& o, V) { return o.follow = true; }, false},
    Option{"--since", [](O& o, V v) { return read_time(v, o.filter.since); }},
    Option{"--until", [](O& o, V v) { return read_time(v, o.filter.until); }},
    Option{"--from", [](O& o, V v) { return read_session(v, o.filter.from_index); }},
    Option{"--agent", [](O& o, V v) { return o.filter.agent = v, true; }},
    Option{"--person", [](O& o, V v) { return o.filter.person = v, true; }},
    Option{"--database", [](O& o, V v) { return o.filter.database = v, true; }},
    Option{"--relation", [](O& o, V v) { return o.filter.relation = v, true; }},
    Option{"--column", [](O& o, V v) { return o.filter.column = v, true; }},
    Option{"--class", [](O& o, V v) { return o.filter.sql_class = v, true; }},
    Option{"--kind", [](O& o, V v) { return o.filter.kind = v, true; }},
    Option{"--decision", [](O& o, V v) { return o.filter.decision = v, true; }},
    Option{"--rule", [](O& o, V v) { return o.filter.rule = v, true; }},
    Option{"--request", [](O& o, V v) { return o.filter.request = v, true; }},
    Option{"--sqlstate", [](O& o, V v) { return o.filter.sqlstate = v, true; }},
    Option{"--task", [](O& o, V v) { return o.filter.task = v, true; }},
    Option{"--session", [](O& o, V v) { return read_session(v, o.filter.session); }},
    Option{"--token", [](O& o, V v) { return o.filter.tokens.emplace_back(v), !v.empty(); }},
};

const Option* find_option(std::string_view name) {
    for (const Option& option : Options) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

}  // namespace

Result<LogOptions, std::string> parse_log_options(std::span<const std::string_view> args) {
    LogOptions options;
    for (std::size_t i = 0; i < args.size(); ++i) {
        std::string_view name = args[i];
        if (!name.starts_with('-') || name == "-") {
            options.words.emplace_back(name);
            continue;
        }
        std::optional<std::string_view> value;
        if (const std::size_t equals = name.find('='); name.starts_with("--") && equals != std::string_view::npos) {
            value = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        const Option* const option = find_option(name);
        if (option == nullptr) return refuse("unknown option " + std::string(name));
        if (!option->takes_value && value) return refuse("option " + std::string(name) + " takes no value");
        if (option->takes_value && !value) {
            if (i + 1 == args.size()) return refuse("option " + std::string(name) + " needs a value");
            value = args[++i];
        }
        if (!option->set(options, value.value_or(""))) {
            return refuse("option " + std::string(name) + ": `" + std::string(value.value_or("")) + "` is no value for it");
        }
    }
    return options;
}

std::string_view log_help() {
    return R"(pgveil log: read and verify the audit log. Needs its directory, not the proxy.

  pgveil log verify --log DIR --key VKEY [--anchor FILE]... [--max-age 24h] [--json]
  pgveil log show   --log DIR INDEX | --last N  [--json]
  pgveil log search --log DIR [FILTER]... [--limit N] [--format text|json|csv]
  pgveil log prove  --log DIR INDEX [--out FILE]
  pgveil log prove  --check FILE --key VKEY
  pgveil log export --log DIR --format ocsf|ecs|csv [FILTER]... [--limit N]
  pgveil log publish --log DIR [--out DIR]    C2SP tiles for other verifiers, below DIR/pub
  pgveil log tail   --log DIR [-n N] [-f] [FILTER]... [--format text|json|csv]

Common options
  --log DIR           the log's directory
  --fallback DIR      the directory the log continued in when DIR could not be written
  --key VKEY          the verifier key line that `pgveil keygen` printed, or the path of a file with it

verify prints four verdicts, each with its ground:
  integrity     every record, checkpoint and blob is what was signed; UNPROVEN when the last records are unsigned,
                because the writer died in the middle of a commit (the next start signs them) or somebody added them
  completeness  nothing is missing. Only a checkpoint kept elsewhere can show that the end was not cut off, so
                without --anchor the best verdict is UNPROVEN
  freshness     the last signed record is younger than --max-age (default 24h), and the clock did not step back
  anchoring     the checkpoints in the --anchor files (notes, or syslog lines) agree with the log
Exit 0: a key was given with --key, integrity is PASS and no other verdict is FAIL. Exit 1: any other outcome, or the
key was taken from the log itself (`self-attested`: whoever rewrote the log could have replaced it too).

Filters (names take * and ?)
  --since T --until T   2026-01-31, 2026-01-31T10:00:00Z; --until is exclusive
  --agent --person --database --relation --column --class --kind --decision --rule --request --sqlstate --task
  --session N --from INDEX
  --token HEX           a value token
  --value-from-tty --token-key FILE
                        the statements that held this value: it is asked for on the terminal, or read from standard
                        input when that is no terminal, and never shown or stored

Exit: 0 done, 1 the answer is no or nothing was found, 2 usage, 3 cannot.
)";
}

}  // namespace pgveil::cli
