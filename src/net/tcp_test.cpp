#include "net/tcp.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "net/loop.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

using std::chrono::seconds;

const IpAddress kLoopback4 = *IpAddress::parse("127.0.0.1");
const IpAddress kLoopback6 = *IpAddress::parse("::1");

struct Listener {
  Fd socket;
  Endpoint at;
};

Listener bound(const IpAddress& address, bool listening, int backlog = 8) {
  Listener out{Fd{::socket(af_of(address.family()), SOCK_STREAM | SOCK_CLOEXEC, 0)}, {}};
  const SockAddr any_port = to_sockaddr({address, 0});
  EXPECT_EQ(::bind(out.socket.get(), any_port.get(), any_port.length), 0);
  if (listening) {
    EXPECT_EQ(::listen(out.socket.get(), backlog), 0);
  }
  out.at = *local_endpoint(out.socket);
  return out;
}

ConnectResult try_connect(ConnectOptions options) {
  Loop loop;
  if (options.deadline == kNever) options.deadline = loop.now() + seconds{5};
  return loop.run(connect_tcp(std::move(options)));
}

class Families : public testing::TestWithParam<IpAddress> {};

TEST_P(Families, OpensToAListener) {
  const Listener listener = bound(GetParam(), true);
  const ConnectResult result = try_connect({.remote = listener.at});
  EXPECT_EQ(result.outcome, ConnectOutcome::open);
  EXPECT_TRUE(result.socket);
  EXPECT_EQ(result.os_code, 0);
  EXPECT_FALSE(result.icmp);
  EXPECT_EQ(result.source, GetParam());
  EXPECT_GT(result.facts.mss, 500U);
  EXPECT_GT(result.elapsed, Duration::zero());
  EXPECT_LT(result.elapsed, seconds{5});
}

TEST_P(Families, IsRefusedByAClosedPort) {
  const Listener closed = bound(GetParam(), false);
  const ConnectResult result = try_connect({.remote = closed.at});
  EXPECT_EQ(result.outcome, ConnectOutcome::refused);
  EXPECT_EQ(result.os_code, ECONNREFUSED);
  EXPECT_FALSE(result.icmp);
  EXPECT_FALSE(result.socket);
}

TEST_P(Families, IsSilentWhenTheAcceptQueueIsFull) {
  const Listener listener = bound(GetParam(), true, 0);
  Loop loop;
  const auto deadline = [&] { return loop.now() + std::chrono::milliseconds{30}; };
  std::vector<ConnectResult> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(loop.run(connect_tcp({.remote = listener.at, .deadline = deadline()})));
  }
  EXPECT_EQ(all.front().outcome, ConnectOutcome::open);
  EXPECT_EQ(all.back().outcome, ConnectOutcome::silent);
  EXPECT_FALSE(all.back().socket);
  EXPECT_GE(all.back().elapsed, std::chrono::milliseconds{29});
}

INSTANTIATE_TEST_SUITE_P(Loopback, Families, testing::Values(kLoopback4, kLoopback6),
                         [](const auto& test) { return std::string{name(test.param.family())}; });

TEST(Connect, OffersTheSegmentSizeAskedFor) {
  const Listener listener = bound(kLoopback4, true);
  const ConnectResult result = try_connect({.remote = listener.at, .mss = 400});
  EXPECT_EQ(result.outcome, ConnectOutcome::open);
  EXPECT_LE(result.facts.mss, 400U);
}

TEST(Connect, UsesTheSourceAskedFor) {
  const Listener listener = bound(kLoopback4, true);
  const IpAddress source = *IpAddress::parse("127.0.0.9");
  const ConnectResult result = try_connect({.remote = listener.at, .source = source});
  EXPECT_EQ(result.outcome, ConnectOutcome::open);
  EXPECT_EQ(result.source, source);
}

TEST(Connect, ReportsASourceThatIsNotOurs) {
  const ConnectResult result =
      try_connect({.remote = {kLoopback4, 9}, .source = IpAddress::parse("192.0.2.77").value()});
  EXPECT_EQ(result.outcome, ConnectOutcome::local);
  EXPECT_EQ(result.step, ConnectStep::source);
  EXPECT_EQ(result.os_code, EADDRNOTAVAIL);
}

TEST(Connect, ReportsThatFilesHaveRunOut) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  Loop loop;
  const Fd highest{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(highest.get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const ConnectResult result =
      loop.run(connect_tcp({.remote = {kLoopback4, 9}, .deadline = loop.now() + seconds{1}}));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(result.outcome, ConnectOutcome::local);
  EXPECT_EQ(result.step, ConnectStep::socket);
  EXPECT_EQ(result.os_code, EMFILE);
}

TEST(Facts, CountPayloadBytesOnly) {
  const Listener listener = bound(kLoopback4, true);
  ConnectResult result = try_connect({.remote = listener.at});
  ASSERT_EQ(result.outcome, ConnectOutcome::open);
  const Fd peer{::accept4(listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  EXPECT_EQ(tcp_facts(result.socket).bytes_acked, 0U);
  ASSERT_EQ(::send(result.socket.get(), "12345", 5, 0), 5);
  ASSERT_EQ(::send(peer.get(), "123", 3, 0), 3);
  EXPECT_EQ(tcp_facts(result.socket).bytes_acked, 5U);
  EXPECT_EQ(tcp_facts(result.socket).bytes_received, 3U);
  ASSERT_EQ(::shutdown(peer.get(), SHUT_WR), 0);
  EXPECT_TRUE(tcp_facts(result.socket).peer_closed);
  EXPECT_EQ(tcp_facts(result.socket).bytes_received, 3U);
}

TEST(ErrnoName, NamesKnownAndUnknown) {
  EXPECT_EQ(errno_name(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(errno_name(0), "0");
  EXPECT_EQ(errno_name(99'999), "unknown");
}

}  // namespace
}  // namespace causeway::net
