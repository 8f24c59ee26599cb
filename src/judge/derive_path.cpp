// Comparisons about one address at the network's level: who answers, how far away, on which ports.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "judge/comparisons.hpp"

namespace causeway::judge {
namespace {

using model::Kind;

bool from_target(const model::Observation& seen) { return seen.text("offender_is") == "target"; }

bool answered(const model::Observation& connect) {
  const auto outcome = connect.text("outcome");
  return outcome == "open" || outcome == "refused" || outcome == "reset" ||
         (outcome == "icmp" && from_target(connect));
}

void compare_alive(Comparisons& out, const std::string& address) {
  std::vector<Seen> alive;
  std::vector<Seen> silent;
  for (const Seen seen : ours_about(out.scene(), Kind::ping, address)) {
    if (seen->text("outcome") == "reply") alive.push_back(seen);
    if (seen->text("outcome") == "silent") silent.push_back(seen);
  }
  for (const Seen seen : ours_about(out.scene(), Kind::udp, address)) {
    const auto outcome = seen->text("outcome");
    if (outcome == "reply" || (outcome == "icmp" && from_target(*seen))) alive.push_back(seen);
    if (outcome == "silent") silent.push_back(seen);
  }
  for (const Seen seen : ours_about(out.scene(), Kind::connect, address)) {
    if (answered(*seen)) alive.push_back(seen);
    if (seen->text("outcome") == "silent") silent.push_back(seen);
  }
  if (!alive.empty()) {
    std::vector<std::string> ways;
    for (const Seen seen : alive) {
      std::string way{model::name(seen->kind)};
      if (seen->kind == Kind::connect) way = fmt::format("port {}", seen->integer("port"));
      if (std::ranges::find(ways, way) == ways.end()) ways.push_back(std::move(way));
    }
    out.add("host-alive", "alive", address, join(ways, ", "), alive);
    return;
  }
  // Silence of one probe is no news; of three kinds it is.
  if (silent.size() >= 3) {
    out.add("host-alive", "dark", address, fmt::format("{} probes, no answer", silent.size()),
            silent);
  }
}

struct Sides {
  std::vector<Seen> all, open, refused, silent, icmp, target;  // target: ICMP from the host itself
};

Sides sides_of(const Scene& scene, const std::string& address) {
  Sides out;
  for (const Seen seen : ours_about(scene, Kind::connect, address)) {
    if (seen->text("role") != "side") continue;
    const auto outcome = seen->text("outcome");
    out.all.push_back(seen);
    if (outcome == "open") out.open.push_back(seen);
    if (outcome == "refused" || outcome == "reset") out.refused.push_back(seen);
    if (outcome == "silent") out.silent.push_back(seen);
    if (outcome == "icmp") (from_target(*seen) ? out.target : out.icmp).push_back(seen);
  }
  return out;
}

std::string port_list(const std::vector<Seen>& connects) {
  std::vector<std::string> parts;
  parts.reserve(connects.size());
  for (const Seen seen : connects) {
    parts.push_back(fmt::format("{} {}", seen->integer("port"), seen->text("outcome")));
  }
  return join(parts, ", ");
}

void compare_ports(Comparisons& out, const std::string& address) {
  const Seen main = main_connect(out.scene(), address);
  const Sides sides = sides_of(out.scene(), address);
  if (main == nullptr || sides.all.empty()) return;
  const auto outcome = main->text("outcome");
  const bool some_answer = !sides.open.empty() || !sides.refused.empty();
  std::string_view result;
  if (outcome == "silent") {
    if (some_answer || !sides.target.empty())
      result = "only-main-silent";
    else if (sides.silent.size() == sides.all.size())
      result = "all-silent";
  } else if (outcome == "refused") {
    if (!sides.open.empty())
      result = "another-open";
    else if (sides.refused.size() == sides.all.size())
      result = "all-refused";
    else if (!sides.silent.empty() && sides.refused.empty())
      result = "main-refused-rest-silent";
  } else if (outcome == "icmp") {
    // Once ICMP was seen, a side probe without any is no information: senders ration their ICMP.
    if (some_answer)
      result = "only-main-icmp";
    else if (!sides.icmp.empty() || !sides.target.empty())
      result = "all-icmp";
  }
  if (result.empty()) return;
  std::vector<Seen> from{main};
  from.insert(from.end(), sides.all.begin(), sides.all.end());
  out.add("ports", result, address, port_list(from), from);
}

void compare_web_ports(Comparisons& out, const std::string& address) {
  const Seen main = main_connect(out.scene(), address);
  const Sides sides = sides_of(out.scene(), address);
  if (main == nullptr || sides.all.empty()) return;
  const auto port = main->integer("port");
  const std::int64_t counterpart = port == 443 ? 80 : port == 80 ? 443 : 0;
  std::vector<Seen> other;
  std::vector<Seen> twin;
  for (const Seen seen : sides.open) {
    const auto side = seen->integer("port");
    if (side == counterpart || (counterpart == 0 && (side == 80 || side == 443))) {
      twin.push_back(seen);
    } else if (side != 22) {
      other.push_back(seen);
    }
  }
  if (!other.empty()) out.add("web-ports", "alternate-open", address, port_list(other), other);
  if (!twin.empty()) out.add("web-ports", "counterpart-open", address, port_list(twin), twin);
  if (other.empty() && twin.empty()) {
    out.add("web-ports", "none-open", address, port_list(sides.all), sides.all);
  }
  for (const Seen seen : ours_about(out.scene(), Kind::certificate, address)) {
    if (seen->text("variant") != "side" || seen->integer("port") == port) continue;
    const bool ours = seen->boolean("name_matches");
    out.add("moved", ours ? "same-site" : "speaks", address,
            fmt::format("port {}", seen->integer("port")), {seen});
  }
  for (const Seen seen : ours_about(out.scene(), Kind::http, address)) {
    if (seen->text("variant") != "side" || seen->integer("port") == port) continue;
    if (seen->text("outcome") != "complete") continue;
    // Plain HTTP proves no name; only what the owner expects to read does.
    const bool ours = seen->boolean("text_found");
    out.add("moved", ours ? "same-site" : "speaks", address,
            fmt::format("port {}", seen->integer("port")), {seen});
  }
}

// Hops from the sender, if it started at one of the values systems use.
std::int64_t hops(std::int64_t ttl) {
  for (const std::int64_t start : {32, 64, 128, 255}) {
    if (ttl <= start) return start - ttl;
  }
  return 0;
}

void compare_reset_distance(Comparisons& out, const std::string& address) {
  Seen host = nullptr;  // an answer that is the host's own
  Seen reset = nullptr;
  std::int64_t reset_ttl = 0;
  for (const Seen seen : ours_about(out.scene(), Kind::ping, address)) {
    if (seen->text("outcome") == "reply" && seen->has("reply_ttl")) host = seen;
  }
  for (const Seen seen : ours_about(out.scene(), Kind::connect, address)) {
    if (!seen->has("reply_ttl")) continue;
    if (seen->text("reply") == "syn-ack") host = seen;
    if (seen->text("reply") == "rst" && seen->text("role") == "main") {
      reset = seen;
      reset_ttl = seen->integer("reply_ttl");
    }
  }
  for (const Kind kind : {Kind::tls, Kind::http}) {
    for (const Seen seen : ours_about(out.scene(), kind, address)) {
      if (!seen->has("reset_ttl") || seen->text("variant") != "main") continue;
      reset = seen;
      reset_ttl = seen->integer("reset_ttl");
    }
  }
  if (host == nullptr || reset == nullptr) return;
  const auto near = hops(reset_ttl);
  const auto far = hops(host->integer("reply_ttl"));
  const std::string_view result = near == far ? "same" : near < far ? "nearer" : "differs";
  out.add("rst-distance", result, address,
          fmt::format("the reset came with TTL {}, the host's own answers with {}", reset_ttl,
                      host->integer("reply_ttl")),
          {reset, host});
}

// Does another trace of ours share the beginning and go further through routers?
Seen longer_trace(const Scene& scene, const model::Observation& trace) {
  const auto& hops_seen = trace.texts("hops");
  const auto last = static_cast<std::size_t>(std::max<std::int64_t>(trace.integer("last_ttl"), 0));
  for (const Seen other : scene.of(Kind::trace)) {
    if (!scene.ours(*other) || other == &trace) continue;
    const auto& more = other->texts("hops");
    if (last > hops_seen.size() || more.size() <= last || more[last] == "*") continue;
    if (more[last] == other->text("address")) continue;
    if (std::equal(hops_seen.begin(), hops_seen.begin() + static_cast<std::ptrdiff_t>(last),
                   more.begin())) {
      return other;
    }
  }
  return nullptr;
}

void compare_trace(Comparisons& out, const std::string& address) {
  for (const Seen seen : ours_about(out.scene(), Kind::trace, address)) {
    const auto outcome = seen->text("outcome");
    if (outcome == "not-tested" || outcome.empty()) continue;
    if (outcome == "stops" || outcome == "nothing") {
      if (const Seen longer = longer_trace(out.scene(), *seen)) {
        out.add("trace-end", "early", address,
                fmt::format("{}; towards {} they go further", join(seen->texts("hops"), " > "),
                            longer->text("address")),
                {seen, longer});
        continue;
      }
    }
    out.add("trace-end", outcome, address, join(seen->texts("hops"), " > "), {seen});
  }
}

// A router that has no ARP/ND entry says so after about three seconds (3.05 to 4.1 s measured); one
// that has no route, or a rule, answers in a round trip. A probe that joins a search under way
// hears of its end sooner, hence the low limit.
void compare_icmp_delay(Comparisons& out, const std::string& address) {
  constexpr double kLateMs = 900;
  const Seen main = main_connect(out.scene(), address);
  if (main == nullptr || main->text("outcome") != "icmp" || !main->has("elapsed_ms")) return;
  const double elapsed = main->real("elapsed_ms");
  out.add("icmp-delay", elapsed >= kLateMs ? "late" : "at-once", address,
          fmt::format("after {:.0f} ms", elapsed), {main});
}

// A reset to a SYN with TTL 1, where a ping shows routers between: nobody but this machine's own
// firewall can have sent it (a router checks the TTL before its filter).
void compare_answer_distance(Comparisons& out, const std::string& address) {
  Seen ping = nullptr;
  for (const Seen seen : ours_about(out.scene(), Kind::ping, address)) {
    if (seen->text("outcome") == "reply" && seen->has("reply_ttl")) ping = seen;
  }
  for (const Seen seen : ours_about(out.scene(), Kind::trace, address)) {
    if (ping == nullptr || seen->text("outcome") != "reached") continue;
    const bool here = seen->integer("target_ttl") == 1 && hops(ping->integer("reply_ttl")) >= 1;
    out.add("answer-distance", here ? "here" : "away", address,
            fmt::format("a SYN with TTL {} is answered, a ping comes over {} routers",
                        seen->integer("target_ttl"), hops(ping->integer("reply_ttl"))),
            {seen, ping});
  }
}

}  // namespace

void compare_path(Comparisons& out, const std::string& address) {
  compare_alive(out, address);
  compare_ports(out, address);
  compare_web_ports(out, address);
  compare_reset_distance(out, address);
  compare_trace(out, address);
  compare_icmp_delay(out, address);
  compare_answer_distance(out, address);
}

}  // namespace causeway::judge
