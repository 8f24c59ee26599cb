// The file of a stored answer: what goes in comes out, and nothing else does.
#include "edge/disk_format.hpp"

#include <gtest/gtest.h>

#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kWall{seconds{1'800'000'000}};
const Instant kNow{seconds{5'000}};

StoredAnswer answer() {
  StoredAnswer out;
  out.status = 404;
  out.fields = {{"content-type", "text/html"}, {"x-empty", ""}, {"etag", "W/\"a\""}};
  out.lifetime = {.initial_age = seconds{3},
                  .fresh = seconds{60},
                  .while_revalidate = seconds{10},
                  .if_error = hours{24},
                  .must_revalidate = true};
  out.etag = "W/\"a\"";
  out.last_modified = "Tue, 15 Nov 1994 08:12:31 GMT";
  out.vary = {"accept", "accept-language"};
  out.vary_key = "accept:3=a/b;accept-language:2=de;";
  out.tags = {"shop", "shoes"};
  return out;
}

constexpr std::string_view kKey = "https://www.example.net/shop?a=b";

std::string head_of(const StoredAnswer& stored, std::string_view key = kKey,
                    std::string_view body = "hello") {
  return write_head(key, stored, kWall, proof_of(body));
}

TEST(DiskFormat, WhatGoesInComesOut) {
  const std::string body(2 * limits::kDiskBlock + 1, 'x');
  const auto head = head_of(answer(), kKey, body);
  const auto sizes = read_sizes(head);
  ASSERT_TRUE(sizes);
  EXPECT_EQ(sizes->head, head.size());
  EXPECT_EQ(sizes->body, body.size());
  const auto read = read_head(head);
  ASSERT_TRUE(read);
  const auto wanted = answer();
  EXPECT_EQ(read->key, kKey);
  EXPECT_EQ(read->stored, kWall);
  EXPECT_EQ(read->answer.status, 404);
  EXPECT_EQ(read->answer.fields, wanted.fields);
  EXPECT_EQ(read->answer.lifetime.initial_age, wanted.lifetime.initial_age);
  EXPECT_EQ(read->answer.lifetime.fresh, wanted.lifetime.fresh);
  EXPECT_EQ(read->answer.lifetime.while_revalidate, wanted.lifetime.while_revalidate);
  EXPECT_EQ(read->answer.lifetime.if_error, wanted.lifetime.if_error);
  EXPECT_TRUE(read->answer.lifetime.must_revalidate);
  EXPECT_EQ(read->answer.etag, wanted.etag);
  EXPECT_EQ(read->answer.last_modified, wanted.last_modified);
  EXPECT_EQ(read->answer.vary, wanted.vary);
  EXPECT_EQ(read->answer.vary_key, wanted.vary_key);
  EXPECT_EQ(read->answer.tags, wanted.tags);
  EXPECT_EQ(read->body.digests, proof_of(body).digests);
  EXPECT_EQ(read->body.digests.size(), 3U);
}

TEST(DiskFormat, DamageAtEveryByteIsFound) {
  const auto head = head_of(answer());
  for (std::size_t at = 0; at < head.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      auto damaged = head;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      EXPECT_FALSE(read_head(damaged)) << at;
    }
    EXPECT_FALSE(read_head(head.substr(0, at))) << at;
  }
  EXPECT_FALSE(read_head(head + "x"));
}

// Sealed as it should be, and still not what this cache would store.
TEST(DiskFormat, HostileAnswersAreNotBelieved) {
  const auto refused = [](auto change, std::string_view key = kKey) {
    auto stored = answer();
    change(stored);
    const auto head = head_of(stored, key);
    EXPECT_FALSE(head.empty());
    return !read_head(head);
  };
  using S = StoredAnswer&;
  EXPECT_TRUE(refused([](S s) { s.fields[0].second = "a\r\nSet-Cookie: b=c"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].second = std::string{"a\0b", 3}; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = "set-cookie"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = "content-length"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = "transfer-encoding"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = "Content-Type"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = "a b"; }));
  EXPECT_TRUE(refused([](S s) { s.fields[0].first = ""; }));
  for (const int status : {0, 101, 206, 304, 500, 999}) {
    EXPECT_TRUE(refused([&](S s) { s.status = status; })) << status;
  }
  EXPECT_TRUE(refused([](S s) { s.etag = "\"a\"\r\nX: y"; }));
  EXPECT_TRUE(refused([](S s) { s.last_modified = "\n"; }));
  EXPECT_TRUE(refused([](S s) { s.vary = {"*"}; }));
  EXPECT_TRUE(refused([](S s) { s.vary = {"b", "a"}; }));
  EXPECT_TRUE(refused([](S s) { s.vary = {"a b"}; }));
  EXPECT_TRUE(refused([](S s) { s.tags.resize(limits::kCacheTags + 1); }));
  EXPECT_TRUE(refused([](S) {}, "ftp://www.example.net/"));
  EXPECT_TRUE(refused([](S) {}, "https://www.example.net/\n"));
  EXPECT_FALSE(refused([](S) {}));
}

TEST(DiskFormat, WhatIsTooLargeIsNotWritten) {
  auto stored = answer();
  stored.fields.emplace_back("x", std::string(limits::kDiskHead, 'y'));
  EXPECT_EQ(head_of(stored), "");
  stored = answer();
  stored.fields.resize(limits::kDiskFields + 1, {"x", "y"});
  EXPECT_EQ(head_of(stored), "");
}

// A change of these would leave every file of before unknown: it needs another folder.
TEST(DiskFormat, NamesTellKeysAndVariantsApart) {
  EXPECT_EQ(file_name({.key = "https://www.example.net/"}),
            "fe35a27865752229c68e5b1bf58d957c"
            "01ba4719c80b6fe9");
  const auto name = [](std::string_view key, std::vector<std::string> vary, std::string vary_key) {
    return file_name(
        {.key = std::string{key}, .vary = std::move(vary), .vary_key = std::move(vary_key)});
  };
  const auto plain = name("k", {}, "");
  EXPECT_TRUE(is_file_name(plain));
  EXPECT_NE(plain, name("l", {}, ""));
  EXPECT_NE(plain, name("k", {"a"}, "a:0=;"));
  EXPECT_NE(name("k", {"a"}, "a:1=b;"), name("k", {"a"}, "a:1=c;"));
  EXPECT_TRUE(name("k", {"a"}, "a:1=b;").starts_with(key_digits("k")));
  for (const auto* wrong : {"", "ab", "../../../../etc/passwd"}) EXPECT_FALSE(is_file_name(wrong));
  EXPECT_FALSE(is_file_name(std::string(kNameDigits, 'G')));
}

TEST(DiskFormat, AgeGoesOn) {
  auto stored = answer();
  go_on_ageing(stored, kWall - seconds{40}, kWall, kNow);
  EXPECT_EQ(age_of(stored, kNow), seconds{43});
  EXPECT_EQ(use_of(stored, kNow), Use::fresh);
  EXPECT_EQ(stored_on_the_wall(stored, kWall, kNow), kWall - seconds{40});
}

TEST(DiskFormat, AClockThatWasSetBackMakesNothingFresh) {
  auto stored = answer();
  go_on_ageing(stored, kWall + seconds{1}, kWall, kNow);
  EXPECT_NE(use_of(stored, kNow), Use::fresh);
  EXPECT_LT(ttl_of(stored, kNow + seconds{1}), Duration{});
}

TEST(DiskFormat, TimesWithoutSenseDoNotOverflow) {
  for (const auto stored_at : {WallTime::min(), WallTime::max(), WallTime{}}) {
    auto stored = answer();
    go_on_ageing(stored, stored_at, kWall, kNow);
    EXPECT_GE(age_of(stored, kNow), seconds{60});
    EXPECT_NE(use_of(stored, kNow), Use::fresh);
  }
}

}  // namespace
}  // namespace causeway::edge
