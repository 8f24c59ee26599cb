// What the ledger holds: inside of watch/ledger.hpp, shared by its source files only.
#pragma once

#include <algorithm>
#include <bit>

#include "watch/ledger.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {

// The newest checks of one target from one vantage; bit 0 is the newest.
struct View {
  std::uint16_t failed = 0;
  std::uint16_t bad = 0;  // failed or degraded
  int known = 0;
  Outcome newest = Outcome::unknown;
  Outcome stands = Outcome::unknown;  // after N of M
  bool waits = false;                 // for a healthy look at the own network
  Instant newest_began{};
  Instant newest_at{};
  Instant bad_since{};  // of the present row of bad checks
  WallTime bad_since_wall;
  std::optional<model::FailureId> failure;
};

struct Entry {
  bool used = false;
  std::string id;
  std::string shown;
  Confirm confirm;
  Duration interval{};
  Duration fresh{};  // how long what a vantage saw of it counts
  std::vector<std::string> parents;
  std::vector<Share> shares;
  std::vector<View> views;  // by vantage number
  bool maintenance = false;
  Outcome stands = Outcome::unknown;
  WallTime since;
  std::string detail;
  std::string incident;  // open, of a failure
  // For reopening: the last one that ended.
  Instant asked{};  // as a sibling
  std::string last_incident;
  Instant last_closed{};

  bool newest_bad() const {
    return std::ranges::any_of(views, [](const View& view) {
      return view.newest == Outcome::down || view.newest == Outcome::degraded;
    });
  }
  const View* bad_view() const {
    for (const View& view : views) {
      if (view.stands == Outcome::down || view.stands == Outcome::degraded) return &view;
    }
    for (const View& view : views) {
      if (view.newest == Outcome::down || view.newest == Outcome::degraded) return &view;
    }
    return nullptr;
  }
};

// An open incident.
struct Live {
  store::Incident row;
  std::map<std::uint32_t, store::Member> open;  // members that still fail
  std::set<std::string> ever;  // ids of all members so far, at most limits::kWatchConcerned
  std::size_t peak = 0;
  std::optional<Share> share;
  std::string notice_key;
  Instant opened{};
  Instant tell_at{};
  bool diagnosis_asked = false;
  bool undiagnosed = false;  // there will be none: nobody waits for it
  Instant ended_at{};
  std::optional<Instant> close_at;  // it flaps and has calmed down
  std::optional<Instant> thin_since;
  // Not handed over yet.
  std::vector<store::IncidentEvent> events;
  std::vector<store::Member> members;
  Change::Tell tell = Change::Tell::nothing;
  std::string held_because;

  bool told() const { return !row.told.empty(); }
};

struct Group {
  std::set<std::uint32_t> members;
  Instant asked{};  // its members, as siblings
  // Newest first; good for every question until `turn` moves on.
  std::vector<Instant> checked;  // when its members were last checked
  std::vector<Instant> failing;  // since when those fail that it could explain
  std::uint64_t counted = 0;     // Impl::turn of both
};

struct Sight {  // of one vantage
  std::string name;
  bool blind = false;
  Instant healthy_at = Instant::min();  // the last healthy look
};

// How far a share explains what fails.
struct Explained {
  int all = 0;
  int checked = 0;      // since the failing began
  int failing = 0;      // and began to at about the same time
  double expected = 0;  // failing among all others
};

class Ledger::Impl {
 public:
  Impl(LedgerOptions the_options, NewId the_new_id)
      : options(std::move(the_options)), new_id(std::move(the_new_id)) {}

  // ledger.cpp: from checks to a target's state
  std::size_t sight_of(std::string_view vantage);
  void take(std::uint32_t number, std::size_t vantage, const CheckResult& result, Moment began,
            Moment now);
  void believe(std::uint32_t number, View& view, Moment now);
  void settle(std::uint32_t number, Moment now);
  bool counts(const Entry& entry, std::size_t vantage, Moment now) const;
  Outcome agreed(const Entry& entry, Moment now) const;

  // ledger_incidents.cpp: from a target's state to incidents
  void opened(std::uint32_t number, Severity severity, Moment now);
  void recovered(std::uint32_t number, Moment now);
  // `well`: it recovered; else nobody looks at it any more.
  void leave(Live& live, std::uint32_t number, const std::string& text, bool well, Moment now);
  void join(Live& live, std::uint32_t number, Moment now);
  Live& create(std::uint32_t number, Severity severity, Moment now);
  bool reopen(std::uint32_t number, Severity severity, Moment now);
  void close(Live& live, const std::string& text, Moment now);
  void tick(Moment now);
  void tell(Live& live, Moment now);
  std::string hold(const Live& live, Moment now) const;
  bool is_down(const Entry& entry, Moment now) const;
  void make_worse(Live& live, Severity severity);
  void raise(Live& live, std::uint32_t number, Severity severity, Moment now);
  std::string title_of(const Live& live) const;
  Live* live(const std::string& id);
  void event(Live& live, std::string kind, std::string author, std::string text, Moment now);
  void touch(Live& live, Moment now);
  void admit(Live& live, std::uint32_t number, store::Member member);
  Live* notice_of(std::uint32_t number, const std::string& key);
  void end_notices(std::uint32_t number, const std::string& because, Moment now);
  void split_rest(Live& live, Moment now);
  void merge(Live& from, Live& into, const std::string& who, Moment now);

  // ledger_groups.cpp: what fails together
  Explained explained(const Share& share, const Entry& entry);
  void count(ShareKind kind, Group& group);
  bool comes_along(const Live& theirs, std::uint32_t member, const Share& share,
                   const Entry& entry);
  std::optional<std::pair<Share, Explained>> explanation(const Entry& entry);
  void make_about(Live& live, const Share& share);
  void no_longer_about(const Live& live);
  Live* about_what(const Entry& entry);
  void gather(std::uint32_t number, Moment now);
  void regroup(Moment now);
  void describe(Live& live, const Explained& seen, Moment now);
  void ask_siblings(const Entry& entry, Moment now);

  LedgerOptions options;
  NewId new_id;
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::uint32_t> numbers;  // by id
  std::map<Share, Group> groups;
  std::vector<Sight> sights;
  std::map<std::string, Live> lives;
  std::map<Share, std::set<std::string>> about;  // ids of `lives` by what their members share
  // Ids of the notices that a target was ever in: some of them have ended since.
  std::map<std::uint32_t, std::set<std::string>> notices;
  std::set<std::string> dirty;         // ids of `lives` with something that was not handed over
  std::map<std::string, Live> ghosts;  // closed a short while ago: may open again
  std::deque<Change> ended;            // of incidents that closed
  std::set<std::uint32_t> waiting;     // for a healthy look
  std::set<std::uint32_t> to_gather;
  Wishes wishes;
  int failing = 0;          // entries whose newest check is bad
  std::uint64_t turn = 1;   // moves on with whatever changes an answer of explained()
  std::uint64_t steps = 0;  // members and incidents looked at so far
  std::size_t budget = limits::kWatchGatherSteps;  // until the next tick, for what can wait for it
  Instant regrouped{};
};

Severity severity_named(std::string_view name);

}  // namespace causeway::watch
