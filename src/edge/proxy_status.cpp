#include "edge/proxy_status.hpp"

#include "base/text.hpp"
#include "edge/structured.hpp"

namespace causeway::edge {

std::string write(const ProxyStatus& status) {
  std::string out = sf_name(status.edge);
  if (!status.token.empty()) add_token(out, "error", status.token);
  if (status.token == "dns_error") {
    if (!status.rcode.empty()) add_string(out, "rcode", status.rcode);
    if (status.info_code >= 0) add_integer(out, "info-code", status.info_code);
  }
  if (status.token == "tls_alert_received") {
    if (status.alert_id >= 0) add_integer(out, "alert-id", status.alert_id);
    if (!status.alert_message.empty()) add_string(out, "alert-message", status.alert_message);
  }
  if (!status.next_hop.empty()) add_string(out, "next-hop", status.next_hop);
  if (status.received_status > 0) add_integer(out, "received-status", status.received_status);
  if (!status.details.empty()) add_string(out, "details", status.details);
  return out;
}

std::string appended(std::string_view received, const std::string& member) {
  const auto before = trim(received);
  return before.empty() ? member : std::string{before} + ", " + member;
}

}  // namespace causeway::edge
