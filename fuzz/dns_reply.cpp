// Answers of name servers: whatever the bytes, a record or a refusal; what stands after the message changes nothing.
// Input: the record type asked for (one byte), the message.

#include "net/dns_query.hpp"
#include "target.hpp"

#include <memory>

namespace vedette::fuzz {
namespace {

constexpr net::DnsType types[] = {net::DnsType::a,   net::DnsType::ns,   net::DnsType::cname,
                                  net::DnsType::soa, net::DnsType::ptr,  net::DnsType::mx,
                                  net::DnsType::txt, net::DnsType::aaaa, net::DnsType::srv};
constexpr std::size_t least_record = 11;  // an empty name, type, class, TTL and length

// A buffer that ends where the message ends, for AddressSanitizer to see.
Result<net::DnsAnswer> read(std::string_view message, net::DnsType type) {
    std::unique_ptr<char[]> const exact(new char[message.size()]);
    message.copy(exact.get(), message.size());
    return net::read_dns_reply({exact.get(), message.size()}, type);
}

}  // namespace

void fuzz(std::string_view input) {
    if (input.empty()) return;
    auto const type = types[static_cast<std::uint8_t>(input[0]) % std::size(types)];
    auto const message = input.substr(1);
    auto const answer = read(message, type);
    if (!observe(answer)) {
        ensure(answer.error().code() == Errc::malformed, "foreign bytes are malformed and nothing else");
        return;
    }
    ensure(!answer->rcode.empty(), "a message has a response code");
    ensure(answer->ttl.count() >= 0, "a TTL is no debt");
    ensure(answer->answers.size() * least_record <= message.size(), "no more records than there is room for");
    observe(answer->rcode);
    observe("answers", answer->answers.size());
    for (auto const& text : answer->answers) observe("text", text.size());

    auto const longer = read(std::string(message) + "\xc0\x0c tail", type);
    ensure(longer.has_value() && *longer == *answer, "what stands after the message is no part of it");
}

}  // namespace vedette::fuzz
