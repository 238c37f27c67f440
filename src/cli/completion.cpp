// One table of words per command, walked once; each shell only phrases it differently. Check names come from the
// program itself, so they are never out of date.

#include "cli/completion.hpp"

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::cli {
namespace {

struct Words {
    std::string path;  ///< "checks list"
    std::vector<std::string> words;
};

void collect(CLI::App const& app, std::string const& path, std::vector<Words>& into) {
    Words words{path, {}};
    for (auto const* option : app.get_options()) {
        for (auto const& name : option->get_lnames()) words.words.push_back("--" + name);
    }
    auto const commands = app.get_subcommands([](CLI::App const*) { return true; });
    for (auto const* command : commands) words.words.push_back(command->get_name());
    into.push_back(std::move(words));
    for (auto const* command : commands) {
        collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), into);
    }
}

std::string cases(std::vector<Words> const& table) {
    std::string text;
    for (auto const& row : table) {
        fmt::format_to(std::back_inserter(text), "    \"{}\") words=\"{}\" ;;\n", row.path, fmt::join(row.words, " "));
    }
    return text;
}

std::string bash_script(std::vector<Words> const& table) {
    return fmt::format(
        R"sh(_vedette() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="" word words=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in -*) break ;; *) path="${{path:+$path }}$word" ;; esac
  done
  case "${{COMP_WORDS[COMP_CWORD-1]}}" in
    --kubeconfig|--suite|validate) COMPREPLY=($(compgen -f -- "$current")); return ;;
    -o|--output)
      words="records table json junit prometheus"
      case "$path" in "checks explain"*) words="text markdown" ;; esac
      COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;
    --exit-codes) COMPREPLY=($(compgen -W "plain nagios" -- "$current")); return ;;
    -l|--log-level) COMPREPLY=($(compgen -W "debug info warning error critical" -- "$current")); return ;;
    --scenario) COMPREPLY=($(compgen -W "healthy broken" -- "$current")); return ;;
    -n|--name)
      words=$(vedette checks list 2>/dev/null | awk 'NR>1 {{print $1}}')
      COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;
    -g|--group)
      words=$(vedette checks list 2>/dev/null | awk 'NR>1 {{print $2}}' | sort -u)
      COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;
    explain)
      words=$(vedette checks list 2>/dev/null | awk 'NR>1 {{print $1}}')
      COMPREPLY=($(compgen -W "$words http tcp dns exec --all" -- "$current")); return ;;
  esac
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _vedette vedette
)sh",
        cases(table));
}

std::string fish_script(std::vector<Words> const& table) {
    std::string text = "complete -c vedette -f\n";
    auto out = std::back_inserter(text);
    for (auto const& row : table) {
        auto const condition = row.path.empty() ? std::string("__fish_use_subcommand")
                                                : fmt::format("string match -q '*{}*' -- (commandline -pc)", row.path);
        for (auto const& word : row.words) {
            if (word.starts_with("--")) {
                fmt::format_to(out, "complete -c vedette -n \"{}\" -l {}\n", condition, word.substr(2));
            } else {
                fmt::format_to(out, "complete -c vedette -n \"{}\" -a {}\n", condition, word);
            }
        }
    }
    return text;
}

}  // namespace

int print_completion(CLI::App const& root, std::string const& shell) {
    std::vector<Words> table;
    collect(root, "", table);
    std::string script;
    if (shell == "fish") script = fish_script(table);
    if (shell == "bash") script = bash_script(table);
    if (shell == "zsh") script = "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(table);
    auto const written = write_stdout(script);
    if (written) return exit_healthy;
    complain(written.error().text());
    return exit_unhealthy;
}

}  // namespace vedette::cli
