#pragma once
// ASCII text as the net layer's formats use it, whatever the locale.

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::net {

char lower(char c);
std::string lower(std::string_view text);
/// The value of a hexadecimal digit; -1 for any other character.
int hex_value(char c);
/// 1 to 65535, digits only.
std::optional<std::uint16_t> parse_port(std::string_view text);

std::vector<std::string_view> lines_of(std::string_view text);
/// What stands between spaces, tabs and carriage returns.
std::vector<std::string_view> words_of(std::string_view line);

/// IPv6 without brackets.
std::optional<boost::asio::ip::address> parse_address(std::string_view literal);
bool is_ip_literal(std::string_view text);
/// The text of 4 or 16 bytes in network order; empty for any other length.
std::string address_text(std::string_view bytes);

}  // namespace vedette::net
