// Outbound HTTP and mail that nobody measures: provider APIs, webhooks, alerts. The only door to
// libcurl; none of its types passes it. What is diagnosed goes through reach, never through here.
//
//   net::Outbound outbound;                      // one a program is enough: connections are kept
//   auto reply = co_await outbound.send({.method = "POST", .url = url, .fields = {...}, .body =
//   b}); if (reply.end != net::OutboundEnd::answered) report(reply.why); else if (reply.status ==
//   429) wait_for(reply.field("Retry-After"));
//
// One attempt, no redirect followed, certificates always checked: whether to try again is the
// caller's decision. Secrets belong into `fields` or `password`: neither they nor the URL ever
// appear in `why`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/time.hpp"
#include "net/task.hpp"

namespace causeway::net {

enum class OutboundEnd : std::uint8_t {
  answered,     // HTTP: a whole answer of any status; mail: taken over by the server
  bad_request,  // the URL is none, or neither http nor https (smtp, smtps)
  resolve,      // the host's name does not resolve
  connect,      // refused or unreachable
  secure,       // TLS: handshake or certificate
  timeout,      // `wait` is over
  cut,          // the connection ended before the answer did
  too_large,    // the answer has more than `most_bytes`
  rejected,     // mail: the server said no; `status` is its code
  busy,         // too many under way (limits::kOutboundUnderWay)
  interrupted,  // the loop was interrupted
  failed,       // anything else libcurl says
};
std::string_view name(OutboundEnd end);

struct OutboundRequest {
  std::string method = "GET";
  std::string url;                                          // http or https, absolute
  std::vector<std::pair<std::string, std::string>> fields;  // lines with control bytes are refused
  std::string body;
  Duration wait = causeway::limits::kOutboundWait;  // for everything together
  std::size_t most_bytes = causeway::limits::kOutboundBytes;
  std::string ca_file;  // PEM; empty: the system's trust store
};

struct OutboundMail {
  std::string url;  // "smtp://mail.example.net:587" (STARTTLS where offered), "smtps://..."
  bool must_encrypt = true;  // smtp: fail when the server does not offer STARTTLS
  std::string user;          // empty: no authentication
  std::string password;
  std::string from;             // bare addresses: "alerts@example.net"
  std::vector<std::string> to;  // at least one
  std::string message;          // RFC 5322, with its header; lines may end in LF
  Duration wait = causeway::limits::kOutboundWait;
  std::string ca_file;
};

struct OutboundReply {
  OutboundEnd end = OutboundEnd::failed;
  int status = 0;  // HTTP status or SMTP code, 0: none came
  std::vector<std::pair<std::string, std::string>> fields;  // of the last head, in order
  std::string body;
  std::string why;  // one line for a person; empty when answered
  Duration elapsed{};

  std::string_view field(std::string_view name) const;  // case-insensitive; empty when absent
};

class Outbound {
 public:
  Outbound();
  ~Outbound();  // ends what is under way
  Outbound(const Outbound&) = delete;
  Outbound& operator=(const Outbound&) = delete;

  // On the current loop, which never blocks: the work is done on a thread of this object. Never
  // throws, always reports; destroying the task ends the attempt. The object must outlive its
  // tasks.
  Task<OutboundReply> send(OutboundRequest request);
  Task<OutboundReply> mail(OutboundMail mail);

 private:
  struct Job;
  class Worker;
  Task<OutboundReply> run(std::shared_ptr<Job> job);

  std::unique_ptr<Worker> worker_;
};

}  // namespace causeway::net
