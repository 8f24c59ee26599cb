#include "reach/exchange.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "model/observation.hpp"

namespace causeway::reach {
namespace {

TEST(FailureOfOutcome, every_outcome_of_the_kind_has_one) {
  const auto* field = model::row(model::Kind::http).field("outcome");
  ASSERT_NE(field, nullptr);
  for (const auto part : split(field->meaning, '|')) {
    const auto outcome = trim(part);
    EXPECT_EQ(failure_of(outcome).has_value(), outcome != "complete") << outcome;
  }
}

TEST(ExchangeQuestion, asks_for_the_target) {
  Request request;
  request.target = {.url = "https://a.example:8443/x",
                    .host = "a.example",
                    .scheme = "https",
                    .port = 8443,
                    .path = "/x"};
  const Endpoint remote{IpAddress::v4(0xcb00710a), 8443};
  const auto question = exchange_question(request, remote, "main", nullptr);
  EXPECT_EQ(question.host, "a.example");
  EXPECT_EQ(question.port, 8443);
  EXPECT_EQ(question.path, "/x");
  EXPECT_FALSE(question.h2);
  EXPECT_EQ(exchange_question(request, remote, "no-host", nullptr).host, "");
  net::TlsResult secured;
  secured.alpn = "h2";
  EXPECT_TRUE(exchange_question(request, remote, "main", &secured).h2);
}

}  // namespace
}  // namespace causeway::reach
