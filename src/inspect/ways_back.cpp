// The host's way back to each range of the edge: routes as the kernel would choose them, and
// whether the next hop is there.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "firewall/host.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/prefixes.hpp"

namespace causeway::inspect {
namespace {

using firewall::RouteAnswer;
using model::Kind;

bool is_dead(std::string_view neighbour) {
  return neighbour == "FAILED" || neighbour == "INCOMPLETE";
}

std::string words_of_route(const RouteAnswer& answer) {
  if (answer.route == nullptr) return "no route";
  const auto& route = *answer.route;
  std::string out = route.type == "unicast" ? "" : route.type + " ";
  out += route.destination.length() == 0 ? "default" : route.destination.text();
  if (route.gateway) out += " via " + route.gateway->text();
  if (!route.devices.empty()) out += " dev " + route.devices.front();
  return out;
}

std::string_view refusal_of(const RouteAnswer& answer) {
  switch (answer.type) {
    case firewall::kBlackhole: return "blackhole";
    case firewall::kUnreachable: return "unreachable";
    case firewall::kProhibit: return "prohibited";
    default: return "no-route";
  }
}

class Analyzer {
 public:
  Analyzer(const View& view, Notes& notes)
      : view_(view),
        notes_(notes),
        neighbours_(parse_neighbours(view.snapshot.text("neighbours.json"))) {
    for (const auto& own : view.own_addresses()) own_[own.address.family()].push_back(own);
  }

  void analyze() {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      // Private IPv6 is never translated to an edge's; private IPv4 is.
      const bool reachable = std::ranges::any_of(own_[family], [](const View::Own& own) {
        return own.address.is_v4() || classify(own.address) == AddressClass::global ||
               classify(own.address) == AddressClass::documentation;
      });
      if (!reachable) continue;
      good_.clear();
      for (const auto& range : view_.edge(family)) way(range, family);
      if (!good_.empty()) {
        auto& fact = notes_.fact("return-route", "ok", good_ids_);
        fact.set("family", name(family)).set("sources", good_).set("in_edge", true);
      }
      good_ids_.clear();
    }
    masks();
  }

 private:
  void way(const Prefix& range, Family family) {
    firewall::RouteQuestion question;
    question.family = family;
    question.target = {.client = true};
    question.source = {.client = false, .key = firewall::key_of(own_[family].front().address)};
    const firewall::IntervalSet clients{firewall::interval_of(range)};
    for (const auto& piece : view_.collection.host.route(question, clients)) {
      const auto sources = prefixes_of(piece.clients, family, 64);
      if (piece.answer.doubt != nullptr || !sources || sources->empty()) continue;
      one(range, family, piece.answer, *sources);
    }
  }

  void one(const Prefix& range, Family family, const RouteAnswer& answer,
           const std::vector<std::string>& sources) {
    auto& out = notes_.saw(Kind::way_back, range.text());
    out.set("range", sources.size() == 1 ? sources.front() : range.text());
    out.set("family", name(family));
    out.set("route", words_of_route(answer));
    if (answer.type != firewall::kUnicast || answer.devices.empty()) {
      const auto refusal = refusal_of(answer);
      out.set("outcome", refusal);
      // The firewall proof says so too, for each port; without one this is the only voice.
      bad("none", out, sources,
          refusal == "no-route" ? fmt::format("no route to {}", range.text())
                                : fmt::format("route {}", words_of_route(answer)));
      return;
    }
    out.set("device", answer.devices.front());
    const auto gateway = answer.route == nullptr ? std::nullopt : answer.route->gateway;
    if (!gateway) {
      on_link(out, range, answer, sources);
      return;
    }
    out.set("gateway", *gateway);
    const auto state = neighbours_.find(*gateway);
    if (state != neighbours_.end()) out.set("neighbour", state->second);
    if (state != neighbours_.end() && is_dead(state->second)) {
      out.set("outcome", "dead-gateway");
      bad("wrong", out, sources,
          fmt::format("the gateway {} does not answer ({})", gateway->text(), state->second));
      return;
    }
    out.set("outcome", "ok");
    keep_good(out, sources);
  }

  // Point-to-point links need no next hop; on a shared one an edge is never a neighbour.
  void on_link(model::Observation& out, const Prefix& range, const RouteAnswer& answer,
               const std::vector<std::string>& sources) {
    const auto* device = view_.collection.host.interface(answer.devices.front());
    const bool shared = device != nullptr && device->link_type == "ether";
    const auto dead = std::ranges::find_if(neighbours_, [&](const auto& one) {
      return range.contains(one.first) && is_dead(one.second);
    });
    if (!shared) {
      out.set("outcome", "ok");
      keep_good(out, sources);
      return;
    }
    if (dead == neighbours_.end()) {
      out.set("outcome", "on-link");
      return;
    }
    out.set("outcome", "dead-neighbour").set("neighbour", dead->second);
    on_link_.push_back({answer.devices.front(), range, out.id, sources, dead->first});
  }

  void keep_good(const model::Observation& out, const std::vector<std::string>& sources) {
    good_.insert(good_.end(), sources.begin(), sources.end());
    good_ids_.push_back(out.id);
  }

  void bad(std::string_view value, const model::Observation& out,
           const std::vector<std::string>& sources, const std::string& detail) {
    auto& fact = notes_.fact("return-route", value, {out.id});
    fact.set("family", out.text("family")).set("sources", sources).set("in_edge", true);
    fact.set("detail", detail);
  }

  // The edge is taken for a neighbour because one of our own masks is too wide; or by a route.
  void masks() {
    for (const auto& one : on_link_) {
      const auto& all = own_[one.range.address().family()];
      const auto wide = std::ranges::find_if(all, [&](const View::Own& own) {
        return own.device == one.device &&
               Prefix{own.address, own.length}.contains(one.range.address());
      });
      const auto detail =
          fmt::format("{} is looked for on {} itself and does not answer there ({})",
                      one.range.text(), one.device, one.neighbour.text());
      auto& fact = wide == all.end() ? notes_.fact("return-route", "wrong", {one.id})
                                     : notes_.fact("netmask", "wrong", {one.id});
      fact.set("family", name(one.range.address().family()))
          .set("sources", one.sources)
          .set("in_edge", true);
      fact.set("detail", wide == all.end() ? detail
                                           : fmt::format("{}/{}: {}", wide->address.text(),
                                                         wide->length, detail));
    }
  }

  struct OnLink {
    std::string device;
    Prefix range;
    std::string id;
    std::vector<std::string> sources;
    IpAddress neighbour;
  };

  const View& view_;
  Notes& notes_;
  std::map<IpAddress, std::string> neighbours_;
  std::map<Family, std::vector<View::Own>> own_;
  std::vector<std::string> good_;
  std::vector<std::string> good_ids_;
  std::vector<OnLink> on_link_;
};

}  // namespace

void analyze_ways_back(const View& view, Notes& notes) {
  if (!view.snapshot.rulesets.contains("route4.json")) return;
  Analyzer{view, notes}.analyze();
}

}  // namespace causeway::inspect
