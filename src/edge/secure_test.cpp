// TLS on both sides of the edge, and HTTP/2 towards visitors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "edge/edge_fixture.hpp"
#include "net/h2.hpp"
#include "net/scripted_origin.hpp"
#include "net/small_identity.hpp"
#include "net/tcp.hpp"
#include "net/tls.hpp"
#include "net/tls_server.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;
using std::literals::chrono_literals::operator""s;

class Files {
 public:
  Files()
      : folder_(std::filesystem::path{testing::TempDir()} /
                ("causeway-edge-" + std::to_string(::getpid()) + "-" + std::to_string(++made_))) {
    std::filesystem::create_directories(folder_);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ / name, std::ios::binary} << text;
    return folder_ / name;
  }
  std::string path(const std::string& name) const { return folder_ / name; }

 private:
  static inline int made_ = 0;  // a trust store is read once for each path
  std::filesystem::path folder_;
};

struct Front {
  Files files;
  std::unique_ptr<net::SmallAuthority> authority = net::SmallAuthority::make().value();
  std::string ca = files.write("ca.pem", authority->certificate());

  net::ServerCertificate certificate(const std::string& name) const {
    const auto made = authority->issue({.subject = "DNS:" + name}).value();
    return {.certificate_file = files.write(name + ".pem", made.certificate),
            .key_file = files.write(name + ".key", made.key),
            .ocsp_file = {}};
  }
  std::shared_ptr<const net::TlsServer> server() const {
    return net::TlsServer::load({.certificates = {certificate("one.test"), certificate("two.test")},
                                 .alpn = {"h2", "http/1.1"},
                                 .ticket_keys = {}})
        .value();
  }
};

net::Task<net::TlsResult> secure_to(Endpoint edge, std::string name, std::string ca,
                                    std::vector<std::string> alpn) {
  net::ConnectOptions options;
  options.remote = edge;
  options.deadline = Clock::now() + 5s;
  auto connected = co_await net::connect_tcp(options);
  net::TlsOptions tls;
  tls.sni = tls.host = name;
  tls.ca_file = ca;
  tls.alpn = std::move(alpn);
  tls.deadline = Clock::now() + 5s;
  co_return co_await net::tls_handshake(std::move(connected.socket), std::move(tls));
}

net::Task<std::string> ask_1(Endpoint edge, std::string name, std::string ca) {
  auto secured = co_await secure_to(edge, name, ca, {"http/1.1"});
  EXPECT_EQ(secured.outcome, net::TlsOutcome::ok) << secured.reason;
  if (!secured.stream) co_return "";
  EXPECT_TRUE(secured.certificate->verify_codes.empty());
  const std::string request = "GET / HTTP/1.1\r\nHost: " + name + "\r\nConnection: close\r\n\r\n";
  co_await secured.stream->write(std::as_bytes(std::span{request}), Clock::now() + 5s);
  std::string out;
  std::array<std::byte, 4096> buffer{};
  while (true) {
    const auto got = co_await secured.stream->read(buffer, Clock::now() + 5s);
    if (got.end != net::ReadEnd::more) break;
    out.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  }
  co_return out;
}

net::Task<std::vector<net::H2Answer>> ask_2(Endpoint edge, std::string ca,
                                            std::vector<net::H2Request> requests) {
  std::vector<net::H2Answer> out;
  auto secured = co_await secure_to(edge, "two.test", ca, {"h2", "http/1.1"});
  EXPECT_EQ(secured.alpn, "h2");
  if (!secured.stream) co_return out;
  net::H2Client client;
  for (auto& request : requests) {
    out.push_back(co_await client.ask(*secured.stream, request, {5s, 5s, 5s}, Clock::now() + 5s));
  }
  co_return out;
}

net::Script answering(const std::string& text) {
  return {step("read"), step("send", {text}), step("read"), step("send", {text}), step("stall")};
}

const net::ScriptedCertificates kNone{};
constexpr const char* kPage = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Case: Kept\r\n\r\nhello";

TEST(TlsFront, EachNameHasItsCertificate) {
  const Front front;
  const net::ScriptedOrigin origin{{answering(kPage)}, kNone};
  EdgeUnderTest edge{config_for({origin_at(origin.endpoint())}), front.server()};
  net::Loop loop;
  for (const char* name : {"one.test", "two.test"}) {
    const std::string answer = loop.run(ask_1(edge.endpoint(), name, front.ca));
    EXPECT_TRUE(answer.ends_with("hello")) << answer;
  }
}

TEST(TlsFront, PlainTextOnItsPortEndsTheHandshake) {
  const Front front;
  const net::ScriptedOrigin origin{{answering(kPage)}, kNone};
  EdgeUnderTest edge{config_for({origin_at(origin.endpoint())}), front.server()};
  TestVisitor visitor{edge.endpoint()};
  visitor.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(visitor.read_all()), 0);
  while (edge.metrics().handshakes_failed.get() == 0) std::this_thread::yield();
}

TEST(TlsFront, WhatCannotBeLoadedSaysWhy) {
  const Front front;
  auto files = front.certificate("one.test");
  files.key_file = front.certificate("two.test").key_file;
  const auto other_key =
      net::TlsServer::load({.certificates = {files}, .alpn = {}, .ticket_keys = {}});
  ASSERT_FALSE(other_key);
  EXPECT_THAT(other_key.error().text, HasSubstr("two.test.key"));
  files.certificate_file = front.files.path("none.pem");
  EXPECT_THAT(net::check_certificate(files).error().text, HasSubstr("none.pem"));
}

TEST(Http2Front, AnswersOneAfterTheOtherOnOneConnection) {
  const Front front;
  const net::Script twice{step("read"), step("send", {kPage}), step("read"), step("send", {kPage}),
                          step("stall")};
  const net::ScriptedOrigin origin{{twice}, kNone};
  EdgeUnderTest edge{config_for({origin_at(origin.endpoint())}), front.server()};
  net::Loop loop;
  net::H2Request request;
  request.authority = "two.test";
  const auto answers = loop.run(ask_2(edge.endpoint(), front.ca, {request, request}));
  ASSERT_EQ(answers.size(), 2U);
  for (const auto& answer : answers) {
    EXPECT_EQ(answer.end, net::H2End::complete) << answer.reason;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_THAT(answer.fields, testing::Contains(testing::Pair("x-case", "Kept")));
  }
}

TEST(Http2Front, FailuresHaveTheirCodeAndBrokenRequestsTheirs) {
  const Front front;
  const net::ScriptedOrigin origin{{{step("read"), step("close")}}, kNone};
  EdgeUnderTest edge{config_for({origin_at(origin.endpoint())}), front.server()};
  net::Loop loop;
  net::H2Request failing;
  failing.authority = "two.test";
  net::H2Request smuggling = failing;
  smuggling.path = "/a b";
  const auto answers = loop.run(ask_2(edge.endpoint(), front.ca, {failing, smuggling}));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].status, 520);
  EXPECT_NE(answers[1].status, 200);
}

struct OriginCase {
  const char* why;
  net::CertificateOrder certificate;
  TlsMode mode;
  int status;
  const char* failure;
};

TEST(TlsOrigin, ModesAndCertificatesComeOutExactly) {
  const std::vector<OriginCase> rows{
      {"good",
       {.name = "leaf", .subject = "www.test", .for_names = {"DNS:www.test"}, .issuer = "ca"},
       TlsMode::strict,
       200,
       ""},
      {"wrong name",
       {.name = "leaf", .subject = "x.test", .for_names = {"DNS:x.test"}, .issuer = "ca"},
       TlsMode::strict,
       526,
       "cert.wrong_name"},
      {"expired",
       {.name = "leaf",
        .subject = "www.test",
        .for_names = {"DNS:www.test"},
        .issuer = "ca",
        .from_days = -9,
        .to_days = -2},
       TlsMode::strict,
       526,
       "cert.expired"},
      {"self-signed",
       {.name = "leaf", .subject = "www.test", .for_names = {"DNS:www.test"}},
       TlsMode::strict,
       526,
       "cert.self_signed"},
      {"self-signed, full",
       {.name = "leaf", .subject = "www.test", .for_names = {"DNS:www.test"}},
       TlsMode::full,
       200,
       ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    const Files files;
    net::ScriptedCertificates certificates;
    certificates.make({.name = "ca", .subject = "Test CA", .is_ca = true});
    certificates.make(row.certificate);
    const std::string ca = files.path("origin-ca.pem");
    certificates.write(ca, {"ca"});
    const net::ScriptedOrigin origin{
        {{step("tls", {"cert=leaf"}), step("read"), step("send", {kPage}), step("stall")}},
        certificates};
    Origin target = origin_at(origin.endpoint());
    target.scheme = OriginScheme::https;
    target.tls = row.mode;
    target.ca_file = ca;
    EdgeUnderTest edge{config_for({target})};
    const std::string answer = ask(
        edge.endpoint(), "GET / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n\r\n");
    EXPECT_EQ(status_of(answer), row.status) << answer;
    EXPECT_THAT(answer, HasSubstr(row.failure));
  }
}

// An origin of two connections, whatever its certificate.
struct TwoConnections {
  TwoConnections(net::Script first, net::Script second) {
    certificates.make({.name = "leaf", .subject = "www.test", .for_names = {"DNS:www.test"}});
    for (auto* script : {&first, &second}) {
      script->insert(script->begin(), step("tls", {"cert=leaf"}));
      script->push_back(step("stall"));
    }
    scripted.emplace(std::vector<net::Script>{std::move(first), std::move(second)}, certificates);
  }
  Config config() const {
    Origin origin = origin_at(scripted->endpoint());
    origin.scheme = OriginScheme::https;
    origin.tls = TlsMode::full;
    return config_for({origin});
  }
  net::ScriptedCertificates certificates;
  std::optional<net::ScriptedOrigin> scripted;
};

TEST(TlsOrigin, BytesThatNobodyAskedForAreNobodysAnswer) {
  const TwoConnections origin{
      {step("read"), step("cork"), step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n"}),
       step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"}), step("uncork")},
      {step("read"), step("send", {kPage})}};
  EdgeUnderTest edge{origin.config()};
  TestVisitor visitor{edge.endpoint()};
  visitor.send("HEAD / HTTP/1.1\r\nHost: www.test\r\n\r\n");
  EXPECT_EQ(status_of(visitor.read_until("\r\n\r\n")), 200);
  EXPECT_THAT(ask(edge.endpoint(), "GET / HTTP/1.1\r\nHost: www.test\r\n\r\n"),
              testing::EndsWith("\r\n\r\nhello"));
}

TEST(TlsOrigin, ATicketDoesNotKeepAConnectionFromBeingUsedAgain) {
  const TwoConnections origin{{step("read"), step("cork"), step("send", {kPage}), step("ticket"),
                               step("uncork"), step("read"), step("send", {kPage})},
                              {step("reset")}};
  EdgeUnderTest edge{origin.config()};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(status_of(ask(edge.endpoint(), "GET / HTTP/1.1\r\nHost: www.test\r\n\r\n")), 200);
  }
}

// Its connection was accepted with certificates, and has them still.
TEST(TlsFront, AReloadWithoutTlsMayComeWhileAProxyHeaderIsAwaited) {
  const Front front;
  const net::ScriptedOrigin origin{{once(kPage)}, kNone};
  Config config = config_for({origin_at(origin.endpoint())});
  config.access_log.on = false;
  const Snapshot plain{.config = std::make_shared<const Config>(config)};
  config.listeners.push_back({.address = {}, .proxy_protocol = true});
  EdgeUnderTest edge{std::move(config), front.server()};
  TestVisitor visitor{edge.endpoint()};
  visitor.send("PROXY TCP4 203.0.113.7 ");
  while (edge.metrics().connections_open.get() == 0) std::this_thread::yield();
  const OpenListener door = open_door();
  edge.worker().reload(plain, {door});
  const std::string get = "GET / HTTP/1.1\r\nHost: www.test\r\n\r\n";
  EXPECT_EQ(status_of(ask(door.rules.address, get)), 200);
  visitor.send("203.0.113.8 1 2\r\nno handshake, not at all\r\n\r\n");
  EXPECT_EQ(status_of(visitor.read_all()), 0);
  EXPECT_EQ(status_of(ask(door.rules.address, get)), 200);
}

TEST(TlsOrigin, AServerThatSpeaksSomethingElseIs525) {
  const net::ScriptedOrigin origin{{{step("send", {"220 mail ready\r\n"}), step("stall")}}, kNone};
  Origin target = origin_at(origin.endpoint());
  target.scheme = OriginScheme::https;
  EdgeUnderTest edge{config_for({target})};
  const std::string answer =
      ask(edge.endpoint(), "GET / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n\r\n");
  EXPECT_EQ(status_of(answer), 525) << answer;
  EXPECT_THAT(answer, HasSubstr("tls.not_spoken"));
}

}  // namespace
}  // namespace causeway::edge
