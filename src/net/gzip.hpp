#pragma once
// gzip, in pieces of bounded size.

#include "base/error.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace vedette::net {

/// Unpacks a gzip stream that arrives in pieces. However far the input expands, no piece is larger than
/// `piece_limit`.
class GzipReader {
public:
    static constexpr std::size_t piece_limit = 256 * 1024;

    GzipReader();
    ~GzipReader();
    GzipReader(GzipReader const&) = delete;
    GzipReader& operator=(GzipReader const&) = delete;

    /// Adds packed bytes; call it when next() has said that it needs more.
    void feed(std::string_view packed);
    /// The next piece; empty when more input is needed. Errors: malformed.
    Result<std::string> next();
    /// Whether the input so far ends where a gzip member ends, or there was none at all.
    bool complete() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Packs a text into one gzip member, in steps that are short enough for others on the reactor to have a turn between.
class GzipWriter {
public:
    static constexpr std::size_t step_size = 32 * 1024;

    explicit GzipWriter(std::string text);
    ~GzipWriter();
    GzipWriter(GzipWriter const&) = delete;
    GzipWriter& operator=(GzipWriter const&) = delete;

    /// Packs the next `step_size` bytes. True when nothing is left.
    bool step();
    /// The whole member, after the last step.
    std::string take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The whole of `text` as one gzip member, at once.
std::string gzip(std::string_view text);

}  // namespace vedette::net
