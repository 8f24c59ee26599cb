// Answers made smaller for those who can read them so (RFC 9110 section 8.4.1.3): a list of a
// thousand targets is a tenth of its size.
#pragma once

#include <string>
#include <string_view>

#include "net/http_service.hpp"

namespace causeway::console {

// What an ETag ends with when its answer is compressed: another form has another tag (RFC 9110
// section 8.8.3.3).
inline constexpr std::string_view kGzipTag = "-gz";

// Whether the client takes it: "gzip" or "*" in Accept-Encoding, without ";q=0".
bool takes_gzip(const net::HttpRequest& request);

// A gzip file (RFC 1952); empty when it cannot be made.
std::string gzip(std::string_view text);

// Compresses a text of some length when the client takes it; its ETag then names this form of it.
// No secret stands in a text that long beside what a stranger chose: sessions' cookies do not come
// along from other sites (SameSite=Strict), so sizes tell nothing (BREACH).
void compress(const net::HttpRequest& request, net::HttpReply& reply);

}  // namespace causeway::console
