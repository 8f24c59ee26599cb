#include "reach/investigation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "codec/proxy_protocol.hpp"
#include "net/sockaddr.hpp"
#include "reach/burst.hpp"
#include "reach/connect.hpp"
#include "reach/idle.hpp"
#include "reach/ping.hpp"
#include "reach/redirects.hpp"
#include "reach/route.hpp"
#include "reach/secure.hpp"
#include "reach/trace.hpp"
#include "reach/udp_probe.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;
using model::Outcome;
using model::Stage;
using net::Loop;

// A name that no server is configured for (RFC 6761 section 6.4): if it gets further than the real
// one, something on the way reads names.
constexpr std::string_view kOtherName = "other.invalid";
constexpr int kSmallMss = 400;
// A process that dies of a request still accepts while the kernel takes it down: its sockets are
// closed one after another (do_exit(), exit_files()).
constexpr auto kUntilGone = std::chrono::milliseconds{100};

std::string because_of(const net::ConnectResult& result) {
  if (result.outcome == net::ConnectOutcome::silent) {
    return fmt::format("no answer in {:.1f} s", milliseconds(result.elapsed) / 1e3);
  }
  if (result.outcome == net::ConnectOutcome::icmp && result.icmp) {
    return fmt::format("{} from {} after {:.0f} ms", result.icmp->name,
                       result.icmp->offender.text(), milliseconds(result.elapsed));
  }
  return fmt::format("{} after {:.0f} ms", net::errno_name(result.os_code),
                     milliseconds(result.elapsed));
}

}  // namespace

Investigation::Investigation(Survey& survey, Subject subject)
    : survey_(survey), subject_(std::move(subject)) {
  switch (survey_.request.mode) {
    case model::Mode::quick:
      waits_ = {limits::kConnectWaitQuick, limits::kHandshakeWait, limits::kFirstByteWaitQuick};
      break;
    case model::Mode::normal:
      waits_ = {limits::kConnectWait, limits::kHandshakeWait, limits::kFirstByteWait};
      break;
    case model::Mode::thorough:
      waits_ = {limits::kConnectWaitThorough, limits::kHandshakeWait, limits::kEdgeFirstByte};
      break;
  }
  attempt_.address = subject_.remote.address;
  attempt_.port = subject_.remote.port;
  attempt_.stages.push_back(subject_.resolved);
}

net::Task<model::Attempt> Investigation::run() {
  if (!begin_route()) {
    skip_after(Stage::route);
    co_return attempt_;
  }
  Opened opened = co_await open();
  if (opened.stream) {
    const Exchanged first = co_await fetch(opened);
    ask(second_questions(standing(Stage::exchange)));
    const bool again = asked_.test(static_cast<std::size_t>(Question::reuse)) && first.reusable;
    if (again) side_.start(reuse(std::move(opened), first));
  }
  co_await side_.finished();
  co_return attempt_;
}

bool Investigation::begin_route() {
  const RouteFacts facts = route_to(survey_, subject_.remote.address);
  if (facts.failure) {
    stage_ended(Stage::route, facts.failure, Duration{},
                std::string{net::errno_name(facts.os_code)});
    return false;
  }
  return true;
}

net::Task<Investigation::Opened> Investigation::open() {
  auto done = std::make_shared<net::Event>();
  side_.start(impatient(done, Stage::connect, limits::kPatience));
  Connected connected =
      co_await connect(survey_, ConnectQuestion{.remote = subject_.remote, .wait = waits_.connect});
  done->set();
  const Duration elapsed = connected.result.elapsed;
  if (connected.failure) {
    // An ICMP error or a local refusal is about the way there, not about the port.
    const Stage stage = model::row(*connected.failure).stage;
    if (stage == Stage::connect) stage_ended(Stage::route, std::nullopt, Duration{}, {});
    stage_ended(stage, connected.failure, elapsed, because_of(connected.result));
    skip_after(stage);
    ask(second_questions(standing(stage)));
    co_return Opened{};
  }
  stage_ended(Stage::route, std::nullopt, Duration{}, {});
  stage_ended(Stage::connect, std::nullopt, elapsed, {});
  drop_impatient();
  if (survey_.request.until == Stage::connect) co_return Opened{};
  if (!subject_.tls) {
    skip_stage(Stage::secure, "the edge speaks plain HTTP to this origin");
    co_return Opened{
        .stream = net::plain_stream(std::move(connected.result.socket)),
        .question = exchange_question(survey_.request, subject_.remote, "main", nullptr)};
  }
  co_return co_await handshake(std::move(connected.result.socket));
}

net::Task<Investigation::Opened> Investigation::handshake(net::Fd socket) {
  auto done = std::make_shared<net::Event>();
  side_.start(impatient(done, Stage::secure, limits::kHandshakePatience));
  SecureQuestion question = secure_question(survey_.request, subject_.remote, "main");
  question.wait = waits_.handshake;
  Secured secured = co_await secure(survey_, std::move(socket), question);
  done->set();
  if (secured.failure) {
    stage_ended(Stage::secure, secured.failure, secured.result.elapsed, secured.because);
    skip_after(Stage::secure);
    ask(second_questions(standing(Stage::secure)));
    co_return Opened{};
  }
  drop_impatient();
  stage_ended(Stage::secure, std::nullopt, secured.result.elapsed, {});
  if (survey_.request.until == Stage::secure) co_return Opened{};
  ExchangeQuestion next =
      exchange_question(survey_.request, subject_.remote, "main", &secured.result);
  co_return Opened{.stream = std::move(secured.result.stream), .question = std::move(next)};
}

net::Task<Exchanged> Investigation::fetch(Opened& opened) {
  auto done = std::make_shared<net::Event>();
  side_.start(impatient(done, Stage::exchange, limits::kAnswerPatience));
  opened.question.first_byte = waits_.first_byte;
  const Exchanged answer = co_await exchange(survey_, *opened.stream, opened.question);
  done->set();
  if (!answer.failure || answer.outcome == "complete") drop_impatient();
  attempt_.status = answer.status;
  redirection_ = {answer.location, set_cookies(answer.fields)};
  page_ = answer.page;
  stage_ended(Stage::exchange, answer.failure, answer.elapsed, answer.because);
  co_return answer;
}

net::Task<void> Investigation::reuse(Opened opened, Exchanged first) {
  ExchangeQuestion question = opened.question;
  question.variant = "reuse";
  question.connections_before = 1;
  question.session = first.session;
  question.first_byte = limits::kSideProbeWait;
  if (!co_await still_open(*opened.stream, limits::kReuseSettle)) co_return;
  const Exchanged second = co_await exchange(survey_, *opened.stream, question);
  if (second.failure || !second.reusable) co_return;
  // A firewall that forgets, or a server that closes early, shows only after a pause.
  if (!co_await still_open(*opened.stream, limits::kReuseIdle)) co_return;
  question.variant = "reuse-idle";
  question.connections_before = 2;
  question.session = second.session;
  co_await exchange(survey_, *opened.stream, question);
}

// A server may close after an answer, and an edge that has seen the FIN takes another connection: a
// failure is only what happens to a request on a connection that looks alive.
net::Task<bool> Investigation::still_open(const net::Stream& stream, Duration pause) {
  co_await Loop::current().sleep_until(survey_.until(Loop::current().now(), pause));
  co_return !stream.facts().peer_closed && !Loop::current().interrupted();
}

net::Task<void> Investigation::impatient(std::shared_ptr<net::Event> done, Stage stage,
                                         Duration patience) {
  const bool over = co_await done->wait(survey_.until(Loop::current().now(), patience));
  if (over || Loop::current().interrupted()) co_return;
  Standing now = standing(stage);
  now.pending = true;
  ask(second_questions(now));
}

// An answer came after all: what the silence before it raised is no longer worth one.
void Investigation::drop_impatient() {
  side_.abandon();
  asked_.reset();
}

Standing Investigation::standing(Stage stage) const {
  Standing out{.stage = stage,
               .tls = subject_.tls,
               .status = attempt_.status,
               .page = page_,
               .redirected = !redirection_.location.empty(),
               .mode = survey_.request.mode};
  if (const auto* failed = attempt_.failed_stage()) {
    out.failure = failed->failure;
    out.at_once = failed->elapsed < limits::kAnswerPatience;
  }
  return out;
}

void Investigation::ask(const std::vector<Question>& questions) {
  if (subject_.only_main || Loop::current().interrupted()) return;
  for (const Question question : questions) {
    const auto bit = static_cast<std::size_t>(question);
    if (asked_.test(bit)) continue;
    asked_.set(bit);
    if (question != Question::reuse) side_.start(answer(question));
  }
}

net::Task<void> Investigation::answer(Question question) {
  switch (question) {
    case Question::ping: co_return co_await ping(survey_, subject_.remote.address);
    case Question::udp: co_return co_await udp_probe(survey_, subject_.remote.address);
    case Question::trace: co_return co_await trace(survey_, subject_.remote);
    case Question::idle: co_return co_await idle(survey_, subject_.remote);
    case Question::side_ports: co_return co_await try_side_ports();
    case Question::other_source: co_return co_await try_other_source();
    case Question::burst: co_return co_await try_burst();
    case Question::redirects: co_return co_await try_redirects();
    case Question::connect_after: co_return co_await try_afterwards();
    case Question::connect_again: co_await connect_again("again", subject_.remote); co_return;
    case Question::proxy_header: co_return co_await try_proxy_header();
    case Question::other_name:
    case Question::no_name:
    case Question::older_tls:
    case Question::small_handshake:
    case Question::tls_on_plain_port: co_return co_await answer_handshake(question);
    case Question::plain_on_tls_port:
    case Question::small_segments:
    case Question::fetch_again: co_return co_await answer_exchange(question);
    case Question::reuse:
    case Question::count: co_return;
  }
}

net::Task<void> Investigation::try_redirects() {
  co_await redirects(survey_, subject_.remote, redirection_);
}

net::Task<void> Investigation::try_afterwards() {
  Loop& loop = Loop::current();
  if (!co_await loop.sleep_until(survey_.until(loop.now(), kUntilGone))) co_return;
  co_await connect_again("after", subject_.remote);
}

// A load balancer's origin may expect to be told the visitor's address before the first byte
// (haproxy.org, doc/proxy-protocol.txt), and hangs up on whoever does not.
net::Task<void> Investigation::try_proxy_header() {
  net::Fd socket = co_await connect_again("again", subject_.remote);
  const auto own = socket ? net::local_endpoint(socket) : std::nullopt;
  if (!own) co_return;
  const std::string header = codec::write_proxy_header(1, *own, subject_.remote);
  const auto until = survey_.until(Loop::current().now(), limits::kSideProbeWait);
  const auto sent = co_await net::write_all(socket, std::as_bytes(std::span{header}), until);
  if (sent.end != net::WriteEnd::all) co_return;
  if (subject_.tls) {
    co_await secure_again(std::move(socket), subject_.remote, "proxied");
    co_return;
  }
  const auto stream = net::plain_stream(std::move(socket));
  co_await exchange_again(*stream, subject_.remote, "proxied", nullptr);
}

net::Task<net::Fd> Investigation::connect_again(std::string_view role, Endpoint remote, int mss) {
  Connected connected = co_await connect(
      survey_,
      ConnectQuestion{.remote = remote, .role = role, .mss = mss, .wait = limits::kSideProbeWait});
  co_return std::move(connected.result.socket);
}

net::Task<Secured> Investigation::secure_again(net::Fd socket, Endpoint remote,
                                               std::string_view variant) {
  SecureQuestion question = secure_question(survey_.request, remote, variant);
  if (variant == "other-sni") question.sni = kOtherName;
  question.wait = limits::kSideProbeWait;
  co_return co_await secure(survey_, std::move(socket), question);
}

net::Task<void> Investigation::exchange_again(net::Stream& stream, Endpoint remote,
                                              std::string_view variant,
                                              const net::TlsResult* secured) {
  ExchangeQuestion question = exchange_question(survey_.request, remote, variant, secured);
  question.first_byte = limits::kSideProbeWait;
  question.between_bytes = limits::kSideProbeWait;
  co_await exchange(survey_, stream, question);
}

net::Task<void> Investigation::answer_handshake(Question asked) {
  const bool small = asked == Question::small_handshake;
  net::Fd socket = co_await connect_again("again", subject_.remote, small ? kSmallMss : 0);
  if (!socket) co_return;
  std::string_view variant = "again";
  if (small) variant = "small-mss";
  if (asked == Question::tls_on_plain_port) variant = "on-http-port";
  if (asked == Question::older_tls) variant = "tls12";
  if (asked == Question::other_name) variant = "other-sni";
  if (asked == Question::no_name) variant = "no-sni";
  co_await secure_again(std::move(socket), subject_.remote, variant);
}

net::Task<void> Investigation::answer_exchange(Question asked) {
  const bool small = asked == Question::small_segments;
  net::Fd socket = co_await connect_again("again", subject_.remote, small ? kSmallMss : 0);
  if (!socket) co_return;
  if (!subject_.tls || asked == Question::plain_on_tls_port) {
    const auto stream = net::plain_stream(std::move(socket));
    const std::string_view variant = asked == Question::plain_on_tls_port ? "side"
                                     : small                              ? "small-mss"
                                                                          : "again";
    co_return co_await exchange_again(*stream, subject_.remote, variant, nullptr);
  }
  Secured secured = co_await secure_again(std::move(socket), subject_.remote, "again");
  if (!secured.result.stream) co_return;
  co_await exchange_again(*secured.result.stream, subject_.remote, small ? "small-mss" : "again",
                          &secured.result);
}

net::Task<void> Investigation::try_side_ports() {
  const auto ports = side_ports(subject_.remote.port, subject_.tls);
  for (const std::uint16_t port : ports) {
    side_.start(try_side_port(Endpoint{subject_.remote.address, port}));
  }
  co_return;
}

net::Task<void> Investigation::try_side_port(Endpoint remote) {
  net::Fd socket = co_await connect_again("side", remote);
  const bool may_be_moved = remote.port != 22 && remote.port != 80 && remote.port != 443;
  if (!socket || !may_be_moved || survey_.request.until != Stage::exchange) co_return;
  // Open: is it this site, on another port?
  if (subject_.tls) {
    co_await secure_again(std::move(socket), remote, "side");
    co_return;
  }
  const auto stream = net::plain_stream(std::move(socket));
  co_await exchange_again(*stream, remote, "side", nullptr);
}

net::Task<void> Investigation::try_other_source() {
  const auto used = route_to(survey_, subject_.remote.address).source;
  for (const IpAddress& own : subject_.own) {
    if (own == used || own == survey_.request.source) continue;
    co_await connect(survey_, ConnectQuestion{.remote = subject_.remote,
                                              .role = "source",
                                              .source = own,
                                              .wait = limits::kSideProbeWait});
    co_return;
  }
}

net::Task<void> Investigation::try_burst() {
  const BurstFacts together =
      co_await burst(survey_, subject_.remote, BurstStyle::together, subject_.tls);
  if (together.at_once == together.sent) co_return;
  // A rate limit needs time to forget the burst, or the slow series meets an empty bucket.
  co_await Loop::current().sleep_until(survey_.until(Loop::current().now(), limits::kBurstRest));
  co_await burst(survey_, subject_.remote, BurstStyle::paced, subject_.tls);
}

void Investigation::stage_ended(Stage stage, std::optional<FailureId> failure, Duration elapsed,
                                std::string because) {
  attempt_.stages.push_back({.stage = stage,
                             .outcome = failure ? Outcome::failed : Outcome::ok,
                             .failure = failure,
                             .elapsed = elapsed,
                             .because = std::move(because)});
}

void Investigation::skip_stage(Stage stage, std::string because) {
  attempt_.stages.push_back({.stage = stage, .because = std::move(because)});
}

void Investigation::skip_after(Stage stage) {
  for (const Stage later : {Stage::connect, Stage::secure, Stage::exchange}) {
    if (later <= stage || later > survey_.request.until) continue;
    if (later == Stage::secure && !subject_.tls) continue;
    skip_stage(later, fmt::format("not tried: {} failed", model::name(stage)));
  }
}

}  // namespace causeway::reach
