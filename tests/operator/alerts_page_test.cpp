// The alerts stand in three places: the chart's rule, docs/metrics.md for those without the chart, and the table of
// docs/operator.md that says what to do. They are the same ones, and each goes by series that there are.

#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <vector>

namespace vedette::op {
namespace {

std::string text_of(std::string const& path) {
    std::ifstream file(TEST_SOURCE_DIR "/../../" + path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string section(std::string const& page, std::string const& heading) {
    auto const begin = page.find("\n" + heading + "\n");
    EXPECT_NE(begin, std::string::npos) << heading;
    return begin == std::string::npos ? "" : page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

std::string replaced(std::string text, std::string const& what, std::string const& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

struct Alert {
    std::string name;
    std::string expression;
    std::string lasting;  // `for`
    std::string rest;     // all of it

    bool operator==(Alert const& other) const {
        return name == other.name && expression == other.expression && lasting == other.lasting;
    }
};

void PrintTo(Alert const& alert, std::ostream* out) {
    *out << alert.name << ": " << alert.expression << " for " << alert.lasting;
}

std::string found(std::string const& text, std::string const& key) {
    std::smatch match;
    return std::regex_search(text, match, std::regex("\n *" + key + ": ([^\n]*)")) ? match[1].str() : "";
}

std::vector<Alert> alerts_in(std::string const& yaml) {
    static std::string const begin = "- alert: ";
    std::vector<Alert> alerts;
    for (auto at = yaml.find(begin); at != std::string::npos;) {
        auto const next = yaml.find(begin, at + 1);
        auto const rest = yaml.substr(at + begin.size(), next == std::string::npos ? next : next - at - begin.size());
        alerts.push_back({rest.substr(0, rest.find('\n')), found(rest, "expr"), found(rest, "for"), rest});
        at = next;
    }
    return alerts;
}

std::string const rule_path = "deploy/charts/vedette-operator/templates/prometheusrule.yaml";

// With the default values, and without the labels that say whose series they are.
std::vector<Alert> of_the_chart() {
    auto rule = text_of(rule_path);
    rule = replaced(rule, "{ {{- $job }},", "{");
    rule = replaced(rule, "{ {{- $job }}}", "");
    rule = replaced(rule, "{{ int64 .Values.metrics.prometheusRule.overdueSeconds }}", "120");
    rule = replaced(rule, "{{ .Values.metrics.prometheusRule.failingFor }}", "5m");
    return alerts_in(rule);
}

TEST(Alerts, OfTheChartAndOfThePageForThoseWithoutItAreTheSame) {
    auto const page =
        replaced(section(text_of("docs/metrics.md"), "## Alerts"), R"({job="vedette-operator-metrics"})", "");
    EXPECT_THAT(alerts_in(page), testing::ElementsAreArray(of_the_chart()));
    auto const values = text_of("deploy/charts/vedette-operator/values.yaml");
    EXPECT_THAT(values, testing::ContainsRegex("overdueSeconds: 120 ")) << "what the page says";
    EXPECT_THAT(values, testing::ContainsRegex("failingFor: 5m\n"));
}

TEST(Alerts, EachHasARowOfTheRunbookThatItsAnnotationNames) {
    auto const runbook = section(text_of("docs/operator.md"), "## Alerts");
    std::regex const row(R"(\n\| `([A-Z][A-Za-z]+)` \| [^|\n]+ \| `[^|\n]+` \| [^|\n]+ \|(?=\n))");
    std::vector<std::string> rows;
    for (std::sregex_iterator each(runbook.begin(), runbook.end(), row), end; each != end; ++each) {
        rows.push_back((*each)[1]);
    }
    std::vector<std::string> names;
    for (auto const& alert : of_the_chart()) {
        names.push_back(alert.name);
        EXPECT_EQ(found(alert.rest, "runbook"), "docs/operator.md#alerts") << alert.name;
    }
    EXPECT_GT(names.size(), 10u);
    EXPECT_EQ(rows, names);
}

TEST(Alerts, LookAtSeriesThatThereAreOfTheOperatorsJobAlone) {
    auto const page = text_of("docs/metrics.md");  // which another test compares with the program
    std::regex const series(R"(\b([a-z]+(?:_[a-z]+)+|up)\b\{ \{\{- \$job \}\})");
    std::set<std::string> const of_labels{"healthcheck_namespace", "healthcheck_name"};
    std::regex const any_series(R"(\b(?:healthcheck|vedette|leader)_[a-z_]+\b|\bup\b)");
    for (auto const& alert : alerts_in(text_of(rule_path))) {
        std::multiset<std::string> bound;
        std::multiset<std::string> all;
        auto const& text = alert.expression;
        for (std::sregex_iterator each(text.begin(), text.end(), series), end; each != end; ++each) {
            bound.insert((*each)[1]);
        }
        for (std::sregex_iterator each(text.begin(), text.end(), any_series), end; each != end; ++each) {
            if (!of_labels.contains(each->str())) all.insert(each->str());
        }
        EXPECT_FALSE(bound.empty()) << alert.name;
        EXPECT_EQ(bound, all) << alert.name << ": a series of any job";
        for (auto const& name : bound) {
            if (name != "up") EXPECT_THAT(page, testing::HasSubstr("\n| `" + name + "` | ")) << alert.name;
        }
    }
}

TEST(Alerts, GoByNoCounterWhichAFirstRunOrARestartHides) {
    for (auto const& alert : of_the_chart()) {
        EXPECT_THAT(alert.expression, testing::Not(testing::ContainsRegex("_total|increase|rate"))) << alert.name;
    }
}

}  // namespace
}  // namespace vedette::op
