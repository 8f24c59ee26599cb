#include "judge/scene.hpp"

#include <algorithm>

#include "base/address.hpp"

namespace causeway::judge {

using model::Kind;

Scene::Scene(const Evidence& evidence) : evidence_(evidence), by_kind_(model::kind_rows().size()) {
  for (const auto& seen : evidence.observations) {
    by_kind_.at(static_cast<std::size_t>(seen.kind)).push_back(&seen);
  }
  const auto note = [this](std::string address) {
    if (address.empty() || for_comparison_only(address)) return;
    if (std::ranges::find(addresses_, address) == addresses_.end()) {
      addresses_.push_back(std::move(address));
    }
  };
  for (const auto& attempt : evidence.attempts) {
    if (attempt.address && attempt.via == model::Via::direct) note(attempt.address->text());
  }
  for (const Seen seen : of(Kind::address)) {
    if (ours(*seen)) note(std::string{seen->text("address")});
  }
}

bool Scene::ours(const model::Observation& seen) const {
  return seen.vantage.empty() || seen.vantage == evidence_.vantage;
}

Seen Scene::target() const {
  for (const Seen seen : of(Kind::target)) {
    if (ours(*seen)) return seen;
  }
  return nullptr;
}

std::string Scene::host() const {
  const Seen seen = target();
  return seen == nullptr ? std::string{} : std::string{seen->text("host")};
}

std::string Scene::scheme() const {
  const Seen seen = target();
  return seen == nullptr || !seen->has("scheme") ? "https" : std::string{seen->text("scheme")};
}

int Scene::port() const {
  const Seen seen = target();
  if (seen != nullptr && seen->has("port")) return static_cast<int>(seen->integer("port"));
  return scheme() == "http" ? 80 : 443;
}

Seen Scene::address(std::string_view text) const {
  for (const Seen seen : of(Kind::address)) {
    if (ours(*seen) && seen->text("address") == text) return seen;
  }
  return nullptr;
}

bool Scene::for_comparison_only(std::string_view address) const {
  bool known = false;
  for (const Seen seen : of(Kind::address)) {
    if (!ours(*seen) || seen->text("address") != address) continue;
    if (seen->text("source") != "known") return false;
    known = true;
  }
  return known;
}

std::string Scene::source(std::string_view address) const {
  std::string out;
  for (const Seen seen : of(Kind::connect)) {
    if (!ours(*seen) || seen->text("role") != "main") continue;
    if (address.empty() || seen->text("address") == address) out = seen->text("source");
  }
  return out;
}

Scene::Holds Scene::holds(std::string_view vantage, std::string_view address) const {
  const std::string_view family = address.contains(':') ? "ipv6" : "ipv4";
  bool any = false;
  bool hidden = false;
  bool open = false;
  for (const Seen seen : of(Kind::own_address)) {
    if (seen->vantage != vantage) continue;
    any = true;
    if (seen->text("address") == address) return Holds::yes;
    if (seen->text("family") != family) continue;
    const auto what = seen->text("class");
    if (what == "private" || what == "shared") hidden = true;
    if (what == "global" || what == "documentation") open = true;
  }
  if (!any) return Holds::unknown;
  return hidden && !open ? Holds::translated : Holds::no;
}

bool Scene::concerns_us(const model::Observation& fact, const Focus& focus) const {
  if (!fact.has("sources")) return true;
  // About the target as a whole, it is the edge that matters.
  if (focus.address.empty()) return fact.boolean("in_edge");
  const auto own = IpAddress::parse(source(focus.address));
  if (!own) return false;
  const bool inside = classify(*own) == AddressClass::private_use ||
                      classify(*own) == AddressClass::shared ||
                      classify(*own) == AddressClass::loopback;
  const auto target = IpAddress::parse(focus.address);
  // Translated on the way: which address the origin saw is not known.
  if (inside && target && classify(*target) == AddressClass::global) return false;
  return std::ranges::any_of(fact.texts("sources"), [&](const std::string& text) {
    const auto range = Prefix::parse(text);
    return range && range->contains(*own);
  });
}

bool Scene::applies(const model::Observation& fact, const Focus& focus) const {
  if (fact.has("port") && fact.integer("port") != focus.port) return false;
  if (!focus.address.empty()) {
    const auto held = holds(fact.vantage, focus.address);
    if (held == Holds::no) return false;
    const bool v6 = focus.address.contains(':');
    if (fact.has("family") && (fact.text("family") == "ipv6") != v6) return false;
    if (fact.has("address") && held != Holds::translated && fact.text("address") != focus.address) {
      return false;
    }
  }
  return concerns_us(fact, focus);
}

std::vector<Seen> ours_about(const Scene& scene, Kind kind, std::string_view address) {
  std::vector<Seen> out;
  for (const Seen seen : scene.of(kind)) {
    if (scene.ours(*seen) && seen->text("address") == address) out.push_back(seen);
  }
  return out;
}

}  // namespace causeway::judge
