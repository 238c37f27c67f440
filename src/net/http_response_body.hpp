#pragma once
// The body of a response, straight from its connection.

#include "net/gzip.hpp"
#include "net/http_codec.hpp"
#include "net/http_pool.hpp"

namespace vedette::net {

/// Gives the connection back to the pool as soon as the last byte is read off it; destroyed earlier, or after any
/// error, it closes the connection.
class ResponseBody final : public Body {
public:
    struct Options {
        BodyPlan plan;
        bool keep = false;    ///< whether the connection may be kept at all
        bool gunzip = false;  ///< whether to unpack
        std::string name;     ///< of the peer, for errors
    };
    ResponseBody(Options options, HttpPool::Lease lease, std::unique_ptr<HttpConnection> connection);

    Task<std::string> read(Deadline deadline) override;

private:
    Result<std::string> decode_buffered();
    Error reworded(Error error) const;
    std::unexpected<Error> give_up(Error error);
    void release();

    Options options_;
    BodyDecoder decoder_;
    GzipReader gzip_;
    std::optional<HttpPool::Lease> lease_;
    std::unique_ptr<HttpConnection> connection_;
    std::optional<Error> failed_;
};

}  // namespace vedette::net
