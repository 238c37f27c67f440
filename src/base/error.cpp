#include "base/error.hpp"

namespace vedette {

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::invalid_input:
            return "invalid_input";
        case Errc::not_found:
            return "not_found";
        case Errc::denied:
            return "denied";
        case Errc::unauthorized:
            return "unauthorized";
        case Errc::dns_failure:
            return "dns_failure";
        case Errc::refused:
            return "refused";
        case Errc::unreachable:
            return "unreachable";
        case Errc::timed_out:
            return "timed_out";
        case Errc::reset:
            return "reset";
        case Errc::closed:
            return "closed";
        case Errc::malformed:
            return "malformed";
        case Errc::too_large:
            return "too_large";
        case Errc::tls_failure:
            return "tls_failure";
        case Errc::proxy_failure:
            return "proxy_failure";
        case Errc::conflict:
            return "conflict";
        case Errc::already_exists:
            return "already_exists";
        case Errc::gone:
            return "gone";
        case Errc::too_many_requests:
            return "too_many_requests";
        case Errc::unavailable:
            return "unavailable";
        case Errc::unsupported:
            return "unsupported";
        case Errc::rejected:
            return "rejected";
        case Errc::io:
            return "io";
    }
    return "?";
}

}  // namespace vedette
