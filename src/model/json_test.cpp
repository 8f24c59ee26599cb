#include "model/json.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"

namespace causeway::model {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Json = nlohmann::json;

Diagnosis refused() {
  Diagnosis out;
  out.id = "0123456789abcdef";
  out.started = parse_rfc3339("2026-11-22T10:17:22.123Z").value();
  out.duration = std::chrono::milliseconds{812};
  out.vantage = {"probe-1", {"198.51.100.9"}};
  out.target = {"https://www.example.net/", "www.example.net", "https", 443, "/"};
  Observation seen{Kind::connect, "connect", "203.0.113.10:443"};
  seen.id = "o1";
  seen.at = out.started;
  seen.set("address", "203.0.113.10").set("port", 443).set("outcome", "refused");
  seen.set("elapsed_ms", Duration{12'400'000});
  out.observations.push_back(seen);
  Attempt attempt;
  attempt.address = IpAddress::parse("203.0.113.10").value();
  attempt.port = 443;
  attempt.stages = {
      {Stage::connect, Outcome::failed, FailureId::connect_refused, Duration{12'400'000}, "RST"},
      {Stage::secure, Outcome::skipped, std::nullopt, Duration{}, "no connection"}};
  out.attempts.push_back(attempt);
  out.verdict.state = State::failing;
  out.verdict.code = 521;
  out.verdict.stage = Stage::connect;
  out.verdict.failure = FailureId::connect_refused;
  out.verdict.sentence = "The web server is not running.";
  RankedCause cause;
  cause.cause = CauseId::origin_process_stopped;
  cause.probability = 0.66666;
  cause.attributes.scope = "port";
  cause.reasons = {{"The port answers with a reset.", {"o1"}}, {"Twice.", {"o1"}}};
  cause.fixes = {{"Start it.", "systemctl start nginx", "systemctl stop nginx", "curl -I ..."}};
  out.verdict.causes = {cause, cause};
  return out;
}

std::string facts(const std::string& observations, const std::string& more = "") {
  return R"({"schema": "causeway.facts/1", "vantage": {"name": "web-1"}, "host": "web-1", )" +
         more + R"("observations": )" + observations + "}";
}

std::string fact(const std::string& data, const std::string& kind = "connect") {
  return facts(R"([{"id": "o1", "at": "2026-11-22T10:17:22Z", "sensor": "inspect",
                    "subject": "web-1", "kind": ")" +
               kind + R"(", "data": )" + data + "}]");
}

std::string refusal(const std::string& text) {
  const auto read = parse_document(text, "facts.json");
  return read ? "accepted" : read.error().text;
}

TEST(Json, WritesTheContractsShape) {
  const Json json = Json::parse(to_json(refused()));
  EXPECT_EQ(json.at("schema"), "causeway.diagnosis/1");
  EXPECT_EQ(json.at("started"), "2026-11-22T10:17:22.123Z");
  EXPECT_EQ(json.at("duration_ms"), 812);
  const Json& verdict = json.at("verdict");
  EXPECT_EQ(verdict.at("code"), 521);
  EXPECT_TRUE(verdict.at("subcode").is_null());
  EXPECT_EQ(verdict.at("proxy_status"), "connection_refused");
  const Json& cause = verdict.at("causes").at(0);
  EXPECT_EQ(cause.at("id"), "origin.process-stopped");
  EXPECT_EQ(cause.at("owner"), "you");
  EXPECT_EQ(cause.at("title"), "The web server is not running");
  EXPECT_EQ(cause.at("for"), Json::array({"o1"})) << "one id once";
  EXPECT_THAT(cause.at("reasons"), SizeIs(2));
  EXPECT_EQ(cause.at("attributes"), Json({{"scope", "port"}}));
  const Json& stage = json.at("attempts").at(0).at("stages").at(0);
  EXPECT_EQ(stage.at("failure"), "connect.refused");
  EXPECT_DOUBLE_EQ(stage.at("elapsed_ms"), 12.4);
  const Json& seen = json.at("observations").at(0);
  EXPECT_EQ(seen.at("vantage"), "probe-1");
  EXPECT_EQ(seen.at("data").at("port"), 443);
}

TEST(Json, ProbabilitiesNeverAddUpToMoreThanOne) {
  auto diagnosis = refused();
  RankedCause third = diagnosis.verdict.causes.front();
  for (auto& cause : diagnosis.verdict.causes) cause.probability = 1.0 / 3;
  third.probability = 1.0 / 3;
  diagnosis.verdict.causes.push_back(third);
  double sum = 0;
  for (const auto& cause : Json::parse(to_json(diagnosis))["verdict"]["causes"]) {
    sum += cause["probability"].get<double>();
  }
  EXPECT_LE(sum, 1.0);
  EXPECT_GT(sum, 0.999);
  diagnosis.verdict.causes.front().probability = 0.9;
  EXPECT_EQ(Json::parse(to_json(diagnosis))["verdict"]["causes"][0]["probability"], 0.9);
}

TEST(Json, ForeignBytesDoNotBreakTheDocument) {
  auto diagnosis = refused();
  diagnosis.observations.front().set("source", std::string("\xff\xfe\0bad", 6));
  EXPECT_NO_THROW((void)Json::parse(to_json(diagnosis)));
}

TEST(Json, ReadsBackWhatItWrote) {
  const auto read = parse_document(to_json(refused()), "one.json");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->vantage.name, "probe-1");
  EXPECT_EQ(read->host, "www.example.net");
  ASSERT_THAT(read->attempts, SizeIs(1));
  EXPECT_EQ(read->attempts[0].stages[0].failure, FailureId::connect_refused);
  EXPECT_EQ(read->attempts[0].stages[0].elapsed, Duration{12'400'000});
  ASSERT_THAT(read->observations, SizeIs(1));
  const auto& seen = read->observations[0];
  EXPECT_EQ(seen.vantage, "probe-1");
  EXPECT_EQ(seen.text("outcome"), "refused");
  EXPECT_EQ(seen.integer("port"), 443);
  EXPECT_DOUBLE_EQ(seen.real("elapsed_ms"), 12.4);
  EXPECT_EQ(seen.at, refused().started);
}

TEST(Json, EveryFieldOfEveryKindSurvives) {
  for (const auto& kind : kind_rows()) {
    Json data = Json::object();
    for (const auto& field : kind.fields) {
      const std::string key{field.name};
      switch (field.type) {
        case ValueType::text: data[key] = "x"; break;
        case ValueType::texts: data[key] = Json::array({"x", "y"}); break;
        case ValueType::integer: data[key] = -7; break;
        case ValueType::real: data[key] = 2; break;  // an integer where a real may stand
        case ValueType::boolean: data[key] = true; break;
      }
    }
    const auto read = parse_document(fact(data.dump(), std::string{kind.name}), "facts.json");
    ASSERT_TRUE(read) << read.error().text;
    ASSERT_THAT(read->observations, SizeIs(1));
    EXPECT_THAT(read->observations[0].fields(), SizeIs(kind.fields.size())) << kind.name;
    EXPECT_EQ(read->observations[0].vantage, "web-1");
  }
}

TEST(Json, SkipsAndCountsWhatANewerVersionKnows) {
  const auto kind = parse_document(fact(R"({"a": {"b": [1]}})", "aura"), "facts.json");
  ASSERT_TRUE(kind) << kind.error().text;
  EXPECT_THAT(kind->observations, SizeIs(0));
  EXPECT_EQ(kind->skipped_kinds, 1);
  const auto field = parse_document(fact(R"({"port": 1, "mood": {"b": [1]}})"), "facts.json");
  ASSERT_TRUE(field) << field.error().text;
  EXPECT_EQ(field->observations.at(0).integer("port"), 1);
  EXPECT_EQ(field->skipped_fields, 1);
}

TEST(Json, WrongTypesAreRefusedWithTheirPath) {
  EXPECT_EQ(refusal(fact(R"({"port": "443"})")),
            "facts.json: observations[0].data.port: expected integer from -9223372036854775807 to "
            "9223372036854775807, found string");
  EXPECT_EQ(refusal(fact(R"({"outcome": 1})")),
            "facts.json: observations[0].data.outcome: expected string, found integer");
  EXPECT_THAT(refusal(fact("[]")), HasSubstr("observations[0].data: expected object, found array"));
  EXPECT_THAT(refusal(fact(R"({"port": 1.5})")), HasSubstr("found 1.5"));
  EXPECT_THAT(refusal(fact(R"({"port": 18446744073709551615})")), HasSubstr("data.port"));
  EXPECT_THAT(refusal(fact(R"({"elapsed_ms": 1e300})")), HasSubstr("data.elapsed_ms"));
  EXPECT_THAT(refusal(fact(R"({"elapsed_ms": 1e999})")), HasSubstr("facts.json:"));
  EXPECT_THAT(refusal(fact(R"({"chain": ["a", 2]})", "redirects")), HasSubstr("data.chain[1]"));
  EXPECT_THAT(refusal(facts("{}")), HasSubstr("observations: expected array, found object"));
  EXPECT_THAT(refusal("[]"), HasSubstr("document: expected object, found array"));
}

TEST(Json, RefusesAForeignSchemaAndMissingParts) {
  EXPECT_THAT(refusal("{}"), HasSubstr("schema: missing"));
  EXPECT_THAT(refusal(R"({"schema": "causeway.diagnosis/9"})"),
              HasSubstr("expected 'causeway.diagnosis/1' or 'causeway.facts/1'"));
  EXPECT_THAT(refusal(R"({"schema": "causeway.facts/1"})"), HasSubstr("vantage: missing"));
  EXPECT_THAT(refusal(facts(R"([{"kind": "connect"}])")), HasSubstr("observations[0].id: missing"));
  EXPECT_THAT(refusal(facts("[]", R"("attempts": [{"via": "moon"}], )")),
              HasSubstr("attempts[0].via: expected 'direct' or 'edge'"));
  EXPECT_THAT(refusal(facts("[]", R"("attempts": [{"via": "edge", "address": "1.2.3"}], )")),
              HasSubstr("attempts[0].address"));
  EXPECT_THAT(refusal(facts("[]", R"("attempts": [{"via": "edge", "port": 65536}], )")),
              HasSubstr("attempts[0].port"));
  EXPECT_THAT(refusal(facts("[]", R"("started": "yesterday", )")), HasSubstr("started"));
  const std::string twice =
      R"({"id": "o1", "at": "2026-11-22T10:17:22Z", "kind": "ping", "data": {}})";
  EXPECT_THAT(refusal(facts("[" + twice + "," + twice + "]")), HasSubstr("'o1' names two"));
}

TEST(Json, SyntaxErrorsNameLineAndColumn) {
  EXPECT_THAT(refusal("{\n  \"schema\": oops}"), HasSubstr("facts.json:2:"));
  EXPECT_THAT(refusal(""), HasSubstr("facts.json:1:1: not JSON"));
}

TEST(Json, HostileDocumentsMeetLimits) {
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 32"));
  std::string zeros = "[0";
  for (int i = 0; i < limits::kDocumentValues + 1; ++i) zeros += ",0";
  EXPECT_THAT(refusal(zeros + "]"), HasSubstr("more than 2000000 values"));
  EXPECT_THAT(refusal(std::string(limits::kDocumentBytes + 1, ' ')),
              HasSubstr("larger than 32 MiB"));
  std::string many = "[0";
  for (int i = 0; i < limits::kObservations + 1; ++i) many += ",0";
  EXPECT_THAT(refusal(facts(many + "]")), HasSubstr("more than 20000"));
  EXPECT_NE(refusal(fact(R"({"port": "]]]]\"[[["})")), "accepted") << "brackets in strings";
}

}  // namespace
}  // namespace causeway::model
