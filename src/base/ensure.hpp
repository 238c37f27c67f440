#pragma once
// ensure(condition, "why it holds"): a bug in our own code stops the process, in release builds too.

#include <source_location>

namespace vedette {

[[noreturn]] void bug(char const* why, std::source_location where = std::source_location::current());

inline void ensure(bool condition, char const* why, std::source_location where = std::source_location::current()) {
    if (!condition) [[unlikely]]
        bug(why, where);
}

}  // namespace vedette
