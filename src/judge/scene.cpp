#include "judge/scene.hpp"

#include <algorithm>

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

std::vector<Seen> ours_about(const Scene& scene, Kind kind, std::string_view address) {
  std::vector<Seen> out;
  for (const Seen seen : scene.of(kind)) {
    if (scene.ours(*seen) && seen->text("address") == address) out.push_back(seen);
  }
  return out;
}

}  // namespace causeway::judge
