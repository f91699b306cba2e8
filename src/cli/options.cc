#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace pgveil::cli {

void Options::flag(std::string name, bool& to, std::string sentence) {
    options_.push_back({std::move(name), "", std::move(sentence), [&to](std::string_view) { return to = true; }});
}

void Options::value(std::string name, std::string& to, std::string placeholder, std::string sentence) {
    options_.push_back({std::move(name), std::move(placeholder), std::move(sentence), [&to](std::string_view text) {
                            to = text;
                            return true;
                        }});
}

void Options::number(std::string name, std::uint32_t& to, std::string placeholder, std::string sentence, std::uint32_t least,
                     std::uint32_t most) {
    options_.push_back({std::move(name), std::move(placeholder), fmt::format("{} ({} to {})", sentence, least, most),
                        [&to, least, most](std::string_view text) {
                            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
                            return error == std::errc{} && end == text.data() + text.size() && to >= least && to <= most;
                        }});
}

void Options::values(std::string name, std::vector<std::string>& to, std::string placeholder, std::string sentence) {
    options_.push_back({std::move(name), std::move(placeholder), std::move(sentence), [&to](std::string_view text) {
                            to.emplace_back(text);
                            return true;
                        }});
}

void Options::positional(std::vector<std::string>& to, std::size_t most) {
    positional_ = &to;
    most_positional_ = most;
}

void Options::config(std::string& to) {
    const char* from_environment = std::getenv("PGVEIL_CONFIG");
    to = from_environment != nullptr && *from_environment != '\0' ? from_environment : "/etc/pgveil/pgveil.toml";
    value("--config", to, "FILE", "the config; default $PGVEIL_CONFIG, then /etc/pgveil/pgveil.toml");
}

std::optional<int> Options::parse(Arguments arguments) {
    bool flags_end = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view word = arguments[i];
        if (flags_end || word == "-" || !word.starts_with('-')) {
            if (positional_ == nullptr || positional_->size() == most_positional_) return complain(fmt::format("unexpected \"{}\"", word));
            positional_->emplace_back(word);
            continue;
        }
        if (word == "--") {
            flags_end = true;
            continue;
        }
        if (word == "--help" || word == "-h") {
            help();
            return Done;
        }
        const auto equals = word.find('=');
        const auto found = std::ranges::find(options_, word.substr(0, equals), &Option::name);
        if (found == options_.end()) return complain(fmt::format("no option is called {}", word.substr(0, equals)));
        const bool wants_value = !found->placeholder.empty();
        if (!wants_value && equals != std::string_view::npos) return complain(found->name + " takes no value");
        if (wants_value && equals == std::string_view::npos && i + 1 == arguments.size()) return complain(found->name + " needs a value");
        const std::string_view value = !wants_value                        ? std::string_view{}
                                       : equals != std::string_view::npos ? word.substr(equals + 1)
                                                                          : arguments[++i];
        if (!found->take(value)) return complain(fmt::format("{}: \"{}\" will not do; {}", found->name, value, found->sentence));
    }
    return std::nullopt;
}

int Options::complain(const std::string& message) const {
    fmt::print(stderr, "pgveil: {}\n{}\n", message, usage_);
    return Usage;
}

void Options::help() const {
    fmt::print("{}\n\n{}\n\n", usage_, sentence_);
    for (const Option& option : options_) {
        const std::string left = option.placeholder.empty() ? option.name : option.name + " " + option.placeholder;
        fmt::print("  {:28} {}\n", left, option.sentence);
    }
    fmt::print("  {:28} {}\n", "--help", "this text");
}

}  // namespace pgveil::cli
