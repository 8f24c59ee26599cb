#include "reach/resolve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <cerrno>

#include "codec/dns_writer.hpp"
#include "net/loop.hpp"
#include "net/scripted_dns.hpp"
#include "reach/resolve_system.hpp"

namespace causeway::reach {
namespace {

using codec::DnsType;
using codec::DnsWriter;
using model::FailureId;
using net::DnsOutcome;
using net::ScriptedDns;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Asked = ScriptedDns::Asked;
using Replies = std::vector<std::string>;
using Section = DnsWriter::Section;

struct Outcome {
  Resolution resolution;
  std::vector<model::Observation> seen;

  std::vector<const model::Observation*> of(std::string_view type,
                                            std::string_view role = "resolver") const {
    std::vector<const model::Observation*> out;
    for (const auto& observation : seen) {
      const bool wanted = observation.kind == model::Kind::dns &&
                          observation.text("type") == type && observation.text("role") == role;
      if (wanted) out.push_back(&observation);
    }
    return out;
  }
};

Outcome resolve_with(const Request& request, Duration deadline = std::chrono::seconds{20}) {
  Record record;
  net::Loop loop;
  Survey survey{.request = request, .record = record, .deadline = Clock::now() + deadline};
  Outcome out;
  out.resolution = loop.run(resolve(survey));
  out.seen = record.take();
  return out;
}

Outcome resolve_at(const Endpoint& server, const std::string& host = "www.example.net") {
  Request request;
  request.target.host = host;
  request.resolver = server;
  return resolve_with(request);
}

Outcome resolve_by(ScriptedDns::Script script) {
  const ScriptedDns server{std::move(script)};
  return resolve_at(server.endpoint());
}

bool asks(const Asked& asked, DnsType type) { return asked.message.question->type == type; }

DnsWriter empty(const Asked& asked) {
  DnsWriter writer{asked.message};
  writer.into(Section::authority).soa("example.net", 1).into(Section::answer);
  return writer;
}

TEST(Resolve, FindsBothFamiliesIpv4First) {
  const auto found = resolve_by([](const Asked& asked) {
    DnsWriter writer{asked.message};
    if (asks(asked, DnsType::aaaa)) writer.address("www.example.net", "2001:db8::10", 60);
    if (asks(asked, DnsType::a)) {
      writer.address("www.example.net", "203.0.113.10").address("www.example.net", "203.0.113.11");
    }
    return Replies{writer.bytes()};
  });
  EXPECT_FALSE(found.resolution.failure);
  std::vector<std::string> texts;
  for (const auto& address : found.resolution.addresses) texts.push_back(address.text());
  EXPECT_THAT(texts, ElementsAre("203.0.113.10", "203.0.113.11", "2001:db8::10"));
  EXPECT_EQ(found.resolution.ttl, 60);
  EXPECT_EQ(found.resolution.source, "dns");
  ASSERT_EQ(found.of("A").size(), 1U);
  EXPECT_THAT(found.of("A")[0]->texts("addresses"), ElementsAre("203.0.113.10", "203.0.113.11"));
  EXPECT_EQ(found.of("A")[0]->text("rcode"), "NOERROR");
}

TEST(Resolve, DoesNotWaitForeverForTheOtherFamily) {
  const auto found = resolve_by([](const Asked& asked) {
    if (!asks(asked, DnsType::a)) return Replies{};
    return Replies{DnsWriter{asked.message}.address("www.example.net", "203.0.113.10").bytes()};
  });
  EXPECT_FALSE(found.resolution.failure);
  EXPECT_LT(found.resolution.elapsed, limits::kDnsOtherFamilyWait + std::chrono::seconds{1});
}

TEST(Resolve, TellsFailuresApart) {
  const auto failure = [](ScriptedDns::Script script) {
    return resolve_by(std::move(script)).resolution.failure;
  };
  const auto rcode = [](int code) {
    return [code](const Asked& asked) {
      return Replies{DnsWriter{asked.message}.rcode(code).bytes()};
    };
  };
  EXPECT_EQ(failure(rcode(3)), FailureId::resolve_not_found);
  EXPECT_EQ(failure(rcode(2)), FailureId::resolve_server_failed);
  EXPECT_EQ(failure(rcode(5)), FailureId::resolve_refused);
  EXPECT_EQ(failure(rcode(9)), FailureId::resolve_server_failed);
  EXPECT_EQ(failure([](const Asked& asked) { return Replies{empty(asked).bytes()}; }),
            FailureId::resolve_no_address);
  EXPECT_EQ(failure([](const Asked& asked) { return Replies{empty(asked).bytes().substr(0, 20)}; }),
            FailureId::resolve_malformed);
}

TEST(Resolve, AsksWithoutValidationAfterServfail) {
  const auto found = resolve_by([](const Asked& asked) {
    if (!asked.message.checking_disabled) {
      return Replies{DnsWriter{asked.message}.rcode(2).bytes()};
    }
    return Replies{DnsWriter{asked.message}.address("www.example.net", "203.0.113.10").bytes()};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_bogus);
  const auto a = found.of("A");
  ASSERT_EQ(a.size(), 2U);
  EXPECT_EQ(a[0]->text("rcode"), "SERVFAIL");
  EXPECT_TRUE(a[1]->boolean("checking_disabled"));
  EXPECT_EQ(a[1]->text("rcode"), "NOERROR");
}

TEST(Resolve, BelievesTheExtendedError) {
  const auto found = resolve_by([](const Asked& asked) {
    return Replies{DnsWriter{asked.message}.rcode(2).extended_error(9, "no keys").bytes()};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_bogus);
  EXPECT_EQ(found.of("A").at(0)->integer("ede"), 9);
  EXPECT_EQ(found.of("A").at(0)->text("ede_text"), "no keys");
}

TEST(Resolve, FollowsAnAliasTheResolverLeftOpen) {
  const auto found = resolve_by([](const Asked& asked) {
    DnsWriter writer{asked.message};
    const std::string& name = asked.message.question->name;
    if (name == "www.example.net") writer.alias(name, "b.example.org", 20);
    if (name == "b.example.org" && asks(asked, DnsType::a)) writer.address(name, "203.0.113.10");
    return Replies{writer.bytes()};
  });
  ASSERT_EQ(found.resolution.addresses.size(), 1U);
  EXPECT_EQ(found.resolution.canonical, "b.example.org");
  EXPECT_EQ(found.resolution.ttl, 20);
}

TEST(Resolve, NoticesALoopAcrossAnswers) {
  const auto found = resolve_by([](const Asked& asked) {
    const std::string& name = asked.message.question->name;
    const std::string other = name == "www.example.net" ? "b.example.net" : "www.example.net";
    return Replies{DnsWriter{asked.message}.alias(name, other).bytes()};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_alias_loop);
  EXPECT_THAT(found.resolution.because, HasSubstr("www.example.net -> b.example.net"));
}

TEST(Resolve, EndsAnEndlessChainAcrossAnswers) {
  int number = 0;
  const auto found = resolve_by([&](const Asked& asked) {
    const std::string& name = asked.message.question->name;
    return Replies{
        DnsWriter{asked.message}.alias(name, fmt::format("n{}.example.net", ++number)).bytes()};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_alias_loop);
  EXPECT_LE(found.of("A").size(), static_cast<std::size_t>(limits::kDnsAliasDepth));
}

TEST(Resolve, KnowsADanglingAlias) {
  const auto found = resolve_by([](const Asked& asked) {
    DnsWriter writer{asked.message};
    return Replies{writer.rcode(3).alias("www.example.net", "gone.example.org").bytes()};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_not_found);
  EXPECT_THAT(found.of("A").at(0)->texts("aliases"),
              ElementsAre("www.example.net", "gone.example.org"));
  EXPECT_THAT(found.resolution.because, HasSubstr("gone.example.org"));
}

TEST(Resolve, TellsADeadResolverFromADeadZone) {
  // Useless for the name, alive for everything else.
  const auto found = resolve_by([](const Asked& asked) {
    const std::string answer = empty(asked).bytes();
    if (asked.message.question->name == "www.example.net") return Replies{answer.substr(0, 20)};
    return Replies{answer};
  });
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_malformed);
  ASSERT_FALSE(found.of("A", "control").empty());
  EXPECT_EQ(found.of("A", "control")[0]->text("outcome"), "answered");
  EXPECT_EQ(found.of("A", "control")[0]->text("name"), "localhost");
}

TEST(Resolve, HearsAtOnceThatTheResolverIsGone) {
  Endpoint gone;
  {
    const ScriptedDns server{[](const Asked&) { return Replies{}; }};
    gone = server.endpoint();
  }
  const auto found = resolve_at(gone);
  EXPECT_EQ(found.resolution.failure, FailureId::resolve_resolver_unreachable);
  EXPECT_LT(found.resolution.elapsed, std::chrono::milliseconds{900});
  ASSERT_FALSE(found.of("A").empty());
  EXPECT_EQ(found.of("A")[0]->text("outcome"), "refused");
  EXPECT_EQ(found.of("A")[0]->text("icmp"), "port-unreachable");
  EXPECT_EQ(found.of("A")[0]->text("error"), "ECONNREFUSED");
}

TEST(Resolve, SaysThatItWasCutShort) {
  const ScriptedDns server{[](const Asked&) { return Replies{}; }};
  Request request;
  request.target.host = "www.example.net";
  request.resolver = server.endpoint();
  const auto found = resolve_with(request, std::chrono::milliseconds{50});
  EXPECT_TRUE(found.resolution.cancelled);
  EXPECT_EQ(found.resolution.failure, FailureId::cancelled);
  EXPECT_TRUE(found.seen.empty()) << "silence not heard out is no observation";
}

TEST(Resolve, KeepsAThousandAddressesWithinLimits) {
  const auto found = resolve_by([](const Asked& asked) {
    DnsWriter writer{asked.message};
    if (!asked.tcp) return Replies{writer.truncated().bytes()};
    for (int i = 0; i < 1000; ++i) {
      writer.address("www.example.net", fmt::format("203.0.{}.{}", i / 250, i % 250));
    }
    return Replies{writer.bytes()};
  });
  EXPECT_EQ(found.resolution.addresses.size(), static_cast<std::size_t>(limits::kDnsRecordsKept));
  EXPECT_EQ(found.of("A").at(0)->integer("records_left_out"), 1000 - limits::kDnsRecordsKept);
  EXPECT_EQ(found.of("A").at(0)->text("transport"), "tcp");
}

TEST(Resolve, AsksNobodyAboutALiteral) {
  Request request;
  request.target.host = "2001:db8::1";
  const auto found = resolve_with(request);
  EXPECT_EQ(found.resolution.source, "literal");
  EXPECT_EQ(found.resolution.addresses.at(0).text(), "2001:db8::1");
  EXPECT_TRUE(found.seen.empty());
}

TEST(Resolve, RefusesNamesThatAreNone) {
  Request request;
  request.target.host = "münchen.example";
  EXPECT_THAT(resolve_with(request).resolution.because, HasSubstr("xn--"));
}

TEST(Resolve, HonoursLocalhost) {
  Request request;
  request.target.host = "test.localhost";
  const auto found = resolve_with(request);
  EXPECT_EQ(found.resolution.source, "hosts");
  EXPECT_EQ(found.resolution.addresses.at(0).text(), "127.0.0.1");
  EXPECT_THAT(found.resolution.because, HasSubstr("an edge asks DNS"));
}

TEST(ResolveFailure, MapsEveryOutcome) {
  const auto of = [](DnsFacts facts) { return failure_of(facts); };
  EXPECT_FALSE(of({.outcome = DnsOutcome::answered, .has_address = true}));
  EXPECT_EQ(of({.outcome = DnsOutcome::timeout}), FailureId::resolve_timeout);
  EXPECT_EQ(of({.outcome = DnsOutcome::unreachable}), FailureId::resolve_resolver_unreachable);
  EXPECT_EQ(of({.outcome = DnsOutcome::local}), FailureId::resolve_resolver_unreachable);
  EXPECT_EQ(of({.outcome = DnsOutcome::tcp_failed, .os_code = ETIMEDOUT}),
            FailureId::resolve_timeout);
  EXPECT_EQ(of({.outcome = DnsOutcome::tcp_failed, .os_code = ECONNREFUSED}),
            FailureId::resolve_resolver_unreachable);
  EXPECT_EQ(of({.outcome = DnsOutcome::interrupted}), FailureId::cancelled);
  EXPECT_EQ(of({.outcome = DnsOutcome::answered, .rcode = 2, .dnssec_error = true}),
            FailureId::resolve_bogus);
  EXPECT_EQ(of({.outcome = DnsOutcome::answered, .loop = true}), FailureId::resolve_alias_loop);
}

TEST(HappyEyeballs, TakesFamiliesByTurns) {
  const auto parse = [](const char* text) { return IpAddress::parse(text).value(); };
  const auto order = happy_eyeballs_order(
      {parse("192.0.2.1"), parse("192.0.2.2"), parse("192.0.2.3"), parse("2001:db8::1")});
  std::vector<std::string> texts;
  for (const auto& address : order) texts.push_back(address.text());
  EXPECT_THAT(texts, ElementsAre("2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"));
}

TEST(ResolvConf, IsReadAsTheSystemReadsIt) {
  const auto servers = parse_resolvers(
      "# comment\nsearch example.org\nnameserver 192.0.2.53\nnameserver\t2001:db8::53  \n"
      "nameserver fe80::1%eth0\nnameserver nonsense\noptions edns0\n");
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(servers[0].text(), "192.0.2.53:53");
  EXPECT_EQ(servers[1].text(), "[2001:db8::53]:53");
  EXPECT_EQ(parse_resolvers("").at(0).text(), "127.0.0.1:53");
  EXPECT_EQ(parse_resolvers("nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"
                            "nameserver 1.1.1.4\n")
                .size(),
            3U);
}

TEST(HostsFile, FindsNamesAndAliases) {
  constexpr std::string_view kHosts =
      "127.0.0.1 localhost\n203.0.113.10\twww.example.net  www # comment\n#203.0.113.11 "
      "www.example.net\n2001:db8::10 WWW.example.NET\nbad www.example.net\n";
  EXPECT_EQ(parse_hosts(kHosts, "www.example.net").size(), 2U);
  EXPECT_EQ(parse_hosts(kHosts, "www").at(0).text(), "203.0.113.10");
  EXPECT_TRUE(parse_hosts(kHosts, "comment").empty());
}

}  // namespace
}  // namespace causeway::reach
