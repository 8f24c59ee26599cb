#include "watch/registration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::watch {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kUsual = 1.0 / 12;

WallTime day(const std::string& text) { return *parse_rfc3339(text + "T00:00:00Z"); }

reach::Registration registration(const std::string& begins, const std::string& ends) {
  return {.domain = "example.net",
          .registered = day(begins),
          .expires = day(ends),
          .status = {"active"},
          .source = "https://rdap.test/domain/example.net"};
}

TEST(Registration, AsksForWhatCanBeRegistered) {
  EXPECT_THAT(registrable("Shop.Example.co.uk."),
              ElementsAre("shop.example.co.uk", "example.co.uk", "co.uk"));
  EXPECT_THAT(registrable("example.net"), ElementsAre("example.net"));
  for (const char* nobodys :
       {"", ".", "net.", "shop.test", "db.internal.", "printer.local", "2.0.192.in-addr.arpa."}) {
    EXPECT_THAT(registrable(nobodys), IsEmpty()) << nobodys;
  }
}

TEST(Registration, SaysSoAtItsShareAndAgainWhenItIsUrgent) {
  struct Row {
    const char* today;
    const char* key;
    const char* says;
  };
  const auto seen = registration("1999-12-20", "2026-12-20");
  for (const auto& [today, key, says] :
       {Row{"2026-01-01", "", ""}, Row{"2026-11-19", "", ""},
        Row{"2026-11-21", "domain-soon", "ends 2026-12-20. Renew it at the registrar."},
        Row{"2026-12-14", "domain-now", "then every name in it stops working"},
        Row{"2026-12-21", "domain-now", "ended 2026-12-20"}}) {
    const auto notice = domain_notice(seen, kUsual, day(today));
    EXPECT_EQ(notice ? notice->key : "", key) << today;
    if (notice) EXPECT_THAT(notice->sentence, HasSubstr(says)) << today;
  }
  EXPECT_FALSE(domain_notice(seen, 0, day("2026-12-21"))) << "0: never";
}

TEST(Registration, AShortTermHasAShorterShare) {
  const auto quarter = registration("2026-10-01", "2026-12-30");  // 90 days
  EXPECT_FALSE(domain_notice(quarter, kUsual, day("2026-12-20")));
  EXPECT_TRUE(domain_notice(quarter, kUsual, day("2026-12-25")));
}

TEST(Registration, WhatTheRegistryHoldsBackIsSaidWhateverItsEnd) {
  auto seen = registration("2020-01-01", "2030-01-01");
  seen.status = {"client transfer prohibited", "client hold"};
  const auto notice = domain_notice(seen, kUsual, day("2026-11-26"));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->key, "domain-held");
  EXPECT_THAT(notice->sentence, HasSubstr("taken example.net out of DNS ('client hold')"));
  seen.expires.reset();
  seen.status.clear();
  EXPECT_FALSE(domain_notice(seen, kUsual, day("2026-11-26"))) << "a registry that names no end";
}

class DomainsTest : public testing::Test {
 protected:
  std::optional<std::string> asked() {
    const auto question = domains_.due(now_);
    if (!question) return std::nullopt;
    last_ = *question;
    return question->domain;
  }
  void unknown() {
    domains_.answered(last_, std::unexpected(reach::RegistryFailure{true, "404"}), now_);
  }

  Domains domains_;
  Instant now_ = Instant{} + hours{1};
  Domains::Question last_;
};

TEST_F(DomainsTest, OneQuestionForAllTargetsOfAZone) {
  domains_.put(1, "example.net.", kUsual, now_);
  domains_.put(2, "example.net.", 0.5, now_);
  domains_.put(3, "example.net.", 0, now_);
  EXPECT_FALSE(asked()) << "a program that starts again and again asks nobody";
  now_ += hours{1};
  EXPECT_EQ(asked(), "example.net");
  domains_.answered(last_, registration("2020-01-01", "2030-01-01"), now_);
  EXPECT_EQ(domains_.all().at("example.net.").members.size(), 2U);
  EXPECT_EQ(domains_.all().at("example.net.").share(), 0.5);
  now_ += hours{20};
  EXPECT_FALSE(asked());
  now_ += hours{10};
  EXPECT_EQ(asked(), "example.net") << "once a day";
  domains_.put(2, "example.org.", kUsual, now_);
  EXPECT_TRUE(domains_.all().at("example.net.").seen) << "what is known stays";
  domains_.remove(1);
  EXPECT_FALSE(domains_.all().contains("example.net."));
}

TEST_F(DomainsTest, AZoneBelowTheDomainLeadsUp) {
  domains_.put(1, "eu.shop.example.net.", kUsual, now_);
  now_ += hours{1};
  EXPECT_EQ(asked(), "eu.shop.example.net");
  unknown();
  EXPECT_FALSE(asked()) << "not two questions at once";
  now_ += seconds{10};
  EXPECT_EQ(asked(), "shop.example.net");
  unknown();
  now_ += seconds{10};
  EXPECT_EQ(asked(), "example.net");
  unknown();
  now_ += seconds{10};
  EXPECT_FALSE(asked());
  EXPECT_EQ(domains_.all().begin()->second.failed, "404");
}

TEST_F(DomainsTest, AFailureIsAskedAgainWithGrowingPauses) {
  domains_.put(1, "example.net.", kUsual, now_);
  now_ += hours{1};
  int questions = 0;
  for (int hour = 0; hour < 48; ++hour) {
    if (asked()) {
      ++questions;
      domains_.answered(last_, std::unexpected(reach::RegistryFailure{false, "429"}), now_);
    }
    now_ += hours{1};
  }
  EXPECT_EQ(questions, 6) << "after 1, 2, 4, 8, 16 h";
}

}  // namespace
}  // namespace causeway::watch
