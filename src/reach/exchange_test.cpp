#include "reach/exchange.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/text.hpp"
#include "model/observation.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "reach/exchange_answer.hpp"

namespace causeway::reach {
namespace {

TEST(FailureOfOutcome, every_outcome_of_the_kind_has_one) {
  const auto* field = model::row(model::Kind::http).field("outcome");
  ASSERT_NE(field, nullptr);
  for (const auto part : split(field->meaning, '|')) {
    const auto outcome = trim(part);
    EXPECT_EQ(failure_of(outcome).has_value(), outcome != "complete") << outcome;
  }
}

TEST(ExchangeQuestion, asks_for_the_target) {
  Request request;
  request.target = {.url = "https://a.example:8443/x",
                    .host = "a.example",
                    .scheme = "https",
                    .port = 8443,
                    .path = "/x"};
  const Endpoint remote{IpAddress::v4(0xcb00710a), 8443};
  const auto question = exchange_question(request, remote, "main", nullptr);
  EXPECT_EQ(question.host, "a.example");
  EXPECT_EQ(question.port, 8443);
  EXPECT_EQ(question.path, "/x");
  EXPECT_FALSE(question.h2);
  EXPECT_EQ(exchange_question(request, remote, "no-host", nullptr).host, "");
  net::TlsResult secured;
  secured.alpn = "h2";
  EXPECT_TRUE(exchange_question(request, remote, "main", &secured).h2);
}

// A connected socket whose peer has already reset it; -1 when loopback does not work.
int reset_socket() {
  const net::Fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  auto* const address = reinterpret_cast<sockaddr*>(&at);
  if (::bind(listener.get(), address, length) != 0 || ::listen(listener.get(), 1) != 0) return -1;
  ::getsockname(listener.get(), address, &length);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, address, length) != 0) return -1;
  const net::Fd peer{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  const linger abort{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  ::shutdown(peer.get(), SHUT_RD);
  return socket;
}

// The reset may be there before the request is written; then the write hears of it, and the read
// after it sees an end without a word.
TEST(AskHttp1, a_reset_that_the_write_heard_of_is_a_reset) {
  net::Fd socket{reset_socket()};
  ASSERT_TRUE(socket);
  pollfd until{.fd = socket.get(), .events = POLLERR, .revents = 0};
  ASSERT_EQ(::poll(&until, 1, 5000), 1);
  Request request;
  Record record;
  Survey survey{.request = request, .record = record, .deadline = kNever};
  const auto stream = net::plain_stream(std::move(socket));
  net::Loop loop;
  const auto answer = loop.run(ask_http1(survey, *stream, {.host = "a.example"}));
  EXPECT_EQ(answer.outcome, "reset");
  EXPECT_EQ(answer.os_code, ECONNRESET);
}

}  // namespace
}  // namespace causeway::reach
