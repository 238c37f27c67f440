// Two doors are watched: hosts that are addresses already, which no dialer looks up, and the answers of the resolver,
// whether they come from name servers or from /etc/hosts. Between the answer and the connection nobody asks again.

#include "net/guarded_dialer.hpp"

#include "base/trim.hpp"
#include "net/text.hpp"

namespace vedette::net {
namespace {

// The host of one server of DnsQuestion::server.
std::string_view host_of(std::string_view server) {
    if (server.starts_with('[')) return server.substr(1, std::min(server.find(']'), server.size()) - 1);
    bool const has_port = std::ranges::count(server, ':') == 1;
    return has_port ? server.substr(0, server.find(':')) : server;
}

class GuardedResolver final : public Resolver {
public:
    GuardedResolver(Resolver& inner, AddressPolicy const& policy) : inner_(inner), policy_(policy) {}

    Task<void> resolve(std::string host, Deadline deadline, FoundAddresses found) override {
        if (auto allowed = policy_.check_host(host); !allowed) co_return pass(allowed);
        std::optional<Error> refusal;
        bool any = false;
        auto judge = [&](std::vector<std::string> const& literals) {
            std::vector<std::string> passed;
            for (auto const& literal : literals) {
                auto const address = parse_address(literal);
                if (!address) continue;
                auto verdict = policy_.check(*address);
                if (verdict) passed.push_back(literal);
                if (!verdict && !refusal) refusal = std::move(verdict).error();
            }
            if (passed.empty()) return;
            any = true;
            found(std::move(passed));
        };
        auto const name = host;
        auto ended = co_await inner_.resolve(std::move(host), deadline, std::move(judge));
        if (any || !refusal) co_return ended;
        co_return std::unexpected(std::move(*refusal).in_context(fmt::format("lookup {}", name)));
    }

    Task<DnsAnswer> query(DnsQuestion question, Deadline deadline) override {
        std::string_view rest = question.server;
        while (!rest.empty()) {
            auto const comma = std::min(rest.find(','), rest.size());
            auto allowed = policy_.check_host(host_of(trim(rest.substr(0, comma))));
            if (!allowed) co_return pass(allowed, "name server");
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
        auto answer = co_await inner_.query(std::move(question), deadline);
        co_return answer;
    }

private:
    Resolver& inner_;
    AddressPolicy const& policy_;
};

}  // namespace

GuardedDialer::GuardedDialer(Resolver& resolver, AddressPolicy policy, MakeDialer const& make)
    : policy_(std::move(policy)),
      guarded_(std::make_unique<GuardedResolver>(resolver, policy_)),
      inner_(make(*guarded_)) {}

GuardedDialer::~GuardedDialer() = default;

Task<std::unique_ptr<Stream>> GuardedDialer::connect(Endpoint to, Deadline deadline) {
    if (auto allowed = policy_.check_host(to.host); !allowed) {
        co_return pass(allowed, fmt::format("connect {}", to_string(to)));
    }
    auto stream = co_await inner_->connect(std::move(to), deadline);
    co_return stream;
}

}  // namespace vedette::net
