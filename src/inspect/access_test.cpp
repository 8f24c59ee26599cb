// Whom of the edge a web server's own lists refuse, in the servers' own order.
#include "inspect/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "inspect/directives_fixture.hpp"

namespace causeway::inspect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

AccessQuestion question() {
  return {{Prefix::parse("104.16.0.0/13").value(), Prefix::parse("172.64.0.0/13").value(),
           Prefix::parse("2606:4700::/32").value()},
          {80, 443}};
}

// "104.16.0.0/13", and with a doubt: "?104.16.0.0/13".
std::vector<std::string> refused(std::string_view server, const std::string& text) {
  std::vector<Directive> all;
  if (server == "nginx") all = parse_nginx({"n", text}, kNone);
  if (server == "apache") all = parse_apache({"a", text}, kNone);
  if (server == "haproxy") all = parse_haproxy({"h", text});
  std::vector<std::string> out;
  for (const auto& one : access_of(server, all, question()).refusals) {
    out.push_back((one.doubt.empty() ? "" : "?") + join(one.clients.shown(8), ","));
  }
  return out;
}

std::vector<std::string> nginx(const std::string& server) {
  return refused("nginx", "http { server { listen 80; " + server + " } }");
}

TEST(NginxAccess, TheFirstLineThatMatchesDecides) {
  EXPECT_THAT(nginx("deny 104.16.0.0/13;"), ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(nginx("allow 104.16.0.0/13; deny 104.16.0.0/12;"), IsEmpty());
  EXPECT_THAT(nginx("deny 104.16.0.0/14; allow 104.16.0.0/13; deny all;"),
              ElementsAre("104.16.0.0/14", "172.64.0.0/13,2606:4700::/32"));
  EXPECT_THAT(nginx("allow all; deny 104.16.0.0/13;"), IsEmpty());
}

TEST(NginxAccess, TheNearestBlockThatHasAnyDecides) {
  EXPECT_THAT(nginx("deny 104.16.0.0/13; location / { allow all; }"), IsEmpty());
  EXPECT_THAT(nginx("allow all; location / { deny 104.16.0.0/13; }"), ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(nginx("deny 104.16.0.0/13; location / { proxy_pass http://127.0.0.1:1; }"),
              ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(refused("nginx", "http { deny 104.16.0.0/13; server { listen 80; } }"),
              ElementsAre("104.16.0.0/13"));
}

TEST(NginxAccess, WhatIsAnsweredBeforeAndWhatIsOnlyAPart) {
  EXPECT_THAT(nginx("deny 104.16.0.0/13; return 301 https://x$request_uri;"), IsEmpty());
  EXPECT_THAT(nginx("location / { deny 104.16.0.0/13; return 200; }"), IsEmpty());
  // Under a condition only.
  EXPECT_THAT(nginx("deny 104.16.0.0/13; if ($x) { return 403; }"), ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(nginx("location /admin { deny 104.16.0.0/13; allow all; }"),
              ElementsAre("?104.16.0.0/13"));
  EXPECT_THAT(nginx("location /admin { allow 10.0.0.0/8; deny all; }"), IsEmpty());
  EXPECT_THAT(nginx("location ~ /\\.ht { deny all; }"), IsEmpty());
  EXPECT_THAT(nginx("location = / { return 200; } location / { deny 104.16.0.0/13; }"),
              ElementsAre("?104.16.0.0/13"));
  EXPECT_THAT(nginx("location ~ ^/ { return 200; } deny 104.16.0.0/13;"),
              ElementsAre("?104.16.0.0/13"));
  EXPECT_THAT(nginx("location ~ \\.php$ { return 200; } deny 104.16.0.0/13;"),
              ElementsAre("104.16.0.0/13"));
}

TEST(NginxAccess, WhatIsMeantSoOrIsAboutVisitors) {
  EXPECT_THAT(
      refused("nginx", "server { listen 80; } server { listen 80; allow 10.0.0.0/8; deny all; }"),
      ElementsAre("?104.16.0.0/13,172.64.0.0/13,2606:4700::/32"));
  // Nothing else is served.
  EXPECT_THAT(nginx("allow 10.0.0.0/8; deny all;"),
              ElementsAre("104.16.0.0/13,172.64.0.0/13,2606:4700::/32"));
  EXPECT_THAT(nginx("satisfy any; auth_basic x; deny 104.16.0.0/13;"),
              ElementsAre("?104.16.0.0/13"));
  EXPECT_THAT(nginx("set_real_ip_from 104.16.0.0/13; real_ip_header CF-Connecting-IP; "
                    "deny 104.16.0.0/13; deny 172.64.0.0/13;"),
              ElementsAre("172.64.0.0/13"));
  EXPECT_THAT(refused("nginx", "server { listen 8080; deny 104.16.0.0/13; }"),
              ElementsAre("?104.16.0.0/13"));
}

TEST(NginxAccess, LimitsThatCountTheEdge) {
  const auto limits = [](const std::string& text) {
    const auto all = parse_nginx({"n", text}, kNone);
    return nginx_access(all, question()).limits.size();
  };
  EXPECT_EQ(limits("server { listen 80; location / { limit_req zone=z; } }"), 1U);
  EXPECT_EQ(limits("server { listen 80; location /login { limit_req zone=z; } }"), 0U);
  EXPECT_EQ(limits("server { listen 80; limit_req zone=z; real_ip_header X-Forwarded-For; "
                   "set_real_ip_from 0.0.0.0/0; set_real_ip_from ::/0; }"),
            0U);
}

TEST(NginxAccess, PatternsThatASlashMayMatch) {
  for (const char* one : {"/", "^/", "^/$", ".*", "^/(.*)$", "^/(a|b)?$", "^/$|\\.php$",
                          "(\\.x)?(/)$", "(\\.php|/)$"}) {
    EXPECT_TRUE(may_match_root(one)) << one;
  }
  for (const char* one : {"\\.php$", "\\.(css|js)$", "^/admin", "/\\.ht"}) {
    EXPECT_FALSE(may_match_root(one)) << one;
  }
}

std::vector<std::string> apache(const std::string& lines) {
  return refused("apache",
                 "<VirtualHost *:80>\nDocumentRoot /var/www/html\n" + lines + "\n</VirtualHost>\n");
}

TEST(ApacheAccess, BlocksOfRequire) {
  EXPECT_THAT(apache("<Location />\n<RequireAll>\nRequire all granted\nRequire not ip "
                     "104.16.0.0/13\n</RequireAll>\n</Location>"),
              ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(apache("<Directory /var/www>\nRequire ip 104.16.0.0/13 172.64.0.0/13\n</Directory>"),
              ElementsAre("2606:4700::/32"));
  EXPECT_THAT(apache("<Directory /var/www>\nRequire ip 104.16.0.0/13\nRequire all granted\n"
                     "</Directory>"),
              IsEmpty());
  EXPECT_THAT(apache("<Directory />\nRequire all denied\n</Directory>\n<Directory /var/www>\n"
                     "Require all granted\n</Directory>"),
              IsEmpty());
  EXPECT_THAT(apache("<Location />\n<RequireAny>\nRequire valid-user\nRequire ip 104.16\n"
                     "</RequireAny>\n</Location>"),
              ElementsAre("?104.17.0.0/16,104.18.0.0/15,104.20.0.0/14,172.64.0.0/13,"
                          "2606:4700::/32"));
  const std::string ten = "<Location />\nRequire ip 10\n</Location>";
  EXPECT_THAT(apache(ten), ElementsAre("104.16.0.0/13,172.64.0.0/13,2606:4700::/32"));
  EXPECT_THAT(apache(ten + "\n</VirtualHost>\n<VirtualHost *:80>"),
              ElementsAre("?104.16.0.0/13,172.64.0.0/13,2606:4700::/32"));
}

TEST(ApacheAccess, TheOldWords) {
  const std::string deny = "Deny from 172.64.0.0/13\nAllow from all\n</Directory>";
  EXPECT_THAT(apache("<Directory /var/www>\nOrder deny,allow\n" + deny), IsEmpty());
  EXPECT_THAT(apache("<Directory /var/www>\nOrder allow,deny\n" + deny),
              ElementsAre("172.64.0.0/13"));
  EXPECT_THAT(apache("<Directory /srv>\nOrder allow,deny\n" + deny), IsEmpty());
}

TEST(ApacheAccess, PartsRedirectsAndVisitors) {
  const std::string not_ip =
      "<RequireAll>\nRequire all granted\nRequire not ip 104.16.0.0/13\n</RequireAll>\n";
  EXPECT_THAT(apache("<Location /admin>\n" + not_ip + "</Location>"),
              ElementsAre("?104.16.0.0/13"));
  EXPECT_THAT(apache("<Location /server-status>\nRequire ip 10.0.0.0/8\n</Location>"), IsEmpty());
  EXPECT_THAT(apache("Redirect permanent / https://x/\n<Location />\n" + not_ip + "</Location>"),
              IsEmpty());
  EXPECT_THAT(apache("RemoteIPHeader CF-Connecting-IP\nRemoteIPTrustedProxy 104.16.0.0/13\n"
                     "<Location />\n" +
                     not_ip + "</Location>"),
              IsEmpty());
  EXPECT_THAT(apache("<FilesMatch \"\\.php$\">\n" + not_ip + "</FilesMatch>"),
              ElementsAre("?104.16.0.0/13"));
}

TEST(HaproxyAccess, RulesInOrder) {
  const auto haproxy = [](const std::string& lines) {
    return refused("haproxy", "frontend f\n bind *:80\n" + lines);
  };
  EXPECT_THAT(haproxy(" tcp-request connection reject if { src 104.16.0.0/13 }\n"),
              ElementsAre("104.16.0.0/13"));
  EXPECT_THAT(haproxy(" acl bad src 104.16.0.0/13\n acl bad src 172.64.0.0/13\n"
                      " http-request deny if bad\n"),
              ElementsAre("104.16.0.0/13,172.64.0.0/13"));
  EXPECT_THAT(haproxy(" http-request allow if { src 104.16.0.0/13 }\n"
                      " http-request deny if { src 104.16.0.0/13 }\n"),
              IsEmpty());
  EXPECT_THAT(haproxy(" http-request deny if { src 104.16.0.0/13 } { path /admin }\n"), IsEmpty());
  EXPECT_THAT(haproxy(" http-request deny unless { src 104.16.0.0/13 }\n"),
              ElementsAre("172.64.0.0/13,2606:4700::/32"));
  EXPECT_THAT(haproxy(" bind :81 accept-proxy\n http-request deny if { src 104.16.0.0/13 }\n"),
              IsEmpty());
}

// What is asked of a request may be a password.
TEST(HaproxyAccess, OnlyAddressesAreKept) {
  EXPECT_THAT(shown(parse_haproxy({"h",
                                   "frontend f\n acl key hdr(x-key) hunter2\n"
                                   " http-request deny if { hdr(x-key) hunter2 }\n"
                                   " http-request set-header Authorization hunter2\n"})),
              ElementsAre("frontend f", ".http-request deny if { - - }"));
}

}  // namespace
}  // namespace causeway::inspect
