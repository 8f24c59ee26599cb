// The URL or host name given on the command line, read strictly (RFC 3986, http and https only).
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/diagnosis.hpp"

namespace causeway::model {

// "https://www.example.net:8443/path?query", "www.example.net", "www.example.net:8443/path",
// "192.0.2.1", "[2001:db8::1]:443", "2001:db8::1". Without a scheme: https. Refused with what is
// wrong and what is expected.
Parsed<Target> parse_target(std::string_view text);
// A host as it stands in a URL: a name, in lower case, or an IPv4 address. A name whose last label
// is a number is neither (WHATWG URL 3.5).
Parsed<std::string> parse_host_name(std::string_view text);

}  // namespace causeway::model
