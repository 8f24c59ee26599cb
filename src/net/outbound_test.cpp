#include "net/outbound.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "net/fd.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/small_identity.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

// A server of one script: for each line of `says`, waits for the peer's next words (but not before
// the first when `speaks_first`), keeps them, then answers.
class Talker {
 public:
  Talker(std::vector<std::string> says, bool speaks_first, std::string until)
      : says_(std::move(says)), first_(speaks_first), until_(std::move(until)) {
    listener_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const SockAddr any = to_sockaddr({IpAddress::v4(0x7f000001), 0});
    EXPECT_EQ(::bind(listener_.get(), any.get(), any.length), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    thread_ = std::thread{[this] { serve(); }};
  }
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;
  ~Talker() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string address() const { return local_endpoint(listener_)->text(); }
  const std::string& heard() {  // once the peer is gone
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread{[] {}};
    return heard_;
  }

 private:
  void serve() {
    const Fd peer{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!peer) return;
    const timeval limit{5, 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    bool skip = first_;
    std::string until = until_;
    for (const auto& line : says_) {
      if (!std::exchange(skip, false) && !read(peer, until)) return;
      until = line.starts_with("354") ? "\r\n.\r\n" : until_;  // the whole mail
      ::send(peer.get(), line.data(), line.size(), MSG_NOSIGNAL);
    }
  }

  bool read(const Fd& peer, const std::string& until) {
    std::string words;
    while (!words.ends_with(until)) {
      char byte = 0;
      if (::recv(peer.get(), &byte, 1, 0) != 1) return false;
      words += byte;
    }
    heard_ += words;
    return true;
  }

  std::vector<std::string> says_;
  bool first_;
  std::string until_;
  std::string heard_;
  Fd listener_;
  std::thread thread_;
};

Talker http(std::string answer) { return Talker{{std::move(answer)}, false, "\r\n\r\n"}; }

OutboundReply get(OutboundRequest request) {
  Loop loop;
  Outbound outbound;
  return loop.run(outbound.send(std::move(request)));
}

OutboundReply deliver(OutboundMail mail) {
  Loop loop;
  Outbound outbound;
  return loop.run(outbound.mail(std::move(mail)));
}

TEST(Outbound, GivesStatusFieldsAndBody) {
  auto server =
      http("HTTP/1.1 429 Slow down\r\nRetry-After:  7 \r\nContent-Length: 5\r\n\r\nhello");
  const auto reply = get({.method = "PATCH",
                          .url = "http://" + server.address() + "/zones?page=2",
                          .fields = {{"Authorization", "Bearer s3cret"}},
                          .body = "{\"paused\":true}\r\n\r\n"});
  EXPECT_EQ(reply.end, OutboundEnd::answered);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.field("retry-after"), "7");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.why, "");
  EXPECT_THAT(server.heard(), HasSubstr("PATCH /zones?page=2 HTTP/1.1\r\n"));
  EXPECT_THAT(server.heard(), HasSubstr("Authorization: Bearer s3cret\r\n"));
  EXPECT_THAT(server.heard(), Not(HasSubstr("Expect:")));
}

// With one descriptor left the wait for an answer has one end: a request that cannot tell of its
// end is not begun.
TEST(Outbound, NoDescriptorForItsEndIsSaid) {
  Loop loop;
  Outbound outbound;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int next = Fd{::dup(0)}.get();
  const rlimit one{static_cast<rlim_t>(next + 1), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one);
  const auto reply = loop.run(outbound.send({.url = "http://127.0.0.1:1/"}));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(reply.end, OutboundEnd::failed);
  EXPECT_EQ(reply.why, "no descriptor is left");
}

TEST(Outbound, FollowsNoRedirect) {
  auto server =
      http("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  const auto reply = get({.url = "http://" + server.address() + "/"});
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.field("Location"), "http://127.0.0.1:1/");
}

TEST(Outbound, TellsHowItEnded) {
  auto cut = http("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
  EXPECT_EQ(get({.url = "http://" + cut.address() + "/"}).end, OutboundEnd::cut);
  auto large = http("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(get({.url = "http://" + large.address() + "/", .most_bytes = 4}).end,
            OutboundEnd::too_large);
  auto plain = http("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(get({.url = "https://" + plain.address() + "/", .wait = milliseconds{300}}).end,
            OutboundEnd::timeout);  // it waits for an empty line, and so does the handshake
  EXPECT_EQ(get({.url = "http://127.0.0.1:1/"}).end, OutboundEnd::connect);
  EXPECT_EQ(get({.url = "http://nowhere.invalid/"}).end, OutboundEnd::resolve);
  EXPECT_EQ(get({.url = "file:///etc/passwd"}).end, OutboundEnd::bad_request);
  EXPECT_EQ(get({.url = "http://127.0.0.1:1/", .fields = {{"A", "b\r\nC: d"}}}).end,
            OutboundEnd::bad_request);
}

TEST(Outbound, SecretsStayOutOfErrors) {
  const auto reply = get(
      {.url = "http://127.0.0.1:1/hooks/s3cret", .fields = {{"Authorization", "Bearer s3cret"}}});
  EXPECT_THAT(reply.why, Not(HasSubstr("s3cret")));
  EXPECT_THAT(reply.why, Not(testing::IsEmpty()));
}

TEST(Outbound, AnInterruptEndsIt) {
  auto server = http("never asked for");
  Loop loop;
  Outbound outbound;
  loop.interrupt();
  const auto reply = loop.run(outbound.send({.url = "http://" + server.address() + "/"}));
  EXPECT_EQ(reply.end, OutboundEnd::interrupted);
}

Task<int> many(Outbound& outbound, std::string url) {
  Group group;
  int answered = 0;
  const auto one = [](Outbound& through, std::string to, int& count) -> Task<void> {
    const auto reply = co_await through.send({.url = std::move(to)});
    count += reply.end == OutboundEnd::connect ? 1 : 0;
  };
  for (int i = 0; i < 40; ++i) group.start(one(outbound, url, answered));
  co_await group.finished();
  co_return answered;
}

TEST(Outbound, ManyAtOnce) {
  Loop loop;
  Outbound outbound;
  EXPECT_EQ(loop.run(many(outbound, "http://127.0.0.1:1/")), 40);
}

TEST(Outbound, SendsMail) {
  Talker server{{"220 mail.test\r\n", "250 mail.test\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
                 "250 taken\r\n", "221 bye\r\n"},
                true,
                "\r\n"};
  const auto reply = deliver({.url = "smtp://" + server.address(),
                              .must_encrypt = false,
                              .from = "edge@example.net",
                              .to = {"ops@example.net"},
                              .message = "Subject: down\n\n523 since 10:17\n"});
  EXPECT_EQ(reply.end, OutboundEnd::answered) << reply.why;
  EXPECT_THAT(server.heard(), HasSubstr("MAIL FROM:<edge@example.net>"));
  EXPECT_THAT(server.heard(), HasSubstr("RCPT TO:<ops@example.net>"));
  EXPECT_THAT(server.heard(), HasSubstr("Subject: down\r\n\r\n523 since 10:17\r\n.\r\n"));
}

TEST(Outbound, MailTheServerRefuses) {
  Talker server{
      {"220 mail.test\r\n", "250 mail.test\r\n", "250 ok\r\n", "550 who?\r\n", "221 bye\r\n"},
      true,
      "\r\n"};
  const auto reply = deliver({.url = "smtp://" + server.address(),
                              .must_encrypt = false,
                              .from = "edge@example.net",
                              .to = {"nobody@example.net"},
                              .message = "Subject: down\n\n"});
  EXPECT_EQ(reply.end, OutboundEnd::rejected);
  EXPECT_EQ(reply.status, 550);
}

TEST(Outbound, MailStaysAtHomeWithoutEncryption) {
  Talker server{{"220 mail.test\r\n", "250 mail.test\r\n", "221 bye\r\n"}, true, "\r\n"};
  const auto reply = deliver({.url = "smtp://" + server.address(),
                              .from = "edge@example.net",
                              .to = {"ops@example.net"},
                              .message = "Subject: secret\n\n"});
  EXPECT_EQ(reply.end, OutboundEnd::secure) << name(reply.end) << reply.why;
}

}  // namespace
}  // namespace causeway::net
