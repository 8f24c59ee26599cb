#include "reach/connect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "codec/icmp.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;
using net::ConnectOutcome;
using net::ConnectStep;
using net::Offender;
using std::chrono::milliseconds;

net::ConnectResult icmp(Family family, int type, int code, Offender by = Offender::router,
                        Duration elapsed = milliseconds{3}) {
  net::ConnectResult result;
  result.outcome = ConnectOutcome::icmp;
  result.elapsed = elapsed;
  net::IcmpNote note;
  note.type = static_cast<std::uint8_t>(type);
  note.code = static_cast<std::uint8_t>(code);
  note.offender_is = by;
  note.name = codec::icmp_name(family, note.type, note.code);
  result.icmp = note;
  return result;
}

net::ConnectResult local(ConnectStep step, int os_code) {
  net::ConnectResult result;
  result.outcome = ConnectOutcome::local;
  result.step = step;
  result.os_code = os_code;
  return result;
}

net::ConnectResult ended(ConnectOutcome outcome) {
  net::ConnectResult result;
  result.outcome = outcome;
  return result;
}

TEST(FailureOf, TellsOutcomesApart) {
  EXPECT_EQ(failure_of(ended(ConnectOutcome::open)), std::nullopt);
  EXPECT_EQ(failure_of(ended(ConnectOutcome::refused)), FailureId::connect_refused);
  EXPECT_EQ(failure_of(ended(ConnectOutcome::silent)), FailureId::connect_silent);
  EXPECT_EQ(failure_of(ended(ConnectOutcome::reset)), FailureId::connect_reset);
}

TEST(FailureOf, DoesNotTakeAnInterruptForSilence) {
  net::ConnectResult result = ended(ConnectOutcome::silent);
  result.cut_short = true;
  EXPECT_EQ(failure_of(result), FailureId::cancelled);
}

TEST(FailureOf, MapsEveryCodeOfDestinationUnreachable) {
  constexpr auto kNet = FailureId::route_net_unreachable;
  constexpr auto kHost = FailureId::route_host_unreachable;
  constexpr auto kProhibited = FailureId::route_prohibited;
  const std::vector<FailureId> expected{
      kNet,  kHost,       kHost,       FailureId::connect_port_unreachable,
      kHost, kHost,       kNet,        kHost,
      kHost, kProhibited, kProhibited, kNet,
      kHost, kProhibited, kProhibited, kProhibited};
  for (int code = 0; code < 256; ++code) {
    const auto want = code < 16 ? expected.at(static_cast<std::size_t>(code)) : kHost;
    EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, code)), want) << "3/" << code;
    // Said by the target's own firewall: the same failure, another cause.
    EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, code, Offender::target)), want) << "3/" << code;
  }
}

TEST(FailureOf, MapsEveryCodeOfIcmpv6) {
  const std::vector<FailureId> expected{
      FailureId::route_net_unreachable,    FailureId::route_prohibited,
      FailureId::route_host_unreachable,   FailureId::route_host_unreachable,
      FailureId::connect_port_unreachable, FailureId::route_prohibited,
      FailureId::route_prohibited};
  for (int code = 0; code < 256; ++code) {
    const auto want =
        code < 7 ? expected.at(static_cast<std::size_t>(code)) : FailureId::route_host_unreachable;
    EXPECT_EQ(failure_of(icmp(Family::ipv6, 1, code)), want) << "1/" << code;
  }
  EXPECT_EQ(failure_of(icmp(Family::ipv6, 3, 0)), FailureId::route_ttl_exceeded);
  EXPECT_EQ(failure_of(icmp(Family::ipv6, 4, 1)), FailureId::route_host_unreachable);
}

TEST(FailureOf, MapsTimeExceededAndUnknownTypes) {
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 11, 0)), FailureId::route_ttl_exceeded);
  for (const int type : {4, 5, 12, 13, 200}) {
    EXPECT_EQ(failure_of(icmp(Family::ipv4, type, 0)), FailureId::route_host_unreachable) << type;
  }
}

TEST(FailureOf, TakesALateHostUnreachableOfARouterForASilentNeighbour) {
  const auto late = milliseconds{3060};
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, 1, Offender::router, late)),
            FailureId::route_neighbour_silent);
  EXPECT_EQ(failure_of(icmp(Family::ipv6, 1, 3, Offender::router, late)),
            FailureId::route_neighbour_silent);
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, 1, Offender::router, milliseconds{2499})),
            FailureId::route_host_unreachable);
  // The machine itself is there, and says so.
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, 1, Offender::target, late)),
            FailureId::route_host_unreachable);
  // Late, but about something else.
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, 13, Offender::router, late)),
            FailureId::route_prohibited);
}

TEST(FailureOf, NeverBlamesTheOriginForWhatThisMachineSays) {
  for (const int code : {0, 1, 2, 3, 9, 10, 13}) {
    EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, code, Offender::self, milliseconds{0})),
              FailureId::route_local_block)
        << code;
  }
  // Our own ARP: the address is on our own network and nobody has it.
  EXPECT_EQ(failure_of(icmp(Family::ipv4, 3, 1, Offender::self, milliseconds{3060})),
            FailureId::route_neighbour_silent);
}

TEST(FailureOf, MapsLocalErrnoByTheStepThatFailed) {
  const auto of = [](ConnectStep step, int code) { return failure_of(local(step, code)); };
  for (const int code : {EMFILE, ENFILE}) {
    EXPECT_EQ(of(ConnectStep::socket, code), FailureId::connect_out_of_files);
  }
  EXPECT_EQ(of(ConnectStep::socket, EAFNOSUPPORT), FailureId::route_no_source_address);
  EXPECT_EQ(of(ConnectStep::socket, EPERM), FailureId::route_local_block);
  EXPECT_EQ(of(ConnectStep::socket, ENOMEM), FailureId::internal);
  EXPECT_EQ(of(ConnectStep::source, EADDRNOTAVAIL), FailureId::route_no_source_address);
  EXPECT_EQ(of(ConnectStep::source, EADDRINUSE), FailureId::connect_out_of_ports);
  EXPECT_EQ(of(ConnectStep::source, EACCES), FailureId::route_local_block);
  EXPECT_EQ(of(ConnectStep::connect, EADDRNOTAVAIL), FailureId::connect_out_of_ports);
  EXPECT_EQ(of(ConnectStep::connect, EADDRINUSE), FailureId::connect_out_of_ports);
  for (const int code : {ENETUNREACH, EHOSTUNREACH, EINVAL, ENETDOWN}) {
    EXPECT_EQ(of(ConnectStep::connect, code), FailureId::route_no_local_route) << code;
  }
  for (const int code : {EPERM, EACCES, ECONNREFUSED}) {
    EXPECT_EQ(of(ConnectStep::connect, code), FailureId::route_local_block) << code;
  }
  EXPECT_EQ(of(ConnectStep::send, EPERM), FailureId::route_local_block);
  EXPECT_EQ(of(ConnectStep::send, ENOPROTOOPT), FailureId::route_host_unreachable);
  EXPECT_EQ(of(ConnectStep::connect, 9999), FailureId::internal);
}

struct Bound {
  net::Fd socket;
  Endpoint at;
};

Bound bound(bool listening) {
  Bound out{net::Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, {}};
  const auto any_port = net::to_sockaddr({IpAddress::v4(0x7f000001), 0});
  EXPECT_EQ(::bind(out.socket.get(), any_port.get(), any_port.length), 0);
  if (listening) {
    EXPECT_EQ(::listen(out.socket.get(), 4), 0);
  }
  out.at = *net::local_endpoint(out.socket);
  return out;
}

struct Asked {
  Connected connected;
  std::vector<model::Observation> seen;
};

Asked ask(const Request& request, const ConnectQuestion& question) {
  net::Loop loop;
  Record record;
  net::ReplyTaps taps;
  Survey survey{request, record, loop.now() + std::chrono::seconds{10}, &taps};
  Connected connected = loop.run(connect(survey, question));
  return {std::move(connected), record.take()};
}

TEST(Connect, RecordsAnOpenConnection) {
  const Bound listener = bound(true);
  const Request request;
  const Asked asked = ask(request, {.remote = listener.at, .role = "again"});
  EXPECT_FALSE(asked.connected.failure);
  EXPECT_TRUE(asked.connected.result.socket);
  ASSERT_EQ(asked.seen.size(), 1U);
  const auto& seen = asked.seen.front();
  EXPECT_EQ(seen.id, asked.connected.observation);
  EXPECT_EQ(seen.text("address"), "127.0.0.1");
  EXPECT_EQ(seen.integer("port"), listener.at.port);
  EXPECT_EQ(seen.text("role"), "again");
  EXPECT_EQ(seen.text("outcome"), "open");
  EXPECT_TRUE(seen.has("mss"));
  EXPECT_TRUE(seen.has("elapsed_ms"));
  EXPECT_FALSE(seen.has("icmp"));
  EXPECT_FALSE(seen.has("error"));
}

TEST(Connect, RecordsARefusal) {
  const Bound closed = bound(false);
  const Request request;
  const Asked asked = ask(request, {.remote = closed.at});
  EXPECT_EQ(asked.connected.failure, FailureId::connect_refused);
  ASSERT_EQ(asked.seen.size(), 1U);
  EXPECT_EQ(asked.seen.front().text("outcome"), "refused");
  EXPECT_EQ(asked.seen.front().text("error"), "ECONNREFUSED");
  EXPECT_EQ(asked.seen.front().integer("syn_retransmits"), 0);
}

TEST(Connect, RecordsOurOwnTroubleAsOurs) {
  Request request;
  request.source = IpAddress::parse("192.0.2.77").value();
  const Asked asked = ask(request, {.remote = {IpAddress::v4(0x7f000001), 9}});
  EXPECT_EQ(asked.connected.failure, FailureId::route_no_source_address);
  ASSERT_EQ(asked.seen.size(), 2U);
  EXPECT_EQ(asked.seen.front().text("outcome"), "local");
  EXPECT_EQ(asked.seen.front().text("error"), "EADDRNOTAVAIL");
  EXPECT_EQ(asked.seen.back().kind, model::Kind::self_check);
  EXPECT_EQ(asked.seen.back().text("check"), "source");
  EXPECT_EQ(asked.seen.back().text("outcome"), "failed");
}

TEST(Connect, RecordsNothingWhenTheDiagnosisEndsFirst) {
  const Bound listener = bound(true);
  const Request request;
  net::Loop loop;
  Record record;
  std::vector<net::Fd> queue;  // until the accept queue is full and SYNs are dropped
  Survey survey{request, record, loop.now() + milliseconds{60}};
  std::optional<FailureId> last;
  for (int i = 0; i < 12; ++i) {
    Connected next = loop.run(connect(survey, {.remote = listener.at}));
    last = next.failure;
    queue.push_back(std::move(next.result.socket));
    if (last) break;
  }
  EXPECT_EQ(last, FailureId::cancelled);
  for (const auto& seen : record.observations()) EXPECT_EQ(seen.text("outcome"), "open");
}

}  // namespace
}  // namespace causeway::reach
