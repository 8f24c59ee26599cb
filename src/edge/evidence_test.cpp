// Live traffic as evidence: what a verdict may say of it, and what it must not.
#include "edge/evidence.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace causeway::edge {
namespace {

using model::FailureId;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow = *parse_rfc3339("2026-11-25T19:00:00Z");

Origin origin() {
  return {.name = "a", .host = "203.0.113.10", .port = 443, .scheme = OriginScheme::https};
}

SeenAttempt attempt(std::optional<FailureId> failure, WallTime at = kNow - seconds{5}) {
  return {.at = at,
          .address = *Endpoint::parse("203.0.113.10:443", 0),
          .secure = true,
          .failure = failure,
          .because = failure ? std::string{model::row(*failure).sentence} : "",
          .connect = failure == FailureId::connect_silent ? Duration{seconds{19}} : milliseconds{9},
          .status = failure ? 0 : 200};
}

// Every failure of an attempt becomes evidence that the judge takes, and its verdict tells the code
// that the visitor got.
TEST(Evidence, TheVerdictHasTheCodeOfTheAnswer) {
  for (const auto& row : model::failure_rows()) {
    if (row.code == 0 || row.stage == model::Stage::choose || row.stage == model::Stage::any ||
        row.stage == model::Stage::resolve) {
      continue;
    }
    const auto out = judged(origin(), {attempt(row.failure)}, "edge-1", kNow);
    EXPECT_EQ(out.verdict.code, row.code) << row.id;
    EXPECT_NE(out.verdict.state, model::State::ok) << row.id;
    double sum = 0;
    for (const auto& cause : out.verdict.causes) sum += cause.probability;
    EXPECT_LE(sum, 1.0001) << row.id;
  }
}

// Silence at one attempt has a dozen causes: none of them is sure.
TEST(Evidence, ClaimsNoMoreThanItShows) {
  const auto out = judged(origin(), {attempt(FailureId::connect_silent)}, "edge-1", kNow);
  for (const auto& cause : out.verdict.causes) {
    EXPECT_LT(cause.probability, 0.9) << model::name(cause.cause);
  }
}

TEST(Evidence, WhatWorksNowIsNotFailing) {
  const auto out = judged(origin(),
                          {attempt(FailureId::connect_refused, kNow - seconds{60}),
                           attempt(std::nullopt, kNow - seconds{1})},
                          "edge-1", kNow);
  EXPECT_NE(out.verdict.state, model::State::failing);
}

TEST(Evidence, NothingSeenIsNothingKnown) {
  const auto out = judged(origin(), {}, "edge-1", kNow);
  EXPECT_EQ(out.verdict.state, model::State::undetermined);
  EXPECT_FALSE(out.verdict.missing.empty());
}

void tell(OriginEvidence& evidence, const SeenAttempt& seen) {
  if (evidence.wants(seen.failure.has_value(), seen.at)) evidence.add(seen);
}

TEST(Evidence, TheWindowForgets) {
  OriginEvidence evidence{origin()};
  tell(evidence, attempt(FailureId::connect_refused, kNow - seconds{600}));
  EXPECT_EQ(evidence.diagnosis("e", kNow).verdict.state, model::State::undetermined);
  for (int i = 0; i < 1000; ++i) tell(evidence, attempt(FailureId::connect_refused, kNow));
  EXPECT_EQ(evidence.counts().failures, 1001U);
  EXPECT_EQ(evidence.diagnosis("e", kNow).verdict.code, 521);
  tell(evidence, attempt(std::nullopt, kNow + seconds{2}));
  EXPECT_NE(evidence.diagnosis("e", kNow + seconds{3}).verdict.state, model::State::failing);
}

TEST(Evidence, CircuitsOfAllWorkersAreOneWord) {
  OriginEvidence evidence{origin()};
  const Instant now{seconds{1000}};
  const int workers[3]{};
  EXPECT_EQ(evidence.circuits(now).workers, 0U);
  evidence.circuit(&workers[0], {CircuitState::trial, FailureId::connect_silent, now});
  EXPECT_EQ(evidence.circuits(now).seen.state, CircuitState::trial);
  evidence.circuit(&workers[1], {CircuitState::open, FailureId::connect_silent, now + seconds{4}});
  evidence.circuit(&workers[2], {CircuitState::open, FailureId::connect_refused, now + seconds{9}});
  const auto all = evidence.circuits(now);
  EXPECT_EQ(all.workers, 3U);
  EXPECT_EQ(all.seen.state, CircuitState::open);
  EXPECT_EQ(all.seen.failure, FailureId::connect_refused);
  EXPECT_EQ(all.seen.until, now + seconds{9});
  EXPECT_EQ(evidence.circuits(now + seconds{9}).seen.state, CircuitState::trial) << "rests no more";
  evidence.circuit(&workers[2], {});
  EXPECT_EQ(evidence.circuits(now).workers, 2U);
  for (const auto& worker : workers) evidence.circuit(&worker, {});
  EXPECT_EQ(evidence.circuits(now).seen.state, CircuitState::closed);
}

TEST(Evidence, SaysWhatDrainsAndWhatIsInMaintenance) {
  Config config;
  auto drained = origin();
  drained.drain = true;
  config.pools.push_back({.name = "www", .origins = {drained}});
  config.routes.push_back({.hosts = {"www.test"}, .path = "/shop", .maintenance = true});
  config.routes.push_back({.path = "/", .pool = "www"});
  const Evidence evidence{config};
  const auto json =
      nlohmann::json::parse(evidence.json("e", kNow, {.workers = 2, .draining = true}));
  EXPECT_EQ(json["workers"], 2);
  EXPECT_EQ(json["draining"], true);
  ASSERT_EQ(json["maintenance"].size(), 1U);
  EXPECT_EQ(json["maintenance"][0]["hosts"][0], "www.test");
  EXPECT_EQ(json["maintenance"][0]["path"], "/shop");
  EXPECT_EQ(json["origins"][0]["drain"], true);
  EXPECT_EQ(json["origins"][0]["circuit"]["state"], "closed");
  const auto metrics = evidence.metrics({.draining = true});
  for (const char* line : {"causeway_edge_draining 1\n", "causeway_edge_routes_in_maintenance 1\n",
                           "causeway_edge_origin_drained{pool=\"www\",origin=\"a\"} 1\n",
                           "causeway_edge_origin_circuits_open{pool=\"www\",origin=\"a\"} 0\n"}) {
    EXPECT_NE(metrics.find(line), std::string::npos) << line;
  }
}

TEST(Evidence, JsonOfEveryOrigin) {
  Config config;
  config.pools.push_back({.name = "www", .origins = {origin()}});
  const Evidence evidence{config};
  tell(*evidence.find("www", "a"), attempt(FailureId::connect_refused));
  EXPECT_EQ(evidence.find("www", "b"), nullptr);
  const auto json = nlohmann::json::parse(evidence.json("edge-1", kNow));
  EXPECT_EQ(json["origins"][0]["failures"], 1);
  EXPECT_EQ(json["origins"][0]["diagnosis"]["verdict"]["code"], 521);
  EXPECT_EQ(json["origins"][0]["last_success"], nullptr);
}

}  // namespace
}  // namespace causeway::edge
