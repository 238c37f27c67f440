// A name server for one pod, linked without shared libraries because its image has none.
//
//   name_server PORT FILE      FILE: lines of "name IPv4-address", read anew for every question
//
// Answers questions over UDP: the address of a name that the file has to those for A, nothing to others, and NXDOMAIN
// for every other name.

#include <arpa/inet.h>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace {

struct Question {
    std::string name;
    int type = 0;
    std::size_t end = 0;  ///< of its bytes in the message
};

constexpr std::size_t header_size = 12;
constexpr int type_a = 1;

std::optional<Question> read_question(std::string_view message) {
    Question question{.end = header_size};
    while (question.end < message.size() && message[question.end] != 0) {
        auto const length = static_cast<std::size_t>(static_cast<unsigned char>(message[question.end]));
        if (length > 63 || question.end + 1 + length >= message.size()) return std::nullopt;
        if (!question.name.empty()) question.name += '.';
        question.name += message.substr(question.end + 1, length);
        question.end += 1 + length;
    }
    question.end += 5;  // the root's label, type and class
    if (question.end > message.size()) return std::nullopt;
    question.type = static_cast<unsigned char>(message[question.end - 3]);
    return question;
}

std::optional<in_addr> address_of(std::string const& wanted, char const* file) {
    std::ifstream lines(file);
    for (std::string name, address; lines >> name >> address;) {
        in_addr parsed{};
        if (name == wanted && ::inet_pton(AF_INET, address.c_str(), &parsed) == 1) return parsed;
    }
    return std::nullopt;
}

// RFC 1035, 4.1: the id of the question, its flags with "response" and "authoritative", and the question again.
std::string answer_to(std::string_view message, Question const& question, std::optional<in_addr> address) {
    bool const has_answer = address && question.type == type_a;
    std::string answer(message.substr(0, 2));
    answer += static_cast<char>(0x84 | (message[2] & 1));
    answer += address ? '\x00' : '\x03';
    answer += {0, 1, 0, static_cast<char>(has_answer), 0, 0, 0, 0};
    answer += message.substr(header_size, question.end - header_size);
    if (!has_answer) return answer;
    answer += {'\xc0', header_size, 0, type_a, 0, 1, 0, 0, 0, 60, 0, 4};
    answer.append(reinterpret_cast<char const*>(&*address), sizeof *address);
    return answer;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    int const server = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in own{.sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])))};
    if (::bind(server, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) return 1;
    while (true) {
        char buffer[512];
        sockaddr_in client{};
        socklen_t size = sizeof client;
        auto const got = ::recvfrom(server, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&client), &size);
        if (got <= static_cast<ssize_t>(header_size)) continue;
        std::string_view const message(buffer, static_cast<std::size_t>(got));
        auto const question = read_question(message);
        if (!question) continue;
        auto const answer = answer_to(message, *question, address_of(question->name, arguments[2]));
        ::sendto(server, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&client), size);
    }
}
