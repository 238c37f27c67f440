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
    {"transport", ParamKind::text, "\"udp\"", "udp (tcp when the answer is long) or tcp"},
    {"recursion", ParamKind::flag, "true", "let the server ask others; false: only what it knows itself"},
    {"rcode", ParamKind::text, "\"NOERROR\"", "expected response code, such as NXDOMAIN"},
    {"min_records", ParamKind::integer, "1", "fewer records are critical, where NOERROR is expected", 0, 1000},
    {"exact", ParamKind::texts, "[]", "exactly these records, in any order"},
    {"match", ParamKind::text, "\"\"", "RE2 expression that one of the records must contain"},
    {"warning", ParamKind::duration, "\"1s\"", "slower answers are a warning", 0},
    {"critical", ParamKind::duration, "\"4s\"", "slower answers are critical", 0},
};

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
    return text;
}

bool is_rcode(std::string const& text) {
    static re2::RE2 const known("NOERROR|FORMERR|SERVFAIL|NXDOMAIN|NOTIMP|REFUSED|RCODE[0-9]{1,2}");
    return re2::RE2::FullMatch(text, known);
}

// What in the parameters cannot be used, in one sentence; empty: nothing.
std::string bad_parameter(Params const& params) {
    if (!net::find_dns_type(upper(params.text("type")))) {
        return fmt::format("{} is not a record type that can be asked for", params.text("type"));
    }
    if (!is_rcode(upper(params.text("rcode")))) return fmt::format("{} is not a response code", params.text("rcode"));
    auto const transport = params.text("transport");
    if (transport != "udp" && transport != "tcp") return fmt::format("transport {} is neither udp nor tcp", transport);
    re2::RE2 const expression(params.text("match"), re2::RE2::Quiet);
    return expression.ok() ? "" : fmt::format("match is not an RE2 expression: {}", expression.error());
}

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
    auto const wanted = upper(params.text("rcode"));
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
    if (auto bad = bad_parameter(params); !bad.empty()) {
        co_return Outcome::unknown(std::move(bad), "InvalidParameter");
    }
    auto const type_name = upper(params.text("type"));
    auto const type = net::find_dns_type(type_name);
    net::DnsQuestion question{.name = params.text("name"), .type = *type, .server = params.text("server")};
    question.over_tcp = params.text("transport") == "tcp";
    question.recursive = params.flag("recursion");
    auto const began = context.clock.now();
    auto const answer = co_await context.resolver.query(std::move(question), deadline);
    auto const took = context.clock.now() - began;
    if (!answer) co_return judge_failure(answer.error());

    auto outcome = judge_answer(*answer, *type, params, took);
    outcome.message = fmt::format("{} {} {}", type_name, params.text("name"), outcome.message);
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
    .critical =
        "no answer can be had, the response code is another than `rcode`, records are missing, others or too few, "
        "or the answer takes longer than `critical`",
    .warning = "the answer takes longer than `warning`",
    .unknown = "a parameter cannot be used: no such record type, no RE2 expression",
    .causes =
        "NXDOMAIN: the record is gone, or the name lacks its domain: no search list is used\n"
        "SERVFAIL: the zone is broken, or the servers behind this one do not answer\n"
        "refused: the server does not serve this client or zone\n"
        "timeout: UDP port 53 is filtered, or CoreDNS is overloaded",
    .next =
        "dig @SERVER NAME TYPE  # the same question\n"
        "dig +trace NAME  # which server on the way is wrong\n"
        "kubectl get pods -n kube-system -l k8s-app=kube-dns  # CoreDNS in the cluster\n"
        "kubectl logs -n kube-system -l k8s-app=kube-dns --tail=50  # what it complains of",
    .companions = "http tcp",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .bad_parameter = bad_parameter,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
