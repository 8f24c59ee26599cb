// Lists of refused addresses, as their programs print them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::inspect {

struct Ban {
  std::string list;  // jail, scenario or file
  Prefix source;
  std::string detail;

  bool operator==(const Ban&) const = default;
};

// `fail2ban-client banned`: [{'sshd': ['203.0.113.9', ...]}, {'nginx-http-auth': []}]
std::vector<Ban> parse_fail2ban(std::string_view text);
// `cscli decisions list -o raw`: id,source,scope:value,reason,action,country,as,...
std::vector<Ban> parse_crowdsec(std::string_view text);
// csf.deny and hosts.deny: a prefix somewhere on a line that is no comment.
std::vector<Ban> parse_deny_file(std::string_view text, std::string_view file);

}  // namespace causeway::inspect
