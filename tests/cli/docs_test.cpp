// The written side against the program: pages of commands, the reference of the checks, and every example in them.

#include "base/yaml.hpp"
#include "check/rbac.hpp"
#include "check/suite.hpp"
#include "cli/explain_output.hpp"
#include "documents.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

namespace vedette::cli {
namespace {

using testing::IsEmpty;

// --- pages of commands --------------------------------------------------------------------------------------------

// "checks list" is told in the section "## vedette checks list" of checks.md, "checks" in front of the first of those.
std::string page_of(std::string const& command) {
    if (command.empty()) return text_of("docs/commands/README.md");
    auto const blank = command.find(' ');
    auto const page = text_of("docs/commands/" + command.substr(0, blank) + ".md");
    auto const first = page.find("\n## vedette " + command.substr(0, blank) + " ");
    if (blank == std::string::npos) return page.substr(0, first);
    auto const begin = page.find("\n## vedette " + command + "\n");
    if (begin == std::string::npos) return "";
    return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

struct Told {
    std::string name;
    std::string text;  ///< the whole entry
};

// Entries of lists that begin with code: "- `-g, --group TEXT`: only checks ...".
std::vector<Told> told_options(std::string const& page) {
    static std::regex const entry("^- `([^`]+)`: ");
    std::vector<Told> told;
    std::istringstream stream(page);
    bool inside = false;
    for (std::string line; std::getline(stream, line);) {
        std::smatch found;
        if (std::regex_search(line, found, entry)) {
            told.push_back({found[1], line});
            inside = true;
        } else if (inside && line.starts_with("  ")) {
            told.back().text += line.substr(1);
        } else {
            inside = false;
        }
    }
    return told;
}

TEST(CommandPages, TellExactlyTheOptionsThatTheCommandHas) {
    auto const commands = all_commands();
    ASSERT_GE(commands.size(), 10U);
    for (auto const& [command, help] : commands) {
        auto const page = page_of(command);
        ASSERT_FALSE(page.empty()) << "no page tells of vedette " << command;
        std::set<std::string> told;
        for (auto const& option : told_options(page)) {
            EXPECT_TRUE(told.insert(option.name).second) << command << ": " << option.name << " is told twice";
        }
        std::set<std::string> real;
        for (auto const& option : help.options) real.insert(option.name);
        EXPECT_EQ(told, real) << "vedette " << command;
    }
}

TEST(CommandPages, TellTheDefaultsThatHelpTells) {
    for (auto const& [command, help] : all_commands()) {
        auto const told = told_options(page_of(command));
        for (auto const& option : help.options) {
            if (option.fallback.empty()) continue;
            auto const entry =
                std::find_if(told.begin(), told.end(), [&](auto const& t) { return t.name == option.name; });
            ASSERT_NE(entry, told.end()) << option.name;
            std::regex const fallback("Default: `?" + std::regex_replace(option.fallback, std::regex("[.]"), "\\.") +
                                      "`?\\.");
            EXPECT_TRUE(std::regex_search(entry->text, fallback))
                << entry->text << "\nbut --help says " << option.fallback;
        }
    }
}

TEST(CommandPages, TellOfNoCommandThatDoesNotExist) {
    auto const commands = all_commands();
    static std::regex const title("\n## vedette ([a-z ]+)\n");
    for (auto const& file : std::filesystem::directory_iterator(tree_path("docs/commands"))) {
        auto const name = file.path().stem().string();
        if (name == "README") continue;
        EXPECT_TRUE(commands.contains(name)) << name << ".md";
        auto const page = text_of("docs/commands/" + name + ".md");
        for (std::sregex_iterator found(page.begin(), page.end(), title), end; found != end; ++found) {
            EXPECT_TRUE(commands.contains((*found)[1].str())) << name << ".md: vedette " << (*found)[1];
        }
        for (auto const* section : {"\n## Synopsis\n", "\n## Exit codes\n", "\n## Examples\n", "\n## See also\n"}) {
            EXPECT_NE(page.find(section), std::string::npos) << name << ".md has no" << section;
        }
    }
}

// The options of each "vedette COMMAND ..." in a line of shell. The word counts where a command begins: elsewhere it is
// a name, as in `kubectl -n vedette`.
void expect_known_options(std::string const& where, std::string const& line,
                          std::map<std::string, CommandHelp> const& commands) {
    static std::regex const call("(?:^(?:\\$ )?|[|;&(]) *(?:[a-z_./]*/)?vedette( [^|;&#>)]*|$)");
    for (std::sregex_iterator found(line.begin(), line.end(), call), end; found != end; ++found) {
        // Quoted words are arguments, whatever they begin with.
        auto const rest = std::regex_replace((*found)[1].str(), std::regex("'[^']*'|\"[^\"]*\""), "quoted");
        std::istringstream words(rest);
        std::string command;
        bool options = false;
        for (std::string word; words >> word;) {
            auto const longer = command.empty() ? word : command + " " + word;
            if (!options && commands.contains(longer)) {
                command = longer;
                continue;
            }
            options = true;
            if (!std::regex_match(word, std::regex("--?[a-z][a-z-]*(=.*)?"))) continue;
            auto const flag = word.substr(0, word.find('='));
            EXPECT_TRUE(commands.at(command).has(flag)) << where << ": vedette " << command << " has no " << flag;
        }
    }
}

TEST(Examples, UseOnlyOptionsThatExist) {
    auto const commands = all_commands();
    int lines = 0;
    for (auto const& page : user_pages()) {
        for (auto const& fence : fences_of(text_of(page))) {
            if (fence.language != "sh" && fence.language != "text") continue;
            std::istringstream stream(fence.text);
            for (std::string line; std::getline(stream, line);) {
                if (fence.language == "text" && !line.starts_with("$ ")) continue;
                expect_known_options(page, line, commands);
                if (line.find("vedette ") != std::string::npos) ++lines;
            }
        }
    }
    EXPECT_GT(lines, 40);
}

// --- the reference ------------------------------------------------------------------------------------------------

TEST(ChecksReference, IsCurrent) {
    auto const written = text_of("docs/checks.md");
    auto const real = checks_reference();
    auto const differs = static_cast<std::size_t>(std::ranges::mismatch(written, real).in2 - real.begin());
    auto const line = real.rfind('\n', differs) + 1;
    EXPECT_TRUE(written == real) << "docs/checks.md is out of date, run `make docs`; first new line: "
                                 << real.substr(line, real.find('\n', line) - line);
}

TEST(ChecksReference, HelpsAtThreeInTheMorningWithEveryCheck) {
    auto const lines = [](std::string_view text) { return 1 + std::count(text.begin(), text.end(), '\n'); };
    for (auto const* type : check::all_check_types()) {
        SCOPED_TRACE(type->name);
        EXPECT_FALSE(type->summary.empty());
        EXPECT_FALSE(type->summary.ends_with('.'));
        EXPECT_GE(type->explain.size(), 60U);
        EXPECT_FALSE(type->critical.empty());
        EXPECT_GE(lines(type->causes), 2);
        EXPECT_GE(lines(type->next), 2);
        std::set<std::string> seen{std::string(type->name)};
        std::istringstream companions{std::string(type->companions)};
        for (std::string name; companions >> name;) {
            EXPECT_NE(check::find_check_type(name), nullptr) << name;
            EXPECT_TRUE(seen.insert(name).second) << name << " is named twice, or is the check itself";
        }
    }
}

TEST(ChecksReference, SaysTheSameOnATerminalAndInMarkdown) {
    for (auto const* type : check::all_check_types()) {
        auto const flat = [](std::string text) { return std::regex_replace(text, std::regex("\\s+|\\\\"), " "); };
        auto const text = flat(explain_text(*type));
        auto const markdown = flat(explain_markdown(*type));
        for (auto const& told : {type->summary, type->explain, type->critical, type->warning}) {
            EXPECT_NE(text.find(flat(std::string(told))), std::string::npos) << type->name << ": " << told;
        }
        for (auto const& spec : type->with) {
            EXPECT_NE(text.find(fmt::format("with.{}:", spec.name)), std::string::npos) << type->name;
            EXPECT_NE(markdown.find(fmt::format("| `with.{}` |", spec.name)), std::string::npos) << type->name;
        }
    }
}

// --- YAML ---------------------------------------------------------------------------------------------------------

class Texts final : public Files {
public:
    Result<std::string> read(std::string const& path, std::size_t) override {
        auto const found = files.find(path);
        if (found == files.end()) return fail(Errc::not_found, "{}: no such file", path);
        return found->second;
    }
    Result<std::string> version(std::string const& path) override { return path; }

    std::map<std::string, std::string> files;
};

struct Document {
    std::string text;
    YamlNode root;
    std::string where;
};

std::vector<Document> documents_of(std::string const& page) {
    std::vector<Document> documents;
    for (auto const& fence : fences_of(text_of(page))) {
        if (fence.language != "yaml") continue;
        std::string rest = fence.text;
        while (!rest.empty()) {
            auto const end = rest.find("---\n");
            auto text = rest.substr(0, end);
            rest = end == std::string::npos ? "" : rest.substr(end + 4);
            auto const where = fmt::format("{}:{}", page, fence.line);
            auto root = parse_yaml(text, where);
            if (!root) {
                ADD_FAILURE() << root.error().text();
                continue;
            }
            documents.push_back({std::move(text), std::move(*root), where});
        }
    }
    return documents;
}

bool is_suite(YamlNode const& root) {
    return root.find("checks") || root.find("include") || root.find("defaults");
}

// "# shop.yaml" in the first line gives the file its name.
std::string file_name(Document const& document, std::size_t number) {
    std::smatch found;
    if (std::regex_search(document.text, found, std::regex("^# ([a-z/-]+\\.yaml)\n"))) return found[1];
    return fmt::format("example-{}.yaml", number);
}

std::optional<std::string> any_variable(std::string name) {
    return "value-of-" + name;
}

TEST(Examples, EverySuiteIsWellFormed) {
    int suites = 0;
    for (auto const& page : user_pages()) {
        // Files may include one another within a paragraph, so an example's name stands for the last file of that name.
        Texts texts;
        for (auto const& document : documents_of(page)) {
            if (is_suite(document.root)) texts.files[file_name(document, texts.files.size())] = document.text;
            auto const* kind = document.root.find("kind");
            if (!kind || kind->if_string() != "ConfigMap") continue;
            for (auto const& entry : document.root.find("data")->entries) {
                if (entry.key.ends_with(".yaml")) texts.files[entry.key] = std::string(*entry.value.if_string());
            }
        }
        for (auto const& [name, text] : texts.files) {
            auto const suite = check::load_suite(name, texts, any_variable);
            EXPECT_TRUE(suite.has_value()) << page << ": " << (suite ? "" : suite.error().text()) << "\n" << text;
            if (suite) EXPECT_FALSE(suite->checks.empty()) << page << "\n" << text;
            ++suites;
        }
    }
    EXPECT_GE(suites, 12);
}

TEST(Examples, TheRolesAreThoseThatTheBuiltInSuiteNeeds) {
    std::string printed;
    for (auto const& fence : fences_of(text_of("docs/in-a-cronjob.md"))) {
        if (fence.language == "yaml" && fence.text.find("kind: ClusterRole\n") != std::string::npos)
            printed = fence.text;
    }
    EXPECT_EQ(printed, check::rbac_manifest(check::built_in_suite().checks, {}, "vedette/vedette"));
}

TEST(Examples, TheManifestsFitTogether) {
    auto const help = help_of({"check"});
    std::set<std::string> objects;
    std::string account;
    std::vector<std::string> arguments;
    for (auto const& document : documents_of("docs/in-a-cronjob.md")) {
        auto const* kind = document.root.find("kind");
        if (!kind) continue;
        auto const* name = document.root.find("metadata")->find("name");
        ASSERT_TRUE(name && document.root.find("apiVersion")) << document.where;
        objects.insert(fmt::format("{} {}", *kind->if_string(), *name->if_string()));
        if (kind->if_string() != "CronJob") continue;
        auto const* pod = document.root.find("spec")->find("jobTemplate")->find("spec")->find("template")->find("spec");
        account = *pod->find("serviceAccountName")->if_string();
        for (auto const& word : pod->find("containers")->items[0].find("args")->items) {
            arguments.emplace_back(*word.if_string());
        }
    }
    for (auto const* wanted : {"Namespace vedette", "ServiceAccount vedette", "ClusterRole vedette",
                               "ClusterRoleBinding vedette", "ConfigMap vedette", "CronJob vedette"}) {
        EXPECT_TRUE(objects.contains(wanted)) << wanted;
    }
    EXPECT_EQ(account, "vedette");
    ASSERT_FALSE(arguments.empty());
    EXPECT_EQ(arguments.front(), "check");
    for (auto const& word : arguments) {
        if (word.starts_with('-')) EXPECT_TRUE(help.has(word)) << word;
    }
}

}  // namespace
}  // namespace vedette::cli
