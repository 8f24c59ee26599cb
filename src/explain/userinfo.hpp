// A URL's "user:password@" is nobody's business, wherever a URL is shown.
#pragma once

#include <string>
#include <string_view>

namespace causeway::explain {

// `text` without what stands between "://" and an "@" of the same authority (RFC 3986 section
// 3.2.1). All else stays byte for byte.
std::string without_userinfo(std::string_view text);

}  // namespace causeway::explain
