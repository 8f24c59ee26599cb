// Percent-encoding of URLs (RFC 3986 section 2.1).
#pragma once

#include <string>
#include <string_view>

namespace causeway::codec {

std::string percent_decoded(std::string_view text);  // what is no valid escape stays as it is
std::string percent_encoded(std::string_view text);  // all but unreserved characters (section 2.3)

}  // namespace causeway::codec
