#pragma once
// Several lambdas as one visitor: std::visit(Overload{[](A const&) {}, [](B const&) {}}, variant).

namespace vedette {

template <class... Each>
struct Overload : Each... {
    using Each::operator()...;
};

}  // namespace vedette
