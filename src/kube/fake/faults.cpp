#include "kube/fake/faults.hpp"

namespace vedette::kube::fake {
namespace {

class CutBody final : public net::Body {
public:
    CutBody(std::unique_ptr<net::Body> body, std::size_t bytes) : body_(std::move(body)), limit_(bytes) {}

    Task<std::string> read(Deadline deadline) override {
        if (given_ == limit_) co_return fail(Errc::reset, "connection reset after {} bytes", given_);
        auto piece = co_await body_->read(deadline);
        if (!piece) co_return pass(piece);
        if (piece->empty()) co_return piece;
        piece->resize(std::min(piece->size(), limit_ - given_));
        given_ += piece->size();
        co_return piece;
    }

private:
    std::unique_ptr<net::Body> body_;
    std::size_t limit_;
    std::size_t given_ = 0;
};

}  // namespace

std::optional<Fault> Faults::strike(Fault::Kind kind, std::string_view method, std::string_view path) {
    for (auto& fault : faults_) {
        if (fault.kind != kind || fault.times == 0) continue;
        if (!fault.method.empty() && fault.method != method) continue;
        if (!path.starts_with(fault.path_prefix)) continue;
        if (fault.probability < 1 && !random_.chance(fault.probability)) continue;
        if (fault.times > 0) --fault.times;
        return fault;
    }
    return std::nullopt;
}

std::unique_ptr<net::Body> cut_body(std::unique_ptr<net::Body> body, std::size_t bytes) {
    return std::make_unique<CutBody>(std::move(body), bytes);
}

}  // namespace vedette::kube::fake
