// Runs a fuzz target over its stored corpus, then over random changes of it. Same seed, same inputs: a failure
// leaves the input as ./fuzz-failure and can be repeated with `PROGRAM FILE`.
//
// usage: PROGRAM CORPUS-DIRECTORY-OR-FILE [ROUNDS [SEED]]
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.h"

namespace {

using Input = std::vector<std::uint8_t>;
const Input* running = nullptr;

// Only calls that may be made in a signal handler.
void keep_failure(int signal) {
    if (running != nullptr) {
        if (FILE* out = std::fopen("fuzz-failure", "wb")) {
            std::fwrite(running->data(), 1, running->size(), out);
            std::fclose(out);
        }
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void run(const Input& input) {
    running = &input;
    LLVMFuzzerTestOneInput(input.data(), input.size());
    running = nullptr;
}

Input read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Mutator {
  public:
    explicit Mutator(unsigned seed) : random_(seed) {}
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

    Input changed(const std::vector<Input>& corpus) {
        Input input = corpus[below(corpus.size())];
        for (std::size_t i = 0, times = 1 + below(6); i < times; ++i) change(input, corpus);
        if (input.size() > 8192) input.resize(8192);
        return input;
    }

  private:
    void change(Input& input, const std::vector<Input>& corpus) {
        const std::size_t at = below(input.size() + 1);
        const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
        const std::size_t left = input.size() - at;
        switch (below(7)) {
            case 0: if (left > 0) input[at] ^= static_cast<std::uint8_t>(1U << below(8)); break;
            case 1: if (left > 0) input[at] = static_cast<std::uint8_t>(below(256)); break;
            case 2: input.insert(place, static_cast<std::uint8_t>(below(256))); break;
            case 3: input.erase(place, place + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(left, 16) + 1))); break;
            case 4: input.resize(at); break;
            case 5: number(input, at); break;
            case 6: {
                const Input other = corpus[below(corpus.size())];
                input.insert(place, other.begin() + static_cast<std::ptrdiff_t>(below(other.size() + 1)), other.end());
                break;
            }
        }
    }
    // The numbers that lengths and counts go wrong with.
    void number(Input& input, std::size_t at) {
        static constexpr std::uint32_t kNumbers[] = {0, 1, 2, 3, 4, 5, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x3fffffff,
                                                     0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
        const std::uint32_t value = kNumbers[below(std::size(kNumbers))];
        const std::size_t width = below(2) == 0 ? 2 : 4;
        for (std::size_t i = 0; i < width && at + i < input.size(); ++i) {
            input[at + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
        }
    }
    std::mt19937 random_;
};

}  // namespace

int main(int count, char** words) {
    if (count < 2) return 2;
    std::signal(SIGABRT, keep_failure);
    std::signal(SIGSEGV, keep_failure);
    std::vector<Input> corpus;
    if (std::filesystem::is_directory(words[1])) {
        std::vector<std::filesystem::path> paths;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(words[1])) {
            if (entry.is_regular_file()) paths.push_back(entry.path());
        }
        std::ranges::sort(paths);
        for (const auto& path : paths) corpus.push_back(read_file(path));
    } else {
        corpus.push_back(read_file(words[1]));
    }
    if (corpus.empty()) return 2;
    for (const Input& input : corpus) run(input);
    const long rounds = count > 2 ? std::atol(words[2]) : 0;
    Mutator mutator(count > 3 ? static_cast<unsigned>(std::atol(words[3])) : 1);
    for (long i = 0; i < rounds; ++i) run(mutator.changed(corpus));
    std::printf("%zu stored inputs, %ld changed ones\n", corpus.size(), rounds);
    return 0;
}
