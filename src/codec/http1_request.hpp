// The request a probe sends: what an edge would send to an origin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::codec {

struct RequestText {
  std::string method = "GET";
  std::string path = "/";        // with query, percent-encoded
  std::string host;              // name or address, without brackets; empty: no Host line
  std::uint16_t port = 0;        // 0 or the scheme's own: not in the Host line
  std::string scheme = "https";  // as the visitor used it (X-Forwarded-Proto)
  std::string accept = "*/*";
  // Nothing here decompresses (a page of 10 GB may hide in 10 MB), so a page that is to be read
  // must come as it is. An edge would ask for "br, gzip".
  std::string accept_encoding = "identity";
  std::vector<std::pair<std::string, std::string>> more;  // further fields, in order
};

// "example.net", "example.net:8443", "[2001:db8::1]:8443" (RFC 9110 7.2). Also HTTP/2's :authority.
std::string authority(const RequestText& request);

// Names and values of the fields after Host, the same for HTTP/1.1 and HTTP/2 except Connection.
std::vector<std::pair<std::string, std::string>> request_fields(const RequestText& request);

// The whole HTTP/1.1 request, with the empty line. Bytes that would break the lines (CR, LF, NUL,
// other controls, blanks in the path) are percent-encoded in the path and dropped elsewhere.
std::string write_request(const RequestText& request);

}  // namespace causeway::codec
