#include "watch/own_look.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/dns.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/own_state.hpp"
#include "net/tcp.hpp"
#include "reach/resolve_system.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

net::Task<void> ask_anchor(const Endpoint& anchor, Instant deadline, bool& answers) {
  const auto found = co_await net::connect_tcp({.remote = anchor, .deadline = deadline});
  const bool its_own_error =
      found.icmp && !found.icmp->local && found.icmp->offender_is == net::Offender::target;
  answers = found.outcome == net::ConnectOutcome::open ||
            found.outcome == net::ConnectOutcome::refused ||
            found.outcome == net::ConnectOutcome::reset || its_own_error;
}

net::Task<void> ask_resolver(const Endpoint& resolver, Instant deadline, bool& answers) {
  net::DnsAsk ask;
  ask.server = resolver;
  ask.query.question = {".", codec::DnsType::ns};
  ask.deadline = deadline;
  const auto reply = co_await net::ask_dns(std::move(ask));
  answers = reply.outcome == net::DnsOutcome::answered ||
            reply.outcome == net::DnsOutcome::refused ||
            reply.outcome == net::DnsOutcome::malformed;
}

bool link_is_up() {
  return std::ranges::any_of(net::links(),
                             [](const net::Link& link) { return link.up && link.running; });
}

}  // namespace

bool shows_network(CheckKind kind, std::string_view address) {
  return kind != CheckKind::heartbeat && !address.empty() && !address.starts_with("127.") &&
         !address.starts_with("[::1]") && address != "::1";
}

net::Task<OwnLook> look_at_own_network(std::vector<Endpoint> anchors) {
  const bool given = !anchors.empty();
  if (!given) {
    const reach::Request system;
    for (const Endpoint& resolver : reach::resolvers_of(system)) {
      if (classify(resolver.address) != AddressClass::loopback) anchors.push_back(resolver);
    }
  }
  OwnLook out;
  if (!link_is_up()) {
    out.healthy = false;
    out.detail = "no network link is up";
    co_return out;
  }
  if (anchors.empty()) co_return out;
  const Instant deadline = Clock::now() + limits::kWatchOwnWait;
  auto answers = std::make_unique<bool[]>(anchors.size());  // NOLINT(modernize-avoid-c-arrays)
  {
    net::Group all;
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      all.start(given ? ask_anchor(anchors[i], deadline, answers[i])
                      : ask_resolver(anchors[i], deadline, answers[i]));
    }
    co_await all.finished();
  }
  out.healthy =
      std::any_of(answers.get(), answers.get() + anchors.size(), [](bool one) { return one; });
  if (!out.healthy) {
    out.detail = given ? fmt::format("none of {} anchors answers", anchors.size())
                       : fmt::format("none of {} resolvers answers", anchors.size());
  }
  co_return out;
}

}  // namespace causeway::watch
