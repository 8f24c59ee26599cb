// Which layers of this host decide over packets, and what can be said to them.
#pragma once

#include <string>
#include <vector>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"
#include "guard/grant.hpp"
#include "guard/plan.hpp"

namespace causeway::guard {

// Asks ufw, firewalld and fail2ban whether they are at work here.
Tools find_tools();

// The bans of the grant's jails that lie in its ranges, as fail2ban has them now.
void add_bans(Grant& grant);
// Addresses of fail2ban's `get JAIL banip` that lie in the ranges.
std::vector<Ban> bans_within(const std::string& jail, std::string_view listing,
                             const std::vector<Prefix>& ranges);

struct Layer {
  std::string name;  // "ufw (iptables-nft)", "by hand (nft)", "nginx"
  std::size_t chains = 0;
  std::size_t rules = 0;
  std::string where;               // what is no packet filter: "/etc/nginx/nginx.conf"
  std::vector<std::string> stops;  // of the edge: "7 of 22 ranges to port 443: drop"
  std::vector<std::string> left;   // what of that `apply` leaves as it is, and why
};

// Packet filters by owner and stack, most rules first; what each stops is taken from `proof`.
std::vector<Layer> layers_of(const firewall::Collection& collection, const firewall::Proof& proof,
                             const Tools& tools);

}  // namespace causeway::guard
