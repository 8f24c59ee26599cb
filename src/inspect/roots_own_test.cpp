#include "inspect/roots_own.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/scratch_folder.hpp"

namespace causeway::inspect {
namespace {

class RootsOwn : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream{file()} << "events {}\n";
    ASSERT_EQ(::chmod(file().c_str(), 0644), 0);
  }

  std::string file() const { return folder_ + "/nginx.conf"; }
  // Without root everything here is somebody else's from the beginning.
  static bool root() { return ::geteuid() == 0; }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.make().value();
};

TEST_F(RootsOwn, RootsFileInRootsFolder) {
  EXPECT_EQ(only_root_writes(file()), root());
  EXPECT_TRUE(only_root_writes("/bin/sh"));
  EXPECT_EQ(runs_as_root(::getpid()), root());
}

TEST_F(RootsOwn, AFileThatOthersWrite) {
  ASSERT_EQ(::chmod(file().c_str(), 0666), 0);
  EXPECT_FALSE(only_root_writes(file()));
}

TEST_F(RootsOwn, SomebodyElsesFile) {
  if (root()) ASSERT_EQ(::chown(file().c_str(), 65534, 65534), 0);
  EXPECT_FALSE(only_root_writes(file()));
}

TEST_F(RootsOwn, AFolderInWhichOthersReplaceIt) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_FALSE(only_root_writes(file()));
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  if (root()) ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
  EXPECT_FALSE(only_root_writes(file()));
}

TEST_F(RootsOwn, ALinkIsWhatItLeadsTo) {
  const std::string link = folder_ + "/link";
  std::filesystem::create_symlink(file(), link);
  EXPECT_EQ(only_root_writes(link), root());
  ASSERT_EQ(::chmod(file().c_str(), 0666), 0);
  EXPECT_FALSE(only_root_writes(link));
}

TEST_F(RootsOwn, WhatIsNoFile) {
  EXPECT_FALSE(only_root_writes(folder_));
  EXPECT_FALSE(only_root_writes(folder_ + "/none"));
  EXPECT_FALSE(only_root_writes("/dev/null"));
}

}  // namespace
}  // namespace causeway::inspect
