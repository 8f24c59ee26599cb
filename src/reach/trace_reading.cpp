#include "reach/trace_reading.hpp"

#include <algorithm>

namespace causeway::reach {
namespace {

using net::ConnectOutcome;

std::string text_of(const Hop& hop, const IpAddress& target) {
  if (hop.note && hop.note->offender != IpAddress{}) return hop.note->offender.text();
  return hop.end == Hop::End::target ? target.text() : "*";
}

// A router seen again with another one between: packets circle. The same address twice in a row is
// a router that answers for the one behind it.
bool circles(const std::vector<std::string>& hops) {
  for (std::size_t i = 0; i < hops.size(); ++i) {
    if (hops[i] == "*") continue;
    bool other = false;
    for (std::size_t j = i + 1; j < hops.size(); ++j) {
      if (hops[j] == hops[i] && other) return true;
      other = other || (hops[j] != "*" && hops[j] != hops[i]);
    }
  }
  return false;
}

}  // namespace

Hop read_hop(const net::ConnectResult& result) {
  switch (result.outcome) {
    case ConnectOutcome::open:
    case ConnectOutcome::refused:
    case ConnectOutcome::reset: return {Hop::End::target, std::nullopt};
    case ConnectOutcome::icmp: break;
    case ConnectOutcome::silent: return {};
    case ConnectOutcome::local: return {Hop::End::local, std::nullopt};
  }
  if (!result.icmp) return {Hop::End::local, std::nullopt};
  Hop hop{Hop::End::icmp, result.icmp};
  if (result.icmp->name == "ttl-exceeded") {
    // From the target itself too: a router that translates addresses answers in its name.
    hop.end = Hop::End::router;
  } else if (result.icmp->offender_is == net::Offender::target) {
    hop.end = Hop::End::target;
  }
  return hop;
}

int silent_tail(const std::vector<Hop>& hops) {
  const auto answered = std::find_if(hops.rbegin(), hops.rend(),
                                     [](const Hop& hop) { return hop.end != Hop::End::pending; });
  return static_cast<int>(answered - hops.rbegin());
}

Path read_path(const std::vector<Hop>& hops, const IpAddress& target) {
  Path path;
  const auto local = std::ranges::find(hops, Hop::End::local, &Hop::end);
  if (local == hops.begin() && local != hops.end()) {
    path.outcome = "not-tested";
    path.settled = true;
    return path;
  }
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const Hop& hop = hops[i];
    const int ttl = static_cast<int>(i) + 1;
    path.hops.push_back(text_of(hop, target));
    if (hop.end == Hop::End::router) {
      path.last_hop = path.hops.back();
      path.last_ttl = ttl;
    }
    if (hop.end != Hop::End::target && hop.end != Hop::End::icmp) continue;
    path.icmp = hop.note;
    if (hop.end == Hop::End::target) path.target_ttl = ttl;
    path.outcome = hop.end == Hop::End::target ? "reached" : "icmp";
    path.settled = true;
    return path;
  }
  // What is silent at the end is one fact, not many: no more than one star of it is kept.
  while (path.hops.size() > 1 && path.hops.back() == "*" && *(path.hops.end() - 2) == "*") {
    path.hops.pop_back();
  }
  path.settled = circles(path.hops);
  path.outcome = path.settled ? "loop" : path.last_ttl > 0 ? "stops" : "nothing";
  return path;
}

}  // namespace causeway::reach
