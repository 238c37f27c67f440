#include "check/selection.hpp"

#include "base/glob.hpp"
#include "base/suggest.hpp"

#include <algorithm>

namespace vedette::check {
namespace {

using Word = std::string const& (*)(Instance const&);

struct Filter {
    std::string_view what;
    std::vector<std::string> const& patterns;
    Word word;

    bool accepts(Instance const& instance) const {
        return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](std::string const& pattern) {
                   return glob_match(pattern, word(instance));
               });
    }
};

std::vector<std::string> known_words(std::vector<Instance> const& instances, Word word) {
    std::vector<std::string> words;
    for (auto const& instance : instances) words.push_back(word(instance));
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
}

bool has_comma(std::string_view word) {
    return word.find(',') != std::string_view::npos;
}

}  // namespace

std::vector<std::string> split_filter(std::string_view text) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',';
        if (escaped) ++i;
        if (text[i] == ',' && !escaped) {
            parts.emplace_back();
        } else {
            parts.back() += text[i];
        }
    }
    for (auto& part : parts) {
        part.erase(part.find_last_not_of(" \t") + 1);
        part.erase(0, std::min(part.find_first_not_of(" \t"), part.size()));
    }
    std::erase(parts, "");
    return parts;
}

Result<std::vector<Instance>> select(std::vector<Instance> const& instances, Filters const& filters, bool allow_empty) {
    Filter const all[] = {
        {"group", filters.groups, [](Instance const& i) -> std::string const& { return i.identity.group; }},
        {"name", filters.names, [](Instance const& i) -> std::string const& { return i.identity.name; }},
        {"service", filters.services, [](Instance const& i) -> std::string const& { return i.identity.service; }},
    };
    for (auto const& filter : all) {
        auto const known = known_words(instances, filter.word);
        for (auto const& pattern : filter.patterns) {
            auto const hit = std::any_of(known.begin(), known.end(),
                                         [&](std::string const& word) { return glob_match(pattern, word); });
            if (hit || allow_empty) continue;
            auto const near = did_you_mean(pattern, known);
            bool const comma = std::ranges::any_of(nearest(pattern, known), has_comma);
            return fail(Errc::invalid_input, "no check has the {} \"{}\"{}{}", filter.what, pattern, near,
                        comma ? " (a comma in a name is written \\,)" : "");
        }
    }
    std::vector<Instance> chosen;
    for (auto const& instance : instances) {
        if (std::all_of(std::begin(all), std::end(all), [&](Filter const& f) { return f.accepts(instance); })) {
            chosen.push_back(instance);
        }
    }
    if (instances.empty() && !allow_empty) {
        return fail(Errc::invalid_input, "the suite has no checks; --allow-empty accepts an empty run");
    }
    if (chosen.empty() && !allow_empty) {
        return fail(Errc::invalid_input,
                    "no check matches all of the filters together; `vedette checks list` shows what there is, "
                    "--allow-empty accepts an empty run");
    }
    return chosen;
}

}  // namespace vedette::check
