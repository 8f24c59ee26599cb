#include "edge/tunnel.hpp"

#include <sys/socket.h>

#include <string>
#include <vector>

#include "edge/limits.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

struct Activity {
  Instant last;
  Duration idle;
};

// One direction. Its end is passed on as the end of that direction; an error ends both.
net::Task<void> move(net::Stream& from, net::Stream& to, std::string early, Activity& activity,
                     std::uint64_t& moved) {
  Loop& loop = Loop::current();
  const auto end_both = [&] {
    ::shutdown(from.socket().get(), SHUT_RDWR);
    ::shutdown(to.socket().get(), SHUT_RDWR);
  };
  if (!early.empty()) {
    const auto sent =
        co_await to.write(std::as_bytes(std::span{early}), loop.now() + activity.idle);
    if (sent.end != WriteEnd::all) co_return end_both();
    moved += early.size();
  }
  std::vector<std::byte> buffer(limits::kEdgeTunnelBuffer);
  while (true) {
    const auto got = from.read_now(buffer);
    if (got.end == ReadEnd::later) {
      const Instant due = activity.last + activity.idle;
      if (co_await loop.read_edge(from.socket(), due)) continue;
      if (loop.interrupted() || loop.now() >= activity.last + activity.idle) co_return end_both();
      continue;
    }
    if (got.end == ReadEnd::eof) co_return to.finish();
    if (got.end != ReadEnd::more) co_return end_both();
    activity.last = loop.now();
    const auto sent =
        co_await to.write(std::span{buffer}.first(got.bytes), loop.now() + activity.idle);
    if (sent.end != WriteEnd::all) co_return end_both();
    moved += got.bytes;
    if (!co_await loop.turn(kNever)) co_return end_both();
  }
}

}  // namespace

net::Task<Moved> run_tunnel(net::Stream& visitor, net::Stream& origin, std::string early,
                            Duration idle) {
  Moved moved;
  Activity activity{.last = Loop::current().now(), .idle = idle};
  net::Group both;
  both.start(move(visitor, origin, std::move(early), activity, moved.to_origin));
  both.start(move(origin, visitor, std::string{}, activity, moved.to_visitor));
  co_await both.finished();
  co_return moved;
}

}  // namespace causeway::edge
