// Drift, told from hand-made views: each finding with its evidence, and none where all is well.
#include "zone/drift.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"

namespace causeway::zone {
namespace {

using model::FailureId;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kHost = "www.example.net";

Record record(std::string type, std::string content, std::optional<bool> proxied = {},
              std::string name = kHost, std::uint32_t ttl = 300) {
  return {.name = std::move(name),
          .type = std::move(type),
          .content = std::move(content),
          .ttl = ttl,
          .proxied = proxied,
          .priority = {}};
}

AddressView serving(const char* address, const char* body = "same") {
  return {.address = *IpAddress::parse(address),
          .answers = true,
          .failure = {},
          .status = 200,
          .has_certificate = true,
          .certificate_fits = true,
          .page = "none",
          .body_hash = body};
}

AddressView dead(const char* address, FailureId failure = FailureId::connect_silent) {
  return {.address = *IpAddress::parse(address), .failure = failure, .because = "no answer"};
}

AddressView stranger(const char* address) {
  AddressView out = serving(address, "other");
  out.certificate_fits = false;
  return out;
}

ZoneView view_of(std::vector<Record> records, HostView host) {
  ZoneView out;
  out.now.zone = "example.net";
  out.now.source = "cloudflare";
  out.now.taken = *parse_rfc3339("2026-11-25T10:00:00Z");
  out.now.records = std::move(records);
  host.name = kHost;
  out.hosts = {std::move(host)};
  return out;
}

std::vector<std::string> ids(const ZoneView& view) {
  std::vector<std::string> out;
  for (const auto& finding : find_drift(view)) out.push_back(finding.id);
  return out;
}

std::vector<std::string> fix_of(const ZoneView& view) {
  const auto findings = find_drift(view);
  if (findings.empty() || !findings.front().fix) return {"none"};
  auto out = findings.front().fix->contents;
  out.insert(out.begin(), findings.front().fix->type);
  return out;
}

TEST(Drift, NothingWhereAllIsWell) {
  const auto view =
      view_of({record("A", "203.0.113.10", true)},
              {.addresses = {serving("203.0.113.10")}, .known = {serving("203.0.113.10")}});
  EXPECT_THAT(ids(view), IsEmpty());
}

TEST(Drift, AStaleAddressIsNamedOnlyBesideOneThatServes) {
  const auto records = std::vector{record("A", "203.0.113.9", true)};
  const auto proved =
      view_of(records, {.addresses = {dead("203.0.113.9")}, .known = {serving("203.0.113.10")}});
  EXPECT_THAT(ids(proved), ElementsAre("dns.stale-a-record"));
  EXPECT_THAT(fix_of(proved), ElementsAre("A", "203.0.113.10"));
  // Both dead, or none known: the origin may be down. No change is proposed.
  const auto open = view_of(records, {.addresses = {dead("203.0.113.9")}, .known = {}});
  EXPECT_THAT(ids(open), ElementsAre("zone.unreachable"));
  EXPECT_THAT(fix_of(open), ElementsAre("none"));
  const auto down =
      view_of(records, {.addresses = {dead("203.0.113.9")}, .known = {dead("203.0.113.10")}});
  EXPECT_THAT(ids(down), ElementsAre("zone.unreachable"));
  // The known address answers for somebody else: no proof either.
  const auto other =
      view_of(records, {.addresses = {dead("203.0.113.9")}, .known = {stranger("203.0.113.10")}});
  EXPECT_THAT(ids(other), ElementsAre("zone.unreachable"));
}

TEST(Drift, ALeftOverIpv6Address) {
  const auto view =
      view_of({record("A", "203.0.113.10", true), record("AAAA", "2001:db8::9", true)},
              {.addresses = {serving("203.0.113.10"), dead("2001:db8::9")}, .known = {}});
  EXPECT_THAT(ids(view), ElementsAre("dns.stale-aaaa-record"));
  EXPECT_THAT(fix_of(view), ElementsAre("AAAA"));
}

TEST(Drift, OneOfSeveralDead) {
  const auto view =
      view_of({record("A", "203.0.113.10", true), record("A", "203.0.113.9", true)},
              {.addresses = {serving("203.0.113.10"), dead("203.0.113.9")}, .known = {}});
  EXPECT_THAT(ids(view), ElementsAre("dns.one-of-many-dead"));
  EXPECT_THAT(fix_of(view), ElementsAre("A", "203.0.113.10"));
}

TEST(Drift, AnotherServer) {
  const auto records = std::vector{record("A", "203.0.113.9", true)};
  const auto view = view_of(
      records, {.addresses = {stranger("203.0.113.9")}, .known = {serving("203.0.113.10")}});
  EXPECT_THAT(ids(view), ElementsAre("dns.wrong-target"));
  EXPECT_THAT(fix_of(view), ElementsAre("A", "203.0.113.10"));
  const auto copy = view_of(records, {.addresses = {serving("203.0.113.9", "old")},
                                      .known = {serving("203.0.113.10", "new")}});
  EXPECT_THAT(ids(copy), ElementsAre("zone.other-content"));
  const auto second =
      view_of(records, {.addresses = {serving("203.0.113.9")}, .known = {serving("203.0.113.10")}});
  EXPECT_THAT(ids(second), IsEmpty()) << "a second origin with the same content is no fault";
}

TEST(Drift, TheProbersOwnTroubleIsNotBlamedOnTheRecord) {
  const auto view = view_of(
      {record("A", "203.0.113.10", true), record("AAAA", "2001:db8::9", true)},
      {.addresses = {serving("203.0.113.10"), dead("2001:db8::9", FailureId::route_no_local_route)},
       .known = {}});
  EXPECT_THAT(ids(view), ElementsAre("zone.not-tried"));
  EXPECT_THAT(fix_of(view), ElementsAre("none"));
}

TEST(Drift, TheOriginItselfFails) {
  const auto view = view_of({record("A", "203.0.113.10", true)},
                            {.addresses = {dead("203.0.113.10")}, .known = {dead("203.0.113.10")}});
  EXPECT_THAT(ids(view), ElementsAre("zone.origin-fails"));
}

TEST(Drift, AddressesNobodyCanReach) {
  const auto view = view_of(
      {record("A", "10.0.0.5", true), record("A", "104.16.0.1", true)},
      {.addresses = {AddressView{.address = *IpAddress::parse("10.0.0.5"), .failure = {}},
                     AddressView{.address = *IpAddress::parse("104.16.0.1"), .failure = {}}},
       .known = {}});
  EXPECT_THAT(ids(view), ElementsAre("dns.points-to-edge", "dns.private-address"));
}

HostView alias(std::string target, std::optional<FailureId> failure) {
  HostView out;
  out.alias =
      AliasView{.target = target, .chain = {target}, .failure = failure, .because = "said so"};
  return out;
}

TEST(Drift, AliasesThatLeadNowhere) {
  const auto records = std::vector{record("CNAME", "gone.github.io")};
  const auto gone = view_of(records, alias("gone.github.io", FailureId::resolve_not_found));
  EXPECT_THAT(ids(gone), ElementsAre("dns.dangling-cname"));
  EXPECT_THAT(find_drift(gone).front().sentence,
              testing::HasSubstr("whoever claims this name at GitHub Pages"));
  EXPECT_THAT(fix_of(gone), ElementsAre("CNAME"));
  EXPECT_THAT(ids(view_of(records, alias("a.example.net", FailureId::resolve_alias_loop))),
              ElementsAre("dns.cname-loop"));
  EXPECT_THAT(ids(view_of(records, alias("a.example.net", FailureId::resolve_timeout))),
              ElementsAre("zone.alias-unresolved"));
  // Resolvers say no more than SERVFAIL of a circle: the records show it.
  const std::vector circle{record("CNAME", "b.example.net"),
                           record("CNAME", kHost, {}, "b.example.net")};
  EXPECT_THAT(ids(view_of(circle, alias("b.example.net", FailureId::resolve_server_failed))),
              ElementsAre("dns.cname-loop"));
  auto mended = alias("gone.github.io", FailureId::resolve_not_found);
  mended.known = {serving("203.0.113.10")};
  EXPECT_THAT(fix_of(view_of(records, mended)), ElementsAre("A", "203.0.113.10"));
}

TEST(Drift, Leaks) {
  auto view = view_of(
      {record("A", "203.0.113.10", true), record("A", "203.0.113.10", false, "direct.example.net"),
       record("A", "203.0.113.10", false, "mail.example.net"),
       record("MX", "mail.example.net", {}, "example.net"),
       record("TXT", "\"v=spf1 ip4:203.0.113.10 -all\"", {}, "example.net"),
       record("A", "203.0.113.77", false, "other.example.net")},
      {.addresses = {serving("203.0.113.10")}, .known = {}});
  std::vector<std::string> names;
  for (const auto& finding : find_drift(view)) {
    EXPECT_EQ(finding.id, "zone.leak");
    names.push_back(finding.name + (finding.fix ? " fix" : ""));
  }
  EXPECT_THAT(names, ElementsAre("direct.example.net fix", "example.net", "mail.example.net"));
}

TEST(Drift, NameServersThatDisagree) {
  auto view =
      view_of({record("A", "203.0.113.10")}, {.addresses = {serving("203.0.113.10")}, .known = {}});
  view.now.servers = {{.name = "ns1",
                       .address = {},
                       .outcome = "answered",
                       .serial = 2,
                       .transfer = "refused",
                       .differs = {}},
                      {.name = "ns2",
                       .address = {},
                       .outcome = "answered",
                       .serial = 1,
                       .transfer = "refused",
                       .differs = {{kHost, "A", {"203.0.113.9"}}}},
                      {.name = "ns3",
                       .address = {},
                       .outcome = "timeout",
                       .serial = {},
                       .transfer = "not-tried",
                       .differs = {}}};
  EXPECT_THAT(ids(view), ElementsAre("dns.nameservers-disagree", "dns.auth-unreachable"));
}

TEST(Drift, TheZoneAsAWhole) {
  auto view = view_of({record("A", "203.0.113.10", {}, kHost, 86'400)},
                      {.addresses = {serving("203.0.113.10")}, .known = {}});
  view.now.provider = ProviderState{.name = "cloudflare",
                                    .api = "",
                                    .zone_id = "",
                                    .status = "pending",
                                    .kind = "full",
                                    .paused = true,
                                    .name_servers = {"a.ns.test"},
                                    .settings = {{"ssl", "flexible"}},
                                    .missing = {}};
  view.dnssec = DnssecView{.has_ds = true, .has_key = false, .bogus = true, .signatures_end = {}};
  view.registry = reach::Registration{.expires = *parse_rfc3339("2026-11-28T00:00:00Z"),
                                      .status = {"client hold"},
                                      .source = "https://rdap.test"};
  EXPECT_THAT(ids(view),
              ElementsAre("dns.dnssec-bogus", "dns.expired-domain", "dns.expired-domain",
                          "zone.not-active", "zone.paused", "zone.ssl-mode", "zone.ttl-long"));
}

TEST(Drift, WhatChangedSinceTheDocumentedState) {
  auto view =
      view_of({record("A", "203.0.113.10")}, {.addresses = {serving("203.0.113.10")}, .known = {}});
  view.now.complete = true;
  view.before = view.now;
  view.before->records = {record("A", "203.0.113.9")};
  EXPECT_THAT(ids(view), ElementsAre("zone.changed"));
  view.before->source = "queries";
  EXPECT_THAT(ids(view), IsEmpty());
}

TEST(Drift, WebHostsOnly) {
  Snapshot snapshot;
  snapshot.records = {record("A", "203.0.113.10"),
                      record("TXT", "x", {}, "txt.example.net"),
                      record("CNAME", "b.test", {}, "_acme.example.net"),
                      record("A", "203.0.113.11", {}, "mail.example.net"),
                      record("MX", "mail.example.net", {}, "example.net"),
                      record("A", "203.0.113.12", {}, "*.example.net")};
  EXPECT_THAT(web_hosts(snapshot), ElementsAre("*.example.net", kHost));
}

}  // namespace
}  // namespace causeway::zone
