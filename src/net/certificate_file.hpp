// A certificate in a file, before anybody meets it: its dates and names, and whether its key fits.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/tls.hpp"

namespace causeway::net {

// The text of such a file. Wrong: it holds no certificate.
Parsed<CertificateFacts> parse_certificate(std::string_view pem);

// `certificate`: a file, PEM, leaf first. `key`: another; empty: not looked at. Wrong: a file that is no such
// thing, or a key that is not the certificate's.
Parsed<CertificateFacts> read_certificate(const std::string& certificate, const std::string& key);

}  // namespace causeway::net
