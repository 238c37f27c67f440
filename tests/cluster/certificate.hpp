#pragma once
// Certificates of a run, made anew.

#include <string>
#include <string_view>

namespace vedette::cluster {

/// The certificate `name` of the run (pki/NAME.crt: admin, apiserver, ...) as PEM, with the same key, subject and
/// names, but another life. `start` and `end` are what date(1) reads: "-360 days", "+5 days". Fails the test when it
/// cannot be made.
std::string reissued_certificate(std::string_view name, std::string_view start, std::string_view end);

}  // namespace vedette::cluster
