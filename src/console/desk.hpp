// What every handler of the console works with.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "console/login_limit.hpp"
#include "console/overview.hpp"
#include "model/diagnosis.hpp"
#include "store/records.hpp"
#include "store/store.hpp"

namespace causeway::console {

struct Channel {  // where alerts go, as the configuration names it
  std::string name;
  std::string kind;  // "webhook", "email" ...
};

struct AgentSeen {  // another vantage
  std::string name;
  WallTime heard;
  bool silent = false;
  bool healthy = true;
  std::string detail;
  std::uint64_t results = 0;
  std::uint64_t lost = 0;
};

struct DiagnosisOrder {
  std::string url;
  bool may_be_private = false;  // this machine and its networks too
  bool quick = false;
  Duration deadline{};  // zero: the usual one
};

// What the console can make the watch do. Each may be called from the console's thread; what is not
// set is answered with 501.
struct Controls {
  std::function<Parsed<bool>(const std::string& incident, const std::string& author)> acknowledge;
  std::function<Parsed<bool>(const std::string& incident, const std::string& author,
                             const std::string& text)>
      note;
  std::function<Parsed<bool>(const store::MaintenanceWindow&)> put_maintenance;
  std::function<Parsed<bool>(const std::string& id, const std::string& author)> remove_maintenance;
  std::function<std::vector<Channel>()> channels;
  // What the receiver answered. Waits for it: a few seconds, when it does not answer.
  std::function<Parsed<std::string>(const std::string& channel)> test_channel;
  std::function<Parsed<bool>(const std::string& target, bool ok, const std::string& note)> beat;
  // Documents of causeway.agent/1 (docs/agent.md); the vantage is the name of the caller's token.
  std::function<std::string()> agent_targets;
  std::function<Parsed<std::string>(const std::string& vantage, const std::string& report)>
      agent_report;
  std::function<std::vector<AgentSeen>()> agents;
  // The whole exposition of the watch's own figures, for /metrics.
  std::function<std::string()> metrics;
  // One diagnosis, on the calling thread, which is one of its own. `seen` hears each observation as
  // it comes; when it returns false the diagnosis ends with what is known.
  std::function<Parsed<model::Diagnosis>(
      const DiagnosisOrder& order, const std::function<bool(const model::Observation&)>& seen)>
      diagnose;
};

struct DeskSettings {
  std::string title = "Causeway";  // of the status page
  std::string address;             // how people reach the console: "http://127.0.0.1:5230"
  std::string version;             // of the program, for /metrics
  bool secure = false;             // over TLS: cookies say so
  bool open_metrics = false;       // /metrics without a token
  bool private_targets = false;    // people may have loopback and private addresses diagnosed
};

class LiveDiagnoses;
struct StatusReport;

class Desk {
 public:
  Desk(store::Store& the_store, DeskSettings the_settings, Controls the_controls,
       LiveDiagnoses& the_diagnoses);

  store::Store& store;
  DeskSettings settings;
  Controls controls;
  LoginLimit logins;
  LiveDiagnoses& diagnoses;
  int streams = 0;  // of live changes, open now

  // Not older than a second: what every open page is told from.
  Parsed<std::shared_ptr<const Overview>> overview(Instant now);
  // Not older than half a minute: the status page is for many strangers.
  Parsed<std::shared_ptr<const StatusReport>> status(Instant now);

 private:
  std::shared_ptr<const Overview> recent_;
  Instant recent_at_;
  std::shared_ptr<const StatusReport> recent_status_;
  Instant recent_status_at_;
};

}  // namespace causeway::console
