#include "watch/diagnosis_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

reach::Request asked(const Target& target) {
  const auto request = diagnosis_request(target);
  EXPECT_TRUE(request) << request.error().text;
  return request ? *request : reach::Request{};
}

TEST(DiagnosisRequest, AsksAsASiteDefinesItself) {
  Target site = *target_of("https://shop.example.net:8443/basket");
  site.ca_file = "/etc/own-ca.pem";
  site.resolver = *Endpoint::parse("192.0.2.53:5353", 53);
  site.family = Family::ipv6;
  site.every_address = false;
  site.origins = {*Endpoint::parse("192.0.2.10:8443", 0)};
  site.known_addresses = {*IpAddress::parse("192.0.2.10")};
  site.expect.text = "Basket";
  const auto request = asked(site);
  EXPECT_EQ(request.target.url, "https://shop.example.net:8443/basket");
  EXPECT_EQ(request.ca_file, site.ca_file);
  EXPECT_EQ(request.resolver, site.resolver);
  EXPECT_EQ(request.family, Family::ipv6);
  EXPECT_EQ(request.most_addresses, 1);
  EXPECT_EQ(request.origins, site.origins);
  EXPECT_TRUE(request.way_of_dns);
  EXPECT_EQ(request.known_addresses, site.known_addresses);
  EXPECT_EQ(request.expect.text, "Basket");
  EXPECT_EQ(request.expect.below, 400);  // as the checks
  EXPECT_EQ(request.until, model::Stage::exchange);
  EXPECT_TRUE(request.private_names);
  site.public_only = true;
  EXPECT_FALSE(asked(site).private_names);
}

TEST(DiagnosisRequest, EndsWhereTheCheckEnds) {
  const auto port = asked(*target_of("tcp://db.example.net:5432"));
  EXPECT_EQ(port.target.url, "tcp://db.example.net:5432");
  EXPECT_EQ(port.target.port, 5432);
  EXPECT_EQ(port.until, model::Stage::connect);
  EXPECT_EQ(asked(*target_of("tls://mail.example.net:993")).until, model::Stage::secure);
  const auto name = asked(*target_of("dns://www.example.net"));
  EXPECT_EQ(name.until, model::Stage::resolve);
  EXPECT_EQ(name.target.host, "www.example.net");
  EXPECT_EQ(name.family, Family::ipv4);
}

TEST(DiagnosisRequest, SaysWhereNoneFits) {
  EXPECT_THAT(diagnosis_request({.id = "cron", .kind = CheckKind::heartbeat}).error().text,
              HasSubstr("nothing is asked, it is told"));
  EXPECT_FALSE(diagnosis_request(*target_of("ping://router.example.net")));
  Target mail = *target_of("dns://_dmarc.example.net");
  mail.record = "TXT";
  EXPECT_THAT(diagnosis_request(mail).error().text, HasSubstr("TXT records cannot be diagnosed"));
}

model::Diagnosis well() {
  model::Diagnosis out;
  out.verdict = {.state = model::State::ok, .code = 200, .sentence = "All is fine."};
  return out;
}

TEST(DiagnosisRequest, AVerdictClaimsNoMoreThanWasLookedAt) {
  Target site = *target_of("https://shop.example.net/");
  auto plain = well();
  limit_claim(site, plain);
  EXPECT_EQ(plain.verdict.sentence, "All is fine.");
  site.expect.json = {{"/state", "ready"}};
  auto content = well();
  limit_claim(site, content);
  EXPECT_THAT(content.verdict.sentence, HasSubstr("only the checks judge"));

  site.origins = {*Endpoint::parse("192.0.2.10:443", 0)};
  auto edge = well();
  model::Attempt way{.address = std::nullopt, .port = 443, .via = model::Via::edge, .stages = {}};
  way.address = *IpAddress::parse("198.51.100.7");
  way.status = 522;
  const model::StageRecord fine{.stage = model::Stage::exchange, .outcome = model::Outcome::ok};
  const model::Attempt origin{.address = IpAddress::parse("192.0.2.10").value(),
                              .port = 443,
                              .stages = {fine},
                              .status = 200};
  edge.attempts = {origin, way};
  limit_claim(site, edge);
  EXPECT_EQ(edge.verdict.state, model::State::failing);
  EXPECT_EQ(edge.verdict.code, 522);
  EXPECT_EQ(edge.verdict.sentence,
            "The origin itself answers well; the way that DNS leads, 198.51.100.7, answers with "
            "522.");

  // On one machine, of which what was seen is mixed up.
  way.address = origin.address;
  auto shared = well();
  shared.verdict = {.state = model::State::failing, .sentence = "192.0.2.10 answers with 200."};
  shared.attempts = {origin, way};
  limit_claim(site, shared);
  EXPECT_THAT(shared.verdict.sentence, HasSubstr("192.0.2.10, answers with 522."));

  // Nobody there at all: what a visitor sees is known, too.
  way.address = *IpAddress::parse("198.51.100.7");
  way.status = 0;
  way.stages = {{.stage = model::Stage::connect,
                 .outcome = model::Outcome::failed,
                 .failure = model::FailureId::connect_refused}};
  auto closed = well();
  closed.verdict.state = model::State::undetermined;
  closed.attempts = {origin, way};
  limit_claim(site, closed);
  EXPECT_EQ(closed.verdict.failure, model::FailureId::connect_refused);
  EXPECT_THAT(closed.verdict.sentence, HasSubstr("the way that DNS leads, 198.51.100.7, fails: "));
}

TEST(DiagnosisRequest, TellsWhatDiffersFromWhatComesAndGoes) {
  Target site = *target_of("https://shop.example.net/");
  site.expect.json = {{"/state", "ready"}};
  CheckResult newest{
      .outcome = Outcome::down, .failure = model::FailureId::http_status, .status = 200};
  EXPECT_THAT(what_differs(site, newest), HasSubstr("it is the content that differs"));
  newest.status = 503;  // that a diagnosis would have judged
  EXPECT_EQ(what_differs(site, newest), "");
  newest = {.outcome = Outcome::ok, .status = 200};
  EXPECT_EQ(what_differs(site, newest), "");

  const Target name = *target_of("dns://www.example.net");
  EXPECT_THAT(what_differs(name, {.outcome = Outcome::down}), HasSubstr("the values that differ"));
  EXPECT_EQ(what_differs(
                name, {.outcome = Outcome::down, .failure = model::FailureId::resolve_not_found}),
            "");
}

}  // namespace
}  // namespace causeway::watch
