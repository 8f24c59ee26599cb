#include "net/http_session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "codec/http_date.hpp"
#include "net/loop.hpp"

namespace causeway::net {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

// A field value of ours may hold text of strangers: a line end in it would begin a new field.
void add_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  std::ranges::copy_if(value, std::back_inserter(head), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
  head += "\r\n";
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string head_of(const HttpReply& reply, bool keep, bool chunked, std::size_t length) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reason_phrase(reply.status));
  add_field(head, "Date", codec::http_date(wall_now()));
  for (const auto& [name, value] : reply.fields) add_field(head, name, value);
  if (chunked) {
    add_field(head, "Transfer-Encoding", "chunked");
  } else if (!reply.stream && has_body(reply.status)) {
    add_field(head, "Content-Length", fmt::format("{}", length));
  }
  if (!keep) add_field(head, "Connection", "close");
  head += "\r\n";
  return head;
}

HttpReply plain_reply(int status, std::string_view why) {
  HttpReply reply{.status = status};
  reply.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
  reply.body = fmt::format("{} {}: {}\n", status, reason_phrase(status), why);
  return reply;
}

}  // namespace

void HttpHouse::end_longest_idle() {
  // Its reader sees the end of the stream and closes it.
  if (!idle.empty()) ::shutdown(idle.front().socket->get(), SHUT_RD);
}

void HttpHouse::end_all_idle() {
  for (const auto& each : idle) ::shutdown(each.socket->get(), SHUT_RD);
}

// A reply that is written piece by piece: chunks, or bare bytes for HTTP/1.0.
class HttpSession::Body final : public ReplyStream {
 public:
  Body(HttpSession& session, bool chunked, bool silent)
      : session_(session), chunked_(chunked), silent_(silent) {}

  Task<bool> write(std::string_view bytes) override {
    if (gone_ || silent_) co_return false;
    if (bytes.empty()) co_return true;
    const std::string piece =
        chunked_ ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string{bytes};
    gone_ = !co_await session_.write(piece);
    co_return !gone_;
  }
  bool stopping() const override { return session_.house_.draining; }
  bool gone() const { return gone_; }

 private:
  HttpSession& session_;
  bool chunked_;
  bool silent_;  // the request was HEAD
  bool gone_ = false;
};

HttpSession::HttpSession(HttpHouse& house, const HttpServiceOptions& options,
                         const HttpHandler& handler, std::unique_ptr<Stream> stream, Endpoint peer)
    : house_(house),
      options_(options),
      handler_(handler),
      stream_(std::move(stream)),
      peer_(peer),
      reader_(codec::ReaderLimits{.most_body_bytes = options.most_body_bytes}) {}

Task<void> HttpSession::run() {
  while (co_await read_request()) {
    if (co_await answer() == Next::end) break;
    reader_.restart();
    body_.clear();
    if (body_.capacity() > limits::kServicePiece) body_.shrink_to_fit();
  }
}

// More of the request into `input_`; false when the connection ended or the time is up.
Task<bool> HttpSession::read_more(Instant deadline) {
  std::array<std::byte, 4096> buffer;
  const ReadResult got = co_await stream_->read(buffer, deadline);
  if (got.end != ReadEnd::more) {
    late_ = got.end == ReadEnd::timeout;
    co_return false;
  }
  input_.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  co_return true;
}

// A connection between two requests may be ended by the service at any time.
Task<bool> HttpSession::wait_for_first_byte() {
  if (!input_.empty()) co_return true;
  if (house_.draining) co_return false;
  house_.idle.push_back({&stream_->socket()});
  const auto place = std::prev(house_.idle.end());
  const Instant until = Loop::current().now() + options_.idle;
  const bool more = co_await read_more(until);
  house_.idle.erase(place);
  co_return more;
}

Task<bool> HttpSession::read_request() {
  if (!co_await wait_for_first_byte()) co_return false;
  Loop& loop = Loop::current();
  Instant deadline = loop.now() + options_.head_wait;
  bool in_body = false;
  while (true) {
    std::string_view left = input_;
    while (!left.empty() && !reader_.finished()) {
      const auto step = reader_.feed(left);
      body_ += step.body;
      left.remove_prefix(step.taken);
    }
    input_.erase(0, input_.size() - left.size());
    if (reader_.finished()) co_return true;
    if (reader_.head_complete() && !in_body) {
      in_body = true;
      deadline = loop.now() + options_.body_wait;
      if (reader_.head().expects_continue && !co_await write("HTTP/1.1 100 Continue\r\n\r\n")) {
        co_return false;
      }
    }
    if (co_await read_more(deadline)) continue;
    reader_.end();
    co_return late_;
  }
}

HttpRequest HttpSession::request() const {
  HttpRequest out;
  const auto& head = reader_.head();
  out.method = head.method;
  out.path = head.path();
  out.query = head.target.substr(std::min(out.path.size() + 1, head.target.size()));
  out.fields = head.fields;
  out.host = head.authority;
  out.peer = peer_;
  out.secure = static_cast<bool>(options_.secure);
  return out;
}

Task<HttpSession::Next> HttpSession::answer() {
  if (late_) co_return co_await refuse(408, "the request did not come in time");
  if (!reader_.done()) {
    const auto fault = reader_.fault();
    co_return co_await refuse(codec::status(fault), codec::sentence(fault));
  }
  ++house_.counts.requests;
  HttpRequest asked = request();
  asked.body = std::move(body_);
  const HttpReply reply = co_await ask_handler(asked);
  const bool keep = reader_.keeps_alive() && !reply.closes && !house_.draining;
  const bool sent = co_await send(asked, reply, keep);
  co_return sent&& keep ? Next::request : Next::end;
}

Task<void> HttpSession::run_handler(const HttpRequest& request, HttpReply& reply, Event& done) {
  reply = co_await handler_(request);
  done.set();
}

Task<HttpReply> HttpSession::ask_handler(const HttpRequest& request) {
  HttpReply reply;
  Event done;
  auto running = start(run_handler(request, reply, done));
  const Instant until = Loop::current().now() + options_.answer_wait;
  if (co_await done.wait(until) || done.is_set()) co_return reply;
  co_return plain_reply(503, "the answer took too long; try again");
}

Task<HttpSession::Next> HttpSession::refuse(int status, std::string_view why) {
  ++house_.counts.refused;
  const HttpReply reply =
      options_.refusal ? options_.refusal(status, why) : plain_reply(status, why);
  const std::string whole = head_of(reply, false, false, reply.body.size()) + reply.body;
  if (co_await write(whole)) co_await linger();
  co_return Next::end;
}

// Closing with bytes unread sends RST, and RST makes the client's kernel forget our answer. So the
// rest of a refused request is read, within limits (RFC 9112 9.6).
Task<void> HttpSession::linger() {
  ::shutdown(stream_->socket().get(), SHUT_WR);
  const Instant until = Loop::current().now() + limits::kServiceLinger;
  std::array<std::byte, 4096> buffer;
  for (std::size_t seen = 0; seen < limits::kServiceLingerBytes;) {
    const ReadResult got = co_await stream_->read(buffer, until);
    if (got.end != ReadEnd::more) co_return;
    seen += got.bytes;
  }
}

Task<bool> HttpSession::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, limits::kServicePiece);
    const Instant until = Loop::current().now() + options_.write_wait;
    const WriteResult done = co_await stream_->write(bytes_of(piece), until);
    if (done.end != WriteEnd::all) co_return false;
    bytes.remove_prefix(piece.size());
  }
  co_return true;
}

Task<bool> HttpSession::send(const HttpRequest& request, const HttpReply& reply, bool keep) {
  const bool head_only = request.method == "HEAD" || !has_body(reply.status);
  if (reply.stream) {
    const bool chunked = reader_.head().minor_version == 1 && has_body(reply.status);
    const std::string head = head_of(reply, keep && chunked, chunked, 0);
    if (!co_await write(head)) co_return false;
    if (head_only) co_return true;
    Body body{*this, chunked, head_only};
    co_await reply.stream(body);
    if (body.gone() || !chunked) co_return false;
    co_return co_await write("0\r\n\r\n");
  }
  const std::string_view content = reply.body.empty() ? reply.fixed : reply.body;
  std::string head = head_of(reply, keep, false, content.size());
  if (head_only) co_return co_await write(head);
  if (content.size() <= limits::kServicePiece) {
    head += content;
    co_return co_await write(head);
  }
  if (!co_await write(head)) co_return false;
  co_return co_await write(content);
}

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  constexpr std::array kRows{
      Row{200, "OK"},
      Row{201, "Created"},
      Row{202, "Accepted"},
      Row{204, "No Content"},
      Row{301, "Moved Permanently"},
      Row{302, "Found"},
      Row{303, "See Other"},
      Row{304, "Not Modified"},
      Row{307, "Temporary Redirect"},
      Row{308, "Permanent Redirect"},
      Row{400, "Bad Request"},
      Row{401, "Unauthorized"},
      Row{403, "Forbidden"},
      Row{404, "Not Found"},
      Row{405, "Method Not Allowed"},
      Row{406, "Not Acceptable"},
      Row{408, "Request Timeout"},
      Row{409, "Conflict"},
      Row{410, "Gone"},
      Row{412, "Precondition Failed"},
      Row{413, "Content Too Large"},
      Row{414, "URI Too Long"},
      Row{415, "Unsupported Media Type"},
      Row{422, "Unprocessable Content"},
      Row{428, "Precondition Required"},
      Row{429, "Too Many Requests"},
      Row{431, "Request Header Fields Too Large"},
      Row{500, "Internal Server Error"},
      Row{501, "Not Implemented"},
      Row{502, "Bad Gateway"},
      Row{503, "Service Unavailable"},
      Row{504, "Gateway Timeout"},
      Row{505, "HTTP Version Not Supported"},
  };
  const auto* row = std::ranges::find(kRows, status, &Row::status);
  return row != kRows.end() ? row->phrase : std::string_view{"Status"};
}

}  // namespace causeway::net
