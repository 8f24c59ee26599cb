#include "reach/udp_probe.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/limits.hpp"
#include "net/datagram.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {
namespace {

struct Answer {
  std::string_view outcome;  // model/kinds.def, udp.outcome; empty while nothing has come
  int os_code = 0;
  std::optional<net::IcmpNote> note;
};

Answer look(const net::Datagram& socket) {
  Answer out;
  while (auto note = net::take_note(socket.fd(), socket.remote().address)) {
    if (!out.note && !note->local) out.note = std::move(note);
  }
  if (out.note) {
    out.outcome = "icmp";
    return out;
  }
  std::array<std::byte, 64> buffer{};
  if (socket.receive(buffer) > 0) out.outcome = "reply";
  return out;
}

net::Task<Answer> ask(Survey& survey, const net::Datagram& socket, Instant began) {
  net::Loop& loop = net::Loop::current();
  const std::array<std::byte, 8> payload{};
  if (const int failed = socket.send(payload); failed != 0) co_return Answer{"local", failed, {}};
  const Instant until = survey.until(began, limits::kSideProbeWait);
  while (true) {
    const bool ready = co_await loop.readable(socket.fd(), until);
    Answer answer = look(socket);
    if (!answer.outcome.empty()) co_return answer;
    if (ready) continue;
    const bool waited = Clock::now() - began >= limits::kSideProbeWait && !loop.interrupted();
    co_return Answer{waited ? "silent" : "", 0, {}};
  }
}

}  // namespace

net::Task<void> udp_probe(Survey& survey, IpAddress address) {
  const Endpoint remote{address, limits::kUdpProbePort};
  const net::Datagram socket{remote, survey.request.source};
  const Instant began = Clock::now();
  Answer answer{"local", socket.os_code(), {}};
  if (answer.os_code == 0) answer = co_await ask(survey, socket, began);
  if (answer.outcome.empty()) co_return;  // the diagnosis ended first: nothing was found out

  model::Observation seen{model::Kind::udp, "route", remote.text()};
  seen.set("address", address)
      .set("port", int{remote.port})
      .set("outcome", answer.outcome)
      .set("elapsed_ms", Clock::now() - began);
  if (answer.note) {
    seen.set("icmp", answer.note->name).set("offender_is", net::name(answer.note->offender_is));
    if (answer.note->offender != IpAddress{}) seen.set("offender", answer.note->offender);
  }
  if (answer.os_code != 0) seen.set("error", net::errno_name(answer.os_code));
  survey.record.add(std::move(seen));
}

}  // namespace causeway::reach
