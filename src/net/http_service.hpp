// A small HTTP/1.1 server for APIs of our own: console, admin listener, metrics. A handler is a
// coroutine from request to reply; a reply is bytes, or a stream that is written as it comes
// (Server-Sent Events). Not for strangers' traffic at the rate of an edge.
//
// Every wait has a limit (base/limits.hpp, "servers of our own"): a client that sends its head one
// byte a second, never reads, or keeps idle connections takes nothing from the others. All of it
// runs on the loop of the thread that calls serve().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "codec/http1_request_reader.hpp"
#include "net/limits.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::net {

// Whole, its body read. Lives until its reply, streamed or not, is over.
struct HttpRequest {
  std::string_view method;
  std::string_view path;   // as sent, percent-encoded, beginning with '/'; "*" of OPTIONS
  std::string_view query;  // as sent, without '?'
  std::string_view host;   // the Host field, or the authority of an absolute target
  std::span<const codec::HeaderField> fields;
  std::string body;
  Endpoint peer;
  bool secure = false;  // over TLS of this service

  std::optional<std::string_view> field(std::string_view name) const {
    return codec::find_field(fields, name);
  }
};

// Where a streamed reply goes.
class ReplyStream {
 public:
  virtual ~ReplyStream() = default;
  // False when the client is gone, does not take it in time, or the service stops: then end.
  virtual Task<bool> write(std::string_view bytes) = 0;
  virtual bool stopping() const = 0;  // the service drains: finish what is due, then end
};

struct HttpReply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields;  // without framing, Date, Connection
  std::string body;
  std::string_view fixed;  // instead of `body`: bytes that outlive the service
  std::function<Task<void>(ReplyStream&)> stream;  // instead of both; kept until it has ended
  bool closes = false;                             // the connection ends after this reply
};

using HttpHandler = std::function<Task<HttpReply>(const HttpRequest&)>;

struct HttpServiceOptions {
  Endpoint listen;  // port 0: any free one
  Fd listener;      // one that listens there already, of a predecessor; else it is opened
  // The server's side of TLS on an accepted socket; nothing when the handshake fails. Unset: plain.
  std::function<Task<std::unique_ptr<Stream>>(Fd, Instant deadline)> secure;
  std::size_t most_connections = limits::kServiceConnections;
  // The answer to what never becomes a request: too large, too slow, broken. Unset: one line of
  // text.
  std::function<HttpReply(int status, std::string_view why)> refusal;
  std::uint64_t most_body_bytes = codec::ReaderLimits{}.most_body_bytes;
  Duration head_wait = limits::kServiceHeadWait;
  Duration body_wait = limits::kServiceBodyWait;
  Duration idle = limits::kServiceIdle;
  Duration write_wait = limits::kServiceWriteWait;
  Duration answer_wait = limits::kServiceAnswer;
};

struct HttpServiceCounts {
  std::uint64_t connections = 0;  // accepted so far
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // broken, too large, too slow
  std::size_t open = 0;       // now
};

class HttpService {
 public:
  // Listens at once; serves from serve() on. The error says what to do about it.
  static Parsed<std::unique_ptr<HttpService>> open(HttpServiceOptions options, HttpHandler handler);
  ~HttpService();
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  Endpoint endpoint() const;
  const Fd& listener() const;  // for a successor
  const HttpServiceCounts& counts() const;

  // Until drain() and the end of what was under way, or an interrupt of the loop.
  Task<void> serve();

  // Takes no more connections, ends the idle ones, lets requests under way end within `grace`.
  void drain(Duration grace = limits::kServiceDrain);

 private:
  class Server;
  explicit HttpService(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

std::string_view reason_phrase(int status);  // "Not Found"; "Status" for numbers without one

}  // namespace causeway::net
