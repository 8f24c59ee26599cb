#include "watch/full_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/ping_socket.hpp"
#include "reach/connect.hpp"
#include "reach/exchange.hpp"
#include "reach/secure.hpp"
#include "watch/judge_check.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using model::FailureId;

reach::Request request_for(const Target& target) {
  reach::Request out;
  out.target = target.url;
  out.target.host = target.host;
  out.target.port = target.port;
  out.expect = {.status = target.expect.status, .text = target.expect.text};
  out.ca_file = target.ca_file;
  out.resolver = target.resolver;
  return out;
}

void take_certificate(const net::CertificateFacts& certificate, WallTime seen, CheckResult& out) {
  out.shared.certificate = certificate.fingerprint;
  out.shared.certificate_subject = certificate.subject;
  out.shared.certificate_from = certificate.not_before;
  out.shared.certificate_until = certificate.not_after;
  out.shared.certificate_seen = seen;
}

// One address, all stages.
class Way {
 public:
  Way(const Target& target, const Endpoint& remote, Instant deadline, Sessions& sessions)
      : target_(target),
        remote_(remote),
        sessions_(sessions),
        request_(request_for(target)),
        survey_{request_, record_, deadline} {
    out_.address = remote.text();
  }

  net::Task<CheckResult> run() {
    const Instant began = Clock::now();
    co_await go();
    if (session_) {
      Sessions::ended(*session_, out_.outcome == Outcome::ok, out_.resumed, began,
                      out_.shared.certificate_seen);
    }
    out_.elapsed = Clock::now() - began;
    if (net::Loop::current().interrupted()) out_.outcome = Outcome::unknown;
    co_return std::move(out_);
  }

 private:
  net::Task<void> go();
  net::Task<void> exchange(net::Stream& stream, const net::TlsResult* tls);
  void failed(FailureId failure, std::string_view because) {
    const std::string_view why = because.empty() ? row(failure).sentence : because;
    fail(out_, failure, fmt::format("{}: {}", out_.address, why));
  }

  const Target& target_;
  Endpoint remote_;
  Sessions& sessions_;
  std::shared_ptr<Session> session_;
  reach::Request request_;
  reach::Record record_;
  reach::Survey survey_;
  CheckResult out_;
};

net::Task<void> Way::exchange(net::Stream& stream, const net::TlsResult* tls) {
  auto question = reach::exchange_question(request_, remote_, "main", tls);
  question.first_byte = target_.timeout;
  const auto exchanged = co_await reach::exchange(survey_, stream, std::move(question));
  out_.phases.wait = exchanged.elapsed;
  HttpAnswer answer{.outcome = exchanged.failure ? exchanged.outcome : "complete",
                    .status = exchanged.status,
                    .fields = exchanged.fields,
                    .body = exchanged.body,
                    .detail = exchanged.because};
  judge_answer(target_, answer, out_);
}

net::Task<void> Way::go() {
  const Duration wait = survey_.deadline - Clock::now();
  auto connected = co_await reach::connect(survey_, {.remote = remote_, .wait = wait});
  out_.phases.connect = connected.result.elapsed;
  if (connected.failure) {
    failed(*connected.failure, "");
    co_return;
  }
  const bool secure = target_.kind == CheckKind::tls ||
                      (target_.kind == CheckKind::http && target_.url.scheme == "https");
  if (!secure) {
    if (target_.kind == CheckKind::tcp) {
      out_.outcome = Outcome::ok;
      co_return;
    }
    const auto stream = net::plain_stream(std::move(connected.result.socket));
    co_await exchange(*stream, nullptr);
    co_return;
  }
  auto question = reach::secure_question(request_, remote_, "main");
  question.wait = survey_.deadline - Clock::now();
  session_ = sessions_.begin(target_, remote_, Clock::now(), wall_now());
  if (session_) question.past = session_->past;
  auto secured =
      co_await reach::secure(survey_, std::move(connected.result.socket), std::move(question));
  out_.phases.secure = secured.result.elapsed;
  out_.resumed = secured.result.resumed;
  if (secured.result.certificate) {
    take_certificate(*secured.result.certificate, wall_now(), out_);
  } else if (const auto* known = out_.resumed ? session_->past->certificate() : nullptr) {
    take_certificate(*known, session_->full_at_wall, out_);
  }
  if (secured.failure) {
    failed(*secured.failure, secured.because);
    co_return;
  }
  if (target_.kind == CheckKind::tls) {
    out_.outcome = Outcome::ok;
    co_return;
  }
  co_await exchange(*secured.result.stream, &secured.result);
}

net::Task<CheckResult> ping_check(const IpAddress& address, Instant deadline) {
  CheckResult out;
  out.address = address.text();
  const Instant began = Clock::now();
  net::PingSocket socket{address, std::nullopt};
  if (socket.os_code() != 0) {
    fail(
        out, FailureId::internal,
        "This machine may not send pings; root would add it, or sysctl net.ipv4.ping_group_range.");
    co_return out;
  }
  std::array<Instant, limits::kPings> sent_at{};
  for (int sent = 0; sent < limits::kPings; ++sent) {
    sent_at.at(static_cast<std::size_t>(sent)) = Clock::now();
    if (socket.send(static_cast<std::uint16_t>(sent)) != 0) {
      fail(out, FailureId::route_no_local_route,
           std::string{row(FailureId::route_no_local_route).sentence});
      co_return out;
    }
    const bool last = sent + 1 == limits::kPings;
    const Instant until =
        last ? deadline : std::min(deadline, Clock::now() + limits::kPingPause * 5);
    while (co_await net::Loop::current().readable(socket.socket(), until)) {
      if (const auto reply = socket.receive(); reply && reply->sequence <= sent) {
        out.outcome = Outcome::ok;
        out.elapsed = Clock::now() - began;
        out.phases.connect = Clock::now() - sent_at.at(reply->sequence);
        out.hop_limit = reply->ttl.value_or(0);
        co_return out;
      }
      if (const auto note = socket.take_note()) {
        fail(out, FailureId::route_host_unreachable,
             fmt::format("{}: {} says {}", out.address, note->offender.text(), note->name));
        co_return out;
      }
    }
  }
  out.elapsed = Clock::now() - began;
  if (!net::Loop::current().interrupted()) {
    fail(out, FailureId::connect_silent, fmt::format("{}: No echo comes back.", out.address));
  }
  co_return out;
}

net::Task<CheckResult> dns_check(const Target& target, Names& names) {
  CheckResult out;
  out.address = target.resolver ? target.resolver->text() : "";
  const Instant began = Clock::now();
  const Values found =
      co_await names.values(target.host, target.record, target.resolver, target.timeout);
  out.elapsed = out.phases.resolve = Clock::now() - began;
  if (found.failure) {
    fail(out, *found.failure, found.because);
    co_return out;
  }
  const std::string wrong =
      wrong_values(target.host, target.record, found.values, target.expect.values);
  if (wrong.empty()) {
    out.outcome = Outcome::ok;
    co_return out;
  }
  fail(out, FailureId::resolve_no_address, wrong);
  out.failure.reset();  // the name resolves; its value is not the expected one
  co_return out;
}

bool closed_to_people(const Target& target, const IpAddress& address) {
  return target.public_only && refused_by_public_edge(classify(address));
}

// Nothing is sent there: an answer, or its absence, would tell a stranger about a private network.
CheckResult not_asked(const IpAddress& address) {
  CheckResult out;
  out.address = address.text();
  fail(out, FailureId::resolve_prohibited_address,
       fmt::format("{} is {}: what people add in the console may not lead there.", address.text(),
                   name(classify(address))));
  return out;
}

net::Task<void> run_way(const Target& target, const Endpoint& remote, Instant deadline,
                        Sessions& sessions, Tried& into) {
  if (closed_to_people(target, remote.address)) {
    into.result = not_asked(remote.address);
    co_return;
  }
  if (target.kind == CheckKind::ping) {
    into.result = co_await ping_check(remote.address, deadline);
    co_return;
  }
  Way way{target, remote, deadline, sessions};
  into.result = co_await way.run();
}

}  // namespace

net::Task<CheckResult> full_check(const Target& target, Names& names, Sessions& sessions,
                                  Instant until) {
  if (target.kind == CheckKind::dns) {
    CheckResult out = co_await dns_check(target, names);
    co_return out;
  }
  const Instant began = Clock::now();
  const Duration patience =
      until == kNever ? target.timeout : std::min(target.timeout, until - began);
  const Named named = co_await names.addresses(target.host, target.resolver, patience);
  std::vector<Tried> tries;
  std::vector<Endpoint> ways;
  for (const IpAddress& address : named.addresses) {
    if (target.family && address.family() != *target.family) continue;
    if (!ways.empty() && !target.every_address) break;
    if (ways.size() == static_cast<std::size_t>(limits::kAddressesTried)) break;
    ways.push_back({address, target.port});
    tries.emplace_back();
  }
  for (const Endpoint& origin : target.origins) {
    ways.push_back(origin);
    tries.push_back({.direct = true});
  }
  const Instant deadline = std::min(until, Clock::now() + target.timeout);
  {
    net::Group all;
    for (std::size_t i = 0; i < ways.size(); ++i) {
      all.start(run_way(target, ways[i], deadline, sessions, tries[i]));
    }
    co_await all.finished();
  }
  if (named.addresses.empty()) {
    CheckResult unresolved;
    const auto why = named.failure.value_or(FailureId::resolve_no_address);
    fail(unresolved, why, named.because);
    tries.push_back({.result = std::move(unresolved)});
  }
  CheckResult out = combined(std::move(tries));
  out.shared.addresses = named.addresses;
  out.phases.resolve = named.elapsed;
  out.elapsed = Clock::now() - began;
  co_return out;
}

}  // namespace causeway::watch
