#pragma once
// A server that is not Kubernetes: it gives the same answer to everything.

#include "kube/api.hpp"

namespace vedette::check {

class SameAnswer final : public kube::Api {
public:
    SameAnswer(int status, std::string body) : status_(status), body_(std::move(body)) {}

    Task<kube::Response> send(kube::Request, Deadline) override {
        ++requests;
        co_return kube::Response{.status = status_, .headers = {}, .body = net::make_body(body_)};
    }

    std::size_t requests = 0;

private:
    int status_;
    std::string body_;
};

}  // namespace vedette::check
