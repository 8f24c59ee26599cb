// The [edge] table: what is read, and every mistake with its place and what would be right.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/scratch_folder.hpp"
#include "edge/config_file.hpp"
#include "net/small_identity.hpp"

namespace causeway::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kGood = R"(
[edge]
workers = 2
[[edge.listen]]
address = "127.0.0.1:8080"
[[edge.pool]]
name = "www"
policy = "peak-ewma"
  [[edge.pool.origin]]
  host = "203.0.113.10"
  port = 8443
  scheme = "https"
  [[edge.pool.origin]]
  host = "backup.example.net"
  priority = 1
  [edge.pool.retry]
  attempts = 2
[[edge.route]]
hosts = ["WWW.example.net"]
pool = "www"
  [edge.route.timeouts]
  first_byte = "300s"
[edge.timeouts]
connect = "5s"
first_byte = "60s"
[edge.limits]
request_body = "1 GiB"
[edge.headers]
trusted = ["10.0.0.0/8"]
set_on_response = { X-Frame-Options = "DENY" }
[edge.admin]
address = "127.0.0.1:9000"
)";

struct Read {
  Config config;
  std::string said;
};

Read read(std::string_view text) {
  Read out;
  config::Findings findings;
  const auto root = config::parse(text);
  if (!root) {
    findings.add(root.error());
  } else if (const auto* table = root->find("edge")) {
    out.config = read_config(*table, findings);
    check_config(out.config, *table, {.now = wall_now(), .files = true}, findings);
  }
  out.said = config::text(findings, "e");
  return out;
}

TEST(EdgeConfig, ReadsAWholeFile) {
  const auto [config, said] = read(kGood);
  EXPECT_EQ(said, "");
  EXPECT_EQ(config.workers, 2);
  ASSERT_EQ(config.pools.size(), 1U);
  EXPECT_EQ(config.pools[0].policy, Policy::peak_ewma);
  EXPECT_EQ(config.pools[0].origins[0].name, "203.0.113.10:8443");
  EXPECT_EQ(config.pools[0].origins[1].priority, 1);
  EXPECT_EQ(config.pools[0].retries.attempts, 2);
  EXPECT_EQ(config.routes[0].hosts[0], "www.example.net");
  EXPECT_EQ(config.limits.request_body_bytes, 1ULL << 30U);
  EXPECT_EQ(config.headers.set_on_response[0].second, "DENY");
  EXPECT_EQ(config.admin.address->text(), "127.0.0.1:9000");
}

// What a route does not say comes from the edge's own times, wherever they stand in the file.
TEST(EdgeConfig, ARoutesTimesStandOnThoseOfTheEdge) {
  const auto config = read(kGood).config;
  ASSERT_TRUE(config.routes[0].timeouts);
  EXPECT_EQ(config.routes[0].timeouts->first_byte, std::chrono::seconds{300});
  EXPECT_EQ(config.routes[0].timeouts->connect, std::chrono::seconds{5});
}

TEST(EdgeConfig, TheExampleIsRight) {
  config::Findings findings;
  const auto section = config_section();
  const auto root = config::parse(section.example);
  ASSERT_TRUE(root) << root.error().text;
  section.check(*root->find("edge"), {.now = wall_now(), .files = false}, findings);
  EXPECT_EQ(config::text(findings, "example"), "");
}

// The good file with one line replaced.
std::string with(std::string_view line, std::string_view instead) {
  std::string out{kGood};
  const auto at = out.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return out.replace(at, line.size(), instead);
}

TEST(EdgeConfig, EveryMistakeHasItsPlaceAndItsRemedy) {
  const std::vector<std::tuple<std::string_view, std::string_view, std::string_view>> cases = {
      {"workers = 2", "wokers = 2", "e:3:1: error: unknown key `wokers`; did you mean `workers`?"},
      {"\"peak-ewma\"", "\"peak_ewma\"", "did you mean \"peak-ewma\"?"},
      {"pool = \"www\"", "pool = \"wwv\"",
       "e:20:8: error: there is no pool \"wwv\"; did you mean `www`? [dangling-reference]"},
      {"host = \"203.0.113.10\"", "host = \"https://203.0.113.10\"",
       "e:10:10: error: \"https://203.0.113.10\" is no host; expected a name or an address"},
      {"host = \"203.0.113.10\"", "", "e:9:3: error: `host` is missing"},
      {"port = 8443", "port = 0", "expected 1 to 65535"},
      {"port = 8443", "port = 8443\n  tls = \"flexible\"", "this mode of tls speaks plain HTTP"},
      {"port = 8443", "ca = \"/nowhere/ca.pem\"",
       "e:11:8: error: /nowhere/ca.pem cannot be read [missing-file]"},
      {"port = 8443", "client_key = \"/dev/null\"", "belong together"},
      {"port = 8443", "weight = 0", ""},
      {"connect = \"5s\"", "connect = \"2s\"", "e:24:11: warning: under 3.1s a machine"},
      {"attempts = 2", "attempts = 0", "expected 1 to 16"},
      {"name = \"www\"", "name = \"www\"\nhash_key = \"header:\"", "is no key; expected client"},
      {"[[edge.listen]]\naddress = \"127.0.0.1:8080\"", "", "no [[edge.listen]]"},
      {"address = \"127.0.0.1:8080\"", "address = \"127.0.0.1:8080\"\ntls = true",
       "a TLS listener needs a [[edge.certificate]]"},
      {"[[edge.route]]", "[[edge.listen]]\naddress = \"127.0.0.1:8080\"\n[[edge.route]]",
       "127.0.0.1:8080 is listened on already [duplicate]"},
      {"hosts = [\"WWW.example.net\"]", "hosts = [\"http://www.example.net\"]", "is no host name"},
      {"[edge.timeouts]",
       "[[edge.route]]\nhosts = [\"www.example.net\"]\npath = \"/api\"\n"
       "pool = \"www\"\n[edge.timeouts]",
       "warning: no request reaches this route: the one in line 18 takes them all"},
      {"[edge.timeouts]",
       "[[edge.pool]]\nname = \"two\"\n[[edge.pool.origin]]\nhost = \"a\"\n"
       "[edge.timeouts]",
       "warning: no route uses pool \"two\": it serves only when visitors of another are switched "
       "to it [unused]"},
      {"[edge.admin]", "[edge.cache]\nentry = \"1 TiB\"\n[edge.admin]", "larger than the whole"},
      {"[edge.admin]", "[edge.cache]\non = true\ndisk = \"/nowhere/a/b\"\n[edge.admin]",
       "e:33:8: warning: /nowhere/a cannot be made or written: No such file or directory; answers "
       "would be kept in memory alone [unusable-file]"},
      {"[edge.admin]", "[edge.cache]\non = true\ndisk = \"/dev/null\"\n[edge.admin]",
       "/dev/null is no directory"},
      {"[edge.admin]", "[edge.cache]\non = true\ndisk = \"tmp\"\n[edge.admin]", "[risky]"},
      {"[edge.admin]", "[edge.cache]\ndisk = \"/tmp\"\n[edge.admin]", "[unused]"},
      {"[edge.admin]", "[edge.cache]\ndisk_size = \"1 KiB\"\n[edge.admin]",
       "expected 1048576 or more"},
      {"[edge.admin]", "[edge.cache]\ndisk_files = 0\n[edge.admin]", "expected 1 to 10000000"},
      {"host = \"203.0.113.10\"\n  port = 8443\n  scheme = \"https\"",
       "host = \"127.0.0.1\"\n  port = 8080",
       "e:11:10: error: this edge itself listens on 127.0.0.1:8080: a request would come round"},
      {"address = \"127.0.0.1:9000\"", "address = \"0.0.0.0:9000\"",
       "warning: without a token_file only this machine itself is answered"},
      {"[edge.admin]", "[edge.log]\nfile = \"/nowhere/a.log\"\n[edge.admin]",
       "e:32:8: error: there is no folder /nowhere [missing-file]"},
      {"[edge.admin]", "[edge.log]\nfile = \"/tmp\"\n[edge.admin]", "/tmp is a folder, no file"},
      {"[edge.admin]", "[edge.pages]\ntemplate = \"/dev/null/x\"\n[edge.admin]", "[missing-file]"},
  };
  for (const auto& [line, instead, wanted] : cases) {
    EXPECT_THAT(read(with(line, instead)).said, HasSubstr(wanted)) << instead;
  }
}

TEST(EdgeConfig, RoutesThatDifferAreReachable) {
  const auto said = read(with("[edge.timeouts]",
                              "[[edge.route]]\nhosts = [\"*.example.net\"]\npool = \"www\"\n"
                              "[[edge.route]]\npath = \"/apis\"\npool = \"www\"\n"
                              "[[edge.route]]\npool = \"www\"\n[edge.timeouts]"))
                        .said;
  EXPECT_THAT(said, IsEmpty());
}

class Files : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text) const {
    const auto path = folder_ + "/" + name;
    std::ofstream{path, std::ios::binary} << text;
    return path;
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.make().value();
};

TEST_F(Files, ATemplateIsRead) {
  const auto path = write("page.html", "<p>\n{{ray}}");
  EXPECT_THAT(
      read(with("[edge.admin]", fmt::format("[edge.pages]\ntemplate = \"{}\"\n[edge.admin]", path)))
          .said,
      HasSubstr("page.html:2:1: unknown token {{ray}}"));
}

TEST_F(Files, ADiskThatCanBeWrittenIsFine) {
  for (const auto& path : {folder_, folder_ + "/new"}) {
    EXPECT_THAT(read(with("[edge.admin]", fmt::format("[edge.cache]\non = true\ndisk = \"{}\"\n"
                                                      "entry = \"512 MiB\"\n[edge.admin]",
                                                      path)))
                    .said,
                IsEmpty());
  }
}

TEST_F(Files, ACertificateThatIsNoneIsRefused) {
  const auto path = write("c.pem", "nothing of the kind");
  const auto said =
      read(with("[[edge.pool]]",
                fmt::format(
                    "[[edge.certificate]]\ncertificate = \"{0}\"\nkey = \"{0}\"\n[[edge.pool]]",
                    path)))
          .said;
  EXPECT_THAT(said, HasSubstr("holds no certificate in PEM form"));
  EXPECT_THAT(said, HasSubstr("no listener with tls = true"));
}

TEST_F(Files, CertificatesAreReadBeforeAVisitorMeetsThem) {
  const auto authority = net::SmallAuthority::make();
  ASSERT_TRUE(authority);
  const auto said = [&](int from, int to, bool other_key) {
    const auto made =
        (*authority)->issue({.subject = "DNS:www.example.net", .from_days = from, .to_days = to});
    const auto other = (*authority)->issue({.subject = "DNS:www.example.net"});
    const auto certificate = write("c.pem", made->certificate);
    const auto key = write("k.pem", other_key ? other->key : made->key);
    return read(with("address = \"127.0.0.1:8080\"",
                     fmt::format("address = \"127.0.0.1:8080\"\ntls = true\n[[edge.certificate]]\n"
                                 "certificate = \"{}\"\nkey = \"{}\"",
                                 certificate, key)))
        .said;
  };
  EXPECT_EQ(said(-1, 30, false), "");
  EXPECT_THAT(said(-90, -2, false), HasSubstr("c.pem expired on 2"));
  EXPECT_THAT(said(5, 30, false), HasSubstr("is not valid before 2"));
  EXPECT_THAT(said(-80, 10, false), HasSubstr("warning: " + folder_ + "/c.pem ends on 2"));
  EXPECT_THAT(said(-1, 30, true), HasSubstr("is not that of the certificate in"));

  const auto made = (*authority)->issue({.subject = "DNS:*.example.org"});
  const auto text = fmt::format(
      "[edge]\n[[edge.listen]]\naddress = \"127.0.0.1:8443\"\ntls = true\n"
      "[[edge.certificate]]\ncertificate = \"{}\"\nkey = \"{}\"\n"
      "[[edge.pool]]\nname = \"www\"\n[[edge.pool.origin]]\nhost = \"192.0.2.1\"\n"
      "[[edge.route]]\nhosts = [\"a.example.org\"]\npool = \"www\"\n"
      "[[edge.route]]\nhosts = [\"a.b.example.org\"]\npool = \"www\"\n",
      write("wide.pem", made->certificate), write("wide.key", made->key));
  EXPECT_THAT(read(text).said, HasSubstr("no certificate has the name a.b.example.org"));
  EXPECT_THAT(read(text).said, testing::Not(HasSubstr("the name a.example.org")));
}

}  // namespace
}  // namespace causeway::edge
