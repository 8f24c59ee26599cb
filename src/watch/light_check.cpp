#include "watch/light_check.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <coroutine>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/http1_request.hpp"
#include "codec/http1_response.hpp"
#include "net/icmp_note.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"
#include "reach/connect.hpp"
#include "reach/exchange.hpp"
#include "watch/judge_check.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {

// A coroutine that runs by itself and frees itself: no parent waits for it, so its frame holds
// nothing but what it uses.
struct LightChecks::Running {
  struct promise_type {
    static void* operator new(std::size_t bytes) { return net::take_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
      net::give_frame(frame, bytes);
    }
    Running get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

// What an attempt must remember while nothing answers.
struct LightChecks::Attempt {
  net::Fd socket;
  IpAddress address;
  std::uint16_t port = 0;
  std::uint32_t number = 0;
  std::shared_ptr<const Target> target;
};

namespace {

CheckResult result_of(const net::ConnectResult& connected, const Endpoint& remote) {
  CheckResult out;
  out.address = remote.text();
  out.elapsed = out.phases.connect = connected.elapsed;
  const auto failure = reach::failure_of(connected);
  if (connected.cut_short) return out;  // unknown: the watch ends
  if (!failure) {
    out.outcome = Outcome::ok;
    return out;
  }
  fail(out, *failure, fmt::format("{}: {}", remote.text(), row(*failure).sentence));
  return out;
}

}  // namespace

LightChecks::LightChecks(Report report)
    : report_(std::move(report)), scratch_(limits::kReadBuffer) {}

LightChecks::~LightChecks() = default;

// Like net::Group: an interrupt of the loop ends the waits of the checks, and so the checks.
struct LightChecks::Last {
  LightChecks& checks;
  bool await_ready() const noexcept { return checks.under_way_ == 0; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { checks.waiting_ = handle; }
  void await_resume() const noexcept {}
};

net::Task<void> LightChecks::idle() { co_await Last{*this}; }

void LightChecks::ended(std::uint32_t number, Instant began, CheckResult result) {
  report_(number, began, std::move(result));
  if (--under_way_ == 0 && waiting_) std::exchange(waiting_, {}).resume();
}

void LightChecks::start(std::uint32_t number, const Endpoint& remote,
                        std::shared_ptr<const Target> target) {
  ++under_way_;
  net::ConnectResult failed;
  const Instant began = Clock::now();
  net::Fd socket = net::begin_connect({.remote = remote}, failed);
  if (!socket) {
    ended(number, began, result_of(failed, remote));
    return;
  }
  connect({std::move(socket), remote.address, remote.port, number, std::move(target)});
}

LightChecks::Running LightChecks::connect(Attempt attempt) {
  const Instant deadline = Clock::now() + attempt.target->timeout;
  while (!went_on(attempt, deadline,
                  co_await net::Loop::current().write_edge(attempt.socket, deadline))) {
  }
}

// No coroutine, and never a part of one: what is needed only at the end (a connection's result is
// some 700 bytes) lives on the stack, not in the frame of each attempt that waits.
bool LightChecks::went_on(Attempt& attempt, Instant deadline, bool woken) {
  net::ConnectResult result;
  const Endpoint remote{attempt.address, attempt.port};
  const Instant began = deadline - attempt.target->timeout;
  result.elapsed = Clock::now() - began;
  if (!net::connect_ended(attempt.socket, remote.address, result)) {
    if (woken) {
      net::Loop::drained_write(attempt.socket);
      return false;
    }
    net::connect_gave_up(attempt.socket, result);
  }
  if (result.outcome == net::ConnectOutcome::open && attempt.target->kind == CheckKind::http) {
    ask(attempt.number, began, std::move(attempt.socket), std::move(attempt.target));
  } else {
    attempt.socket.reset();
    ended(attempt.number, began, result_of(result, remote));
  }
  return true;
}

LightChecks::Running LightChecks::ask(std::uint32_t number, Instant began, net::Fd socket,
                                      std::shared_ptr<const Target> target) {
  const Instant deadline = began + target->timeout;
  CheckResult out;
  if (const auto remote = net::peer_endpoint(socket)) {
    out.address = remote->text();
    net::stop_queueing_errors(socket, remote->address.family());
  }
  const Instant sent = Clock::now();
  out.phases.connect = sent - began;
  HttpAnswer answer;
  net::WriteResult wrote;
  {
    const std::string request = codec::write_request(request_of(*target));
    wrote = co_await net::write_all(socket, std::as_bytes(std::span{request}), deadline);
    if (wrote.end == net::WriteEnd::timeout) answer.outcome = "write-stalled";
  }
  codec::ResponseReader reader;
  const bool body = target->expect.needs_body();
  while (answer.outcome.empty()) {
    const auto read = net::read_after(wrote, co_await net::read_some(socket, scratch_, deadline));
    if (read.end == net::ReadEnd::more) {
      if (out.phases.wait == Duration::zero()) out.phases.wait = Clock::now() - sent;
      const std::string_view bytes{reinterpret_cast<const char*>(scratch_.data()), read.bytes};
      take_bytes(reader, bytes, body, answer);
    } else {
      take_end(reader, read, answer);
    }
  }
  socket.reset();
  out.elapsed = Clock::now() - began;
  judge_answer(*target, answer, out);
  if (net::Loop::current().interrupted()) out.outcome = Outcome::unknown;
  ended(number, began, std::move(out));
}

}  // namespace causeway::watch
