#pragma once
// "did you mean": the known words nearest to a wrong one.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vedette {

/// Known words that someone who typed `wrong` may have meant, best first, `at_most` of them: those a few typing
/// slips away (Damerau-Levenshtein distance up to a third of the length, case ignored), then those that contain it
/// or are contained in it (from three letters on). Ties stay in the order of `known`.
std::vector<std::string> nearest(std::string_view wrong, std::vector<std::string> const& known,
                                 std::size_t at_most = 3);

/// `; did you mean "a", "b" or "c"?`, to end an error text with, or "".
std::string did_you_mean(std::string_view wrong, std::vector<std::string> const& known, std::size_t at_most = 3);

}  // namespace vedette
