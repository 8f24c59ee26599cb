#include "guard/plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/layers.hpp"
#include "guard/programs.hpp"
#include "inspect/ruleset_dumps.hpp"

namespace causeway::guard {
namespace {

using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

firewall::Dumps dumps_of(const char* ruleset) {
  return inspect::read_dumps(std::string{"test/rulesets/"} + ruleset + "/dump").value();
}

firewall::ProofRequest request(std::vector<std::uint16_t> ports) {
  firewall::ProofRequest out;
  out.edge = model::cloudflare_ranges();
  out.ports = std::move(ports);
  return out;
}

Plan plan_of(const char* ruleset, const Tools& tools, std::vector<std::uint16_t> ports) {
  return make_plan(firewall::load(dumps_of(ruleset)), request(std::move(ports)), {}, tools);
}

TEST(Plan, NothingToDoWhereEverythingIsOpen) {
  const auto plan = plan_of("16-nft-cf-only", {}, {80, 443});
  EXPECT_TRUE(plan.before.all_open());
  EXPECT_TRUE(plan.grant.empty());
  EXPECT_THAT(plan.changes, IsEmpty());
}

TEST(Plan, AHandMadeChainGetsTheEdgeAndNobodyElse) {
  const auto plan = plan_of("16-nft-cf-only", {}, {8443});
  EXPECT_TRUE(plan.before.some_stopped());
  EXPECT_TRUE(plan.after.all_open());
  EXPECT_THAT(plan.grant.places, Each(Place{"nft", "inet", "filter", "input", "input"}));
  ASSERT_THAT(plan.changes, SizeIs(2));
  for (const auto& change : plan.changes) {
    EXPECT_EQ(change.port, 8443);
    EXPECT_TRUE(change.lose.empty());
    EXPECT_FALSE(change.gain.covers(firewall::Interval{0, 100}));
  }
  EXPECT_THAT(plan.left, IsEmpty());
}

TEST(Layers, EachSaysWhatItStops) {
  const auto now = firewall::load(dumps_of("04-ufw-limit-deny"));
  const auto layers =
      layers_of(now, firewall::prove(now, request({443, 8443})), {.fail2ban = true});
  const auto ufw =
      std::ranges::find_if(layers, [](const Layer& one) { return one.name.starts_with("ufw ("); });
  ASSERT_NE(ufw, layers.end());
  EXPECT_GT(ufw->rules, 100U);
  EXPECT_THAT(ufw->stops, Contains("22 of 22 ranges to port 8443: drop"));
  EXPECT_EQ(layers.back().name, "fail2ban");
  const auto open = firewall::load(dumps_of("16-nft-cf-only"));
  for (const auto& layer : layers_of(open, firewall::prove(open, request({443})), {})) {
    EXPECT_THAT(layer.stops, IsEmpty()) << layer.name;
  }
}

TEST(Plan, UfwIsSpokenToInItsOwnWay) {
  const auto plan = plan_of("04-ufw-limit-deny", {.ufw = true}, {80, 443, 8443});
  EXPECT_TRUE(plan.grant.ufw);
  EXPECT_THAT(plan.grant.places, IsEmpty());
  EXPECT_TRUE(plan.after.all_open());
  const auto all = actions({}, plan.grant, dumps_of("04-ufw-limit-deny"));
  EXPECT_THAT(all, SizeIs(22));
  EXPECT_EQ(shown(all.front()),
            fmt::format("ufw prepend allow proto tcp from 173.245.48.0/20 to {} port 80,443,8443 "
                        "comment 'causeway guard'\n",
                        plan.grant.addresses.front().text()));
}

TEST(Plan, AZoneOfFirewalldGetsRichRules) {
  const auto plan = plan_of("06-firewalld-zones", {.firewalld = true}, {80, 443});
  EXPECT_THAT(plan.grant.zones, Contains("public"));
  EXPECT_THAT(plan.grant.places, IsEmpty());
  const auto all = actions({}, plan.grant, dumps_of("06-firewalld-zones"));
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_THAT(shown(all.front()),
              HasSubstr("--add-rich-rule=rule priority=\"-100\" family=\"ipv4\" source "
                        "address=\"104.24.0.0/14\" destination address="));
}

TEST(Plan, DockersPublishedPortsAreOpenedInDockerUser) {
  const auto plan = plan_of("14-docker-user-cf", {}, {80, 443, 8080});
  for (const auto& place : plan.grant.places) {
    if (place.hook == "forward") EXPECT_EQ(place.chain, "DOCKER-USER");
  }
}

TEST(Plan, WhatNoPacketFilterDecidesIsLeftAndSaid) {
  const auto plan = plan_of("30-routes-blackhole", {}, {80, 443});
  EXPECT_THAT(plan.left, Not(IsEmpty()));
  EXPECT_TRUE(plan.grant.empty());
}

TEST(Plan, OnlyTheEdgeLosesEverybodyElseOnThesePortsAlone) {
  Grant only;
  only.only = true;
  only.also = {Prefix::parse("192.0.2.0/24").value()};
  const auto now = firewall::load(dumps_of("02-ufw-web"));
  const auto plan = make_plan(now, request({80, 443}), only, {});
  const auto trial = with_grant(now, plan.grant);
  EXPECT_THAT(still_open(trial, plan.grant), IsEmpty());
  EXPECT_FALSE(somebody_loses(plan.changes, {}, plan.grant));
  bool loses = false;
  for (const auto& change : plan.changes) {
    if (change.family != Family::ipv4) continue;
    if (change.port != 80 && change.port != 443) EXPECT_TRUE(change.lose.empty()) << change.port;
    loses =
        loses || change.lose.overlaps(firewall::interval_of(Prefix::parse("203.0.113.9").value()));
    EXPECT_FALSE(change.lose.overlaps(firewall::interval_of(only.also.front())));
  }
  EXPECT_TRUE(loses);
  // Taken back: as before.
  auto anyone = plan.grant;
  anyone.only = false;
  for (const auto& change : compare(now, with_grant(trial, anyone), {80, 443})) {
    EXPECT_TRUE(change.lose.empty());
  }
}

TEST(Plan, NobodyIsShutOutByMistake) {
  Grant after;
  after.only = true;
  after.ports = {443};
  after.ranges = {Prefix::parse("131.0.72.0/22").value()};
  const auto of = [](const char* text) {
    return firewall::IntervalSet{firewall::interval_of(Prefix::parse(text).value())};
  };
  EXPECT_FALSE(somebody_loses({{Family::ipv4, 443, {}, of("203.0.113.0/24")}}, {}, after));
  EXPECT_TRUE(somebody_loses({{Family::ipv4, 22, {}, of("203.0.113.0/24")}}, {}, after));
  EXPECT_TRUE(somebody_loses({{Family::ipv4, 443, {}, of("131.0.72.0/24")}}, {}, after));
}

TEST(Plan, OnlyWithdrawnRangesMayLose) {
  const auto only = [](const char* text) {
    return firewall::IntervalSet{firewall::interval_of(Prefix::parse(text).value())};
  };
  Grant before;
  before.ranges = {Prefix::parse("131.0.72.0/22").value()};
  const std::vector<Change> loss{{Family::ipv4, 443, {}, only("131.0.72.0/23")}};
  EXPECT_TRUE(somebody_loses(loss, {}, {}));
  EXPECT_TRUE(somebody_loses(loss, before, before));
  EXPECT_FALSE(somebody_loses(loss, before, {}));
  EXPECT_TRUE(somebody_loses({{Family::ipv4, 443, {}, only("131.0.64.0/20")}}, before, {}));
  EXPECT_FALSE(somebody_loses({{Family::ipv4, 443, only("0.0.0.0/0"), {}}}, {}, {}));
}

TEST(Programs, IptablesIsOneCommitThatReplacesWhatWasThere) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value(), Prefix::parse("2606:4700::/32").value()};
  grant.ports = {80, 443};
  grant.places = {{"iptables-legacy", "ip", "filter", "INPUT", "input"}};
  const firewall::Dumps now{{"iptables-legacy-save.txt",
                             "*filter\n:INPUT DROP [0:0]\n:CAUSEWAY-INPUT - [0:0]\n"
                             ":CAUSEWAY-OUTPUT - [0:0]\n[1:2] -A INPUT -j CAUSEWAY-INPUT\n"
                             "[1:2] -A OUTPUT -j CAUSEWAY-OUTPUT\nCOMMIT\n"}};
  const auto all = actions({}, grant, now);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().program.words,
            (std::vector<std::string>{"iptables-legacy-restore", "--noflush"}));
  EXPECT_EQ(all.front().program.input,
            "*filter\n:CAUSEWAY-INPUT - [0:0]\n-D INPUT -j CAUSEWAY-INPUT\n"
            "-D OUTPUT -j CAUSEWAY-OUTPUT\n-F CAUSEWAY-OUTPUT\n-X CAUSEWAY-OUTPUT\n"
            "-A CAUSEWAY-INPUT -s 131.0.72.0/22 -p tcp -m multiport --dports 80,443 -j ACCEPT\n"
            "-I INPUT 1 -j CAUSEWAY-INPUT\nCOMMIT\n");
  const auto gone = actions(grant, {}, now);
  EXPECT_EQ(gone.front().program.input,
            "*filter\n-D INPUT -j CAUSEWAY-INPUT\n-D OUTPUT -j CAUSEWAY-OUTPUT\n"
            "-F CAUSEWAY-INPUT\n-X CAUSEWAY-INPUT\n-F CAUSEWAY-OUTPUT\n-X CAUSEWAY-OUTPUT\n"
            "COMMIT\n");
}

TEST(Programs, NftReplacesItsOwnRulesInOneTransaction) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value()};
  grant.ports = {443};
  grant.places = {{"nft", "ip", "filter", "out", "output"},
                  {"nft", "ip", "filter", "in; flush ruleset", "input"}};
  const firewall::Dumps now{
      {"nft.json", R"({"nftables":[{"rule":{"family":"ip","table":"filter","chain":"input",
        "handle":7,"comment":"causeway guard","expr":[]}},{"rule":{"family":"ip","table":"filter",
        "chain":"input","handle":8,"comment":"mine","expr":[]}}]})"}};
  const auto all = actions({}, grant, now);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all.front().program.input,
            "delete rule ip filter input handle 7\n"
            "insert rule ip filter out ip daddr { 131.0.72.0/22 } tcp sport "
            "{ 443 } accept comment \"causeway guard\"\n");
}

TEST(Programs, OnlyTheEdgeIsATableOfItsOwn) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value()};
  grant.ports = {80, 443};
  grant.only = true;
  grant.also = {Prefix::parse("192.0.2.0/24").value()};
  const firewall::Dumps now{{"nft.json", R"({"nftables":[{"table":{"family":"inet",
    "name":"causeway_guard","handle":3}}]})"}};
  const auto all = actions({}, grant, now);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(
      all.front().program.input,
      "delete table inet causeway_guard\nadd table inet causeway_guard\n"
      "add chain inet causeway_guard only_edge { type filter hook prerouting priority -150; "
      "policy accept; }\n"
      "add rule inet causeway_guard only_edge iifname \"lo\" accept\n"
      "add rule inet causeway_guard only_edge ip saddr { 131.0.72.0/22, 192.0.2.0/24 } accept\n"
      "add rule inet causeway_guard only_edge fib daddr type local tcp dport { 80, 443 } tcp "
      "flags & (fin | syn | rst | ack) == syn counter drop\n");
  EXPECT_EQ(actions(grant, {}, now).front().program.input, "delete table inet causeway_guard\n");
}

TEST(Programs, OnlyTheAddressThatWasProvedIsOpened) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value(), Prefix::parse("2606:4700::/32").value()};
  grant.ports = {80};
  grant.addresses = {IpAddress::parse("198.51.100.10").value()};
  grant.places = {{"nft", "inet", "filter", "input", "input"},
                  {"nft", "netdev", "early", "in", "ingress"},
                  {"nft", "netdev", "early", "out", "egress"}};
  EXPECT_EQ(actions({}, grant, {{"nft.json", R"({"nftables":[]})"}}).front().program.input,
            "insert rule inet filter input ip saddr { 131.0.72.0/22 } ip daddr { 198.51.100.10 } "
            "tcp dport { 80 } accept comment \"causeway guard\"\n"
            "insert rule netdev early in ip saddr { 131.0.72.0/22 } ip daddr { 198.51.100.10 } "
            "tcp dport { 80 } accept comment \"causeway guard\"\n"
            "insert rule netdev early out ip daddr { 131.0.72.0/22 } ip saddr { 198.51.100.10 } "
            "tcp sport { 80 } accept comment \"causeway guard\"\n");
}

TEST(Programs, BehindATranslationOnlyWhatWasAskedForHereIsOpened) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value()};
  grant.ports = {80};
  grant.addresses = {IpAddress::parse("198.51.100.10").value()};
  grant.places = {{"iptables-nft", "ip", "filter", "DOCKER-USER", "forward"}};
  EXPECT_EQ(actions({}, grant, {}).front().program.input,
            "*filter\n:CAUSEWAY-DOCKER-USER - [0:0]\n"
            "-A CAUSEWAY-DOCKER-USER -s 131.0.72.0/22 -d 198.51.100.10 -p tcp -m multiport "
            "--dports 80 -j ACCEPT\n"
            "-A CAUSEWAY-DOCKER-USER -s 131.0.72.0/22 -p tcp -m conntrack --ctorigdst "
            "198.51.100.10 --ctorigdstport 80 -j ACCEPT\n"
            "-A CAUSEWAY-DOCKER-USER -d 131.0.72.0/22 -p tcp -m conntrack --ctorigdst "
            "198.51.100.10 --ctorigdstport 80 -j ACCEPT\n"
            "-I DOCKER-USER 1 -j CAUSEWAY-DOCKER-USER\nCOMMIT\n");
  grant.places = {{"nft", "ip", "filter", "forward", "forward"}};
  EXPECT_THAT(actions({}, grant, {{"nft.json", R"({"nftables":[]})"}}).front().program.input,
              HasSubstr("ct original ip daddr 198.51.100.10 ct original proto-dst 80 accept"));
}

TEST(Programs, RulesOfAnOlderJournalAreTakenBackAsTheyWere) {
  Grant grant;
  grant.ranges = {Prefix::parse("131.0.72.0/22").value()};
  grant.ports = {443};
  grant.ufw = true;
  ASSERT_THAT(actions(grant, {}, {}), SizeIs(1));
  EXPECT_EQ(shown(actions(grant, {}, {}).front()),
            "ufw --force delete allow proto tcp from 131.0.72.0/22 to any port 443\n");
}

// An address of this host that no edge asks for, with a refusal of its own.
TEST(Plan, AnotherAddressOfTheHostStaysClosed) {
  auto dumps = dumps_of("16-nft-cf-only");
  const auto plan = make_plan(firewall::load(dumps), request({8443}), {}, {});
  ASSERT_THAT(plan.grant.addresses, Not(IsEmpty()));
  auto now = firewall::load(dumps);
  now.arrival.address4 = IpAddress::parse("10.0.0.5").value();
  for (const auto& change : compare(now, with_grant(now, plan.grant), {8443})) {
    EXPECT_NE(change.family, Family::ipv4);
  }
}

TEST(Plan, AtADeviceTheEdgeIsLetInAsWell) {
  const auto plan = plan_of("trap-04-netdev-ingress-drop", {}, {80, 443});
  ASSERT_TRUE(plan.before.some_stopped());
  EXPECT_THAT(plan.grant.places, Contains(Field(&Place::hook, "ingress")));
  EXPECT_TRUE(plan.after.all_open());
}

TEST(Programs, NothingToChangeIsNoProgram) {
  EXPECT_THAT(actions({}, {}, {}), IsEmpty());
  EXPECT_THAT(actions({}, {}, {{"nft.json", "{\"nftables\":[]}"}}), IsEmpty());
}

}  // namespace
}  // namespace causeway::guard
