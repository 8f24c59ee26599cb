// What a request leaves behind when the loop it runs on is interrupted.
#include "edge/handle.hpp"

#include <gtest/gtest.h>

#include <string>

#include "codec/dns_writer.hpp"
#include "edge/edge_fixture.hpp"
#include "edge/reply_fixture.hpp"
#include "net/scripted_dns.hpp"

namespace causeway::edge {
namespace {

constexpr const char* kName = "origin.example.net";

// An origin of two addresses, known when the loop is interrupted.
class InterruptedRace : public testing::Test {
 protected:
  InterruptedRace() {
    EXPECT_EQ(loop_.run(state_.addresses(dns_.endpoint().text()))->list.size(), 2U);
  }

  void ask(std::vector<Attempt> before) {
    loop_.interrupt();
    const ScratchPtr scratch = take_scratch();
    scratch->story.runtime = worker_.runtime();
    scratch->story.attempts = std::move(before);
    codec::parse_request_head("GET / HTTP/1.1\r\nHost: www.test\r\n\r\n", {}, scratch->request);
    TestReply reply;
    const Visitor visitor;
    loop_.run(ask_origins(worker_, reply, visitor, *scratch, nullptr));
  }

  Snapshot snapshot() const {
    Origin origin;
    origin.host = origin.name = kName;
    origin.port = 9;
    Config config = config_for({origin});
    config.dns_resolver = dns_.endpoint().text();
    return {.config = std::make_shared<const Config>(std::move(config))};
  }

  net::ScriptedDns dns_{[](const net::ScriptedDns::Asked& asked) {
    codec::DnsWriter out{asked.message};
    if (asked.message.question->type == codec::DnsType::a) {
      out.address(kName, "127.0.0.1").address(kName, "127.0.0.2");
    }
    return std::vector<std::string>{out.bytes()};
  }};
  net::Loop loop_;
  Worker worker_{snapshot(), {}};
  OriginState& state_ = *worker_.runtime()->pools()[0]->origins[0];
};

TEST_F(InterruptedRace, SaysNothingOfTheOrigin) {
  ask({});
  EXPECT_EQ(state_.record.circuit.state(), CircuitState::closed);
}

TEST_F(InterruptedRace, IsNotToldAsTheFailureOfAnotherOrigin) {
  ask({{.origin = "other",
        .failure = model::FailureId::connect_silent,
        .because = {},
        .connect = std::chrono::seconds{19}}});
  EXPECT_EQ(state_.record.circuit.state(), CircuitState::closed);
}

}  // namespace
}  // namespace causeway::edge
