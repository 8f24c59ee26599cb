#include "lab/score.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace causeway::lab {
namespace {

Fault fault_of(std::vector<std::string> causes, std::vector<std::string> twins, int code) {
  Fault out;
  out.id = "g/n";
  out.truth = {.codes = {{code, 0}},
               .causes = std::move(causes),
               .twins = std::move(twins),
               .states = {"failing"},
               .stages = {"connect"},
               .failures = {"connect.silent"}};
  return out;
}

Answer answer_of(int code, std::vector<Answer::Cause> causes) {
  return {.state = "failing",
          .code = {code, 0},
          .stage = "connect",
          .failure = "connect.silent",
          .causes = std::move(causes),
          .duration_ms = 100};
}

TEST(Answer, IsReadFromADocument) {
  const auto answer = parse_answer(
      R"({"schema":"causeway.diagnosis/1","duration_ms":812.5,"verdict":{"state":"failing","code":530,
          "subcode":1016,"stage":"resolve","failure":"resolve.timeout","causes":[
          {"id":"dns.resolver-timeout","probability":0.8},{"id":"dns.auth-unreachable","probability":0.1}]}})");
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->code, (Code{530, 1016}));
  EXPECT_EQ(answer->first(), "dns.resolver-timeout");
  EXPECT_EQ(answer->failure, "resolve.timeout");
  EXPECT_DOUBLE_EQ(answer->duration_ms, 812.5);
  EXPECT_EQ(answer->causes.size(), 2U);
}

TEST(Answer, RefusesWhatIsNoDiagnosis) {
  EXPECT_FALSE(parse_answer(""));
  EXPECT_FALSE(parse_answer("{\"schema\":\"causeway.diagnosis/1\"}"));
  EXPECT_FALSE(parse_answer("{\"schema\":\"other/1\",\"verdict\":{\"causes\":[]}}"));
  EXPECT_FALSE(parse_answer("{\"schema\":\"causeway.diagnosis/1\",\"verdict\":{\"causes\":[3]}}"));
}

TEST(Answer, WithoutCausesIsNoneOnlyWhenFine) {
  EXPECT_EQ(Answer{.state = "ok"}.first(), "none");
  EXPECT_EQ(Answer{.state = "failing"}.first(), "unknown");
}

Answer at_edge(std::string_view members) {
  const auto out =
      parse_edge_answer("{\"schema\":\"causeway.lab-edge/1\"," + std::string{members} + "}");
  EXPECT_TRUE(out) << out.error().text;
  return out.value_or(Answer{});
}

constexpr std::string_view kRefused =
    R"("status":521,"code":521,"failure":"connect.refused","token":"connection_refused",
       "page_status":521,"page_code":521,"page_failure":"connect.refused","page_token":"connection_refused")";

TEST(EdgeAnswer, AgreesWithItself) {
  EXPECT_EQ(at_edge(kRefused).failure, "connect.refused");
  EXPECT_EQ(at_edge(R"("status":200,"code":200,"failure":"")").state, "ok");
  const auto subcode =
      at_edge(R"("status":530,"code":1016,"failure":"resolve.not_found","token":"dns_error",
                 "page_status":530,"page_code":1016,"page_failure":"resolve.not_found","page_token":"dns_error")");
  EXPECT_EQ(subcode.code, (Code{530, 1016}));
  EXPECT_EQ(subcode.failure, "resolve.not_found");
}

TEST(EdgeAnswer, TheOriginMayAnswerTheSecondRequest) {
  const std::string first =
      R"("status":522,"code":522,"failure":"connect.silent","token":"connection_timeout",)";
  EXPECT_EQ(at_edge(first + R"("page_status":200,"page_code":0,"page_failure":"","page_token":"")")
                .failure,
            "connect.silent");
  EXPECT_EQ(at_edge(first + R"("page_status":522,"page_code":0,"page_failure":"","page_token":"")")
                .failure,
            "disagrees");
}

TEST(EdgeAnswer, DisagreesWhenOneFormSaysSomethingElse) {
  for (const auto& [from, to] : {std::pair{R"("code":521)", R"("code":522)"},
                                 {R"("token":"connection_refused")", R"("token":"dns_error")"},
                                 {R"("page_code":521)", R"("page_code":520)"},
                                 {R"("page_status":521)", R"("page_status":502)"},
                                 {R"("page_token":"connection_refused")", R"("page_token":"")"}}) {
    std::string text{kRefused};
    const std::string_view old{from};
    text.replace(text.find(old), old.size(), to);
    EXPECT_EQ(at_edge(text).failure, "disagrees") << to;
  }
}

TEST(EdgeAnswer, ACutOneIsJudgedByTheLog) {
  const auto cut = at_edge(R"("status":200,"code":200,"failure":"","cut_by":"http.stalled_body")");
  EXPECT_TRUE(cut.cut);
  EXPECT_EQ(cut.code.code, 524);
  EXPECT_TRUE(edge_is_right(fault_of({"http.slow-body"}, {}, 524), cut));
  EXPECT_FALSE(edge_is_right(fault_of({"http.slow-body"}, {}, 520), cut));
}

TEST(EdgeAnswer, ServedIsRightWhereTheFaultOnlyDegrades) {
  auto fault = fault_of({"firewall.drop"}, {}, 522);
  const auto served = at_edge(R"("status":200,"code":200,"failure":"")");
  EXPECT_FALSE(edge_is_right(fault, served));
  fault.truth.states = {"degraded"};
  EXPECT_TRUE(edge_is_right(fault, served));
  fault.truth.states = {"failing"};
  fault.truth.at_edge = {{200, 0}};
  EXPECT_TRUE(edge_is_right(fault, served));
}

TEST(Mark, TruthFirst) {
  const auto got =
      mark(fault_of({"firewall.drop"}, {}, 522), answer_of(522, {{"firewall.drop", 0.95}}));
  EXPECT_TRUE(got.code && got.cause && got.state && got.stage && got.failure && got.right());
  EXPECT_FALSE(got.twin || got.sure_and_wrong);
}

TEST(Mark, ATwinIsNoMistakeUnlessItIsSure) {
  const auto fault = fault_of({"firewall.drop"}, {"firewall.output-drop"}, 522);
  const auto open =
      mark(fault, answer_of(522, {{"firewall.output-drop", 0.6}, {"firewall.drop", 0.3}}));
  EXPECT_TRUE(open.twin && open.right());
  const auto sure = mark(fault, answer_of(522, {{"firewall.output-drop", 0.9}}));
  EXPECT_TRUE(sure.twin && sure.sure_and_wrong && sure.sure_of_twin);
  EXPECT_FALSE(sure.right());
}

TEST(Mark, WrongCauseAndWrongCode) {
  const auto got =
      mark(fault_of({"firewall.drop"}, {}, 522), answer_of(523, {{"origin.host-down", 0.5}}));
  EXPECT_FALSE(got.code || got.cause || got.twin || got.sure_and_wrong || got.right());
}

TEST(Mark, AHealthyFaultMustBeOk) {
  auto fault = fault_of({"none"}, {}, 200);
  fault.tags = {"healthy"};
  EXPECT_TRUE(mark(fault, answer_of(200, {})).false_alarm);
  auto fine = answer_of(200, {});
  fine.state = "ok";
  EXPECT_FALSE(mark(fault, fine).false_alarm);
  EXPECT_TRUE(mark(fault, fine).cause);
}

TEST(Mark, NoneMeansAnEmptyField) {
  auto fault = fault_of({"firewall.rate-limited"}, {}, 200);
  fault.truth.failures = {"none"};
  auto answer = answer_of(200, {{"firewall.rate-limited", 0.5}});
  EXPECT_FALSE(mark(fault, answer).failure);
  answer.failure.clear();
  EXPECT_TRUE(mark(fault, answer).failure);
}

TEST(Score, TargetsHoldOnlyWithoutSureMistakes) {
  const auto fault = fault_of({"firewall.drop"}, {}, 522);
  std::vector<Result> results;
  for (int i = 0; i < 100; ++i) {
    Result result{.fault = &fault,
                  .answer = answer_of(i < 2 ? 523 : 522, {{"firewall.drop", 0.95}})};
    result.answer.duration_ms = i;
    result.mark = mark(fault, result.answer);
    results.push_back(result);
  }
  auto total = score(results);
  EXPECT_EQ(total.code, 98);
  EXPECT_EQ(total.cause_or_twin, 100);
  EXPECT_DOUBLE_EQ(total.median_ms, 50);
  EXPECT_DOUBLE_EQ(total.longest_ms, 99);
  EXPECT_TRUE(total.good_enough());

  results[50].mark.sure_and_wrong = true;
  EXPECT_FALSE(score(results).good_enough());
  results[50].mark.sure_and_wrong = false;
  results[3].mark.code = false;
  EXPECT_FALSE(score(results).good_enough()) << "97 % is less than 98 %";
  results[3].mark.code = true;
  results[3].trouble = "did not start";
  EXPECT_FALSE(score(results).good_enough());
}

}  // namespace
}  // namespace causeway::lab
