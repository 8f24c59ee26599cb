#include "inspect/view.hpp"

#include <algorithm>

namespace causeway::inspect {
namespace {

Numbers all_counters(const Snapshot& snapshot, const std::string& prefix) {
  Numbers out;
  for (const char* file : {"snmp.txt", "snmp6.txt", "netstat.txt"}) {
    out.merge(parse_counters(snapshot.text(prefix + file)));
  }
  for (const auto& [name, value] :
       parse_conntrack_counters(snapshot.text(prefix + "conntrack.txt"))) {
    out["Conntrack." + name] = value;
  }
  const auto virtual_memory = parse_numbers(snapshot.text(prefix + "vmstat.txt"));
  if (const auto kills = virtual_memory.find("oom_kill"); kills != virtual_memory.end()) {
    out["Memory.OomKills"] = kills->second;
  }
  return out;
}

}  // namespace

View::View(const Snapshot& snapshot_, const Question& question_)
    : snapshot(snapshot_),
      question(question_),
      collection(firewall::load(snapshot_.rulesets)),
      processes(parse_processes(snapshot_.text("processes.txt"))),
      sockets(parse_proc_tcp(snapshot_.text("tcp4.txt"), Family::ipv4)),
      counters(all_counters(snapshot_, "")),
      counters_later(sampled() ? all_counters(snapshot_, "later-") : Numbers{}),
      machine(parse_numbers(snapshot_.text("machine.txt"))) {
  auto v6 = parse_proc_tcp(snapshot_.text("tcp6.txt"), Family::ipv6);
  sockets.insert(sockets.end(), v6.begin(), v6.end());
}

std::optional<std::int64_t> View::moved(std::string_view counter) const {
  const auto before = counters.find(counter);
  const auto after = counters_later.find(counter);
  if (before == counters.end() || after == counters_later.end()) return std::nullopt;
  return std::max<std::int64_t>(after->second - before->second, 0);
}

std::vector<Prefix> View::edge(Family family) const {
  std::vector<Prefix> out;
  for (const auto& prefix : question.edge.prefixes) {
    if (prefix.address().family() == family) out.push_back(prefix);
  }
  return out;
}

std::vector<View::Own> View::own_addresses() const {
  std::vector<Own> out;
  for (const auto& interface : collection.host.interfaces) {
    if (interface.link_type == "loopback" || interface.name == "lo") continue;
    for (const auto& one : interface.addresses) {
      const auto what = classify(one.address);
      if (what == AddressClass::link_local || what == AddressClass::loopback) continue;
      out.push_back({one.address, one.length, interface.name, interface.up});
    }
  }
  return out;
}

const Process* View::owner_of(std::uint64_t inode) const {
  if (inode == 0) return nullptr;
  for (const auto& process : processes) {
    if (std::ranges::find(process.sockets, inode) != process.sockets.end()) return &process;
  }
  return nullptr;
}

}  // namespace causeway::inspect
