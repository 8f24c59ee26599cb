// A request by way of the cache: served from it, or passed on with its answer kept on the way back.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "edge/cache_collapse.hpp"
#include "edge/cache_store.hpp"
#include "edge/reply.hpp"
#include "edge/scratch.hpp"
#include "net/event.hpp"
#include "net/task.hpp"

namespace causeway::edge {

class Worker;
class Http1Front;

// What one worker needs besides the store that all share: who already asks for what.
struct CacheFlights {
  Collapse collapse;
  std::unordered_map<std::string, std::shared_ptr<net::Event>> waiting;
};

// As `ask_origins` (handle.hpp), through the cache of the worker's snapshot.
net::Task<void> answer_through_cache(Worker& worker, Reply& reply, const Visitor& visitor,
                                     Scratch& scratch, Http1Front* tunnel);

}  // namespace causeway::edge
