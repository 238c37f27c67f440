#pragma once
// Scripts in testdata: blocks of a command with its input, `----`, what was said to it, an empty line. A `#` line
// stands outside blocks. UPDATE_GOLDEN=1 writes what is said now into the file; the diff is the review.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace vedette::op {

/// `name word key=value key="two words"`, then lines of input.
struct Command {
    std::string name;
    std::vector<std::string> words;
    std::map<std::string, std::string> options;
    std::string input;

    bool says(std::string_view word) const { return std::ranges::find(words, word) != words.end(); }
    std::string option(std::string const& key, std::string otherwise = "") const {
        auto const found = options.find(key);
        return found == options.end() ? otherwise : found->second;
    }
};

inline Command read_command(std::string const& line) {
    Command command;
    std::string token;
    bool quoted = false;
    auto const take = [&] {
        if (token.empty()) return;
        auto const equals = token.find('=');
        if (command.name.empty()) {
            command.name = token;
        } else if (equals != std::string::npos) {
            command.options[token.substr(0, equals)] = token.substr(equals + 1);
        } else {
            command.words.push_back(token);
        }
        token.clear();
    };
    for (char const c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ' ' && !quoted) {
            take();
        } else {
            token += c;
        }
    }
    take();
    return command;
}

/// `perform` returns lines, each with its newline; nothing at all reads as "ok".
inline void run_script(std::filesystem::path const& path, std::function<std::string(Command const&)> const& perform) {
    std::ifstream file(path);
    ASSERT_TRUE(file.good()) << path;
    std::stringstream rewritten;
    std::string line;
    int number = 0;
    auto const next = [&] {
        ++number;
        return static_cast<bool>(std::getline(file, line));
    };
    bool const update = std::getenv("UPDATE_GOLDEN") != nullptr;
    while (next()) {
        if (line.empty() || line.starts_with('#')) {
            rewritten << line << '\n';
            continue;
        }
        auto const where = fmt::format("{}:{}: {}", path.filename().string(), number, line);
        auto command = read_command(line);
        rewritten << line << '\n';
        while (next() && line != "----") {
            command.input += line + '\n';
            rewritten << line << '\n';
        }
        std::string wanted;
        while (next() && !line.empty()) wanted += line + '\n';
        auto said = perform(command);
        if (said.empty()) said = "ok\n";
        rewritten << "----\n" << said << '\n';
        if (!update) {
            EXPECT_EQ(said, wanted) << where;
        }
    }
    if (!update) return;
    auto text = rewritten.str();
    while (text.ends_with("\n\n")) text.pop_back();
    std::ofstream(path) << text;
}

}  // namespace vedette::op
