#include "app/facts_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"

namespace causeway::app {
namespace {

using model::Kind;
using model::Observation;
using Seen = const Observation*;

constexpr std::size_t kLinesShown = 8;
constexpr double kWorthTelling = 75;  // percent used

std::vector<Seen> all_of(const model::Facts& facts, Kind kind) {
  std::vector<Seen> out;
  for (const auto& seen : facts.observations) {
    if (seen.kind == kind) out.push_back(&seen);
  }
  return out;
}

std::string span_text(double seconds) {
  if (seconds >= 172'800) return fmt::format("{:.0f} days", seconds / 86'400);
  if (seconds >= 7200) return fmt::format("{:.0f} hours", seconds / 3600);
  return fmt::format("{:.0f} minutes", seconds / 60);
}

void add(std::vector<SummaryRow>& rows, SummaryRow row) {
  if (row.lines.empty()) return;
  if (row.lines.size() > kLinesShown) {
    const auto more = row.lines.size() - kLinesShown;
    row.lines.resize(kLinesShown);
    row.lines.push_back(fmt::format("and {} more (--format json)", more));
  }
  rows.push_back(std::move(row));
}

std::string port_list(const model::Facts& facts) {
  std::vector<std::string> out;
  out.reserve(facts.ports.size());
  for (const auto port : facts.ports) out.push_back(fmt::format("{}", port));
  return join(out, ", ");
}

// The filters let it in, and nobody serves the port.
bool unheard(std::string_view rule) { return rule.starts_with("nothing listens"); }

// Passages that read the same, with how many ranges they hold for.
SummaryRow passages(const model::Facts& facts) {
  SummaryRow out{"packet filter", {}};
  using Key = std::tuple<std::int64_t, std::string, std::string, std::string, std::string>;
  std::map<Key, std::pair<int, Seen>> groups;
  std::map<std::pair<std::int64_t, std::string>, int> whole;
  for (const Seen seen : all_of(facts, Kind::passage)) {
    if (seen->text("range") == "others") continue;
    const auto port = seen->integer("port");
    const std::string family{seen->text("family") == "ipv6" ? "IPv6" : "IPv4"};
    const bool nobody = unheard(seen->text("rule"));
    const bool in = !seen->has("limit") && (seen->text("verdict") == "accept" || nobody);
    const Key key{port, family, in ? "" : std::string{seen->text("verdict")},
                  in && !nobody ? "" : std::string{seen->text("rule")},
                  std::string{seen->text("limit")}};
    auto& [count, first] = groups[key];
    ++count;
    first = seen;
    if (!seen->has("limit")) ++whole[{port, family}];
  }
  for (const auto& [key, group] : groups) {
    const auto& [port, family, verdict, rule, limit] = key;
    const auto& [count, seen] = group;
    const std::string agent = seen->has("agent") ? fmt::format(", {}", seen->text("agent")) : "";
    if (!limit.empty()) {
      out.lines.push_back(
          fmt::format("{} port {}: {} get {}: {}{}", family, port, limit, verdict, rule, agent));
      continue;
    }
    const int all = whole[{port, family}];
    const std::string ranges = count == all ? "every range of the edge"
                                            : fmt::format("{} of {} ranges or parts", count, all);
    const std::string end = !verdict.empty() ? fmt::format("{} by {}{}", verdict, rule, agent)
                            : rule.empty()   ? std::string{"gets in"}
                                             : fmt::format("let through, but {}", rule);
    out.bad = out.bad || !verdict.empty();
    out.lines.push_back(fmt::format("{} port {}: {}: {}", family, port, ranges, end));
  }
  return out;
}

SummaryRow listeners(const model::Facts& facts) {
  SummaryRow out{"listens", {}};
  std::vector<std::string> others;
  for (const Seen seen : all_of(facts, Kind::listener)) {
    const auto port = seen->integer("port");
    const bool asked = std::ranges::find(facts.ports, port) != facts.ports.end();
    std::string text = seen->subject;
    if (seen->has("program")) text += fmt::format(" {}", seen->text("program"));
    if (!asked) {
      others.push_back(std::move(text));
      continue;
    }
    if (seen->has("backlog")) {
      text += fmt::format(", {} of {} waiting", seen->integer("waiting"), seen->integer("backlog"));
      out.bad = out.bad || seen->integer("waiting") > seen->integer("backlog");
    }
    out.lines.push_back(std::move(text));
  }
  if (out.lines.empty()) {
    out.lines.push_back(fmt::format("nothing on port {}", port_list(facts)));
    out.bad = true;
  }
  if (!others.empty()) {
    constexpr std::size_t kOthers = 12;
    const auto more = others.size() > kOthers ? others.size() - kOthers : 0;
    others.resize(others.size() - more);
    out.lines.push_back(fmt::format("besides: {}{}", join(others, ", "),
                                    more > 0 ? fmt::format(" and {} more", more) : ""));
  }
  return out;
}

SummaryRow services(const model::Facts& facts) {
  SummaryRow out{"services", {}};
  std::vector<std::string> absent;
  for (const Seen seen : all_of(facts, Kind::service)) {
    const auto state = seen->text("state");
    if (state == "stopped" && !seen->has("reason")) {
      absent.emplace_back(seen->text("name"));
      continue;
    }
    std::string text = fmt::format("{} {}", seen->text("name"), state);
    if (seen->integer("processes") > 0) {
      text += fmt::format(", {} process{}", seen->integer("processes"),
                          seen->integer("processes") == 1 ? "" : "es");
    }
    if (seen->has("memory_mb")) text += fmt::format(", {:.0f} MB", seen->real("memory_mb"));
    if (seen->has("since")) text += fmt::format(", since {}", seen->text("since").substr(0, 16));
    if (seen->integer("restarts") > 0) {
      text += fmt::format(", restarted {} times", seen->integer("restarts"));
    }
    if (seen->has("reason")) text += fmt::format(": {}", seen->text("reason"));
    out.bad = out.bad || state == "failed" || state == "frozen" || state == "hung";
    out.lines.push_back(std::move(text));
  }
  if (!absent.empty()) {
    out.lines.push_back(fmt::format("installed, not running: {}", join(absent, ", ")));
  }
  return out;
}

SummaryRow resources(const model::Facts& facts) {
  SummaryRow out{"resources", {}};
  std::vector<std::string> calm;
  for (const Seen seen : all_of(facts, Kind::resource)) {
    const auto what = seen->text("what");
    const bool tight = seen->real("percent") >= kWorthTelling;
    if (what.starts_with("pressure-") && seen->real("used") < 10) continue;
    const std::string detail{seen->text("detail")};
    if (tight || what == "oom-kills") {
      out.lines.push_back(fmt::format("{}: {}", what, detail));
      out.bad = out.bad || seen->real("percent") >= 99 || what == "oom-kills";
    } else if (what == "cpu" || what == "memory" || what == "line" ||
               (what == "disk" && seen->text("name") == "/")) {
      calm.push_back(what == "disk" || what == "line" ? detail
                                                      : fmt::format("{}: {}", what, detail));
    }
  }
  if (!calm.empty()) out.lines.push_back(join(calm, "; "));
  return out;
}

SummaryRow counters(const model::Facts& facts) {
  SummaryRow out{"counters", {}};
  std::vector<std::string> parts;
  for (const Seen seen : all_of(facts, Kind::counter)) {
    const bool moved = seen->integer("moved") > 0;
    if (seen->has("moved") && !moved) continue;
    parts.push_back(fmt::format("{} {}{}", seen->text("name"), seen->integer("value"),
                                moved ? fmt::format(" (+{})", seen->integer("moved")) : ""));
  }
  if (!parts.empty()) out.lines.push_back(join(parts, ", "));
  return out;
}

SummaryRow ways(const model::Facts& facts) {
  SummaryRow out{"way back", {}};
  std::map<std::string, int> good;
  for (const Seen seen : all_of(facts, Kind::way_back)) {
    if (seen->text("outcome") == "ok") {
      ++good[std::string{seen->text("route")}];
      continue;
    }
    out.bad = true;
    out.lines.push_back(fmt::format(
        "{}: {} ({}{})", seen->text("range"), seen->text("outcome"), seen->text("route"),
        seen->has("neighbour") ? fmt::format(", {}", seen->text("neighbour")) : ""));
  }
  for (const auto& [route, count] : good) {
    out.lines.push_back(
        fmt::format("{} range{} of the edge: {}", count, count == 1 ? "" : "s", route));
  }
  return out;
}

SummaryRow arrivals(const model::Facts& facts) {
  SummaryRow out{"packets", {}};
  std::int64_t clients = 0;
  std::int64_t syns = 0;
  std::int64_t answers = 0;
  std::int64_t edge = 0;
  for (const Seen seen : all_of(facts, Kind::arrival)) {
    ++clients;
    syns += seen->integer("syns");
    answers += seen->integer("answers");
    edge += seen->boolean("in_edge") ? 1 : 0;
  }
  for (const Seen seen : all_of(facts, Kind::fact)) {
    if (clients == 0 && seen->text("what") == "packets") {
      out.lines.push_back(fmt::format("port {}, {}: {} from the edge", seen->integer("port"),
                                      seen->text("family"), seen->text("detail")));
    }
  }
  if (clients > 0) {
    out.lines.push_back(
        fmt::format("{} clients ({} of the edge), {} connection requests, {} answered", clients,
                    edge, syns, answers));
  }
  return out;
}

SummaryRow names(const model::Facts& facts) {
  SummaryRow out{"names", {}};
  for (const Seen seen : all_of(facts, Kind::fact)) {
    if (seen->text("what") != "name") continue;
    out.lines.emplace_back(seen->text("detail"));
    out.bad = out.bad || seen->text("value") == "elsewhere" || seen->text("value") == "nowhere";
  }
  return out;
}

SummaryRow notes(const model::Facts& facts) {
  SummaryRow out{"notes", {}};
  for (const Seen seen : all_of(facts, Kind::fact)) {
    if (seen->text("what") == "note") out.lines.emplace_back(seen->text("detail"));
  }
  return out;
}

SummaryRow addresses(const model::Facts& facts) {
  SummaryRow out{"addresses", {}};
  std::vector<std::string> parts;
  for (const Seen seen : all_of(facts, Kind::own_address)) {
    parts.push_back(fmt::format("{}/{} {}{}", seen->text("address"), seen->integer("length"),
                                seen->text("device"), seen->boolean("up") ? "" : " (down)"));
  }
  if (!parts.empty()) out.lines.push_back(join(parts, ", "));
  return out;
}

}  // namespace

std::string headline(const model::Facts& facts) {
  const auto host = printable(facts.vantage.name, 100);
  const auto later = at_next_restart(facts);
  const auto all = facts.findings.size() + later.size();
  const auto* when = facts.findings.empty() ? ", at its next restart" : "";
  if (all == 1) return fmt::format("1 PROBLEM found on {}{}", host, when);
  if (all > 1) return fmt::format("{} PROBLEMS found on {}{}", all, host, when);
  if (!knows_filters(facts))
    return fmt::format("UNDETERMINED: too little of {} could be seen", host);
  return fmt::format("FINE: nothing on {} stops the edge", host);
}

std::vector<std::string> at_next_restart(const model::Facts& facts) {
  std::vector<std::string> out;
  for (const Seen seen : all_of(facts, Kind::fact)) {
    if (seen->text("what") != "configuration" || seen->text("value") != "invalid") continue;
    out.push_back(fmt::format(
        "{} serves on with what it has read, but its configuration on disk is not valid: it would "
        "not start again: {}",
        seen->text("agent"), seen->text("detail")));
  }
  return out;
}

std::string machine_line(const model::Facts& facts) {
  std::string out;
  for (const Seen seen : all_of(facts, Kind::host)) {
    if (seen->has("system")) out += seen->text("system");
    if (seen->has("uptime_s")) out += fmt::format(", up {}", span_text(seen->real("uptime_s")));
    if (seen->boolean("pending_reboot")) out += ", an update waits for a restart";
    if (seen->has("clock_synchronised") && !seen->boolean("clock_synchronised")) {
      out += ", clock not synchronised";
    }
  }
  return fmt::format("{}{}asked for the ranges of {} on port{} {}", out, out.empty() ? "" : "; ",
                     facts.edge, facts.ports.size() == 1 ? "" : "s", port_list(facts));
}

std::vector<SummaryRow> summary(const model::Facts& facts) {
  std::vector<SummaryRow> out;
  add(out, addresses(facts));
  add(out, names(facts));
  add(out, listeners(facts));
  add(out, passages(facts));
  add(out, ways(facts));
  add(out, arrivals(facts));
  add(out, services(facts));
  add(out, resources(facts));
  add(out, counters(facts));
  add(out, notes(facts));
  return out;
}

std::vector<std::string> not_seen(const model::Facts& facts) {
  std::vector<std::string> out;
  std::set<std::string> for_root;
  for (const Seen seen : all_of(facts, Kind::collector)) {
    const auto outcome = seen->text("outcome");
    if (outcome == "denied") for_root.insert(std::string{seen->text("name")});
    const bool in_part = outcome == "read" && !seen->text("detail").empty();
    if (outcome == "late" || outcome == "failed" || in_part) {
      out.push_back(fmt::format("{}: {}", seen->text("name"), seen->text("detail")));
    }
  }
  bool root = true;
  for (const Seen seen : all_of(facts, Kind::host)) root = root && seen->boolean("root");
  if (!root) {
    for_root.insert("who listens");
    for_root.insert("descriptors of servers");
  }
  if (!for_root.empty()) {
    out.insert(out.begin(), fmt::format("With root (sudo causeway inspect) also: {}",
                                        join({for_root.begin(), for_root.end()}, ", ")));
  }
  return out;
}

bool knows_filters(const model::Facts& facts) {
  return std::ranges::any_of(facts.observations,
                             [](const Observation& seen) { return seen.kind == Kind::passage; });
}

}  // namespace causeway::app
