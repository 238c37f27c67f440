#include "kube/target_check.hpp"

#include "net/tls.hpp"

namespace vedette::kube {
namespace {

Result<void> check_authority(std::string const& pem) {
    if (pem.empty()) return {};
    auto const read = net::parse_certificates(pem);
    if (read) return {};
    return fail(Errc::invalid_input, "certificate-authority: {}; get the cluster's CA certificate as PEM",
                read.error().text());
}

Result<void> check_client(Credentials const& who) {
    if (who.certificate_pem.empty()) return {};
    auto const matched = net::check_key_pair(who.certificate_pem, who.key_pem);
    if (matched) return {};
    return fail(Errc::invalid_input, "client-certificate and client-key: {}; get both anew", matched.error().text());
}

}  // namespace

Result<void> check_target(Target const& target) {
    if (!target.server.starts_with("https:")) return {};
    auto const where = fmt::format("kubeconfig context \"{}\"", target.context);
    if (auto checked = check_authority(target.ca_pem); !checked) return pass(checked, where);
    if (auto checked = check_client(target.credentials); !checked) return pass(checked, where);
    return {};
}

}  // namespace vedette::kube
