// For tests: an origin that speaks HTTP/2 without TLS and answers by path, and the frames of one
// that breaks the rules.
#pragma once

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "codec/field_writer.hpp"
#include "edge/origin_request.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/h2_server.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "net/stream.hpp"

namespace causeway::edge {

// One frame (RFC 9113 4.1).
inline std::string h2_frame(int type, int flags, std::uint32_t stream, std::string_view payload) {
  const auto length = payload.size();
  std::string out;
  for (const auto byte :
       {length >> 16U, length >> 8U, length, std::size_t(type), std::size_t(flags),
        std::size_t(stream >> 24U), std::size_t(stream >> 16U), std::size_t(stream >> 8U),
        std::size_t(stream)}) {
    out += static_cast<char>(byte & 0xffU);
  }
  out += payload;
  return out;
}

// A field without compression (RFC 7541 6.2.2); texts shorter than 127 + 127 bytes.
inline std::string h2_literal(std::string_view name, std::string_view value) {
  std::string out(1, '\0');
  for (const auto text : {name, value}) {
    if (text.size() < 127) {
      out += static_cast<char>(text.size());
    } else {
      out += '\x7f';
      out += static_cast<char>(text.size() - 127);
    }
    out += text;
  }
  return out;
}

inline std::string h2_settings() { return h2_frame(4, 0, 0, {}); }

// Serves one request after the other of one connection by `answer_to`, on the thread of the origin.
class Http2Origin {
 public:
  struct Seen {
    std::string path;
    std::map<std::string, std::string> fields;
    std::string body;
    std::map<std::string, std::string> trailers;
  };

  Http2Origin() {
    auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
    if (!socket) throw std::runtime_error(socket.error().text);
    endpoint_ = *net::local_endpoint(*socket);
    listener_ = std::move(*socket);
    stop_ = net::Fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    thread_ = std::thread{[this] {
      net::Loop loop;
      loop.run(serve());
    }};
  }
  Http2Origin(const Http2Origin&) = delete;
  Http2Origin& operator=(const Http2Origin&) = delete;
  ~Http2Origin() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

  Endpoint endpoint() const { return endpoint_; }
  int connections() const { return connections_; }
  int at_once() const { return at_once_; }  // streams of one connection, at most
  void allow(std::uint32_t streams) { streams_ = streams; }

 private:
  class Connection;

  net::Task<void> serve() {
    net::Loop& loop = net::Loop::current();
    net::Group peers;
    peers.start(accept_all(peers));
    co_await loop.readable(stop_, kNever);
    peers.abandon();
  }
  net::Task<void> accept_all(net::Group& peers);
  net::Task<void> one(net::Fd socket);

  Endpoint endpoint_;
  net::Fd listener_;
  net::Fd stop_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> at_once_ = 0;
  std::atomic<std::uint32_t> streams_ = 100;
  std::atomic<int> refusals_ = 0;
  std::thread thread_;
};

class Http2Origin::Connection final : public net::H2Events {
 public:
  Connection(Http2Origin& origin, net::Stream& stream)
      : origin_(origin), stream_(stream), server_(*this, {.streams = origin.streams_}) {}

  net::Task<void> run() {
    net::Loop& loop = net::Loop::current();
    std::array<std::byte, 65536> buffer{};
    while (co_await flush() && !ends_) {
      const auto got = co_await stream_.read(buffer, loop.now() + std::chrono::seconds{20});
      if (got.end != net::ReadEnd::more) break;
      if (!server_.feed({reinterpret_cast<const char*>(buffer.data()), got.bytes})) break;
      act();
    }
  }

  void on_field(std::int32_t id, std::string_view name, std::string_view value) override {
    calls_[id].seen.fields[std::string{name}] = value;
  }
  void on_request(std::int32_t id, bool has_body, bool /*too_large*/) override {
    auto& call = calls_[id];
    call.seen.path = call.seen.fields[":path"];
    call.ended = !has_body;
    origin_.at_once_ = std::max(origin_.at_once_.load(), static_cast<int>(calls_.size()));
  }
  void on_body(std::int32_t id, std::string_view bytes) override {
    auto& call = calls_[id];
    call.seen.body += bytes;
    call.fresh += bytes.size();
  }
  void on_trailer(std::int32_t id, std::string_view name, std::string_view value) override {
    calls_[id].seen.trailers[std::string{name}] = value;
  }
  void on_body_end(std::int32_t id) override { calls_[id].ended = true; }
  void on_closed(std::int32_t id, bool /*by_error*/) override { calls_.erase(id); }
  std::size_t take_body(std::int32_t id, std::span<std::byte> into, bool& ends) override {
    auto& call = calls_[id];
    const std::size_t length = std::min(into.size(), call.out.size() - call.out_at);
    if (length > 0) std::memcpy(into.data(), call.out.data() + call.out_at, length);
    call.out_at += length;
    ends = call.out_at == call.out.size() && call.out_ended;
    return length;
  }
  std::span<const codec::HeaderField> trailers(std::int32_t id) override {
    auto& call = calls_[id];
    call.trailer_fields.clear();
    split_lines(call.trailer_lines, call.trailer_fields);
    return call.trailer_fields;
  }

 private:
  struct Call {
    Seen seen;
    bool ended = false;
    bool begun = false;
    std::size_t fresh = 0;
    std::string out;
    std::size_t out_at = 0;
    bool out_ended = false;
    std::string trailer_lines;
    std::vector<codec::HeaderField> trailer_fields;
  };

  net::Task<bool> flush() {
    std::string out;
    if (!server_.pull(out, 1 << 20)) co_return false;
    if (out.empty()) co_return true;
    const auto sent = co_await stream_.write(std::as_bytes(std::span{out}),
                                             net::Loop::current().now() + std::chrono::seconds{20});
    co_return sent.end == net::WriteEnd::all;
  }

  void begin(std::int32_t id, Call& call, std::vector<codec::HeaderField> fields, bool body,
             std::optional<std::uint64_t> length = {}) {
    call.begun = true;
    server_.answer(id, 200, fields, length, body);
  }

  void act() {
    std::vector<std::int32_t> ids;
    for (const auto& [id, call] : calls_) ids.push_back(id);
    for (const auto id : ids) {
      auto& call = calls_[id];
      const std::string path = call.seen.path;
      if (call.fresh > 0) server_.consumed(id, std::exchange(call.fresh, 0));
      if (path == "/page" && !call.begun) page(id, call);
      if (path == "/saw" && call.ended && !call.begun) saw(id, call);
      if (path == "/trailers-only" && !call.begun) {
        begin(id, call, {{"content-type", "application/grpc"}, {"grpc-status", "5"}}, false);
      }
      if (path == "/chat") chat(id, call);
      if (path == "/long" && !call.begun) {
        call.out.assign(3'000'000, 'x');
        call.out_ended = true;
        begin(id, call, {}, true);
      }
      if (path == "/refuse-once" && origin_.refusals_++ == 0) {
        server_.refuse(id);
        continue;
      }
      if (path == "/refuse-once" && !call.begun) page(id, call);
      if (path == "/cut" && !call.begun) {
        call.out = "half";
        begin(id, call, {}, true);
      } else if (path == "/cut") {
        server_.reset(id, true);
      }
    }
  }

  void page(std::int32_t id, Call& call) {
    call.out = "hello";
    call.out_ended = true;
    begin(id, call, {{"x-origin", "h2"}}, true, 5);
  }

  // What came, as the body.
  void saw(std::int32_t id, Call& call) {
    for (const auto& [name, value] : call.seen.fields) call.out += name + "=" + value + "\n";
    call.out += "body=" + std::to_string(call.seen.body.size()) + "\n";
    for (const auto& [name, value] : call.seen.trailers)
      call.out += "trailer " + name + "=" + value + "\n";
    call.out_ended = true;
    begin(id, call, {}, true);
  }

  // Each part of the body comes back at once; the trailers at the end.
  void chat(std::int32_t id, Call& call) {
    if (!call.begun) begin(id, call, {{"content-type", "application/grpc"}}, true);
    call.out += std::exchange(call.seen.body, {});
    if (call.ended) {
      call.out_ended = true;
      codec::append_field(call.trailer_lines, "grpc-status", "0");
      codec::append_field(call.trailer_lines, "set-cookie", "a=b");  // has no place here
      for (const auto& [name, value] : call.seen.trailers) {
        codec::append_field(call.trailer_lines, name, value);
      }
    }
    server_.resume(id);
  }

  Http2Origin& origin_;
  net::Stream& stream_;
  net::H2Server server_;
  std::map<std::int32_t, Call> calls_;
  bool ends_ = false;
};

inline net::Task<void> Http2Origin::accept_all(net::Group& peers) {
  net::Loop& loop = net::Loop::current();
  while (co_await loop.readable(listener_, kNever)) {
    net::Fd peer{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!peer) continue;
    ++connections_;
    peers.start(one(std::move(peer)));
  }
}

inline net::Task<void> Http2Origin::one(net::Fd socket) {
  const auto stream = net::plain_stream(std::move(socket));
  const auto connection = std::make_unique<Connection>(*this, *stream);
  co_await connection->run();
}

}  // namespace causeway::edge
