#include "cli/flag_values.hpp"

#include "base/suggest.hpp"
#include "check/selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace vedette::cli {
namespace {

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return text;
}

std::string alternatives(std::vector<std::string> words) {
    auto last = std::move(words.back());
    words.pop_back();
    return words.empty() ? last : fmt::format("{} and {}", fmt::join(words, ", "), last);
}

bool could_be_a_namespace(std::string const& name) {
    return name.size() <= 63 && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '*';
           });
}

}  // namespace

CLI::Validator word_of(std::map<std::string, int> words) {
    return {[words](std::string& text) {
                auto const found = words.find(lower(text));
                if (found != words.end()) {
                    text = std::to_string(found->second);
                    return std::string();
                }
                std::vector<std::string> known;
                for (auto const& [word, number] : words) known.push_back(word);
                return fmt::format("\"{}\" is none of {}{}", text, alternatives(known), did_you_mean(text, known));
            },
            ""};
}

CLI::Validator exact_word(std::vector<std::string> words) {
    return {[words](std::string& text) {
                if (std::ranges::find(words, text) != words.end()) return std::string();
                return fmt::format("\"{}\" is none of {}{}", text, alternatives(words), did_you_mean(text, words));
            },
            ""};
}

CLI::Validator whole_number(std::string what, int least, int most) {
    return {[what, least, most](std::string& text) {
                int number = 0;
                auto const* const end = text.data() + text.size();
                auto const read = std::from_chars(text.data(), end, number);
                bool const good = read.ec == std::errc() && read.ptr == end && number >= least && number <= most;
                return good ? std::string()
                            : fmt::format("\"{}\" is not {} from {} to {}, without a unit", text, what, least, most);
            },
            ""};
}

CLI::Validator truth() {
    return {[](std::string& text) {
                static std::vector<std::string> const yes{"true", "t", "1", "yes", "y", "on", "enable"};
                static std::vector<std::string> const no{"false", "f", "0", "no", "n", "off", "disable"};
                auto const word = lower(text);
                bool const is_true = std::ranges::find(yes, word) != yes.end();
                if (!is_true && std::ranges::find(no, word) == no.end()) {
                    return fmt::format("\"{}\" says neither yes nor no: write true or false", text);
                }
                text = is_true ? "true" : "false";
                return std::string();
            },
            ""};
}

void check_switches(CLI::App& app) {
    for (auto* option : app.get_options()) {
        if (option->get_items_expected_max() == 0) option->transform(truth());
    }
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) check_switches(*command);
}

std::string no_namespace(std::string_view text) {
    return fmt::format(
        "\"{}\" cannot be a namespace: their names are lower-case letters, digits and \"-\", at most 63 of them, with "
        "a "
        "letter or a digit at both ends",
        text);
}

CLI::Validator namespace_list() {
    return {[](std::string& text) {
                auto const names = check::split_filter(text);
                if (names.empty()) return std::string("names no namespace; without the flag the whole cluster is read");
                for (auto const& name : names) {
                    if (could_be_a_namespace(name)) continue;
                    return fmt::format(
                        "\"{}\" cannot be a namespace: their names are lower-case letters, digits and \"-\"", name);
                }
                return std::string();
            },
            ""};
}

}  // namespace vedette::cli
