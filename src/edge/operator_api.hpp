// What the admin listener answers about origins and the cache.
//   GET  /.causeway/verdict         every origin with its current verdict (causeway.edge-verdict/1)
//   POST /.causeway/purge?url=...   or ?prefix=HOST/PATH, ?tag=NAME, ?all: stored answers are gone
//   POST /.causeway/drill?failure=ID&percent=...   a failure on purpose (drill_board.hpp)
//   GET  /.causeway/drill           those under way;  DELETE ends them
//   POST /.causeway/switch?from=POOL&to=POOL   another pool serves (pool_switches.hpp)
//   GET  /.causeway/switch          those in force;  DELETE takes them back
// Who may ask is decided before (admin.hpp).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "edge/cache_store.hpp"
#include "edge/drill_board.hpp"
#include "edge/evidence.hpp"
#include "edge/pool_switches.hpp"
#include "net/http_service.hpp"

namespace causeway::edge {

// Each may be null.
struct Operated {
  std::shared_ptr<CacheStore> cache;
  std::shared_ptr<Evidence> evidence;
  std::shared_ptr<DrillBoard> drills;
  std::shared_ptr<PoolSwitches> switches;  // with `config`, whose pools they name
  ConfigPtr config;
  EdgeNow edge = {};
};

// Nothing for a path that is somebody else's.
std::optional<net::HttpReply> operator_reply(const net::HttpRequest& request,
                                             const Operated& operated);

// The same for a path whose reply may have to wait for a disk: what is to be run on a thread that
// may wait, and owns all it touches. Empty for every other request.
std::function<net::HttpReply()> slow_reply(const net::HttpRequest& request,
                                           const Operated& operated);

// Of cache and origins, in the text format of Prometheus.
std::string operator_metrics(const Operated& operated);

}  // namespace causeway::edge
