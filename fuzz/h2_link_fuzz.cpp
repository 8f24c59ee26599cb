// An origin that says anything over HTTP/2, in any pieces, to an edge that asks for three visitors
// at once. Beyond not crashing and not hanging: each visitor gets one whole answer or a cut one,
// never another's, and what the edge says are whole frames.
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/http1_response.hpp"
#include "edge/http1_front.hpp"
#include "fuzz/edge_in_process.hpp"

namespace causeway::fuzz {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr int kQuietTurns = 16;

std::string_view script;  // of the input at hand
unsigned char how = 0;

net::Task<void> origin(net::Fd socket) {
  std::string said;
  bool ended = false;
  const auto listen = [&] { said += EdgeInProcess::take(socket, ended); };
  for (int turn = 0; turn < kQuietTurns && said.size() < kPreface.size(); ++turn) {
    co_await Yield{};
    listen();
  }
  const std::string bytes = (how & 0x40U) == 0 ? frames(script) : std::string{script};
  for (auto piece : pieces(bytes, how & 0x3fU)) {
    while (!piece.empty() && !ended) {
      const auto sent =
          ::send(socket.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) piece.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) ended = true;
      co_await Yield{};
      listen();
    }
  }
  for (int turn = 0; turn < kQuietTurns && !ended; ++turn) {
    co_await Yield{};
    listen();
  }
  require(kPreface.starts_with(said) || said.starts_with(kPreface));
  if (said.size() > kPreface.size()) require_frames(std::string_view{said}.substr(kPreface.size()));
}

constexpr std::string_view kRequests[] = {
    "GET /first HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: close\r\n\r\n",
    "HEAD /second HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    "POST /third HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nTransfer-Encoding: "
    "chunked\r\n\r\n"
    "5\r\nhello\r\n0\r\n\r\n",
};

net::Task<void> serve(edge::Worker& worker, net::Stream& stream, const edge::Visitor& visitor) {
  edge::KeptConnection kept{worker, stream};
  require(!co_await edge::serve_requests(worker, kept, visitor, true));  // each asks for its end
}

net::Task<void> visit(EdgeInProcess& edge, std::string_view request) {
  auto [theirs, ours] = EdgeInProcess::connected();
  const auto stream = net::plain_stream(std::move(theirs));
  const edge::Visitor visitor = edge.visitor();
  require(::send(ours.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  net::Group serving;
  serving.start(serve(edge.worker(), *stream, visitor));
  std::string said;
  bool ended = false;
  co_await EdgeInProcess::finished(serving, 500, [&] {
    said += EdgeInProcess::take(ours, ended);
    if (ended) ::shutdown(ours.get(), SHUT_RDWR);  // or the edge would wait for more of the body
  });
  said += EdgeInProcess::take(ours, ended);
  codec::ResponseReader reader{{.answers_head = request.starts_with("HEAD")}};
  std::string_view rest = said;
  while (!rest.empty() && !reader.finished()) {
    const auto step = reader.feed(rest);
    require(step.taken > 0 || reader.finished());
    rest.remove_prefix(step.taken);
  }
  reader.end();
  using codec::HttpFault;
  const auto fault = reader.fault();
  require(rest.empty());
  // Cut after it was begun, or whole.
  require(fault == HttpFault::none || reader.head_complete() || said.empty());
}

net::Task<void> all(EdgeInProcess& edge) {
  net::Group visitors;
  for (const auto request : kRequests) visitors.start(visit(edge, request));
  co_await visitors.finished();
}

}  // namespace
}  // namespace causeway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fuzz = causeway::fuzz;
  static auto* const edge = new fuzz::EdgeInProcess{fuzz::origin, true};
  if (size == 0 || size > 16 * 1024) return 0;
  fuzz::how = data[0];
  fuzz::script = {reinterpret_cast<const char*>(data) + 1, size - 1};
  edge->loop().run(fuzz::all(*edge));
  return 0;
}
