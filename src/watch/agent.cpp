#include "watch/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/text.hpp"
#include "net/blocking_threads.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/outbound.hpp"
#include "watch/full_check.hpp"
#include "watch/limits.hpp"
#include "watch/names.hpp"
#include "watch/own_look.hpp"
#include "watch/run_command.hpp"
#include "watch/schedule.hpp"
#include "watch/sessions.hpp"

namespace causeway::watch {
namespace {

constexpr Duration kDay = std::chrono::hours{24};
constexpr int kNotUnderstood = 422;
constexpr int kQuickRetries = 3;  // after a change; then the target's own rhythm again

}  // namespace

class AgentRunner::Impl {
 public:
  Impl(AgentSettings settings, std::function<void(const std::string&)> say,
       std::function<std::string()> inspect)
      : settings_(std::move(settings)), say_(std::move(say)), inspect_(std::move(inspect)) {}

  net::Task<void> run();

  AgentFigures figures;

 private:
  struct Watched {
    std::shared_ptr<const Target> target;
    Instant due{};
    bool running = false;
    Outcome newest = Outcome::unknown;
    int quick = 0;  // retries since the outcome changed
  };
  struct Kept {                // a result that waits to be reported
    std::uint64_t number = 0;  // ascending
    std::string target;
    Instant began;
    CheckResult result;
  };

  net::Task<void> talk();
  net::Task<bool> fetch_targets();
  net::Task<bool> report(OwnLook own);
  void adopt(const std::vector<Target>& targets);
  Instant start_due();
  net::Task<void> check(std::string id, std::shared_ptr<const Target> target);
  void keep(Kept one);
  void forget(std::uint64_t last, std::size_t runs);
  void doubt(bool healthy, Instant looked);
  net::Task<void> obey(AgentOrder order);
  net::Task<void> look_within();
  net::Task<void> send_facts(std::string document);
  void reached(bool yes, const std::string& why);
  net::OutboundRequest request(std::string method, std::string_view path) const;

  AgentSettings settings_;
  std::function<void(const std::string&)> say_;
  std::function<std::string()> inspect_;
  std::map<std::string, Watched> watched_;
  std::deque<Kept> waiting_;
  std::uint64_t kept_ = 0;
  std::size_t lost_ = 0;  // since the last report that arrived
  std::vector<AgentRun> runs_;
  std::map<std::string, std::vector<Instant>> ran_;  // by remedy
  std::size_t under_way_ = 0;
  bool urgent_ = false;  // something changed: it is reported now
  std::optional<bool> reached_;
  bool looked_healthy_ = true;
  Instant sure_until_{};  // the last healthy look
  bool facts_taken_ = true;
  Names names_;
  Sessions sessions_;
  net::Outbound outbound_;
  net::Event changed_;  // for talk(): there is something to say
  net::Event targets_;  // for run(): there may be something to check
  net::Event wanted_;   // for look_within(): the watch asks for it
  net::BlockingThreads threads_{1, 1};
  net::Group tasks_;
};

void AgentRunner::Impl::reached(bool yes, const std::string& why) {
  if (reached_ == yes) return;
  reached_ = yes;
  if (yes) {
    say_(fmt::format("reports to {}; {} target{} to check", settings_.watch, watched_.size(),
                     watched_.size() == 1 ? "" : "s"));
  } else {
    say_(fmt::format("{} does not take reports: {}; it is tried again, checks go on",
                     settings_.watch, why));
  }
}

net::OutboundRequest AgentRunner::Impl::request(std::string method, std::string_view path) const {
  net::OutboundRequest out;
  out.method = std::move(method);
  out.url = fmt::format("{}{}", settings_.watch, path);
  out.fields = {{"Authorization", "Bearer " + settings_.token}};
  out.ca_file = settings_.ca_file;
  return out;
}

void AgentRunner::Impl::adopt(const std::vector<Target>& targets) {
  std::map<std::string, Watched> next;
  const Instant at = net::Loop::current().now();
  for (const Target& target : targets) {
    if (!checks(settings_, target) || target.kind == CheckKind::heartbeat || target.paused) {
      continue;
    }
    const auto known = watched_.find(target.id);
    if (known != watched_.end() && *known->second.target == target) {
      next[target.id] = known->second;
      continue;
    }
    Watched& fresh = next[target.id];
    fresh.target = std::make_shared<const Target>(target);
    const Duration first = std::min<Duration>(target.interval, limits::kAgentReport);
    fresh.due = at + first_delay(target.id, first);
    if (known != watched_.end()) fresh.running = known->second.running;
  }
  for (const auto& [id, one] : watched_) {
    const auto kept = next.find(id);
    if (kept == next.end() || kept->second.target != one.target) sessions_.forget(id);
  }
  watched_ = std::move(next);
  figures.targets = watched_.size();
  targets_.set();
}

net::Task<bool> AgentRunner::Impl::fetch_targets() {
  auto asked = request("GET", "/api/v1/agent/targets");
  asked.most_bytes = limits::kAgentTargetsBytes;
  const auto reply = co_await outbound_.send(std::move(asked));
  if (reply.end != net::OutboundEnd::answered) {
    reached(false, reply.why);
    co_return false;
  }
  if (reply.status != 200) {
    reached(false, fmt::format("it answers {} {}", reply.status,
                               printable(trim(reply.body), limits::kTextKept)));
    co_return false;
  }
  const auto targets = agent_targets(reply.body);
  if (!targets) {
    reached(false, "its answer is not understood: " + targets.error().text);
    co_return false;
  }
  adopt(*targets);
  co_return true;
}

void AgentRunner::Impl::keep(Kept one) {
  if (waiting_.size() >= limits::kAgentWaiting) {  // the oldest says the least about now
    waiting_.pop_front();
    ++lost_;
    ++figures.lost;
  }
  one.number = ++kept_;
  waiting_.push_back(std::move(one));
}

// The results up to number `last`, and so many runs.
void AgentRunner::Impl::forget(std::uint64_t last, std::size_t runs) {
  while (!waiting_.empty() && waiting_.front().number <= last) waiting_.pop_front();
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(runs));
}

// What failed between two looks of which one found the own network dead says nothing of a target.
void AgentRunner::Impl::doubt(bool healthy, Instant looked) {
  if (!healthy || !looked_healthy_) {
    for (Kept& one : waiting_) {
      if (one.began <= sure_until_ || !is_bad(one.result.outcome)) continue;
      one.result.outcome = Outcome::unknown;
      one.result.failure.reset();
      one.result.detail = "Not judged, the agent's own network did not work: " + one.result.detail;
    }
  }
  if (healthy) sure_until_ = looked;
}

net::Task<bool> AgentRunner::Impl::report(OwnLook own) {
  AgentReport out{.healthy = own.healthy, .detail = own.detail, .lost = lost_};
  const Instant at = Clock::now();
  const std::size_t lost = lost_;
  std::uint64_t last = 0;
  for (const Kept& one : waiting_) {
    if (out.results.size() == limits::kAgentResults) break;
    last = one.number;
    if (at - one.began > limits::kAgentAgeMost) {
      ++out.lost;
      ++figures.lost;
      continue;
    }
    out.results.push_back({one.target, at - one.began, one.result});
  }
  const std::size_t runs = std::min(runs_.size(), limits::kAgentOrders);
  out.runs.assign(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(runs));
  auto asked = request("POST", "/api/v1/agent/reports");
  asked.fields.emplace_back("Content-Type", "application/json");
  asked.body = to_json(out);
  const auto reply = co_await outbound_.send(std::move(asked));
  const bool good = reply.end == net::OutboundEnd::answered && reply.status == 200;
  const auto answer = good ? agent_answer(reply.body) : Parsed<AgentAnswer>{AgentAnswer{}};
  if (!good || !answer) {
    reached(false, !answer ? "its answer is not understood: " + answer.error().text
                   : reply.end == net::OutboundEnd::answered
                       ? fmt::format("it answers {} {}", reply.status,
                                     printable(trim(reply.body), limits::kTextKept))
                       : reply.why);
    // What a watch of another version does not understand it will not understand later either.
    if (reply.end == net::OutboundEnd::answered && reply.status == kNotUnderstood) {
      forget(last, runs);
      lost_ += out.results.size();
      figures.lost += out.results.size();
    }
    co_return false;
  }
  reached(true, "");
  forget(last, runs);
  lost_ -= lost;
  figures.reported += out.results.size();
  for (const AgentOrder& order : answer->orders) tasks_.start(obey(order));
  if (answer->inspect) wanted_.set();
  co_return true;
}

// Everything that is said to the watch, one thing at a time.
net::Task<void> AgentRunner::Impl::talk() {
  net::Loop& loop = net::Loop::current();
  Instant ask_at{};
  Duration pause = std::chrono::seconds{1};
  while (!loop.interrupted()) {
    const Instant looked = loop.now();
    OwnLook own = co_await look_at_own_network(settings_.anchors);
    if (loop.interrupted()) break;
    doubt(own.healthy, looked);
    if (own.healthy != looked_healthy_) {
      looked_healthy_ = own.healthy;
      say_(own.healthy ? "the own network works again"
                       : fmt::format("the own network does not work: {}", own.detail));
    }
    bool good = true;
    if (loop.now() >= ask_at) {
      good = co_await fetch_targets();
      if (good) ask_at = loop.now() + limits::kAgentTargetsAsked;
    }
    if (good) good = co_await report(std::move(own));
    if (good && waiting_.size() >= limits::kAgentResults) continue;  // what gathered meanwhile
    if (good) {
      pause = std::chrono::seconds{1};
      if (!urgent_) co_await changed_.wait(loop.now() + limits::kAgentReport);
      changed_.clear();
      urgent_ = false;
      continue;
    }
    ask_at = {};
    co_await loop.sleep_until(loop.now() + pause);
    pause = std::min<Duration>(pause * 2, limits::kAgentPauseMost);
  }
}

net::Task<void> AgentRunner::Impl::check(std::string id, std::shared_ptr<const Target> target) {
  const Instant began = Clock::now();
  CheckResult result = co_await full_check(*target, names_, sessions_);
  --under_way_;
  ++figures.checks;
  if (net::Loop::current().interrupted()) co_return;
  const auto found = watched_.find(id);
  if (found == watched_.end()) co_return;
  Watched& own = found->second;
  own.running = false;
  const bool differs = result.outcome != own.newest;
  const bool bad = is_bad(result.outcome);
  own.quick = differs ? 0 : own.quick + 1;
  own.newest = result.outcome;
  const Instant at = Clock::now();
  own.due = next_beat(own.due, own.target->interval, at);
  const bool soon = bad ? own.quick < kQuickRetries : differs;
  if (soon) own.due = std::min(own.due, at + std::min(own.target->retry, own.target->interval));
  if (differs || bad) {
    urgent_ = true;
    changed_.set();
  }
  keep({.target = id, .began = began, .result = std::move(result)});
  targets_.set();
}

// When the next one is due.
Instant AgentRunner::Impl::start_due() {
  const Instant at = net::Loop::current().now();
  Instant next = at + std::chrono::seconds{1};
  for (auto& [id, one] : watched_) {
    if (one.running) continue;
    if (one.due > at) {
      next = std::min(next, one.due);
      continue;
    }
    if (under_way_ >= limits::kAgentChecks) break;
    one.running = true;
    ++under_way_;
    tasks_.start(check(id, one.target));
  }
  return next;
}

// Only what this file allows, and no more often than it allows.
net::Task<void> AgentRunner::Impl::obey(AgentOrder order) {
  AgentRun run{.order = order.id, .outcome = "refused"};
  const auto found = std::ranges::find(settings_.remedies, order.remedy, &AgentRemedy::name);
  const Instant at = Clock::now();
  auto& times = ran_[found == settings_.remedies.end() ? std::string{} : found->name];
  std::erase_if(times, [&](Instant one) { return at - one > kDay; });
  if (found == settings_.remedies.end()) {
    run.detail = fmt::format("no remedy is called '{}' here", printable(order.remedy, 80));
  } else if (!times.empty() && at - times.back() < found->cool_down) {
    run.detail = fmt::format("'{}' ran a short while ago", found->name);
  } else if (std::cmp_greater_equal(times.size(), found->most_a_day)) {
    run.detail = fmt::format("'{}' ran {} times within a day", found->name, times.size());
  } else {
    times.push_back(at);
    say_(fmt::format("runs '{}' for {}", found->name, printable(order.target, 80)));
    const Ran ran = co_await run_command(
        found->command, {"CAUSEWAY_TARGET=" + order.target, "CAUSEWAY_INCIDENT=" + order.incident},
        "", limits::kWatchCommandWait);
    run.outcome = ran.started && ran.status == 0 ? "ran" : "failed";
    run.detail = ran.started ? fmt::format("exit status {}. {}", ran.status, ran.output) : ran.why;
  }
  if (run.outcome == "refused") say_(fmt::format("refused: {}", run.detail));
  runs_.push_back(std::move(run));
  urgent_ = true;
  changed_.set();
}

net::Task<void> AgentRunner::Impl::send_facts(std::string document) {
  auto asked = request("POST", "/api/v1/agent/facts");
  asked.fields.emplace_back("Content-Type", "application/json");
  asked.body = std::move(document);
  const auto reply = co_await outbound_.send(std::move(asked));
  const bool answered = reply.end == net::OutboundEnd::answered;
  const bool taken = answered && reply.status >= 200 && reply.status < 300;
  if (!taken && facts_taken_) {
    say_(fmt::format("{} does not take what was found on this machine: {}; it is sent again",
                     settings_.watch,
                     answered ? fmt::format("it answers {} {}", reply.status,
                                            printable(trim(reply.body), limits::kTextKept))
                              : reply.why));
  }
  facts_taken_ = taken;
}

// This machine: in its own rhythm, and when the watch asks.
net::Task<void> AgentRunner::Impl::look_within() {
  net::Loop& loop = net::Loop::current();
  while (!loop.interrupted()) {
    auto found = std::make_shared<std::string>();
    const bool done = co_await threads_.run([found, look = inspect_] { *found = look(); },
                                            loop.now() + limits::kAgentInspectWait);
    if (done && found->size() <= limits::kAgentFactsBytes) {
      co_await send_facts(std::move(*found));
    } else if (!loop.interrupted()) {
      say_(done ? fmt::format("what was found on this machine is {} bytes, at most {} are sent",
                              found->size(), limits::kAgentFactsBytes)
                : "this machine could not be inspected in time");
    }
    wanted_.clear();  // what was asked for meanwhile has just been sent
    // Not again at once, whoever asks.
    co_await loop.sleep_until(loop.now() + limits::kAgentInspectRest);
    if (!loop.interrupted()) co_await wanted_.wait(loop.now() + settings_.inspect);
  }
}

net::Task<void> AgentRunner::Impl::run() {
  net::Loop& loop = net::Loop::current();
  tasks_.start(talk());
  if (settings_.inspect > Duration{}) tasks_.start(look_within());
  while (!loop.interrupted()) {
    const Instant next = start_due();
    co_await targets_.wait(next);
    targets_.clear();
  }
  co_await tasks_.finished();
}

AgentRunner::AgentRunner(AgentSettings settings, std::function<void(const std::string&)> say,
                         std::function<std::string()> inspect)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(say), std::move(inspect))) {}
AgentRunner::~AgentRunner() = default;

net::Task<void> AgentRunner::run() { return impl_->run(); }
AgentFigures AgentRunner::figures() const { return impl_->figures; }

}  // namespace causeway::watch
