#pragma once
// The world's network behind names: looks a name up as the system's dialer does, then connects to the first address.

#include "net/dialer.hpp"
#include "net/text.hpp"
#include "world/network.hpp"

#include <deque>
#include <map>

namespace vedette::net {

/// Answers from a table; of several answers for one name each is given once, the last for ever.
class TableResolver final : public Resolver {
public:
    using Addresses = std::vector<std::string>;

    std::map<std::string, std::deque<Addresses>> answers;
    std::vector<std::string> asked;

    Task<void> resolve(std::string host, Deadline, FoundAddresses found) override {
        asked.push_back(host);
        auto const known = answers.find(host);
        if (known == answers.end()) co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
        auto const addresses = known->second.front();
        if (known->second.size() > 1) known->second.pop_front();
        found(addresses);
        co_return Result<void>{};
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        asked.push_back(question.server);
        co_return DnsAnswer{.rcode = "NOERROR"};
    }
};

class ResolvingDialer final : public Dialer {
public:
    ResolvingDialer(world::Network& network, Resolver& resolver) : network_(network), resolver_(resolver) {}

    Task<std::unique_ptr<Stream>> connect(Endpoint to, Deadline deadline) override {
        if (!is_ip_literal(to.host)) {
            std::vector<std::string> found;
            auto collect = [&found](std::vector<std::string> addresses) {
                found.insert(found.end(), addresses.begin(), addresses.end());
            };
            auto const phrase = "connect " + to_string(to);
            auto looked_up = co_await resolver_.resolve(to.host, deadline, std::move(collect));
            if (!looked_up) co_return pass(looked_up, phrase);
            to.host = found.front();
        }
        auto stream = co_await network_.connect(std::move(to), deadline);
        co_return stream;
    }

private:
    world::Network& network_;
    Resolver& resolver_;
};

}  // namespace vedette::net
