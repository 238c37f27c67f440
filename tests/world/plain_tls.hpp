#pragma once
// PlainTls: TLS of the test world. Bytes pass through unchanged; the handshake can be told to fail or to hang.

#include "net/tls.hpp"
#include "world/world.hpp"

#include <map>
#include <optional>
#include <vector>

namespace vedette::world {

/// Lifetime: outlives its handshakes.
class PlainTls final : public net::Tls {
public:
    explicit PlainTls(World& world) : world_(world) {}

    Task<std::unique_ptr<net::TlsStream>> connect(std::unique_ptr<net::Stream> stream, net::TlsOptions options,
                                                  Deadline deadline) override;

    /// Every handshake from now on fails so; nothing: they succeed again.
    void fail_with(std::optional<Error> error) { error_ = std::move(error); }
    /// The peer never answers a handshake.
    void hang(bool yes) { hangs_ = yes; }
    /// What peers show from now on, those whose server name has a chain of its own excepted.
    void set_peer_chain(std::vector<net::Certificate> chain) { chain_ = std::move(chain); }
    void set_peer_chain(std::string server_name, std::vector<net::Certificate> chain) {
        chains_[std::move(server_name)] = std::move(chain);
    }
    /// Server names asked for, in order.
    std::vector<std::string> const& handshakes() const { return handshakes_; }

private:
    World& world_;
    std::optional<Error> error_;
    bool hangs_ = false;
    std::vector<net::Certificate> chain_;
    std::map<std::string, std::vector<net::Certificate>> chains_;
    std::vector<std::string> handshakes_;
};

class PlainTlsServer final : public net::TlsServer {
public:
    Task<std::unique_ptr<net::TlsStream>> accept(std::unique_ptr<net::Stream> stream, Deadline deadline) override;

    void fail_with(std::optional<Error> error) { error_ = std::move(error); }
    void set_client_chain(std::vector<net::Certificate> chain) { chain_ = std::move(chain); }

private:
    std::optional<Error> error_;
    std::vector<net::Certificate> chain_;
};

}  // namespace vedette::world
