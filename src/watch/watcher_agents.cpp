// The watcher's agents: other vantages that report, and remedies that run where they are.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "store/targets.hpp"
#include "watch/duration_words.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {

std::vector<Target> Watcher::agent_targets() {
  using Answer = std::vector<Target>;
  return impl_->call<Answer>([this] {
    Answer out;
    for (const auto& [id, number] : impl_->numbers) {
      const Target& target = *impl_->sites[number].target;
      if (target.paused || target.kind == CheckKind::heartbeat) continue;
      if (out.size() < limits::kAgentTargets) out.push_back(target);
    }
    std::ranges::sort(out, {}, &Target::id);
    return out;
  });
}

Parsed<AgentAnswer> Watcher::report(const std::string& agent, const AgentReport& report) {
  return impl_->call<Parsed<AgentAnswer>>([&] { return impl_->take_report(agent, report); });
}

std::vector<LiveAgent> Watcher::agents() {
  using Answer = std::vector<LiveAgent>;
  return impl_->call<Answer>([this] {
    Answer out;
    for (const auto& [name, agent] : impl_->agents) out.push_back(agent.shown);
    return out;
  });
}

std::vector<LiveSightings> Watcher::sightings() {
  using Answer = std::vector<LiveSightings>;
  return impl_->call<Answer>([this] {
    Answer out;
    out.reserve(impl_->numbers.size());
    const Instant steady = Clock::now();
    const WallTime wall = wall_now();
    for (const auto& [id, number] : impl_->numbers) {
      LiveSightings row{.target = id, .seen = {}};
      for (const Sighting& one : impl_->ledger.sightings(number)) {
        const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(steady - one.at);
        row.seen.push_back({.vantage = one.vantage,
                            .outcome = one.newest,
                            .failure = one.failure,
                            .at = wall - age});
      }
      out.push_back(std::move(row));
    }
    return out;
  });
}

Parsed<AgentAnswer> Watcher::Impl::take_report(const std::string& name, const AgentReport& report) {
  if (name == settings.vantage) {
    return error(fmt::format("'{}' is the watch's own name; expected a token of another name",
                             printable(name, 80)));
  }
  const bool fresh = !agents.contains(name);
  if (fresh && agents.size() >= limits::kAgents) return error("there are too many agents");
  Agent& agent = agents[name];
  const Moment moment = now();
  LiveAgent& shown = agent.shown;
  shown.name = name;
  if (fresh || shown.silent) {
    say(LiveEvent::Kind::own, name, fmt::format("agent {} reports", printable(name, 80)));
  }
  if (!report.healthy && (shown.healthy || fresh)) {
    say(LiveEvent::Kind::own, name,
        fmt::format("agent {}: its own network does not work: {}", printable(name, 80),
                    printable(report.detail, limits::kTextKept)));
  }
  agent.heard = moment.steady;
  shown.heard = moment.wall;
  shown.silent = false;
  shown.healthy = report.healthy;
  shown.detail = report.detail;
  shown.lost += report.lost;
  // It looked at its own network before it reported.
  ledger.own(name, report.healthy, report.detail, moment);
  AgentAnswer out;
  for (const AgentResult& one : report.results) {
    if (number_of(one.target) == nullptr) {
      out.unknown.push_back(one.target);
      continue;
    }
    ++out.taken;
    ++shown.results;
    if (one.age <= limits::kAgentAgeMost) take_result(name, one);
  }
  for (const AgentRun& run : report.runs) {
    const auto found = orders.find(run.order);
    if (found == orders.end() || found->second->agent != name) continue;
    found->second->run = run;
    found->second->done.set();
  }
  out.orders.assign(agent.orders.begin(), agent.orders.end());
  agent.orders.clear();
  out.inspect = std::exchange(agent.facts_wanted, false);
  keep_agent(agent, moment.steady);
  serve_ledger();
  return out;
}

// For the console: at changes, and now and then while all is well.
void Watcher::Impl::keep_agent(Agent& agent, Instant now) {
  const LiveAgent& shown = agent.shown;
  const std::string state = shown.silent ? "silent" : shown.healthy ? "ok" : "blind";
  if (state == agent.kept && now - agent.kept_at < limits::kAgentSilent) return;
  agent.kept = state;
  agent.kept_at = now;
  const store::VantageState row{
      .name = shown.name, .seen = shown.heard, .state = state, .detail = shown.detail};
  store.write([row](store::Database& database) { return store::put_vantage(database, row); });
}

void Watcher::Impl::take_result(const std::string& agent, const AgentResult& one) {
  const Moment moment = now();
  const std::uint32_t number = *number_of(one.target);
  if (sites[number].target->paused) return;
  const WallTime began =
      moment.wall - std::chrono::duration_cast<std::chrono::milliseconds>(one.age);
  const Outcome stood = ledger.standing(number).outcome;
  ledger.take(number, agent, one.result, {moment.steady - one.age, began}, moment);
  if (ledger.standing(number).outcome != stood) keep_state(number);
  auto& newest = agents[agent].newest;
  const auto [known, fresh] = newest.try_emplace(one.target, Outcome::unknown);
  const Outcome before = std::exchange(known->second, one.result.outcome);
  if (before == one.result.outcome) return;
  const store::Transition row{
      .target = one.target,
      .vantage = agent,
      .at = began,
      .before = std::string{watch::name(before)},
      .outcome = std::string{watch::name(one.result.outcome)},
      .failure = one.result.failure ? std::string{model::name(*one.result.failure)} : "",
      .status = one.result.status,
      .address = one.result.address,
      .elapsed_us =
          std::chrono::duration_cast<std::chrono::microseconds>(one.result.elapsed).count(),
      .detail = one.result.detail};
  store.write([row](store::Database& database) { return store::add_transition(database, row); });
}

// One that says nothing any more may see nothing: its last word is no longer a vote.
void Watcher::Impl::look_at_agents() {
  const Moment moment = now();
  for (auto& [name, agent] : agents) {
    if (agent.shown.silent || moment.steady - agent.heard < limits::kAgentSilent) continue;
    agent.shown.silent = true;
    const std::string why =
        fmt::format("nothing was heard of it for {}", words(moment.steady - agent.heard));
    agent.shown.detail = why;
    ledger.own(name, false, why, moment);
    keep_agent(agent, moment.steady);
    say(LiveEvent::Kind::own, name, fmt::format("agent {}: {}", printable(name, 80), why));
  }
}

// Waits for the agent to fetch the order, run it and say what came of it.
net::Task<AgentRun> Watcher::Impl::order(std::string agent, AgentOrder what) {
  const auto found = agents.find(agent);
  if (found == agents.end() || found->second.shown.silent) {
    co_return AgentRun{what.id, "failed",
                       fmt::format("the agent '{}' does not report", printable(agent, 80))};
  }
  if (found->second.orders.size() >= limits::kAgentOrders) {
    co_return AgentRun{what.id, "refused", "too much waits for this agent already"};
  }
  auto pending = std::make_shared<Order>();
  pending->agent = agent;
  const std::string id = what.id;
  orders[id] = pending;
  found->second.orders.push_back(std::move(what));
  const bool done =
      co_await pending->done.wait(net::Loop::current().now() + limits::kAgentOrderWait);
  orders.erase(id);
  if (done) co_return pending->run;
  auto& waiting = agents[agent].orders;  // not fetched: it is too late for it now
  std::erase_if(waiting, [&](const AgentOrder& one) { return one.id == id; });
  co_return AgentRun{id, "failed", fmt::format("the agent '{}' did not answer", agent)};
}

}  // namespace causeway::watch
