#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const apiserver_cert;
extern CheckType const own_credentials;

}  // namespace vedette::check
