// Help is read from the program's own --help, so nothing here knows an option.

#include "cli/command_line.hpp"
#include "documents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace vedette::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> words_of(std::string const& text) {
    std::vector<std::string> words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::string joined(std::vector<std::string> const& words) {
    std::string text;
    for (auto const& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

// "-w,--num-workers INTEGER:INT in [0 - 10000]=0" is "-w, --num-workers INTEGER" with the default "0".
Described described(std::string const& help) {
    auto const words = words_of(help);
    Described option;
    for (char const c : words.front()) option.name += c == ',' ? ", " : std::string(1, c);
    auto value = help.substr(words.front().size());
    for (auto const* const note : {" REQUIRED", " Excludes:", " Needs:", " ..."}) {
        if (auto const at = value.find(note); at != std::string::npos) value.erase(at);
    }
    if (auto const equals = value.find('='); equals != std::string::npos) {
        option.fallback = value.substr(equals + 1);
        value.erase(equals);
    }
    for (auto const* const check : {":INT", ":{"}) {
        if (auto const at = value.find(check); at != std::string::npos) value.erase(at);
    }
    value = joined(words_of(value));
    bool const positional = !option.name.starts_with('-');
    if (!value.empty() && !positional) option.name += " " + value;
    return option;
}

}  // namespace

std::string tree_path(std::string const& relative) {
    return std::string(TEST_SOURCE_DIR) + "/../../" + relative;
}

std::string text_of(std::string const& relative) {
    std::ifstream file(tree_path(relative));
    EXPECT_TRUE(file.good()) << relative << " cannot be read";
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> user_pages() {
    std::vector<std::string> pages{"README.md"};
    auto const root = fs::path(tree_path(""));
    for (auto const& entry : fs::recursive_directory_iterator(root / "docs")) {
        auto const name = fs::relative(entry.path(), root).string();
        if (entry.path().extension() == ".md" && !name.starts_with("docs/decisions/")) pages.push_back(name);
    }
    std::sort(pages.begin(), pages.end());
    return pages;
}

std::vector<Fence> fences_of(std::string const& markdown) {
    std::vector<Fence> fences;
    bool open = false;
    int number = 0;
    for (auto const& line : lines_of(markdown)) {
        ++number;
        if (line.starts_with("```")) {
            if (!open) fences.push_back({line.substr(3), "", number + 1});
            open = !open;
        } else if (open) {
            fences.back().text += line + "\n";
        }
    }
    EXPECT_FALSE(open) << "a code block is never closed";
    return fences;
}

bool CommandHelp::has(std::string const& flag) const {
    return std::any_of(options.begin(), options.end(), [&](Described const& option) {
        auto const words = words_of(option.name);
        return std::any_of(words.begin(), words.end(),
                           [&](std::string const& word) { return word == flag || word == flag + ","; });
    });
}

CommandHelp help_of(std::vector<std::string> const& path) {
    std::vector<char const*> argv{"vedette"};
    for (auto const& word : path) argv.push_back(word.c_str());
    argv.push_back("--help");
    testing::internal::CaptureStdout();
    auto const code = run_command_line(static_cast<int>(argv.size()), argv.data());
    auto const text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(code, 0) << joined(path);

    CommandHelp help;
    std::string section;
    for (auto const& line : lines_of(text)) {
        if (line.empty() || line[0] != ' ') {
            section = line;
            continue;
        }
        if (line[2] == ' ') continue;  // the help text of a long option, on a line of its own
        auto const entry = line.substr(2, line.find("  ", 2) - 2);
        if (section == "Options:" || section == "Positionals:") help.options.push_back(described(entry));
        if (section == "Subcommands:") help.commands.push_back(entry);
    }
    return help;
}

std::map<std::string, CommandHelp> all_commands() {
    std::map<std::string, CommandHelp> all;
    std::vector<std::vector<std::string>> paths{{}};
    while (!paths.empty()) {
        auto const path = paths.back();
        paths.pop_back();
        auto help = help_of(path);
        for (auto const& command : help.commands) {
            paths.push_back(path);
            paths.back().push_back(command);
        }
        all.emplace(joined(path), std::move(help));
    }
    return all;
}

}  // namespace vedette::cli
