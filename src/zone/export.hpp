// A snapshot in the formats of others. Pure.
#pragma once

#include <string>

#include "zone/snapshot.hpp"

namespace causeway::zone {

// A master file (RFC 1035 section 5) that BIND, knot and others load. What such a file cannot say
// (proxied, automatic TTL) stands in a comment; automatic becomes 300 s.
std::string to_bind(const Snapshot& snapshot);

// octoDNS's YAML: names relative to the zone, '' is the zone itself. Types octoDNS does not know
// stand in comments at the end.
std::string to_octodns(const Snapshot& snapshot);

// DNSControl's dnsconfig.js, for its Cloudflare provider. SOA and the zone's own NS records are the
// provider's there; types without a function of their own stand in comments at the end.
std::string to_dnscontrol(const Snapshot& snapshot);

}  // namespace causeway::zone
