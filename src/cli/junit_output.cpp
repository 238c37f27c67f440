#include "base/time_format.hpp"
#include "cli/json_output.hpp"

#include <fmt/format.h>

namespace vedette::cli {
namespace {

std::string xml_escaped(std::string_view text) {
    std::string result;
    for (char const c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\n':
                result += "&#10;";
                break;
            default:
                // XML 1.0 has no way to write the other control characters.
                result += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
        }
    }
    return result;
}

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

struct Suite {
    std::string cases;
    int tests = 0, failures = 0, errors = 0, skipped = 0;
    Duration duration{};
};

void add_case(Suite& suite, check::CheckReport const& check) {
    ++suite.tests;
    suite.duration += check.duration;
    auto out = std::back_inserter(suite.cases);
    fmt::format_to(out, "    <testcase name=\"{}\" classname=\"{}.{}\" time=\"{:.3f}\"",
                   xml_escaped(check.identity.name), xml_escaped(check.identity.service),
                   xml_escaped(check.identity.group), seconds(check.duration));
    auto const& outcome = check.outcome;
    std::string listed;
    for (auto const& failure : outcome.failures) {
        fmt::format_to(std::back_inserter(listed), "{} {}\n", object_name(failure), failure.message);
    }
    auto const element = [&](std::string_view name) {
        fmt::format_to(out, ">\n      <{} message=\"{}\" type=\"{}\">{}</{}>\n    </testcase>\n", name,
                       xml_escaped(outcome.message), xml_escaped(outcome.reason), xml_escaped(listed), name);
    };
    switch (outcome.status) {
        case check::Status::critical:
        case check::Status::timeout:
            ++suite.failures;
            return element("failure");
        case check::Status::unknown:
            ++suite.errors;
            return element("error");
        case check::Status::skipped:
            ++suite.skipped;
            fmt::format_to(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>\n", xml_escaped(outcome.message));
            return;
        case check::Status::warning:
            fmt::format_to(out, ">\n      <system-out>warning: {}&#10;{}</system-out>\n    </testcase>\n",
                           xml_escaped(outcome.message), xml_escaped(listed));
            return;
        case check::Status::ok:
            fmt::format_to(out, "/>\n");
            return;
    }
}

}  // namespace

std::string junit_document(check::RunReport const& report) {
    std::vector<std::string> order;
    std::map<std::string, Suite> suites;
    for (auto const& check : report.checks) {
        auto const [found, is_new] = suites.try_emplace(check.identity.group);
        if (is_new) order.push_back(check.identity.group);
        add_case(found->second, check);
    }
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    auto out = std::back_inserter(text);
    fmt::format_to(out, "<testsuites name=\"vedette\" time=\"{:.3f}\">\n", seconds(report.duration));
    for (auto const& group : order) {
        auto const& suite = suites.at(group);
        fmt::format_to(out,
                       "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
                       "time=\"{:.3f}\" timestamp=\"{}\">\n{}  </testsuite>\n",
                       xml_escaped(group), suite.tests, suite.failures, suite.errors, suite.skipped,
                       seconds(suite.duration), format_rfc3339(report.started_at), suite.cases);
    }
    text += "</testsuites>\n";
    return text;
}

}  // namespace vedette::cli
