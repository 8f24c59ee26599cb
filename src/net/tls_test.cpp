#include "net/tls.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/address.hpp"
#include "net/loop.hpp"
#include "net/scripted_origin.hpp"
#include "net/small_origin.hpp"
#include "net/tls_edge_roots.hpp"
#include "net/tls_trust.hpp"
#include "net/tls_wire.hpp"

namespace causeway::net {
namespace {

std::filesystem::path temporary(std::string_view name) {
  return std::filesystem::path{testing::TempDir()} /
         ("causeway-" + std::to_string(::getpid()) + "-" + std::string{name});
}

TEST(TrustStore, says_why_a_file_cannot_be_used) {
  const auto missing = prepare_tls("/nonexistent/ca.pem");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("No such file"), std::string::npos);
  const auto path = temporary("not.pem");
  std::ofstream{path} << "this is no certificate\n";
  const auto nonsense = prepare_tls(path);
  ASSERT_FALSE(nonsense);
  EXPECT_NE(nonsense.error().text.find("BEGIN CERTIFICATE"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(TrustStore, is_loaded_once_and_shared) {
  EXPECT_EQ(*TrustStore::load(""), *TrustStore::load(""));
  EXPECT_NE(*TrustStore::load("", true), *TrustStore::load("", false));
}

TEST(TrustStore, knows_the_origin_ca_only_when_asked) {
  const std::unique_ptr<BIO, OpenSslFree<BIO_free>> bio{
      BIO_new_mem_buf(cloudflare_origin_roots().data(), -1)};
  int count = 0;
  while (const X509Ptr root{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    ++count;
    EXPECT_EQ(X509_verify(root.get(), X509_get0_pubkey(root.get())), 1);
    EXPECT_TRUE((*TrustStore::load("", true))->has(X509_get_subject_name(root.get())));
    EXPECT_FALSE((*TrustStore::load("", false))->has(X509_get_subject_name(root.get())));
  }
  EXPECT_EQ(count, 2);
}

TEST(AlertName, is_known_or_unknown) {
  EXPECT_EQ(alert_name(40), "handshake_failure");
  EXPECT_EQ(alert_name(116), "certificate_required");
  EXPECT_EQ(alert_name(200), "unknown");
}

TEST(ClearAlert, is_read_from_the_last_record) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(clear_alert("\x15\x03\x03\x00\x02\x02\x28"sv), 40);
  EXPECT_EQ(clear_alert("\x15\x03\x03\x00\x02\x01\x00"sv), -1);  // close_notify
  EXPECT_EQ(clear_alert("\x17\x03\x03\x00\x02\x02\x28"sv), -1);
  EXPECT_EQ(clear_alert("\x15\x03"sv), -1);
}

// The whole way of a stream: bytes both ways, and what comes after the end.
TEST(TlsStream, carries_bytes_and_ends) {
  ScriptedCertificates certificates;
  certificates.make({.name = "leaf", .subject = "www.example.net"});
  const ScriptedOrigin origin{
      {{{"tls", {"cert=leaf"}}, {"read", {}}, {"repeat", {"5000", "0123456789"}}, {"close", {}}}},
      certificates};
  Loop loop;
  loop.run([](Endpoint remote) -> Task<void> {
    const Instant deadline = Clock::now() + std::chrono::seconds{10};
    ConnectOptions to;
    to.remote = remote;
    to.deadline = deadline;
    auto connected = co_await connect_tcp(to);
    TlsOptions options;
    options.verify = false;
    options.deadline = deadline;
    auto shaken = co_await tls_handshake(std::move(connected.socket), options);
    EXPECT_EQ(shaken.outcome, TlsOutcome::ok);
    if (!shaken.stream) co_return;
    EXPECT_FALSE(shaken.certificate->verified);
    const std::string_view request = "hello\r\n\r\n";
    const auto wrote = co_await shaken.stream->write(std::as_bytes(std::span{request}), deadline);
    EXPECT_EQ(wrote.end, WriteEnd::all);
    std::array<std::byte, 777> buffer{};
    std::size_t total = 0;
    ReadResult got;
    while ((got = co_await shaken.stream->read(buffer, deadline)).end == ReadEnd::more) {
      total += got.bytes;
    }
    EXPECT_EQ(total, 50'000U);
    EXPECT_EQ(got.end, ReadEnd::eof);
  }(origin.endpoint()));
}

// One handshake with a small origin, its answer read to the end: tickets come with it.
Task<TlsResult> ask_once(Endpoint remote, std::string ca_file, std::shared_ptr<TlsPast> past) {
  const Instant deadline = Clock::now() + std::chrono::seconds{10};
  auto connected = co_await connect_tcp({.remote = remote, .deadline = deadline});
  TlsOptions options;
  options.host = "127.0.0.1";
  options.ca_file = std::move(ca_file);
  options.past = std::move(past);
  options.deadline = deadline;
  auto shaken = co_await tls_handshake(std::move(connected.socket), std::move(options));
  EXPECT_EQ(shaken.outcome, TlsOutcome::ok) << shaken.reason;
  if (!shaken.stream) co_return shaken;
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  co_await shaken.stream->write(std::as_bytes(std::span{request}), deadline);
  std::array<std::byte, 4096> buffer{};
  std::string answer;
  while (answer.find("Basket") == std::string::npos) {
    const auto got = co_await shaken.stream->read(buffer, deadline);
    if (got.end != ReadEnd::more) break;
    answer.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  }
  EXPECT_NE(answer.find("Basket"), std::string::npos);
  co_return shaken;
}

// Whoever forgets to say for whom it asks is not told that all is well.
TEST(TlsCertificate, IsForNobodyWithoutAName) {
  const auto authority = *SmallAuthority::make();
  const auto ca_file = temporary("nobody-ca.pem");
  std::ofstream{ca_file} << authority->certificate();
  const auto origin =
      *SmallOrigin::open({.identity = *authority->issue({.subject = "IP:127.0.0.1"}),
                          .reply = page_reply(200, "OK", "Basket")});
  Loop loop;
  const auto shaken = loop.run([](Endpoint remote, std::string ca) -> Task<TlsResult> {
    const Instant deadline = Clock::now() + std::chrono::seconds{10};
    auto connected = co_await connect_tcp({.remote = remote, .deadline = deadline});
    TlsOptions options;
    options.ca_file = std::move(ca);
    options.deadline = deadline;
    co_return co_await tls_handshake(std::move(connected.socket), std::move(options));
  }(origin->endpoint(), ca_file));
  ASSERT_TRUE(shaken.certificate);
  EXPECT_TRUE(shaken.certificate->verified);
  EXPECT_FALSE(shaken.certificate->name_matches);
  EXPECT_EQ(shaken.certificate->verify_codes, std::vector<int>{X509_V_ERR_HOSTNAME_MISMATCH});
  std::filesystem::remove(ca_file);
}

class TlsPastOf : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Tls12And13, TlsPastOf, ::testing::Bool());

TEST_P(TlsPastOf, MakesTheNextHandshakesShort) {
  const auto authority = *SmallAuthority::make();
  const auto ca_file = temporary("small-ca.pem");
  std::ofstream{ca_file} << authority->certificate();
  const auto origin =
      *SmallOrigin::open({.identity = *authority->issue({.subject = "IP:127.0.0.1"}),
                          .reply = page_reply(200, "OK", "Basket"),
                          .old_tls = GetParam()});
  Loop loop;
  const auto past = std::make_shared<TlsPast>();
  EXPECT_FALSE(past->can_resume());
  EXPECT_EQ(past->certificate(), nullptr);
  const auto first = loop.run(ask_once(origin->endpoint(), ca_file, past));
  EXPECT_FALSE(first.resumed);
  ASSERT_TRUE(first.certificate);
  EXPECT_TRUE(first.certificate->verified);
  ASSERT_TRUE(past->can_resume());
  ASSERT_NE(past->certificate(), nullptr);
  EXPECT_EQ(past->certificate()->fingerprint, first.certificate->fingerprint);
  for (int i = 0; i < 3; ++i) {
    const auto next = loop.run(ask_once(origin->endpoint(), ca_file, past));
    EXPECT_TRUE(next.resumed) << i;
    EXPECT_FALSE(next.certificate) << i;
    ASSERT_NE(next.stream, nullptr);
    EXPECT_TRUE(next.stream->security().resumed);
  }
  past->forget();
  EXPECT_FALSE(past->can_resume());
  const auto again = loop.run(ask_once(origin->endpoint(), ca_file, past));
  EXPECT_FALSE(again.resumed);
  EXPECT_TRUE(again.certificate);
  // Whoever keeps no past resumes nothing and leaves nothing behind.
  EXPECT_FALSE(loop.run(ask_once(origin->endpoint(), ca_file, nullptr)).resumed);
  std::filesystem::remove(ca_file);
}

TEST(TlsPast, AServerThatForgotIsMetInFull) {
  const auto authority = *SmallAuthority::make();
  const auto ca_file = temporary("small-ca-2.pem");
  std::ofstream{ca_file} << authority->certificate();
  const auto open = [&] {
    return *SmallOrigin::open({.identity = *authority->issue({.subject = "IP:127.0.0.1"}),
                               .reply = page_reply(200, "OK", "Basket")});
  };
  const auto before = open();
  const auto after = open();  // other ticket keys, another certificate
  Loop loop;
  const auto past = std::make_shared<TlsPast>();
  const auto first = loop.run(ask_once(before->endpoint(), ca_file, past));
  ASSERT_TRUE(past->can_resume());
  const auto second = loop.run(ask_once(after->endpoint(), ca_file, past));
  EXPECT_FALSE(second.resumed);
  ASSERT_TRUE(first.certificate && second.certificate);
  EXPECT_NE(second.certificate->fingerprint, first.certificate->fingerprint);
  EXPECT_EQ(past->certificate()->fingerprint, second.certificate->fingerprint);
  std::filesystem::remove(ca_file);
}

}  // namespace
}  // namespace causeway::net
