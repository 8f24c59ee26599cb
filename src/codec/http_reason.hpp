// The words beside a status code in HTTP/1 (RFC 9110 section 15, and the edge's own 52x).
#pragma once

#include <string_view>

namespace causeway::codec {

std::string_view reason_phrase(int status);  // "Not Found"; "Status" for numbers without one

}  // namespace causeway::codec
