// dns: a name server gives the records it should. What the server says is judged as it stands: NXDOMAIN can be what is
// wanted, so only a question that got no answer is a failure of its own.

#include "base/redact.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

namespace vedette::check {
namespace {

constexpr std::size_t max_answers_listed = 50;

constexpr ParamSpec with[] = {
    {"name", ParamKind::text, "", "name to ask for, complete: no search list is used"},
    {"server", ParamKind::text, "\"\"", "address of the name server, with or without a port; empty: the system's"},
    {"type", ParamKind::text, "\"A\"", "A AAAA CNAME MX NS PTR SOA SRV TXT"},
    {"rcode", ParamKind::text, "\"NOERROR\"", "expected response code, such as NXDOMAIN"},
    {"min_records", ParamKind::integer, "1", "fewer records are critical, where NOERROR is expected", 0, 1000},
    {"exact", ParamKind::texts, "[]", "exactly these records, in any order"},
    {"match", ParamKind::text, "\"\"", "RE2 expression that one of the records must contain"},
    {"warning", ParamKind::duration, "\"1s\"", "slower answers are a warning"},
    {"critical", ParamKind::duration, "\"4s\"", "slower answers are critical"},
};

// Names compare without case and final dot, addresses by value; texts as they are.
std::string comparable(std::string record, net::DnsType type) {
    if (type == net::DnsType::txt) return record;
    boost::system::error_code no_address;
    auto const address = asio::ip::make_address(record, no_address);
    if (!no_address) return address.to_string();
    std::ranges::transform(record, record.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (record.ends_with('.')) record.pop_back();
    return record;
}

std::vector<std::string> comparable(std::vector<std::string> records, net::DnsType type) {
    for (auto& record : records) record = comparable(std::move(record), type);
    std::ranges::sort(records);
    return records;
}

std::string listed(std::vector<std::string> const& records) {
    return records.empty() ? "nothing" : printable(fmt::format("{}", fmt::join(records, ", ")), 200);
}

Outcome judge_answer(net::DnsAnswer const& answer, net::DnsType type, Params const& params, Duration took) {
    auto const wanted = params.text("rcode");
    if (answer.rcode != wanted) {
        return Outcome::critical(fmt::format("answered {}, expected {}", answer.rcode, wanted), "UnexpectedRcode");
    }
    auto const exact = params.texts("exact");
    if (!exact.empty() && comparable(answer.answers, type) != comparable(exact, type)) {
        return Outcome::critical(fmt::format("answered {}, expected {}", listed(answer.answers), listed(exact)),
                                 "UnexpectedRecords");
    }
    auto const least = params.integer("min_records");
    if (wanted == "NOERROR" && static_cast<std::int64_t>(answer.answers.size()) < least) {
        return Outcome::critical(fmt::format("has {} records, expected at least {}", answer.answers.size(), least),
                                 "TooFewRecords");
    }
    auto const match = params.text("match");
    if (!match.empty() && std::ranges::none_of(answer.answers, [&](std::string const& record) {
            return re2::RE2::PartialMatch(record, match);
        })) {
        return Outcome::critical(fmt::format("answered {}, which does not match {}", listed(answer.answers), match),
                                 "NoMatch");
    }
    auto message = fmt::format("answered {} in {:.0f} ms",
                               answer.answers.empty() ? answer.rcode : listed(answer.answers), milliseconds(took));
    if (took > params.duration("critical")) return Outcome::critical(std::move(message), "Slow");
    if (took > params.duration("warning")) return Outcome::warning(std::move(message), "Slow");
    return Outcome::ok(std::move(message));
}

Outcome judge_failure(Error const& error) {
    auto text = redact(error.text());
    if (error.code() == Errc::timed_out) return Outcome::timeout(std::move(text));
    if (error.code() == Errc::invalid_input) return Outcome::unknown(std::move(text), "InvalidParameter");
    auto outcome = Outcome::critical(std::move(text), "QueryFailed");
    outcome.checked = outcome.failed = 1;
    return outcome;
}

boost::json::array first_of(std::vector<std::string> const& records) {
    boost::json::array list;
    for (auto const& record : records) {
        if (list.size() == max_answers_listed) break;
        list.emplace_back(printable(record));
    }
    return list;
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    auto const type = net::find_dns_type(params.text("type"));
    if (!type) {
        co_return Outcome::unknown(fmt::format("{} is not a record type that can be asked for", params.text("type")),
                                   "InvalidParameter");
    }
    if (re2::RE2 const expression(params.text("match"), re2::RE2::Quiet); !expression.ok()) {
        co_return Outcome::unknown(fmt::format("match is not an RE2 expression: {}", expression.error()),
                                   "InvalidParameter");
    }
    net::DnsQuestion question{.name = params.text("name"), .type = *type, .server = params.text("server")};
    auto const began = context.clock.now();
    auto const answer = co_await context.resolver.query(std::move(question), deadline);
    auto const took = context.clock.now() - began;
    if (!answer) co_return judge_failure(answer.error());

    auto outcome = judge_answer(*answer, *type, params, took);
    outcome.message = fmt::format("{} {} {}", params.text("type"), params.text("name"), outcome.message);
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::ok ? 0 : 1;
    outcome.measurements = {{"lookup_ms", milliseconds(took)}};
    outcome.details["rcode"] = answer->rcode;
    outcome.details["answers"] = first_of(answer->answers);
    outcome.details["ttl_seconds"] = answer->ttl.count();
    outcome.details["server"] = params.text("server").empty() ? "system" : params.text("server");
    outcome.thresholds = {
        {"lookup", boost::json::string(params.text("warning")), boost::json::string(params.text("critical"))}};
    co_return outcome;
}

}  // namespace

CheckType const dns{
    .name = "dns",
    .group = "probes",
    .summary = "A name server gives the expected records, in time",
    .explain =
        "Asks one question over UDP (TCP when the answer is long) and judges response code, records and time. Set "
        "rcode to NXDOMAIN to prove that a name does not exist. Expressions are RE2's.",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
