// Inside of watch/watcher.hpp, shared by its source files only. Everything here belongs to the
// watch's thread, but for what the mutexes guard.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "net/event.hpp"
#include "net/fd.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/outbound.hpp"
#include "watch/as_database.hpp"
#include "watch/light_check.hpp"
#include "watch/limits.hpp"
#include "watch/names.hpp"
#include "watch/outbox.hpp"
#include "watch/registration.hpp"
#include "watch/schedule.hpp"
#include "watch/sessions.hpp"
#include "watch/watcher.hpp"

namespace causeway::watch {

// The store's note of when a watch last ran.
constexpr const char* kAlive = "alive";

struct Site {                            // a target and what is known about it
  std::shared_ptr<const Target> target;  // null: the number is free
  std::string source;                    // file | api | flag
  bool running = false;
  bool gone = false;   // removed while a check is under way
  bool stale = false;  // changed while a check is under way: its result is of the old definition
  Instant due{};       // of the rhythm
  Instant planned{};   // of the next check
  Instant asked{};     // as a sibling
  WallTime checked;
  CheckResult newest;
  std::vector<Share> shares;
  bool shares_stale = false;  // made anew at the next check
  std::vector<std::string> name_servers;
  Instant name_servers_until{};
  std::vector<IpAddress> addresses;  // as last seen, for changes
  store::Rollup minute;
  WallTime beat;
  Instant beat_at{};         // from when silence counts: the last beat, or when watching began
  bool beat_heard = false;   // what came before a start may have been followed by more
  std::string beat_failure;  // what the last beat reported; empty: that all is well
  std::vector<std::shared_ptr<std::promise<Parsed<CheckResult>>>> waiting;  // check_now()
};

// A bad result that no look at the own network has followed yet: not counted before.
struct Doubt {
  std::uint32_t number;
  Outcome outcome;
  WallTime began;
  Duration elapsed;
  Phases phases;
};

struct Agent {  // another vantage, by the name of its token
  LiveAgent shown;
  Instant heard{};
  std::deque<AgentOrder> orders;  // not fetched yet
  std::string kept;               // its state in the store
  Instant kept_at{};
  std::unordered_map<std::string, Outcome> newest;  // by target
  std::shared_ptr<const AgentFacts> facts;          // the newest
  Instant facts_at{};
  bool facts_wanted = true;  // the agent is asked with the next answer
  net::Event facts_came;
};

struct Order {  // a remedy that an agent was told to run
  std::string agent;
  net::Event done;
  AgentRun run;
};

class Watcher::Impl {
 public:
  Impl(Settings the_settings, store::Store& the_store);

  // watcher.cpp
  Parsed<bool> load();
  void run();
  net::Task<void> main();
  bool post(std::function<void()> what);  // false: the thread has ended, nobody would do it
  template <class T>
  T call(std::function<T()> what);
  void run_posted();
  Parsed<bool> adopt(Settings next);
  std::uint32_t put(const Target& target, std::string source);
  void replaced(std::uint32_t number, const Target& next);
  void wait_for_beat(Site& site) const;
  void restore_beat(const store::Beat& beat, Moment begin);
  void count_absence(std::optional<WallTime> alive, WallTime now);
  void remove(std::uint32_t number);
  Parsed<bool> refers(const Target& target);
  std::uint32_t* number_of(const std::string& id);
  void say(LiveEvent::Kind kind, const std::string& id, std::string text);
  LiveTarget live(std::uint32_t number);
  Moment now() const { return {net::Loop::current().now(), wall_now()}; }

  // watcher_checks.cpp
  void start_due();
  void start_check(std::uint32_t number);
  net::Task<void> run_full(std::uint32_t number, std::shared_ptr<const Target> target);
  void check_heartbeat(std::uint32_t number);
  void ended(std::uint32_t number, Instant began, CheckResult result);
  void plan(std::uint32_t number, Instant at);
  void schedule_next(std::uint32_t number, const CheckResult& result);
  void remember(std::uint32_t number, const CheckResult& before, WallTime began);
  void keep_state(std::uint32_t number);
  void add_to_minute(const Doubt& seen);
  void settle_doubts(bool healthy);
  void flush_minutes(bool all);
  void learn_shares(std::uint32_t number, const CheckResult& result);
  std::vector<Share> shares_of(const Site& site, const std::string& certificate) const;
  net::Task<void> learn_zone(std::uint32_t number, std::shared_ptr<const Target> target);
  void look_at_certificate(std::uint32_t number, const CheckResult& result);
  net::Task<void> look_at_self();
  void be_blind(std::string why, Duration ago);
  bool all_near() const;
  std::size_t room() const;

  // watcher_incidents.cpp
  void serve_ledger();
  void apply(Change change);
  void fulfil(Wishes wishes);
  net::Task<void> diagnose(std::uint32_t number, std::string incident);
  net::Task<model::Diagnosis> diagnosis_of(std::shared_ptr<const Target> target,
                                           std::string incident);
  net::Task<void> remedy(std::uint32_t number, std::string incident, Remedy what,
                         std::string failure);
  // watcher_remedies.cpp
  net::Task<AgentRun> carry_out(const Remedy& what, std::string target, std::string incident);
  net::Task<AgentRun> order(std::string agent, AgentOrder what);

  // watcher_agents.cpp
  Parsed<AgentAnswer> take_report(const std::string& name, const AgentReport& report);
  void take_result(const std::string& agent, const AgentResult& one);
  void look_at_agents();
  void look_at_store();
  void keep_agent(Agent& agent, Instant now);

  // watcher_facts.cpp
  Parsed<bool> take_facts(const std::string& name, AgentFacts facts, const std::string& text);
  Agent* agent_at(const Target& target, std::vector<IpAddress> seen);
  static void want_facts(Agent* agent);
  void ask_for_facts(const Target& target);
  net::Task<std::vector<model::Document>> facts_for(const Target& target,
                                                    const std::vector<model::Attempt>& attempts,
                                                    Instant since);

  // watcher_domains.cpp
  void look_at_domains();
  net::Task<void> ask_registry(Domains::Question question);
  void tell_of_domains();

  void look_at_maintenance();
  void keep_house();  // roll-ups, retention

  Settings settings;
  store::Store& store;
  Ledger ledger;
  Outbox outbox;
  std::optional<AsDatabase> as_database;
  std::vector<Site> sites;
  std::vector<std::uint32_t> free_numbers;
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::vector<store::MaintenanceWindow> windows;  // of file and API

  std::optional<Schedule> schedule;
  std::unique_ptr<LightChecks> light;
  Names names;
  Sessions sessions;
  net::Group tasks;
  Domains domains;
  net::Outbound asker;
  bool asking_registry = false;
  Instant domains_told{};
  std::map<std::string, Agent> agents;
  std::map<std::string, std::shared_ptr<Order>> orders;  // by id, until they end
  std::size_t full_under_way = 0;
  std::size_t diagnoses = 0;
  std::deque<std::pair<std::uint32_t, std::string>> diagnoses_waiting;
  bool looking = false;
  Instant looked{};
  Instant outside_ok{};  // a target on another machine answered
  Instant near_ok{};     // one on this machine did
  bool blind = false;
  Instant sees_since{};       // again, after the newest blind time
  std::string blind_because;  // of the newest blind time
  std::vector<Doubt> doubts;
  bool alerts_queued = false;
  bool store_away = false;  // as people were told
  Instant ticked{};
  Instant turned{};
  WallTime minute_now;
  WallTime housed;
  // More of it is left. The store's thread says so.
  std::shared_ptr<std::atomic<bool>> housework = std::make_shared<std::atomic<bool>>(false);
  WallTime maintained;            // the minute of the last look at the windows
  bool maintenance_stale = true;  // targets or windows changed since
  bool anything_maintained = false;
  LiveFigures figures;
  Instant latest_reset{};

  std::thread thread;
  std::atomic<std::thread::id> own_thread;  // of `thread`, while it is there
  std::atomic<bool> stopping = false;
  std::atomic<bool> launched = false;
  net::Loop* loop = nullptr;
  int wake_fd = -1;
  std::mutex posted_mutex;
  std::deque<std::function<void()>> posted;
  bool thread_ended = false;  // guarded by posted_mutex
  std::mutex ending_mutex;    // held by the thread from then on, until it is gone
  std::mutex listeners_mutex;
  std::map<std::uint64_t, std::function<void(const LiveEvent&)>> listeners;
  std::uint64_t next_listener = 1;
};

inline std::unexpected<Error> ended_watch() { return error("the watch has ended"); }

// On the watch's thread. Once that has ended, what is only read is still there; nothing is changed.
template <class T>
T Watcher::Impl::call(std::function<T()> what) {
  if (!launched || own_thread.load() == std::this_thread::get_id()) return what();
  std::promise<T> answer;
  auto waiting = answer.get_future();
  if (post([&] { answer.set_value(what()); })) return waiting.get();
  if constexpr (std::is_constructible_v<T, std::unexpected<Error>>) {
    return ended_watch();
  } else {
    const std::scoped_lock wait{ending_mutex};
    return what();
  }
}

}  // namespace causeway::watch
