#include "guard/zone_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace causeway::guard {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

TEST(ZoneFiles, OnlyWhatSaysTheSameAsTheShippedOneGoes) {
  const fs::path top = fs::temp_directory_path() / ("causeway-zones-" + std::to_string(::getpid()));
  const ZoneFolders folders{top / "own", top / "shipped"};
  fs::create_directories(folders.own);
  fs::create_directories(folders.shipped);
  const auto write = [](const fs::path& path, const char* text) { std::ofstream{path} << text; };
  for (const char* zone : {"public", "work", "home"}) {
    write(fs::path{folders.shipped} / (std::string{zone} + ".xml"), "<zone/>");
  }
  write(fs::path{folders.own} / "home.xml", "<zone/>");
  EXPECT_THAT(without_file({"public", "work", "home", "../x"}, folders),
              ElementsAre("public", "work"));
  write(fs::path{folders.own} / "public.xml", "<zone/>");
  write(fs::path{folders.own} / "public.xml.old", "<zone><rule/></zone>");
  write(fs::path{folders.own} / "work.xml", "<zone><service/></zone>");
  remove_as_shipped({"public", "work"}, folders);
  EXPECT_FALSE(fs::exists(fs::path{folders.own} / "public.xml"));
  EXPECT_FALSE(fs::exists(fs::path{folders.own} / "public.xml.old"));
  EXPECT_TRUE(fs::exists(fs::path{folders.own} / "work.xml"));
  fs::remove_all(top);
}

}  // namespace
}  // namespace causeway::guard
