#pragma once
// Randomness, a door: everything random comes from one of these, and a test gives it a seed.

#include <cstdint>
#include <string>
#include <vector>

namespace vedette {

/// xoshiro256** seeded by splitmix64: the same numbers on every machine. Not for secrets.
class Random {
public:
    explicit Random(std::uint64_t seed);
    /// Seeded by the operating system.
    static Random from_entropy();

    std::uint64_t next();
    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double unit();
    bool chance(double probability) { return unit() < probability; }
    /// `length` characters of the alphabet Kubernetes uses for generated names.
    std::string suffix(std::size_t length);

private:
    std::uint64_t state_[4];
};

}  // namespace vedette
