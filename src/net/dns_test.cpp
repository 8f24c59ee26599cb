#include "net/dns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "codec/dns_writer.hpp"
#include "net/loop.hpp"
#include "net/scripted_dns.hpp"

namespace causeway::net {
namespace {

using codec::DnsType;
using codec::DnsWriter;
using ::testing::HasSubstr;
using Asked = ScriptedDns::Asked;
using Replies = std::vector<std::string>;
using std::chrono::milliseconds;

DnsReply ask(DnsAsk options) {
  Loop loop;
  return loop.run(ask_dns(std::move(options)));
}

DnsAsk question_to(const Endpoint& server) {
  return {.server = server, .query = {.question = {"www.example.net", DnsType::a}}};
}

std::string good(const Asked& asked) {
  return DnsWriter{asked.message}.address("www.example.net", "203.0.113.10").bytes();
}

// A port of loopback where nothing listens.
Endpoint closed_endpoint() {
  const ScriptedDns gone{[](const Asked&) { return Replies{}; }};
  return gone.endpoint();
}

TEST(DnsAsk, TakesTheAnswer) {
  const ScriptedDns server{[](const Asked& asked) { return Replies{good(asked)}; }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  ASSERT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_EQ(reply.message->answers.at(0).address->text(), "203.0.113.10");
  EXPECT_EQ(reply.tries, 1);
  EXPECT_FALSE(reply.over_tcp);
  EXPECT_LT(reply.elapsed, milliseconds{900});
}

TEST(DnsAsk, IgnoresAnswersToOtherQuestions) {
  const ScriptedDns server{[](const Asked& asked) {
    Asked other_id = asked;
    ++other_id.message.id;
    Asked other_name = asked;
    other_name.message.question->name = "elsewhere.example.net";
    const auto query =
        codec::write_dns_query({.id = asked.message.id, .question = *asked.message.question});
    return Replies{good(other_id), good(other_name), *query, "", good(asked)};
  }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_EQ(reply.strays, 4);
}

TEST(DnsAsk, StopsListeningToAFloodOfThem) {
  const ScriptedDns server{[](const Asked& asked) {
    Asked other = asked;
    ++other.message.id;
    return Replies(static_cast<std::size_t>(limits::kDnsStrayReplies) + 10, good(other));
  }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::malformed);
  EXPECT_EQ(reply.strays, limits::kDnsStrayReplies);
}

TEST(DnsAsk, ReportsAnAnswerThatCannotBeParsed) {
  const ScriptedDns server{[](const Asked& asked) { return Replies{good(asked).substr(0, 40)}; }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::malformed);
  EXPECT_THAT(reply.detail, HasSubstr("ends before"));
}

TEST(DnsAsk, HearsThatNothingListens) {
  const DnsReply reply = ask(question_to(closed_endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::refused);
  EXPECT_EQ(reply.os_code, ECONNREFUSED);
  ASSERT_TRUE(reply.icmp);
  EXPECT_EQ(reply.icmp->name, "port-unreachable");
  EXPECT_EQ(reply.icmp->offender.text(), "127.0.0.1");
  EXPECT_LT(reply.elapsed, milliseconds{500});
}

TEST(DnsAsk, TriesAgainWhenTheFirstPacketIsLost) {
  std::atomic<int> packets = 0;
  const ScriptedDns server{
      [&](const Asked& asked) { return ++packets == 1 ? Replies{} : Replies{good(asked)}; }};
  DnsAsk options = question_to(server.endpoint());
  options.try_wait = milliseconds{30};
  const DnsReply reply = ask(options);
  EXPECT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_GE(reply.tries, 2);
}

TEST(DnsAsk, EndsAtItsDeadlineWhenTheServerIsSilent) {
  const ScriptedDns server{[](const Asked&) { return Replies{}; }};
  DnsAsk options = question_to(server.endpoint());
  options.wait = milliseconds{60};
  const DnsReply reply = ask(options);
  EXPECT_EQ(reply.outcome, DnsOutcome::timeout);
  EXPECT_EQ(reply.tries, 1);
  EXPECT_GE(reply.elapsed, milliseconds{59});
  EXPECT_LT(reply.elapsed, milliseconds{900});
}

TEST(DnsAsk, GoesToTcpWhenTheAnswerIsCut) {
  const ScriptedDns server{[](const Asked& asked) {
    if (!asked.tcp) return Replies{DnsWriter{asked.message}.truncated().bytes()};
    DnsWriter writer{asked.message};
    for (int i = 0; i < 200; ++i) writer.address("www.example.net", "203.0.113.10");
    return Replies{writer.bytes()};
  }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  ASSERT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_TRUE(reply.over_tcp);
  EXPECT_TRUE(reply.truncated);
  EXPECT_EQ(reply.message->answers.size(), 200U);
}

TEST(DnsAsk, TellsRefusedTcpFromSilentTcp) {
  const auto cut = [](const Asked& asked) {
    return asked.tcp ? Replies{} : Replies{DnsWriter{asked.message}.truncated().bytes()};
  };
  const ScriptedDns refuses{cut, false};
  DnsReply reply = ask(question_to(refuses.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::tcp_failed);
  EXPECT_EQ(reply.os_code, ECONNREFUSED);
  EXPECT_TRUE(reply.truncated);

  const ScriptedDns closes{cut};
  reply = ask(question_to(closes.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::tcp_failed);
  EXPECT_EQ(reply.os_code, ECONNABORTED);

  DnsAsk content = question_to(closes.endpoint());
  content.may_use_tcp = false;
  reply = ask(content);
  EXPECT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_TRUE(reply.truncated);
}

TEST(DnsAsk, AsksOldServersWithoutEdns) {
  const ScriptedDns server{[](const Asked& asked) {
    if (asked.message.edns) return Replies{DnsWriter{asked.message}.rcode(1).bytes()};
    return Replies{good(asked)};
  }};
  const DnsReply reply = ask(question_to(server.endpoint()));
  EXPECT_EQ(reply.outcome, DnsOutcome::answered);
  EXPECT_EQ(reply.message->rcode, 0);
  EXPECT_EQ(reply.tries, 2);
}

TEST(DnsAsk, SaysNothingAboutTheServerWhenInterrupted) {
  Loop loop;
  const ScriptedDns server{[&](const Asked&) {
    loop.interrupt();
    return Replies{};
  }};
  const DnsReply reply = loop.run(ask_dns(question_to(server.endpoint())));
  EXPECT_EQ(reply.outcome, DnsOutcome::interrupted);
  EXPECT_LT(reply.elapsed, milliseconds{900});
}

TEST(DnsAsk, CanBeDropped) {
  const ScriptedDns server{[](const Asked&) { return Replies{}; }};
  Loop loop;
  const auto dropped = [&]() -> Task<bool> {
    const auto asking = start(ask_dns(question_to(server.endpoint())));
    co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{5});
    co_return asking.done();
  };
  EXPECT_FALSE(loop.run(dropped()));
}

TEST(DnsAsk, BlamesItselfForASourceItDoesNotHave) {
  DnsAsk options = question_to({IpAddress::parse("127.0.0.1").value(), 53});
  options.source = IpAddress::parse("203.0.113.77").value();
  const DnsReply reply = ask(options);
  EXPECT_EQ(reply.outcome, DnsOutcome::local);
  EXPECT_EQ(reply.os_code, EADDRNOTAVAIL);
  EXPECT_EQ(reply.tries, 0);
}

TEST(DnsAsk, DrawsANewIdForEveryQuestion) {
  const ScriptedDns server{[](const Asked& asked) { return Replies{good(asked)}; }};
  Loop loop;
  for (int i = 0; i < 4; ++i) loop.run(ask_dns(question_to(server.endpoint())));
  std::vector<int> ids;
  for (const auto& asked : server.asked()) ids.push_back(asked.message.id);
  std::ranges::sort(ids);
  EXPECT_GT(std::distance(ids.begin(), std::unique(ids.begin(), ids.end())), 2);
}

}  // namespace
}  // namespace causeway::net
