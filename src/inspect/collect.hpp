// Reads this host: its files, and what its own programs print. Changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "inspect/snapshot.hpp"

namespace causeway::inspect {

struct CollectRequest {
  std::vector<std::uint16_t> ports{80, 443};
  std::vector<Prefix> edge;  // whose lines of logs are told apart from visitors'
  Duration sample{};         // read counters, queues and rules again after this long; 0: once
  Duration since = std::chrono::hours{1};          // of logs
  std::function<void(std::string_view)> progress;  // what is being read, for a person who waits
};

Snapshot collect(const CollectRequest& request);

}  // namespace causeway::inspect
