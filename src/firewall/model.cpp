#include "firewall/model.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/ruleset_nft.hpp"

namespace causeway::firewall {

std::string_view name(Stack stack) {
  switch (stack) {
    case Stack::legacy: return "iptables-legacy";
    case Stack::iptables_nft: return "iptables-nft";
    case Stack::nft: return "nft";
  }
  return "";
}

std::string_view name(Hook hook) {
  switch (hook) {
    case Hook::ingress: return "ingress";
    case Hook::prerouting: return "prerouting";
    case Hook::input: return "input";
    case Hook::forward: return "forward";
    case Hook::output: return "output";
    case Hook::postrouting: return "postrouting";
    case Hook::egress: return "egress";
    case Hook::none: return "";
  }
  return "";
}

std::string Rule::shown() const {
  return text.empty() ? codec::nft_text(json) : printable(text, limits::kTextKept);
}

bool Table::holds(Family packets) const {
  if (family == "inet" || family == "netdev") return true;
  return family == (packets == Family::ipv4 ? "ip" : "ip6");
}

void Set::finish() {
  if (width != 1) return;
  if (is_map) {
    std::vector<std::vector<Interval>> parts(values.size());
    for (std::size_t i = 0; i < mapped.size(); ++i) parts[mapped[i]].push_back(cells[i]);
    for (auto& one : parts) by_value.push_back(IntervalSet::of(std::move(one)));
    return;
  }
  if (exceptions.empty()) {
    all = IntervalSet::of(cells);
    return;
  }
  // The longest prefix that holds an address decides: lay them down widest first.
  std::vector<std::size_t> order(cells.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [this](std::size_t a, std::size_t b) {
    const Key one = cells[a].last - cells[a].first;
    const Key other = cells[b].last - cells[b].first;
    return one != other ? one > other : a < b;
  });
  for (const auto i : order) {
    if (exceptions[i]) {
      all.remove(cells[i]);
    } else {
      all.add(cells[i]);
    }
  }
}

}  // namespace causeway::firewall
