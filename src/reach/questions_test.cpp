#include "reach/questions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::reach {
namespace {

using model::FailureId;
using model::Stage;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

TEST(Questions, OwnTroubleAsksTheOriginNothing) {
  for (const auto failure : {FailureId::route_no_local_route, FailureId::route_local_block,
                             FailureId::connect_out_of_ports, FailureId::connect_out_of_files}) {
    EXPECT_THAT(second_questions({.stage = model::row(failure).stage, .failure = failure}),
                IsEmpty());
  }
}

TEST(Questions, SilenceOnOnePortLooksAtTheHostAndThePath) {
  const auto asked = second_questions({.stage = Stage::connect, .pending = true});
  EXPECT_THAT(asked, Contains(Question::ping));
  EXPECT_THAT(asked, Contains(Question::trace));
  EXPECT_THAT(asked, Not(Contains(Question::burst)));
}

TEST(Questions, WhatOnePacketSaidIsAskedAgain) {
  Standing said{.stage = Stage::route, .failure = FailureId::route_host_unreachable};
  EXPECT_THAT(second_questions(said), Not(Contains(Question::connect_again)));
  said.at_once = true;
  EXPECT_THAT(second_questions(said), Contains(Question::connect_again));
  said.stage = Stage::connect;
  said.failure = FailureId::connect_silent;
  EXPECT_THAT(second_questions(said), Not(Contains(Question::connect_again)));
}

TEST(Questions, SilentHandshakeTriesSmallSegmentsAndAnotherName) {
  const auto asked = second_questions({.stage = Stage::secure, .failure = FailureId::tls_silent});
  EXPECT_THAT(asked, Contains(Question::small_handshake));
  EXPECT_THAT(asked, Contains(Question::other_name));
}

TEST(Questions, QuickModeOfAHealthyTargetAsksNothingMore) {
  EXPECT_THAT(
      second_questions({.stage = Stage::exchange, .status = 200, .mode = model::Mode::quick}),
      IsEmpty());
  EXPECT_THAT(second_questions({.stage = Stage::exchange, .status = 200}),
              Contains(Question::burst));
}

TEST(Questions, ARedirectThatWasNotExpectedIsFollowed) {
  EXPECT_THAT(second_questions({.stage = Stage::exchange,
                                .failure = FailureId::http_status,
                                .status = 302,
                                .redirected = true}),
              Contains(Question::redirects));
  EXPECT_THAT(second_questions(
                  {.stage = Stage::exchange, .failure = FailureId::http_status, .status = 404}),
              IsEmpty());
}

TEST(Questions, SidePortsNeverRepeatTheMainPort) {
  EXPECT_THAT(side_ports(8443, true), Not(Contains(8443)));
  EXPECT_THAT(side_ports(80, false), Not(Contains(80)));
  EXPECT_THAT(side_ports(443, true), Contains(80));
}

TEST(Questions, EveryQuestionHasAName) {
  for (int i = 0; i < static_cast<int>(Question::count); ++i) {
    EXPECT_FALSE(name(static_cast<Question>(i)).empty());
  }
}

}  // namespace
}  // namespace causeway::reach
