#include "edge/runtime.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace causeway::edge {

PoolState::PoolState(const Pool& the_pool, const Timeouts& timeouts)
    : pool(the_pool),
      balancer(pool.policy, pool.slow_start),
      budget(pool.retries.budget_percent, pool.retries.budget_least) {
  for (const auto& origin : pool.origins) {
    origins.push_back(
        std::make_unique<OriginState>(origin, timeouts, pool.retries.rest, pool.queue));
    auto& record = origins.back()->record;
    record.name_hash = hash_of(origin.name);
    record.circuit = Circuit{{.rest = pool.retries.rest}};
    record.health = HealthTrack{pool.check.failures, pool.check.successes};
  }
}

Runtime::Runtime(ConfigPtr config, std::shared_ptr<const PageTemplate> page,
                 std::shared_ptr<Evidence> evidence)
    : config_(std::move(config)),
      page_(std::move(page)),
      evidence_(std::move(evidence)),
      filters_(config_->headers) {
  for (const auto& pool : config_->pools) {
    pools_.push_back(std::make_unique<PoolState>(pool, config_->timeouts));
    for (auto& origin : pools_.back()->origins) {
      if (evidence_) origin->evidence = evidence_->find(pool.name, origin->origin().name);
    }
  }
  for (const auto& route : config_->routes) route_pools_.push_back(pool_named(route.pool));
}

PoolState* Runtime::pool_named(std::string_view name) const {
  const auto found = std::ranges::find(
      pools_, name, [](const auto& state) -> std::string_view { return state->pool.name; });
  return found == pools_.end() ? nullptr : found->get();
}

Runtime::Match Runtime::match(std::string_view host, std::string_view path) const {
  for (std::size_t i = 0; i < config_->routes.size(); ++i) {
    const Route& route = config_->routes[i];
    if (host_matches(route.hosts, host) && path_matches(route.path, path)) {
      return {&route, route_pools_[i]};
    }
  }
  return {};
}

bool Runtime::is_own(const Endpoint& address) const {
  return std::ranges::any_of(config_->listeners, [&](const Listener& listener) {
    if (listener.address.port != address.port) return false;
    if (listener.address.address == address.address) return true;
    return classify(listener.address.address) == AddressClass::unspecified &&
           classify(address.address) == AddressClass::loopback;
  });
}

void Runtime::close() {
  for (const auto& pool : pools_) {
    for (const auto& origin : pool->origins) origin->close();
  }
}

void Runtime::sweep(Instant now) {
  for (auto& pool : pools_) {
    for (auto& origin : pool->origins) origin->sweep(now);
  }
}

bool host_matches(const std::vector<std::string>& patterns, std::string_view host) {
  if (patterns.empty()) return true;
  return std::ranges::any_of(patterns, [&](std::string_view pattern) {
    if (pattern == "*") return true;
    if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
    const auto tail = pattern.substr(1);
    return host.size() > tail.size() &&
           equals_ignoring_case(host.substr(host.size() - tail.size()), tail);
  });
}

bool path_matches(std::string_view prefix, std::string_view path) {
  if (prefix.empty() || prefix == "/") return true;
  if (!path.starts_with(prefix)) return false;
  return prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/';
}

}  // namespace causeway::edge
