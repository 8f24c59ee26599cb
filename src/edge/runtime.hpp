// One configuration at work on one worker: what is compiled from it and what changes while it
// runs. A request holds on to the one it began with; a reload makes a new one beside it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "edge/balance.hpp"
#include "edge/config.hpp"
#include "edge/error_page.hpp"
#include "edge/evidence.hpp"
#include "edge/header_filter.hpp"
#include "edge/origin_link.hpp"
#include "edge/retry.hpp"

namespace causeway::edge {

struct PoolState {
  explicit PoolState(const Pool& the_pool, const Timeouts& timeouts);
  const Pool& pool;
  std::vector<std::unique_ptr<OriginState>> origins;
  Balancer balancer;
  std::vector<Candidate> candidates;  // memory of a choice; nothing lasts in it
  RetryBudget budget;
};

class Runtime {
 public:
  // `evidence` may be null: then nothing is kept.
  Runtime(ConfigPtr config, std::shared_ptr<const PageTemplate> page,
          std::shared_ptr<Evidence> evidence = nullptr);

  const Config& config() const { return *config_; }
  const HeaderFilters& filters() const { return filters_; }
  const PageTemplate* page() const { return page_.get(); }
  std::vector<std::unique_ptr<PoolState>>& pools() { return pools_; }

  struct Match {
    const Route* route = nullptr;  // null: nothing is configured for this host and path
    PoolState* pool = nullptr;
  };
  Match match(std::string_view host, std::string_view path) const;
  PoolState* pool_named(std::string_view name) const;  // null: there is none

  // Whether connecting there would reach one of our own listeners.
  bool is_own(const Endpoint& address) const;

  void sweep(Instant now);
  void close();  // every connection to an origin

 private:
  ConfigPtr config_;
  std::shared_ptr<const PageTemplate> page_;
  std::shared_ptr<Evidence> evidence_;
  HeaderFilters filters_;
  std::vector<std::unique_ptr<PoolState>> pools_;
  std::vector<PoolState*> route_pools_;
};

// "*.example.net" takes every name below it; an empty pattern list takes all.
bool host_matches(const std::vector<std::string>& patterns, std::string_view host);
// "/api" takes "/api" and "/api/x", not "/apis".
bool path_matches(std::string_view prefix, std::string_view path);

}  // namespace causeway::edge
