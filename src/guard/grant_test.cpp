#include "guard/grant.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "guard/store.hpp"

namespace causeway::guard {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Journal sample() {
  Journal out;
  out.phase = Journal::Phase::trying;
  out.until = 1'800'000'000;
  out.wanted.edge = "cloudflare";
  out.wanted.ranges = {Prefix::parse("131.0.72.0/22").value(),
                       Prefix::parse("2606:4700::/32").value()};
  out.wanted.ports = {80, 443};
  out.wanted.addresses = {IpAddress::parse("198.51.100.10").value()};
  out.wanted.places = {{"nft", "inet", "filter", "input", "input"}};
  out.wanted.ufw = true;
  out.wanted.zones = {"public"};
  out.wanted.zone_files = {"public"};
  out.wanted.jails = {"nginx"};
  out.wanted.lifted = {{"nginx", "131.0.72.9"}};
  out.wanted.csf = true;
  out.wanted.crowdsec = true;
  out.wanted.decisions = {{"7", "Ip", "131.0.72.9", "ban", "crowdsecurity/http-probing", "3h"}};
  out.wanted.web = {{"nginx", "/etc/nginx/nginx.conf"}};
  out.wanted.real_ip = true;
  out.wanted.files = {"/etc/nginx/nginx.conf"};
  out.wanted.only = true;
  out.wanted.also = {Prefix::parse("192.0.2.0/24").value()};
  return out;
}

struct Folder {
  std::string path = fs::temp_directory_path() / ("causeway-guard-" + std::to_string(::getpid()));
  ~Folder() { fs::remove_all(path); }
};

TEST(Journal, IsReadBackAsWritten) {
  EXPECT_EQ(parse_journal(to_json(sample())).value(), sample());
  EXPECT_EQ(parse_journal(to_json({})).value(), Journal{});
}

TEST(Journal, OneOfAnOlderVersionIsRead) {
  const auto text = R"({"schema":"causeway.guard/1","phase":"settled","until":0,
    "kept":{"edge":"cloudflare","ports":[80],"ufw":true,"zones":[],"jails":[],"ranges":[],
      "places":[],"lifted":[]},
    "wanted":{"edge":"","ports":[],"ufw":false,"zones":[],"jails":[],"ranges":[],"places":[],
      "lifted":[]}})";
  const auto journal = parse_journal(text);
  ASSERT_TRUE(journal) << journal.error().text;
  EXPECT_TRUE(journal->kept.ufw);
  EXPECT_FALSE(journal->kept.only);
}

TEST(Journal, DamageIsAnErrorNotAnEmptyJournal) {
  const auto text = to_json(sample());
  for (const auto& bad : {std::string{}, std::string{"{}"}, text.substr(0, text.size() / 2),
                          std::string{R"({"schema":"causeway.guard/9"})"}}) {
    EXPECT_FALSE(parse_journal(bad)) << bad;
  }
}

TEST(Store, KeepsTheJournalAndOneCommandAtATime) {
  const Folder folder;
  Store store{folder.path};
  ASSERT_TRUE(store.lock(Duration::zero()));
  EXPECT_EQ(store.load().value(), Journal{});
  ASSERT_TRUE(store.save(sample()));
  EXPECT_EQ(store.load().value(), sample());
  Store other{folder.path};
  EXPECT_THAT(other.lock(Duration::zero()).error().text, HasSubstr("another guard command"));
  store.unlock();
  EXPECT_TRUE(other.lock(Duration::zero()));
}

TEST(Store, AHalfWrittenJournalBesideIsNotRead) {
  const Folder folder;
  Store store{folder.path};
  ASSERT_TRUE(store.lock(Duration::zero()));
  ASSERT_TRUE(store.save(sample()));
  std::ofstream{folder.path + "/journal.json.new"} << "{\"schema\": \"cause";
  EXPECT_EQ(store.load().value(), sample());
  std::ofstream{folder.path + "/journal.json"} << "{";
  EXPECT_THAT(store.load().error().text, HasSubstr("is damaged"));
}

}  // namespace
}  // namespace causeway::guard
