// Secrets in every form they are met in, between « and »; what stands outside must stay.
#include "codec/secrets.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>

namespace causeway::codec {
namespace {

constexpr std::string_view kOpen = "«";
constexpr std::string_view kClose = "»";

std::string without_marks(std::string_view text) {
  std::string out{text};
  for (const auto mark : {kOpen, kClose}) {
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at))
      out.erase(at, mark.size());
  }
  return out;
}

std::string marked(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (const auto& secret : find_secrets(text)) {
    out += text.substr(at, secret.from - at);
    out += kOpen;
    out += text.substr(secret.from, secret.length);
    out += kClose;
    at = secret.from + secret.length;
  }
  out += text.substr(at);
  return out;
}

template <std::size_t Size>
void expect_found(const std::string_view (&rows)[Size]) {
  for (const auto row : rows) EXPECT_EQ(marked(without_marks(row)), row);
}

TEST(Secrets, Assignments) {
  expect_found({
      "DB_PASSWORD=«hunter»",
      "DB_PASSWORD=«my secret words»",
      "DB_PASSWORD=\"«my secret words»\"",
      "DB_PASSWORD='«it''s mine»'",
      "export PGPASSWORD=«pa;ss&wo,rd»",
      "password=«a;b»",
      "password = «correct horse battery staple»",
      "password\t=\t«hunter»",
      "password\t«hunter2»",
      "password: «hunter»",
      "  password: «hunter two» # of the shop",
      "api_key: '«a b c»'",
      "secret := \"«x y»\"",
      "spring.datasource.password=«swordfish»",
      "Environment=\"DB_PASSWORD=«a b»\" \"X=y\"",
      "Environment=DB_PASSWORD=«ab» OTHER=x",
      "token=«abc» status=502 host=x",
      "user=a, password=«b,c», host=d",
      "Server=db;User Id=shop;Password=«s3;cr»;Database=y",
      "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«abc/def+123==»;EndpointSuffix=y",
      "{password: «abc», user: x}",
      "connect(host=x, password=«abc»)",
      "password=«a(b)c»",
      "AUTH_KEY=«x!%y z»",
      "NONCE_SALT = «pepper»",
      "my.client_secret=«x»",
      "2026-11-25 14:02:11 [warn] login password=«abc» from 203.0.113.7",
      "WP_CACHE_KEY_SALT=«shop.example»",
      "requirepass «foobared»",
      "masterauth «foobared»",
      "PS1=x DB_PASSWORD=«p\\nw»",
  });
}

// Found in the report of a fault: bytes in print that were cut short.
TEST(Secrets, AnEscapeAndThenDots) {
  EXPECT_TRUE(find_secrets("\\x17\\x82...").empty());
  EXPECT_TRUE(find_secrets("\\u00... \\n..").empty());
}

TEST(Secrets, Code) {
  expect_found({
      "define('DB_PASSWORD', '«hunter»');",
      "define( \"AUTH_KEY\",  \"«put your; unique 'phrase' here»\" );",
      "'password' => '«hunter two»',",
      "\"password\" => \"«a\\\"b»\",",
      ":password => \"«x»\"",
      "$config['db']['password'] = '«hunter two»';",
      "$password = '«hunter»';",
      "const dbPassword = \"«hunter»\";",
      "password=b'«hunter»'",
      "password = \"\"\"«line one\nline two»\"\"\"",
      "builder.setPassword(\"«x y»\")",
      "putenv(\"DB_PASSWORD=«x y»\");",
      "variable \"db_password\" { default = \"«x y»\" }",
      "CREATE USER shop IDENTIFIED BY '«x y»';",
      "SET PASSWORD = «PASSWORD('x y»');",
      "ALTER USER shop WITH PASSWORD '«hunter»';",
  });
}

TEST(Secrets, Json) {
  expect_found({
      R"({"password":"«hunter»","port":3306})",
      R"({"password" : "«a \"quoted\" word»", "x": "y"})",
      R"({"password":"«ends with a backslash\\»","x":"y"})",
      R"({"body":"{\"password\":\"«a b»\",\"x\":1}"})",
      R"({"body":"{\"password\":\"«a \\\"b\\\" c»\",\"x\":1}"})",
      R"({"a":"{\"b\":\"{\\\"token\\\":\\\"«x y»\\\"}\"}"})",
      R"({"pin_token": «1234», "x": 1})",
      R"({"headers":{"Authorization":["«Bearer abc»"],"Cookie":["«a=b; c=d»"],"Host":["x"]}})",
      R"({"passwords": ["«a b»", "«c»"], "x": "y"})",
      R"({"name": "DB_PASSWORD", "value": "«x y»"})",
      R"({"name":"Cookie","value":"«a=b; c=d»"})",
      "{\n  \"password\":\n    \"«a b»\",\n  \"x\": 1\n}",
      R"({"command":"curl -H \"Authorization: «Bearer abc»\" https://x/"})",
      R"({"url":"https:\/\/«bob»:«secret»@x\/"})",
      "&quot;password&quot;:&quot;«a b»&quot;,&quot;x&quot;:1",
      "{\\u0022token\\u0022:\\u0022«a b»\\u0022}",
      R"({"accessToken":"«a»","refreshToken":"«b»","expires_in":3600,"token_type":"bearer"})",
      R"({"env":{"dbPassword":"«x»","host":"db"}})",
  });
}

TEST(Secrets, Yaml) {
  expect_found({
      "db:\n  password: |\n    «line one\n    line two»\n  host: x\n",
      "db:\n  password: >-\n    «folded words»\n  host: x\n",
      "db:\n  password:\n    «hunter two»\n  host: x\n",
      "db:\n  password:\n  host: x\n",
      "passwords_secret:\n  - «a b»\n  - \"«c d»\"\nhost: x\n",
      "- name: DB_PASSWORD\n  value: «hunter»\n- name: X\n",
      "- name: DB_PASSWORD\n  value: \"«a b»\"\n",
      "  - DB_PASSWORD=«hunter two»\n  - HOST=x\n",
      "Password:\n«hunter»\nLast login: today\n",
      "# password: «hunter»\n",
      "stringData:\n  api-key: «YWJj»\n  host: x\n",
  });
}

TEST(Secrets, Xml) {
  expect_found({
      "<password>«a b»</password><host>x</host>",
      "<Password encrypted=\"no\">«a b»</Password>",
      "<c:password>«hunter»</c:password>",
      "<password><![CDATA[«a b»]]></password>",
      "<db user=\"shop\" password=\"«a b»\" host=\"x\"/>",
      "<db password='«a b»'/>",
      "<add key=\"DbPassword\" value=\"«a b»\"/>",
      "<key>Password</key>\n<string>«a b»</string>",
      "<name>DB_PASSWORD</name><value>«x»</value>",
      "<meta name=\"csrf-token\" content=\"«abcdefgh»\">",
      "&lt;password&gt;«a b»&lt;/password&gt;",
      "<password/><host>x</host>",
  });
}

TEST(Secrets, Headers) {
  expect_found({
      "Authorization: «Basic dXNlcjpwYXNz»\nHost: x",
      "Authorization: «Digest username=\"bob\", realm=\"x\", response=\"abc\"»\r\nHost: x",
      "Authorization: «Digest username=\"bob\",\r\n  response=\"abc\"»\r\nHost: x",
      "Proxy-Authorization: «Negotiate abc»\nHost: x",
      "authorization:«Token abc»",
      "Cookie: «a=b; c=d»\nHost: x",
      "Set-Cookie: «a=b; Path=/; HttpOnly»\nServer: x",
      "HTTP/1.1 200 OK\\x0d\\x0aSet-Cookie: «a=b; Path=/»\\x0d\\x0aServer: nginx",
      "HTTP/1.1 200 OK\\r\\nSet-Cookie: «a=b; Path=/»\\r\\nServer: nginx",
      "HTTP/1.1 200 OK..Set-Cookie: «a=b; Path=/..X-Api-Key: c..»",
      "curl -H 'Cookie: «a=b; c=d»' -H 'Accept: x' https://x/",
      "curl -H \"Authorization: «Bearer abc»\" https://x/",
      "\"GET / HTTP/1.1\" 502 \"Cookie: «a=b; c=d»\" 0.003",
      "\"GET / HTTP/1.1, Cookie: «a=b; c=d»\" 502 0.003",
      "X-Api-Key: «abc»\nHost: x",
      "X-Shopify-Access-Token: «abc»\nHost: x",
      "Cf-Access-Client-Secret: «abc»",
      "PRIVATE-TOKEN: «abc»",
      "proxy_set_header Authorization \"«Basic abc»\";",
      "proxy_set_header Authorization «Basic abc»;",
      "RequestHeader set Authorization \"«Bearer abc»\"",
      "HTTP_AUTHORIZATION=«Basic abc»",
      "HTTP_COOKIE=\"«a=b; c=d»\"",
      "sent Bearer «canarybearer4» to 203.0.113.7",
      "with Basic «dXNlcjpwYXNz» and more",
  });
}

TEST(Secrets, Urls) {
  expect_found({
      "GET /a?token=«abc»&x=1 HTTP/1.1",
      "GET /a?x=1&token=«a;b,c»&y=2 HTTP/1.1",
      "GET /a?x=1;token=«a»;yy=2 HTTP/1.1",
      "GET /cb?code=«abc»&page=2",
      "https://x/#access_token=«abc»&expires_in=3600",
      "https://x/a?X-Amz-Signature=«abcdef»&X-Amz-Date=20261125",
      "https://x.blob.example/a?sv=2024&sig=«abc%2Bd%3D»&se=2026",
      "next=%2Fcb%3Ftoken%3D«abc»%26x%3D1&y=2",
      "href=\"/a?token=«abc»\" class=\"x\"",
      "<a href='/a?token=«abc»'>",
      "https://«bob»:«secret»@x.example/a",
      "https://«bob»:«p@ss:word»@x.example/a",
      "https://«bob»:«p/w»@x.example/a",
      "https://«abctoken»@x.example/a",
      "redis://:«secret»@10.0.0.5:6379/0",
      "mysql://«shop»:«ab»@10.9.8.7:3306/shop",
      "«shop»:«secret»@tcp(10.9.8.7:3306)/shop",
      "https%3A%2F%2F«bob»%3A«secret»%40x.example%2F",
      "https://hooks.example/services/«T00000000»/«B00000000»/«abcdefghijklmnopqrstuvwx»",
      "https://discord.example/api/webhooks/«123456789012»/«abcDEF-123_xyz»",
      "https://api.telegram.example/«bot123456789:AAF-abcdefghijklmnopqrstuvwxyz01234»/sendMessage",
      "GET /reset/«abcdef» HTTP/1.1",
      "GET /password/reset/«abcdef»?email=x HTTP/1.1",
      "GET /invite/«k3y»/accept HTTP/1.1",
      "GET /verify-email/«1a2b3c»/ HTTP/1.1",
      "https://x/a?url=https://«u»:«p»@y/",
  });
}

TEST(Secrets, FormsOfTheirMakers) {
  expect_found({
      "key «AKIAIOSFODNN7EXAMPLE» used",
      "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
      "«ghp_abcdefghijklmnopqrstuvwxyz0123456789»",
      "remote https://«ghp_abcdefghijklmnopqrstuvwxyz0123456789»@github.example/x",
      "«github_pat_11ABCDEFG0abcdefghijkl_mnop»",
      "«xoxb-1234567890-abcdefghijkl»",
      "«sk_live_abcdefghijklmnop1234»",
      "«eyJhbGciOiJIUzI1NiJ9.eyJhIjoiYiJ9.c2lnbmF0dXJl»",
      "«AIzaSyA-abcdefghijklmnopqrstuvwxyz0123»",
      "{\"type\": \"service_account\", \"private_key_id\": \"abc\", "
      "\"private_key\": \"«-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n»\"}",
      "bob:«$apr1$abcdefgh$ijklmnopqrstuv»",
      "bob:«$2y$10$abcdefghijklmnopqrstuv»",
      "bob:«{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=»",
      "«Zq7abcDEF012ghiJKL345mnoPQR678stuVWX»",
      "-----BEGIN RSA PRIVATE KEY-----«\nProc-Type: 4,ENCRYPTED\n\nabc+/=\n»-----END RSA PRIVATE "
      "KEY-----\nx",
      "-----BEGIN PRIVATE KEY-----«\nabc\ndef»\n2026/11/25 [error] 502",
      "-----BEGIN OPENSSH PRIVATE KEY-----«\\nabc\\n»-----END OPENSSH PRIVATE KEY-----",
  });
}

TEST(Secrets, CommandsAndServers) {
  expect_found({
      "mysql -u root -p«hunter» shop",
      "mysqldump --password=«hunter» shop",
      "tool --password «hunter» --host x",
      "tool --token \"«a b»\" --host x",
      "sshpass -p «hunter» ssh host",
      "curl -u «bob»:«hunter» https://x/",
      "stats auth «admin»:«hunter»",
      "  user admin insecure-password «hunter»",
      "  user admin password «$6$abc$defghijk»",
      "SetEnv DB_PASSWORD «hunter»",
      "fastcgi_param DB_PASSWORD \"«a b»\";",
      "env DB_PASSWORD=«canarydb5»; fastcgi_param API_KEY «canarykey6x9»;",
      "machine x login bob password «hunter»",
      "enable secret 5 «$1$abcd$efghijkl»",
      "neighbor 10.0.0.1 password 7 «0822455D0A16»",
      "//registry.npmjs.example/:_authToken=«abc»",
      "Content-Disposition: form-data; name=\"password\"\r\n\r\n«hunter»\r\n--x",
  });
}

TEST(Secrets, InSentences) {
  expect_found({
      "Password for root: «hunter»",
      "password is: «hunter»",
      "the password was '«a b»'",
      "root's password is «hunter2»",
      "pass phrase: «hunter»",
      "api key: «hunter»",
      "<entry key=\"db.password\">«a b»</entry>",
      "<property name=\"password\"><value>«a b»</value></property>",
      "vault_password: !vault |\n  «$ANSIBLE_VAULT;1.1\n  3239»\n",
      "proxy_set_header X-Api-Key «hunter»;",
      "curl -u«bob»:«hunter» https://x/",
      "bindpw «hunter»",
      "CREATE USER 'a'@'b' IDENTIFIED WITH mysql_native_password BY '«x y»';",
  });
}

TEST(Secrets, WhatAReportNeedsStays) {
  for (const std::string_view text : {
           "proxy_pass http://203.0.113.10:8080;",
           "status code=503",
           "exit code: 3",
           "serial 68E516A1EF2938F551422764751092CD001FFC1B",
           "ray 8f1a2b3c4d5e6f70-FRA",
           "The cookie is too large.",
           "no key is shared",
           "2026-11-25T14:02:11.123Z",
           "ssl_session_timeout 10m;",
           "ssl_session_cache shared:SSL:10m;",
           "ssl_password_file /etc/nginx/keys/pass.txt;",
           "ssl_certificate_key /etc/ssl/private/shop.key;",
           "auth_basic \"Only for us\";",
           "auth_basic_user_file /etc/nginx/htpasswd;",
           "server_tokens off;",
           "proxy_hide_header Set-Cookie;",
           "Vary: Cookie\r\nContent-Type: text/html",
           "Access-Control-Allow-Headers: Authorization, X-Api-Key",
           "proxy_set_header Authorization $http_authorization;",
           "curl -H \"Authorization: Bearer $TOKEN\" https://x/",
           "Failed password for root from 203.0.113.7 port 22 ssh2",
           "password authentication failed for user \"shop\"",
           "FATAL: password authentication failed for user \"shop\" at 10:02",
           "Password: incorrect for bob from 203.0.113.7",
           "The token has expired",
           "the password is wrong",
           "curl -H \"Authorization: Bearer $TOKEN\"\n\ncause dns.nxdomain",
           "Failed password for bob from 203.0.113.7 port 22: closed",
           "Server Temp Key: X25519, 253 bits",
           "Unable to load private key: error",
           "primary key: 17",
           "Token expired at 2026-11-25",
           "auth: PAM failed for bob",
           "session opened for user bob",
           "TLS session: not reused",
           "signature algorithm rsa_pss_rsae_sha256",
           "net.ipv4.tcp_syncookies = 1",
           "password=${DB_PASSWORD}",
           "password: \"\"",
           "password=",
           "password=********",
           "password=[token 1]",
           "PasswordAuthentication no",
           "\"max_tokens\": 100",
           "\"token_type\":\"bearer\",\"expires_in\":3600",
           "open() \"/var/www/hooks/deploy\" failed",
           "GET /api/v1/auth/login HTTP/1.1",
           "GET /verify/email HTTP/1.1",
           "GET /static/session/app.js HTTP/1.1",
           "https://www.example.net:8443/a@b",
           "write to bob@example.net, mailto:bob@example.net",
           "docker run -p 8080:80 nginx",
           R"(-----BEGIN CERTIFICATE-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Z3VS5JJ
-----END CERTIFICATE-----)",
           "ED25519 key fingerprint is SHA256:abcdEFGH1234ijklMNOP5678qrstUVWX9012yzabCDE",
           "cookie SERVERID insert indirect nocache",
           "upstream timed out (110: Connection timed out) while connecting to upstream",
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
           "limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;",
           "WWW-Authenticate: Basic realm=\"shop\"",
       }) {
    EXPECT_EQ(marked(text), text);
  }
}

// A text that somebody made to be slow: each is read in time linear in its size.
TEST(Secrets, TagsHoldUpNothing) {
  std::string text = "password: ";
  for (int i = 0; i < 200'000; ++i) text += "!a ";
  const auto begin = text.size();
  text += "hunter22\n";
  const auto found = find_secrets(text);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().from, begin);
  EXPECT_EQ(found.front().length, 8U);
}

TEST(Secrets, CostIsLinear) {
  for (const std::string_view piece : {"@",
                                       "a@",
                                       "a:b@",
                                       "://",
                                       "://a:b@",
                                       "password=",
                                       "password=\"",
                                       "pwd='pwd=\"pwd=`",
                                       "token:\n",
                                       "-----BEGIN PRIVATE KEY-----",
                                       "<password>",
                                       "&quot;",
                                       "\\\\\\\"",
                                       "/reset/",
                                       "Bearer ",
                                       "%3Ftoken%3D",
                                       "secret: |\n ",
                                       "1.1.1.1.",
                                       "[password: [",
                                       "a-p -p ",
                                       "password\t",
                                       "token,",
                                       "=password ;",
                                       "password: !a "}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    const auto begin = std::clock();  // of this program: the machine may have other work
    find_secrets(text);
    const auto once = std::clock() - begin;
    text += text;
    text += text;
    find_secrets(text);
    const auto all = std::clock() - begin - once;
    // Four times the text: sixteen times the time were quadratic.
    EXPECT_LT(all, 10 * once + CLOCKS_PER_SEC / 20) << piece;
  }
}

}  // namespace
}  // namespace causeway::codec
