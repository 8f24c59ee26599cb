#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/id.hpp"
#include "base/text.hpp"
#include "zone/api.hpp"
#include "zone/change.hpp"
#include "zone/diff.hpp"
#include "zone/export.hpp"
#include "zone/record_form.hpp"
#include "zone/servers.hpp"
#include "zone/store.hpp"

namespace causeway::zone {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "www.example.net 300 A 203.0.113.10 proxied id=7"
Record record(std::string_view line) {
  const auto words = split(line, ' ');
  Record out;
  out.name = words.at(0);
  out.ttl = static_cast<std::uint32_t>(std::stoi(std::string{words.at(1)}));
  out.type = words.at(2);
  out.content = words.at(3);
  for (std::size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "proxied") out.proxied = true;
    if (words[i] == "open") out.proxied = false;
    if (words[i].starts_with("id=")) out.id = words[i].substr(3);
    if (words[i].starts_with("priority="))
      out.priority = std::stoi(std::string{words[i].substr(9)});
  }
  return out;
}

std::vector<Record> records(std::initializer_list<std::string_view> lines) {
  std::vector<Record> out;
  for (const auto line : lines) out.push_back(record(line));
  return out;
}

std::vector<std::string> texts(const std::vector<RecordChange>& changes) {
  std::vector<std::string> out;
  out.reserve(changes.size());
  for (const auto& change : changes) out.push_back(text_of(change));
  return out;
}

TEST(Record, OneFormForEverySource) {
  EXPECT_EQ(canonical_content("AAAA", "2001:DB8:0:0::1"), "2001:db8::1");
  EXPECT_EQ(canonical_content("CNAME", "Shop.Example.NET."), "shop.example.net");
  EXPECT_EQ(canonical_content("TXT", "\"v=spf1 \" \"-all\""), "v=spf1 -all");
  EXPECT_EQ(canonical_content("TXT", "v=spf1 -all"), "v=spf1 -all");
  EXPECT_EQ(canonical_content("TXT", "\"a \\\"b\\\"\""), "a \"b\"");
  EXPECT_EQ(canonical_content("SRV", "7 5060 SIP.example.net."), "7 5060 sip.example.net");
  const auto mx = record_of({.owner = "example.net",
                             .type = codec::DnsType::mx,
                             .ttl = 60,
                             .data = "10 mail.example.net.",
                             .target = "mail.example.net"});
  EXPECT_EQ(mx.priority, 10);
  EXPECT_EQ(mx.content, "mail.example.net");
}

TEST(Record, RefusesWhatCannotBe) {
  EXPECT_THAT(checked_content("A", "2001:db8::1").error().text, HasSubstr("IPv6 address"));
  EXPECT_THAT(record_type("AAAAA").error().text, HasSubstr("did you mean AAAA"));
  EXPECT_EQ(*record_type("txt"), "TXT");
}

TEST(Diff, ByNameTypeContentProxiedTtlPriority) {
  const auto before =
      records({"example.net 300 A 203.0.113.9 proxied id=1",
               "example.net 300 MX mail.example.net priority=10 id=2",
               "gone.example.net 60 TXT bye id=3", "www.example.net 60 A 203.0.113.9 id=4"});
  const auto after =
      records({"example.net 300 A 203.0.113.10 open id=1",
               "example.net 300 MX mail.example.net priority=20 id=2",
               "new.example.net 60 TXT hello id=9", "www.example.net 60 A 203.0.113.9 id=77"});
  EXPECT_THAT(
      texts(diff_records(before, after)),
      ElementsAre(
          "~ example.net A: content 203.0.113.9 -> 203.0.113.10, proxied proxied -> DNS only",
          "~ example.net MX: priority 10 -> 20", "- gone.example.net 60 TXT bye",
          "+ new.example.net 60 TXT hello"));
  EXPECT_THAT(diff_records(before, before), IsEmpty());
}

TEST(Diff, AddressesThatStayAreNotPairedWithOthers) {
  const auto before = records({"a.test 60 A 192.0.2.1", "a.test 60 A 192.0.2.2"});
  const auto after =
      records({"a.test 60 A 192.0.2.2", "a.test 60 A 192.0.2.3", "a.test 60 A 192.0.2.4"});
  EXPECT_THAT(texts(diff_records(before, after)),
              testing::UnorderedElementsAre("~ a.test A: content 192.0.2.1 -> 192.0.2.3",
                                            "+ a.test 60 A 192.0.2.4"));
}

TEST(Snapshot, ComesBackAsItWas) {
  Snapshot snapshot{
      .id = random_id(), .taken = wall_now(), .zone = "example.net", .source = "cloudflare"};
  snapshot.complete = true;
  snapshot.provider = ProviderState{.name = "cloudflare",
                                    .api = "https://api",
                                    .zone_id = "z",
                                    .status = "active",
                                    .kind = "full",
                                    .paused = true,
                                    .name_servers = {"ns1.test"},
                                    .settings = {{"ssl", "strict"}},
                                    .missing = {"ipv6: no"}};
  snapshot.servers.push_back({.name = "ns1.test",
                              .address = *IpAddress::parse("192.0.2.53"),
                              .outcome = "answered",
                              .serial = 7,
                              .transfer = "refused",
                              .differs = {{"www.example.net", "A", {}}}});
  snapshot.records = records({"example.net 1 A 203.0.113.9 proxied id=1"});
  const std::string text = to_json(snapshot);
  const auto back = parse_snapshot(text, "x.json");
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(to_json(*back), text);
  EXPECT_EQ(parse_snapshot("{}", "x.json").error().text,
            "x.json: is not a snapshot of a zone; expected \"schema\": \"causeway.zone/1\"");
  EXPECT_FALSE(parse_snapshot(text.substr(0, text.size() / 2), "x.json"));
}

TEST(Store, KeepsListsAndFinds) {
  const std::string folder = std::filesystem::temp_directory_path() / ("causeway-" + random_id());
  const Store store{folder};
  EXPECT_THAT(store.snapshot("example.net", "latest").error().text,
              HasSubstr("causeway dns snapshot"));
  const WallTime at = *parse_rfc3339("2026-11-25T10:17:22.123Z");
  for (int i = 0; i < 3; ++i) {
    Snapshot snapshot{.id = std::string{"abc", 3} + std::to_string(i),
                      .taken = at + seconds{i},
                      .zone = "example.net",
                      .source = "queries"};
    ASSERT_TRUE(store.save(StoredKind::zone, "example.net", snapshot.taken, snapshot.id,
                           to_json(snapshot)));
  }
  EXPECT_EQ(store.list(StoredKind::zone, "example.net")->size(), 3);
  EXPECT_EQ(store.list(StoredKind::change, "example.net")->size(), 0);
  EXPECT_EQ(store.snapshot("example.net", "latest")->id, "abc2");
  EXPECT_EQ(store.snapshot("example.net", "latest~2")->id, "abc0");
  EXPECT_EQ(store.snapshot("example.net", "abc1")->id, "abc1");
  EXPECT_EQ(store.snapshot("example.net", "2026-11-25T10:17:24")->id, "abc2");
  EXPECT_THAT(store.snapshot("example.net", "abc").error().text, HasSubstr("several"));
  EXPECT_THAT(store.snapshot("example.net", "latest~3").error().text, HasSubstr("there are 3"));
  for (const auto& entry : std::filesystem::directory_iterator{folder + "/example.net"}) {
    EXPECT_TRUE(entry.path().string().ends_with(".zone.json")) << "no draft is left";
  }
  std::filesystem::remove_all(folder);
}

TEST(Export, AMasterFile) {
  Snapshot snapshot{.id = "1", .taken = wall_now(), .zone = "example.net", .source = "cloudflare"};
  snapshot.records = records(
      {"example.net 1 A 203.0.113.9 proxied", "example.net 60 MX mail.example.net priority=10"});
  snapshot.records.push_back(record("example.net 60 TXT x"));
  snapshot.records.back().content = std::string(300, 'a') + "\"";
  const std::string text = to_bind(snapshot);
  EXPECT_THAT(text, HasSubstr("example.net. 300 IN A 203.0.113.9 ; automatic TTL ; proxied\n"));
  EXPECT_THAT(text, HasSubstr("example.net. 60 IN MX 10 mail.example.net.\n"));
  EXPECT_THAT(text, HasSubstr(std::string(255, 'a') + "\" \"" + std::string(45, 'a') + "\\\"\"\n"));
  EXPECT_THAT(to_octodns(snapshot), HasSubstr("'':\n  - type: A\n    ttl: 300\n"));
}

TEST(Export, DnsControl) {
  Snapshot snapshot{.id = "1", .taken = wall_now(), .zone = "example.net", .source = "cloudflare"};
  snapshot.records = records({"example.net 1 A 203.0.113.9 proxied", "example.net 300 NS a.ns.test",
                              "www.example.net 60 MX mail.example.net priority=10",
                              "sub.example.net 300 NS b.ns.test", "x.example.net 60 HTTPS x"});
  snapshot.records.push_back(record("example.net 60 TXT x"));
  snapshot.records.back().content = R"("say ""hi"" \\ there")";
  const std::string text = to_dnscontrol(snapshot);
  EXPECT_THAT(text, HasSubstr("D(\"example.net\", REG_NONE, DnsProvider(DSP_CLOUDFLARE),\n"));
  EXPECT_THAT(text, HasSubstr("  A(\"@\", \"203.0.113.9\", TTL(1), CF_PROXY_ON),\n"));
  EXPECT_THAT(text, HasSubstr("  MX(\"www\", 10, \"mail.example.net.\", TTL(60)),\n"));
  EXPECT_THAT(text, HasSubstr("  NS(\"sub\", \"b.ns.test.\", TTL(300)),\n"));
  EXPECT_THAT(text, Not(HasSubstr("a.ns.test")));
  EXPECT_THAT(text,
              HasSubstr("END);\n// types without a function of their own:\n// x.example.net"));
}

// A provider, or a file that says it is a snapshot, may hold anything.
TEST(Export, NothingOfAStrangerLeavesItsPlace) {
  Snapshot snapshot{.zone = "a.test", .source = "x\n$INCLUDE /etc/passwd"};
  const auto add = [&](const char* name, const char* type, const char* content) {
    snapshot.records.push_back({.name = name,
                                .type = type,
                                .content = content,
                                .ttl = 60,
                                .proxied = {},
                                .priority = {},
                                .id = {},
                                .raw = {}});
  };
  add("www.a.test\n$INCLUDE /etc/passwd", "A", "192.0.2.1");
  add("b.a.test", "CNAME", "x.test\nevil.a.test. 60 IN A 192.0.2.66");
  add("c.a.test", "TXT", "one\x1b[31m\ntwo \"quoted\"");
  add("d.a.test", "CAA", "0 issue \"ca.test; validationmethods=dns-01\"");
  add("e.a.test", "A\nX", "192.0.2.2");
  add("_s._tcp.a.test", "SRV", "1;evil() 2 x.test");
  add("f.a.test", "CAA", "0\nevil issue \"x\"");
  add("g.a.test", "CAA", "0 issue \"never closed");
  const std::string bind = to_bind(snapshot);
  EXPECT_THAT(bind, ::testing::HasSubstr(
                        "d.a.test. 60 IN CAA 0 issue \"ca.test; validationmethods=dns-01\"\n"));
  EXPECT_THAT(
      bind, ::testing::HasSubstr("c.a.test. 60 IN TXT \"one\\027[31m\\010two \\\"quoted\\\"\"\n"));
  EXPECT_THAT(bind, ::testing::HasSubstr("; left out, no record type: e.a.test"));
  for (const auto& text : {bind, to_octodns(snapshot), to_dnscontrol(snapshot)}) {
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\n$INCLUDE"))) << text;
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\nevil"))) << text;
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("SRV("))) << text;
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("\x1b"))) << text;
  }
}

TEST(Form, WhatTheProviderWouldRefuseIsRefusedFirst) {
  struct Row {
    const char* type;
    const char* content;
    std::optional<int> priority;
    const char* written;  // or, after "!", what the refusal says
  };
  for (const Row& row : {
           Row{"MX", "mail.a.test", 10, "mail.a.test"},
           Row{"MX", "10 mail.a.test", {}, "mail.a.test"},
           Row{"MX", "mail.a.test", {}, "!needs a priority: --priority 10"},
           Row{"MX", "192.0.2.1", 10, "!is an address; a record of type MX holds a host name"},
           Row{"SRV", "5 5060 sip.a.test", 10, "5 5060 sip.a.test"},
           Row{"SRV", "10 5 5060 Sip.A.test.", {}, "5 5060 sip.a.test"},
           Row{"SRV", "5060 sip.a.test", 10, "!expected WEIGHT PORT TARGET"},
           Row{"SRV", "5 5060 sip.a.test", {}, "!needs a priority"},
           Row{"SRV", "5 99999 sip.a.test", 10, "!is no port: expected 0 to 65535"},
           Row{"CAA", "0 issue letsencrypt.org", {}, "0 issue \"letsencrypt.org\""},
           Row{"CAA", "0 issue \"a.test; x=y\"", {}, "0 issue \"a.test; x=y\""},
           Row{"CAA", "issue letsencrypt.org", {}, "!is no CAA: expected FLAGS TAG VALUE"},
           Row{"CAA", "999 issue x", {}, "!is no flags: expected 0 to 255"},
           Row{"A", "2001:db8::1", {}, "!an IPv6 address"},
           Row{"A", "10.0.0", {}, "!10.0.0"},
           Row{"A", "192.0.2.1", 5, "!--priority: a record of type A has none"},
           Row{"CNAME", "192.0.2.1", {}, "!is an address"},
           Row{"TXT", "a\nb", {}, "!no control characters"},
           Row{"TLSA", "3 1 1 0AFF", {}, "3 1 1 0aff"},
           Row{"TLSA", "3 1 1 xyz", {}, "!pairs of hexadecimal digits"},
           Row{"HTTPS", "1 . alpn=\"h3,h2\"", {}, "1 . alpn=\"h3,h2\""},
           Row{"SOA", "x", {}, "!the provider itself writes"},
           Row{"LOC", "x", {}, "!are not written by 'dns set'"},
       }) {
    const auto got = written_content(row.type, row.content, row.priority);
    if (row.written[0] == '!') {
      ASSERT_FALSE(got) << row.type << " " << row.content;
      EXPECT_THAT(got.error().text, ::testing::HasSubstr(row.written + 1));
    } else {
      ASSERT_TRUE(got) << row.type << " " << row.content << ": " << got.error().text;
      EXPECT_EQ(got->content, row.written);
    }
  }
  EXPECT_FALSE(check_name("SRV", "www.a.test"));
  EXPECT_TRUE(check_name("SRV", "_sip._tcp.a.test"));
  Record srv;
  srv.type = "SRV";
  srv.content = "5 5060 sip.a.test";
  srv.priority = 10;
  EXPECT_EQ(structured_data(srv),
            R"({"priority":10,"weight":5,"port":5060,"target":"sip.a.test"})");
}

TEST(Api, NeverRepeatsTheToken) {
  const std::string token = "abcDEF-0123456789_token";
  for (
      const std::string& body :
      {R"({"success":false,"errors":[{"code":1,"message":"bad token )" + token + R"("}]})",
       R"({"success":false,"errors":[{"code":1,"message":"x","error_chain":[{"code":2,"message":")" +
           std::string(490, 'x') + token + R"("}]}]})",
       "<html>Bearer " + token, std::string(90, 'y') + token}) {
    const auto answer = read_answer(400, body, token);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().text, ::testing::Not(::testing::HasSubstr(token.substr(0, 6))));
  }
}

TEST(Api, TellsTheWholeChain) {
  const auto failed =
      read_answer(400, R"({"success":false,"errors":[{"code":1004,"message":"DNS Validation Error",
      "error_chain":[{"code":9005,"message":"Content for A record must be a valid IPv4 address."}]}],"result":null})");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, 1004);
  EXPECT_THAT(failed.error().text,
              HasSubstr("1004 DNS Validation Error: 9005 Content for A record must be a valid"));
  EXPECT_THAT(read_answer(502, "<html>").error().text,
              HasSubstr("HTTP 502 without the provider's JSON"));
  EXPECT_THAT(
      read_answer(
          200,
          R"({"success":true,"result":[],"result_info":{"page":2,"total_pages":3,"total_count":9}})")
          ->page->total_pages,
      3);
  for (const auto* body :
       {"[]", R"({"success":[]})", R"({"success":"true"})", R"({"success":null,"errors":{}})"}) {
    EXPECT_FALSE(read_answer(200, body)) << body;
  }
  EXPECT_FALSE(read_answer(200, R"({"success":true,"errors":7})")->page);
}

TEST(Api, WaitsAsTold) {
  const WallTime now = *parse_rfc3339("2026-11-25T10:00:00Z");
  EXPECT_EQ(read_retry_after("7", now), seconds{7});
  EXPECT_EQ(read_retry_after("Wed, 25 Nov 2026 10:00:09 GMT", now), seconds{9});
  EXPECT_EQ(read_retry_after("soon", now), std::nullopt);
  const auto wait = [](RetryQuestion question) { return wait_before_retry(question); };
  EXPECT_EQ(wait({.status = 429, .repeatable = false, .retry_after = seconds{30}}), seconds{30});
  EXPECT_EQ(wait({.status = 429, .retry_after = seconds{600}}), std::nullopt);
  EXPECT_EQ(wait({.status = 503, .tries = 2, .retry_after = {}}), seconds{2});
  EXPECT_EQ(wait({.status = 503, .repeatable = false, .retry_after = {}}), std::nullopt);
  EXPECT_EQ(wait({.status = 400, .retry_after = {}}), std::nullopt);
  EXPECT_EQ(wait({.status = 0, .tries = 4, .retry_after = {}}), std::nullopt);
}

Wish wish(std::string name, std::string type, std::vector<std::string> contents) {
  return {.name = std::move(name),
          .type = std::move(type),
          .contents = std::move(contents),
          .ttl = {},
          .proxied = {},
          .priority = {}};
}

TEST(Change, TheLeastThatIsNeeded) {
  const auto there =
      records({"www.a.test 60 A 192.0.2.1 open id=1", "www.a.test 60 A 192.0.2.2 open id=2"});
  auto edits = plan_wish(there, wish("www.a.test", "A", {"192.0.2.2", "192.0.2.3"}));
  ASSERT_EQ(edits->size(), 1);
  EXPECT_EQ(edits->front().before->id, "1");
  EXPECT_EQ(edits->front().after->content, "192.0.2.3");
  EXPECT_EQ(edits->front().after->ttl, 60);
  EXPECT_THAT(*plan_wish(there, wish("www.a.test", "A", {"192.0.2.1", "192.0.2.2"})), IsEmpty());
  edits = plan_wish(there, wish("www.a.test", "A", {}));
  EXPECT_EQ(edits->size(), 2);
  EXPECT_EQ(calls_for("z", *edits).front().path, "/zones/z/dns_records/batch");
  // A new record beside proxied ones is proxied too.
  const auto proxied = records({"www.a.test 1 A 192.0.2.1 proxied id=1"});
  EXPECT_EQ(plan_wish(proxied, wish("www.a.test", "AAAA", {"2001:db8::1"}))->front().after->proxied,
            true);
}

TEST(Change, AnAliasStandsAlone) {
  const auto there = records({"www.a.test 60 A 192.0.2.1 id=1", "www.a.test 60 TXT x id=2"});
  Wish alias = wish("www.a.test", "CNAME", {"b.test"});
  EXPECT_THAT(plan_wish(there, alias).error().text, HasSubstr("--replace"));
  alias.replace = true;
  EXPECT_EQ(plan_wish(there, alias)->size(), 3);
}

// The provider made the record and its answer was lost: no id is known.
TEST(Change, UndoFindsARecordWhoseIdNeverCame) {
  Record made = record("new.a.test 60 A 192.0.2.1 open id=7");
  Record wanted = made;
  wanted.id.clear();
  const Change change{.id = "c",
                      .at = wall_now(),
                      .zone = "a.test",
                      .zone_id = "z",
                      .api = "",
                      .kind = "set",
                      .state = "unknown",
                      .edits = {{std::nullopt, wanted}},
                      .zone_paused_before = {},
                      .until = {}};
  const auto undo = plan_undo(change, {made}, false);
  ASSERT_TRUE(undo) << undo.error().text;
  ASSERT_EQ(undo->size(), 1);
  EXPECT_EQ(undo->front().before->id, "7");
  EXPECT_FALSE(undo->front().after);
  EXPECT_THAT(not_restored(change, {made}), testing::SizeIs(1));
  EXPECT_THAT(not_restored(change, {}), IsEmpty());
}

TEST(Change, UndoLeadsBackAndNoticesOthers) {
  Record before = record("www.a.test 60 A 192.0.2.1 open id=1");
  before.raw =
      R"({"id":"1","type":"A","name":"www.a.test","content":"192.0.2.1","ttl":60,"proxied":false,"comment":"c","tags":["t"]})";
  auto edits = *plan_wish({before}, wish("www.a.test", "A", {"192.0.2.9"}));
  EXPECT_THAT(edits.front().after->raw, HasSubstr("\"comment\":\"c\""));
  Change change{.id = "c",
                .at = wall_now(),
                .zone = "a.test",
                .zone_id = "z",
                .api = "",
                .kind = "set",
                .state = "done",
                .edits = edits,
                .zone_paused_before = {},
                .until = {}};
  const auto back = parse_change(to_json(change), "c.json");
  ASSERT_TRUE(back) << back.error().text;
  const std::vector<Record> now{*back->edits.front().after};
  const auto undo = plan_undo(*back, now, false);
  ASSERT_TRUE(undo) << undo.error().text;
  ASSERT_EQ(undo->size(), 1);
  EXPECT_EQ(writable_json(*undo->front().after), writable_json(before));
  EXPECT_THAT(not_restored(*back, now), testing::SizeIs(1));
  EXPECT_THAT(not_restored(*back, {before}), IsEmpty());
  auto other = now;
  other.front().raw =
      R"({"id":"1","type":"A","name":"www.a.test","content":"192.0.2.77","ttl":60})";
  EXPECT_FALSE(plan_undo(*back, other, false));
  EXPECT_TRUE(plan_undo(*back, other, true));
  // Undone twice: nothing to do.
  EXPECT_THAT(*plan_undo(*back, {before}, false), IsEmpty());
}

ServerAnswers server(std::string name, std::initializer_list<std::string_view> lines,
                     bool whole = false) {
  ServerAnswers out;
  out.state = {.name = std::move(name),
               .address = {},
               .outcome = "answered",
               .serial = {},
               .transfer = whole ? "done" : "refused",
               .differs = {}};
  out.records = records(lines);
  out.asked = {{"a.test", "A"}, {"a.test", "MX"}};
  return out;
}

TEST(Servers, MostAgreeAndTheOthersAreNamed) {
  const auto served =
      agree({server("ns1", {"a.test 60 A 192.0.2.1"}), server("ns2", {"a.test 60 A 192.0.2.1"}),
             server("ns3", {"a.test 60 A 192.0.2.9"})});
  EXPECT_THAT(served.servers[0].differs, IsEmpty());
  ASSERT_EQ(served.servers[2].differs.size(), 1);
  EXPECT_THAT(served.servers[2].differs.front().contents, ElementsAre("192.0.2.9"));
  ASSERT_EQ(served.records.size(), 1);
  EXPECT_EQ(served.records.front().content, "192.0.2.1");
}

TEST(Servers, WhatASilentServerDoesNotSayIsNoDifference) {
  ServerAnswers silent;
  silent.state = {.name = "ns2",
                  .address = {},
                  .outcome = "timeout",
                  .serial = {},
                  .transfer = "not-tried",
                  .differs = {}};
  const auto served = agree({server("ns1", {"a.test 60 A 192.0.2.1"}), silent});
  EXPECT_THAT(served.servers[1].differs, IsEmpty());
}

TEST(Servers, ComparedWithTheProvider) {
  auto served =
      agree({server("ns1", {"a.test 60 A 192.0.2.1"}), server("ns2", {"a.test 60 A 192.0.2.2"})});
  auto servers = served.servers;
  compare_with_provider(servers, served.records, records({"a.test 60 A 192.0.2.2"}), "a.test");
  const auto differing =
      std::ranges::count_if(servers, [](const auto& each) { return !each.differs.empty(); });
  EXPECT_EQ(differing, 1);
  servers = served.servers;
  for (auto& each : servers) each.differs.clear();
  compare_with_provider(servers, served.records, records({"a.test 1 A 192.0.2.7 proxied"}),
                        "a.test");
  EXPECT_THAT(servers.front().differs, IsEmpty()) << "the edge's own addresses stand there";
}

}  // namespace
}  // namespace causeway::zone
