// From check results to incidents. Pure: no clock, no I/O; time comes in with every call and moves
// by a steady clock alone, so a jump of the wall clock changes labels and nothing else.
//
//   results -> confirmed? (N of M, quorum of vantages, own network) -> incident
//           -> alone, or one about what its members share (address, prefix, AS, provider ...)
//           -> changes for the store, alerts to send or to hold, questions to ask
//
// Text scenarios: test/scenario/watch/*.scn.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "model/failure.hpp"
#include "store/records.hpp"
#include "watch/check.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

struct Moment {
  Instant steady;
  WallTime wall;
};

// What targets share, narrowest first: the order in which the smaller explanation wins.
enum class ShareKind : std::uint8_t { certificate, nameserver, address, prefix, as, provider };
std::string_view name(ShareKind kind);

struct Share {
  ShareKind kind = ShareKind::address;
  std::string value;  // "203.0.113.7", "203.0.113.0/24", "AS64500 Example"

  auto operator<=>(const Share&) const = default;
};

enum class Severity : std::uint8_t { notice, degraded, down };
std::string_view name(Severity severity);

struct LedgerOptions {
  Duration gather = std::chrono::seconds{20};  // alerts wait for others that fail with it
  Duration diagnosis_wait = Duration::zero();  // and, after that, for the diagnosis
  Duration reopen = std::chrono::minutes{5};   // failing again within it: the same incident
  Duration calm = std::chrono::minutes{10};    // what flaps must be well this long to close
  int flaps = 3;                               // reopened so often: it flaps
  int least_members = 3;                       // of an incident about something shared
  double least_share = 0.5;                    // failing among all that share it
  int quorum = 0;                              // vantages that must agree; 0: more than half
  std::string own_vantage = "here";
};

// What happened to an incident in one step: rows for the store, and what to tell whom.
struct Change {
  store::Incident incident;
  std::vector<store::IncidentEvent> events;
  std::vector<store::Member> members;  // that joined or left
  // `joined`: of one that people know already; for whoever is concerned by the new members alone.
  enum class Tell : std::uint8_t { nothing, joined, opened, worse, recovered } tell = Tell::nothing;
  std::vector<std::string> concerned;  // targets that are or were its members, while it tells
  int round = 0;                       // how often it was opened again
  std::string held_because;            // recorded with the incident while an alert is held back
};

struct Wishes {                      // what the driver should do next
  bool own_check = false;            // look at the own network now: something waits for it
  std::vector<std::uint32_t> check;  // targets to check soon
  std::vector<std::pair<std::uint32_t, std::string>> diagnose;  // target, for this incident
};

// How a target stands, for a display.
struct Standing {
  Outcome outcome = Outcome::unknown;  // confirmed
  WallTime since;
  Outcome newest = Outcome::unknown;  // of the last check, confirmed or not
  std::optional<model::FailureId> failure;
  std::string incident;  // open; empty: none
  bool maintenance = false;
};

// What one vantage saw last of one target.
struct Sighting {
  std::string vantage;
  Outcome newest = Outcome::unknown;  // of its last check that could tell
  Outcome stands = Outcome::unknown;  // after its N of M
  std::optional<model::FailureId> failure;
  Instant at{};  // of that check's end
};

using NewId = std::function<std::string()>;

class Ledger {
 public:
  Ledger(LedgerOptions options, NewId new_id);
  ~Ledger();
  void configure(LedgerOptions options);

  // Targets are numbered by who calls; a number is free again after remove().
  void add(std::uint32_t number, const Target& target);
  // `because`: "shop is no longer watched."
  void remove(std::uint32_t number, Moment now, std::string_view because = "no longer watched");
  // What the target shares now: replaces what was known.
  bool share(std::uint32_t number, std::vector<Share> shares);  // false: it shared the same before
  void maintenance(std::uint32_t number, bool active);

  // An incident that a former run left open, with its open members. After add().
  void restore(const store::Incident& incident, const std::vector<store::Member>& members,
               Moment now);

  void take(std::uint32_t number, std::string_view vantage, const CheckResult& result, Moment began,
            Moment now);
  // The own network as just looked at: failures older than a healthy look are believed, failures
  // since the last healthy one are forgotten when it is not well.
  void own(std::string_view vantage, bool healthy, const std::string& detail, Moment now);
  void tick(Moment now);

  // By people. False: there is no such open incident; for merge and split also what they cannot do.
  bool acknowledge(const std::string& incident, const std::string& who, Moment now);
  bool note(const std::string& incident, const std::string& who, const std::string& text,
            Moment now);
  bool merge(const std::string& from, const std::string& into, const std::string& who, Moment now);
  bool split(const std::string& incident, std::uint32_t number, const std::string& who, Moment now);
  // What a diagnosis found; `document` is its id in the store.
  void diagnosed(const std::string& incident, const model::Verdict& verdict,
                 const std::string& document, Moment now);
  // There will be no diagnosis (a heartbeat): the alert need not wait for one.
  void not_diagnosed(const std::string& incident);
  // Something worth knowing that is no failure: a certificate that ends soon, DNS that changed,
  // a restart that keeps being needed. `key` keeps it to one open incident; closed by notice_over.
  void notice(std::uint32_t number, const std::string& key, const std::string& cause,
              const std::string& sentence, Moment now);
  void notice_over(std::uint32_t number, const std::string& key, Moment now);
  // A sentence for the timeline: a remedy ran, DNS answers changed.
  void event(const std::string& incident, const std::string& kind, const std::string& text,
             Moment now);

  // Since the last call, in order; what is beyond `most` comes with the next call.
  std::vector<Change> changes(std::size_t most = std::numeric_limits<std::size_t>::max());
  bool changed() const;  // there is something to hand over
  Wishes wishes();

  Standing standing(std::uint32_t number) const;
  std::vector<Sighting> sightings(
      std::uint32_t number) const;  // none of a vantage that saw nothing
  bool blind(std::string_view vantage) const;
  std::size_t open_incidents() const;
  // Of an open incident: who fails still.
  std::vector<std::uint32_t> members(const std::string& incident) const;
  // How many members and incidents were looked at so far: what an outage costs.
  std::uint64_t steps() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace causeway::watch
