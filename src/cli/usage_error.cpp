// CLI11 says that something is wrong; which of several things it names is an accident of its parsing order. So the
// words that were not understood come first, then what is missing, and the advice is that of the command they were
// given to.

#include "cli/usage_error.hpp"

#include "base/suggest.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::cli {
namespace {

CLI::App const& innermost(CLI::App const& root) {
    auto const* app = &root;
    while (true) {
        auto const parsed = app->get_subcommands();
        if (parsed.empty()) return *app;
        app = parsed.back();
    }
}

std::string path_of(CLI::App const& app) {
    return app.get_parent() ? path_of(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

std::vector<std::string> command_names(CLI::App const& app) {
    std::vector<std::string> names;
    for (auto const* command : app.get_subcommands([](CLI::App const*) { return true; })) {
        names.push_back(command->get_name());
    }
    return names;
}

std::vector<std::string> option_names(CLI::App const& app) {
    std::vector<std::string> names;
    for (auto const* option : app.get_options()) {
        for (auto const& name : option->get_lnames()) names.push_back("--" + name);
        for (auto const& name : option->get_snames()) names.push_back("-" + name);
    }
    return names;
}

bool takes(CLI::App const& app, std::string const& option) {
    return app.get_option_no_throw(option) != nullptr;
}

std::string about_option(CLI::App const& root, CLI::App const& app, std::string const& word) {
    auto const name = word.substr(0, word.find('='));
    if (&app == &root && takes(*root.get_subcommand("check"), name)) {
        return fmt::format("{} belongs to a command: `vedette check {} ...`", name, name);
    }
    return fmt::format("{} is no option of `{}`{}", name, path_of(app), did_you_mean(name, option_names(app)));
}

std::string about_word(CLI::App const& root, CLI::App const& app, std::string const& word) {
    auto known = command_names(app);
    if (!known.empty()) {
        if (&app == &root) known.insert(known.end(), {"--help", "--version"});
        auto const hint = did_you_mean(word, known);
        return fmt::format("there is no command \"{}\"{}", word,
                           hint.empty() ? fmt::format("; there are {}", fmt::join(command_names(app), ", ")) : hint);
    }
    return fmt::format("`{}` does not know what to do with \"{}\"{}", path_of(app), word,
                       takes(app, "--name") ? "; checks are chosen with --name, --group or --service" : "");
}

std::string about_arguments(CLI::App const& app, CLI::ParseError const& error) {
    std::string const text = error.what();
    auto const name = text.substr(0, text.find(':'));
    auto const* option = app.get_option_no_throw(name);
    if (!option) return text;
    if (option->count() > 1) return fmt::format("{} is given more than once", name);
    if (option->get_items_expected_max() == 0) return fmt::format("{} takes no value", name);
    return fmt::format("{} needs a value: {} {}", name, name, option->get_type_name());
}

std::string what_is_wrong(CLI::App const& root, CLI::App const& app, CLI::ParseError const& error) {
    if (auto const unknown = root.remaining(true); !unknown.empty()) {
        auto const& word = unknown.front();
        return word.starts_with('-') ? about_option(root, app, word) : about_word(root, app, word);
    }
    if (dynamic_cast<CLI::ArgumentMismatch const*>(&error)) return about_arguments(app, error);
    auto const commands = command_names(app);
    if (!commands.empty() && &app != &root && app.get_require_subcommand_min() > 0 &&
        !dynamic_cast<CLI::ValidationError const*>(&error)) {
        return fmt::format("`{}` needs a command: {}", path_of(app), fmt::join(commands, ", "));
    }
    std::string text = error.what();
    if (auto const end = text.find('\n'); end != std::string::npos) text.erase(end);
    return dynamic_cast<CLI::RequiredError const*>(&error) ? fmt::format("`{}`: {}", path_of(app), text) : text;
}

}  // namespace

std::string usage_sentence(CLI::App const& root, CLI::ParseError const& error) {
    auto const& app = innermost(root);
    return fmt::format("{} (see `{} --help`)", what_is_wrong(root, app, error), path_of(app));
}

}  // namespace vedette::cli
