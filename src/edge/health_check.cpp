#include "edge/health_check.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "codec/http1_response.hpp"
#include "edge/limits.hpp"
#include "net/loop.hpp"
#include "net/ping_socket.hpp"
#include "reach/exchange.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using net::Loop;
using net::ReadEnd;
using net::Task;

void fail(Attempt& attempt, FailureId failure, std::string because = {}) {
  attempt.failure = failure;
  attempt.because =
      because.empty() ? std::string{model::row(failure).sentence} : std::move(because);
}

void fail(Attempt& attempt, std::string_view outcome, std::string because = {}) {
  fail(attempt, reach::failure_of(outcome).value_or(FailureId::http_malformed), std::move(because));
}

// The question of an http or https check, and what is kept of the answer to it.
class Asking {
 public:
  Asking(const HealthCheck& check, std::string host, net::Stream& stream, CheckOutcome& outcome)
      : check_(check), host_(std::move(host)), stream_(stream), outcome_(outcome) {}

  Task<void> run(Instant deadline) {
    const Instant asked = Loop::current().now();
    const std::string question = fmt::format(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: causeway-check\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n",
        check_.path, host_);
    const auto sent = co_await stream_.write(std::as_bytes(std::span{question}), deadline);
    if (sent.end == net::WriteEnd::timeout) {
      fail(outcome_.attempt, reach::outcome_of_write_stall(sent.bytes, stream_));
      co_return;
    }
    co_await read(sent, deadline);
    outcome_.attempt.first_byte = Loop::current().now() - asked;
    if (outcome_.healthy()) judge();
  }

 private:
  Task<void> read(net::WriteResult sent, Instant deadline) {
    std::array<std::byte, 4096> buffer{};
    while (!reader_.done()) {
      if (reader_.head_complete() && check_.text.empty()) co_return;  // the rest is not needed
      if (body_.size() >= limits::kCheckBody) co_return;
      const auto got = net::read_after(sent, co_await stream_.read(buffer, deadline));
      if (got.end == ReadEnd::eof) {
        reader_.end();
      } else if (got.end != ReadEnd::more) {
        co_return fail(outcome_.attempt,
                       reach::outcome_of_end(got, stream_,
                                             {.head_complete = reader_.head_complete(),
                                              .head_begun = reader_.head_begun(),
                                              .interim = reader_.interim()}));
      } else {
        take({reinterpret_cast<const char*>(buffer.data()), got.bytes});
      }
      if (reader_.fault() != codec::HttpFault::none) {
        co_return fail(outcome_.attempt, reach::outcome_of_fault(reader_.fault()),
                       reader_.detail());
      }
    }
  }

  void take(std::string_view bytes) {
    while (!bytes.empty() && !reader_.finished()) {
      const auto step = reader_.feed(bytes);
      bytes.remove_prefix(step.taken);
      body_ += step.body;
      if (step.taken == 0) return;
    }
  }

  void judge() {
    outcome_.status = reader_.head().status();
    if (outcome_.status < check_.status_from || outcome_.status > check_.status_to) {
      fail(outcome_.attempt, FailureId::http_status,
           fmt::format("status {}; expected {} to {}", outcome_.status, check_.status_from,
                       check_.status_to));
    } else if (!check_.text.empty() && !body_.contains(check_.text)) {
      fail(outcome_.attempt, FailureId::http_status,
           fmt::format("the answer does not have the text \"{}\"", check_.text));
    }
  }

  const HealthCheck& check_;
  std::string host_;
  net::Stream& stream_;
  CheckOutcome& outcome_;
  codec::ResponseReader reader_{codec::ResponseOptions{}};
  std::string body_;
};

Task<void> ping(IpAddress address, Instant deadline, CheckOutcome& outcome) {
  net::PingSocket socket{address, std::nullopt};
  outcome.unknown = !socket.permitted();
  if (outcome.unknown) co_return;
  const Instant sent = Loop::current().now();
  if (socket.os_code() != 0 || socket.send(1) != 0) {
    co_return fail(outcome.attempt, FailureId::route_no_local_route, "no echo could be sent");
  }
  while (co_await Loop::current().readable(socket.socket(), deadline)) {
    if (socket.receive()) {
      outcome.attempt.connect = Loop::current().now() - sent;
      co_return;
    }
    if (socket.take_note()) {
      co_return fail(outcome.attempt, FailureId::route_host_unreachable);
    }
  }
  fail(outcome.attempt, FailureId::route_neighbour_silent, "no answer to an echo");
}

struct Wanted {
  const HealthCheck& check;
  std::string name;  // Host line and server name
  bool secure;
  std::uint16_t port;
  Instant deadline;
};

Task<void> try_address(OriginState& origin, const Wanted& wanted, IpAddress address,
                       CheckOutcome& outcome) {
  outcome.attempt.address = Endpoint{address, wanted.port};
  if (wanted.check.kind == CheckKind::ping) {
    co_await ping(address, wanted.deadline, outcome);
    co_return;
  }
  LinkWish wish{
      .secure = wanted.secure, .sni = {}, .host = wanted.name, .visitor = {}, .listener = {}};
  wish.visitor = wish.listener = outcome.attempt.address;
  if (!IpAddress::parse(wanted.name)) wish.sni = wanted.name;
  const auto link =
      co_await origin.connect(outcome.attempt.address, wish, outcome.attempt, wanted.deadline);
  const bool asks = wanted.check.kind == CheckKind::http || wanted.check.kind == CheckKind::https;
  if (link && asks) {
    Asking asking{wanted.check, wanted.name, *link->stream, outcome};
    co_await asking.run(wanted.deadline);
  }
}

std::string name_of(const HealthCheck& check, const Origin& origin) {
  if (!check.host.empty()) return check.host;
  return origin.host_header.empty() ? origin.host : origin.host_header;
}

void tell(const CheckOutcome& outcome, CheckKind kind, OriginState& origin) {
  const Instant now = Loop::current().now();
  auto& record = origin.record;
  if (record.health.observe(outcome.healthy(), now) && outcome.healthy()) record.back_since = now;
  if (origin.evidence == nullptr) return;
  origin.evidence->checked(record.health.state(), outcome.attempt.failure, outcome.attempt.because);
  if (kind == CheckKind::ping) return;  // no connection was tried
  // A status that is not wanted is an answer: what it means is the judge's to say.
  const auto failure = outcome.attempt.failure == FailureId::http_status
                           ? std::optional<FailureId>{}
                           : outcome.attempt.failure;
  const WallTime wall = wall_now();
  if (!origin.evidence->wants(failure.has_value(), wall)) return;
  origin.evidence->add({.at = wall,
                        .address = outcome.attempt.address,
                        .secure = outcome.attempt.secure,
                        .reused = false,
                        .failure = failure,
                        .because = outcome.attempt.because,
                        .resolve = outcome.attempt.resolve,
                        .connect = outcome.attempt.connect,
                        .handshake = outcome.attempt.handshake,
                        .first_byte = outcome.attempt.first_byte,
                        .status = outcome.status});
}

}  // namespace

Task<CheckOutcome> check_once(const Runtime& runtime, const PoolState& pool, OriginState& origin) {
  const HealthCheck& check = pool.pool.check;
  const bool secure = check.kind == CheckKind::https || check.kind == CheckKind::tls;
  CheckOutcome outcome;
  outcome.attempt.origin = origin.origin().name;
  outcome.attempt.secure = secure;
  Wanted wanted{.check = check,
                .name = name_of(check, origin.origin()),
                .secure = secure,
                .port = origin.port(secure),
                .deadline = {}};
  const auto* addresses = co_await origin.addresses(runtime.config().dns_resolver);
  if (addresses->list.empty()) {
    fail(outcome.attempt, addresses->failure.value_or(FailureId::resolve_timeout),
         addresses->because);
    co_return outcome;
  }
  const std::vector<IpAddress> list = addresses->list;
  for (const auto& address : list) {
    outcome.attempt.failure.reset();
    wanted.deadline = Loop::current().now() + check.timeout;
    co_await try_address(origin, wanted, address, outcome);
    if (outcome.healthy() || Loop::current().interrupted()) break;
  }
  co_return outcome;
}

Task<void> keep_checking(std::shared_ptr<Runtime> runtime, PoolState& pool, OriginState& origin) {
  Loop& loop = Loop::current();
  while (!loop.interrupted()) {
    const Instant begun = loop.now();
    const CheckOutcome outcome = co_await check_once(*runtime, pool, origin);
    if (loop.interrupted()) co_return;
    if (!outcome.unknown) tell(outcome, pool.pool.check.kind, origin);
    if (!co_await loop.sleep_until(begun + pool.pool.check.interval)) co_return;
  }
}

}  // namespace causeway::edge
