#include "inspect/bans.hpp"

#include <gmock/gmock.h>

namespace causeway::inspect {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Bans, Fail2banPrintsAListOfPythonsOwn) {
  const auto all = parse_fail2ban(
      "[{'sshd': ['203.0.113.9', '2001:db8::1']}, {'nginx-http-auth': []}, "
      "{'web': ['198.51.100.10']}]\n");
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].list, "sshd");
  EXPECT_EQ(all[1].source.text(), "2001:db8::1/128");
  EXPECT_EQ(all[2].list, "web");
  EXPECT_THAT(parse_fail2ban("[{'sshd"), IsEmpty());
}

TEST(Bans, CrowdsecPrintsCommas) {
  const auto all = parse_crowdsec(
      "id,source,ip,reason,action,country,as,events_count,expiration,simulated,alert_id\n"
      "12,crowdsec,Ip:203.0.113.9,crowdsecurity/http-probing,ban,US,64500 X,11,3h59m,false,7\n"
      "13,cscli,Range:198.51.100.0/24,manual,ban,,,0,1h,false,8\n");
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[1].source.text(), "198.51.100.0/24");
  EXPECT_EQ(all[0].list, "crowdsecurity/http-probing");
}

TEST(Bans, DenyFiles) {
  const auto all = parse_deny_file(
      "# a comment with 192.0.2.1\n203.0.113.9 # lfd: (sshd) Failed\nALL: 198.51.100.0/24\n"
      "tcp|in|d=80|s=192.0.2.7\n",
      "csf.deny");
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].source.text(), "203.0.113.9/32");
  EXPECT_EQ(all[2].source.text(), "192.0.2.7/32");
}

}  // namespace
}  // namespace causeway::inspect
