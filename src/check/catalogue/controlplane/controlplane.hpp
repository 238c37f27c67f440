#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const apiserver_livez;
extern CheckType const apiserver_readyz;
extern CheckType const apiserver_latency;
extern CheckType const leader_leases;
extern CheckType const apiservices;
extern CheckType const webhooks;

}  // namespace vedette::check
