// The watcher's remedies: whether one may run, running it where it belongs, and whether it helped.
#include <fmt/format.h>

#include "base/text.hpp"
#include "codec/percent.hpp"
#include "store/alerts.hpp"
#include "watch/duration_words.hpp"
#include "watch/edge_admin.hpp"
#include "watch/remedy.hpp"
#include "watch/run_command.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {
namespace {

constexpr Duration kVerifyWait = std::chrono::seconds{90};
constexpr Duration kVerifyPause = std::chrono::seconds{5};
constexpr std::chrono::hours kWeek{24 * 7};

Parsed<net::OutboundRequest> switch_request(const EdgeSwitch& edge) {
  auto out = edge_question(
      edge.admin, edge.token_file,
      fmt::format("/.causeway/switch?from={}&to={}&for={}s", codec::percent_encoded(edge.from),
                  codec::percent_encoded(edge.to),
                  std::chrono::duration_cast<std::chrono::seconds>(edge.lasts).count()));
  if (out) out->method = "POST";
  return out;
}

}  // namespace

// The outcome is that of an agent's run: ran, failed or refused.
net::Task<AgentRun> Watcher::Impl::carry_out(const Remedy& what, std::string target,
                                             std::string incident) {
  if (!what.agent.empty()) {
    AgentRun run = co_await order(what.agent, {random_id(), what.name, target, incident});
    run.detail = fmt::format("by {}: {}", what.agent, run.detail);
    co_return run;
  }
  if (!what.edge.admin.empty()) {
    auto request = switch_request(what.edge);
    if (!request) co_return AgentRun{"", "failed", request.error().text};
    const auto reply = co_await asker.send(std::move(*request));
    if (auto why = edge_trouble(reply); !why.empty()) co_return AgentRun{"", "failed", why};
    co_return AgentRun{"", "ran",
                       fmt::format("pool {} stands in for {} for {}", what.edge.to, what.edge.from,
                                   words(what.edge.lasts))};
  }
  const Ran ran = co_await run_command(
      what.command, {"CAUSEWAY_TARGET=" + target, "CAUSEWAY_INCIDENT=" + incident}, "", what.wait);
  co_return AgentRun{
      "", ran.started && ran.status == 0 ? "ran" : "failed",
      ran.started ? fmt::format("exit status {}. {}", ran.status, ran.output) : ran.why};
}

net::Task<void> Watcher::Impl::remedy(std::uint32_t number, std::string incident, Remedy what,
                                      std::string failure) {
  const auto target = sites[number].target;
  const WallTime wall = wall_now();
  const auto runs = store.read(
      [&](store::Database& db) { return store::remedy_runs(db, target->id, wall - kWeek, 200); });
  if (!runs) co_return;
  const RemedyAnswer answer = may_run(what, failure, incident, *runs, wall);
  if (answer == RemedyAnswer::not_for_it || answer == RemedyAnswer::same_run) co_return;
  ledger.event(incident, "remedy", sentence_of(answer, what), now());
  store::RemedyRun row{.target = target->id,
                       .incident = incident,
                       .name = what.name,
                       .at = wall,
                       .dry = answer != RemedyAnswer::run,
                       .outcome = "dry-run",
                       .detail = sentence_of(answer, what)};
  if (answer == RemedyAnswer::cooling || answer == RemedyAnswer::spent) row.outcome = "refused";
  if (answer == RemedyAnswer::run) {
    const AgentRun run = co_await carry_out(what, target->id, incident);
    row.outcome = run.outcome == "ran" ? "not-verified" : run.outcome;
    row.detail = run.detail;
    const WallTime ran_until = wall_now();
    // It counts when the target and everything behind it answer again.
    const Instant until = Clock::now() + kVerifyWait;
    while (row.outcome == "not-verified" && Clock::now() < until) {
      if (!co_await net::Loop::current().sleep_until(Clock::now() + kVerifyPause)) co_return;
      if (sites[number].target == target) plan(number, net::Loop::current().now());
      bool well = sites[number].newest.outcome == Outcome::ok && sites[number].checked > ran_until;
      for (const std::string& id : what.verify) {
        const auto* other = number_of(id);
        well = well && other != nullptr && sites[*other].newest.outcome == Outcome::ok;
      }
      if (well) row.outcome = "verified";
    }
    ledger.event(incident, "remedy",
                 fmt::format("Remedy '{}': {}. {}", what.name, row.outcome, row.detail), now());
  }
  store.write_soon([row](store::Database& db) { return store::add_remedy_run(db, row); });
  auto all = *runs;
  all.push_back(row);
  if (const auto finding = keeps_being_needed(what, all, wall)) {
    ledger.notice(number, "remedy-" + what.name, "unknown", *finding, now());
  }
}

}  // namespace causeway::watch
