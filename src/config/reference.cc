// The option reference, the config in effect, and what a reload cannot change: all from the declarations.
#include <fmt/format.h>

#include "config/sections.h"

namespace pgveil::config {
namespace {

std::string bounds_of(const Described& option) {
    if (option.info.least == 0 && option.info.most == 0) return {};
    const auto words = [&](std::int64_t value) {
        if (option.type == "size") return size_text(static_cast<std::uint64_t>(value));
        return option.type == "duration" ? text_of(std::chrono::milliseconds(value * 1000)) : std::to_string(value);
    };
    if (option.info.most == 0) return fmt::format(", at least {}", words(option.info.least));
    return fmt::format(", {} to {}", words(option.info.least), words(option.info.most));
}

std::string describe(const Described& option) {
    const std::string fallback = option.info.required ? "required"
                                 : option.fallback.empty() ? "not set"
                                                           : "default " + option.fallback;
    return fmt::format("# {}\n# {}{}; {}; {}\n{} = {}\n", option.info.sentence, option.type, bounds_of(option), fallback,
                       option.info.restart ? "needs a restart" : "reloadable", option.info.name, option.info.example);
}

}  // namespace

std::string reference() {
    std::string text =
        "# Every option of pgveil: what it is for; type, bounds; default; whether a reload takes it over; an example.\n"
        "# Durations: 30s, 15m, 8h, 400d. Sizes: 64KiB, 64MiB, 1GiB. Paths are relative to this file.\n";
    for (const Section& section : sections()) {
        text += fmt::format("\n# {}\n{}{}{}\n", section.sentence, section.array ? "[[" : "[", section.name, section.array ? "]]" : "]");
        for (const Described& option : section.options) text += "\n" + describe(option);
    }
    return text;
}

std::string effective(const Config& config) {
    std::string text;
    for (const Section& section : sections()) {
        for (const Shown& values : section.show(config)) {
            text += fmt::format("{}{}{}\n", section.array ? "[[" : "[", section.name, section.array ? "]]" : "]");
            for (const auto& [name, value] : values) {
                if (!value.empty()) text += fmt::format("{} = {}\n", name, value);
            }
        }
    }
    return text;
}

std::vector<std::string> needs_restart(const Config& running, const Config& wanted) {
    std::vector<std::string> changed;
    for (const Section& section : sections()) {
        if (section.array) continue;      // entries come and go with a reload
        const Shown before = section.show(running).front(), after = section.show(wanted).front();
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (section.options[i].info.restart && before[i].second != after[i].second) {
                changed.push_back(fmt::format("{}.{}", section.name, before[i].first));
            }
        }
    }
    return changed;
}

}  // namespace pgveil::config
