#pragma once
// A name server on the loopback interface, over UDP and TCP: knows some names, fails for others, is silent for the
// rest.

#include "base/clock.hpp"
#include "base/task_group.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vedette::net {

class Zone {
public:
    enum Type : char { a = 1, aaaa = 28 };
    struct Addresses {
        std::string four;  ///< raw, as std::string("\x0a\0\0\1", 4)
        std::string six;
    };
    using Key = std::pair<std::string, Type>;

    std::map<std::string, Addresses> addresses;
    std::map<std::string, char> failures;  ///< name -> response code
    std::set<std::string> right_for_ipv4;  ///< the failure is about IPv6 only
    std::set<Key> dropped;                 ///< never answered
    std::map<Key, Duration> late;          ///< answered after so long
    std::optional<int> silent_after;       ///< questions; those that follow are never answered
    bool truncates = false;                ///< over UDP

    std::vector<std::string> asked;  ///< "name A", "name AAAA", in the order they came
    int over_tcp = 0;

    int questions() const { return static_cast<int>(asked.size()); }
    std::string address() const { return fmt::format("127.0.0.1:{}", udp_.local_endpoint().port()); }

    Zone(asio::any_io_executor executor, Clock& clock)
        : clock_(clock), udp_(executor), tcp_(executor), tasks_(executor) {
        bind();
        tasks_.spawn(serve_udp());
        tasks_.spawn(serve_tcp());
    }
    Async<void> stop() { co_await tasks_.stop(); }

    /// Both families of example addresses: 10.0.0.N and 2001:db8::N.
    static Addresses both(char n) { return {four(n), six(n)}; }
    static std::string four(char n) { return std::string("\x0a\0\0", 3) + n; }
    static std::string six(char n) { return std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15) + n; }

private:
    using udp = asio::ip::udp;
    using tcp = asio::ip::tcp;

    // The port that UDP got may be taken for TCP.
    void bind() {
        auto const loopback = asio::ip::address_v4::loopback();
        for (int attempt = 0; attempt < 20; ++attempt) {
            udp_ = udp::socket(udp_.get_executor(), udp::endpoint(loopback, 0));
            tcp_ = tcp::acceptor(tcp_.get_executor(), tcp::v4());
            boost::system::error_code taken;
            tcp_.bind({loopback, udp_.local_endpoint().port()}, taken);
            if (!taken) break;
        }
        tcp_.listen();
    }

    Async<void> serve_udp() {
        for (;;) {
            std::string query(512, '\0');
            udp::endpoint from;
            auto const size = co_await udp_.async_receive_from(asio::buffer(query), from, asio::use_awaitable);
            query.resize(size);
            tasks_.spawn(answer_udp(std::move(query), from));
        }
    }

    Async<void> answer_udp(std::string query, udp::endpoint from) {
        auto const key = key_of(query);
        auto reply = reply_to(query, key);
        if (reply.empty()) co_return;
        if (truncates) {
            reply = query;
            reply[2] = '\x83';
        }
        if (auto const found = late.find(key); found != late.end()) co_await clock_.sleep_for(found->second);
        co_await udp_.async_send_to(asio::buffer(reply), from, asio::use_awaitable);
    }

    Async<void> serve_tcp() {
        for (;;) {
            auto socket = co_await tcp_.async_accept(asio::use_awaitable);
            unsigned char size[2];
            co_await asio::async_read(socket, asio::buffer(size), asio::use_awaitable);
            std::string query(static_cast<std::size_t>(size[0] * 256 + size[1]), '\0');
            co_await asio::async_read(socket, asio::buffer(query), asio::use_awaitable);
            ++over_tcp;
            auto const reply = reply_to(query, key_of(query));
            auto const framed =
                std::string{static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())} + reply;
            co_await asio::async_write(socket, asio::buffer(framed), asio::use_awaitable);
        }
    }

    // The question's name, dotted, and its type.
    static Key key_of(std::string const& query) {
        std::string name;
        std::size_t at = 12;
        while (query[at] != 0) {
            auto const length = static_cast<std::size_t>(query[at]);
            name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
            at += length + 1;
        }
        return {name, static_cast<Type>(query[at + 2])};
    }

    std::string reply_to(std::string const& query, Key const& key) {
        auto const& [name, type] = key;
        asked.push_back(name + (type == a ? " A" : " AAAA"));
        if (dropped.contains(key) || (silent_after && questions() > *silent_after)) return {};
        auto reply = query.substr(0, 12 + name.size() + 2 + 4);
        reply[2] = '\x81';
        reply[3] = '\x80';
        std::fill(reply.begin() + 6, reply.begin() + 12, '\0');
        if (auto const failed = failures.find(name);
            failed != failures.end() && !(type == a && right_for_ipv4.contains(name))) {
            reply[3] = static_cast<char>('\x80' | failed->second);
            return reply;
        }
        auto const known = addresses.find(name);
        if (known == addresses.end()) return {};
        auto const& raw = type == a ? known->second.four : known->second.six;
        if (raw.empty()) return reply;
        reply[7] = 1;
        reply +=
            std::string("\xc0\x0c\x00", 3) + static_cast<char>(type) + std::string("\x00\x01\x00\x00\x00\x3c\x00", 7);
        reply += static_cast<char>(raw.size()) + raw;
        return reply;
    }

    Clock& clock_;
    udp::socket udp_;
    tcp::acceptor tcp_;
    TaskGroup tasks_;
};

}  // namespace vedette::net
