#include "base/random.hpp"

#include "base/ensure.hpp"

#include <bit>
#include <random>
#include <string_view>

namespace vedette {

Random::Random(std::uint64_t seed) {
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15u;
        auto z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        word = z ^ (z >> 31);
    }
}

Random Random::from_entropy() {
    std::random_device device;
    return Random((std::uint64_t{device()} << 32) | device());
}

std::uint64_t Random::next() {
    auto const result = std::rotl(state_[1] * 5, 7) * 9;
    auto const shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    ensure(bound > 0, "a range has at least one number");
    auto const limit = UINT64_MAX - UINT64_MAX % bound;  // reject the tail that would favour small numbers
    std::uint64_t drawn = next();
    while (drawn >= limit) drawn = next();
    return drawn % bound;
}

double Random::unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::string Random::suffix(std::size_t length) {
    // k8s.io/apimachinery/pkg/util/rand: no vowels, so no words; no 0, 1, 3, so no misreading.
    static constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += alphabet[below(alphabet.size())];
    return text;
}

}  // namespace vedette
