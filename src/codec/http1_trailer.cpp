#include "codec/http1_trailer.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "codec/http1_head.hpp"

namespace causeway::codec {
namespace {

constexpr auto kNever = std::to_array<std::string_view>(
    {// framing and connection
     "transfer-encoding", "content-length", "connection", "keep-alive", "proxy-connection",
     "upgrade", "te", "trailer", "http2-settings",
     // routing
     "host", "forwarded", "via", "cdn-loop", "x-forwarded-for", "x-forwarded-host",
     "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "true-client-ip", "cf-connecting-ip",
     "max-forwards",
     // conditions and requests about the answer
     "cache-control", "pragma", "expect", "range", "if-match", "if-none-match", "if-modified-since",
     "if-unmodified-since", "if-range", "prefer",
     // credentials and state
     "authorization", "www-authenticate", "proxy-authorization", "proxy-authenticate",
     "authentication-info", "proxy-authentication-info", "cookie", "set-cookie",
     // control data
     "age", "date", "expires", "location", "retry-after", "vary", "warning", "allow",
     "clear-site-data", "strict-transport-security", "x-method-override", "x-http-method-override",
     // the content
     "content-encoding", "content-type", "content-range", "content-location", "content-language",
     "content-security-policy", "accept-ranges"});

bool is_value_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

bool read_line(std::string_view line, std::vector<HeaderField>& out) {
  const auto colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (!std::ranges::all_of(name, is_token_byte) || !std::ranges::all_of(value, is_value_byte)) {
    return false;
  }
  out.push_back({name, value});
  return true;
}

}  // namespace

bool read_trailer(std::string_view lines, std::vector<HeaderField>& out) {
  bool good = true;
  while (!lines.empty()) {
    const auto end = lines.find("\r\n");
    const auto line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
    if (!line.empty()) good = read_line(line, out) && good;
  }
  return good;
}

bool may_trail(std::string_view name) {
  return std::ranges::none_of(
      kNever, [&](std::string_view never) { return equals_ignoring_case(never, name); });
}

bool takes_trailers(std::string_view te) {
  return std::ranges::any_of(split(te, ','), [](std::string_view part) {
    return equals_ignoring_case(trim(part.substr(0, part.find(';'))), "trailers");
  });
}

}  // namespace causeway::codec
