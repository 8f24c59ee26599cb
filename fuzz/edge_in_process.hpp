// An edge on the loop of this thread, its visitor and its origin beside it: what a fuzz target of a
// whole session needs. Nothing waits for time: turns of the loop are counted instead.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/worker.hpp"
#include "net/group.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "net/stream.hpp"

namespace causeway::fuzz {

// Lets everybody else run once.
class Yield : private net::Waiter {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle = waiting;
    net::Loop& loop = net::Loop::current();
    loop.suspend(*this);
    loop.wake(*this, true);
  }
  void await_resume() const noexcept {}
};

inline void require(bool holds) {
  if (!holds) std::abort();
}

class EdgeInProcess {
 public:
  using Serve = std::function<net::Task<void>(net::Fd)>;

  // `serve` is called with each connection to the origin. `http2`: the edge speaks it to the
  // origin.
  EdgeInProcess(Serve serve, bool http2) : serve_(std::move(serve)) {
    auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
    require(socket.has_value());
    listener_ = std::move(*socket);
    edge::Config config;
    edge::Origin origin;
    const auto at = *net::local_endpoint(listener_);
    origin.host = at.address.text();
    origin.port = at.port;
    origin.name = at.text();
    origin.http = http2 ? edge::OriginHttp::http2 : edge::OriginHttp::http1;
    edge::Pool pool;
    pool.name = "fuzz";
    pool.origins.push_back(origin);
    pool.retries.attempts = 1;
    config.pools.push_back(std::move(pool));
    config.routes.push_back({.hosts = {}, .pool = "fuzz"});
    config.access_log.on = false;
    config.limits.request_body_bytes = 64 * 1024;
    config.limits.request_head_bytes = 8 * 1024;
    worker_ = std::make_unique<edge::Worker>(
        edge::Snapshot{.config = std::make_shared<const edge::Config>(std::move(config)),
                       .tls = nullptr,
                       .page = nullptr,
                       .log = nullptr,
                       .cache = nullptr,
                       .evidence = nullptr},
        std::vector<edge::OpenListener>{});
    origins_.start(accept_all());
  }
  EdgeInProcess(const EdgeInProcess&) = delete;
  EdgeInProcess& operator=(const EdgeInProcess&) = delete;

  net::Loop& loop() { return loop_; }
  edge::Worker& worker() { return *worker_; }
  edge::Visitor visitor() const {
    return {.peer = {IpAddress::v4(0x7f000001), 40000},
            .listener = {IpAddress::v4(0x7f000001), 80}};
  }

  // A connected pair: the first is the edge's, the second the visitor's.
  static std::pair<net::Fd, net::Fd> connected() {
    int pair[2] = {-1, -1};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    return {net::Fd{pair[0]}, net::Fd{pair[1]}};
  }

  // Bytes that are there now.
  static std::string take(const net::Fd& socket, bool& ended) {
    std::string out(64 * 1024, '\0');
    const auto got = ::recv(socket.get(), out.data(), out.size(), MSG_DONTWAIT);
    ended = ended || got == 0;
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }

  // Until nothing of `serving` runs any more, which must come to an end. Turns of the loop first;
  // then milliseconds, for what has a deadline. `listen` is called after each.
  static net::Task<void> finished(const net::Group& serving, int turns,
                                  std::function<void()> listen) {
    constexpr int kMostWaits = 5'000;
    net::Loop& loop = net::Loop::current();
    for (int waits = 0; serving.running() > 0; ++waits) {
      require(waits < kMostWaits);
      if (waits < turns) {
        co_await Yield{};
      } else {
        co_await loop.sleep_until(loop.now() + std::chrono::milliseconds{1});
      }
      listen();
    }
  }

 private:
  net::Task<void> accept_all() {
    while (co_await loop_.readable(listener_, kNever)) {
      net::Fd peer{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (peer) origins_.start(serve_(std::move(peer)));
    }
  }

  net::Loop loop_;
  Serve serve_;
  net::Fd listener_;
  std::unique_ptr<edge::Worker> worker_;
  net::Group origins_;
};

// The rest of an input in pieces: as long as its first byte says, each of them.
inline std::vector<std::string_view> pieces(std::string_view bytes, unsigned char how) {
  static constexpr std::size_t kSizes[] = {0, 1, 7, 9, 64, 1000};
  const std::size_t size = kSizes[how % std::size(kSizes)];
  std::vector<std::string_view> out;
  if (size == 0) {
    out.push_back(bytes);
    return out;
  }
  const std::size_t each = std::max(size, bytes.size() / 256);  // turns are what costs
  for (std::size_t at = 0; at < bytes.size(); at += each) out.push_back(bytes.substr(at, each));
  return out;
}

// Records (type, flags, stream, length, payload) as frames: mutations of one leave the others
// whole.
inline std::string frames(std::string_view records) {
  std::string out;
  while (records.size() >= 4) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(records[i]); };
    const std::size_t length = std::min<std::size_t>(at(3), records.size() - 4);
    out += {'\0', '\0',      static_cast<char>(length), records[0], records[1], '\0', '\0',
            '\0', records[2]};
    out += records.substr(4, length);
    records.remove_prefix(4 + length);
  }
  return out;
}

// Frames of a peer that keeps to their form, to the last one of them (RFC 9113 4.1, 6).
inline void require_frames(std::string_view bytes) {
  while (bytes.size() >= 9) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const std::size_t length = (std::size_t{at(0)} << 16U) | (std::size_t{at(1)} << 8U) | at(2);
    require(length <= 16384 && at(3) <= 9);
    if (bytes.size() < 9 + length) return;
    bytes.remove_prefix(9 + length);
  }
}

}  // namespace causeway::fuzz
