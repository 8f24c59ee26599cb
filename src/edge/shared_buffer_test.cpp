// The buffer that all connections of a worker read into: what lies there is lost as soon as one of
// them waits, and must have been passed on or copied by then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "edge/cache_reply.hpp"
#include "edge/disk_body.hpp"
#include "edge/edge_fixture.hpp"
#include "edge/http1_exchange.hpp"
#include "edge/reply_fixture.hpp"
#include "net/group.hpp"

namespace causeway::edge {
namespace {

void another_request_reads() { std::ranges::fill(shared_buffer(), std::byte{'?'}); }

// A visitor who takes interim answers slowly: others are served meanwhile.
class SlowVisitor final : public TestReply {
 public:
  net::Task<bool> interim(int said, std::span<const codec::HeaderField> fields) override {
    another_request_reads();
    return TestReply::interim(said, fields);
  }
};

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: www.test\r\n\r\n";

TEST(SharedBuffer, ABodyOutlivesTheInterimAnswerThatCameWithIt) {
  net::Loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  const net::Fd origin{ends[0]};
  Link link;
  link.stream = net::plain_stream(net::Fd{ends[1]});
  const std::string answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + page("");
  ASSERT_EQ(::send(origin.get(), answer.data(), answer.size(), 0),
            static_cast<ssize_t>(answer.size()));
  const Runtime runtime{std::make_shared<const Config>(), nullptr};
  const ScratchPtr scratch = take_scratch();
  codec::parse_request_head(kRequest, {}, scratch->request);
  SlowVisitor reply;
  const Visitor visitor;
  Attempt attempt;
  const Timeouts timeouts;
  const Question question{.host_header = {}, .timeouts = timeouts, .set_cookie = {}};
  Http1Exchange exchange{runtime, reply, visitor, *scratch, link, attempt, question, nullptr};
  EXPECT_TRUE(loop.run(exchange.run()).reusable);
  EXPECT_EQ(reply.interims, 1);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.got, "hello");
}

net::Task<void> pass(CacheReply& reply, const AnswerHead& head, std::string_view body) {
  co_await reply.begin(head, body, true);
}

net::Task<void> pass_while_others_read(CacheReply& reply, const AnswerHead& head,
                                       std::string_view body) {
  net::Group beside;
  beside.start(pass(reply, head, body));
  another_request_reads();
  co_await beside.finished();
}

TEST(SharedBuffer, AnErrorOutlivesTheLookForAStaleAnswerInstead) {
  net::Loop loop;
  auto stale = std::make_shared<StoredAnswer>();
  stale->stored_at = Clock::now() - std::chrono::hours{1};
  stale->lifetime.if_error = std::chrono::hours{10};
  OpenBody nowhere;
  nowhere.proof = {.bytes = 5, .digests = {"none"}};
  stale->file = std::make_shared<DiskBody>(std::move(nowhere),
                                           std::make_shared<net::BlockingThreads>(1, 1), [] {});
  stale->file_bytes = 5;
  const ScratchPtr scratch = take_scratch();
  codec::parse_request_head(kRequest, {}, scratch->request);
  scratch->story.origin_status = 503;
  TestReply visitor;
  CacheStore store{1 << 20, nullptr};
  const Config config;
  CacheReply reply{visitor,
                   *scratch,
                   store,
                   config,
                   {.key = "key",
                    .request = {.method = "GET", .authority = "www.test", .target = "/"},
                    .stored = stale}};
  constexpr std::string_view kSorry = "out of order";
  std::memcpy(shared_buffer().data(), kSorry.data(), kSorry.size());
  const std::string_view body{reinterpret_cast<const char*>(shared_buffer().data()), kSorry.size()};
  const AnswerHead head{.status = 503,
                        .reason = {},
                        .fields = {},
                        .framing = codec::Framing::length,
                        .length = body.size()};
  loop.run(pass_while_others_read(reply, head, body));
  EXPECT_EQ(visitor.status, 503);
  EXPECT_EQ(visitor.got, kSorry);
}

}  // namespace
}  // namespace causeway::edge
