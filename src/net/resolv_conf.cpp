// Lines of words. c-ares 1.18 would read most of this too, but knows neither timeout: nor attempts:, and walks the
// search list for each address family by itself, so that the families of two different names could be mixed.

#include "net/resolv_conf.hpp"

#include "net/text.hpp"

#include <charconv>
#include <optional>

namespace vedette::net {
namespace {

std::optional<int> number_after(std::string_view word, std::string_view option) {
    if (!word.starts_with(option)) return std::nullopt;
    word.remove_prefix(option.size());
    int value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
}

void read_option(std::string_view word, ResolvConf& conf) {
    if (auto const dots = number_after(word, "ndots:")) conf.ndots = static_cast<std::size_t>(std::clamp(*dots, 0, 15));
    if (auto const wait = number_after(word, "timeout:")) conf.timeout = std::chrono::seconds(std::clamp(*wait, 1, 30));
    if (auto const rounds = number_after(word, "attempts:")) conf.attempts = std::clamp(*rounds, 1, 5);
}

std::string without_final_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return std::string(name);
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
    ResolvConf conf;
    for (auto const line : lines_of(text)) {
        auto const words = words_of(line.substr(0, line.find_first_of("#;")));
        if (words.size() < 2) continue;
        if (words[0] == "options") {
            for (auto const word : words) read_option(word, conf);
        } else if (words[0] == "search" || words[0] == "domain") {
            // The last such line counts.
            auto const last = words[0] == "domain" ? words.begin() + 2 : words.end();
            conf.search.clear();
            for (auto word = words.begin() + 1; word != last; ++word) {
                if (*word != ".") conf.search.push_back(without_final_dot(*word));
            }
        }
    }
    return conf;
}

std::vector<std::string> names_to_ask(std::string_view host, ResolvConf const& conf) {
    auto const itself = without_final_dot(host);
    if (host.ends_with('.')) return {itself};
    std::vector<std::string> names;
    for (auto const& domain : conf.search) names.push_back(itself + "." + domain);
    bool const first = static_cast<std::size_t>(std::ranges::count(itself, '.')) >= conf.ndots;
    names.insert(first ? names.begin() : names.end(), itself);
    return names;
}

}  // namespace vedette::net
