// A snapshot in, observations and facts out. Snapshots are texts as the host's programs print them.
#include "inspect/inspect.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "base/text.hpp"
#include "inspect/listeners.hpp"
#include "inspect/log_lines.hpp"
#include "inspect/names.hpp"
#include "inspect/passages.hpp"
#include "inspect/prefixes.hpp"
#include "inspect/ruleset_dumps.hpp"

namespace causeway::inspect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char* kAddresses =
    R"([{"ifindex":2,"ifname":"eth0","flags":["BROADCAST","UP","LOWER_UP"],"link_type":"ether",)"
    R"("addr_info":[{"family":"inet","local":"203.0.113.10","prefixlen":24,"scope":"global"},)"
    R"({"family":"inet","local":"203.0.113.11","prefixlen":24,"scope":"global","secondary":true}]}])";
constexpr const char* kRoutes =
    R"([{"type":"unicast","dst":"default","gateway":"203.0.113.1","dev":"eth0","table":"main"},)"
    R"({"type":"unicast","dst":"203.0.113.0/24","dev":"eth0","table":"main"},)"
    R"({"type":"local","dst":"203.0.113.10","dev":"eth0","table":"local"},)"
    R"({"type":"local","dst":"203.0.113.11","dev":"eth0","table":"local"}])";
constexpr const char* kRules =
    R"([{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}])";

Snapshot host(std::string sockets) {
  Snapshot out;
  out.host = "origin-1";
  out.root = true;
  out.at = parse_rfc3339("2026-11-25T18:00:00Z").value();
  out.rulesets = {{"addr.json", kAddresses},
                  {"route4.json", kRoutes},
                  {"rule4.json", kRules},
                  {"route6.json", "[]"},
                  {"rule6.json", "[]"},
                  {"nft.json", R"({"nftables":[]})"},
                  {"sockets.txt", std::move(sockets)},
                  {"sysctl.txt", "net.ipv4.tcp_syncookies = 1\n"}};
  out.keep("machine.txt", "processors 2\ninstalled-nginx 1\n");
  out.keep("processes.txt", "");
  out.keep("tcp4.txt", "");
  return out;
}

// A web server runs, so that its logs count.
Snapshot serving(std::string sockets) {
  auto out = host(std::move(sockets));
  out.keep("processes.txt", "7 1 S here 0 90 600 1024 2048 nginx.service - nginx /etc/n.conf\n");
  return out;
}

Question question() {
  Question out;
  out.edge = model::parse_edge_ranges("198.51.100.0/24\n", "lab").value();
  out.ports = {443};
  return out;
}

// "filter=drop-source 443 from 198.51.100.0/24"
std::vector<std::string> facts(const model::Facts& all) {
  std::vector<std::string> out;
  for (const auto& seen : all.observations) {
    if (seen.kind != model::Kind::fact) continue;
    std::string text = fmt::format("{}={}", seen.text("what"), seen.text("value"));
    if (seen.has("address")) text += fmt::format(" at {}", seen.text("address"));
    if (seen.has("sources")) text += " from " + join(seen.texts("sources"), ",");
    out.push_back(std::move(text));
  }
  return out;
}

constexpr const char* kAny = "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\n";

TEST(Inspect, AHealthyHost) {
  auto snapshot = host(kAny);
  snapshot.keep("processes.txt",
                "7 1 S here 0 90 10 1024 2048 nginx.service - nginx /etc/n.conf\n");
  EXPECT_THAT(facts(analyze(snapshot, question())),
              UnorderedElementsAre("machine=alive", "filter=accept at 203.0.113.10",
                                   "filter=accept at 203.0.113.11", "listener=any",
                                   "accept-queue=ok", "syn-backlog=ok", "process=running",
                                   "ban=none", "return-route=ok from 198.51.100.0/24"));
}

TEST(Inspect, NothingListens) {
  const auto all = facts(analyze(host(""), question()));
  EXPECT_THAT(all, Contains("listener=none"));
  EXPECT_THAT(all, Contains("process=stopped"));
}

TEST(Inspect, OnlyOneOfTwoAddressesIsBound) {
  const auto all = facts(analyze(host("LISTEN 0 511 203.0.113.11:443 0.0.0.0:*\n"), question()));
  EXPECT_THAT(all, Contains("listener=other-address at 203.0.113.10"));
  EXPECT_THAT(all, Contains("listener=any at 203.0.113.11"));
}

TEST(Inspect, AFullAcceptQueue) {
  const auto all = facts(analyze(host("LISTEN 4 3 0.0.0.0:443 0.0.0.0:*\n"), question()));
  EXPECT_THAT(all, Contains("accept-queue=full"));
}

std::string nft(std::string_view rules) {
  return fmt::format(
      R"({{"nftables":[{{"table":{{"family":"inet","name":"f","handle":1}}}},)"
      R"({{"chain":{{"family":"inet","table":"f","name":"in","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}}}},{}]}})",
      rules);
}

std::string drop_rule(std::string_view match) {
  return fmt::format(
      R"({{"rule":{{"family":"inet","table":"f","chain":"in","handle":4,"expr":[{}{{"drop":null}}]}}}})",
      match);
}

constexpr const char* kFromTheEdge =
    R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"198.51.100.0","len":24}}}},)";

TEST(Inspect, ARuleForEverybodyAndARuleForTheEdge) {
  auto snapshot = host(kAny);
  snapshot.rulesets["nft.json"] = nft(drop_rule(""));
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("filter=drop at 203.0.113.10"));
  snapshot.rulesets["nft.json"] = nft(drop_rule(kFromTheEdge));
  EXPECT_THAT(facts(analyze(snapshot, question())),
              Contains("filter=drop-source at 203.0.113.10 from 198.51.100.0/24"));
}

TEST(Inspect, WhatCannotBeReadIsNotProved) {
  auto snapshot = host(kAny);
  snapshot.rulesets_unreadable = {"nft: exit 1: Operation not permitted"};
  snapshot.rulesets_want_root = true;
  const auto all = analyze(snapshot, question());
  EXPECT_THAT(facts(all), Not(Contains("filter=accept at 203.0.113.10")));
  EXPECT_THAT(facts(all), Not(Contains("ban=none")));
}

TEST(Inspect, ADeadGatewayIsNoWayBack) {
  auto snapshot = host(kAny);
  snapshot.keep("neighbours.json", R"([{"dst":"203.0.113.1","dev":"eth0","state":["FAILED"]}])");
  EXPECT_THAT(facts(analyze(snapshot, question())),
              Contains("return-route=wrong from 198.51.100.0/24"));
}

TEST(Inspect, AStoppedProcessThatHoldsThePortHangs) {
  auto snapshot = host(kAny);
  snapshot.keep(
      "tcp4.txt",
      "   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n");
  snapshot.keep("processes.txt", "7 1 T here 0 90 40 40 2048 - 77 nginx -\n");
  const auto all = facts(analyze(snapshot, question()));
  EXPECT_THAT(all, Contains("process=hung"));
  EXPECT_THAT(all, Contains("files=exhausted"));
}

TEST(Inspect, AWebServerOnNoneOfTheEdgesPorts) {
  auto snapshot =
      host("LISTEN 0 511 0.0.0.0:8080 0.0.0.0:*\nLISTEN 0 9 127.0.0.1:9000 0.0.0.0:*\n");
  snapshot.keep("tcp4.txt",
                "   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 "
                "00000000     0        0 4711 1\n");
  snapshot.keep("processes.txt",
                "7 1 S here 0 90 10 1024 2048 nginx.service 4711 nginx /etc/n.conf\n");
  const auto all = facts(analyze(snapshot, question()));
  EXPECT_THAT(all, Contains("web-port=other"));
  EXPECT_THAT(all, Contains("listener=none"));
}

TEST(Inspect, PacketsOfTheSample) {
  auto snapshot = host(kAny);
  snapshot.sampled = std::chrono::seconds{5};
  snapshot.keep("arrivals.txt", "198.51.100.9 443 3 0 0 0 0\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("packets=arrive from 198.51.100.9"));
  snapshot.keep("arrivals.txt", "");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("packets=none from 198.51.100.0/24"));
}

TEST(Inspect, OnlyFreshLinesOfLogsAreFacts) {
  auto snapshot = serving(kAny);
  LogLine line{"/var/log/nginx/error.log", "worker-limit", snapshot.at - std::chrono::minutes{2},
               "x"};
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("load=high"));
  line.at = snapshot.at - std::chrono::hours{3};
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Not(Contains("load=high")));
}

// The journal is everybody's.
TEST(Inspect, OtherProgramsTroubleIsNotTheServers) {
  const auto told = [](std::string what, std::string text, std::string source = "journal") {
    auto snapshot = serving(kAny);
    snapshot.keep("logs.txt",
                  write_log_line({std::move(source), std::move(what),
                                  snapshot.at - std::chrono::minutes{2}, std::move(text)}));
    return facts(analyze(snapshot, question()));
  };
  EXPECT_THAT(told("crash", "kernel: firefox[812]: segfault at 0"),
              Not(Contains("process=crashed")));
  EXPECT_THAT(told("crash", "kernel: nginx[812]: segfault at 0"), Contains("process=crashed"));
  EXPECT_THAT(told("files", "rsync: Too many open files"), Not(Contains("files=exhausted")));
  EXPECT_THAT(told("files", "php-fpm8.2[4]: Too many open files"), Contains("files=exhausted"));
  EXPECT_THAT(
      told("files", "accept4() failed (24: Too many open files)", "/var/log/nginx/error.log"),
      Contains("files=exhausted"));
  EXPECT_THAT(told("worker-limit", "dovecot: imap-login: too many connections"),
              Not(Contains("load=high")));
  EXPECT_THAT(told("disk", "dockerd[1]: write /mnt/backup: no space left on device"),
              Not(Contains("disk=full")));
  EXPECT_THAT(told("backend-refused", "unbound: Connection refused for upstream 9.9.9.9"),
              Not(Contains("backend=down")));
  EXPECT_THAT(told("backend-timeout", "dnsmasq: upstream timed out"),
              Not(Contains("backend=hung")));
  EXPECT_THAT(told("table-full", "kernel: nf_conntrack: table full, dropping packet"),
              Contains("conntrack=full"));
}

TEST(LogLines, WhatApacheSaysOfItsApplication) {
  EXPECT_EQ(trouble_in("(104)Connection reset by peer: AH01102: error reading status line"),
            "backend-closed");
  EXPECT_EQ(trouble_in("(70007)The timeout specified has expired: AH00898: Error reading from"),
            "backend-timeout");
  EXPECT_EQ(trouble_in("limiting requests, dry run, excess: 1.000 by zone"), "");
}

// Who refused whom is told by the web server's own words alone.
TEST(Inspect, ARefusalInALogIsTheApplicationsWhereAWebServerSaysSo) {
  auto snapshot = serving(kAny);
  LogLine line{"/var/log/nginx/error.log", "backend-refused", snapshot.at - std::chrono::minutes{2},
               "postfix/smtp: connect to mx.example.net: Connection refused"};
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Not(Contains("backend=down")));
  line.text = "connect() failed (111: Connection refused) while connecting to upstream";
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("backend=down"));
}

// A log counts for the service that writes it, and only while that runs.
TEST(Inspect, TheLogOfAServerThatIsGoneBlamesNobody) {
  auto snapshot = serving(kAny);
  const LogLine line{"/var/log/apache2/error.log", "worker-limit",
                     snapshot.at - std::chrono::minutes{2}, "AH00484: server reached"};
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Not(Contains("load=high")));
}

TEST(Inspect, WhatIsSoNowWinsOverALineOfALog) {
  auto snapshot =
      serving("LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\nLISTEN 0 9 127.0.0.1:9000 0.0.0.0:*\n");
  snapshot.keep("config-nginx.txt",
                "0\tn.conf:1\tserver\n1\tn.conf:2\tproxy_pass\thttp://127.0.0.1:9000\n");
  LogLine line{"/var/log/nginx/error.log", "backend-refused", snapshot.at - std::chrono::seconds{9},
               "Connection refused ... upstream"};
  snapshot.keep("logs.txt", write_log_line(line));
  auto all = facts(analyze(snapshot, question()));
  EXPECT_THAT(all, Contains("backend=listens"));
  EXPECT_THAT(all, Contains("note=backend"));
  EXPECT_THAT(all, Not(Contains("backend=down")));
  line.what = "backend-timeout";
  snapshot.keep("logs.txt", write_log_line(line));
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("backend=hung"));
}

TEST(Inspect, ALimitThatMetTheEdgeIsToldApart) {
  const auto all = read_log_lines(
      write_log_line({"/var/log/nginx/error.log", "rate-limited", std::nullopt, "x", true}));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all.front().of_edge);
  EXPECT_EQ(client_in("limiting requests by zone \"z\", client: 198.51.100.9, server: x"),
            IpAddress::parse("198.51.100.9").value());
  EXPECT_FALSE(client_in("limiting requests, client: unix:, server: x"));
  auto snapshot = serving(kAny);
  LogLine line{"/var/log/nginx/error.log", "rate-limited", snapshot.at - std::chrono::minutes{2},
               "limiting requests by zone \"z\"", true};
  const auto limited = [&] {
    snapshot.keep("logs.txt", write_log_line(line));
    const auto seen = analyze(snapshot, question()).observations;
    return std::ranges::any_of(seen, [](const model::Observation& one) {
      return one.text("value") == "limited" && one.boolean("in_edge");
    });
  };
  EXPECT_TRUE(limited());
  line.of_edge = false;
  EXPECT_FALSE(limited());
}

TEST(Inspect, StoppedWorkersHangThoughTheirMasterRuns) {
  auto snapshot = host(kAny);
  snapshot.keep(
      "tcp4.txt",
      "   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 77 1\n");
  snapshot.keep(
      "processes.txt",
      "7 1 S here 0 90 40 400 2048 - 77 nginx -\n8 7 T here 0 90 40 400 2048 - 77 nginx -\n"
      "9 7 T here 0 90 40 400 2048 - 77 nginx -\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("process=hung"));
  // A program whose parent may take connections itself.
  snapshot.keep("processes.txt",
                "7 1 S here 0 90 40 400 2048 - 77 own -\n8 7 T here 0 90 40 400 2048 - 77 own -\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Not(Contains("process=hung")));
}

TEST(Inspect, WhatBreaksNowAndWhatBreaksAtTheNextRestart) {
  auto snapshot = serving(kAny);
  snapshot.keep("config-nginx.txt",
                "0\tn.conf:1\tserver\n1\tn.conf:2\tlisten\t443\tssl\n"
                "1\tn.conf:3\tssl_certificate\t/c.pem\n");
  snapshot.keep("certificates.txt", "/c.pem\tx\t2026-11-01T00:00:00Z\tf\tx.example\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("certificate=expired"));
  snapshot.keep("certificates.txt", "/c.pem\tx\t2026-12-01T00:00:00Z\tf\tx.example\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Not(Contains("certificate=expired")));
  snapshot.keep("certificates.txt", "");
  snapshot.dumps["certificates.txt"].detail = "not read: /c.pem: No such file or directory";
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("configuration=invalid"));
  snapshot.dumps["certificates.txt"].detail = "";
  snapshot.keep("check-nginx.txt", "exit 1\nnginx: [emerg] unexpected end of file in /etc/n:7\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("configuration=invalid"));
}

TEST(Inspect, AnApplicationThatDoesNotListen) {
  auto snapshot = host(kAny);
  snapshot.keep("config-nginx.txt",
                "0\tn.conf:1\tserver\n1\tn.conf:2\tproxy_pass\thttp://127.0.0.1:9000\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("backend=down"));
}

TEST(Inspect, ContainersAreServicesAndTheirPortsArePublishedOrNot) {
  auto snapshot = host("");
  snapshot.keep("docker.txt", "web\trunning\t443/tcp, 0.0.0.0:8080->80/tcp\tUp 2 hours\n");
  const auto all = analyze(snapshot, question());
  EXPECT_THAT(facts(all), Contains("published-port=no"));
  const auto service = std::ranges::find_if(all.observations, [](const model::Observation& one) {
    return one.kind == model::Kind::service && one.text("role") == "container";
  });
  ASSERT_NE(service, all.observations.end());
  EXPECT_EQ(service->text("state"), "running");
  EXPECT_THAT(service->texts("ports"), ElementsAre("8080"));
  snapshot.keep("docker.txt", "web\tpaused\t0.0.0.0:443->443/tcp\tUp 2 hours (Paused)\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("process=hung"));
}

TEST(Inspect, AnInvalidConfigurationIsSaidAndExplainsAStop) {
  auto snapshot = host("");
  snapshot.keep("config-nginx-stopped.txt", "");
  snapshot.keep("config-nginx.txt", "0\tn.conf:1\tserver\n");
  snapshot.keep("check-nginx.txt",
                "exit 1\nnginx: [emerg] unknown directive \"x\" in /etc/nginx/a:7\n");
  const auto all = analyze(snapshot, question());
  bool stopped = false;
  bool said = false;
  for (const auto& one : all.observations) {
    stopped = stopped || (one.text("what") == "process" && one.text("value") == "stopped" &&
                          one.text("detail").find("unknown directive") != std::string_view::npos);
    said = said || (one.kind == model::Kind::log_entry && one.text("what") == "config");
  }
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(said);
}

TEST(Inspect, AWebServerThatIsNotStartedAtBootMayBeMeantToRest) {
  auto snapshot = host("");
  snapshot.keep("systemd.txt",
                "Id=nginx.service\nLoadState=loaded\nActiveState=inactive\n"
                "SubState=dead\nResult=success\nUnitFileState=disabled\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("process=disabled"));
  snapshot.keep("systemd.txt",
                "Id=nginx.service\nLoadState=loaded\nActiveState=inactive\n"
                "SubState=dead\nResult=success\nUnitFileState=enabled\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("process=stopped"));
}

TEST(Inspect, WhereTheNamesOfItsSitesLead) {
  auto snapshot = host(kAny);
  snapshot.keep("config-nginx.txt",
                "0\tn.conf:1\tserver_name\tWWW.example.net\t*.example.net\t~^a\t_\t10.0.0.1\n"
                "0\tn.conf:2\tserver_name\told.example.net\t-x.example.net\n");
  EXPECT_THAT(site_names(snapshot), ElementsAre("www.example.net", "old.example.net"));
  EXPECT_EQ(write_name("a.example", "192.0.2.1  STREAM a\n192.0.2.1  DGRAM\n2001:db8::1 RAW\n"),
            "a.example 192.0.2.1 2001:db8::1\n");
  snapshot.keep("names.txt",
                "a.example 203.0.113.11\nb.example 198.51.100.9\nc.example 192.0.2.1\n"
                "d.example\ne.example 127.0.1.1\nf.example 2001:db8::1\n");
  const auto all = facts(analyze(snapshot, question()));
  for (const char* value : {"here", "edge", "elsewhere", "nowhere", "local", "unknown"}) {
    EXPECT_THAT(all, Contains(std::string{"name="} + value));
  }
}

TEST(Inspect, HowMuchGoesOverTheLine) {
  auto snapshot = host(kAny);
  const auto devices = [](int in, int out) {
    return fmt::format(
        "Inter-|   Receive |  Transmit\n face |bytes packets\n"
        "  eth0: {} 1 0 0 0 0 0 0 {} 1 0 0 0 0 0 0\n"
        "    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n",
        in, out);
  };
  snapshot.keep("machine.txt", "processors 2\nspeed-eth0 1000\n");
  snapshot.keep("devices.txt", devices(1000, 0));
  snapshot.keep("later-devices.txt", devices(1000, 1'000'000));
  snapshot.sampled = std::chrono::seconds{2};
  const auto all = analyze(snapshot, question());
  const auto line = std::ranges::find_if(all.observations, [](const auto& seen) {
    return seen.kind == model::Kind::resource && seen.text("what") == "line";
  });
  ASSERT_NE(line, all.observations.end());
  EXPECT_EQ(line->text("detail"), "eth0: 0.0 Mbit/s in, 4.0 out, 1000 possible each way");
  EXPECT_DOUBLE_EQ(line->real("percent"), 0.4);
}

TEST(Inspect, ARuleOfModSecurityAgainstTheEdge) {
  auto snapshot = host(kAny);
  snapshot.keep("config-apache.txt",
                "0\ta.conf:1\tsecrule\tREMOTE_ADDR\t@ipMatch 192.0.2.7,198.51.100.0/25\t"
                "id:1,phase:1,deny\n");
  EXPECT_THAT(facts(analyze(snapshot, question())), Contains("web-deny=edge from 198.51.100.0/25"));
}

TEST(Inspect, TheJournalOfACollectionReadsBack) {
  auto snapshot = host(kAny);
  snapshot.dumps.insert_or_assign("journal.txt", Dump{{}, Outcome::denied, "needs root", {}});
  const auto again = read_journal(write_journal(snapshot));
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ(again->host, "origin-1");
  EXPECT_EQ(again->dumps.at("journal.txt").outcome, Outcome::denied);
  EXPECT_EQ(again->dumps.at("journal.txt").detail, "needs root");
  EXPECT_TRUE(read_journal(write_journal(Snapshot{})));
  const auto wrong = read_journal("at 2026-11-25T18:00:00Z\ncollector ../../etc/passwd read 1\n");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text, testing::HasSubstr("inspect.txt:2"));
}

TEST(Prefixes, FewestThatMakeUpTheSet) {
  using firewall::IntervalSet;
  const auto set = IntervalSet::of({{1, 6}});
  EXPECT_THAT(*prefixes_of(set, Family::ipv4, 10),
              ElementsAre("0.0.0.1/32", "0.0.0.2/31", "0.0.0.4/31", "0.0.0.6/32"));
  EXPECT_THAT(*prefixes_of(IntervalSet{0, firewall::highest(Family::ipv6)}, Family::ipv6, 10),
              ElementsAre("::/0"));
  EXPECT_FALSE(prefixes_of(set, Family::ipv4, 3));
}

TEST(Passing, TheKernelsOwnRefusalsAreTold) {
  firewall::Cause cause;
  cause.ending.result = firewall::Result::drop;
  cause.rule.stack = "kernel";
  cause.rule.text = "reverse path filter (net.ipv4.conf.eth0.rp_filter = 1): route ...";
  EXPECT_EQ(passing_of(cause), Passing::reverse_path);
  cause.rule.text = "no way back: no route";
  EXPECT_EQ(passing_of(cause), Passing::no_way_back);
  cause.rule.stack = "socket";
  EXPECT_EQ(passing_of(cause), Passing::accepted);
}

}  // namespace
}  // namespace causeway::inspect
