// A visitor who says anything over HTTP/2, in any pieces, to a whole edge with an origin behind it.
// Beyond not crashing and not hanging: what reaches the origin is read by a strict parser to its
// last byte, and what the edge says are whole frames.
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/http1_request_reader.hpp"
#include "edge/http2_front.hpp"
#include "fuzz/edge_in_process.hpp"

namespace causeway::fuzz {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr int kQuietTurns = 16;    // after which nothing more is expected
constexpr int kMostTurns = 5'000;  // of one input

std::string answer_to(const codec::RequestHead& head) {
  switch (head.target.size() % 5) {
    case 0: return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    case 1: return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";
    case 2:
      return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"
             "Transfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n5\r\nhello\r\n0\r\nx-t: u\r\n\r\n";
    case 3: return "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x');
    default: return "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n\r\n";  // a broken one
  }
}

// One connection of the edge's to its origin.
net::Task<void> origin(net::Fd socket) {
  const auto stream = net::plain_stream(std::move(socket));
  net::Loop& loop = net::Loop::current();
  std::vector<std::byte> buffer(64 * 1024);
  codec::RequestReader reader;
  while (true) {
    const auto got = co_await stream->read(buffer, kNever);
    if (got.end != net::ReadEnd::more) co_return;
    std::string_view bytes{reinterpret_cast<const char*>(buffer.data()), got.bytes};
    while (!bytes.empty()) {
      const auto step = reader.feed(bytes);
      require(reader.fault() == codec::RequestFault::none);
      bytes.remove_prefix(step.taken);
      if (!reader.finished()) continue;
      std::string said = reader.head().method == "HEAD"
                             ? "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
                             : answer_to(reader.head());
      // The edge has one request at a time on a connection.
      require(bytes.empty());
      const auto sent = co_await stream->write(std::as_bytes(std::span{said}),
                                               loop.now() + std::chrono::seconds{5});
      if (sent.end != net::WriteEnd::all) co_return;
      reader = codec::RequestReader{};
    }
  }
}

net::Task<void> visit(EdgeInProcess& edge, std::string_view input) {
  const auto how = static_cast<unsigned char>(input[0]);
  input.remove_prefix(1);
  std::string bytes{(how & 0x80U) == 0 ? kPreface : std::string_view{}};
  bytes += (how & 0x40U) == 0 ? frames(input) : std::string{input};
  auto [theirs, ours] = EdgeInProcess::connected();
  const auto stream = net::plain_stream(std::move(theirs));
  auto visitor = edge.visitor();
  visitor.http2 = true;
  const auto front = std::make_unique<edge::Http2Front>(edge.worker(), *stream, visitor);
  net::Group serving;
  serving.start(front->serve());
  std::string said;
  bool ended = false;
  for (auto piece : pieces(bytes, how & 0x3fU)) {
    while (!piece.empty() && !ended) {
      const auto sent = ::send(ours.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) piece.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) ended = true;
      co_await Yield{};
      said += EdgeInProcess::take(ours, ended);
    }
  }
  int turns = 0;
  for (int quiet = 0; quiet < kQuietTurns && !ended && turns < kMostTurns; ++quiet, ++turns) {
    co_await Yield{};
    const auto more = EdgeInProcess::take(ours, ended);
    if (!more.empty()) quiet = 0;
    said += more;
  }
  ::shutdown(ours.get(), SHUT_WR);
  co_await EdgeInProcess::finished(serving, 100, [&] { said += EdgeInProcess::take(ours, ended); });
  require_frames(said);
}

}  // namespace
}  // namespace causeway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using causeway::fuzz::EdgeInProcess;
  static auto* const edge = new EdgeInProcess{causeway::fuzz::origin, false};
  if (size == 0 || size > 16 * 1024) return 0;
  edge->loop().run(causeway::fuzz::visit(*edge, {reinterpret_cast<const char*>(data), size}));
  return 0;
}
