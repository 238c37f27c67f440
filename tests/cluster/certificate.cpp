// `openssl ca`, because OpenSSL 3.0 has no other command that takes a beginning.

#include "cluster/certificate.hpp"

#include "cluster/cluster.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::cluster {

std::string reissued_certificate(std::string_view name, std::string_view start, std::string_view end) {
    auto const pki = variable("VEDETTE_CLUSTER_RUN") + "/pki";
    File const database("");
    File const request("");
    File const certificate("");
    File const config(fmt::format(R"([ca]
default_ca = run
[run]
certificate = {0}/ca.crt
private_key = {0}/ca.key
database = {1}
new_certs_dir = {0}
rand_serial = yes
default_md = sha256
copy_extensions = copyall
unique_subject = no
policy = any
[any]
organizationName = optional
commonName = supplied
)",
                                  pki, database.path()));
    auto const made = run(fmt::format(
        "openssl x509 -x509toreq -copy_extensions copyall -in {0}/{1}.crt -signkey {0}/{1}.key -out {2} 2>/dev/null && "
        "openssl ca -batch -notext -config {3} -in {2} -out {4} -startdate $(date -u -d '{5}' +%Y%m%d%H%M%SZ) "
        "-enddate $(date -u -d '{6}' +%Y%m%d%H%M%SZ) 2>/dev/null; status=$?; rm -f {7}*.attr* {7}.old {7}.new; "
        "cat {4}; exit $status",
        pki, name, request.path(), config.path(), certificate.path(), start, end, database.path()));
    EXPECT_EQ(made.code, 0) << "no certificate " << name << " from " << start << " to " << end;
    return made.text;
}

}  // namespace vedette::cluster
