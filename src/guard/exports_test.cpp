#include "guard/exports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::guard {
namespace {

using testing::HasSubstr;

Export small() {
  Export out{"My edge; rm -rf", "2026-01-02", {}, {80, 443}};
  for (const char* text : {"198.51.100.0/24", "2001:db8::/32"}) {
    out.ranges.push_back(Prefix::parse(text).value());
  }
  return out;
}

TEST(Exports, KnowsItsForms) {
  EXPECT_EQ(parse_export_form("terraform"), ExportForm::terraform);
  EXPECT_FALSE(parse_export_form("teraform"));
  EXPECT_THAT(export_forms(), HasSubstr("aws|gcloud|azure"));
}

TEST(Exports, ListAndCsfAreLines) {
  EXPECT_EQ(export_text(small(), ExportForm::list), "198.51.100.0/24\n2001:db8::/32\n");
  EXPECT_EQ(export_text(small(), ExportForm::csf),
            "198.51.100.0/24 # my-edge-rm-rf\n2001:db8::/32 # my-edge-rm-rf\n");
}

TEST(Exports, CommandsHoldEveryRangeAndPortAndNoForeignWords) {
  EXPECT_EQ(export_text(small(), ExportForm::gcloud),
            "# My edge; rm -rf (2026-01-02), 2 ranges, ports 80, 443\n"
            "gcloud compute firewall-rules create my-edge-rm-rf-ipv4 --network \"$NETWORK\" "
            "--direction INGRESS --priority 900 --allow tcp:80,tcp:443 --source-ranges "
            "198.51.100.0/24\n"
            "gcloud compute firewall-rules create my-edge-rm-rf-ipv6 --network \"$NETWORK\" "
            "--direction INGRESS --priority 900 --allow tcp:80,tcp:443 --source-ranges "
            "2001:db8::/32\n");
  const auto aws = export_text(small(), ExportForm::aws);
  EXPECT_THAT(aws,
              HasSubstr(R"("FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"198.51.100.0/24",)"
                        R"("Description":"my-edge-rm-rf"}],"Ipv6Ranges":[{"CidrIpv6":)"));
  const auto azure = export_text(small(), ExportForm::azure);
  EXPECT_THAT(azure, HasSubstr("--priority 201"));
  EXPECT_THAT(azure, HasSubstr("--destination-port-ranges 80 443 --source-address-prefixes 2001:"));
  EXPECT_THAT(export_text(small(), ExportForm::doctl),
              HasSubstr("protocol:tcp,ports:80,address:198.51.100.0/24,address:2001:db8::/32"));
}

TEST(Exports, ALineBreakInANameCannotEndAComment) {
  auto what = small();
  what.edge = "a\nrm -rf /";
  const auto text = export_text(what, ExportForm::gcloud);
  EXPECT_THAT(text, testing::Not(HasSubstr("\nrm")));
}

TEST(Exports, ServersTakeTheEdgesOwnField) {
  auto what = small();
  EXPECT_THAT(export_text(what, ExportForm::nginx), HasSubstr("real_ip_header X-Forwarded-For;"));
  what.edge = "cloudflare";
  EXPECT_THAT(export_text(what, ExportForm::nginx), HasSubstr("real_ip_header CF-Connecting-IP;"));
  EXPECT_THAT(export_text(what, ExportForm::apache),
              HasSubstr("RemoteIPTrustedProxy 2001:db8::/32"));
}

}  // namespace
}  // namespace causeway::guard
