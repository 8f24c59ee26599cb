// The machine itself: what it is, its addresses, what could not be read, and the kernel's counters.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

using model::Kind;

// Counters that say: something was refused, lost or could not be sent.
constexpr std::array<std::string_view, 18> kTelling{"TcpExt.ListenOverflows",
                                                    "TcpExt.ListenDrops",
                                                    "TcpExt.TCPReqQFullDrop",
                                                    "TcpExt.TCPReqQFullDoCookies",
                                                    "TcpExt.SyncookiesSent",
                                                    "TcpExt.SyncookiesFailed",
                                                    "TcpExt.IPReversePathFilter",
                                                    "TcpExt.TCPAbortOnMemory",
                                                    "TcpExt.TCPMemoryPressures",
                                                    "TcpExt.PAWSEstab",
                                                    "Tcp.AttemptFails",
                                                    "Tcp.RetransSegs",
                                                    "Ip.OutNoRoutes",
                                                    "Ip.OutDiscards",
                                                    "Ip6OutNoRoutes",
                                                    "Conntrack.drop",
                                                    "Conntrack.early_drop",
                                                    "Conntrack.insert_failed"};

std::int64_t number(const View& view, std::string_view name) {
  const auto at = view.machine.find(name);
  return at == view.machine.end() ? 0 : at->second;
}

}  // namespace

void analyze_host(const View& view, Notes& notes) {
  const auto& snapshot = view.snapshot;
  auto& out = notes.saw(Kind::host, snapshot.host);
  out.set("name", snapshot.host);
  if (auto system = os_release(snapshot.text("os-release.txt"), "PRETTY_NAME"); !system.empty()) {
    out.set("system", system);
  }
  if (const auto kernel = trim(snapshot.text("kernel.txt")); !kernel.empty()) {
    out.set("kernel", kernel);
  }
  out.set("root", snapshot.root);
  const auto uptime = words_of(snapshot.text("uptime.txt"));
  if (!uptime.empty()) {
    if (const auto seconds = real_number(uptime[0])) out.set("uptime_s", *seconds);
  }
  if (view.machine.contains("reboot-required")) {
    out.set("pending_reboot", number(view, "reboot-required") != 0);
  }
  if (view.machine.contains("clock-synchronised")) {
    out.set("clock_synchronised", number(view, "clock-synchronised") != 0);
  }
  const auto packages = split(trim(snapshot.text("reboot-required.txt")), '\n');
  if (!packages.empty() && !packages.front().empty()) {
    out.set("detail", fmt::format("for {}", join({packages.begin(), packages.end()}, ", ")));
  }
  // Only a machine that lives can be inspected; a folder from elsewhere says nothing of now.
  if (!snapshot.dumps.empty()) notes.fact("machine", "alive", {out.id});
}

void analyze_collectors(const View& view, Notes& notes) {
  const auto& snapshot = view.snapshot;
  for (const auto& [file, dump] : snapshot.dumps) {
    if (dump.outcome == Outcome::read && dump.detail.empty()) continue;
    auto& out = notes.saw(Kind::collector, file);
    out.set("name", file).set("outcome", name(dump.outcome)).set("detail", dump.detail);
    out.set("elapsed_ms", dump.elapsed);
  }
  for (const auto& sentence : snapshot.rulesets_unreadable) {
    auto& out = notes.saw(Kind::collector, "packet filters");
    out.set("name", "packet filters");
    out.set("outcome", snapshot.rulesets_want_root ? "denied" : "failed").set("detail", sentence);
  }
  for (const auto& sentence : view.collection.unreadable) {
    auto& out = notes.saw(Kind::collector, "packet filters");
    out.set("name", "packet filters").set("outcome", "failed").set("detail", sentence);
  }
}

void analyze_addresses(const View& view, Notes& notes) {
  std::set<std::string> down;
  for (const auto& own : view.own_addresses()) {
    auto& out = notes.saw(Kind::own_address, own.address.text());
    out.set("address", own.address).set("family", name(own.address.family()));
    out.set("length", static_cast<std::int64_t>(own.length));
    out.set("class", name(classify(own.address))).set("device", own.device).set("up", own.up);
    // Only the interface towards the internet matters: bridges without a guest have no carrier.
    const auto& arrival = view.collection.arrival;
    const auto what = classify(own.address);
    const bool outward = arrival.device.empty()
                             ? what == AddressClass::global || what == AddressClass::documentation
                             : own.device == arrival.device || own.device == arrival.device6;
    if (!outward) continue;
    const auto link = view.machine.find("link-" + own.device);
    const bool no_carrier = link != view.machine.end() && link->second == 0;
    if ((!own.up || no_carrier) && down.insert(own.device).second) {
      notes.fact("link", "down", {out.id})
          .set("detail", fmt::format("{}: {}", own.device, own.up ? "no carrier" : "switched off"));
    }
  }
}

void analyze_counters(const View& view, Notes& notes) {
  for (const auto counter : kTelling) {
    const auto at = view.counters.find(counter);
    if (at == view.counters.end()) continue;
    const auto moved = view.moved(counter);
    if (at->second == 0 && moved.value_or(0) == 0) continue;
    auto& out = notes.saw(Kind::counter, std::string{counter});
    out.set("name", counter).set("value", at->second);
    if (!moved) continue;
    out.set("moved", *moved).set("over_ms", view.snapshot.sampled);
    if (*moved == 0) continue;
    const auto detail = fmt::format("{} rose by {} in {:.1f} s", counter, *moved,
                                    milliseconds(view.snapshot.sampled) / 1000);
    if (counter == "TcpExt.IPReversePathFilter") {
      notes.fact("rp-filter", "drops", {out.id}).set("detail", detail);
    }
  }
}

void analyze_arrivals(const View& view, Notes& notes) {
  if (!view.sampled() || !view.snapshot.was_read("arrivals.txt")) return;
  const bool complete = view.snapshot.dumps.at("arrivals.txt").detail.empty();
  std::set<std::pair<std::uint16_t, Family>> seen_from_edge;
  for (const auto& one : parse_arrivals(view.snapshot.text("arrivals.txt"))) {
    const bool in_edge = view.question.edge.contains(one.client);
    auto& out = notes.saw(Kind::arrival, fmt::format("{} port {}", one.client.text(), one.port));
    out.set("source", one.client).set("port", int{one.port});
    out.set("family", name(one.client.family())).set("in_edge", in_edge);
    out.set("syns", one.syns).set("answers", one.answers).set("resets", one.resets);
    out.set("data", one.data).set("replies", one.replies);
    out.set("over_ms", view.snapshot.sampled);
    if (one.syns + one.data == 0) continue;
    if (in_edge) seen_from_edge.emplace(one.port, one.client.family());
    auto& fact = notes.fact("packets", "arrive", {out.id});
    fact.set("port", int{one.port}).set("family", name(one.client.family()));
    fact.set("sources", std::vector{one.client.text()}).set("in_edge", in_edge);
    fact.set("detail",
             fmt::format("{} requests for a connection in {:.1f} s, {} answered", one.syns,
                         milliseconds(view.snapshot.sampled) / 1000, one.answers));
  }
  if (!complete) return;
  for (const auto port : view.question.ports) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto ranges = view.edge(family);
      if (ranges.empty() || seen_from_edge.contains({port, family})) continue;
      std::vector<std::string> sources;
      sources.reserve(ranges.size());
      for (const auto& range : ranges) sources.push_back(range.text());
      auto& fact = notes.fact("packets", "none");
      fact.set("port", int{port}).set("family", name(family)).set("sources", std::move(sources));
      fact.set("in_edge", true);
      fact.set("over_ms", view.snapshot.sampled);
      fact.set("detail",
               fmt::format("not one in {:.1f} s", milliseconds(view.snapshot.sampled) / 1000));
    }
  }
}

}  // namespace causeway::inspect
