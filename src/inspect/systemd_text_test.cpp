#include "inspect/systemd_text.hpp"

#include <gmock/gmock.h>

namespace causeway::inspect {
namespace {

// systemd 252.
TEST(Units, BlocksOfNamesAndValues) {
  const auto all = parse_units(
      "Id=nginx.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=signal\n"
      "NRestarts=3\nExecMainStatus=9\nExecMainCode=2\nMainPID=0\n\n"
      "Id=httpd.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nResult="
      "success\n");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, "nginx.service");
  EXPECT_EQ(all[0].restarts, 3);
  EXPECT_EQ(why_ended(all[0]), "ended by signal 9");
  EXPECT_EQ(all[1].load, "not-found");
  EXPECT_EQ(why_ended(all[1]), "");
  EXPECT_TRUE(parse_units("rubbish\n\n\n=\n").empty());
}

}  // namespace
}  // namespace causeway::inspect
