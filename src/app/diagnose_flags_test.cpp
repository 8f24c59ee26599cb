#include "app/diagnose_flags.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace causeway::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A file that is gone with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) : path_("/tmp/causeway-flags-XXXXXX") {
    const int fd = mkstemp(path_.data());
    if (fd < 0) std::abort();
    std::ofstream{path_} << text;
    close(fd);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

DiagnoseFlags about(std::string target = "https://www.example.net/") {
  DiagnoseFlags out;
  out.target = std::move(target);
  return out;
}

std::string refusal(const DiagnoseFlags& flags) {
  const auto plan = understand(flags);
  return plan ? "accepted" : plan.error().text;
}

TEST(DiagnoseFlags, TheSimplestIsEnough) {
  const auto plan = understand(about()).value();
  EXPECT_EQ(plan.request.target.host, "www.example.net");
  EXPECT_EQ(plan.request.mode, model::Mode::normal);
  EXPECT_EQ(plan.request.ssl, model::SslMode::strict);
  EXPECT_EQ(plan.request.edge.name, "cloudflare");
  EXPECT_FALSE(plan.request.edge_given);
  EXPECT_EQ(plan.face, Face::text);
  EXPECT_THAT(plan.warnings, SizeIs(0));
}

TEST(DiagnoseFlags, EveryFlagArrives) {
  const TemporaryFile edge{"# own edge\n198.51.100.0/24\n2001:db8::/32\n"};
  const TemporaryFile facts{
      R"({"schema": "causeway.facts/1", "vantage": {"name": "web-1"}, "observations": []})"};
  const TemporaryFile ca{"-----BEGIN CERTIFICATE-----\n"};
  auto flags = about();
  flags.origins = {"203.0.113.10", "203.0.113.11:8443", "[2001:db8::1]:444"};
  flags.via_edge = "198.51.100.7";
  flags.expect_status = "204";
  flags.expect_text = "hello";
  flags.known_addresses = {"203.0.113.10"};
  flags.with = {facts.path()};
  flags.edge = edge.path();
  flags.ca = ca.path();
  flags.source = "192.0.2.1";
  flags.resolver = "192.0.2.53";
  flags.authorities = {"192.0.2.54:5353"};
  flags.ssl = "full";
  flags.deadline = "1500ms";
  flags.quick = true;
  flags.format = "json";
  const auto plan = understand(flags);
  ASSERT_TRUE(plan) << plan.error().text;
  const auto& request = plan->request;
  ASSERT_THAT(request.origins, SizeIs(3));
  EXPECT_EQ(request.origins[0].text(), "203.0.113.10:443") << "the URL's port";
  EXPECT_EQ(request.origins[2].text(), "[2001:db8::1]:444");
  EXPECT_EQ(request.expect.status, 204);
  EXPECT_EQ(request.resolver->text(), "192.0.2.53:53");
  EXPECT_EQ(request.authorities[0].text(), "192.0.2.54:5353");
  EXPECT_EQ(request.ssl, model::SslMode::full);
  EXPECT_EQ(request.deadline, std::chrono::milliseconds{1500});
  EXPECT_EQ(request.mode, model::Mode::quick);
  EXPECT_THAT(request.edge.prefixes, SizeIs(2));
  EXPECT_TRUE(request.edge_given);
  EXPECT_EQ(plan->documents.at(0).vantage.name, "web-1");
  EXPECT_EQ(plan->face, Face::json);
  EXPECT_THAT(plan->warnings.at(0), HasSubstr("3.1 s")) << "523 would look like 522";
}

struct Wrong {
  void (*spoil)(DiagnoseFlags&);
  const char* says;
};

class DiagnoseFlagsWrong : public ::testing::TestWithParam<Wrong> {};

TEST_P(DiagnoseFlagsWrong, IsRefusedWithWhatIsExpected) {
  auto flags = about();
  GetParam().spoil(flags);
  EXPECT_THAT(refusal(flags), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Each, DiagnoseFlagsWrong,
    ::testing::Values(
        Wrong{[](auto& f) { f.target = ""; }, "no URL given; expected"},
        Wrong{[](auto& f) { f.target = "ftp://x.example"; }, "expected http or https"},
        Wrong{[](auto& f) { f.target = "https://0.0.0.0/"; }, "cannot be connected to"},
        Wrong{[](auto& f) { f.origins = {"www.example.net"}; }, "--origin: "},
        Wrong{[](auto& f) { f.origins = {"203.0.113.10:0"}; }, "--origin: "},
        Wrong{[](auto& f) { f.origins = {"224.0.0.1"}; }, "--origin: 224.0.0.1 is multicast"},
        Wrong{[](auto& f) { f.origins.assign(9, "203.0.113.10"); }, "--origin: given 9 times"},
        Wrong{[](auto& f) { f.via_edge = "198.51.100.7:443"; }, "--via-edge: "},
        Wrong{[](auto& f) { f.known_addresses = {"::"}; }, "--known-address: "},
        Wrong{[](auto& f) { f.source = "eth0"; }, "--source: "},
        Wrong{[](auto& f) { f.origins = {"fe80::1"}; }, "fe80::1 is link-local"},
        Wrong{[](auto& f) { f.resolver = "dns.example"; }, "--resolver: "},
        Wrong{[](auto& f) { f.authorities = {"1.2.3"}; }, "--authority: "},
        Wrong{[](auto& f) { f.expect_status = "42"; }, "expected 100 to 599"},
        Wrong{[](auto& f) { f.expect_status = "200x"; }, "expected 100 to 599"},
        Wrong{[](auto& f) { f.ssl = "strickt"; }, "did you mean strict?"},
        Wrong{[](auto& f) { f.format = "xml"; }, "expected text, json, html, junit, nagios"},
        Wrong{[](auto& f) { f.deadline = "soon"; }, "--deadline: "},
        Wrong{[](auto& f) { f.deadline = "1h"; }, "expected 1s to 10m"},
        Wrong{[](auto& f) { f.deadline = "200ms"; }, "expected 1s to 10m"},
        Wrong{[](auto& f) { f.edge = "/nonexistent"; }, "expected 'cloudflare' or a file"},
        Wrong{[](auto& f) { f.edge = "/dev/null"; }, "--edge: "},
        Wrong{[](auto& f) { f.ca = "/nonexistent"; }, "--ca: cannot read '/nonexistent'"},
        Wrong{[](auto& f) { f.ca = "/dev/null"; }, "holds no certificate"},
        Wrong{[](auto& f) { f.ca = "/"; }, "--ca: cannot read '/'"},
        Wrong{[](auto& f) { f.with = {"/nonexistent"}; }, "--with: cannot read"},
        Wrong{[](auto& f) { f.with = {"/dev/null"}; }, "/dev/null:1:1: not JSON"},
        Wrong{[](auto& f) { f.quick = f.thorough = true; }, "--quick: contradicts --thorough"},
        Wrong{[](auto& f) {
                f.plain = true;
                f.format = "html";
              },
              "--plain: contradicts --format html"},
        Wrong{[](auto& f) {
                f.source = "2001:db8::9";
                f.origins = {"203.0.113.10"};
              },
              "--source: 2001:db8::9 is ipv6"}));

TEST(DiagnoseFlags, WhatHasNoUseIsSaid) {
  auto flags = about("http://192.0.2.1/");
  flags.resolver = "192.0.2.53";
  flags.ssl = "full";
  const auto plan = understand(flags);
  ASSERT_TRUE(plan) << plan.error().text;
  EXPECT_THAT(plan->warnings, SizeIs(2));
}

TEST(DiagnoseFlags, ABadPrefixIsNamedByLine) {
  const TemporaryFile edge{"198.51.100.0/24\n300.1.2.3/8\n"};
  auto flags = about();
  flags.edge = edge.path();
  EXPECT_THAT(refusal(flags), AllOf(HasSubstr("--edge: "), HasSubstr(":2:1: ")));
}

}  // namespace
}  // namespace causeway::app
