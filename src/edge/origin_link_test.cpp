// What an edge knows of an origin's addresses after its resolver has failed.
#include "edge/origin_link.hpp"

#include <gtest/gtest.h>

#include "edge/limits.hpp"
#include "reach/resolve.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using std::chrono::seconds;

const Instant kStart{seconds{1000}};

reach::Resolution found(const char* address) {
  reach::Resolution out;
  out.addresses = {*IpAddress::parse(address)};
  out.ttl = 60;
  return out;
}

reach::Resolution failed(FailureId failure) {
  reach::Resolution out;
  out.failure = failure;
  return out;
}

Addresses known_since_start() {
  Addresses out;
  out.take(found("192.0.2.1"), FamilyPreference::ipv4, kStart);
  return out;
}

TEST(Addresses, OutliveAFailingResolverForAWhile) {
  auto known = known_since_start();
  for (const auto failure : {FailureId::resolve_server_failed, FailureId::resolve_timeout,
                             FailureId::resolve_refused, FailureId::resolve_resolver_unreachable}) {
    const Instant now = known.until;
    known.take(failed(failure), FamilyPreference::ipv4, now);
    ASSERT_EQ(known.list.size(), 1U) << model::name(failure);
    EXPECT_FALSE(known.failure);
    EXPECT_EQ(known.until, now + limits::kEdgeResolveRest);
  }
  const Instant late = kStart + seconds{60} + limits::kEdgeResolveStale;
  known.take(failed(FailureId::resolve_timeout), FamilyPreference::ipv4, late - seconds{1});
  EXPECT_EQ(known.until, late);
  known.take(failed(FailureId::resolve_timeout), FamilyPreference::ipv4, late);
  EXPECT_TRUE(known.list.empty());
  EXPECT_EQ(known.failure, FailureId::resolve_timeout);
}

TEST(Addresses, AreGoneWhenTheNameHasNoneAnyMore) {
  for (const auto failure : {FailureId::resolve_not_found, FailureId::resolve_no_address}) {
    auto known = known_since_start();
    known.take(failed(failure), FamilyPreference::ipv4, known.until);
    EXPECT_TRUE(known.list.empty());
    EXPECT_EQ(known.failure, failure);
    known.take(found("192.0.2.2"), FamilyPreference::ipv4, known.until);
    EXPECT_FALSE(known.failure);
    EXPECT_EQ(known.list.at(0).text(), "192.0.2.2");
  }
}

TEST(Addresses, OfANameNeverFoundAreNone) {
  Addresses known;
  known.take(failed(FailureId::resolve_server_failed), FamilyPreference::ipv4, kStart);
  EXPECT_TRUE(known.list.empty());
  EXPECT_EQ(known.failure, FailureId::resolve_server_failed);
}

}  // namespace
}  // namespace causeway::edge
