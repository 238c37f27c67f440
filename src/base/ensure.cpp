#include "base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace vedette {

void bug(char const* why, std::source_location where) {
    std::fprintf(stderr, "vedette: bug: expected that %s (%s:%u, %s)\n", why, where.file_name(), where.line(),
                 where.function_name());
    std::abort();
}

}  // namespace vedette
