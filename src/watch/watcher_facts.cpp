// What agents find on their own machines, joined with the diagnoses of what these machines serve.
#include <algorithm>

#include "store/targets.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {

Parsed<bool> Watcher::facts(const std::string& agent, const std::string& document) {
  auto read = agent_facts(document);
  if (!read) return error(read.error().text);
  return impl_->call<Parsed<bool>>(
      [&] { return impl_->take_facts(agent, std::move(*read), document); });
}

Parsed<bool> Watcher::Impl::take_facts(const std::string& name, AgentFacts facts,
                                       const std::string& text) {
  const auto known = agents.find(name);
  if (known == agents.end()) return error("expected a report of this agent first");
  Agent& agent = known->second;
  const store::OriginFacts row{.agent = name,
                               .host = facts.document.host,
                               .at = facts.made,
                               .findings = facts.findings,
                               .gravest = facts.gravest,
                               .document = text};
  agent.facts = std::make_shared<const AgentFacts>(std::move(facts));
  agent.facts_at = now().steady;
  agent.facts_came.set();
  store.write([row](store::Database& database) { return store::put_facts(database, row); });
  return true;
}

// The agent on the machine that serves the target, whose addresses are known or were just `seen`;
// null: none that inspects. Private addresses tell no machine: each network has its own 172.17.0.1.
Agent* Watcher::Impl::agent_at(const Target& target, std::vector<IpAddress> seen) {
  for (const IpAddress& address : target.known_addresses) seen.push_back(address);
  for (const Endpoint& origin : target.origins) seen.push_back(origin.address);
  for (auto& [name, agent] : agents) {
    if (!agent.facts || agent.shown.silent) continue;
    if (!target.origin_agent.empty()) {
      if (name == target.origin_agent) return &agent;
      continue;
    }
    const auto& own = agent.facts->addresses;
    if (std::ranges::any_of(seen, [&](const IpAddress& one) {
          const auto kind = classify(one);
          const bool telling = kind == AddressClass::global || kind == AddressClass::documentation;
          return telling && std::ranges::find(own, one) != own.end();
        })) {
      return &agent;
    }
  }
  return nullptr;
}

void Watcher::Impl::want_facts(Agent* agent) {
  if (agent == nullptr) return;
  agent->facts_wanted = true;
  agent->facts_came.clear();
}

// As early as can be: an inspection takes a few seconds, as does a diagnosis.
void Watcher::Impl::ask_for_facts(const Target& target) {
  std::vector<IpAddress> seen;
  if (const auto* number = number_of(target.id)) {
    const auto newest = Endpoint::parse(sites[*number].newest.address, target.port);
    if (newest) seen.push_back(newest->address);
  }
  want_facts(agent_at(target, std::move(seen)));
}

// Those of now when they come in time, else the newest. Empty: no agent is on its origin.
net::Task<std::vector<model::Document>> Watcher::Impl::facts_for(
    const Target& target, const std::vector<model::Attempt>& attempts, Instant since) {
  std::vector<model::Document> out;
  std::vector<IpAddress> seen;
  for (const auto& attempt : attempts) {
    if (attempt.address) seen.push_back(*attempt.address);
  }
  Agent* agent = agent_at(target, std::move(seen));
  if (agent == nullptr) co_return out;
  if (agent->facts_at < since) {
    want_facts(agent);
    co_await agent->facts_came.wait(since + limits::kAgentFactsWait);
  }
  if (now().steady - agent->facts_at <= limits::kAgentFactsMost) {
    out.push_back(agent->facts->document);
  }
  co_return out;
}

}  // namespace causeway::watch
