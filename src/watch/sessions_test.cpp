// Checks that resume a TLS session, on loopback: when they may, and when they see the certificate.
#include "watch/sessions.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/loop.hpp"
#include "net/small_origin.hpp"
#include "watch/full_check.hpp"

namespace causeway::watch {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

class SessionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does: who is not believed is hung up on
    // A file is read once a process: each test has its own.
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    ca_file_ = fmt::format("{}/causeway-{}-{}.pem", ::testing::TempDir(), ::getpid(), test->name());
    authority_ = *net::SmallAuthority::make();
    std::ofstream{ca_file_} << authority_->certificate();
    origin_ = *net::SmallOrigin::open({.identity = *authority_->issue({.subject = "IP:127.0.0.1"}),
                                       .reply = net::page_reply(200, "OK", "Basket")});
    target_ = *target_of("https://" + origin_->endpoint().text() + "/");
    target_.ca_file = ca_file_;
    target_.expect.text = "Basket";
  }
  void TearDown() override { std::filesystem::remove(ca_file_); }

  CheckResult check() { return loop_.run(full_check(target_, names_, sessions_)); }
  std::shared_ptr<Session> session(Duration later) {
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(later);
    return sessions_.begin(target_, origin_->endpoint(), Clock::now() + later, wall_now() + wall);
  }

  std::string ca_file_;
  std::unique_ptr<net::SmallAuthority> authority_;
  std::unique_ptr<net::SmallOrigin> origin_;
  Target target_;
  net::Loop loop_;
  Names names_;
  Sessions sessions_;
};

TEST_F(SessionsTest, TheSecondCheckResumesAndSaysSo) {
  const CheckResult first = check();
  EXPECT_EQ(first.outcome, Outcome::ok) << first.detail;
  EXPECT_FALSE(first.resumed);
  ASSERT_FALSE(first.shared.certificate.empty());
  const CheckResult second = check();
  EXPECT_EQ(second.outcome, Outcome::ok) << second.detail;
  EXPECT_TRUE(second.resumed);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.shared.certificate, first.shared.certificate);
  EXPECT_EQ(second.shared.certificate_until, first.shared.certificate_until);
  // It is the first check that has seen it.
  EXPECT_NE(second.shared.certificate_seen, WallTime{});
  EXPECT_LE(second.shared.certificate_seen, first.shared.certificate_seen);
}

TEST_F(SessionsTest, AfterItsTimeACheckSeesTheCertificateAgain) {
  const CheckResult first = check();
  EXPECT_EQ(first.outcome, Outcome::ok) << first.detail;
  EXPECT_TRUE(session(target_.resume - seconds{2})->past->can_resume());
  EXPECT_FALSE(session(target_.resume + seconds{1})->past->can_resume());
  EXPECT_FALSE(check().resumed);
  EXPECT_TRUE(check().resumed);
}

// A ticket outlives its certificate; the check does not believe it.
TEST_F(SessionsTest, ACertificateThatHasEndedIsMetInFull) {
  target_.resume = std::chrono::hours{24};
  check();
  EXPECT_TRUE(session(minutes{1})->past->can_resume());
  auto met = sessions_.begin(target_, origin_->endpoint(), Clock::now(), wall_now() + days{31});
  EXPECT_FALSE(met->past->can_resume());
}

TEST_F(SessionsTest, WhatFailedIsMetInFull) {
  check();
  target_.expect.text = "Something else";
  EXPECT_EQ(check().outcome, Outcome::down);
  target_.expect.text = "Basket";
  const CheckResult after = check();
  EXPECT_EQ(after.outcome, Outcome::ok) << after.detail;
  EXPECT_FALSE(after.resumed);
}

TEST_F(SessionsTest, ACertificateThatDoesNotHoldIsNeverResumed) {
  const auto wrong = *net::SmallOrigin::open(
      {.identity = *authority_->issue({.subject = "IP:127.0.0.1", .to_days = -1}),
       .reply = net::page_reply(200, "OK", "Basket")});
  target_ = *target_of("https://" + wrong->endpoint().text() + "/");
  target_.ca_file = ca_file_;
  for (int i = 0; i < 3; ++i) {
    const CheckResult result = check();
    EXPECT_EQ(result.failure, model::FailureId::cert_expired) << result.detail;
    EXPECT_FALSE(result.resumed);
  }
}

TEST_F(SessionsTest, WhoWantsEveryCertificateSeesIt) {
  target_.resume = Duration::zero();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(check().resumed);
  // tls:// is about the certificate.
  target_ = *target_of("tls://" + origin_->endpoint().text());
  target_.ca_file = ca_file_;
  for (int i = 0; i < 3; ++i) {
    const CheckResult result = check();
    EXPECT_EQ(result.outcome, Outcome::ok) << result.detail;
    EXPECT_FALSE(result.resumed);
  }
}

TEST_F(SessionsTest, OtherIssuersOrAnotherTargetShareNothing) {
  check();
  Target other = target_;
  other.id = "other";
  EXPECT_FALSE(
      sessions_.begin(other, origin_->endpoint(), Clock::now(), wall_now())->past->can_resume());
  other = target_;
  other.ca_file.clear();
  EXPECT_FALSE(
      sessions_.begin(other, origin_->endpoint(), Clock::now(), wall_now())->past->can_resume());
  sessions_.forget(target_.id);
  EXPECT_FALSE(check().resumed);
}

}  // namespace
}  // namespace causeway::watch
