#pragma once
#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace vedette::cli {

/// SIGINT and SIGTERM: the first calls `first`; the second ends the process at once with code 130.
class Signals {
public:
    Signals(boost::asio::any_io_executor executor, std::function<void()> first);
    ~Signals();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::cli
