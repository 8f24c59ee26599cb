// What an inspection of the origin says about one address that we tried: is it that machine's at
// all, and is what it serves what lies on its disk?
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/address.hpp"
#include "base/text.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

std::set<std::string> inspected(const Scene& scene) {
  std::set<std::string> out;
  for (const Seen seen : scene.of(Kind::own_address)) out.insert(seen->vantage);
  return out;
}

std::vector<Seen> addresses_of(const Scene& scene, const std::string& vantage) {
  std::vector<Seen> out;
  for (const Seen seen : scene.of(Kind::own_address)) {
    if (seen->vantage == vantage) out.push_back(seen);
  }
  return out;
}

std::string listed(const std::vector<Seen>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const Seen seen : addresses) texts.emplace_back(seen->text("address"));
  return join(texts, ", ");
}

// Several machines may have been inspected; the address belongs to one of them at most.
void compare_ownership(Comparisons& out, const std::string& address) {
  const auto& scene = out.scene();
  std::string_view result;
  std::string detail;
  std::vector<Seen> from;
  for (const auto& vantage : inspected(scene)) {
    const auto held = scene.holds(vantage, address);
    if (held == Scene::Holds::unknown) continue;
    const auto own = addresses_of(scene, vantage);
    if (held == Scene::Holds::yes) {
      result = "present";
      detail = fmt::format("{} has it", vantage);
      from = own;
      break;
    }
    if (held == Scene::Holds::translated) {
      result = "translated";
    } else if (result.empty()) {
      result = "absent";
    }
    detail += fmt::format("{}{} has {}", detail.empty() ? "" : "; ", vantage, listed(own));
    from.insert(from.end(), own.begin(), own.end());
  }
  if (!result.empty()) out.add("origin-address", result, address, std::move(detail), from);
}

bool names_host(const std::vector<std::string>& names, std::string_view host) {
  return std::ranges::any_of(names, [host](const std::string& name) {
    if (equals_ignoring_case(name, host)) return true;
    if (!name.starts_with("*.")) return false;
    const auto dot = host.find('.');
    return dot != std::string_view::npos &&
           equals_ignoring_case(host.substr(dot), std::string_view{name}.substr(1));
  });
}

// The certificate of the site's own file beside the one that came over the wire.
void compare_certificate_file(Comparisons& out, const std::string& address) {
  const auto& scene = out.scene();
  const Seen served = find_ours(scene, Kind::certificate, address, "variant", "main");
  if (served == nullptr || !served->has("fingerprint")) return;
  for (const Seen site : scene.of(Kind::site)) {
    if (!site->has("fingerprint") || scene.holds(site->vantage, address) == Scene::Holds::no ||
        !names_host(site->texts("certificate_names"), scene.host())) {
      continue;
    }
    const bool same = equals_ignoring_case(site->text("fingerprint"), served->text("fingerprint"));
    // RFC 3339 in UTC sorts as text.
    const bool newer = !same && site->text("not_after") > served->text("not_after");
    if (!same && !newer) continue;
    out.add("certificate-file", same ? "same" : "newer", address,
            fmt::format("{} ends {}", site->text("certificate"), site->text("not_after")),
            {served, site});
    return;
  }
}

// No packet of ours was seen at the origin although it was listening while we asked.
void compare_presence(Comparisons& out, const std::string& address) {
  const auto& scene = out.scene();
  const Seen asked = main_connect(scene, address);
  if (asked == nullptr || !asked->has("source")) return;
  const auto port = static_cast<int>(asked->integer("port"));
  for (const Seen fact : scene.of(Kind::fact)) {
    if (fact->text("what") != "packets" || !fact->has("over_ms") ||
        !scene.applies(*fact, {.address = address, .port = port})) {
      continue;
    }
    const auto span = std::chrono::milliseconds{static_cast<std::int64_t>(fact->real("over_ms"))};
    const auto waited = std::chrono::milliseconds{
        static_cast<std::int64_t>(std::max(asked->real("waited_ms"), asked->real("elapsed_ms")))};
    // `at` of a connection is its outcome; SYNs left from `waited` before on.
    const bool meanwhile = asked->at - waited < fact->at + span && asked->at > fact->at;
    if (fact->text("value") == "none" && meanwhile) {
      out.add("at-origin", "missing", address,
              fmt::format("none in {:.1f} s, while we asked", fact->real("over_ms") / 1000),
              {asked, fact});
      return;
    }
  }
}

}  // namespace

void compare_origin(Comparisons& out, const std::string& address) {
  compare_ownership(out, address);
  compare_certificate_file(out, address);
  compare_presence(out, address);
}

}  // namespace causeway::judge
