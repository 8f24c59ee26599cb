// How everything stands now: what the first page, the status page and the metrics are made of.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/incidents.hpp"
#include "store/records.hpp"
#include "store/store.hpp"
#include "store/targets.hpp"

namespace causeway::console {

struct Standing {
  store::Target target;  // without its spec
  store::TargetState state{};
  bool has_state = false;
};

// down | degraded | unknown | pending | paused | ok
std::string_view outcome_of(const Standing& standing);

// Those that are watched, the worst first, then by name.
Parsed<std::vector<Standing>> read_standings(store::Store& store, store::WithFacts facts);

// What targets may have in common.
inline constexpr std::array<std::string_view, 6> kSharedKinds{
    "address", "prefix", "as", "provider", "nameserver", "certificate"};
// Of one with facts.
std::vector<std::string> shared_values(const Standing& standing, std::string_view kind);

// A part of its id, name, subject, group or tags; true when `text` is empty.
bool mentions(const store::Target& target, const std::string& text);

struct OpenIncident {
  store::Incident incident;
  std::vector<store::Member> members;
};

struct Overview {
  WallTime at;
  std::vector<Standing> standings;
  std::vector<OpenIncident> incidents;  // open, newest first, not more than a page shows
  std::vector<store::OpenCount> open;   // all of them
  std::vector<store::VantageState> vantages;
  std::vector<store::MaintenanceWindow> maintenance;

  // How this vantage stands now; the store knows of agents alone.
  void see(store::VantageState vantage);
  int count(std::string_view outcome) const;
  std::int64_t open_incidents() const;
};
Parsed<Overview> read_overview(store::Store& store, WallTime now);

// "2 incidents; 41 of 43 sites are fine; our own view is healthy."
std::string sentence_of(const Overview& overview);

// Targets by outcome, "all" of them, and open "incidents".
nlohmann::ordered_json counts_of(const Overview& overview);
// At most `most` targets, the worst; all are counted.
nlohmann::ordered_json shape(const Overview& overview, std::size_t most);

}  // namespace causeway::console
