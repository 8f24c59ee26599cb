#pragma once

#include <vector>

#include "app/dns.hpp"
#include "zone/drift.hpp"

namespace causeway::app {

struct DriftSeen {
  zone::ZoneView view;
  std::vector<zone::Finding> findings;
};

// Takes a fresh snapshot, probes every host, and compares. Progress on stderr.
Parsed<DriftSeen> see_drift(DnsSession& session);

}  // namespace causeway::app
