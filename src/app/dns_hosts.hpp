// Probing the hosts of a zone for drift: what answers at each address, for each name on its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/dns.hpp"
#include "model/edge_ranges.hpp"
#include "net/task.hpp"
#include "zone/drift.hpp"

namespace causeway::app {

struct HostsQuestion {
  const zone::Snapshot& snapshot;
  const zone::ServersQuestion& servers;  // resolver, source
  std::vector<KnownAddress> known;
  model::EdgeRanges edge;
  std::string ca_file;
};

// Bounded by limits::kDriftHosts, kDriftHostsAtOnce and kDriftHostWait.
net::Task<std::vector<zone::HostView>> probe_hosts(HostsQuestion question);

// DS at the parent, keys in the zone, and what a validating resolver makes of both.
net::Task<zone::DnssecView> look_at_dnssec(const zone::ServersQuestion& servers,
                                           const zone::Snapshot& snapshot);

}  // namespace causeway::app
