#pragma once
// Which addresses a URL that somebody else wrote may lead to. Whoever may create a HealthCheck makes the operator send
// requests from where the operator stands: a cloud's metadata service would answer those with its node's credentials.
//
// Judged is the address that is dialed, not the name: GuardedDialer asks for each connection.

#include "base/error.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::net {

/// A block of addresses of one family: "10.0.0.0/8", "fd00::/8". An address without a length is a block of one.
class Cidr {
public:
    /// Errors: invalid_input, a sentence that says what to write instead. Bits behind the length must be zero; IPv4
    /// ranges are not written as IPv6.
    static Result<Cidr> parse(std::string_view text);

    bool contains(boost::asio::ip::address const& address) const;
    /// Whether every address of `other` is in it.
    bool contains(Cidr const& other) const;
    /// As parse() reads it, with the length.
    std::string text() const;

    bool operator==(Cidr const&) const = default;

private:
    std::array<unsigned char, 16> bytes_{};  // an IPv4 address is in the first four
    int length_ = 0;                         // bits
    bool six_ = false;
};

/// What may be dialed.
///
/// Never: link-local addresses and the metadata services that clouds keep elsewhere. Only where an allowed block holds
/// them: loopback, unspecified, multicast and reserved addresses. Always: everything else, private ranges included,
/// for clusters live there. An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, Teredo, ISATAP) is as good
/// as the worst of what it carries; a NAT64 prefix of a network's own cannot be known here.
class AddressPolicy {
public:
    AddressPolicy() = default;
    /// `flag` names the option in refusals, such as "--source-allow".
    explicit AddressPolicy(std::vector<Cidr> allowed, std::string flag = {});
    /// From the texts of a flag. Errors: invalid_input; also for a block that holds only what is never dialed.
    static Result<AddressPolicy> parse(std::vector<std::string> const& allowed, std::string flag);

    /// Errors: denied, "127.0.0.1 is a loopback address: it is only dialed when --source-allow names it".
    Result<void> check(boost::asio::ip::address const& address) const;

    /// Judges what can be judged of a URL's host before a lookup: literals, numbers that some resolvers take for
    /// addresses ("2130706433", "0x7f.1", "0177.0.0.1"), the loopback names of RFC 6761, names of metadata services.
    /// Errors: denied; invalid_input for numbers.
    Result<void> check_host(std::string_view host) const;

private:
    Result<void> check_one(boost::asio::ip::address const& outer, boost::asio::ip::address const& address) const;
    bool allowed(boost::asio::ip::address const& address) const;
    std::string how_to_allow() const;

    std::vector<Cidr> allowed_;
    std::string flag_;
};

}  // namespace vedette::net
