#include "reach/idle.hpp"

#include <array>
#include <string>

#include "base/text.hpp"
#include "codec/first_bytes.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {
namespace {

std::string_view outcome_of(net::ReadEnd end) {
  switch (end) {
    case net::ReadEnd::more: return "banner";
    case net::ReadEnd::eof: return "closed";
    case net::ReadEnd::reset: return "reset";
    default: return "open";
  }
}

}  // namespace

net::Task<void> idle(Survey& survey, Endpoint remote, Duration listen) {
  model::Observation out{model::Kind::idle, "exchange", remote.text()};
  out.set("address", remote.address).set("port", int{remote.port});
  net::ConnectOptions options;
  options.remote = remote;
  options.source = survey.request.source;
  options.deadline = survey.until(Clock::now(), limits::kSideProbeWait);
  auto connected = co_await net::connect_tcp(options);
  if (connected.outcome != net::ConnectOutcome::open) {
    // Reset right after the handshake is one answer, whether we had seen the handshake or not.
    const bool reset = connected.outcome == net::ConnectOutcome::reset;
    out.set("outcome", reset ? "reset" : "not-connected").set("elapsed_ms", connected.elapsed);
    survey.record.add(std::move(out));
    co_return;
  }
  const Instant began = Clock::now();
  const Instant until = survey.until(began, listen);
  std::array<std::byte, limits::kFirstBytesKept> buffer{};
  const auto read = co_await net::read_some(connected.socket, buffer, until);
  // Cut short by the end of the diagnosis: nothing is known about what would have come.
  if (read.end == net::ReadEnd::timeout && until < began + listen) co_return;
  const std::string_view bytes{reinterpret_cast<const char*>(buffer.data()), read.bytes};
  out.set("outcome", outcome_of(read.end));
  out.set("first_bytes", codec::name(codec::first_bytes(bytes)));
  if (!bytes.empty()) out.set("first_text", printable(bytes, limits::kTextKept));
  out.set("elapsed_ms", Duration{Clock::now() - began});
  survey.record.add(std::move(out));
}

}  // namespace causeway::reach
