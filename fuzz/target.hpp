#pragma once
// What every fuzz target shares. A target defines fuzz(input): it ensure()s what must hold for any bytes at all.
//
// observe() gives libFuzzer something to steer by that needs no instrumented library: inputs that lead to a message or
// shape not seen before are kept. So the targets also search in the asan tree; the fuzz tree adds coverage to it.

#include "base/ensure.hpp"
#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vedette::fuzz {

/// Lifetime: `input` lives for the call.
void fuzz(std::string_view input);

namespace detail {
// libFuzzer reads this section as counters, beside its own.
[[gnu::used, gnu::section("__libfuzzer_extra_counters")]] inline std::uint8_t counters[4096];
}  // namespace detail

/// Counts a message by its words: digits are left out, and so is what a message quotes from the input.
inline void observe(std::string_view text) {
    std::uint32_t hash = 2166136261u;
    bool quoted = false;
    for (char const c : text.substr(0, 160)) {
        if (c == '"' || c == '\'') quoted = !quoted;
        if (quoted || (c >= '0' && c <= '9')) continue;
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619u;
    }
    detail::counters[(hash ^ (hash >> 12)) % sizeof detail::counters] = 1;
}

/// Counts a number by its size: 0, 1, 2-3, 4-7 and so on.
inline void observe(std::string_view what, std::size_t number) {
    std::size_t bits = 0;
    for (; number != 0; number >>= 1) ++bits;
    observe(std::string(what) + std::string(bits, '+'));
}

template <class T>
bool observe(Result<T> const& result) {
    observe(result ? std::string_view("ok") : std::string_view(result.error().text()));
    return result.has_value();
}

}  // namespace vedette::fuzz

extern "C" inline int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);
extern "C" [[gnu::used]] inline int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    vedette::fuzz::fuzz({reinterpret_cast<char const*>(data), size});
    return 0;
}
