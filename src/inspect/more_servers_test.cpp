#include <gmock/gmock.h>

#include "inspect/containers.hpp"
#include "inspect/directives_fixture.hpp"

namespace causeway::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CaddyConfig, AdaptedSitesBackendsRefusalsAndCertificates) {
  const auto all = parse_caddy_json({"Caddyfile", R"({"apps":{"http":{"servers":{"srv0":{
    "listen":[":443"],
    "routes":[
      {"match":[{"host":["a.example","www.a.example"]}],
       "handle":[{"handler":"subroute","routes":[
         {"match":[{"remote_ip":{"ranges":["131.0.72.0/22"]}}],
          "handle":[{"handler":"static_response","status_code":403}]},
         {"match":[{"not":[{"remote_ip":{"ranges":["192.0.2.0/24"]}}]}],
          "handle":[{"handler":"static_response","abort":true}]},
         {"handle":[{"handler":"reverse_proxy","upstreams":[{"dial":"127.0.0.1:9000"},
                     {"dial":"unix//run/app.sock"}]}]}]}]},
      {"handle":[{"handler":"static_response","status_code":200}]}],
    "tls_connection_policies":[{"match":{"sni":["a.example"]},
      "certificate_selection":{"any_tag":["cert0"]}},{}]}}},
    "tls":{"certificates":{"load_files":[
      {"certificate":"/etc/a.pem","key":"/etc/a.key","tags":["cert0"]}]}}}})"});
  EXPECT_THAT(
      shown(all),
      ElementsAre("server", ".listen :443 ssl", ".server_name a.example www.a.example",
                  ".ssl_certificate /etc/a.pem", "..deny 131.0.72.0/22", "..allow 192.0.2.0/24",
                  "..deny all", "..proxy_pass 127.0.0.1:9000", "..proxy_pass unix:/run/app.sock",
                  "server", ".listen :443 ssl default_server"));
  EXPECT_EQ(all.front().place, "Caddyfile");
}

TEST(CaddyConfig, WhateverElseIsInTheJson) {
  for (const char* text :
       {"", "[]", "7", R"({"apps":{"http":{"servers":[1,2]}}})",
        R"({"apps":{"http":{"servers":{"a":7,"b":{"routes":[7,{"match":{}}]}}}}})"}) {
    EXPECT_THAT(parse_caddy_json({"c", text}).size(), testing::Le(4U)) << text;
  }
}

TEST(CaddyConfig, TheCaddyfileItself) {
  const Include include = [](std::string_view pattern) {
    EXPECT_EQ(pattern, "sites/*.caddy");
    return std::vector<ConfigFile>{{"sites/b.caddy", "http://b.example {\n  respond hello\n}\n"}};
  };
  const auto all = parse_caddyfile(
      {"Caddyfile",
       "{\n  email a@b.example\n}\n(snippet) {\n  encode gzip\n}\n"
       "a.example:8443, www.a.example {\n  tls /etc/a.pem /etc/a.key # key\n"
       "  @bad remote_ip 131.0.72.0/22 2606:4700::/32\n  respond @bad \"no\" 403\n"
       "  @office {\n    not remote_ip 10.0.0.0/8\n    remote_ip 192.0.2.7\n  }\n  abort @office\n"
       "  import snippet\n  reverse_proxy /api/* 127.0.0.1:9000 {\n    lb_policy first\n  }\n}\n"
       "import sites/*.caddy\n"},
      include);
  EXPECT_THAT(
      shown(all),
      ElementsAre("server", ".listen :8443 ssl", ".listen :443 ssl",
                  ".server_name a.example www.a.example", ".ssl_certificate /etc/a.pem",
                  ".deny 131.0.72.0/22", ".deny 2606:4700::/32", ".deny 192.0.2.7",
                  ".proxy_pass 127.0.0.1:9000", "server", ".listen :80", ".server_name b.example"));
  EXPECT_EQ(all.back().place, "sites/b.caddy:1");
}

TEST(CaddyConfig, OneSiteWithoutBraces) {
  EXPECT_THAT(shown(parse_caddyfile({"C", ":8080\nreverse_proxy localhost:3000\n"}, kNone)),
              ElementsAre("server", ".listen :8080 default_server", ".proxy_pass localhost:3000"));
}

TEST(LitespeedConfig, OpenLiteSpeedListenersListsAndThrottles) {
  const Include include = [](std::string_view pattern) {
    EXPECT_EQ(pattern, "/usr/local/lsws/conf/vhosts/a/vhconf.conf");
    return std::vector<ConfigFile>{{std::string{pattern},
                                    "docRoot /srv/a\nvhssl {\n  certFile /etc/vh.pem\n}\n"
                                    "accessControl {\n  deny 173.245.48.0/20\n}\n"}};
  };
  const auto all = parse_openlitespeed(
      {"/usr/local/lsws/conf/httpd_config.conf",
       "serverName host\nperClientConnLimit {\n  softLimit  50\n  banPeriod 300\n}\n"
       "accessControl {\n  allow <<<END_allow\nALL\nEND_allow\n  deny 131.0.72.0/22, 192.0.2.7\n}\n"
       "extprocessor app {\n  type proxy\n  address 127.0.0.1:3000\n}\n"
       "extprocessor lsphp {\n  type lsapi\n  address uds://tmp/lsphp.sock\n}\n"
       "virtualhost a {\n  vhRoot /srv/a\n  configFile $SERVER_ROOT/conf/vhosts/a/vhconf.conf\n}\n"
       "listener TLS {\n  address *:443\n  secure 1\n  certFile /etc/a.pem\n  map a a.example, "
       "*\n}\n"},
      include);
  EXPECT_THAT(
      shown(all),
      ElementsAre("softlimit 50", "banperiod 300", ".allow all", ".deny 131.0.72.0/22",
                  ".deny 192.0.2.7", "proxy_pass 127.0.0.1:3000", "ssl_certificate /etc/vh.pem",
                  ".deny 173.245.48.0/20", "server", ".listen *:443 ssl default_server",
                  ".server_name a.example", ".ssl_certificate /etc/a.pem"));
}

TEST(LitespeedConfig, EnterpriseXml) {
  const auto all = parse_litespeed_xml(
      {"httpd_config.xml",
       "<?xml version=\"1.0\"?>\n<httpServerConfig>\n<security><accessControl>\n"
       "<allow>ALL</allow>\n<deny>131.0.72.0/22T</deny></accessControl>\n"
       "<perClientConnLimit><hardLimit>100</hardLimit></perClientConnLimit></security>\n"
       "<listenerList><listener><!-- <address>*:1</address> "
       "--><name>d</name><address>*:80</address>"
       "<secure>0</secure>\n<vhostMapList><vhostMap><vhost>a</vhost><domain>a.example,b.example"
       "</domain></vhostMap></vhostMapList></listener></listenerList>\n</httpServerConfig>\n"});
  EXPECT_THAT(shown(all),
              ElementsAre(".allow all", ".deny 131.0.72.0/22", "hardlimit 100", "server",
                          ".listen *:80", ".server_name a.example b.example"));
  EXPECT_EQ(all[1].place, "httpd_config.xml:5");
  EXPECT_THAT(parse_litespeed_xml({"x", "<a><b></a></b><listener"}), IsEmpty());
}

TEST(ConfigCheck, WhatTheServersSay) {
  const auto nginx = read_config_check(
      "exit 1\nnginx: [emerg] unknown directive \"x\" in /etc/nginx/sites-enabled/a:7\n"
      "nginx: configuration file /etc/nginx/nginx.conf test failed\n");
  ASSERT_TRUE(nginx);
  EXPECT_FALSE(nginx->valid);
  EXPECT_EQ(nginx->place, "/etc/nginx/sites-enabled/a:7");
  const auto apache = read_config_check(
      "exit 1\nAH00526: Syntax error on line 5 of /etc/apache2/a.conf:\nInvalid command 'x'\n");
  ASSERT_TRUE(apache);
  EXPECT_EQ(apache->place, "/etc/apache2/a.conf:5");
  EXPECT_THAT(apache->detail, testing::HasSubstr("Invalid command"));
  EXPECT_TRUE(read_config_check("exit 0\nSyntax OK\n")->valid);
  EXPECT_FALSE(read_config_check(""));
}

TEST(Containers, PortsAsDockerListsThem) {
  const auto all = parse_containers(
      "web\trunning\t0.0.0.0:80->8080/tcp, [::]:80->8080/tcp, 443/tcp, 0.0.0.0:53->53/udp\tUp 3 "
      "days\n"
      "db\texited\t\tExited (137) 2 hours ago\nrange\trunning\t127.0.0.1:9000-9001->80-81/tcp\tUp\n"
      "odd\trunning\t:->/tcp, 0.0.0.0:99999->1/tcp\tUp\nshort\trunning\n");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_THAT(all[0].ports,
              ElementsAre(Container::Port{"0.0.0.0", 80, 8080}, Container::Port{"[::]", 80, 8080},
                          Container::Port{"", 0, 443}));
  EXPECT_EQ(all[1].status, "Exited (137) 2 hours ago");
  EXPECT_THAT(all[2].ports, ElementsAre(Container::Port{"127.0.0.1", 9000, 80},
                                        Container::Port{"127.0.0.1", 9001, 81}));
  EXPECT_THAT(all[3].ports, IsEmpty());
}

}  // namespace
}  // namespace causeway::inspect
