#include "app/render_proof.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/proof_flags.hpp"

namespace causeway::app {
namespace {

using testing::HasSubstr;
using testing::Not;

firewall::Proof proof_of(const char* ruleset, const char* ports = "80,443") {
  ProofFlags flags;
  flags.from = std::string{"test/rulesets/"} + ruleset + "/dump";
  flags.ports = ports;
  return firewall::prove(gather(flags)->collection, read_request(flags).value());
}

std::string report(const firewall::Proof& proof) {
  return render_proof(proof, Screen{.width = 400}, false);
}

TEST(RenderProof, NamesThePartThatIsStoppedWithRuleOwnerAndFix) {
  const auto text = report(proof_of("04-ufw-limit-deny"));
  EXPECT_THAT(text, HasSubstr("This host stops the edge."));
  EXPECT_THAT(text, HasSubstr("162.158.88.0/24 of 162.158.0.0/15 (256 of 131072 addresses)"));
  EXPECT_THAT(text, HasSubstr("owner: ufw"));
  EXPECT_THAT(text, HasSubstr("ufw prepend allow proto tcp from"));
  EXPECT_THAT(text, HasSubstr("6 packets or more within 30 s from each source address"));
}

TEST(RenderProof, TellsRangesThatFareAlikeOnce) {
  const auto text = report(proof_of("16-nft-cf-only"));
  EXPECT_THAT(text, HasSubstr("Every range of the edge gets through this host."));
  EXPECT_THAT(text, HasSubstr("15 ranges (173.245.48.0/20, 103.21.244.0/22, 103.22.200.0/22, and "
                              "12 more) to ports 80 and 443: get through"));
}

TEST(RenderProof, AFamilyThatTheHostDoesNotHaveStopsNobody) {
  ProofFlags flags;
  flags.from = "test/rulesets/16-nft-cf-only/dump";
  flags.ports = "80,443";
  auto collection = gather(flags)->collection;
  auto request = read_request(flags).value();
  collection.arrival.address6.reset();
  const auto proof = firewall::prove(collection, request);
  EXPECT_TRUE(proof.all_open());
  EXPECT_FALSE(proof.some_stopped());
  const auto text = report(proof);
  EXPECT_THAT(text, HasSubstr("Every range of the edge gets through this host."));
  EXPECT_THAT(text, HasSubstr("15 ranges, ports 80 and 443"));
  EXPECT_THAT(text, HasSubstr("IPv6: this host has no public IPv6 address"));
  // An edge that speaks nothing else does not get in.
  std::erase_if(request.edge.prefixes,
                [](const Prefix& one) { return one.address().family() == Family::ipv4; });
  EXPECT_TRUE(firewall::prove(collection, request).some_stopped());
  collection.arrival.address4.reset();
  EXPECT_TRUE(firewall::prove(collection, read_request(flags).value()).some_stopped());
}

TEST(RenderProof, NamesWhatAnAllowListLacks) {
  const auto text = report(proof_of("06-firewalld-zones"));
  EXPECT_THAT(text, HasSubstr("holds 14 of the edge's 15 ipv4 ranges; missing: 104.24.0.0/14"));
  EXPECT_THAT(text, HasSubstr("523 at the edge"));
  EXPECT_THAT(text, HasSubstr("firewalld zone public"));
}

TEST(RenderProof, ClaimsNothingWhenRulesCouldNotBeRead) {
  auto proof = proof_of("16-nft-cf-only");
  proof.unreadable.emplace_back("nft: exit 1: Operation not permitted");
  const auto text = render_proof(proof, Screen{.width = 400}, true);
  EXPECT_THAT(text, HasSubstr("Nothing is proved"));
  EXPECT_THAT(text, HasSubstr("could not be read: nft: exit 1"));
  EXPECT_THAT(text, HasSubstr("As root,"));
  EXPECT_THAT(text, Not(HasSubstr("Every range")));
}

TEST(RenderProof, ForeignWordsCannotMoveTheCursor) {
  auto proof = proof_of("16-nft-cf-only");
  proof.rows.front().causes.front().rule.text = "comment \"\x1b[2J\"";
  proof.notes.emplace_back("a\nb\x07");
  const auto text = report(proof);
  EXPECT_THAT(text, HasSubstr("\\x1b[2J"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
}

}  // namespace
}  // namespace causeway::app
