#pragma once
#include "check/snapshot.hpp"

namespace vedette::check {

/// A `Needs` for checks that cannot do without any of the kinds T.
template <class... T>
std::vector<Read> reads_of() {
    std::vector<Read> reads;
    (reads.push_back(read_of<T>()), ...);
    return reads;
}

}  // namespace vedette::check
