// The watcher's domains: asking when their registrations end, and saying so in time.
#include <fmt/format.h>

#include <set>

#include "reach/registry.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {

std::vector<LiveDomain> Watcher::domains() {
  using Answer = std::vector<LiveDomain>;
  return impl_->call<Answer>([this] {
    Answer out;
    for (const auto& [zone, domain] : impl_->domains.all()) {
      LiveDomain shown{.zone = zone, .targets = domain.members.size(), .failed = domain.failed};
      if (domain.seen) {
        shown.name = domain.seen->domain;
        shown.expires = domain.seen->expires;
        shown.status = domain.seen->status;
      }
      out.push_back(std::move(shown));
    }
    return out;
  });
}

// Once a tick: one question at a time, and hourly what there is to say.
void Watcher::Impl::look_at_domains() {
  const Moment moment = now();
  if (!asking_registry && !settings.rdap.empty() && !blind) {
    if (auto question = domains.due(moment.steady)) {
      asking_registry = true;
      tasks.start(ask_registry(std::move(*question)));
    }
  }
  if (moment.steady - domains_told < limits::kWatchRegistryTold) return;
  domains_told = moment.steady;
  tell_of_domains();
}

net::Task<void> Watcher::Impl::ask_registry(Domains::Question question) {
  const auto answer = co_await reach::ask_registry(asker, settings.rdap, question.domain, "");
  asking_registry = false;
  if (net::Loop::current().interrupted()) co_return;
  const auto before = domains.all().find(question.zone);
  const bool known = before != domains.all().end() && before->second.seen;
  domains.answered(question, answer, net::Loop::current().now());
  if (!answer) {
    const auto found = domains.all().find(question.zone);
    if (found != domains.all().end() && !known && !found->second.failed.empty()) {
      say(LiveEvent::Kind::own, question.domain,
          fmt::format("it is not known when {} ends: {}", question.domain, answer.error().text));
    }
    co_return;
  }
  tell_of_domains();
  const auto found = domains.all().find(question.zone);
  if (found == domains.all().end()) co_return;
  for (const auto& [number, share] : found->second.members) keep_state(number);
}

// One notice a domain, however many targets are in it: with the first of them.
void Watcher::Impl::tell_of_domains() {
  const Moment moment = now();
  std::set<std::string> told;
  for (const auto& [zone, domain] : domains.all()) {
    if (!domain.seen || domain.members.empty()) continue;
    const std::uint32_t number = domain.members.begin()->first;
    auto notice = domain_notice(*domain.seen, domain.share(), moment.wall);
    if (notice && !told.insert(domain.seen->domain).second) notice.reset();
    for (const std::string_view key : {kDomainSoon, kDomainNow, kDomainHeld}) {
      if (notice && notice->key == key) {
        ledger.notice(number, notice->key, notice->cause, notice->sentence, moment);
      } else {
        ledger.notice_over(number, std::string{key}, moment);
      }
    }
  }
}

}  // namespace causeway::watch
