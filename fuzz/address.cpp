// Blocks of addresses and the policy about hosts: what reads comes back, and no spelling of a host that is refused
// where nothing is allowed becomes one that is never refused.

#include "net/address_policy.hpp"
#include "net/text.hpp"
#include "target.hpp"

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const block = net::Cidr::parse(input);
    if (observe(block)) {
        auto const again = net::Cidr::parse(block->text());
        ensure(again.has_value() && *again == *block, "a block reads as it is written");
        ensure(block->contains(*block), "a block holds itself");
        auto const text = block->text();
        auto const first = net::parse_address(std::string_view(text).substr(0, text.find('/')));
        ensure(first && block->contains(*first), "a block holds its first address");
    }
    net::AddressPolicy const strict;
    auto const everything = net::AddressPolicy::parse({"0.0.0.0/0", "::/0"}, "--allow");
    ensure(everything.has_value(), "whole families may be allowed");
    auto const host = strict.check_host(input);
    auto const lenient = everything->check_host(input);
    observe(host);
    observe(lenient);
    ensure(lenient.has_value() || !host.has_value(), "allowing something forbids nothing");
    auto const address = net::parse_address(input);
    if (address && address->is_v4()) {
        auto const mapped = net::parse_address("::ffff:" + address->to_string());
        ensure(mapped && strict.check(*mapped).has_value() == host.has_value(), "a mapped address is the same address");
    }
}

}  // namespace vedette::fuzz
