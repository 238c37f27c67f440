#pragma once
// The tree's Markdown, and what the program says of its own commands, for tests that hold one against the other.

#include <map>
#include <string>
#include <vector>

namespace vedette::cli {

/// The path of a file of the tree, such as "docs/suites.md".
std::string tree_path(std::string const& relative);
std::string text_of(std::string const& relative);

/// Every Markdown page that speaks to users: README.md and docs/, decisions left out.
std::vector<std::string> user_pages();

struct Fence {
    std::string language;
    std::string text;
    int line = 0;  ///< of its first line, from 1
};
std::vector<Fence> fences_of(std::string const& markdown);

/// One option or argument: "-g, --group TEXT", "NAME".
struct Described {
    std::string name;
    std::string fallback;  ///< as text; empty: none told
};

/// A command as its --help has it.
struct CommandHelp {
    std::vector<Described> options;
    std::vector<std::string> commands;

    bool has(std::string const& flag) const;  ///< "-g" or "--group"
};

/// `vedette PATH --help`; an empty path is vedette itself.
CommandHelp help_of(std::vector<std::string> const& path);

/// Every command there is, by path ("checks list"; "" is vedette itself).
std::map<std::string, CommandHelp> all_commands();

}  // namespace vedette::cli
