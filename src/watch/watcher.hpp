// The watch: checks on a schedule, incidents, diagnoses, remedies, alerts, on one loop of its own
// thread; everything lasting goes to the store. All functions may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/observation.hpp"
#include "store/records.hpp"
#include "store/store.hpp"
#include "watch/agent_wire.hpp"
#include "watch/check.hpp"
#include "watch/ledger.hpp"
#include "watch/settings.hpp"

namespace causeway::watch {

struct LiveTarget {  // how a target stands now
  Target target;
  std::string source;  // file | api
  Standing standing;
  WallTime checked;  // the epoch: not yet
  std::string address;
  std::string detail;
  int status = 0;
  Duration elapsed{};
  Phases phases;
  Shared shared;
  std::vector<Share> shares;
};

struct LiveFigures {
  std::uint64_t checks = 0;  // ended
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;
  std::uint64_t resumed = 0;  // that did not see the certificate again
  std::uint64_t late = 0;     // begun more than limits::kWatchLate after their time
  std::uint64_t skipped = 0;  // times at which no check could begin at all
  Duration latest{};          // the worst lateness of the last minute
  Duration lateness_sum{};    // of all checks begun
  std::uint64_t begun = 0;
  std::size_t under_way = 0;
  std::size_t most_under_way = 0;  // what the descriptors allow
  std::size_t targets = 0;
  std::size_t down = 0;
  std::size_t degraded = 0;
  std::size_t incidents = 0;  // open
  bool blind = false;
  std::string blind_because;
  std::size_t diagnoses_running = 0;
  std::uint64_t alerts_failed = 0;
};

struct LiveDomain {  // a zone with targets in it, and when its registration ends
  std::string zone;
  std::string name;  // that is registered; empty: not known yet
  std::size_t targets = 0;
  std::optional<WallTime> expires;
  std::vector<std::string> status;
  std::string failed;  // why it is not known
};

struct LiveSighting {  // what one vantage saw last of one target
  std::string vantage;
  Outcome outcome = Outcome::unknown;
  std::optional<model::FailureId> failure;
  WallTime at;
};
struct LiveSightings {
  std::string target;
  std::vector<LiveSighting> seen;
};

struct LiveAgent {  // another vantage
  std::string name;
  WallTime heard;
  bool silent = false;  // nothing came for limits::kAgentSilent
  bool healthy = true;  // its own network works
  std::string detail;   // why not
  std::uint64_t results = 0;
  std::uint64_t lost = 0;  // given up while it could not reach us
};

// Something that changed, for live displays. Called on the watch's thread: be quick.
struct LiveEvent {
  enum class Kind : std::uint8_t { target, incident, own, targets } kind = Kind::target;
  std::string id;    // of the target or incident
  std::string text;  // one line for a person
};

class Watcher {
 public:
  // Loads what the store knows (targets of the API, open incidents, windows). `store` must outlive
  // it. Refused when a setting cannot be used.
  static Parsed<std::unique_ptr<Watcher>> create(Settings settings, store::Store& store);
  ~Watcher();  // stop()
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void start();
  // No new checks; those under way end as unknown; what was decided is written.
  void stop();
  // All or nothing: targets of the API stay, those of the file are replaced.
  Parsed<bool> reload(Settings settings);

  std::uint64_t subscribe(std::function<void(const LiveEvent&)> listener);
  void unsubscribe(std::uint64_t listener);

  LiveFigures figures();
  std::vector<LiveTarget> targets();
  std::optional<LiveTarget> target(const std::string& id);

  // Of the API: new, or a changed one whose past stays; checked at once. One of the file is
  // refused.
  Parsed<bool> put_target(const Target& target);
  Parsed<bool> remove_target(const std::string& id);  // of the API, and nothing depends on it
  Parsed<CheckResult> check_now(const std::string& id);
  Parsed<bool> beat(const std::string& id, bool ok, const std::string& note);

  Parsed<bool> acknowledge(const std::string& incident, const std::string& who);
  Parsed<bool> note(const std::string& incident, const std::string& who, const std::string& text);
  Parsed<bool> merge(const std::string& from, const std::string& into, const std::string& who);
  Parsed<bool> split(const std::string& incident, const std::string& target,
                     const std::string& who);
  Parsed<bool> put_maintenance(const store::MaintenanceWindow& window);
  Parsed<bool> remove_maintenance(const std::string& id);
  Parsed<std::string> test_channel(const std::string& name);  // what the receiver answered
  // What the agent of this name may check, and what it reports; the answer has what it is to run.
  std::vector<Target> agent_targets();
  Parsed<AgentAnswer> report(const std::string& agent, const AgentReport& report);
  // What it found on its own machine (causeway.facts/1); joined with diagnoses of what that serves.
  Parsed<bool> facts(const std::string& agent, const std::string& document);
  std::vector<LiveAgent> agents();
  std::vector<LiveSightings> sightings();  // of every target, by its id
  std::vector<LiveDomain> domains();

  Settings settings();  // with secrets: not for display

 private:
  class Impl;
  explicit Watcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::watch
