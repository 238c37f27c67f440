// Names to addresses by c-ares.
//
// A lookup has a channel to itself, because c-ares can only cancel all lookups of a channel. Idle channels hold no
// socket and are used again, for half a minute: so resolv.conf is not read for each lookup, yet a change is noticed.

#include "net/resolver.hpp"

#include "net/ares_channel.hpp"

#include <boost/asio/ip/address.hpp>

namespace vedette::net {
namespace {

using boost::system::error_code;

constexpr std::size_t idle_channels = 16;
constexpr auto channel_lifetime = 30s;

Error explain(std::string const& host, int status) {
    switch (status) {
        case ARES_ENOTFOUND:
            return {Errc::dns_failure, fmt::format("lookup {}: no such host", host)};
        case ARES_ENODATA:
            return {Errc::dns_failure, fmt::format("lookup {}: the name has no address", host)};
        case ARES_ESERVFAIL:
            return {Errc::dns_failure, fmt::format("lookup {}: the name server failed", host)};
        case ARES_EREFUSED:
            return {Errc::dns_failure, fmt::format("lookup {}: the name server refused to answer", host)};
        case ARES_ECONNREFUSED:
            return {Errc::dns_failure, fmt::format("lookup {}: no name server is reachable", host)};
        case ARES_EBADNAME:
            return {Errc::dns_failure, fmt::format("lookup {}: not a valid host name", host)};
        case ARES_ETIMEOUT:
            return {Errc::timed_out, fmt::format("lookup {}: timed out waiting for the name servers", host)};
        default:
            return {Errc::dns_failure, fmt::format("lookup {}: {}", host, ares_strerror(status))};
    }
}

// RFC 6761: these never leave the machine, whatever its name servers say.
bool is_loopback_name(std::string host) {
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (host.ends_with('.')) host.pop_back();
    return host == "localhost" || host.ends_with(".localhost");
}

class AresResolver final : public Resolver {
public:
    AresResolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options)
        : executor_(std::move(executor)), clock_(clock), options_(std::move(options)) {}

    Task<std::vector<std::string>> resolve(std::string host, Deadline deadline) override {
        error_code not_literal;
        asio::ip::make_address(host, not_literal);
        if (!not_literal) co_return std::vector{host};
        if (is_loopback_name(host)) co_return std::vector<std::string>{"::1", "127.0.0.1"};

        auto channel = take_channel();
        if (!channel) co_return pass(channel);
        auto answer = co_await ask(*channel, host, deadline);
        if (answer.status != ARES_ECONNREFUSED) {
            if ((*channel)->done()) give_back(*channel);
        } else {
            answer = co_await ask_why(host, deadline);
        }
        if (answer.status != ARES_SUCCESS) co_return std::unexpected(explain(host, answer.status));
        if (answer.addresses.empty()) co_return std::unexpected(explain(host, ARES_ENODATA));
        co_return std::move(answer.addresses);
    }

    Task<DnsAnswer> query(DnsQuestion question, Deadline deadline) override {
        if (question.server.empty()) question.server = options_.servers;
        return query_dns(executor_, clock_, std::move(question), deadline);
    }

private:
    struct Answer {
        int status = ARES_ETIMEOUT;
        std::vector<std::string> addresses;
    };

    Async<Answer> ask(std::shared_ptr<AresChannel> channel, std::string host, Deadline deadline) {
        channel->start_addresses(host);
        auto const status = co_await finish(channel, deadline);
        co_return Answer{status, channel->take_addresses()};
    }

    // When every server failed, refused or was away, c-ares calls all of it ECONNREFUSED. Asked once more without
    // going on to the next server, it tells what the first one said.
    Async<Answer> ask_why(std::string host, Deadline deadline) {
        auto const channel = std::make_shared<AresChannel>(executor_, clock_);
        auto const opened = channel->open(options_, ARES_FLAG_NOCHECKRESP);
        if (!opened) co_return Answer{ARES_ECONNREFUSED, {}};
        auto answer = co_await ask(channel, host, deadline);
        co_return answer;
    }

    Result<std::shared_ptr<AresChannel>> take_channel() {
        auto const oldest = clock_.now() - channel_lifetime;
        while (!idle_.empty()) {
            auto channel = std::move(idle_.back());
            idle_.pop_back();
            if (channel->opened() > oldest) return channel;
        }
        auto channel = std::make_shared<AresChannel>(executor_, clock_);
        auto const opened = channel->open(options_, 0);
        if (!opened) return std::unexpected(opened.error());
        return channel;
    }

    void give_back(std::shared_ptr<AresChannel> const& channel) {
        if (idle_.size() < idle_channels) idle_.push_back(channel);
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    ResolverOptions options_;
    std::vector<std::shared_ptr<AresChannel>> idle_;
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options) {
    return std::make_unique<AresResolver>(std::move(executor), clock, std::move(options));
}

std::unique_ptr<Resolver> make_system_resolver(asio::any_io_executor executor, Clock& clock) {
    return make_resolver(std::move(executor), clock, {});
}

}  // namespace vedette::net
