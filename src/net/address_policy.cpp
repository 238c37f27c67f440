// The ranges in one table, and the IPv4 addresses that hide in IPv6 ones. Registries: RFC 6890, RFC 4291, RFC 6052
// (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP).
//
// Every reading of an address must pass, so a wrong guess at an encoding refuses too much and never too little.

#include "net/address_policy.hpp"

#include "base/ensure.hpp"
#include "net/text.hpp"

#include <algorithm>
#include <charconv>

namespace vedette::net {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

constexpr char metadata[] = "a metadata service's address";

struct Block {
    Cidr range;
    bool never = false;
    char const* what = nullptr;
};

Cidr block(char const* text) {
    auto parsed = Cidr::parse(text);
    ensure(parsed.has_value(), "the tables below hold legal blocks");
    return *parsed;
}

std::vector<Block> const& special_blocks() {
    static std::vector<Block> const blocks{
        {block("169.254.0.0/16"), true, "a link-local address"},
        {block("fe80::/10"), true, "a link-local address"},
        {block("100.100.100.200"), true, metadata},     // Alibaba Cloud
        {block("168.63.129.16"), true, metadata},       // Azure
        {block("192.0.0.192"), true, metadata},         // Oracle Cloud
        {block("fd00:ec2::/32"), true, metadata},       // AWS: instances, containers, pods
        {block("fd20:ce::254"), true, metadata},        // Google Cloud
        {block("fd00:c1::a9fe:a9fe"), true, metadata},  // Oracle Cloud
        {block("fd00:42::42"), true, metadata},         // Scaleway
        {block("127.0.0.0/8"), false, "a loopback address"},
        {block("::1"), false, "a loopback address"},
        {block("0.0.0.0/8"), false, "an unspecified address"},
        {block("::"), false, "an unspecified address"},
        {block("224.0.0.0/4"), false, "a multicast address"},
        {block("ff00::/8"), false, "a multicast address"},
        {block("240.0.0.0/4"), false, "a reserved address"},
    };
    return blocks;
}

struct Name {
    std::string_view name;
    char const* what;
};
constexpr Name metadata_names[] = {
    {"metadata", "Google Cloud"}, {"metadata.google.internal", "Google Cloud"}, {"metadata.goog", "Google Cloud"},
    {"instance-data", "AWS"},     {"instance-data.ec2.internal", "AWS"},
};

int width(bool six) {
    return six ? 128 : 32;
}

std::array<unsigned char, 16> bytes_of(address const& from) {
    std::array<unsigned char, 16> bytes{};
    if (from.is_v6()) return from.to_v6().to_bytes();
    std::ranges::copy(from.to_v4().to_bytes(), bytes.begin());
    return bytes;
}

bool same_prefix(std::array<unsigned char, 16> const& a, std::array<unsigned char, 16> const& b, int length) {
    auto const whole = static_cast<std::size_t>(length / 8);
    if (!std::equal(a.begin(), a.begin() + length / 8, b.begin())) return false;
    if (length % 8 == 0) return true;
    auto const mask = static_cast<unsigned char>(0xff << (8 - length % 8));
    return (a[whole] & mask) == (b[whole] & mask);
}

bool any_bit_behind(std::array<unsigned char, 16> const& bytes, int length) {
    std::array<unsigned char, 16> cleared{};
    auto const whole = static_cast<std::size_t>(length / 8);
    std::copy_n(bytes.begin(), length / 8, cleared.begin());
    if (length % 8 != 0) cleared[whole] = static_cast<unsigned char>(bytes[whole] & (0xff << (8 - length % 8)));
    return cleared != bytes;
}

std::string text_of(std::array<unsigned char, 16> const& bytes, bool six) {
    if (six) return address_v6(bytes).to_string();
    return address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}).to_string();
}

std::optional<int> parse_length(std::string_view text, int most) {
    int length = 0;
    bool const canonical = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos &&
                           (text.size() == 1 || text.front() != '0');
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (!canonical || error != std::errc{} || length > most) return std::nullopt;
    return length;
}

// What of a flag's text may be repeated.
std::string quoted(std::string_view text) {
    std::string shown;
    for (char const c : text.substr(0, 60)) shown += c > 0x20 && c < 0x7f ? c : '?';
    return shown;
}

// The IPv4 addresses that an IPv6 one may stand for.
std::vector<address_v4> carried(address_v6 const& six) {
    auto const b = six.to_bytes();
    auto const four = [&b](std::size_t i, std::size_t j, std::size_t k, std::size_t l) {
        return address_v4({b[i], b[j], b[k], b[l]});
    };
    auto const last = four(12, 13, 14, 15);
    static auto const translated = block("::ffff:0:0:0/96");  // SIIT, RFC 2765
    static auto const nat64 = block("64:ff9b::/96");
    static auto const local_nat64 = block("64:ff9b:1::/48");  // RFC 8215: prefixes of any length in it
    static auto const six_to_four = block("2002::/16");
    static auto const teredo = block("2001::/32");
    address const whole(six);
    if (six.is_unspecified() || six.is_loopback()) return {};
    bool const compatible = std::all_of(b.begin(), b.begin() + 12, [](unsigned char c) { return c == 0; });
    if (six.is_v4_mapped() || compatible || translated.contains(whole) || nat64.contains(whole)) return {last};
    if (local_nat64.contains(whole)) return {four(6, 7, 9, 10), four(7, 9, 10, 11), four(9, 10, 11, 12), last};
    if (six_to_four.contains(whole)) return {four(2, 3, 4, 5)};
    if (teredo.contains(whole)) return {four(4, 5, 6, 7), address_v4(~last.to_uint())};
    bool const isatap = (b[8] & 0xfd) == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe;
    if (isatap) return {last};
    return {};
}

// "0x7f", "0177", "2130706433": what WHATWG's URL standard calls ending in a number, once the name has been asked
// for at its last label.
bool ends_in_a_number(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    auto const label = host.substr(host.rfind('.') + 1);
    if (label.empty()) return false;
    bool const hexadecimal = label.size() >= 2 && label[0] == '0' && lower(label[1]) == 'x';
    if (!hexadecimal) return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
    return std::ranges::all_of(label.substr(2), [](char c) { return hex_value(c) >= 0; });
}

}  // namespace

Result<Cidr> Cidr::parse(std::string_view text) {
    auto const slash = text.find('/');
    auto const parsed = text.contains('%') ? std::nullopt : parse_address(text.substr(0, slash));
    if (!parsed) {
        return fail(Errc::invalid_input, "\"{}\" is no block of addresses: write one such as 10.0.0.0/8 or fd00::/8",
                    quoted(text));
    }
    if (parsed->is_v6() && parsed->to_v6().is_v4_mapped()) {
        return fail(Errc::invalid_input, "\"{}\" is IPv4 in the clothes of IPv6: write the IPv4 block itself",
                    quoted(text));
    }
    Cidr made;
    made.six_ = parsed->is_v6();
    made.bytes_ = bytes_of(*parsed);
    made.length_ = width(made.six_);
    if (slash == std::string_view::npos) return made;
    auto const length = parse_length(text.substr(slash + 1), made.length_);
    if (!length) {
        return fail(Errc::invalid_input, "\"{}\" needs a length from 0 to {} behind its slash", quoted(text),
                    made.length_);
    }
    made.length_ = *length;
    if (any_bit_behind(made.bytes_, made.length_)) {
        auto const first = made;
        for (int bit = made.length_; bit < width(made.six_); ++bit) {
            made.bytes_[static_cast<std::size_t>(bit / 8)] &= static_cast<unsigned char>(~(0x80 >> (bit % 8)));
        }
        return fail(Errc::invalid_input, "\"{}\" has bits behind its length: write {}, or {} for the one address",
                    quoted(text), made.text(), text_of(first.bytes_, first.six_));
    }
    return made;
}

bool Cidr::contains(address const& one) const {
    return one.is_v6() == six_ && same_prefix(bytes_, bytes_of(one), length_);
}

bool Cidr::contains(Cidr const& other) const {
    return other.six_ == six_ && other.length_ >= length_ && same_prefix(bytes_, other.bytes_, length_);
}

std::string Cidr::text() const {
    return fmt::format("{}/{}", text_of(bytes_, six_), length_);
}

AddressPolicy::AddressPolicy(std::vector<Cidr> allowed, std::string flag)
    : allowed_(std::move(allowed)), flag_(std::move(flag)) {}

Result<AddressPolicy> AddressPolicy::parse(std::vector<std::string> const& allowed, std::string flag) {
    std::vector<Cidr> blocks;
    for (auto const& text : allowed) {
        auto parsed = Cidr::parse(text);
        if (!parsed) return pass(parsed, flag);
        for (auto const& special : special_blocks()) {
            if (special.never && special.range.contains(*parsed)) {
                return fail(Errc::invalid_input, "{}: {} is {}, which nothing can allow", flag, parsed->text(),
                            special.what);
            }
        }
        blocks.push_back(*parsed);
    }
    return AddressPolicy(std::move(blocks), std::move(flag));
}

Result<void> AddressPolicy::check(address const& to) const {
    if (auto itself = check_one(to, to); !itself) return itself;
    if (!to.is_v6()) return {};
    for (auto const& inner : carried(to.to_v6())) {
        if (auto one = check_one(to, inner); !one) return one;
    }
    return {};
}

Result<void> AddressPolicy::check_one(address const& outer, address const& to) const {
    for (auto const& special : special_blocks()) {
        if (!special.range.contains(to)) continue;
        auto const what = outer == to
                              ? fmt::format("{} is {}", to.to_string(), special.what)
                              : fmt::format("{} carries {}, {}", outer.to_string(), to.to_string(), special.what);
        if (special.never) return fail(Errc::denied, "{}: it is never dialed", what);
        if (!allowed(to) && !allowed(outer)) return fail(Errc::denied, "{}: {}", what, how_to_allow());
    }
    return {};
}

Result<void> AddressPolicy::check_host(std::string_view host) const {
    if (auto const literal = parse_address(host)) return check(*literal);
    if (ends_in_a_number(host)) {
        return fail(Errc::invalid_input, "the host \"{}\" is a number: write an IPv4 address as four decimal numbers",
                    quoted(host));
    }
    auto name = lower(host);
    if (name.ends_with('.')) name.pop_back();
    for (auto const& [known, whose] : metadata_names) {
        if (name == known)
            return fail(Errc::denied, "{} is the metadata service of {}: it is never dialed", name, whose);
    }
    bool const local = name == "localhost" || name.ends_with(".localhost");
    if (local && !allowed(address_v4::loopback()) && !allowed(address_v6::loopback())) {
        return fail(Errc::denied, "{} is a loopback address: {}", quoted(name), how_to_allow());
    }
    return {};
}

bool AddressPolicy::allowed(address const& to) const {
    return std::ranges::any_of(allowed_, [&to](Cidr const& range) { return range.contains(to); });
}

std::string AddressPolicy::how_to_allow() const {
    return flag_.empty() ? "it is not dialed" : fmt::format("it is dialed only when {} names it", flag_);
}

}  // namespace vedette::net
