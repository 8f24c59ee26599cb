// Neighbour discovery (RFC 4861): before any packet of IPv6, the router asks for the host's
// hardware address by ICMPv6, and the host for the router's. A filter that stops that stops all of
// IPv6, as soon as what was known before is forgotten.
#pragma once

#include <string>

#include "firewall/model.hpp"

namespace causeway::firewall {

// A sentence when the rules for what comes in drop by default and none of them can be one that lets
// neighbour discovery in; empty: one may. The proof itself takes neighbours as known.
std::string neighbour_warning(const Ruleset& rules);

}  // namespace causeway::firewall
