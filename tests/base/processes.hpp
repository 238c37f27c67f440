#pragma once
// Which processes of this machine carry a mark in their command line: what a killed program left behind.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace vedette {

/// Zombies excepted: their command line is empty.
inline int processes_with(std::string const& mark) {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        std::string const text((std::istreambuf_iterator<char>(file)), {});
        if (text.find(mark) != std::string::npos) ++count;
    }
    return count;
}

/// How many are left once the kernel has got to the killed ones; one that was not killed must sleep for longer than
/// the ten seconds this waits for it.
inline int processes_left_with(std::string const& mark) {
    int count = processes_with(mark);
    for (int tries = 0; tries < 1000 && count > 0; ++tries) {
        ::usleep(10'000);
        count = processes_with(mark);
    }
    return count;
}

}  // namespace vedette
