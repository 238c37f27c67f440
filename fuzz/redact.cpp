// Redaction: a secret on a line of its own never gets through, whatever stands before it; long texts take linear time
// (the runner's -timeout is the judge).

#include "base/redact.hpp"

#include "target.hpp"

#include <algorithm>

namespace vedette::fuzz {
namespace {

constexpr std::string_view secret = "hunter2hunter2hunter2";
constexpr std::size_t mark_size = 10;  // of "[redacted]"

}  // namespace

void fuzz(std::string_view input) {
    auto const out = redact(input);
    observe(out == input ? "untouched" : "redacted");
    observe("marks", static_cast<std::size_t>(std::ranges::count(out, '[') - std::ranges::count(input, '[')));
    ensure(out.size() <= input.size() * (1 + mark_size), "a mark stands for one byte at least");

    if (input.find(secret) == std::string_view::npos) {
        for (std::string_view const line :
             {"\npassword=", "\nAuthorization: Bearer ", "\n{\"token\": \"", "\nhttps://u:"}) {
            auto const text = std::string(input) + std::string(line) + std::string(secret) + "@host/\n";
            ensure(redact(text).find(secret) == std::string::npos, "no prefix lets a secret through");
        }
    }
    // Repeated, whatever is slower than linear shows: 64 KiB for one input in sixteen.
    if (!input.empty() && input.size() <= 256 && input.size() % 16 == 5) {
        std::string many;
        while (many.size() < 64u * 1024) many += input;
        redact(many);
    }
}

}  // namespace vedette::fuzz
