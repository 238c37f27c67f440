// A query on c-ares, and the reader of its reply. c-ares's own reply parsers are not used: there is one per type, most
// hide the response code and the TTL, and an unexpected record makes some of them give up.

#include "net/dns_query.hpp"

#include "net/ares_channel.hpp"
#include "net/endpoint.hpp"
#include "net/text.hpp"

namespace vedette::net {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t dns_port = 53;
constexpr int attempts = 4;  // 2, 4, 8 and 16 s: the caller's deadline is what ends it

constexpr std::pair<std::string_view, DnsType> types[] = {
    {"A", DnsType::a},     {"AAAA", DnsType::aaaa}, {"CNAME", DnsType::cname},
    {"MX", DnsType::mx},   {"NS", DnsType::ns},     {"PTR", DnsType::ptr},
    {"SOA", DnsType::soa}, {"SRV", DnsType::srv},   {"TXT", DnsType::txt},
};

std::string rcode_text(unsigned code) {
    constexpr std::string_view names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    return code < std::size(names) ? std::string(names[code]) : fmt::format("RCODE{}", code);
}

// A cursor over the message. Once something did not fit, everything reads as zero and ok() is false.
class Reader {
public:
    explicit Reader(std::string_view message) : message_(message) {}

    bool ok() const { return ok_; }
    std::size_t at() const { return at_; }
    void seek(std::size_t at) { at_ = at; }

    std::string_view bytes(std::size_t count) {
        if (!ok_ || message_.size() - at_ < count) {
            ok_ = false;
            return {};
        }
        auto const taken = message_.substr(at_, count);
        at_ += count;
        return taken;
    }

    std::uint32_t number(std::size_t size) {
        std::uint32_t value = 0;
        for (char const c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
        return value;
    }

    // Follows compression pointers, of which c-ares allows only so many.
    std::string name() {
        char* text = nullptr;
        long length = 0;
        auto const* start = reinterpret_cast<unsigned char const*>(message_.data());
        if (!ok_ || at_ >= message_.size() ||
            ares_expand_name(start + at_, start, static_cast<int>(message_.size()), &text, &length) != ARES_SUCCESS) {
            ok_ = false;
            return {};
        }
        std::unique_ptr<char, decltype(&ares_free_string)> const owned(text, &ares_free_string);
        at_ += static_cast<std::size_t>(length);
        return text;
    }

private:
    std::string_view message_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

std::string joined_strings(Reader& reader, std::size_t end) {
    std::string text;
    while (reader.ok() && reader.at() < end) text += reader.bytes(reader.number(1));
    return text;
}

std::string soa_text(Reader& reader) {
    auto text = reader.name();
    text += " " + reader.name();
    for (int i = 0; i < 5; ++i) text += fmt::format(" {}", reader.number(4));
    return text;
}

std::string record_text(Reader& reader, DnsType type, std::size_t end) {
    switch (type) {
        case DnsType::a:
            return address_text(reader.bytes(4));
        case DnsType::aaaa:
            return address_text(reader.bytes(16));
        case DnsType::ns:
        case DnsType::cname:
        case DnsType::ptr:
            return reader.name();
        case DnsType::soa:
            return soa_text(reader);
        case DnsType::txt:
            return joined_strings(reader, end);
        case DnsType::mx: {
            auto const preference = reader.number(2);
            return fmt::format("{} {}", preference, reader.name());
        }
        case DnsType::srv: {
            auto const priority = reader.number(2);
            auto const weight = reader.number(2);
            auto const port = reader.number(2);
            return fmt::format("{} {} {} {}", priority, weight, port, reader.name());
        }
    }
    return {};
}

// c-ares would take lists and skip what it cannot read; a check of one server must ask that one.
Result<Endpoint> read_server(std::string_view text) {
    auto const bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    auto const colon = bracket != std::string_view::npos ? text.find(':', bracket) : text.find(':');
    bool const bare_v6 = bracket == std::string_view::npos && colon != text.rfind(':');
    Endpoint server{std::string(text), dns_port};
    if (!bare_v6) {
        server.host = std::string(text.substr(0, colon));
        if (bracket != std::string_view::npos) server.host = std::string(text.substr(1, bracket - 1));
        if (colon != std::string_view::npos) {
            auto const port = parse_port(text.substr(colon + 1));
            if (!port) return fail(Errc::invalid_input, "the name server's port is no number from 1 to 65535");
            server.port = *port;
        }
    }
    if (!is_ip_literal(server.host)) return fail(Errc::invalid_input, "the name server {} is no address", text);
    return server;
}

std::string reverse_name(asio::ip::address const& address) {
    std::string name;
    if (address.is_v4()) {
        for (auto const byte : address.to_v4().to_bytes()) name.insert(0, fmt::format("{}.", byte));
        return name + "in-addr.arpa";
    }
    for (auto const byte : address.to_v6().to_bytes()) {
        name.insert(0, fmt::format("{:x}.{:x}.", byte & 15, byte >> 4));
    }
    return name + "ip6.arpa";
}

std::string asked_name(DnsQuestion const& question) {
    auto const address = question.type == DnsType::ptr ? parse_address(question.name) : std::nullopt;
    return address ? reverse_name(*address) : question.name;
}

Error explain(std::string const& phrase, int status) {
    switch (status) {
        case ARES_ECONNREFUSED:
            return {Errc::refused, fmt::format("{}: connection refused", phrase)};
        case ARES_ETIMEOUT:
            return {Errc::timed_out, fmt::format("{}: timed out", phrase)};
        case ARES_EBADNAME:
        case ARES_ENOTFOUND:  // without a reply: c-ares refused to send it
            return {Errc::invalid_input, fmt::format("{}: not a name that can be asked for", phrase)};
        case ARES_EBADRESP:
            return {Errc::malformed, fmt::format("{}: the answer is malformed", phrase)};
        default:
            return {Errc::io, fmt::format("{}: {}", phrase, ares_strerror(status))};
    }
}

}  // namespace

std::optional<DnsType> find_dns_type(std::string_view name) {
    for (auto const& [word, type] : types) {
        if (word == name) return type;
    }
    return std::nullopt;
}

Result<DnsAnswer> read_dns_reply(std::string_view message, DnsType type) {
    if (message.size() < header_size) return fail(Errc::malformed, "the answer is too short");
    Reader reader(message);
    reader.seek(2);
    auto const flags = reader.number(2);
    auto const questions = reader.number(2);
    auto const records = reader.number(2);
    reader.seek(header_size);
    for (std::uint32_t i = 0; i < questions && reader.ok(); ++i) {
        reader.name();
        reader.number(4);
    }
    DnsAnswer answer{.rcode = rcode_text(flags & 15), .answers = {}};
    for (std::uint32_t i = 0; i < records && reader.ok(); ++i) {
        reader.name();
        auto const record_type = reader.number(2);
        reader.number(2);
        std::chrono::seconds const ttl{reader.number(4)};
        auto const size = reader.number(2);
        auto const end = reader.at() + size;
        if (end > message.size()) return fail(Errc::malformed, "a record of the answer is cut off");
        if (record_type == static_cast<std::uint32_t>(type)) {
            auto text = record_text(reader, type, end);
            if (reader.at() != end) return fail(Errc::malformed, "a record of the answer cannot be read");
            answer.ttl = answer.answers.empty() ? ttl : std::min(answer.ttl, ttl);
            answer.answers.push_back(std::move(text));
        }
        reader.seek(end);
    }
    if (!reader.ok()) return fail(Errc::malformed, "the answer is cut off");
    return answer;
}

Task<DnsAnswer> query_dns(asio::any_io_executor executor, Clock& clock, DnsQuestion question, Deadline deadline) {
    ChannelOptions options{.attempts = attempts};
    if (!question.server.empty()) {
        auto const server = read_server(question.server);
        if (!server) co_return std::unexpected(server.error());
        options.servers = to_string(*server);
    }
    auto const phrase = fmt::format(
        "ask {} for {}", options.servers.empty() ? std::string("the system's name servers") : options.servers,
        question.name);
    auto const channel = std::make_shared<AresChannel>(executor, clock);
    // Without CHECKRESP a server that says SERVFAIL or REFUSED would be passed over instead of quoted.
    options.flags = ARES_FLAG_NOCHECKRESP | (question.over_tcp ? ARES_FLAG_USEVC : 0) |
                    (question.recursive ? 0 : ARES_FLAG_NORECURSE);
    auto const opened = channel->open(options);
    if (!opened) co_return std::unexpected(opened.error());
    auto changed = std::make_shared<Event>(executor, "an answer of a name server");
    channel->start_query(asked_name(question), static_cast<int>(question.type), std::move(changed));
    auto const status = co_await await_request(channel, deadline);
    if (!channel->fault().empty()) co_return fail(Errc::io, "{}: {}", phrase, channel->fault());
    auto const reply = channel->take_reply();
    if (reply.empty()) co_return std::unexpected(explain(phrase, status));
    auto answer = read_dns_reply(reply, question.type);
    if (!answer) co_return pass(answer, phrase);
    co_return std::move(*answer);
}

}  // namespace vedette::net
