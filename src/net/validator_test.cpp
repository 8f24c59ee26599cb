#include "net/validator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "codec/dns_writer.hpp"
#include "net/loop.hpp"
#include "net/scripted_dns.hpp"

namespace causeway::net {
namespace {

using codec::DnsType;
using codec::DnsWriter;
using ::testing::HasSubstr;
using Asked = ScriptedDns::Asked;
using Replies = std::vector<std::string>;

// A trust anchor for `zone`, in a file that goes away with this.
class AnchorFile {
 public:
  explicit AnchorFile(const std::string& zone) {
    int fd = ::mkstemp(path_.data());
    if (fd < 0) std::abort();
    ::close(fd);
    std::ofstream{path_} << zone << " IN DS 12345 13 2 " << std::string(64, '0') << "\n";
  }
  AnchorFile(const AnchorFile&) = delete;
  AnchorFile& operator=(const AnchorFile&) = delete;
  ~AnchorFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = ::testing::TempDir() + "causeway_anchor_XXXXXX";
};

Replies unsigned_answer(const Asked& asked) {
  DnsWriter writer{asked.message};
  const bool is_address = asked.message.question->type == DnsType::a;
  if (is_address) writer.address(asked.message.question->name, "203.0.113.10");
  return {writer.bytes()};
}

Validated validate_by(const ScriptedDns::Script& script, const std::string& anchor_zone,
                      Duration wait = std::chrono::seconds{20}) {
  const ScriptedDns server{script};
  const AnchorFile anchor{anchor_zone};
  Loop loop;
  return loop.run(validate_dnssec({.question = {"www.example.net", DnsType::a},
                                   .resolvers = {server.endpoint()},
                                   .anchor_file = anchor.path(),
                                   .deadline = Clock::now() + wait}));
}

TEST(Validator, CallsAnUnsignedAnswerOfASignedZoneBogus) {
  const auto validated = validate_by(unsigned_answer, "example.net.");
  EXPECT_EQ(validated.validity, Validity::bogus);
  EXPECT_THAT(validated.reason, HasSubstr("example.net"));
}

TEST(Validator, CallsANameOutsideEveryAnchorInsecure) {
  const auto validated = validate_by(unsigned_answer, "example.org.");
  EXPECT_EQ(validated.validity, Validity::insecure);
  EXPECT_EQ(validated.reason, "");
}

TEST(Validator, SaysThatItGotNoAnswer) {
  const auto validated = validate_by(
      [](const Asked& asked) { return Replies{DnsWriter{asked.message}.rcode(5).bytes()}; },
      "example.org.");
  EXPECT_EQ(validated.validity, Validity::indeterminate);
  EXPECT_THAT(validated.reason, HasSubstr("SERVFAIL"));
}

TEST(Validator, IsGivenUpAtItsDeadline) {
  const auto began = Clock::now();
  const auto validated = validate_by([](const Asked&) { return Replies{}; }, "example.net.",
                                     std::chrono::milliseconds{50});
  EXPECT_EQ(validated.validity, Validity::indeterminate);
  EXPECT_THAT(validated.reason, HasSubstr("in time"));
  EXPECT_LT(Clock::now() - began, std::chrono::seconds{2});
}

TEST(Validator, NeedsAnAnchor) {
  Loop loop;
  const auto validated = loop.run(validate_dnssec({.question = {"www.example.net", DnsType::a},
                                                   .resolvers = {},
                                                   .anchor_file = "/nonexistent/root.key",
                                                   .deadline = kNever}));
  EXPECT_EQ(validated.validity, Validity::indeterminate);
  EXPECT_THAT(validated.reason, HasSubstr("/nonexistent/root.key"));
}

}  // namespace
}  // namespace causeway::net
