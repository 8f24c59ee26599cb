#include "reach/edge_answer.hpp"

#include <gtest/gtest.h>

namespace causeway::reach {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

const Fields kCloudflare{{"Server", "cloudflare"}, {"CF-RAY", "8c1f2a3b4c5d6e7f-FRA"}};

Fields with(std::string name, std::string value) {
  auto out = kCloudflare;
  out.emplace_back(std::move(name), std::move(value));
  return out;
}

TEST(ReadEdgeAnswer, reads_a_structured_error) {
  const auto read = read_edge_answer(
      530, with("Content-Type", "application/json; charset=utf-8"),
      R"({"error_code":1016,"error_name":"origin_dns_error","retryable":false,"ray_id":"1"})");
  EXPECT_EQ(read.made_by, "edge");
  EXPECT_EQ(read.code, 530);
  EXPECT_EQ(read.subcode, 1016);
  EXPECT_EQ(read.error_name, "origin_dns_error");
  EXPECT_EQ(read.retryable, false);
  EXPECT_EQ(read.ray, "8c1f2a3b4c5d6e7f");
  EXPECT_EQ(read.location_code, "FRA");
}

TEST(ReadEdgeAnswer, is_not_fooled_by_broken_or_hostile_json) {
  const auto json = with("Content-Type", "application/json");
  for (const std::string body : {"", "{", "[]", "null", R"({"error_code":"522"})",
                                 R"({"error_code":1e999})", R"({"error_code":-99999999999999})"}) {
    EXPECT_LE(read_edge_answer(500, json, body).code, 530) << body;
  }
  const std::string deep(60'000, '[');
  EXPECT_EQ(read_edge_answer(500, json, deep).made_by, "origin");
}

TEST(ReadEdgeAnswer, reads_the_pages_people_see) {
  const auto page = read_edge_answer(
      523, with("Content-Type", "text/html"),
      "<title>www.example.net | 523: Origin is unreachable</title><span>Error code 523</span>");
  EXPECT_EQ(page.code, 523);
  EXPECT_EQ(page.made_by, "edge");
  const auto dns = read_edge_answer(530, with("Content-Type", "text/html"),
                                    "<title>Origin DNS error | www.example.net | Cloudflare</title>"
                                    "<div id=cf-error-details><h1>Error <span>1016</span></h1>");
  EXPECT_EQ(dns.made_by, "edge");
  const auto plain = read_edge_answer(530, with("Content-Type", "text/plain"), "error code: 1033");
  EXPECT_EQ(plain.subcode, 1033);
  EXPECT_EQ(plain.code, 530);
  EXPECT_EQ(read_edge_answer(522, with("Content-Type", "text/plain"), "error code: 522").code, 522);
}

TEST(ReadEdgeAnswer, tells_who_made_it) {
  EXPECT_EQ(read_edge_answer(200, kCloudflare, "<title>Shop</title>").made_by, "origin");
  EXPECT_EQ(read_edge_answer(404, kCloudflare, "").made_by, "origin");
  EXPECT_EQ(read_edge_answer(500, kCloudflare, "oops").made_by, "origin");
  EXPECT_EQ(read_edge_answer(502, kCloudflare, "").made_by, "unknown");
  EXPECT_EQ(read_edge_answer(502, kCloudflare, "error code: 502").made_by, "edge");
  EXPECT_EQ(read_edge_answer(521, kCloudflare, "").code, 521);
  EXPECT_EQ(read_edge_answer(403, with("cf-mitigated", "challenge"), "").made_by, "edge");
  EXPECT_EQ(read_edge_answer(200, {{"Server", "nginx"}}, "").made_by, "unknown");
  EXPECT_EQ(read_edge_answer(522, {{"Server", "nginx"}}, "error code: 522").code, 0);
}

TEST(ReadEdgeAnswer, reads_proxy_status_and_cache) {
  const Fields own{{"Causeway-Ray", "77aa"},
                   {"Proxy-Status", "causeway; error=connection_timeout; details=x"},
                   {"CF-Cache-Status", "HIT"}};
  const auto read = read_edge_answer(522, own, "");
  EXPECT_EQ(read.mark, "causeway");
  EXPECT_EQ(read.ray, "77aa");
  EXPECT_EQ(read.error_name, "connection_timeout");
  EXPECT_EQ(read.code, 522);
  EXPECT_EQ(read.made_by, "edge");
  EXPECT_EQ(read.cache, "HIT");
  const auto word = [](const char* status) {
    return read_edge_answer(200, {{"Cache-Status", status}}, "").cache;
  };
  EXPECT_EQ(word("causeway; hit; ttl=42"), "HIT");
  EXPECT_EQ(word("causeway; hit; ttl=-310; detail=stale-if-error"), "STALE");
  EXPECT_EQ(word("causeway; fwd=uri-miss; fwd-status=200; stored"), "MISS");
}

}  // namespace
}  // namespace causeway::reach
