#include "reach/secure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::reach {
namespace {

using model::FailureId;
using model::SslMode;
using net::TlsOutcome;
using testing::ElementsAre;

net::TlsResult ended(TlsOutcome outcome) {
  net::TlsResult out;
  out.outcome = outcome;
  return out;
}

std::optional<FailureId> of_alert(int alert, bool requested = false) {
  auto result = ended(TlsOutcome::alert);
  result.alert = alert;
  result.client_cert_requested = requested;
  return failure_of(result, SslMode::full);
}

net::CertificateFacts certificate(std::vector<int> codes) {
  net::CertificateFacts out;
  out.verified = true;
  out.verify_codes = std::move(codes);
  out.issuer_sent = true;
  return out;
}

TEST(FailureOfHandshake, names_how_it_ended) {
  const auto of = [](TlsOutcome outcome) { return failure_of(ended(outcome), SslMode::strict); };
  EXPECT_EQ(of(TlsOutcome::not_tls), FailureId::tls_not_spoken);
  EXPECT_EQ(of(TlsOutcome::silent), FailureId::tls_silent);
  EXPECT_EQ(of(TlsOutcome::closed), FailureId::tls_closed);
  EXPECT_EQ(of(TlsOutcome::reset), FailureId::tls_reset);
  EXPECT_EQ(of(TlsOutcome::unacked), FailureId::http_request_unacked);
  EXPECT_EQ(of(TlsOutcome::ok), std::nullopt);
}

TEST(FailureOfHandshake, reads_alerts) {
  EXPECT_EQ(of_alert(70), FailureId::tls_no_shared_version);
  EXPECT_EQ(of_alert(86), FailureId::tls_no_shared_version);
  EXPECT_EQ(of_alert(40), FailureId::tls_no_shared_cipher);
  EXPECT_EQ(of_alert(40, true), FailureId::tls_client_cert_required);
  EXPECT_EQ(of_alert(71), FailureId::tls_no_shared_cipher);
  EXPECT_EQ(of_alert(112), FailureId::tls_name_unrecognized);
  EXPECT_EQ(of_alert(116), FailureId::tls_client_cert_required);
  EXPECT_EQ(of_alert(42), FailureId::tls_alert);
  EXPECT_EQ(of_alert(42, true), FailureId::tls_client_cert_required);
  EXPECT_EQ(of_alert(80), FailureId::tls_alert);
  EXPECT_EQ(of_alert(80, true), FailureId::tls_alert);
  EXPECT_EQ(of_alert(255), FailureId::tls_alert);
}

TEST(FailureOfHandshake, reads_what_openssl_refuses) {
  const auto of = [](std::string reason, int os_code = 0) {
    auto result = ended(TlsOutcome::failed);
    result.reason = std::move(reason);
    result.os_code = os_code;
    return failure_of(result, SslMode::full);
  };
  EXPECT_EQ(of("unsupported protocol"), FailureId::tls_no_shared_version);
  EXPECT_EQ(of("wrong cipher returned"), FailureId::tls_no_shared_cipher);
  EXPECT_EQ(of("dh key too small"), FailureId::tls_no_shared_cipher);
  EXPECT_EQ(of("unexpected message"), FailureId::tls_not_spoken);
  EXPECT_EQ(of("EHOSTUNREACH", 113), FailureId::tls_reset);
  EXPECT_EQ(of("internal: malloc failure"), FailureId::internal);
}

TEST(CertificateFailures, each_number_means_one_thing) {
  const auto of = [](int code) { return certificate_failures(certificate({code})); };
  EXPECT_THAT(of(10), ElementsAre(FailureId::cert_expired));
  EXPECT_THAT(of(9), ElementsAre(FailureId::cert_not_yet_valid));
  EXPECT_THAT(of(18), ElementsAre(FailureId::cert_self_signed));
  EXPECT_THAT(of(19), ElementsAre(FailureId::cert_unknown_issuer));
  EXPECT_THAT(of(20), ElementsAre(FailureId::cert_unknown_issuer));
  EXPECT_THAT(of(23), ElementsAre(FailureId::cert_revoked));
  EXPECT_THAT(of(26), ElementsAre(FailureId::cert_wrong_purpose));
  EXPECT_THAT(of(62), ElementsAre(FailureId::cert_wrong_name));
  EXPECT_THAT(of(64), ElementsAre(FailureId::cert_wrong_name));
  EXPECT_THAT(of(66), ElementsAre(FailureId::cert_weak));
  EXPECT_THAT(of(67), ElementsAre(FailureId::cert_weak));
  EXPECT_THAT(of(68), ElementsAre(FailureId::cert_weak));
  EXPECT_THAT(of(79), ElementsAre(FailureId::cert_wrong_purpose));
  EXPECT_THAT(of(47), ElementsAre(FailureId::cert_wrong_purpose));
  EXPECT_THAT(of(34), ElementsAre(FailureId::cert_wrong_purpose));
  EXPECT_THAT(of(999), ElementsAre(FailureId::cert_wrong_purpose));
  EXPECT_THAT(certificate_failures(certificate({})), ElementsAre());
}

TEST(CertificateFailures, the_worst_comes_first_and_each_once) {
  EXPECT_THAT(
      certificate_failures(certificate({62, 66, 20, 21, 10, 23})),
      ElementsAre(FailureId::cert_revoked, FailureId::cert_expired, FailureId::cert_unknown_issuer,
                  FailureId::cert_wrong_name, FailureId::cert_weak));
}

TEST(CertificateFailures, tells_a_missing_intermediate_from_a_stranger) {
  auto facts = certificate({20, 21});
  facts.issuer_sent = false;
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_unknown_issuer));
  facts.has_issuer_url = true;
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_incomplete_chain));
  facts.has_issuer_url = false;
  facts.issuer_known = true;
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_incomplete_chain));
  facts.verify_codes = {34};  // the issuer is there and good: another rule is broken
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_wrong_purpose));
  facts.verify_codes = {19};  // the root came along, and nobody trusts it
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_unknown_issuer));
  facts.verify_codes = {20};
  facts.self_issued = true;
  EXPECT_THAT(certificate_failures(facts), ElementsAre(FailureId::cert_self_signed));
}

TEST(CertificateFailures, count_only_in_strict_mode) {
  auto result = ended(TlsOutcome::ok);
  result.certificate = certificate({10});
  EXPECT_EQ(failure_of(result, SslMode::strict), FailureId::cert_expired);
  EXPECT_EQ(failure_of(result, SslMode::full), std::nullopt);
  result.certificate->verified = false;  // the trust store could not be read
  EXPECT_EQ(failure_of(result, SslMode::strict), FailureId::internal);
}

TEST(SecureQuestion, sends_names_and_never_addresses) {
  Request request;
  request.target.host = "www.example.net";
  const Endpoint remote{IpAddress::v4(0xcb00710a), 443};
  EXPECT_EQ(secure_question(request, remote, "main").sni, "www.example.net");
  EXPECT_EQ(secure_question(request, remote, "no-sni").sni, "");
  EXPECT_NE(secure_question(request, remote, "other-sni").sni, "www.example.net");
  EXPECT_EQ(secure_question(request, remote, "other-sni").host, "www.example.net");
  EXPECT_EQ(secure_question(request, remote, "tls12").offer, net::TlsOffer::tls12);
  request.target.host = "2001:db8::1";
  EXPECT_EQ(secure_question(request, remote, "main").sni, "");
}

}  // namespace
}  // namespace causeway::reach
