#pragma once
// An instance: one check of a suite, ready to run.

#include "check/check_type.hpp"

namespace vedette::check {

struct Instance {
    std::string id;  ///< stable: "suite/name"
    Identity identity;
    CheckType const* type = nullptr;
    Params params;
};

/// An instance with every parameter at its default.
Instance default_instance(CheckType const& type);

/// The defaults of a type's own parameters, as `with` has them. Parameters without a default are absent.
boost::json::object default_with(CheckType const& type);

}  // namespace vedette::check
