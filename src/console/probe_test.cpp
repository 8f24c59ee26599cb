// What `/probe` understands and says.
#include "console/probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::console {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

model::Diagnosis probed() {
  model::Diagnosis out;
  out.target = {.url = "https://h/", .host = "h"};
  out.duration = std::chrono::milliseconds{120};
  model::Attempt attempt{.address = IpAddress::v4(0xcb007107), .port = 443, .status = 200};
  for (const auto stage : {model::Stage::resolve, model::Stage::connect, model::Stage::secure,
                           model::Stage::exchange}) {
    attempt.stages.push_back({stage, model::Outcome::ok, {}, std::chrono::milliseconds{10}, ""});
  }
  out.attempts.push_back(attempt);
  model::Observation http{model::Kind::http, "exchange", "203.0.113.7:443"};
  http.set("address", "203.0.113.7").set("protocol", "h2").set("ttfb_ms", 7.5);
  out.observations.push_back(http);
  return out;
}

TEST(Probe, SpeaksAsBlackboxExporterDoes) {
  const auto good = probe_exposition(probed());
  EXPECT_THAT(good, HasSubstr("# TYPE probe_success gauge\nprobe_success 1\n"));
  EXPECT_THAT(good, HasSubstr("probe_http_status_code 200\n"));
  EXPECT_THAT(good, HasSubstr("probe_http_duration_seconds{phase=\"processing\"} 0.0075\n"));
  EXPECT_THAT(good, HasSubstr("probe_http_duration_seconds{phase=\"transfer\"} 0.0025\n"));
  EXPECT_THAT(good, HasSubstr("probe_http_version 2\n"));
  EXPECT_THAT(good, HasSubstr("probe_ip_protocol 4\n"));
  auto refused = probed();
  refused.attempts[0].status = 0;
  refused.attempts[0].stages.resize(2);
  refused.attempts[0].stages[1].outcome = model::Outcome::failed;
  refused.attempts[0].stages[1].failure = model::FailureId::connect_refused;
  refused.verdict.failure = model::FailureId::connect_refused;
  refused.verdict.causes = {
      {.cause = *model::cause_named("port.not-listening"), .probability = 0.9}};
  const auto bad = probe_exposition(refused);
  EXPECT_THAT(bad, HasSubstr("probe_success 0\n"));
  EXPECT_THAT(bad, HasSubstr("probe_http_status_code 0\n"));
  EXPECT_THAT(bad, HasSubstr("causeway_failure{failure=\"connect.refused\"} 1\n"));
  EXPECT_THAT(bad, HasSubstr("causeway_cause{cause=\"port.not-listening\"} 0.9\n"));
  EXPECT_THAT(bad, HasSubstr("causeway_layer_ok{layer=\"connect\"} 0\n"));
}

TEST(Probe, ConnectsAndPingsAsBlackboxExporterDoes) {
  CheckSeen seen{.ok = true,
                 .address = IpAddress::v4(0xcb007107),
                 .resolve = std::chrono::milliseconds{4},
                 .answer = std::chrono::milliseconds{20},
                 .whole = std::chrono::milliseconds{25}};
  const CheckOrder ping{.ping = true, .host = "h"};
  const auto pinged = probe_exposition(ping, seen);
  EXPECT_THAT(pinged, HasSubstr("probe_success 1\n"));
  EXPECT_THAT(pinged, HasSubstr("probe_dns_lookup_time_seconds 0.004\n"));
  EXPECT_THAT(pinged, HasSubstr("probe_icmp_duration_seconds{phase=\"rtt\"} 0.02\n"));
  EXPECT_THAT(pinged, HasSubstr("probe_icmp_duration_seconds{phase=\"setup\"} 0.001\n"));
  EXPECT_THAT(pinged, HasSubstr("probe_ip_protocol 4\n"));
  seen.ok = false;
  seen.failure = model::FailureId::connect_refused;
  seen.detail = "203.0.113.7:22: The connection is refused.";
  const CheckOrder connects{.host = "h", .port = 22};
  const auto refused = probe_exposition(connects, seen);
  EXPECT_THAT(refused, HasSubstr("probe_success 0\n"));
  EXPECT_THAT(refused, Not(HasSubstr("icmp")));
  EXPECT_THAT(refused, HasSubstr("causeway_failure{failure=\"connect.refused\"} 1\n"));
  const auto log = probe_log(connects, seen);
  EXPECT_THAT(log, HasSubstr("connect   failed   20.0 ms  203.0.113.7:22: The connection is"));
  EXPECT_THAT(log, HasSubstr("Metrics that would have been returned:\n# HELP probe_success"));
}

DiagnosisOrder http_asked(const ProbeParameters& parameters) {
  const auto question = probe_question(parameters);
  return question ? std::get<DiagnosisOrder>(question->order)
                  : DiagnosisOrder{.url = question.error().text};
}

CheckOrder check_asked(std::string_view target, std::string_view module) {
  const auto question = probe_question({.target = target, .module = module});
  return question ? std::get<CheckOrder>(question->order)
                  : CheckOrder{.host = question.error().text};
}

TEST(Probe, UnderstandsItsQuestion) {
  EXPECT_EQ(http_asked({.target = "www.example.net"}).url, "http://www.example.net");
  EXPECT_EQ(
      http_asked({.target = "https://h/", .module = "http_2xx", .scrape_timeout = "10"}).deadline,
      std::chrono::milliseconds{9500});
  const auto named = http_asked({.target = "https://203.0.113.7/a", .hostname = "shop.test"});
  EXPECT_EQ(named.url, "https://shop.test:443/a");
  EXPECT_EQ(named.address, IpAddress::v4(0xcb007107));
  EXPECT_THAT(http_asked({.target = "h", .hostname = "shop.test"}).url, HasSubstr("expected one"));
  EXPECT_THAT(http_asked({.target = "203.0.113.7", .hostname = "a b"}).url, HasSubstr("hostname"));
  EXPECT_FALSE(probe_question({.target = "203.0.113.7", .hostname = "shop.test:8443"}));
  EXPECT_FALSE(probe_question({.target = "ftp://h/"}));
  EXPECT_EQ(http_asked({.target = "h", .scrape_timeout = "0.8"}).deadline,
            std::chrono::milliseconds{400});
  EXPECT_FALSE(probe_question({.target = ""}));
  EXPECT_FALSE(probe_question({.target = "h", .module = "dns_udp"}));
  EXPECT_TRUE(probe_question({.target = "h", .debug = "true"})->debug);

  EXPECT_EQ(check_asked("[2001:db8::1]:25", "tcp_connect").port, 25);
  EXPECT_EQ(check_asked("db.example.net:5432", "tcp_connect").host, "db.example.net");
  EXPECT_EQ(check_asked("h", "tcp_connect").host,
            "expected HOST:PORT or [IPv6]:PORT as target, not h");
  EXPECT_EQ(check_asked("2001:db8::1", "icmp").host, "2001:db8::1");
  EXPECT_EQ(check_asked("203.0.113.7", "icmp").host, "203.0.113.7");
  EXPECT_EQ(check_asked("h:80", "icmp").host, "expected a name or an address as target, not h:80");
}

}  // namespace
}  // namespace causeway::console
