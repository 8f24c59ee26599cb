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
#include "watch/as_database.hpp"
#include "watch/light_check.hpp"
#include "watch/limits.hpp"
#include "watch/names.hpp"
#include "watch/outbox.hpp"
#include "watch/schedule.hpp"
#include "watch/watcher.hpp"

namespace causeway::watch {

struct Site {                            // a target and what is known about it
  std::shared_ptr<const Target> target;  // null: the number is free
  std::string source;                    // file | api | flag
  bool running = false;
  bool gone = false;  // removed while a check is under way
  Instant due{};      // of the rhythm
  Instant planned{};  // of the next check
  Instant asked{};    // as a sibling
  WallTime checked;
  CheckResult newest;
  std::vector<Share> shares;
  std::vector<std::string> name_servers;
  Instant name_servers_until{};
  std::vector<IpAddress> addresses;  // as last seen, for changes
  store::Rollup minute;
  WallTime beat;
  Instant beat_at{};
  std::vector<std::shared_ptr<std::promise<Parsed<CheckResult>>>> waiting;  // check_now()
};

class Watcher::Impl {
 public:
  Impl(Settings the_settings, store::Store& the_store);

  // watcher.cpp
  Parsed<bool> load();
  void run();
  net::Task<void> main();
  void post(std::function<void()> what);
  template <class T>
  T call(std::function<T()> what);
  void run_posted();
  Parsed<bool> adopt(Settings next);
  std::uint32_t put(const Target& target, std::string source);
  void remove(std::uint32_t number);
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
  void add_to_minute(Site& site, const CheckResult& result, WallTime began);
  void flush_minutes(bool all);
  void learn_shares(std::uint32_t number, const CheckResult& result);
  net::Task<void> learn_name_servers(std::uint32_t number, std::shared_ptr<const Target> target);
  void look_at_certificate(std::uint32_t number, const CheckResult& result);
  net::Task<void> look_at_self();
  std::size_t room() const;

  // watcher_incidents.cpp
  void serve_ledger();
  void apply(Change change);
  void fulfil(Wishes wishes);
  net::Task<void> diagnose(std::uint32_t number, std::string incident);
  net::Task<std::string> diagnosis_of(std::shared_ptr<const Target> target, std::string incident,
                                      std::function<void(const model::Observation&)> listener,
                                      std::string* document, model::Verdict* verdict);
  net::Task<void> remedy(std::uint32_t number, std::string incident, Remedy what,
                         std::string failure);
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
  net::Group tasks;
  std::size_t full_under_way = 0;
  std::size_t diagnoses = 0;
  std::deque<std::pair<std::uint32_t, std::string>> diagnoses_waiting;
  bool looking = false;
  Instant looked{};
  Instant outside_ok{};  // a target on another machine answered
  bool blind = false;
  std::string blind_because;
  Instant deliver_at{};
  bool delivering = false;
  bool alerts_queued = false;
  Instant ticked{};
  Instant turned{};
  WallTime minute_now;
  WallTime housed;
  WallTime maintained;            // the minute of the last look at the windows
  bool maintenance_stale = true;  // targets or windows changed since
  bool anything_maintained = false;
  LiveFigures figures;
  Instant latest_reset{};

  std::thread thread;
  std::atomic<bool> stopping = false;
  bool running = false;
  net::Loop* loop = nullptr;
  int wake_fd = -1;
  std::mutex posted_mutex;
  std::deque<std::function<void()>> posted;
  std::mutex listeners_mutex;
  std::map<std::uint64_t, std::function<void(const LiveEvent&)>> listeners;
  std::uint64_t next_listener = 1;
};

template <class T>
T Watcher::Impl::call(std::function<T()> what) {
  if (!thread.joinable() || thread.get_id() == std::this_thread::get_id()) return what();
  std::promise<T> answer;
  auto waiting = answer.get_future();
  post([&] { answer.set_value(what()); });
  return waiting.get();
}

}  // namespace causeway::watch
