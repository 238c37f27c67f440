// No bytes are exchanged for a handshake: what the world tests is everything around it.

#include "world/plain_tls.hpp"

namespace vedette::world {
namespace {

class PlainTlsStream final : public net::TlsStream {
public:
    PlainTlsStream(std::unique_ptr<net::Stream> inner, std::vector<net::Certificate> chain)
        : inner_(std::move(inner)), chain_(std::move(chain)) {}

    Task<std::size_t> read(std::span<char> into, Deadline deadline) override { return inner_->read(into, deadline); }
    Task<void> write(std::span<char const> bytes, Deadline deadline) override { return inner_->write(bytes, deadline); }
    Async<void> finish(Deadline deadline) override { return inner_->finish(deadline); }
    bool idle_and_open() override { return inner_->idle_and_open(); }
    std::string peer() const override { return inner_->peer(); }
    std::vector<net::Certificate> const& peer_chain() const override { return chain_; }
    std::string protocol() const override { return "TLSv1.3"; }
    bool resumed() const override { return false; }

private:
    std::unique_ptr<net::Stream> inner_;
    std::vector<net::Certificate> chain_;
};

}  // namespace

Task<std::unique_ptr<net::TlsStream>> PlainTls::connect(std::unique_ptr<net::Stream> stream, net::TlsOptions options,
                                                        Deadline deadline) {
    world_.note(fmt::format("TLS for {}", options.server_name));
    handshakes_.push_back(options.server_name);
    if (hangs_) {
        co_await world_.clock().sleep_until(deadline, "a TLS handshake that hangs");
        co_return fail(Errc::timed_out, "timed out");
    }
    if (error_) co_return std::unexpected(*error_);
    auto const own = chains_.find(options.server_name);
    co_return std::make_unique<PlainTlsStream>(std::move(stream), own == chains_.end() ? chain_ : own->second);
}

Task<std::unique_ptr<net::TlsStream>> PlainTlsServer::accept(std::unique_ptr<net::Stream> stream, Deadline) {
    if (error_) co_return std::unexpected(*error_);
    co_return std::make_unique<PlainTlsStream>(std::move(stream), chain_);
}

}  // namespace vedette::world
