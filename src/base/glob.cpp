// Globs by backtracking to the last star only: an earlier star never has to give anything back, since what stands
// between two stars may as well match at its first place. Hence no exponential case.

#include "base/glob.hpp"

#include "base/utf8.hpp"

namespace vedette {

bool glob_match(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    auto star = std::string_view::npos;  // the last star seen in the pattern
    std::size_t resume = 0;              // where the text after that star begins, so far
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == '?') {
            t += first_code_point(text.substr(t)).length;
            ++p;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            resume += first_code_point(text.substr(resume)).length;
            t = resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool is_glob(std::string_view pattern) {
    return pattern.find_first_of("*?") != std::string_view::npos;
}

}  // namespace vedette
