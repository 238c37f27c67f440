#pragma once
// A hash for names and phases: the same on every machine and in every version. Not for secrets.

#include <cstdint>
#include <string_view>

namespace vedette {

/// FNV-1a with MurmurHash3's finalizer.
constexpr std::uint64_t stable_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
    return hash ^ (hash >> 33);
}

}  // namespace vedette
