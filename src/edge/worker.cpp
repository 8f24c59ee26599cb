#include "edge/worker.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <utility>

#include "base/id.hpp"
#include "codec/proxy_protocol.hpp"
#include "edge/health_check.hpp"
#include "edge/http1_front.hpp"
#include "edge/http2_front.hpp"
#include "edge/limits.hpp"
#include "net/sockaddr.hpp"
#include "net/stream.hpp"

namespace causeway::edge {
namespace {

using net::Fd;
using net::Loop;
using net::Task;

std::uint64_t random_seed() {
  const std::string digits = random_id();
  std::uint64_t out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  return out | 1U;
}

// Reads a PROXY header and not a byte beyond it.
Task<std::optional<codec::ProxyHeader>> read_proxy(const Fd& socket, Instant deadline) {
  Loop& loop = Loop::current();
  bool ended = false;  // the visitor's side: this look is the last
  // What is looked at stays there to be read, so that a wait may be over at once, again and again:
  // the turns are what the deadline bounds.
  while (co_await loop.turn(deadline)) {
    // Not in the frame: it would stay in that of the connection for all its life.
    auto* const bytes = reinterpret_cast<char*>(shared_buffer().data());
    const auto got = ::recv(socket.get(), bytes, codec::kProxyHeaderMost, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) co_return std::nullopt;
    if (got > 0) {
      const auto header = codec::read_proxy_header({bytes, static_cast<std::size_t>(got)});
      if (header.state == codec::ProxyHeader::State::broken) co_return std::nullopt;
      if (header.state == codec::ProxyHeader::State::complete) {
        const auto taken = ::recv(socket.get(), bytes, header.taken, MSG_DONTWAIT);
        if (taken != static_cast<ssize_t>(header.taken)) co_return std::nullopt;
        co_return header;
      }
    }
    if (ended) co_return std::nullopt;
    ended = Loop::hung_up(socket);
    if (ended) continue;
    Loop::drained_read(socket);
    if (!co_await loop.read_edge(socket, deadline)) co_return std::nullopt;
  }
  co_return std::nullopt;
}

void close_all(const std::vector<OpenListener>& listeners) {
  for (const auto& listener : listeners) ::close(listener.fd);
}

}  // namespace

Worker::Worker(Snapshot snapshot, std::vector<OpenListener> listeners)
    : listeners_(std::move(listeners)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      ray_state_(random_seed()) {
  use(std::move(snapshot));
}

Worker::~Worker() {
  close_all(listeners_);
  close_all(orders_.listeners);
}

void Worker::use(Snapshot snapshot) {
  snapshot_ = std::move(snapshot);
  runtime_ = std::make_shared<Runtime>(snapshot_.config, snapshot_.page, snapshot_.evidence);
  log_.use(snapshot_.log, snapshot_.config->access_log);
  if (checks_ != nullptr) start_checks();
}

// Those of the configuration before end: what they would say is about origins that nobody asks.
void Worker::start_checks() {
  checks_->abandon();
  for (auto& pool : runtime_->pools()) {
    if (pool->pool.check.kind == CheckKind::off) continue;
    for (auto& origin : pool->origins) checks_->start(keep_checking(runtime_, *pool, *origin));
  }
}

void Worker::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Worker::reload(Snapshot snapshot, std::vector<OpenListener> listeners) {
  {
    const std::lock_guard lock{orders_mutex_};
    orders_.snapshot = std::move(snapshot);
    orders_.listeners.swap(listeners);
  }
  close_all(listeners);  // of a reload before this one that was not obeyed yet
  ::eventfd_write(bell_.get(), 1);
}

void Worker::drain() {
  {
    const std::lock_guard lock{orders_mutex_};
    orders_.drain = true;
  }
  ::eventfd_write(bell_.get(), 1);
}

void Worker::run() {
  Loop loop;
  loop.run(serve());
  ended_.store(true, std::memory_order_release);
}

Task<void> Worker::serve() {
  Loop& loop = Loop::current();
  net::Event lines;
  net::Group sessions;
  net::Group house;
  net::Group checks;
  net::Group acceptors;
  checks_ = &checks;
  log_event_ = &lines;
  sessions_ = &sessions;
  acceptors_ = &acceptors;
  open(std::exchange(listeners_, {}));
  start_checks();
  house.start(keep_house());
  house.start(write_log());
  house.start(watch_delay());
  while (!draining_) {
    co_await loop.readable(bell_, kNever);
    eventfd_t rung = 0;
    ::eventfd_read(bell_.get(), &rung);
    obey();
  }
  acceptors.abandon();
  for (Drainable* at = connections_; at != nullptr;) {
    Drainable* next = at->next;
    at->drain();
    at = next;
  }
  {
    const Instant deadline = loop.now() + config().timeouts.drain;
    while (sessions.running() > 0 && loop.now() < deadline) {
      co_await loop.sleep_until(loop.now() + std::chrono::milliseconds{20});
    }
  }
  sessions.abandon();
  house.abandon();
  checks_ = nullptr;
  checks.abandon();
  runtime_->close();
  log_.flush();
  log_event_ = nullptr;
}

void Worker::obey() {
  Orders orders;
  {
    const std::lock_guard lock{orders_mutex_};
    orders = std::exchange(orders_, {});
  }
  if (orders.snapshot) {
    use(std::move(*orders.snapshot));
    acceptors_->abandon();  // their sockets are copies: the queue of the kernel lives on
    open(std::move(orders.listeners));
  }
  if (orders.drain) draining_ = true;
}

void Worker::open(std::vector<OpenListener> listeners) {
  for (auto& listener : listeners) {
    // Connections take TCP_NODELAY after their listener, and come when their first bytes are there:
    // in HTTP, TLS and PROXY the visitor speaks first.
    const int on = 1;
    ::setsockopt(listener.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int wait = limits::kEdgeFirstBytes.count();
    ::setsockopt(listener.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &wait, sizeof wait);
    acceptors_->start(accept_all(Fd{listener.fd}, listener.rules));
  }
}

namespace {

// A listener's file has other descriptors: the server's, the successor's. epoll forgets a file only
// with the last of them (epoll(7)), so closing this one is not enough: the next copy may get its
// number, and be refused as known.
struct Listening {
  explicit Listening(Fd fd) : socket(std::move(fd)) {}
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() { ::close(socket.release()); }
  Fd socket;
};

}  // namespace

Task<void> Worker::accept_all(Fd from_server, Listener rules) {
  Loop& loop = Loop::current();
  Listening listening{std::move(from_server)};
  const Fd& socket = listening.socket;
  while (co_await loop.read_edge(socket, kNever)) {
    int accepted = 0;
    while (true) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      Fd visitor{::accept4(socket.get(), reinterpret_cast<sockaddr*>(&from), &length,
                           SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (!visitor) {
        if (errno == EAGAIN) break;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          co_await loop.sleep_until(loop.now() + limits::kEdgeAcceptRest);
        }
        continue;
      }
      metrics_.connections.add();
      if (sessions_->running() >= config().limits.connections) continue;  // closed: no room
      const auto peer = net::from_sockaddr(reinterpret_cast<sockaddr*>(&from)).value_or(Endpoint{});
      sessions_->start(connection(visitor.release(),
                                  {.peer = peer, .listener = rules.address, .secure = rules.tls},
                                  rules.proxy_protocol));
      if (++accepted >= limits::kEdgeAcceptedAtOnce) {
        accepted = 0;
        if (!co_await loop.turn(kNever)) co_return;
      }
    }
    Loop::drained_read(socket);
  }
}

namespace {

struct Open {
  explicit Open(Count& count) : count_(count) { count_.add(); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() { count_.less(); }
  Count& count_;
};

}  // namespace

Task<std::unique_ptr<net::Stream>> Worker::meet(Fd socket, Visitor& visitor, bool proxied) {
  // Those it was accepted with: a reload may take them away while a header is awaited.
  auto certificates = visitor.secure ? snapshot_.tls : nullptr;
  if (proxied) {
    const auto header = co_await read_proxy(socket, now() + config().timeouts.visitor_handshake);
    if (!header) co_return nullptr;
    if (header->source) visitor.peer = *header->source;
    if (header->destination) visitor.listener = *header->destination;
  }
  if (!visitor.secure) co_return net::plain_stream(std::move(socket));
  auto accepted = co_await net::tls_accept(std::move(socket), std::move(certificates),
                                           now() + config().timeouts.visitor_handshake);
  if (!accepted.stream) metrics_.handshakes_failed.add();
  visitor.http2 = accepted.h2;
  co_return std::move(accepted.stream);
}

namespace {

[[gnu::noinline]] Task<void> serve_http2(Worker& worker, net::Stream& stream,
                                         const Visitor& visitor) {
  const auto front = std::make_unique<Http2Front>(worker, stream, visitor);
  co_await front->serve();
}

}  // namespace

// While it waits for a request, this frame is most of what the connection costs: what is not needed
// then lives in the frames of those it calls. `fd`: owned.
Task<void> Worker::connection(int fd, Visitor visitor, bool proxied) {
  const Open open{metrics_.connections_open};
  const auto stream = co_await meet(Fd{fd}, visitor, proxied);
  if (!stream) co_return;
  if (visitor.http2) co_return co_await serve_http2(*this, *stream, visitor);
  KeptConnection kept{*this, *stream};
  bool woken = false;
  while (co_await serve_requests(*this, kept, visitor, woken)) {
    const auto& timeouts = config().timeouts;
    const auto wait = kept.requests == 0 ? timeouts.visitor_head : timeouts.visitor_idle;
    woken = co_await Loop::current().read_edge(stream->socket(), now() + wait);
    if (woken) continue;
    if (visitor.secure) stream->finish();
    co_return;
  }
}

Task<void> Worker::keep_house() {
  Loop& loop = Loop::current();
  while (co_await loop.sleep_until(loop.now() + limits::kEdgeSweep)) runtime_->sweep(loop.now());
}

// How long a visitor's bytes wait until they are read: a bell of our own, rung now, stands in the
// kernel's queue of ready descriptors behind everything that is ready before it. Asked for only
// under traffic.
Task<void> Worker::watch_delay() {
  Loop& loop = Loop::current();
  const Fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::uint64_t seen = 0;
  while (co_await loop.sleep_until(loop.now() + (metrics_.requests.get() == seen
                                                     ? Duration{limits::kEdgeSweep}
                                                     : Duration{limits::kShedProbe}))) {
    const bool idle = metrics_.requests.get() == seen;
    seen = metrics_.requests.get();
    if (idle && overload_.shed() == 0) continue;
    const Instant rung = Clock::now();
    ::eventfd_write(bell.get(), 1);
    if (!co_await loop.read_edge(bell, kNever)) co_return;
    eventfd_t count = 0;
    ::eventfd_read(bell.get(), &count);
    Loop::drained_read(bell);
    overload_.aim(config().limits.shed_delay);
    overload_.sample(Clock::now() - rung, loop.now());
    metrics_.shed_percent.set(static_cast<std::uint64_t>(overload_.shed() * 100));
  }
}

bool Worker::sheds() {
  if (overload_.shed() == 0 || !overload_.refuses(chance())) return false;
  metrics_.shed.add();
  return true;
}

Task<void> Worker::write_log() {
  Loop& loop = Loop::current();
  while (true) {
    co_await log_event_->wait(kNever);
    if (!co_await loop.sleep_until(loop.now() + limits::kEdgeLogFlush)) co_return;
    log_event_->clear();
    log_.flush();
    metrics_.log_lines_lost.add(log_.lost() - metrics_.log_lines_lost.get());
  }
}

void Worker::finished(const Visitor& visitor, const Scratch& scratch) {
  const Instant at = now();
  metrics_.add(scratch.story, at);
  const WallTime wall = wall_now();
  for (const auto& attempt : scratch.story.attempts) keep_evidence(attempt, scratch.story, wall);
  log_.add(visitor, scratch.request, scratch.story, at, wall);
  if (!log_.empty() && log_event_ != nullptr && !log_event_->is_set()) log_event_->set();
}

void Worker::keep_evidence(const Attempt& attempt, const Story& story, WallTime now) {
  if (attempt.evidence == nullptr || attempt.remembered || attempt.given_up) return;
  if (!attempt.evidence->wants(attempt.failure.has_value(), now)) return;
  attempt.evidence->add({.at = now,
                         .address = attempt.address,
                         .secure = attempt.handshake.count() != 0 || attempt.secure,
                         .reused = attempt.reused,
                         .failure = attempt.failure,
                         .because = attempt.because,
                         .resolve = attempt.resolve,
                         .connect = attempt.connect,
                         .handshake = attempt.handshake,
                         .first_byte = attempt.first_byte,
                         .status = attempt.failure ? 0 : story.origin_status});
}

void Worker::start_beside(net::Task<void> task) {
  if (sessions_ != nullptr && !draining_) sessions_->start(std::move(task));
}

// xorshift64* (Vigna 2016): names and choices, not secrets.
std::uint64_t Worker::chance() {
  ray_state_ ^= ray_state_ >> 12U;
  ray_state_ ^= ray_state_ << 25U;
  ray_state_ ^= ray_state_ >> 27U;
  return ray_state_ * 0x2545F4914F6CDD1DULL;
}

void Worker::name_ray(Ray& ray) {
  std::uint64_t value = chance();
  for (char& digit : ray) {
    digit = "0123456789abcdef"[value & 0xfU];
    value >>= 4U;
  }
}

std::string_view Worker::http_date() {
  const auto second = wall_now().time_since_epoch().count() / 1000;
  if (second != date_second_) {
    date_second_ = second;
    const std::time_t at = second;
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    std::array<char, 40> text{};
    const auto length =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    date_.assign(text.data(), length);
  }
  return date_;
}

void Worker::link(Drainable& connection) {
  connection.next = connections_;
  connection.back = &connections_;
  if (connection.next != nullptr) connection.next->back = &connection.next;
  connections_ = &connection;
}

void Worker::unlink(Drainable& connection) {
  *connection.back = connection.next;
  if (connection.next != nullptr) connection.next->back = connection.back;
}

}  // namespace causeway::edge
