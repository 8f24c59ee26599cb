// What this machine's own files say about names: resolv.conf(5) and hosts(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "reach/request.hpp"

namespace causeway::reach {

// The name servers of a resolv.conf, in order, at most limits::kDnsResolvers; 127.0.0.1 when it
// names none, as the system does. Servers with a zone id (fe80::1%eth0) are left out. The search
// list is not used: an edge has full names only.
std::vector<Endpoint> parse_resolvers(std::string_view resolv_conf);

// Addresses that a hosts file gives `name`, in order.
std::vector<IpAddress> parse_hosts(std::string_view hosts, std::string_view name);

// The resolvers to ask: --resolver, else those of /etc/resolv.conf.
std::vector<Endpoint> resolvers_of(const Request& request);

// What /etc/hosts, and RFC 6761 for localhost, say about `name`: the system asks no resolver then.
std::vector<IpAddress> hosts_addresses(std::string_view name);

}  // namespace causeway::reach
