#pragma once
#include <boost/asio/ip/address.hpp>

#include <deque>

namespace vedette::net {

/// Addresses to try in turn: the families alternate, IPv6 first (RFC 8305, 4), whenever which of them become known.
class AddressQueue {
public:
    void add(boost::asio::ip::address const& address) { (address.is_v6() ? six_ : four_).push_back(address); }
    bool empty() const { return six_.empty() && four_.empty(); }

    /// The next one; there must be one.
    boost::asio::ip::address take() {
        auto& family = four_.empty() || (six_is_next_ && !six_.empty()) ? six_ : four_;
        auto const address = family.front();
        family.pop_front();
        six_is_next_ = !address.is_v6();
        return address;
    }

private:
    std::deque<boost::asio::ip::address> six_;
    std::deque<boost::asio::ip::address> four_;
    bool six_is_next_ = true;
};

}  // namespace vedette::net
