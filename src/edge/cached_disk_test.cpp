// The disk store in the data path: an edge that is started again serves what the one before stored,
// also while its origin is down.
#include <gmock/gmock.h>

#include <string>

#include "edge/disk_fixture.hpp"
#include "edge/edge_fixture.hpp"
#include "net/scripted_origin.hpp"

namespace causeway::edge {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const net::ScriptedCertificates kNone{};

std::string get(const EdgeUnderTest& edge, std::string_view more = "",
                std::string_view path = "/page", std::string_view method = "GET") {
  return ask(edge.endpoint(), std::string{method} + " " + std::string{path} +
                                  " HTTP/1.1\r\nHost: www.test\r\n" + std::string{more} + "\r\n");
}

Config with_disk(const std::string& folder, Endpoint origin) {
  Config out = config_for({origin_at(origin)});
  out.cache.on = true;
  out.cache.memory_bytes = 1 << 20;
  out.cache.disk = folder;
  return out;
}

Endpoint nobody() { return net::ScriptedOrigin{{{step("close")}}, kNone}.endpoint(); }

TEST(CachedDisk, AnotherEdgeServesWhatTheFirstStored) {
  const TestFolder folder;
  {
    net::ScriptedOrigin origin{{once(page("Cache-Control: max-age=60\r\n"))}, kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_THAT(get(edge), HasSubstr("stored"));
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  const auto first = get(edge);
  EXPECT_EQ(status_of(first), 200);
  EXPECT_THAT(first, HasSubstr("cache-status: causeway; hit; ttl="));
  EXPECT_THAT(first, HasSubstr("; detail=disk"));
  EXPECT_THAT(first, EndsWith("\r\n\r\nhello"));
  const auto second = get(edge);  // by then from memory
  EXPECT_THAT(second, HasSubstr("causeway; hit; ttl="));
  EXPECT_THAT(second, Not(HasSubstr("detail=disk")));
}

// What it is for: edge and origin have both failed, and the site is still there.
TEST(CachedDisk, AStaleCopyServesAfterARestartWhileTheOriginIsDown) {
  const TestFolder folder;
  {
    net::ScriptedOrigin origin{{once(page("Cache-Control: max-age=60\r\nAge: 100\r\n"))}, kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  for (int i = 0; i < 2; ++i) {
    const auto stale = get(edge);
    EXPECT_EQ(status_of(stale), 200);
    EXPECT_THAT(stale, HasSubstr("detail=stale-if-error"));
    EXPECT_THAT(stale, EndsWith("\r\n\r\nhello"));
  }
  EXPECT_EQ(status_of(get(edge, "", "/other")), 521);
}

TEST(CachedDisk, AStoredAnswerIsRevalidatedAfterARestart) {
  const TestFolder folder;
  {
    net::ScriptedOrigin origin{
        {once(page("Cache-Control: max-age=60\r\nAge: 100\r\nETag: \"a\"\r\n"))}, kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
  }
  {
    net::ScriptedOrigin origin{
        {once("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n")},
        kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_THAT(get(edge), HasSubstr("fwd=stale; fwd-status=304"));
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  EXPECT_THAT(get(edge), HasSubstr("causeway; hit; ttl="));
}

std::string large_body() {
  std::string out(3'000'000, 'x');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>('a' + i * i % 23);
  return out;
}

TEST(CachedDisk, LargeAnswersStreamFromTheDisk) {
  const TestFolder folder;
  const std::string body = large_body();
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60\r\nETag: \"a\"\r\n", body)), {step("reset")}}, kNone};
  const auto expect_served = [&](const EdgeUnderTest& edge) {
    const auto whole = get(edge);
    EXPECT_THAT(whole.substr(0, 500), HasSubstr("causeway; hit"));
    EXPECT_TRUE(whole.ends_with("\r\n\r\n" + body));
    const auto part = get(edge, "Range: bytes=262000-800000\r\n");
    EXPECT_EQ(status_of(part), 206);
    EXPECT_THAT(part.substr(0, 500), HasSubstr("content-range: bytes 262000-800000/3000000"));
    EXPECT_TRUE(part.ends_with("\r\n\r\n" + body.substr(262'000, 538'001)));
    EXPECT_EQ(status_of(get(edge, "If-None-Match: \"a\"\r\n")), 304);
    EXPECT_EQ(status_of(get(edge, "Range: bytes=3000000-\r\n")), 416);
    TestVisitor visitor{edge.endpoint()};
    visitor.send("HEAD /page HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n");
    const auto head = visitor.read_all();
    EXPECT_THAT(head, HasSubstr("Content-Length: 3000000"));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  };
  {
    // Too large for memory at all: the disk alone keeps it.
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_TRUE(get(edge).ends_with(body));
    expect_served(edge);
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  expect_served(edge);
}

TEST(CachedDisk, ALargeAnswerIsRevalidatedWithoutItsBody) {
  const TestFolder folder;
  const std::string body = large_body();
  {
    net::ScriptedOrigin origin{
        {once(page("Cache-Control: max-age=60\r\nAge: 100\r\nETag: \"a\"\r\n", body))}, kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
  }
  {
    net::ScriptedOrigin origin{
        {once("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n"),
         {step("reset")}},
        kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    const auto again = get(edge);
    EXPECT_THAT(again.substr(0, 500), HasSubstr("fwd=stale; fwd-status=304"));
    EXPECT_TRUE(again.ends_with(body));
    EXPECT_THAT(get(edge).substr(0, 500), HasSubstr("causeway; hit"));
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  const auto fresh = get(edge);
  EXPECT_THAT(fresh.substr(0, 500), HasSubstr("causeway; hit"));
  EXPECT_TRUE(fresh.ends_with(body));
}

// One bit, so many bytes before the end.
void spoil_the_only_file(const TestFolder& folder, std::size_t before_end) {
  const auto files = folder.files();
  ASSERT_EQ(files.size(), 1U);
  auto bytes = read_file(files[0]);
  bytes[bytes.size() - before_end] ^= 1;
  write_file(files[0], bytes);
}

// Begun and then found to be damaged: the visitor can tell, and the next one gets it whole.
TEST(CachedDisk, ADamagedBlockCutsTheAnswerAndIsAskedForAnew) {
  const TestFolder folder;
  const std::string body = large_body();
  const auto answer = page("Cache-Control: max-age=60\r\n", body);
  net::ScriptedOrigin origin{{once(answer), once(answer)}, kNone};
  {
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
  }
  spoil_the_only_file(folder, 100);
  const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
  const auto cut = get(edge);
  EXPECT_EQ(status_of(cut), 200);
  EXPECT_LT(cut.size(), body.size());
  const auto whole = get(edge);
  EXPECT_THAT(whole.substr(0, 500), HasSubstr("fwd=uri-miss"));
  EXPECT_TRUE(whole.ends_with(body));
}

TEST(CachedDisk, ADamagedFirstBlockIsAskedForAtOnce) {
  const TestFolder folder;
  const std::string body = large_body();
  const auto answer = page("Cache-Control: max-age=60\r\n", body);
  net::ScriptedOrigin origin{{once(answer), once(answer)}, kNone};
  {
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
  }
  spoil_the_only_file(folder, body.size());
  const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
  const auto whole = get(edge);
  EXPECT_EQ(status_of(whole), 200);
  EXPECT_TRUE(whole.ends_with(body));
}

TEST(CachedDisk, AnUnsafeRequestAndAPurgeReachTheDisk) {
  const TestFolder folder;
  {
    net::ScriptedOrigin origin{{once(page("Cache-Control: max-age=60\r\n", "one")),
                                // A POST is not sent again on a connection that ends as it is sent.
                                once(page("Cache-Control: max-age=60\r\nCache-Tag: t\r\n"
                                          "Connection: close\r\n",
                                          "two")),
                                once(page("", "done"))},
                               kNone};
    const EdgeUnderTest edge{with_disk(folder.path(), origin.endpoint())};
    EXPECT_EQ(status_of(get(edge)), 200);
    EXPECT_EQ(status_of(get(edge, "", "/tagged")), 200);
    EXPECT_THAT(get(edge, "Content-Length: 0\r\n", "/page", "POST"), EndsWith("done"));
  }
  const EdgeUnderTest edge{with_disk(folder.path(), nobody())};
  EXPECT_EQ(status_of(get(edge)), 521);
  EXPECT_EQ(edge.cache().purge_tag("t"), 1U);
  EXPECT_EQ(status_of(get(edge, "", "/tagged")), 521);
}

TEST(CachedDisk, WithoutItsFolderTheEdgeServesFromMemory) {
  const TestFolder folder;
  net::ScriptedOrigin origin{{once(page("Cache-Control: max-age=60\r\n")), {step("reset")}}, kNone};
  const EdgeUnderTest edge{with_disk(folder.path() + "/a/b", origin.endpoint())};
  EXPECT_EQ(status_of(get(edge)), 200);
  EXPECT_THAT(get(edge), HasSubstr("causeway; hit"));
}

}  // namespace
}  // namespace causeway::edge
