#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"
#include "runtime_sides.hpp"

namespace causeway::bench {
namespace {

using net::Fd;
using net::Loop;
using net::Task;

constexpr auto kPatience = std::chrono::seconds{30};

Instant patience() { return Loop::current().now() + kPatience; }

// Passes one message on; false when the connection has ended.
Task<bool> pass(const Fd& from, const Fd& to) {
  std::array<std::byte, kMessage> buffer;
  std::size_t held = 0;
  while (held < kMessage) {
    const net::ReadResult got =
        co_await net::read_some(from, std::span{buffer}.subspan(held), patience());
    if (got.end != net::ReadEnd::more) co_return false;
    held += got.bytes;
  }
  const net::WriteResult sent = co_await net::write_all(to, buffer, patience());
  co_return sent.end == net::WriteEnd::all;
}

Task<void> echo(Fd client) {
  while (co_await pass(client, client)) {
  }
}

Task<void> forward(Fd client, std::uint16_t port) {
  net::ConnectResult origin = co_await net::connect_tcp(
      {.remote = {IpAddress::v4(INADDR_LOOPBACK), port}, .deadline = patience()});
  if (!origin.socket) co_return;
  while (co_await pass(client, origin.socket) && co_await pass(origin.socket, client)) {
  }
}

Task<void> accept_all(const Fd& listener, std::optional<std::uint16_t> origin,
                      net::Group& sessions) {
  Loop& loop = Loop::current();
  while (co_await loop.read_edge(listener, kNever)) {
    while (true) {
      Fd client{::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
      if (!client) break;
      const int on = 1;
      ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      sessions.start(origin ? forward(std::move(client), *origin) : echo(std::move(client)));
    }
    Loop::drained_read(listener);
  }
}

Task<void> serve(const Side& side) {
  const Fd listener{::dup(side.listener)};
  const Fd stop{::dup(side.stop)};
  net::Group work;
  work.start(accept_all(listener, side.origin, work));
  co_await Loop::current().readable(stop, kNever);
  work.abandon();
}

}  // namespace

void serve_with_coroutines(Side side) {
  Loop loop;
  loop.run(serve(side));
}

}  // namespace causeway::bench
