// Proxy-Status (RFC 9209): what this edge did about the request, as one member of the list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "edge/problem.hpp"

namespace causeway::edge {

struct ProxyStatus {
  std::string_view edge = "causeway";  // our name; the member's value
  std::string_view token;              // error type; empty: no error
  std::string_view details;            // for a person; no addresses of origins unless wanted
  std::string_view next_hop;           // empty: not told
  int received_status = 0;             // of the origin, when one came
  // RFC 9209 2.3: parameters of some error types; 0 or empty: not known
  std::string_view rcode;  // dns_error: "NXDOMAIN"
  int info_code = -1;      // dns_error: extended error of RFC 8914
  int alert_id = -1;       // tls_alert_received
  std::string_view alert_message;
};

std::string write(const ProxyStatus& status);

// The member behind what the origin's side already said: the list is in the order of the response's
// way, so that the last member is the proxy next to the visitor (RFC 9209 section 2).
std::string appended(std::string_view received, const std::string& member);

}  // namespace causeway::edge
