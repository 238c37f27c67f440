// zlib in a loop. Members may follow one another (RFC 1952, 2.2).

#include "net/gzip.hpp"

#include "base/ensure.hpp"

#include <zlib.h>

#include <algorithm>

namespace vedette::net {
namespace {

constexpr std::size_t smallest_piece = 4096;  // room for little input: a watch's events come one by one
constexpr int gzip_window = 15 + 16;          // the largest window, gzip framing

Bytef* bytes_of(std::string& text) {
    return reinterpret_cast<Bytef*>(text.data());
}

}  // namespace

struct GzipReader::State {
    z_stream stream{};
    std::string input;
    std::size_t used = 0;
    bool inside_member = false;
    bool output_pending = false;  // the last piece was full: zlib may hold more although the input is used up
};

GzipReader::GzipReader() : state_(std::make_unique<State>()) {
    ensure(inflateInit2(&state_->stream, gzip_window) == Z_OK, "zlib initialises while there is memory");
}

GzipReader::~GzipReader() {
    inflateEnd(&state_->stream);
}

void GzipReader::feed(std::string_view packed) {
    state_->input.erase(0, state_->used);
    state_->used = 0;
    state_->input.append(packed);
}

Result<std::string> GzipReader::next() {
    auto& s = *state_;
    std::string piece;
    while (piece.empty() && (s.used < s.input.size() || s.output_pending)) {
        auto const ready = std::min<std::size_t>(s.input.size() - s.used, 1 << 30);
        piece.resize(std::clamp(4 * ready, smallest_piece, piece_limit));
        s.stream.next_in = bytes_of(s.input) + s.used;
        s.stream.avail_in = static_cast<uInt>(ready);
        s.stream.next_out = bytes_of(piece);
        s.stream.avail_out = static_cast<uInt>(piece.size());
        s.inside_member = s.inside_member || ready > 0;
        auto const code = inflate(&s.stream, Z_NO_FLUSH);
        s.used += ready - s.stream.avail_in;
        s.output_pending = s.stream.avail_out == 0 && code != Z_STREAM_END;
        piece.resize(piece.size() - s.stream.avail_out);
        if (code == Z_STREAM_END) {
            inflateReset(&s.stream);
            s.inside_member = false;
        } else if (code != Z_OK && code != Z_BUF_ERROR) {
            return fail(Errc::malformed, "malformed gzip data: {}", s.stream.msg ? s.stream.msg : "damaged");
        }
    }
    return piece;
}

bool GzipReader::complete() const {
    return !state_->inside_member && state_->used == state_->input.size();
}

struct GzipWriter::State {
    z_stream stream{};
    std::string text;
    std::size_t used = 0;
    std::string packed;
};

GzipWriter::GzipWriter(std::string text) : state_(std::make_unique<State>()) {
    auto& s = *state_;
    auto const code = deflateInit2(&s.stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY);
    ensure(code == Z_OK, "zlib initialises while there is memory");
    s.text = std::move(text);
}

GzipWriter::~GzipWriter() {
    deflateEnd(&state_->stream);
}

bool GzipWriter::step() {
    auto& s = *state_;
    auto const size = std::min(step_size, s.text.size() - s.used);
    bool const last = s.used + size == s.text.size();
    s.stream.next_in = bytes_of(s.text) + s.used;
    s.stream.avail_in = static_cast<uInt>(size);
    s.used += size;
    int code = Z_OK;
    do {
        auto const before = s.packed.size();
        s.packed.resize(before + smallest_piece);
        s.stream.next_out = bytes_of(s.packed) + before;
        s.stream.avail_out = smallest_piece;
        code = deflate(&s.stream, last ? Z_FINISH : Z_NO_FLUSH);
        ensure(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR, "packing has no way to fail");
        s.packed.resize(s.packed.size() - s.stream.avail_out);
    } while (s.stream.avail_out == 0 && code != Z_STREAM_END);
    return last;
}

std::string GzipWriter::take() {
    return std::move(state_->packed);
}

std::string gzip(std::string_view text) {
    GzipWriter writer{std::string(text)};
    while (!writer.step()) {
    }
    return writer.take();
}

}  // namespace vedette::net
