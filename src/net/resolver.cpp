// Names to addresses: /etc/hosts, else name servers through c-ares.
//
// Each family is a request of its own, so that a server that answers one and drops the other costs nothing. That is why
// the search list is walked here and not in c-ares: both families must be those of the same name. A request has a
// channel to itself, because c-ares can only cancel all requests of a channel. Idle channels hold no socket and are
// used again until resolv.conf changes.

#include "net/resolver.hpp"

#include "base/files.hpp"
#include "net/ares_channel.hpp"
#include "net/hosts_file.hpp"
#include "net/resolv_conf.hpp"
#include "net/text.hpp"

#include <unistd.h>

namespace vedette::net {
namespace {

constexpr std::size_t idle_channels = 32;
constexpr std::size_t file_limit = 4 << 20;
constexpr Duration resolution_delay = 50ms;  // RFC 8305, 8
constexpr Duration why_limit = 1s;           // only a sentence depends on it

Error in_words(std::string const& host, int status) {
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

// Of two ways to have no address, the one to tell: whether there is an address at all stays open, before there is none.
int more_telling(int one, int other) {
    constexpr std::array order{ARES_ETIMEOUT, ARES_ECONNREFUSED, ARES_ESERVFAIL, ARES_EREFUSED,
                               ARES_ENODATA,  ARES_ENOTFOUND,    ARES_EBADNAME};
    auto const place = [&order](int status) { return std::ranges::find(order, status); };
    return place(one) <= place(other) ? one : other;
}

// Whether the next name of the search list may do better; a server that is silent would be silent again.
bool worth_going_on(int status) {
    return status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_ESERVFAIL || status == ARES_EREFUSED ||
           status == ARES_EBADNAME;
}

// RFC 6761: these never leave the machine, whatever its name servers say.
bool is_loopback_name(std::string_view host) {
    auto name = lower(host);
    if (name.ends_with('.')) name.pop_back();
    return name == "localhost" || name.ends_with(".localhost");
}

// The answer about one family.
struct Half {
    std::optional<int> status;  // once it has ended
    TimePoint ended{};
    bool given = false;  // its addresses have been handed on

    bool found() const { return status == ARES_SUCCESS; }
};

struct Step {
    bool give_six = false;
    bool give_four = false;
    bool over = false;
    TimePoint again = TimePoint::max();  // when time alone changes something
};

// What to do with what has arrived (RFC 8305, 3).
Step next_step(Half const& six, Half const& four, TimePoint now, Deadline deadline) {
    Step step{.again = deadline};
    step.over = (six.status && four.status) || now >= deadline;
    auto const patience = four.ended + resolution_delay;
    bool const waited = step.over || (four.status && now >= patience);
    // A server that says of IPv4 that there is no such name says it of the name (RFC 8020). The other way round it is a
    // known fault of servers that know nothing of IPv6 (RFC 4074, 4.2).
    if (four.status == ARES_ENOTFOUND && waited) step.over = true;
    step.give_six = six.found() && !six.given;
    step.give_four = four.found() && !four.given && (six.given || six.status || waited);
    bool const waits = four.status && !waited && !(four.found() && (four.given || step.give_four));
    if (waits) step.again = std::min(step.again, patience);
    return step;
}

class AresResolver final : public Resolver {
public:
    AresResolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options)
        : executor_(std::move(executor)), clock_(clock), options_(std::move(options)), files_(make_system_files()) {}

    Task<void> resolve(std::string host, Deadline deadline, FoundAddresses found) override {
        std::vector<std::string> known;
        if (is_ip_literal(host)) {
            known = {host};
        } else if (is_loopback_name(host)) {
            known = {"::1", "127.0.0.1"};
        } else {
            look_at_files();
            if (auto const* in_file = hosts_.find(host)) known = *in_file;
        }
        if (!known.empty()) {
            found(std::move(known));
            co_return Result<void>{};
        }
        int verdict = ARES_EBADNAME;
        auto const names = names_to_ask(host, conf_);
        for (auto const& name : names) {
            auto const status = co_await ask(name, deadline, found);
            if (!status) co_return fail(status.error().code(), "lookup {}: {}", host, status.error().text());
            if (*status == ARES_SUCCESS) co_return Result<void>{};
            verdict = more_telling(verdict, *status);
            if (!worth_going_on(*status)) break;
        }
        co_return std::unexpected(in_words(host, verdict));
    }

    Task<DnsAnswer> query(DnsQuestion question, Deadline deadline) override {
        if (question.server.empty()) question.server = options_.servers;
        return query_dns(executor_, clock_, std::move(question), deadline);
    }

private:
    // Asks for `name` in both families; `name` and `found` are the caller's for the whole await. The status is ARES_*,
    // success when addresses were handed on. Errors: io, invalid_input.
    Task<int> ask(std::string const& name, Deadline deadline, FoundAddresses const& found) {
        auto six_channel = take_channel();
        if (!six_channel) co_return pass(six_channel);
        auto four_channel = take_channel();
        if (!four_channel) co_return pass(four_channel);
        auto const generation = generation_;
        auto const changed = std::make_shared<Event>(executor_, "name lookup");
        CloseUnlessDone const close_six(*six_channel);
        CloseUnlessDone const close_four(*four_channel);
        Half six;
        Half four;
        (*six_channel)->start_addresses(name, AF_INET6, changed);
        (*four_channel)->start_addresses(name, AF_INET, changed);
        while (true) {
            note_end(**six_channel, six);
            note_end(**four_channel, four);
            auto const step = next_step(six, four, clock_.now(), deadline);
            if (step.give_six) give(**six_channel, six, found);
            if (step.give_four) give(**four_channel, four, found);
            if (step.over) break;
            Alarm const alarm(clock_, step.again, [changed] { changed->notify(); });
            co_await changed->wait();
        }
        give_back(*six_channel, generation);
        give_back(*four_channel, generation);
        if (six.given || four.given) co_return ARES_SUCCESS;
        for (auto const& channel : {*six_channel, *four_channel}) {
            if (!channel->fault().empty()) co_return fail(Errc::io, "{}", channel->fault());
        }
        if (four.status == ARES_ENOTFOUND && six.status.value_or(ARES_ENOTFOUND) == ARES_ENOTFOUND) {
            co_return ARES_ENOTFOUND;
        }
        auto const status = more_telling(six.status.value_or(ARES_ETIMEOUT), four.status.value_or(ARES_ETIMEOUT));
        if (status != ARES_ECONNREFUSED) co_return status;
        auto const family = four.status == ARES_ECONNREFUSED ? AF_INET : AF_INET6;
        co_return co_await ask_why(name, family, deadline, found);
    }

    static void note_end(AresChannel const& channel, Half& half) {
        if (half.status || !channel.done()) return;
        half.status = channel.status();
        half.ended = channel.ended();
    }

    static void give(AresChannel& channel, Half& half, FoundAddresses const& found) {
        half.given = true;
        found(channel.take_addresses());
    }

    // When every server failed, refused or was away, c-ares calls all of it ECONNREFUSED. Asked once more without
    // going on to the next server, it tells what the first one said.
    Task<int> ask_why(std::string const& name, int family, Deadline deadline, FoundAddresses const& found) {
        auto const channel = std::make_shared<AresChannel>(executor_, clock_);
        auto options = channel_options();
        options.flags = ARES_FLAG_NOCHECKRESP;
        options.attempts = 1;
        auto const opened = channel->open(options);
        if (!opened) co_return ARES_ECONNREFUSED;
        auto changed = std::make_shared<Event>(executor_, "name lookup");
        channel->start_addresses(name, family, std::move(changed));
        auto const status = co_await await_request(channel, std::min(deadline, clock_.now() + why_limit));
        if (status == ARES_SUCCESS) found(channel->take_addresses());
        co_return status == ARES_ETIMEOUT ? ARES_ECONNREFUSED : status;
    }

    ChannelOptions channel_options() const {
        return {.servers = options_.servers,
                .resolv_conf = options_.resolv_conf,
                .timeout = conf_.timeout,
                .attempts = conf_.attempts};
    }

    Result<std::shared_ptr<AresChannel>> take_channel() {
        if (!idle_.empty()) {
            auto channel = std::move(idle_.back());
            idle_.pop_back();
            return channel;
        }
        auto channel = std::make_shared<AresChannel>(executor_, clock_);
        auto const opened = channel->open(channel_options());
        if (!opened) return std::unexpected(opened.error());
        return channel;
    }

    // Not after resolv.conf has changed: the channel knows the servers of before.
    void give_back(std::shared_ptr<AresChannel> const& channel, std::uint64_t generation) {
        if (generation != generation_ || !channel->reusable()) return;
        if (idle_.size() < idle_channels) idle_.push_back(channel);
    }

    void look_at_files() {
        if (changed(options_.hosts, hosts_version_)) {
            hosts_ = HostsFile(files_->read(options_.hosts, file_limit).value_or(std::string()));
        }
        if (changed(options_.resolv_conf, conf_version_)) {
            ++generation_;
            idle_.clear();
            conf_ = parse_resolv_conf(files_->read(options_.resolv_conf, file_limit).value_or(std::string()));
            if (conf_.search.empty()) conf_.search = own_domain();
        }
    }

    // A file that is not there is one that says nothing.
    bool changed(std::string const& path, std::optional<std::string>& last) {
        auto version = files_->version(path).value_or(std::string("none"));
        if (last == version) return false;
        last = std::move(version);
        return true;
    }

    // Without a search list it is the domain of this host's name (resolv.conf(5)).
    static std::vector<std::string> own_domain() {
        char name[256] = {};
        if (::gethostname(name, sizeof name - 1) != 0) return {};
        std::string_view const text(name);
        auto const dot = text.find('.');
        if (dot == std::string_view::npos || dot + 1 == text.size()) return {};
        return {std::string(text.substr(dot + 1))};
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    ResolverOptions options_;
    std::unique_ptr<Files> files_;
    std::optional<std::string> hosts_version_;
    std::optional<std::string> conf_version_;
    HostsFile hosts_;
    ResolvConf conf_;
    std::uint64_t generation_ = 0;  // of conf_
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
