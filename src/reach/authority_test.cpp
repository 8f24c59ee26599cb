#include "reach/authority.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/dns_writer.hpp"
#include "net/loop.hpp"
#include "net/scripted_dns.hpp"
#include "reach/authority_walk.hpp"

namespace causeway::reach {
namespace {

using codec::DnsType;
using codec::DnsWriter;
using net::ScriptedDns;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Asked = ScriptedDns::Asked;
using Replies = std::vector<std::string>;
using Section = DnsWriter::Section;

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

const std::string& name_of(const Asked& asked) { return asked.message.question->name; }
DnsType type_of(const Asked& asked) { return asked.message.question->type; }

DnsWriter refer(const Asked& asked, const char* zone, const char* server, const char* glue) {
  DnsWriter writer{asked.message};
  writer.into(Section::authority).server(zone, server).into(Section::additional);
  if (glue != nullptr) writer.address(server, glue);
  return writer;
}

Replies refused(const Asked& asked) { return {DnsWriter{asked.message}.rcode(5).bytes()}; }

// The zone example.net as its own server gives it.
struct ZoneScript {
  std::uint32_t serial = 1;
  std::string www = "203.0.113.10";

  Replies operator()(const Asked& asked) const {
    DnsWriter writer{asked.message};
    writer.authoritative();
    const bool apex = name_of(asked) == "example.net";
    if (apex && type_of(asked) == DnsType::soa) {
      writer.soa("example.net", serial);
    } else if (apex && type_of(asked) == DnsType::ns) {
      writer.server("example.net", "ns1.example.net")
          .into(Section::additional)
          .address("ns1.example.net", "127.0.0.4");
    } else if (name_of(asked) == "www.example.net" && type_of(asked) == DnsType::a) {
      writer.address("www.example.net", www);
    } else {
      writer.into(Section::authority).soa("example.net", serial);
    }
    return {writer.bytes()};
  }
};

struct Walked {
  Delegation delegation;
  std::vector<model::Observation> seen;
};

Walked walk(WalkPlan plan) {
  Request request;
  request.target.host = plan.name;
  Record record;
  net::Loop loop;
  Survey survey{
      .request = request, .record = record, .deadline = Clock::now() + std::chrono::seconds{20}};
  Walked out;
  out.delegation = loop.run(walk_delegation(survey, std::move(plan), survey.deadline));
  out.seen = record.take();
  return out;
}

TEST(DelegationWalk, GoesFromTheRootToTheZone) {
  const ScriptedDns root{
      [](const Asked& asked) { return Replies{refer(asked, "net", "a.net", "127.0.0.3").bytes()}; },
      true, "127.0.0.2"};
  const std::uint16_t port = root.endpoint().port;
  const ScriptedDns top{[](const Asked& asked) {
                          auto writer = refer(asked, "example.net", "ns1.example.net", "127.0.0.4");
                          writer.into(Section::authority);
                          return Replies{writer.bytes()};
                        },
                        true, "127.0.0.3", port};
  const ScriptedDns zone{ZoneScript{}, true, "127.0.0.4", port};
  const auto walked = walk(
      {.name = "www.example.net", .roots = {address("127.0.0.2")}, .resolvers = {}, .port = port});
  EXPECT_EQ(walked.delegation.zone, "example.net");
  EXPECT_EQ(walked.delegation.source, "walk");
  EXPECT_EQ(walked.delegation.outcome, "found");
  ASSERT_EQ(walked.delegation.servers.size(), 1U);
  EXPECT_EQ(walked.delegation.servers[0].name, "ns1.example.net");
  EXPECT_THAT(walked.delegation.servers[0].addresses, ElementsAre(address("127.0.0.4")));
  ASSERT_EQ(walked.seen.size(), 2U) << "one observation a step";
  EXPECT_EQ(walked.seen[1].text("role"), "parent");
  EXPECT_TRUE(walked.seen[1].boolean("referral"));
  EXPECT_FALSE(root.asked().at(0).message.recursion_desired);
}

TEST(DelegationWalk, FindsTheApexWhereParentAndZoneShareAServer) {
  const ScriptedDns server{ZoneScript{}, true, "127.0.0.2"};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {address("127.0.0.2")},
                            .resolvers = {},
                            .port = server.endpoint().port});
  EXPECT_EQ(walked.delegation.zone, "example.net");
  EXPECT_THAT(walked.delegation.servers.at(0).addresses, ElementsAre(address("127.0.0.4")));
}

TEST(DelegationWalk, AsksTheResolverForServersWithoutGlue) {
  const ScriptedDns root{
      [](const Asked& asked) {
        return Replies{refer(asked, "example.net", "ns.elsewhere.org", nullptr).bytes()};
      },
      true, "127.0.0.2"};
  const ScriptedDns zone{ZoneScript{}, true, "127.0.0.4", root.endpoint().port};
  const ScriptedDns resolver{[](const Asked& asked) {
    DnsWriter writer{asked.message};
    if (type_of(asked) == DnsType::a) writer.address("ns.elsewhere.org", "127.0.0.4");
    return Replies{writer.bytes()};
  }};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {address("127.0.0.2")},
                            .resolvers = {resolver.endpoint()},
                            .port = root.endpoint().port});
  EXPECT_EQ(walked.delegation.outcome, "found");
  EXPECT_THAT(walked.delegation.servers.at(0).addresses, ElementsAre(address("127.0.0.4")));
}

TEST(DelegationWalk, KeepsTheZoneWhoseServersRefuse) {
  const ScriptedDns root{
      [](const Asked& asked) {
        return Replies{refer(asked, "example.net", "ns1.example.net", "127.0.0.4").bytes()};
      },
      true, "127.0.0.2"};
  const ScriptedDns lame{refused, true, "127.0.0.4", root.endpoint().port};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {address("127.0.0.2")},
                            .resolvers = {},
                            .port = root.endpoint().port});
  EXPECT_EQ(walked.delegation.zone, "example.net");
  EXPECT_EQ(walked.delegation.outcome, "found");
}

TEST(DelegationWalk, IsNotLedUpwardsOrSideways) {
  const ScriptedDns root{[](const Asked& asked) {
                           return Replies{refer(asked, "net", "ns.net", "127.0.0.3").bytes()};
                         },
                         true, "127.0.0.2"};
  // Sends everybody back to the root, the way badly set up servers do.
  const ScriptedDns upwards{
      [](const Asked& asked) { return Replies{refer(asked, ".", "a.root", "127.0.0.2").bytes()}; },
      true, "127.0.0.3", root.endpoint().port};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {address("127.0.0.2")},
                            .resolvers = {},
                            .port = root.endpoint().port});
  EXPECT_EQ(walked.delegation.zone, "net");
  EXPECT_LE(root.asked().size(), 2U);
}

TEST(DelegationWalk, BeginsWithTheResolverInAClosedNetwork) {
  const ScriptedDns zone{ZoneScript{}, true, "127.0.0.4"};
  const ScriptedDns resolver{[](const Asked& asked) {
    if (name_of(asked) == "example.net" && type_of(asked) == DnsType::ns) {
      return Replies{DnsWriter{asked.message}.server("example.net", "ns1.example.net").bytes()};
    }
    if (name_of(asked) == "ns1.example.net" && type_of(asked) == DnsType::a) {
      return Replies{DnsWriter{asked.message}.address("ns1.example.net", "127.0.0.4").bytes()};
    }
    return Replies{DnsWriter{asked.message}.rcode(2).bytes()};
  }};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {address("127.0.0.9")},  // nothing listens there
                            .resolvers = {resolver.endpoint()},
                            .port = zone.endpoint().port});
  EXPECT_EQ(walked.delegation.source, "resolver");
  EXPECT_EQ(walked.delegation.zone, "example.net");
  EXPECT_EQ(walked.delegation.outcome, "found");
}

TEST(DelegationWalk, SaysThatNothingIsKnown) {
  const ScriptedDns resolver{refused};
  const auto walked = walk({.name = "www.example.net",
                            .roots = {},
                            .resolvers = {resolver.endpoint()},
                            .port = resolver.endpoint().port});
  EXPECT_EQ(walked.delegation.outcome, "failed");
  EXPECT_THAT(walked.delegation.detail, HasSubstr("neither the resolver"));
}

struct Surveyed {
  Authorities authorities;
  std::vector<model::Observation> seen;

  std::vector<std::string> values(std::string_view type, std::string_view field) const {
    std::vector<std::string> out;
    for (const auto& observation : seen) {
      if (observation.text("type") != type || observation.text("role") != "authority") continue;
      if (field == "serial") {
        out.push_back(std::to_string(observation.integer(field)));
      } else if (field == "addresses") {
        for (const auto& text : observation.texts(field)) out.push_back(text);
      } else {
        out.emplace_back(observation.text(field));
      }
    }
    return out;
  }
};

Surveyed survey_of(std::vector<Endpoint> authorities, std::optional<Endpoint> resolver = {}) {
  Request request;
  request.target.host = "www.example.net";
  request.authorities = std::move(authorities);
  request.resolver = resolver;
  Record record;
  net::Loop loop;
  Survey survey{
      .request = request, .record = record, .deadline = Clock::now() + std::chrono::seconds{20}};
  Surveyed out;
  out.authorities = loop.run(ask_authorities(survey));
  out.seen = record.take();
  return out;
}

TEST(Authorities, ThatDisagreeAreBothHeard) {
  const ScriptedDns fresh{ZoneScript{2, "203.0.113.10"}};
  const ScriptedDns stale{ZoneScript{1, "203.0.113.99"}};
  const auto heard = survey_of({fresh.endpoint(), stale.endpoint()});
  EXPECT_EQ(heard.authorities.zone, "example.net");
  EXPECT_EQ(heard.authorities.addresses.size(), 2U);
  EXPECT_THAT(heard.values("SOA", "serial"), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(heard.values("A", "addresses"), UnorderedElementsAre("203.0.113.10", "203.0.113.99"));
  const auto& delegation = heard.seen.back();
  EXPECT_EQ(delegation.kind, model::Kind::delegation);
  EXPECT_EQ(delegation.text("source"), "given");
  EXPECT_EQ(delegation.text("zone"), "example.net");
}

TEST(Authorities, ThatRefuseAreRecordedAsSuch) {
  const ScriptedDns lame{refused};
  const auto heard = survey_of({lame.endpoint()});
  EXPECT_TRUE(heard.authorities.zone.empty());
  EXPECT_THAT(heard.values("A", "rcode"), ElementsAre("REFUSED"));
  EXPECT_THAT(heard.values("SOA", "rcode"), ElementsAre("REFUSED"));
  EXPECT_EQ(lame.asked().size(), 3U);
}

TEST(Authorities, LeadToTheTargetOfAnAlias) {
  const ScriptedDns zone{[](const Asked& asked) {
    DnsWriter writer{asked.message};
    writer.authoritative();
    if (name_of(asked) == "www.example.net") {
      writer.alias("www.example.net", "gone.example.org");
    } else {
      writer.soa("example.net", 7);
    }
    return Replies{writer.bytes()};
  }};
  const ScriptedDns resolver{
      [](const Asked& asked) { return Replies{DnsWriter{asked.message}.rcode(3).bytes()}; }};
  const auto heard = survey_of({zone.endpoint()}, resolver.endpoint());
  EXPECT_EQ(heard.authorities.zone, "example.net") << "found above the alias";
  const auto& target = heard.seen.back();
  EXPECT_EQ(target.text("name"), "gone.example.org");
  EXPECT_EQ(target.text("role"), "resolver");
  EXPECT_EQ(target.text("rcode"), "NXDOMAIN");
  EXPECT_EQ(resolver.asked().size(), 1U);
}

TEST(Authorities, DelegateOnceMore) {
  // Given is the parent's server; the zone's own is one referral away, on another address.
  const ScriptedDns parent{[](const Asked& asked) {
    return Replies{refer(asked, "example.net", "ns1.example.net", "127.0.0.9").bytes()};
  }};
  const auto heard = survey_of({parent.endpoint()});
  EXPECT_EQ(heard.authorities.zone, "example.net");
  EXPECT_THAT(heard.authorities.servers, ElementsAre(Endpoint{address("127.0.0.9"), 53}));
  EXPECT_EQ(heard.seen.at(0).text("role"), "parent");
  // Nothing listens there (or, on this machine, something that answers nothing of use).
  EXPECT_TRUE(heard.authorities.addresses.empty());
}

TEST(Authorities, AreNotAskedAboutALiteral) {
  Request request;
  request.target.host = "203.0.113.10";
  Record record;
  net::Loop loop;
  Survey survey{.request = request, .record = record, .deadline = kNever};
  EXPECT_TRUE(loop.run(ask_authorities(survey)).servers.empty());
  EXPECT_TRUE(record.observations().empty());
}

TEST(RootServers, AreAddressesOfBothFamilies) {
  const auto roots = root_addresses();
  EXPECT_THAT(roots, Contains(address("198.41.0.4")));
  EXPECT_THAT(roots, Contains(address("2001:500:2f::f")));
}

}  // namespace
}  // namespace causeway::reach
