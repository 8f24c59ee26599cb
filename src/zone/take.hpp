// Taking a snapshot: the provider's records and settings, and what every name server serves.
#pragma once

#include <optional>
#include <string>

#include "net/task.hpp"
#include "zone/cloudflare.hpp"
#include "zone/servers.hpp"
#include "zone/snapshot.hpp"

namespace causeway::zone {

struct TakeQuestion {
  ServersQuestion servers;
  bool ask_servers = true;
};

// `provider` null: only the name servers are asked. Fails when neither side gives a record.
net::Task<Parsed<Snapshot>> take_snapshot(Cloudflare* provider, TakeQuestion question);

}  // namespace causeway::zone
