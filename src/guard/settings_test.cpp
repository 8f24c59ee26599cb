#include "guard/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "guard/csf_files.hpp"
#include "guard/programs.hpp"
#include "guard/replace_file.hpp"
#include "inspect/read_text.hpp"

namespace causeway::guard {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<Prefix> kRanges{Prefix::parse("131.0.72.0/22").value(),
                                  Prefix::parse("2606:4700::/32").value()};

Settings csf_host() {
  Settings out;
  out.csf = true;
  out.texts = {{std::string{kCsfAllow}, "192.0.2.1 # office"},
               {std::string{kCsfIgnore}, "127.0.0.1\n"},
               {std::string{kCsfDeny},
                "131.0.72.9 # lfd: (mod_security) x\n131.0.0.0/16\ntcp|in|d=22|s=131.0.72.9\n"}};
  return out;
}

Plan plan_for(const Settings& settings) {
  Plan plan;
  plan.grant.edge = "cloudflare";
  plan.grant.ranges = kRanges;
  plan.grant.ports = {80, 443};
  EXPECT_TRUE(plan_settings(settings, {"cloudflare", kRanges, false}, plan));
  return plan;
}

TEST(Settings, LayersSayWhatTheyStop) {
  auto now = csf_host();
  now.decisions = R"([{"source":{"scope":"Ip","value":"131.0.72.4"},"decisions":[{"id":7,)"
                  R"("scope":"Ip","value":"131.0.72.4","type":"ban","scenario":"http-probing",)"
                  R"("duration":"3h"}]}])";
  const auto layers = settings_layers(now, {"cloudflare", kRanges, false}).value();
  ASSERT_THAT(layers, SizeIs(2));
  EXPECT_EQ(layers[0].name, "CSF");
  EXPECT_THAT(layers[0].stops, ElementsAre("1 entries of csf.deny"));
  EXPECT_EQ(layers[1].name, "CrowdSec");
  EXPECT_THAT(layers[1].stops, ElementsAre("131.0.72.4: ban (http-probing)"));
  now.texts[std::string{kCsfDeny}] = "192.0.2.77\n";
  now.decisions = "null";
  for (const auto& layer : settings_layers(now, {"cloudflare", kRanges, false}).value()) {
    EXPECT_THAT(layer.stops, IsEmpty()) << layer.name;
  }
}

// What is on disk once the files are written.
Settings after(Settings settings, const Texts& wanted) {
  for (const auto& [path, text] : wanted) settings.texts[path] = text;
  return settings;
}

TEST(Settings, CsfListsAreChangedAndComeBack) {
  const auto before = csf_host();
  const auto plan = plan_for(before);
  EXPECT_TRUE(plan.grant.csf);
  EXPECT_THAT(plan.grant.files, SizeIs(3));
  const auto wanted = wanted_files(plan.grant, before).value();
  EXPECT_EQ(wanted.at(std::string{kCsfAllow}),
            "# causeway guard: begin\ntcp|in|d=80,443|s=131.0.72.0/22 # causeway guard\n"
            "tcp|in|d=80,443|s=2606:4700::/32 # causeway guard\n# causeway guard: end\n"
            "192.0.2.1 # office");
  EXPECT_THAT(wanted.at(std::string{kCsfIgnore}), HasSubstr("131.0.72.0/22 # causeway guard\n"));
  EXPECT_EQ(wanted.at(std::string{kCsfDeny}),
            "# causeway guard: begin\n#-131.0.72.9 # lfd: (mod_security) x\n# causeway guard: end\n"
            "131.0.0.0/16\ntcp|in|d=22|s=131.0.72.9\n");
  const auto all = csf_actions({}, plan.grant, before, wanted);
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(shown(all.back()), "csf -ra\n");

  const auto now = after(before, wanted);
  EXPECT_THAT(wanted_files(plan.grant, now).value(), IsEmpty()) << "twice is once";
  EXPECT_THAT(plan_for(now).grant, plan.grant);
  const auto back = wanted_files({}, now).value();
  EXPECT_EQ(after(now, back).texts, before.texts);
}

TEST(Settings, AnUnfinishedBlockIsSaid) {
  auto settings = csf_host();
  settings.texts[std::string{kCsfAllow}] = "# causeway guard: begin\nx\n";
  const auto wanted = wanted_files({}, settings);
  ASSERT_FALSE(wanted);
  EXPECT_THAT(wanted.error().text, HasSubstr("/etc/csf/csf.allow: line 1"));
}

TEST(Settings, AWebServerIsCheckedBeforeItReads) {
  Settings settings;
  settings.texts = {{"/n/nginx.conf", "http { include sites/*; }"},
                    {"/n/sites/a", "server {\n  deny 131.0.72.0/22;\n}\n"}};
  settings.servers = {{.name = "nginx",
                       .main = "/n/nginx.conf",
                       .program = "/usr/sbin/nginx",
                       .includes = {{"sites/*", {"/n/sites/a"}}}}};
  const auto plan = plan_for(settings);
  EXPECT_THAT(plan.grant.files, ElementsAre("/n/sites/a"));
  const auto wanted = wanted_files(plan.grant, settings).value();
  const auto first = checks(plan.grant, settings, wanted);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(shown(first.front()), "/usr/sbin/nginx -c /n/nginx.conf -t\n");
  EXPECT_THAT(checks({}, settings, wanted), IsEmpty()) << "the way back asks nobody first";
  std::string all;
  for (const auto& one : settings_actions({}, plan.grant, settings, wanted)) all += shown(one);
  EXPECT_EQ(all,
            "/n/sites/a\n    +   allow 131.0.72.0/22;\n"
            "/usr/sbin/nginx -c /n/nginx.conf -t\n/usr/sbin/nginx -c /n/nginx.conf -s reload\n");
  // A crash between the files and the reload: undone, and read again although no file differs.
  const auto undone = settings_actions(plan.grant, {}, settings, {});
  ASSERT_THAT(undone, SizeIs(2));
  EXPECT_THAT(shown(undone.back()), HasSubstr("-s reload"));
  EXPECT_THAT(settings_actions(plan.grant, plan.grant, settings, {}), IsEmpty());
}

TEST(Crowdsec, DecisionsAgainstTheEdgeAndNobodyElse) {
  const auto found = decisions_within(
      R"([{"id":9,"decisions":[
          {"id":4,"scope":"Ip","value":"131.0.72.9","type":"ban","scenario":"a/b","duration":"3h"},
          {"id":5,"scope":"Ip","value":"192.0.2.9","type":"ban","scenario":"a/b","duration":"3h"},
          {"id":6,"scope":"Range","value":"131.0.0.0/16","type":"ban","scenario":"a","duration":"3h"},
          {"id":7,"scope":"Ip","value":"131.0.73.1","type":"--all","scenario":"a","duration":"3h"}]},
         {"decisions":null}, 7])",
      kRanges);
  EXPECT_THAT(found, ElementsAre(Decision{"4", "Ip", "131.0.72.9", "ban", "a/b", "3h"}));
  EXPECT_THAT(decisions_within("null", kRanges), IsEmpty());
  EXPECT_THAT(decisions_within("{", kRanges), IsEmpty());
}

TEST(Crowdsec, TheAllowlistComesFirstAndGoesFirst) {
  Grant grant;
  grant.ranges = kRanges;
  grant.crowdsec = true;
  grant.decisions = {{"4", "Ip", "131.0.72.9", "ban", "a/b", "3h"}};
  std::string all;
  for (const auto& one : settings_actions({}, grant, {}, {})) all += shown(one);
  EXPECT_EQ(all,
            "cscli allowlists create causeway-guard -d 'the edge'\\''s ranges (causeway guard)'\n"
            "cscli allowlists add causeway-guard 131.0.72.0/22 2606:4700::/32\n"
            "cscli decisions delete --id 4\n");
  all.clear();
  for (const auto& one : settings_actions(grant, {}, {}, {})) all += shown(one);
  EXPECT_EQ(all,
            "cscli allowlists delete causeway-guard\n"
            "cscli decisions add --scope Ip --value 131.0.72.9 --type ban --duration 3h "
            "--reason a/b\n");
}

struct Folder {
  std::string path =
      fs::temp_directory_path() / ("causeway-settings-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

TEST(ReplaceFile, KeepsModeAndLinkAndRefusesWhatChangedMeanwhile) {
  const Folder folder;
  const auto real = folder.path + "/real.conf";
  const auto link = folder.path + "/link.conf";
  std::ofstream{real} << "old\n";
  ASSERT_EQ(::chmod(real.c_str(), 0640), 0);
  fs::create_symlink(real, link);
  ASSERT_TRUE(replace_file(link, "old\n", "new\n"));
  EXPECT_EQ(inspect::read_text(real, 100).value(), "new\n");
  EXPECT_TRUE(fs::is_symlink(link));
  struct stat is{};
  ASSERT_EQ(::stat(real.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 07777U, 0640U);
  EXPECT_TRUE(replace_file(link, "old\n", "new\n")) << "it is so already";
  const auto refused = replace_file(link, "other\n", "newer\n");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("changed meanwhile"));
  EXPECT_EQ(std::distance(fs::directory_iterator{folder.path}, {}), 2) << "nothing is left beside";
  EXPECT_EQ(beside(link), folder.path + "/.real.conf.causeway-new");
}

}  // namespace
}  // namespace causeway::guard
