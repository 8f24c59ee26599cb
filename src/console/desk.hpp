// What every handler of the console works with.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "console/login_limit.hpp"
#include "console/overview.hpp"
#include "model/diagnosis.hpp"
#include "model/json.hpp"
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

struct Sighting {  // what one vantage saw last of one target
  std::string vantage;
  std::string outcome;  // ok, degraded, down
  std::string failure;
  WallTime at;             // of its last check
  bool of_change = false;  // `at` is when it came to be so: there is no watch to ask
};
struct Sightings {
  std::string target;
  std::vector<Sighting> seen;
};

struct EdgeSeen {  // an edge of one's own, as its admin listener tells
  std::string name;
  WallTime at;           // of this reading
  std::string why;       // it could not be read; empty: it was
  std::string verdict;   // causeway.edge-verdict/1
  std::string switches;  // {"switches": [...]}
  std::string metrics;   // text format of Prometheus
};

struct Refusal {
  int status = 422;   // 404: there is none; 409: it cannot be done now
  std::string field;  // "expect.status"; empty: none alone
  std::string text;   // what is wrong, and what is expected or nearest
};
template <class T>
using OrRefused = std::expected<T, Refusal>;

struct DiagnosisOrder {
  std::string url;
  std::string definition{};            // of a target, whose own question is asked; empty: the URL
  std::optional<IpAddress> address{};  // asked there, wherever the name leads
  bool may_be_private = false;         // this machine and its networks too
  bool quick = false;
  Duration deadline{};                // zero: the usual one
  std::vector<model::Document> with;  // what was seen on the origin, joined
};

struct CheckOrder {  // one connection or ping, nothing asked and nothing judged
  bool ping = false;
  std::string host;  // a name or an address
  std::uint16_t port = 0;
  bool may_be_private = false;
  Duration deadline{};
};

struct CheckSeen {
  bool ok = false;
  std::optional<model::FailureId> failure;  // none, and not ok: nothing can be said
  std::string detail;                       // a sentence for a person; empty when all is well
  std::optional<IpAddress> address;         // that was asked
  Duration resolve{};
  Duration answer{};  // from the packet that asks to the one that answers
  Duration whole{};
  int hop_limit = 0;  // of a ping's answer; 0: not known
};

struct ReportOrder {
  std::string incident;
  std::string format;  // text, html, json or bundle
  std::string hide;    // "mail,user,network", as `causeway report --redact` takes it
};

struct ProofSeen {  // that the edge gets through this machine's firewall
  bool running = false;
  bool wants_root = false;  // rules are missing that only root may read
  WallTime at;              // of the newest; the epoch: none yet
  std::string why;          // it failed; empty: it did not
  std::string document;     // causeway.firewall/1
};

// One diagnosis, on the calling thread, which is one of its own. `seen` hears each observation as
// it comes; when it returns false the diagnosis ends with what is known.
using DiagnoseControl = std::function<Parsed<model::Diagnosis>(
    const DiagnosisOrder& order, const std::function<bool(const model::Observation&)>& seen)>;

// The same for one check; ends soon after `left` is true.
using CheckControl =
    std::function<CheckSeen(const CheckOrder& order, const std::function<bool()>& left)>;

struct PlanOrder {     // as people give it
  std::string before;  // the old origin's addresses, with commas
  std::string after;
  std::vector<std::string> names;     // that move
  std::vector<std::string> paths;     // where the comparison of pages begins; empty: at /
  std::string ssl;                    // strict, full or flexible
  std::optional<std::size_t> pages;   // of each name that are compared; unset: as many as usual
  std::string zone;                   // whose last snapshot is used; empty: none
  std::vector<model::Document> with;  // facts of the new origin
  bool may_be_private = false;        // this machine and its networks too
  Duration deadline{};                // of all of it
};

struct PlanMade {
  bool go = false;
  std::size_t stops = 0;
  std::size_t warnings = 0;
  std::size_t unknowns = 0;
  std::vector<std::string> names;
  std::vector<std::string> before;
  std::vector<std::string> after;
  std::string document;  // causeway.plan/1
  std::string text;
  std::string markdown;
  std::string html;
  std::function<std::string(WallTime cut_over)> calendar;  // iCalendar, from any thread
};

struct PlanListener {
  std::function<void(const std::string&)> told;  // what was just found, in words
  std::function<bool()> left;                    // nobody listens any more
};
// Makes a plan on the calling thread, which is one of its own. When the listener has left, and at
// the order's deadline, it ends soon and without one.
using PlanRun = std::function<Parsed<PlanMade>(const PlanListener& listener)>;

// What the console can make the watch do. Each may be called from the console's thread, and those
// that wait for others (test_channel, switch_pool, report) from several at once; what is not set is
// answered with 501.
struct Controls {
  std::function<Parsed<bool>(const std::string& incident, const std::string& author)> acknowledge;
  std::function<Parsed<bool>(const std::string& incident, const std::string& author,
                             const std::string& text)>
      note;
  std::function<Parsed<bool>(const std::string& from, const std::string& into,
                             const std::string& author)>
      merge;
  std::function<Parsed<bool>(const std::string& incident, const std::string& target,
                             const std::string& author)>
      split;
  std::function<Parsed<bool>(const store::MaintenanceWindow&)> put_maintenance;
  std::function<Parsed<bool>(const std::string& id, const std::string& author)> remove_maintenance;
  std::function<std::vector<Channel>()> channels;
  // What the receiver answered. Waits for it: a few seconds, when it does not answer.
  std::function<Parsed<std::string>(const std::string& channel)> test_channel;
  std::function<Parsed<bool>(const std::string& target, bool ok, const std::string& note)> beat;
  // A target of people: its definition as the API takes it. `id` empty: a new one. Returns the id.
  std::function<OrRefused<std::string>(const std::string& id, const std::string& definition)>
      put_target;
  std::function<OrRefused<bool>(const std::string& id)> remove_target;
  // Documents of causeway.agent/1 (docs/agent.md); the vantage is the name of the caller's token.
  std::function<std::string()> agent_targets;
  std::function<Parsed<std::string>(const std::string& vantage, const std::string& report)>
      agent_report;
  // What it found on its own machine: causeway.facts/1.
  std::function<Parsed<bool>(const std::string& vantage, const std::string& facts)> agent_facts;
  std::function<std::vector<AgentSeen>()> agents;
  std::function<std::vector<Sightings>()> sightings;  // of every target
  std::function<store::VantageState()> own_view;      // of the watch itself, beside its agents
  std::function<std::vector<EdgeSeen>()> edges;       // at most a few seconds old
  // Visitors of pool `from` go to `to` for so many minutes; `to` empty: no more.
  std::function<OrRefused<bool>(const std::string& edge, const std::string& from,
                                const std::string& to, int minutes)>
      switch_pool;
  std::function<Parsed<std::string>(const ReportOrder& order)> report;
  // Made anew when there is none, or when asked to; the newest is shown meanwhile.
  std::function<ProofSeen(bool anew)> proof;
  // The whole exposition of the watch's own figures, for /metrics.
  std::function<std::string()> metrics;
  DiagnoseControl diagnose;
  // The error says why no diagnosis fits the target of this definition.
  std::function<Parsed<bool>(const std::string& definition)> can_diagnose;
  CheckControl check;
  // Understands the order at once; what it returns makes the plan.
  std::function<OrRefused<PlanRun>(const PlanOrder& order)> plan;
};

struct DeskSettings {
  std::string title = "Causeway";       // of the status page
  std::string address;                  // how people reach the console: "http://127.0.0.1:5230"
  std::string version;                  // of the program, for /metrics
  bool secure = false;                  // over TLS: cookies say so
  std::vector<Prefix> trusted_proxies;  // what they say of visitors is believed
  bool open_metrics = false;            // /metrics without a token
  bool private_targets = false;         // people may have loopback and private addresses diagnosed
};

class LiveRuns;
class PlanShelf;
struct StatusReport;

class Desk {
 public:
  Desk(store::Store& the_store, DeskSettings the_settings, Controls the_controls,
       LiveRuns& the_runs);

  store::Store& store;
  DeskSettings settings;
  Controls controls;
  LoginLimit logins;
  LiveRuns& runs;
  std::shared_ptr<PlanShelf> plans;  // made here; threads that make one put it there
  int streams = 0;                   // of live changes, open now

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
