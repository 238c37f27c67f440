#pragma once
// Exponential backoff with jitter: what everything that talks to an API server for ever waits between attempts.

#include "base/clock.hpp"
#include "base/random.hpp"

namespace vedette::kube {

class Backoff {
public:
    Backoff(Random& random, Duration first, Duration longest) : random_(random), first_(first), longest_(longest) {}

    /// Between the current step and twice that, never more than `longest`; the step doubles.
    Duration next() {
        auto const step = step_ == Duration{} ? first_ : step_;
        step_ = std::min(step * 2, longest_);
        auto const jittered = std::chrono::duration_cast<Duration>(step * (1 + random_.unit()));
        return std::min(jittered, longest_);
    }
    void reset() { step_ = Duration{}; }

private:
    Random& random_;
    Duration first_;
    Duration longest_;
    Duration step_{};
};

}  // namespace vedette::kube
