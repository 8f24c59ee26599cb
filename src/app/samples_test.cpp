#include "app/samples.hpp"

#include <fmt/format.h>

namespace causeway::app {
namespace {

using model::CauseId;
using model::FailureId;
using model::Kind;
using model::Outcome;
using model::Stage;

Duration ms(double value) { return Duration{static_cast<std::int64_t>(value * 1e6)}; }

model::Observation seen(model::Diagnosis& in, Kind kind, std::string sensor, std::string subject) {
  model::Observation out{kind, std::move(sensor), std::move(subject)};
  out.id = fmt::format("o{}", in.observations.size() + 1);
  out.at = in.started + std::chrono::milliseconds{7} * (in.observations.size() + 1);
  return out;
}

model::Diagnosis about(const std::string& host) {
  model::Diagnosis out;
  out.id = "00c0ffee00c0ffee";
  out.started = parse_rfc3339("2026-11-22T10:17:22.123Z").value();
  out.duration = ms(3412);
  out.vantage = {"probe-1", {"198.51.100.9"}};
  out.target = {"https://" + host + "/", host, "https", 443, "/"};
  auto asked = seen(out, Kind::target, "resolve", host);
  asked.set("url", out.target.url).set("host", host).set("scheme", "https").set("port", 443);
  out.observations.push_back(asked);
  auto dns = seen(out, Kind::dns, "resolve", host);
  dns.set("role", "resolver").set("server", "192.0.2.53").set("type", "A").set("rcode", "NOERROR");
  dns.set("outcome", "answered").set("addresses", std::vector<std::string>{"203.0.113.10"});
  dns.set("ttl", 300).set("elapsed_ms", 11.8);
  out.observations.push_back(dns);
  return out;
}

model::Attempt attempt(const std::string& address) {
  model::Attempt out;
  out.address = IpAddress::parse(address).value();
  out.port = 443;
  out.stages = {{Stage::resolve, Outcome::ok, {}, ms(11.8), ""},
                {Stage::route, Outcome::ok, {}, ms(0), ""}};
  return out;
}

model::Diagnosis healthy() {
  auto out = about("www.example.net");
  auto good = attempt("203.0.113.10");
  good.stages.push_back({Stage::connect, Outcome::ok, {}, ms(12.4), ""});
  good.stages.push_back({Stage::secure, Outcome::ok, {}, ms(25.1), ""});
  good.stages.push_back({Stage::exchange, Outcome::ok, {}, ms(31.6), ""});
  good.status = 200;
  out.attempts = {good};
  out.duration = ms(82);
  auto certificate = seen(out, Kind::certificate, "secure", "203.0.113.10:443");
  certificate.set("address", "203.0.113.10").set("port", 443).set("days_left", 9.2);
  out.observations.push_back(certificate);
  out.verdict.state = model::State::ok;
  out.verdict.code = 200;
  out.verdict.sentence = "The site works: every address answers as it should.";
  model::RankedCause none;
  none.cause = CauseId::none;
  none.probability = 1;
  out.verdict.causes = {none};
  out.verdict.notes = {{"The certificate ends in 9 days.", {"o3"}}};
  return out;
}

model::RankedCause host_down() {
  model::RankedCause out;
  out.cause = CauseId::origin_host_down;
  out.probability = 0.72;
  out.title = "The origin machine 203.0.113.10 is down or off the network";
  out.attributes = {"host", "", "origin"};
  out.reasons = {
      {"The last router says that it cannot find a machine with this address, about three seconds "
       "after it was asked.",
       {"o3"}},
      {"No answer to a ping either.", {"o4"}}};
  out.counter_reasons = {{"A firewall can send the same message on purpose.", {"o3"}}};
  out.settles = {{"Look at the machine's console in your provider's panel: is it running?", ""},
                 {"From another machine in the same network:", "ping -c 3 203.0.113.10"}};
  out.fixes = {
      {"Start the machine in your provider's panel, then check that it keeps running.",
       "ssh 203.0.113.10 'uptime; systemctl --failed'", "",
       "causeway diagnose https://shop.example.com/"},
      {"If the machine has moved, set the A record to its new address.",
       "nsupdate <<'END'\nupdate delete shop.example.com A\nupdate add shop.example.com 300 A "
       "NEW-ADDRESS\nsend\nEND",
       "the same with the old address 203.0.113.10", "dig +short shop.example.com"}};
  return out;
}

model::Diagnosis unreachable() {
  auto out = about("shop.example.com");
  auto bad = attempt("203.0.113.10");
  bad.stages[1] = {Stage::route, Outcome::failed, FailureId::route_neighbour_silent, ms(3071),
                   "198.51.100.1 says host unreachable after 3.1 s"};
  bad.stages.push_back({Stage::connect, Outcome::skipped, {}, {}, "no route"});
  bad.stages.push_back({Stage::secure, Outcome::skipped, {}, {}, "no connection"});
  bad.stages.push_back({Stage::exchange, Outcome::skipped, {}, {}, "no connection"});
  auto edge = attempt("104.16.0.9");
  edge.via = model::Via::edge;
  edge.stages = {{Stage::connect, Outcome::ok, {}, ms(9.2), ""},
                 {Stage::secure, Outcome::ok, {}, ms(19.7), ""},
                 {Stage::exchange, Outcome::failed, FailureId::http_status, ms(3120), "523"}};
  edge.status = 523;
  out.attempts = {bad, edge};
  auto connect = seen(out, Kind::connect, "connect", "203.0.113.10:443");
  connect.set("address", "203.0.113.10").set("port", 443).set("role", "main");
  connect.set("outcome", "icmp").set("icmp", "host-unreachable").set("offender", "198.51.100.1");
  connect.set("offender_is", "router").set("elapsed_ms", 3071.2);
  out.observations.push_back(connect);
  auto ping = seen(out, Kind::ping, "connect", "203.0.113.10");
  ping.set("address", "203.0.113.10").set("outcome", "silent").set("sent", 3).set("received", 0);
  out.observations.push_back(ping);
  auto said = seen(out, Kind::edge_answer, "edge", "shop.example.com");
  said.set("outcome", "answered").set("mark", "cloudflare").set("code", 523).set("made_by", "edge");
  said.set("ray", "8f0c2ab1deadbeef");
  out.observations.push_back(said);
  out.verdict.state = model::State::failing;
  out.verdict.code = 523;
  out.verdict.stage = Stage::route;
  out.verdict.failure = FailureId::route_neighbour_silent;
  out.verdict.sentence = "The origin machine 203.0.113.10 is down or off the network.";
  model::RankedCause stale;
  stale.cause = CauseId::dns_stale_a_record;
  stale.probability = 0.18;
  stale.reasons = {{"Nothing at this address answers at all.", {"o3", "o4"}}};
  stale.settles = {{"Compare the record with the address your provider shows for the machine.",
                    "dig +short A shop.example.com"}};
  stale.fixes = {{"Set the A record to the machine's real address.", "", "", ""}};
  out.verdict.causes = {host_down(), stale};
  out.verdict.ruled_out = {
      {CauseId::firewall_drop,
       {{"A router answers, so the packets are not dropped silently.", {"o3"}}}},
      {CauseId::dns_nxdomain, {{"The name resolves.", {"o2"}}}}};
  return out;
}

model::Diagnosis one_family() {
  auto out = about("www.example.org");
  auto good = attempt("203.0.113.10");
  good.stages.push_back({Stage::connect, Outcome::ok, {}, ms(12.4), ""});
  good.stages.push_back({Stage::secure, Outcome::ok, {}, ms(25.1), ""});
  good.stages.push_back({Stage::exchange, Outcome::ok, {}, ms(31.6), ""});
  good.status = 200;
  auto bad = attempt("2001:db8:1234:5678:9abc:def0:1234:5678");
  bad.stages.push_back({Stage::connect, Outcome::failed, FailureId::connect_refused, ms(12.9),
                        "reset after 12.9 ms"});
  out.attempts = {good, bad};
  auto connect =
      seen(out, Kind::connect, "connect", "[2001:db8:1234:5678:9abc:def0:1234:5678]:443");
  connect.set("address", "2001:db8:1234:5678:9abc:def0:1234:5678").set("port", 443);
  connect.set("outcome", "refused").set("elapsed_ms", 12.9);
  out.observations.push_back(connect);
  out.verdict.state = model::State::degraded;
  out.verdict.code = 200;
  out.verdict.stage = Stage::connect;
  out.verdict.failure = FailureId::connect_refused;
  out.verdict.sentence = "The site answers over IPv4 and refuses over IPv6.";
  model::RankedCause cause;
  cause.cause = CauseId::port_one_family_only;
  cause.probability = 0.94;
  cause.attributes.scope = "family";
  cause.reasons = {{"The IPv6 address refuses while the IPv4 address serves the site.", {"o3"}}};
  cause.fixes = {{"nginx: listen on both families.", "listen [::]:443 ssl;", "remove the line",
                  "ss -ltn 'sport = :443'"}};
  out.verdict.causes = {cause};
  return out;
}

model::Diagnosis silent() {
  auto out = about("203.0.113.10");
  auto bad = attempt("203.0.113.10");
  bad.stages.erase(bad.stages.begin());
  bad.stages.push_back({Stage::connect, Outcome::failed, FailureId::connect_silent, ms(4300), ""});
  out.attempts = {bad};
  out.interrupted = true;
  out.verdict.state = model::State::undetermined;
  out.verdict.code = 0;
  out.verdict.stage = Stage::connect;
  out.verdict.failure = FailureId::connect_silent;
  out.verdict.sentence = "Nothing answers, and that alone does not say why.";
  out.verdict.missing = {"whether the machine answers from another network"};
  model::RankedCause cause;
  cause.cause = CauseId::unknown;
  cause.probability = 0.4;
  out.verdict.causes = {cause};
  return out;
}

// Every text that can come from a stranger tries to break the face it is shown on.
model::Diagnosis hostile() {
  const std::string poison =
      "\x1b[2J<script>alert(1)</script> \"'&]]> | a=1;2;3 \xff\xe2\x80\xae gnp.exe\r\nSet-Cookie: "
      "x";
  auto out = about("www.example.net");
  auto bad = attempt("203.0.113.10");
  bad.stages.push_back({Stage::connect, Outcome::ok, {}, ms(1), ""});
  bad.stages.push_back({Stage::secure, Outcome::failed, FailureId::tls_not_spoken, ms(2), poison});
  out.attempts = {bad};
  auto tls = seen(out, Kind::tls, "secure", poison);
  tls.set("outcome", "not-tls").set("first_text", poison);
  out.observations.push_back(tls);
  out.vantage.name = poison;
  out.target.url = "https://www.example.net/" + poison;
  out.verdict.state = model::State::failing;
  out.verdict.code = 525;
  out.verdict.stage = Stage::secure;
  out.verdict.failure = FailureId::tls_not_spoken;
  out.verdict.sentence = poison;
  model::RankedCause cause;
  cause.cause = CauseId::port_other_protocol;
  cause.probability = 0.8;
  cause.title = poison;
  cause.reasons = {{poison, {"o3"}}};
  cause.counter_reasons = {{poison, {}}};
  cause.settles = {{poison, poison}};
  cause.fixes = {{poison, poison, poison, poison}};
  out.verdict.causes = {cause};
  out.verdict.ruled_out = {{CauseId::tls_expired, {{poison, {"o1"}}}}};
  out.verdict.missing = {poison};
  out.verdict.notes = {{poison, {"o2"}}};
  return out;
}

}  // namespace

std::vector<Sample> samples() {
  return {{"healthy", healthy()},
          {"unreachable", unreachable()},
          {"one-family", one_family()},
          {"silent", silent()},
          {"hostile", hostile()}};
}

}  // namespace causeway::app
