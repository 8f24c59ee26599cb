// The edge's ranges as other firewalls and servers want them said: cloud security groups, which no
// program on the host can see or change, and web servers' lists. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::guard {

enum class ExportForm : std::uint8_t {
  list,  // a range a line
  json,  // causeway.ranges/1
  aws,
  gcloud,
  azure,
  hcloud,
  doctl,
  terraform,
  nginx,   // real addresses of visitors, and only the edge allowed
  apache,  // the same, for mod_remoteip and mod_authz_core
  csf,     // lines for csf.allow and csf.ignore
};

// "list|json|aws|..." for help and refusals.
const std::string& export_forms();
std::optional<ExportForm> parse_export_form(std::string_view word);

struct Export {
  std::string edge;  // its name
  std::string date;  // of the list; may be empty
  std::vector<Prefix> ranges;
  std::vector<std::uint16_t> ports;
};

std::string export_text(const Export& what, ExportForm form);

}  // namespace causeway::guard
