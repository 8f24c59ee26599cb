#include "edge/pool_switches.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "edge/limits.hpp"
#include "edge/query.hpp"

namespace causeway::edge {
namespace {

// Names of pools are those of the configuration, which may hold any text.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text, limits::kUrlBytes)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Parsed<std::string> pool_named(std::string_view key, const std::string& value,
                               const Config& config) {
  if (config.pool(value) != nullptr) return value;
  std::vector<std::string> names;
  names.reserve(config.pools.size());
  for (const auto& pool : config.pools) names.push_back(pool.name);
  const std::string near = nearest(value, names);
  return error(fmt::format(
      "{}={}: there is no such pool; {}", key, printable(value, 60),
      near.empty() ? "there are " + join(names, ", ") : fmt::format("is \"{}\" meant?", near)));
}

}  // namespace

std::string PoolSwitches::stand_in(std::string_view pool, Instant now) const {
  if (!any()) return {};
  const std::scoped_lock lock{mutex_};
  const auto found = std::ranges::find(all_, pool, &Switch::from);
  return found == all_.end() || found->until <= now ? std::string{} : found->to;
}

Parsed<bool> PoolSwitches::put(std::string_view query, const Config& config, Instant now) {
  Switch wanted;
  for (const auto& [key, value] : query_pairs(query)) {
    if (key == "from" || key == "to") {
      auto name = pool_named(key, value, config);
      if (!name) return std::unexpected{name.error()};
      (key == "from" ? wanted.from : wanted.to) = std::move(*name);
    } else if (key == "for") {
      const auto span = parse_duration(value);
      if (!span || *span <= Duration{} || *span > limits::kPoolSwitchMost) {
        return error(fmt::format("for={}: expected a time up to {}h, such as 30m",
                                 printable(value, 40), limits::kPoolSwitchMost.count()));
      }
      wanted.until = now + *span;
    } else {
      return error(fmt::format("\"{}\" is no key of a switch; expected from, to or for",
                               printable(key, 40)));
    }
  }
  if (wanted.from.empty() || wanted.to.empty() || wanted.from == wanted.to) {
    return error("expected ?from=POOL&to=POOL, two different ones");
  }
  const std::scoped_lock lock{mutex_};
  std::erase_if(all_,
                [&](const Switch& one) { return one.from == wanted.from || one.until <= now; });
  all_.push_back(std::move(wanted));
  count_.store(all_.size(), std::memory_order_relaxed);
  return true;
}

Parsed<std::size_t> PoolSwitches::take_back(std::string_view query) {
  std::string from;
  for (const auto& [key, value] : query_pairs(query)) {
    if (key != "from") return error("expected ?from=POOL, or nothing to take all back");
    from = value;
  }
  const std::scoped_lock lock{mutex_};
  const std::size_t gone =
      std::erase_if(all_, [&](const Switch& one) { return from.empty() || one.from == from; });
  count_.store(all_.size(), std::memory_order_relaxed);
  return gone;
}

std::string PoolSwitches::json(Instant now) const {
  const std::scoped_lock lock{mutex_};
  std::string rows;
  for (const auto& one : all_) {
    if (one.until <= now) continue;
    const std::string left =
        one.until == kNever
            ? "null"
            : std::to_string(std::chrono::ceil<std::chrono::seconds>(one.until - now).count());
    rows += fmt::format("{}\n  {{\"from\": {}, \"to\": {}, \"seconds_left\": {}}}",
                        rows.empty() ? "" : ",", quoted(one.from), quoted(one.to), left);
  }
  return fmt::format("{{\"switches\": [{}{}]}}\n", rows, rows.empty() ? "" : "\n");
}

std::string PoolSwitches::metrics(Instant now) const {
  const std::scoped_lock lock{mutex_};
  std::string out =
      "# HELP causeway_edge_pool_switched Pools that another stands in for.\n"
      "# TYPE causeway_edge_pool_switched gauge\n";
  for (const auto& one : all_) {
    if (one.until <= now) continue;
    out += fmt::format("causeway_edge_pool_switched{{pool={},stand_in={}}} 1\n", quoted(one.from),
                       quoted(one.to));
  }
  return out;
}

}  // namespace causeway::edge
