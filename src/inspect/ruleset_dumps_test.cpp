#include "inspect/ruleset_dumps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "inspect/run_program.hpp"

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("causeway-dumps-" + std::to_string(::getpid()));
  ~Folder() { fs::remove_all(path); }
};

TEST(RulesetDumps, WhatIsWrittenIsReadBack) {
  const Folder folder;
  const firewall::Dumps dumps{{"nft.json", "{}"}, {"sysctl.txt", "a = 1\n"}};
  ASSERT_TRUE(make_private_folder(folder.path.string()));
  EXPECT_EQ(fs::status(folder.path).permissions(), fs::perms::owner_all);
  ASSERT_TRUE(write_dumps(dumps, folder.path.string()));
  EXPECT_EQ(fs::status(folder.path / "nft.json").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(read_dumps(folder.path.string()).value(), dumps);
}

// What another user has laid there, or another collection has left, is not mixed with this one.
TEST(RulesetDumps, OnlyAnEmptyFolderOfOnesOwnIsWrittenTo) {
  const Folder folder;
  fs::create_directories(folder.path);
  fs::permissions(folder.path, fs::perms::owner_all);
  EXPECT_TRUE(make_private_folder(folder.path.string()));
  fs::permissions(folder.path, fs::perms::all);
  EXPECT_THAT(make_private_folder(folder.path.string()).error().text,
              HasSubstr("others may write"));
  fs::permissions(folder.path, fs::perms::owner_all);
  fs::create_symlink("/tmp/elsewhere", folder.path / "nft.json");
  EXPECT_THAT(make_private_folder(folder.path.string()).error().text, HasSubstr("is not empty"));
  EXPECT_FALSE(write_private(folder.path / "nft.json", "x"));
  fs::create_directory_symlink(folder.path, folder.path.string() + "-link");
  EXPECT_FALSE(make_private_folder(folder.path.string() + "-link"));
  fs::remove(folder.path.string() + "-link");
}

TEST(RulesetDumps, AFolderWithoutDumpsSaysWhatIsExpected) {
  const Folder folder;
  EXPECT_THAT(read_dumps(folder.path.string()).error().text, HasSubstr("is not a folder"));
  fs::create_directories(folder.path);
  EXPECT_THAT(read_dumps(folder.path.string()).error().text, HasSubstr("nft.json"));
  fs::create_directories(folder.path / "nft.json");
  EXPECT_THAT(read_dumps(folder.path.string()).error().text, HasSubstr("cannot read"));
}

TEST(RulesetDumps, WhatAFolderMadeByHandLacksIsNamed) {
  EXPECT_THAT(
      missing_from({{"nft.json", ""}, {"addr.json", ""}, {"route6.json", ""}, {"sockets.txt", ""}}),
      IsEmpty());
  EXPECT_THAT(missing_from({{"addr.json", "[]"}}),
              testing::ElementsAre(HasSubstr("the packet filters' rules"),
                                   HasSubstr("route4.json or route6.json"),
                                   HasSubstr("sockets.txt (who listens)")));
}

// Of the machine that the test runs on, whatever it is: everything is read, or it says what not.
TEST(RulesetDumps, ThisHostIsReadOrSaysWhyNot) {
  const auto dumps = collect_rulesets();
  EXPECT_THAT(dumps.texts.at("sysctl.txt"), HasSubstr("net.ipv4.ip_forward = "));
  EXPECT_THAT(dumps.texts.at("sysctl.txt"), HasSubstr("net.ipv4.conf.lo.rp_filter = "));
  if (!find_program("ip").empty()) EXPECT_THAT(dumps.texts.at("addr.json"), HasSubstr("\"lo\""));
  const auto collection = firewall::load(dumps.texts);
  EXPECT_THAT(collection.unreadable, IsEmpty());
  EXPECT_NE(collection.host.interface("lo"), nullptr);
  if (::geteuid() != 0 && !find_program("nft").empty() && !dumps.unreadable.empty()) {
    EXPECT_TRUE(dumps.wants_root);
  }
}

}  // namespace
}  // namespace causeway::inspect
