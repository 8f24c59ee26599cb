#include "guard/web_lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const WebQuestion kEdge{
    "cloudflare",
    {Prefix::parse("131.0.72.0/22").value(), Prefix::parse("173.245.48.0/20").value(),
     Prefix::parse("2606:4700::/32").value()},
    false};
const inspect::Include kNone = [](std::string_view) { return std::vector<inspect::ConfigFile>{}; };

WebLists nginx(const std::string& text, const WebQuestion& question = kEdge) {
  return nginx_lists(inspect::parse_nginx({"n", text}, kNone), {{"n", text}}, question);
}

WebLists apache(const std::string& text, const WebQuestion& question = kEdge) {
  return apache_lists(inspect::parse_apache({"a", text}, kNone), {{"a", text}}, "a", question);
}

// The file as it is to be; as it was when nothing is to change.
std::string changed(const WebLists& lists, const std::string& text) {
  if (lists.edits.empty()) return text;
  auto out = with_blocks(text, lists.edits.begin()->second);
  EXPECT_EQ(without_blocks(out).value(), text);
  return out;
}

std::vector<std::string> lines(const WebLists& lists, const std::string& text) {
  return difference(text, changed(lists, text));
}

TEST(NginxLists, ARefusalOfTheEdgeGetsAnAllowBeforeIt) {
  const std::string text =
      "http {\n  server {\n    deny 203.0.113.0/24;\n    deny 131.0.72.0/24;\n  }\n}\n";
  EXPECT_THAT(lines(nginx(text), text), ElementsAre("+     allow 131.0.72.0/24;"));
}

TEST(NginxLists, AWiderRefusalKeepsOutOnlyTheOthers) {
  const std::string text = "http { deny 131.0.0.0/16; server { listen 80; } }\n";
  EXPECT_THAT(lines(nginx(text), text), ElementsAre("+ allow 131.0.72.0/22;"));
}

TEST(NginxLists, AnAllowListOfTheEdgeIsCompleted) {
  const std::string text =
      "http { server {\n  allow 131.0.72.0/22;\n  allow 192.0.2.7;\n  deny all;\n} }\n";
  const auto lists = nginx(text);
  EXPECT_THAT(lines(lists, text),
              ElementsAre("+   allow 173.245.48.0/20;", "+   allow 2606:4700::/32;"));
  EXPECT_THAT(lists.gains, ElementsAre("nginx n:4: 2 of the edge's ranges, before 'deny all'"));
}

TEST(NginxLists, AListOfOthersIsLeftAndSaid) {
  const std::string text = "http { server {\n  allow 192.0.2.7;\n  deny all;\n} }\n";
  const auto lists = nginx(text);
  EXPECT_THAT(lists.edits, IsEmpty());
  EXPECT_THAT(lists.left, ElementsAre(HasSubstr("names none of the edge's ranges")));
  // Even when it also refuses some of the edge.
  const std::string both =
      "http { server {\n  deny 131.0.72.9;\n  allow 192.0.2.7;\n  deny all;\n} }\n";
  EXPECT_THAT(nginx(both).edits, IsEmpty());
  EXPECT_THAT(nginx(both).left, testing::SizeIs(1));
}

TEST(NginxLists, WhatOnlyGuardsAPartOfASiteIsNoMatter) {
  const std::string text =
      "http { server { location ~ /\\.ht { deny all; }\n"
      " location /status { allow 127.0.0.1; deny all; }\n"
      " location / { limit_except GET { deny all; } } } }\n";
  const auto lists = nginx(text);
  EXPECT_THAT(lists.edits, IsEmpty());
  EXPECT_THAT(lists.left, IsEmpty());
}

TEST(NginxLists, WithRealIpAListIsAboutVisitors) {
  const std::string real_ip =
      "set_real_ip_from 131.0.72.0/22; set_real_ip_from 173.245.48.0/20; set_real_ip_from "
      "2606:4700::/32;\nreal_ip_header CF-Connecting-IP;\n";
  const std::string text = "http {\n" + real_ip + "server { deny 131.0.72.0/24; } }\n";
  EXPECT_THAT(nginx(text).edits, IsEmpty());
}

TEST(NginxLists, AStaleRealIpListIsCompleted) {
  const std::string text =
      "http {\n  set_real_ip_from 131.0.72.0/22;\n  real_ip_header CF-Connecting-IP;\n}\n";
  EXPECT_THAT(lines(nginx(text), text), ElementsAre("+   set_real_ip_from 173.245.48.0/20;",
                                                    "+   set_real_ip_from 2606:4700::/32;"));
  // That of a balancer in front says nothing of the edge.
  const std::string other =
      "http {\n  set_real_ip_from 10.0.0.0/8;\n  real_ip_header X-Forwarded-For;\n}\n";
  EXPECT_THAT(nginx(other).edits, IsEmpty());
}

TEST(NginxLists, RealIpIsSetWhereItIsAskedForAndHarmsNobody) {
  auto question = kEdge;
  question.real_ip = true;
  const std::string text = "http {\n    server { listen 80; location ~ /\\.ht { deny all; } }\n}\n";
  EXPECT_THAT(changed(nginx(text, question), text),
              HasSubstr("http {\n# causeway guard: begin\n    set_real_ip_from 131.0.72.0/22;"));
  EXPECT_THAT(changed(nginx(text, question), text), HasSubstr("real_ip_header CF-Connecting-IP;"));
  const std::string judges = "http {\n    allow 131.0.72.0/22; deny 192.0.2.0/24;\n}\n";
  EXPECT_THAT(nginx(judges, question).edits, IsEmpty());
  EXPECT_THAT(nginx(judges, question).left, ElementsAre(HasSubstr("would judge visitors")));
}

TEST(ApacheLists, RefusedAddressesAreTakenOutOfTheirLine) {
  const std::string text =
      "<Directory /srv>\n  <RequireAll>\n    Require all granted\n"
      "    Require not ip 192.0.2.7 131.0.72.0/24\n    Require not ip 131.0.72.9\n"
      "    Require not ip 131.0.0.0/16\n  </RequireAll>\n</Directory>\n";
  const auto lists = apache(text);
  EXPECT_THAT(lines(lists, text),
              ElementsAre("-     Require not ip 192.0.2.7 131.0.72.0/24",
                          "+     Require not ip 192.0.2.7", "-     Require not ip 131.0.72.9"));
  EXPECT_THAT(lists.left, ElementsAre(HasSubstr("131.0.0.0/16, which holds more than the edge")));
}

TEST(ApacheLists, TheOldWordsAreUnderstood) {
  const std::string text =
      "<Location />\n  Order allow,deny\n  Allow from all\n  Deny from "
      "131.0.72.0/22\n</Location>\n";
  EXPECT_THAT(lines(apache(text), text), ElementsAre("-   Deny from 131.0.72.0/22"));
  const std::string closed =
      "<Location />\n  Order deny,allow\n  Deny from all\n  Allow from 131.0.72.0/22\n</Location>";
  EXPECT_THAT(lines(apache(closed), closed),
              ElementsAre("-   Allow from 131.0.72.0/22",
                          "+   Allow from 131.0.72.0/22 173.245.48.0/20 2606:4700::/32"));
}

TEST(ApacheLists, AListOfTheEdgeIsCompletedAndAnotherLeft) {
  const std::string text =
      "<Location \"/\">\n  Require ip 131.0.72.0/22\n  Require ip 192.0.2.1\n</Location>\n";
  EXPECT_THAT(lines(apache(text), text),
              ElementsAre("-   Require ip 131.0.72.0/22",
                          "+   Require ip 131.0.72.0/22 173.245.48.0/20 2606:4700::/32"));
  const std::string office = "<Location \"/\">\n  Require ip 192.0.2.1\n</Location>\n";
  EXPECT_THAT(apache(office).edits, IsEmpty());
  EXPECT_THAT(apache(office).left, ElementsAre(HasSubstr("names none of the edge's ranges")));
  const std::string part = "<Location \"/server-status\">\n  Require ip 192.0.2.1\n</Location>\n";
  EXPECT_THAT(apache(part).left, IsEmpty());
}

TEST(ApacheLists, TrustedProxiesAreCompletedInsideACondition) {
  const std::string text =
      "<IfModule mod_remoteip.c>\n  RemoteIPHeader CF-Connecting-IP\n"
      "  RemoteIPTrustedProxy 131.0.72.0/22\n</IfModule>\n"
      "<Location />\n  Require ip 131.0.72.0/22 173.245.48.0/20 2606:4700::/32\n</Location>\n";
  EXPECT_THAT(lines(apache(text), text),
              ElementsAre("+   RemoteIPTrustedProxy 173.245.48.0/20 2606:4700::/32"));
}

// What stands for a server without the module is not in force.
TEST(ApacheLists, WhatAsksForAModulesAbsenceIsLeftAlone) {
  const std::string text =
      "<IfModule !mod_authz_core.c>\n  <Location />\n    Order allow,deny\n    Allow from all\n"
      "    Deny from 131.0.72.0/22\n  </Location>\n</IfModule>\n";
  EXPECT_THAT(apache(text).edits, IsEmpty());
}

TEST(ApacheLists, RealIpNeedsTheModule) {
  auto question = kEdge;
  question.real_ip = true;
  const std::string text = "ServerName a\nLoadModule remoteip_module mod_remoteip.so";
  EXPECT_THAT(
      lines(apache(text, question), text),
      ElementsAre("+ RemoteIPHeader CF-Connecting-IP", HasSubstr("+ RemoteIPTrustedProxy 131")));
  EXPECT_THAT(apache("ServerName a\n", question).left, ElementsAre(HasSubstr("a2enmod remoteip")));
}

TEST(ApacheLists, ALineOverSeveralIsLeft) {
  const std::string text = "<Location />\n  Deny from 131.0.72.0/22 \\\n 192.0.2.1\n</Location>\n";
  EXPECT_THAT(apache(text).edits, IsEmpty());
  EXPECT_THAT(apache(text).left, ElementsAre(HasSubstr("by hand")));
}

}  // namespace
}  // namespace causeway::guard
