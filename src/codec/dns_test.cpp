#include "codec/dns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "codec/dns_writer.hpp"

namespace causeway::codec {
namespace {

using std::string_literals::operator""s;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Section = DnsWriter::Section;

Parsed<DnsMessage> parse(std::string_view bytes) {
  return parse_dns(std::as_bytes(std::span{bytes}));
}

DnsMessage query_for(const std::string& name, DnsType type = DnsType::a) {
  const auto bytes = write_dns_query({.id = 0x1234, .question = {name, type}});
  return parse(bytes.value()).value();
}

// Header, then the question www.example.net A at offset 12, then `rest` with `answers` announced.
std::string answer_with(int answers, const std::string& rest) {
  DnsWriter writer{query_for("www.example.net")};
  std::string bytes = writer.bytes();
  bytes[7] = static_cast<char>(answers);
  return bytes + rest;
}

constexpr std::string_view kFixed{"\x00\x01\x00\x01\x00\x00\x00\x3c", 8};  // A IN 60

std::string a_record(const std::string& owner) {
  return owner + std::string{kFixed} + "\x00\x04\xcb\x00\x71\x0a"s;
}

TEST(DnsName, TakesWhatPeopleWriteAndRefusesTheRest) {
  EXPECT_EQ(dns_name("WWW.Example.NET.").value(), "www.example.net");
  EXPECT_EQ(dns_name(".").value(), ".");
  EXPECT_EQ(dns_name("a\\.b.net").value(), "a\\.b.net");
  EXPECT_EQ(dns_name("\\065.net").value(), "a.net");
  EXPECT_EQ(dns_name("_dns.xn--mnchen-3ya.de").value(), "_dns.xn--mnchen-3ya.de");
  EXPECT_THAT(dns_name("münchen.de").error().text, HasSubstr("xn--"));
  EXPECT_FALSE(dns_name("a..b"));
  EXPECT_FALSE(dns_name(".a"));
  EXPECT_FALSE(dns_name("a b"));
  EXPECT_FALSE(dns_name("a\\"));
  EXPECT_FALSE(dns_name("a\\25"));
  EXPECT_FALSE(dns_name("a\\256"));
  EXPECT_FALSE(dns_name(std::string(64, 'a') + ".net"));
  EXPECT_TRUE(dns_name(std::string(63, 'a') + ".net"));
  std::string longest;
  for (int i = 0; i < 126; ++i) longest += "a.";
  EXPECT_TRUE(dns_name(longest + "a"));
  EXPECT_FALSE(dns_name(longest + "aa"));
  EXPECT_FALSE(dns_name(std::string(100'000, 'a')));
}

TEST(DnsName, KnowsItsParentsAndZone) {
  EXPECT_EQ(dns_parent("www.example.net"), "example.net");
  EXPECT_EQ(dns_parent("a\\.b.net"), "net");
  EXPECT_EQ(dns_parent("net"), ".");
  EXPECT_EQ(dns_parent("."), ".");
  EXPECT_THAT(dns_labels("a\\.b.net"), ElementsAre("a\\.b", "net"));
  EXPECT_TRUE(dns_labels(".").empty());
  EXPECT_TRUE(dns_within("www.example.net", "example.net"));
  EXPECT_TRUE(dns_within("example.net", "."));
  EXPECT_FALSE(dns_within("www.badexample.net", "example.net"));
  EXPECT_FALSE(dns_within("www\\.example.net", "example.net"));
}

TEST(DnsQuery, IsWrittenAndReadBack) {
  const auto bytes = write_dns_query({.id = 0xabcd,
                                      .question = {"example.net", DnsType::https},
                                      .recursion = true,
                                      .checking_disabled = true,
                                      .dnssec = true});
  const auto message = parse(bytes.value()).value();
  EXPECT_EQ(message.id, 0xabcd);
  EXPECT_FALSE(message.response);
  EXPECT_TRUE(message.recursion_desired);
  EXPECT_TRUE(message.checking_disabled);
  EXPECT_TRUE(message.authentic);
  EXPECT_TRUE(message.edns);
  EXPECT_EQ(message.question, (DnsQuestion{"example.net", DnsType::https}));
  // Payload 1232 and DO in the OPT record.
  EXPECT_EQ(bytes->substr(bytes->size() - 11), "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"s);
  const auto plain =
      write_dns_query({.question = {".", DnsType::ns}, .recursion = false, .edns = false});
  EXPECT_EQ(plain->size(), 12U + 5U);
  EXPECT_FALSE(write_dns_query({.question = {"a..b"}}));
}

TEST(DnsParse, ReadsEveryTypeWeUse) {
  DnsWriter writer{query_for("www.example.net")};
  writer.authoritative()
      .alias("www.example.net", "Web.Example.net", 60)
      .address("web.example.net", "203.0.113.10", 30)
      .address("web.example.net", "2001:db8::10")
      .into(Section::authority)
      .server("example.net", "ns1.example.net")
      .soa("example.net", 2026112201)
      .record("example.net", DnsType::ds, "\x12\x34\x0d\x02\xab\xcd"s)
      .record("example.net", DnsType::txt, "\x03one\x04t\x1bwo"s)
      .record("example.net", DnsType::mx, "\x00\x0a\x04mail\x00"s)
      .record("example.net", static_cast<DnsType>(99), "\x01\x02"s)
      .into(Section::additional)
      .extended_error(6, "no signatures\0"s);
  const auto message = parse(writer.bytes()).value();
  EXPECT_TRUE(message.authoritative);
  ASSERT_EQ(message.answers.size(), 3U);
  EXPECT_EQ(presentation(message.answers[0]), "www.example.net. 60 IN CNAME web.example.net.");
  EXPECT_EQ(message.answers[1].address->text(), "203.0.113.10");
  EXPECT_EQ(message.answers[2].address->text(), "2001:db8::10");
  ASSERT_EQ(message.authorities.size(), 6U);
  EXPECT_EQ(message.authorities[1].serial, 2026112201U);
  EXPECT_EQ(message.authorities[1].data,
            "ns.example.net. hostmaster.example.net. 2026112201 3600 600 86400 300");
  EXPECT_EQ(message.authorities[2].data, "4660 13 2 abcd");
  EXPECT_EQ(message.authorities[3].data, "\"one\" \"t\\x1bwo\"");
  EXPECT_EQ(message.authorities[4].data, "10 mail.");
  EXPECT_EQ(presentation(message.authorities[5]), "example.net. 300 IN TYPE99 \\# 2 0102");
  ASSERT_EQ(message.errors.size(), 1U);
  EXPECT_EQ(message.errors[0].code, 6);
  EXPECT_EQ(message.errors[0].text, "no signatures");
  EXPECT_EQ(extended_error_name(6), "DNSSEC Bogus");
  EXPECT_EQ(serial(message), 2026112201U);
}

TEST(DnsParse, ReadsServiceRecords) {
  const auto read = [](const std::string& data) {
    DnsWriter writer{query_for("example.net", DnsType::https)};
    return parse(writer.record("example.net", DnsType::https, data).bytes());
  };
  const auto good = read(
      "\x00\x01\x00"                         // 1 .
      "\x00\x01\x00\x06\x02h2\x02h3"         // alpn
      "\x00\x03\x00\x02\x20\xfb"             // port 8443
      "\x00\x04\x00\x04\xcb\x00\x71\x0a"s);  // ipv4hint
  EXPECT_EQ(good.value().answers[0].data, "1 . alpn=h2,h3 port=8443 ipv4hint=203.0.113.10");
  EXPECT_EQ(read("\x00\x00\x03pop\x00"s).value().answers[0].data, "0 pop.");
  EXPECT_FALSE(read("\x00\x01\x00\x00\x04\x00\x03\xcb\x00\x71"s)) << "hint of three bytes";
  EXPECT_FALSE(read("\x00\x01\x00\x00\x03\x00\x02\x01\xbb\x00\x01\x00\x03\x02h2"s)) << "order";
  EXPECT_FALSE(read("\x00\x01\x00\x00\x03\x00\x09\x01\xbb"s)) << "longer than the record";
  EXPECT_FALSE(read("\x00\x01\xc0\x0c"s)) << "compressed target";
  EXPECT_FALSE(read("\x00\x01\x00\x00\x03\x00\x03\x01\xbb\x00"s)) << "port of three bytes";
}

TEST(DnsParse, FollowsPointersBackwards) {
  const auto message = parse(answer_with(1, a_record("\xc0\x0c"s)));
  ASSERT_TRUE(message) << message.error().text;
  EXPECT_EQ(message->answers[0].owner, "www.example.net");
  const auto partial = parse(answer_with(1, a_record("\x03web\xc0\x10"s)));
  EXPECT_EQ(partial.value().answers[0].owner, "web.example.net");
}

TEST(DnsParse, RefusesHostileNames) {
  const auto why = [](const std::string& owner) {
    const auto message = parse(answer_with(1, a_record(owner)));
    return message ? std::string{"accepted"} : message.error().text;
  };
  // The answer's owner starts at offset 33.
  EXPECT_THAT(why("\xc0\x21"s), HasSubstr("backwards")) << "points at itself";
  EXPECT_THAT(why("\xc0\x30"s), HasSubstr("backwards")) << "points forwards";
  EXPECT_THAT(why("\x01"
                  "a\xc0\x21"s),
              HasSubstr("backwards"))
      << "points at its own start";
  EXPECT_THAT(why("\xc0\x04"s), HasSubstr("backwards")) << "points into the header";
  EXPECT_THAT(why("\xc3\xff"s), HasSubstr("backwards")) << "points beyond the message";
  EXPECT_THAT(why("\x41"
                  "a"s),
              HasSubstr("unknown form"));
  std::string huge;
  for (int i = 0; i < 128; ++i)
    huge +=
        "\x01"
        "a";
  EXPECT_THAT(why(huge + '\0'), HasSubstr("255"));
  EXPECT_THAT(parse(answer_with(1,
                                "\x3f"
                                "abc"))
                  .error()
                  .text,
              HasSubstr("ends before"));
  EXPECT_THAT(parse(answer_with(1, "\xc0")).error().text, HasSubstr("ends before"));
}

TEST(DnsParse, LimitsChainsOfPointers) {
  // Every record's data holds a name that points at the name before it.
  DnsWriter writer{query_for("www.example.net")};
  std::size_t last = 12;
  const auto pointer = [&] {
    return "\x01"
           "a"s +
           static_cast<char>(0xc0 | (last >> 8)) + static_cast<char>(last & 0xff);
  };
  const int links = limits::kDnsPointerJumps + 2;
  for (int i = 0; i < links; ++i) {
    const std::string data = pointer();
    last = writer.bytes().size() + 11;  // root owner, type, class, TTL, length
    writer.record(".", DnsType::ns, data);
  }
  EXPECT_THAT(parse(writer.bytes()).error().text, HasSubstr("too many pointers"));
}

TEST(DnsParse, RefusesLengthsThatLie) {
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("\x12\x34\x81\x80\x00\x01"s));
  EXPECT_FALSE(parse(answer_with(2, a_record("\xc0\x0c"s)))) << "one record announced too many";
  EXPECT_FALSE(parse(answer_with(1, "\xc0\x0c"s + std::string{kFixed} + "\x00\x04\xcb\x00"s)));
  EXPECT_FALSE(parse(answer_with(1, "\xc0\x0c"s + std::string{kFixed} + "\x00\x03\xcb\x00\x71"s)))
      << "address of three bytes";
  EXPECT_FALSE(
      parse(answer_with(1, "\xc0\x0c"s + std::string{kFixed} + "\x00\x05\xcb\x00\x71\x0a\x0b"s)))
      << "address of five bytes";
  EXPECT_FALSE(parse(std::string(70'000, '\0')));
  std::string two_questions = answer_with(0, "");
  two_questions[5] = 2;
  EXPECT_FALSE(parse(two_questions));
  std::string chaos = answer_with(0, "");
  chaos[32] = 3;
  EXPECT_FALSE(parse(chaos)) << "class CH";
  DnsWriter two_opts{query_for("www.example.net")};
  two_opts.extended_error(1, "").extended_error(2, "");
  EXPECT_FALSE(parse(two_opts.bytes()));
}

TEST(DnsParse, AllowsWhatRealServersDo) {
  std::string cut = answer_with(2, a_record("\xc0\x0c"s) + "\xc0\x0c\x00\x01"s);
  EXPECT_FALSE(parse(cut));
  cut[2] = static_cast<char>(cut[2] | 0x02);  // TC: the rest was cut off
  EXPECT_EQ(parse(cut).value().answers.size(), 1U);
  EXPECT_TRUE(parse(answer_with(1, a_record("\xc0\x0c"s)) + "trailing bytes"));
  // REFUSED with nothing but a header.
  EXPECT_EQ(parse("\x12\x34\x81\x85\x00\x00\x00\x00\x00\x00\x00\x00"s).value().rcode,
            rcode::kRefused);
}

TEST(DnsParse, KeepsNoMoreRecordsThanItsLimit) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += a_record("\xc0\x0c"s);
  std::string bytes = answer_with(0, many);
  bytes[6] = 0x03;
  bytes[7] = static_cast<char>(0xe8);
  const auto message = parse(bytes).value();
  EXPECT_EQ(message.answers.size(), static_cast<std::size_t>(limits::kDnsRecordsKept));
  EXPECT_EQ(message.records_left_out, 1000 - limits::kDnsRecordsKept);
}

TEST(DnsParse, CombinesTheExtendedRcode) {
  const auto bytes = answer_with(0, "\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00"s);
  std::string counted = bytes;
  counted[11] = 1;
  const auto message = parse(counted).value();
  EXPECT_EQ(message.rcode, rcode::kBadVers);
  EXPECT_EQ(rcode_name(message.rcode), "other");
  EXPECT_EQ(rcode_name(5), "REFUSED");
}

TEST(DnsAliases, AreFollowedInAnyOrder) {
  DnsWriter writer{query_for("www.example.net")};
  writer.address("c.example.org", "203.0.113.10", 20)
      .alias("b.example.org", "c.example.org", 10)
      .address("other.example.org", "203.0.113.99")
      .alias("www.example.net", "b.example.org", 300);
  const auto aliases =
      follow_aliases(parse(writer.bytes()).value(), {"www.example.net", DnsType::a});
  EXPECT_THAT(aliases.names, ElementsAre("www.example.net", "b.example.org", "c.example.org"));
  ASSERT_EQ(aliases.addresses.size(), 1U);
  EXPECT_EQ(aliases.addresses[0].text(), "203.0.113.10");
  EXPECT_EQ(aliases.ttl, 10U);
  EXPECT_TRUE(aliases.holds_type);
  EXPECT_FALSE(aliases.loop);
}

TEST(DnsAliases, NoticeLoopsAndEndlessChains) {
  DnsWriter loop{query_for("www.example.net")};
  loop.alias("www.example.net", "b.example.net").alias("b.example.net", "www.example.net");
  const auto looped = follow_aliases(parse(loop.bytes()).value(), {"www.example.net", DnsType::a});
  EXPECT_TRUE(looped.loop);
  EXPECT_THAT(looped.names, ElementsAre("www.example.net", "b.example.net", "www.example.net"));

  DnsWriter chain{query_for("n0.net")};
  for (int i = 0; i < 40; ++i) {
    chain.alias("n" + std::to_string(i) + ".net", "n" + std::to_string(i + 1) + ".net");
  }
  const auto endless = follow_aliases(parse(chain.bytes()).value(), {"n0.net", DnsType::a});
  EXPECT_TRUE(endless.too_long);
  EXPECT_LE(endless.names.size(), static_cast<std::size_t>(limits::kDnsAliasDepth) + 1);
}

TEST(DnsReferral, IsToldFromNoData) {
  DnsWriter delegates{query_for("www.example.net")};
  delegates.into(Section::authority)
      .server("example.net", "ns1.example.net")
      .server("example.net", "ns2.example.org")
      .into(Section::additional)
      .address("ns1.example.net", "198.51.100.130")
      .address("stranger.example.net", "198.51.100.131");
  const DnsQuestion question{"www.example.net", DnsType::a};
  const auto found = referral(parse(delegates.bytes()).value(), question);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->zone, "example.net");
  EXPECT_THAT(found->servers, ElementsAre("ns1.example.net", "ns2.example.org"));
  EXPECT_EQ(found->glue.size(), 1U);

  DnsWriter no_data{query_for("www.example.net")};
  no_data.into(Section::authority).soa("example.net", 1);
  EXPECT_FALSE(referral(parse(no_data.bytes()).value(), question));
  DnsWriter elsewhere{query_for("www.example.net")};
  elsewhere.into(Section::authority).server("example.org", "ns.example.org");
  EXPECT_FALSE(referral(parse(elsewhere.bytes()).value(), question));
}

}  // namespace
}  // namespace causeway::codec
