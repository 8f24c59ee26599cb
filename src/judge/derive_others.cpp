// Comparisons of one address with everything beside it: other vantages, own addresses, the owner's
// word, the target's other addresses, the same question again.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/address.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

// How far a vantage came with an address, and what it met there.
struct Standing {
  int level =
      -1;  // -1 nothing known, 0 not connected, 1 connected, 2 TLS, 3 an answer, 4 a good one
  std::string outcome;
  std::vector<Seen> from;

  void raise(int to, std::string met, Seen seen) {
    from.push_back(seen);
    if (to < level) return;
    level = to;
    outcome = std::move(met);
  }
};

std::string met(const model::Observation& seen) {
  const auto outcome = seen.text("outcome");
  if (outcome == "icmp")
    return fmt::format("{} from the {}", seen.text("icmp"), seen.text("offender_is"));
  return std::string{outcome};
}

void weigh(Standing& standing, const model::Observation& seen) {
  const auto outcome = seen.text("outcome");
  switch (seen.kind) {
    case Kind::connect:
      if (seen.text("role") == "main" && outcome != "local") {
        standing.raise(outcome == "open" ? 1 : 0, met(seen), &seen);
      }
      break;
    case Kind::tls:
      if (seen.text("variant") == "main") {
        standing.raise(outcome == "ok" ? 2 : 1, "TLS " + met(seen), &seen);
      }
      break;
    case Kind::http:
      if (seen.text("variant") == "main") {
        const auto status = seen.integer("status");
        const bool whole = outcome == "complete";
        standing.raise(!whole         ? 2
                       : status < 400 ? 4
                                      : 3,
                       whole ? fmt::format("HTTP {}", status) : "HTTP " + met(seen), &seen);
      }
      break;
    default: break;
  }
}

Standing standing_of(const Scene& scene, const std::string& address) {
  Standing out;
  for (const Kind kind : {Kind::connect, Kind::tls, Kind::http}) {
    for (const Seen seen : ours_about(scene, kind, address)) weigh(out, *seen);
  }
  return out;
}

// Whether a reset is met while connecting, in the handshake or after the request is a race.
bool cut_alike(std::string_view mine, std::string_view theirs) {
  const auto bare = [](std::string_view outcome) { return outcome.substr(outcome.rfind(' ') + 1); };
  return bare(mine) == bare(theirs) && (bare(mine) == "reset" || bare(mine) == "closed");
}

void compare_vantages(Comparisons& out, const std::string& address) {
  Standing own;
  std::vector<std::pair<std::string, Standing>> others;
  for (const Kind kind : {Kind::connect, Kind::tls, Kind::http}) {
    for (const Seen seen : out.scene().of(kind)) {
      if (seen->text("address") != address) continue;
      if (out.scene().ours(*seen)) {
        weigh(own, *seen);
        continue;
      }
      auto at = std::ranges::find(others, seen->vantage, &decltype(others)::value_type::first);
      if (at == others.end()) at = others.insert(at, {seen->vantage, {}});
      weigh(at->second, *seen);
    }
  }
  for (const auto& [name, other] : others) {
    if (own.level < 0 || other.level < 0) continue;
    std::string_view result = "differs";
    const bool as_far = other.level == own.level && other.outcome == own.outcome;
    if (as_far || cut_alike(own.outcome, other.outcome))
      result = "same";
    else if (other.level > own.level)
      result = "other-works";
    else if (other.level < own.level)
      result = "other-worse";
    std::vector<Seen> from = own.from;
    from.insert(from.end(), other.from.begin(), other.from.end());
    out.add("vantages", result, address,
            fmt::format("{}: {}; here: {}", name, other.outcome, own.outcome), from);
  }
}

void compare_sources(Comparisons& out, const std::string& address) {
  const Seen main = main_connect(out.scene(), address);
  const Seen other = find_ours(out.scene(), Kind::connect, address, "role", "source");
  if (main == nullptr || other == nullptr || other->text("outcome") == "local") return;
  const bool opens = other->text("outcome") == "open" && main->text("outcome") != "open";
  out.add("sources", opens ? "other-source-works" : "same", address,
          fmt::format("from {}: {}", other->text("source"), met(*other)), {main, other});
}

void compare_known(Comparisons& out, const std::string& address) {
  const Seen target = out.scene().target();
  if (target == nullptr || target->texts("known").empty()) return;
  const auto& known = target->texts("known");
  const bool right = std::ranges::find(known, address) != known.end();
  out.add("known", right ? "right" : "wrong", address, {}, {target, out.scene().address(address)});
  if (right) return;
  const Standing mine = standing_of(out.scene(), address);
  for (const auto& other : known) {
    const Standing theirs = standing_of(out.scene(), other);
    if (theirs.level < 0) continue;
    std::vector<Seen> from = theirs.from;
    from.push_back(target);
    const bool better = theirs.level > mine.level && theirs.level > 0;
    out.add("known-works", better ? "works" : "fails", address,
            fmt::format("{}: {}", other, theirs.outcome), from);
  }
}

bool works(const model::Attempt& attempt) {
  return attempt.failed_stage() == nullptr && !attempt.stages.empty() &&
         attempt.stages.back().outcome == model::Outcome::ok;
}

void compare_peers(Comparisons& out, const std::string& address) {
  bool same_family = false;
  bool other_family = false;
  bool any = false;
  std::string working;
  std::vector<Seen> from;
  for (const auto& attempt : out.scene().evidence().attempts) {
    if (!attempt.address || attempt.via != model::Via::direct) continue;
    const auto peer = attempt.address->text();
    if (peer == address || out.scene().for_comparison_only(peer)) continue;
    any = true;
    if (!works(attempt)) continue;
    const bool v6 = address.contains(':');
    (v6 == !attempt.address->is_v4() ? same_family : other_family) = true;
    working += working.empty() ? peer : ", " + peer;
    from.push_back(main_connect(out.scene(), peer));
  }
  std::string_view result = "alone";
  if (same_family && other_family)
    result = "both-work";
  else if (same_family)
    result = "same-family-works";
  else if (other_family)
    result = "other-family-works";
  else if (any)
    result = "none-works";
  from.push_back(main_connect(out.scene(), address));
  out.add("peers", result, address, working, from);
}

void compare_repeats(Comparisons& out, const std::string& address) {
  for (const Kind kind : {Kind::connect, Kind::http}) {
    const auto field = kind == Kind::connect ? "role" : "variant";
    const Seen first = find_ours(out.scene(), kind, address, field, "main");
    const Seen again = find_ours(out.scene(), kind, address, field, "again");
    if (first == nullptr || again == nullptr) continue;
    const bool same =
        met(*first) == met(*again) && first->integer("status") == again->integer("status");
    out.add("repeat", same ? "same" : "differs", address,
            fmt::format("first {}, then {}", met(*first), met(*again)), {first, again});
  }
}

// What an address shows as the site, where it shows a page at all.
Seen page_at(const Scene& scene, const std::string& address) {
  const Seen seen = find_ours(scene, Kind::http, address, "variant", "main");
  const bool page = seen != nullptr && seen->text("outcome") == "complete" &&
                    seen->text("via") != "edge" && seen->integer("status") == 200 &&
                    seen->has("title");
  return page ? seen : nullptr;
}

// Visitors of one family may be led to somebody else's server without anybody noticing: it answers.
void compare_sites(Comparisons& out, const std::string& address) {
  const Seen mine = page_at(out.scene(), address);
  if (mine == nullptr) return;
  std::string_view result = "same";
  Seen shown = nullptr;
  for (const auto& peer : out.scene().addresses()) {
    const Seen other = peer == address ? nullptr : page_at(out.scene(), peer);
    if (other == nullptr || out.scene().for_comparison_only(peer)) continue;
    if (shown == nullptr) shown = other;
    if (other->text("title") == mine->text("title")) continue;
    shown = other;
    const bool unconfigured =
        mine->text("page") == "default-page" && other->text("page") != "default-page";
    result = unconfigured ? "default-here" : "other-title";
    if (unconfigured) break;
  }
  if (shown == nullptr) return;
  out.add("sites", result, address,
          fmt::format("{}: \"{}\"; {}: \"{}\"", address, mine->text("title"),
                      shown->text("address"), shown->text("title")),
          {mine, shown});
}

// A renewed certificate that only some servers have loaded shows on the target's other addresses,
// or on another vantage's connection.
void compare_certificates(Comparisons& out, const std::string& address) {
  const Seen mine = find_ours(out.scene(), Kind::certificate, address, "variant", "main");
  if (mine == nullptr || !mine->has("not_after")) return;
  for (const Seen other : out.scene().of(Kind::certificate)) {
    if (other == mine || !other->boolean("name_matches")) continue;
    const auto variant = other->text("variant");
    if (variant != "main" && variant != "side") continue;
    // RFC 3339 in UTC sorts as text.
    if (other->text("not_after") <= mine->text("not_after") || other->real("days_left") < 0)
      continue;
    out.add("certificates", "peer-newer", address,
            fmt::format("{} presents one that ends {}", other->text("address"),
                        other->text("not_after")),
            {mine, other});
    return;
  }
}

}  // namespace

void compare_others(Comparisons& out, const std::string& address) {
  compare_vantages(out, address);
  compare_sources(out, address);
  compare_known(out, address);
  compare_peers(out, address);
  compare_repeats(out, address);
  compare_certificates(out, address);
  compare_sites(out, address);
}

}  // namespace causeway::judge
