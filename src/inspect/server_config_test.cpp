#include "inspect/server_config.hpp"

#include <gmock/gmock.h>

#include "inspect/directives_fixture.hpp"
#include "inspect/sites.hpp"

namespace causeway::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ServerConfig, NginxBlocksQuotesAndIncludes) {
  const Include include = [](std::string_view pattern) {
    EXPECT_EQ(pattern, "sites/*");
    return std::vector<ConfigFile>{{"sites/a", "server { listen 443 ssl; server_name \"a b\"; }"}};
  };
  const auto all = parse_nginx(
      {"nginx.conf",
       "user www; # listen 1;\nhttp {\n  include sites/*;\n  server {\n    listen [::]:80;\n"
       "    location ~ ^/x{2}$ { proxy_pass http://u:secret@127.0.0.1:9000; }\n"
       "    set $x \"${y};\"; auth_basic_user_file /etc/pw; deny 173.245.48.0/20;\n  }\n}\n"},
      include);
  EXPECT_THAT(shown(all),
              ElementsAre("http", ".server", "..listen 443 ssl", "..server_name a b", ".server",
                          "..listen [::]:80", "..location ~ ^/x",
                          "...proxy_pass http://127.0.0.1:9000", "..deny 173.245.48.0/20"));
  EXPECT_EQ(all.back().place, "nginx.conf:7");
}

TEST(ServerConfig, ApacheSectionsAndContinuedLines) {
  const auto all = parse_apache({"a.conf",
                                 "Listen 443\n<VirtualHost *:443>\n  ServerName www.example.net\n"
                                 "  SSLEngine \\\n on\n  ProxyPass / http://127.0.0.1:9000/\n"
                                 "  Deny from 10.0.0.0/8\n</VirtualHost>\nMaxRequestWorkers 5\n"},
                                kNone);
  EXPECT_THAT(shown(all),
              ElementsAre("listen 443", "virtualhost *:443", ".servername www.example.net",
                          ".sslengine on", ".proxypass / http://127.0.0.1:9000/",
                          ".deny-from 10.0.0.0/8", "maxrequestworkers 5"));
}

TEST(ServerConfig, HaproxyAndLighttpd) {
  EXPECT_THAT(
      shown(parse_haproxy({"h",
                           "global\n  maxconn 500\nfrontend site\n  bind :::443 v4v6 ssl "
                           "crt /etc/ssl/a.pem\nbackend b\n  server one 127.0.0.1:9000\n"})),
      ElementsAre("global", ".maxconn 500", "frontend site",
                  ".bind :::443 v4v6 ssl crt /etc/ssl/a.pem", "backend b",
                  ".server one 127.0.0.1:9000"));
  EXPECT_THAT(shown(parse_lighttpd({"l",
                                    "server.port = 80\n# server.port = 81\n"
                                    "server.errorlog = \"/tmp/e\"\n"},
                                   kNone)),
              ElementsAre("server.port 80", "server.errorlog /tmp/e"));
}

TEST(ServerConfig, BrokenOnesEnd) {
  EXPECT_THAT(shown(parse_nginx({"n", "}}} server { listen"}, kNone)), ElementsAre("server"));
  EXPECT_THAT(parse_nginx({"n", "\"never closed"}, kNone), IsEmpty());
  EXPECT_THAT(parse_apache({"n", "</x>\n<\n\\"}, kNone), IsEmpty());
}

TEST(ServerConfig, WrittenAndReadAgain) {
  auto all = parse_nginx({"n.conf", "server { listen 80; server_name a\tb; }"}, kNone);
  EXPECT_EQ(all[1].at, 9U);
  for (auto& one : all) one.at = 0;  // a dump does not keep it
  EXPECT_EQ(read_directives(write_directives(all)), all);
}

TEST(BareTarget, WhatListensThere) {
  EXPECT_EQ(bare_target("http://127.0.0.1:9000/app?x"), "127.0.0.1:9000");
  EXPECT_EQ(bare_target("https://app.internal/"), "app.internal:443");
  EXPECT_EQ(bare_target("unix:/run/php/php8.2-fpm.sock"), "/run/php/php8.2-fpm.sock");
  EXPECT_EQ(bare_target("http://unix:/run/app.sock:/x"), "/run/app.sock");
  EXPECT_EQ(bare_target("proxy:unix:/run/php.sock|fcgi://localhost"), "/run/php.sock");
  EXPECT_EQ(bare_target("http://$target/x"), "");
  EXPECT_EQ(bare_target("127.0.0.1:9000"), "127.0.0.1:9000");
}

}  // namespace
}  // namespace causeway::inspect
