#include "net/text.hpp"

#include <algorithm>
#include <charconv>

namespace vedette::net {

namespace ip = boost::asio::ip;

namespace {

constexpr std::string_view blanks = " \t\r";

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        auto const end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

template <class Address>
std::string text_of(std::string_view bytes) {
    typename Address::bytes_type raw;
    std::ranges::copy(bytes, raw.begin());
    return Address(raw).to_string();
}

}  // namespace

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    auto const letter = lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    return split(text, "\n");
}

std::vector<std::string_view> words_of(std::string_view line) {
    return split(line, blanks);
}

std::optional<ip::address> parse_address(std::string_view literal) {
    boost::system::error_code error;
    auto const address = ip::make_address(std::string(literal), error);
    if (error) return std::nullopt;
    return address;
}

bool is_ip_literal(std::string_view text) {
    return parse_address(text).has_value();
}

std::string address_text(std::string_view bytes) {
    if (bytes.size() == 4) return text_of<ip::address_v4>(bytes);
    if (bytes.size() == 16) return text_of<ip::address_v6>(bytes);
    return {};
}

}  // namespace vedette::net
