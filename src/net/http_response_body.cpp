// Framing off, gzip off, one piece per read. The first error is final and closes the connection at once.

#include "net/http_response_body.hpp"

namespace vedette::net {

ResponseBody::ResponseBody(Options options, HttpPool::Lease lease, std::unique_ptr<HttpConnection> connection)
    : options_(std::move(options)), decoder_(options_.plan), connection_(std::move(connection)) {
    lease_.emplace(std::move(lease));
    if (decoder_.done()) release();
}

Task<std::string> ResponseBody::read(Deadline deadline) {
    while (true) {
        if (failed_) co_return std::unexpected(*failed_);
        auto piece = decode_buffered();
        if (!piece) co_return give_up(std::move(piece).error());
        if (!piece->empty()) co_return piece;
        if (!connection_) {
            if (!options_.gunzip || gzip_.complete()) co_return std::string{};
            co_return give_up(Error(Errc::malformed, "the gzip data ends early"));
        }
        auto const count = co_await connection_->fill(deadline);
        if (!count) co_return give_up(reworded(count.error()));
        if (*count > 0) continue;
        auto const ended = decoder_.end_of_stream();
        if (!ended) co_return give_up(ended.error());
        release();
    }
}

// What the bytes at hand give: a piece, or nothing when more must be read or the body is at its end.
Result<std::string> ResponseBody::decode_buffered() {
    while (true) {
        if (options_.gunzip) {
            auto piece = gzip_.next();
            if (!piece || !piece->empty()) return piece;
        }
        if (!connection_ || connection_->buffer.empty()) return std::string{};
        std::string plain;
        auto const used = decoder_.feed(connection_->buffer, plain);
        if (!used) return std::unexpected(used.error());
        connection_->buffer.erase(0, *used);
        if (decoder_.done()) release();
        if (!options_.gunzip) return plain;
        gzip_.feed(plain);
    }
}

Error ResponseBody::reworded(Error error) const {
    auto const progress = decoder_.progress();
    switch (error.code()) {
        case Errc::timed_out:
            return Error(Errc::timed_out, fmt::format("no answer from {} within the deadline (body, after {})",
                                                      options_.name, progress));
        case Errc::reset:
            return Error(Errc::reset, fmt::format("connection reset after {}", progress));
        case Errc::closed:
            return Error(Errc::closed, fmt::format("the peer closed after {}", progress));
        default:
            return error;
    }
}

std::unexpected<Error> ResponseBody::give_up(Error error) {
    connection_.reset();
    lease_.reset();
    if (error.code() != Errc::timed_out) error = std::move(error).in_context("body from " + options_.name);
    failed_ = error;
    return std::unexpected(std::move(error));
}

// Bytes behind the body's end were never asked for: such a connection is not to be trusted with another request.
void ResponseBody::release() {
    if (options_.keep && connection_->buffer.empty()) {
        lease_->keep(std::move(connection_));
    }
    connection_.reset();
    lease_.reset();
}

}  // namespace vedette::net
