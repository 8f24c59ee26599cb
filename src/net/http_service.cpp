#include "net/http_service.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/group.hpp"
#include "net/http_session.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

// Nobody has told of an error yet: what the kernel says, and what a person can do.
std::string listen_error(const Endpoint& at, int os_code) {
  std::string_view advice;
  switch (os_code) {
    case EADDRINUSE: advice = "; another program has this port: stop it or choose another"; break;
    case EACCES: advice = "; ports below 1024 need root or CAP_NET_BIND_SERVICE"; break;
    case EADDRNOTAVAIL: advice = "; no interface of this machine has this address"; break;
    default: break;
  }
  return fmt::format("cannot listen on {}: {}{}", at.text(), std::strerror(os_code), advice);
}

Parsed<Fd> listen_on(const Endpoint& at) {
  const SockAddr address = to_sockaddr(at);
  Fd socket{::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return error(listen_error(at, errno));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), address.get(), address.length) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return error(listen_error(at, errno));
  }
  return socket;
}

}  // namespace

class HttpService::Server {
 public:
  Server(HttpServiceOptions options, HttpHandler handler, Fd listener)
      : options_(std::move(options)), handler_(std::move(handler)), listener_(std::move(listener)) {
    endpoint_ = local_endpoint(listener_).value_or(options_.listen);
  }

  Endpoint endpoint() const { return endpoint_; }
  const Fd& listener() const { return listener_; }
  const HttpServiceCounts& counts() const { return house_.counts; }

  Task<void> serve() {
    Loop& loop = Loop::current();
    while (!house_.draining && !loop.interrupted()) {
      if (house_.counts.open >= options_.most_connections) {
        house_.end_longest_idle();
        house_.room.clear();
        co_await house_.room.wait(kNever);
        continue;
      }
      if (!co_await loop.readable(listener_, kNever)) break;
      if (accept_one()) continue;
      // No descriptor is left, or the kernel is short of memory: the queue keeps who waits.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        house_.end_longest_idle();
        co_await loop.sleep_until(loop.now() + limits::kServiceAcceptPause);
      }
    }
    listener_.reset();
    while (house_.counts.open > 0 && !loop.interrupted() && loop.now() < give_up_) {
      house_.room.clear();
      co_await house_.room.wait(give_up_);
    }
    guests_.abandon();
  }

  void drain(Duration grace) {
    if (std::exchange(house_.draining, true)) return;
    give_up_ = Loop::current().now() + grace;
    // Wakes who waits for it (tcp_close of a listener reports a hang-up).
    if (listener_) ::shutdown(listener_.get(), SHUT_RD);
    house_.end_all_idle();
    house_.room.set();
  }

 private:
  bool accept_one() {
    SockAddr from;
    from.length = sizeof from.storage;
    Fd socket{::accept4(listener_.get(), from.get(), &from.length, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket) return false;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    guests_.start(attend(std::move(socket), from_sockaddr(from.get()).value_or(Endpoint{})));
    return true;
  }

  Task<void> attend(Fd socket, Endpoint peer) {
    const HttpHouse::Place place{house_};
    std::unique_ptr<Stream> stream;
    if (options_.secure) {
      const Instant until = Loop::current().now() + options_.head_wait;
      stream = co_await options_.secure(std::move(socket), until);
    } else {
      stream = plain_stream(std::move(socket));
    }
    if (!stream) {
      ++house_.counts.refused;
      co_return;
    }
    HttpSession session{house_, options_, handler_, std::move(stream), peer};
    co_await session.run();
  }

  HttpServiceOptions options_;
  HttpHandler handler_;
  Fd listener_;
  Endpoint endpoint_;
  Instant give_up_ = kNever;
  HttpHouse house_;
  Group guests_;
};

HttpService::HttpService(std::unique_ptr<Server> server) : server_(std::move(server)) {}
HttpService::~HttpService() = default;

Parsed<std::unique_ptr<HttpService>> HttpService::open(HttpServiceOptions options,
                                                       HttpHandler handler) {
  Parsed<Fd> listener{std::move(options.listener)};
  if (!*listener) listener = listen_on(options.listen);
  if (!listener) return std::unexpected{listener.error()};
  return std::unique_ptr<HttpService>{new HttpService{
      std::make_unique<Server>(std::move(options), std::move(handler), *std::move(listener))}};
}

Endpoint HttpService::endpoint() const { return server_->endpoint(); }
const Fd& HttpService::listener() const { return server_->listener(); }
const HttpServiceCounts& HttpService::counts() const { return server_->counts(); }
Task<void> HttpService::serve() { return server_->serve(); }
void HttpService::drain(Duration grace) { server_->drain(grace); }

}  // namespace causeway::net
