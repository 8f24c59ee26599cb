// For tests: an edge of one worker on loopback, and a visitor who says exactly what it is told.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/disk_store.hpp"
#include "edge/worker.hpp"
#include "net/listener.hpp"
#include "net/scripted_origin.hpp"
#include "net/sockaddr.hpp"

namespace causeway::edge {

inline net::ScriptStep step(std::string verb, std::vector<std::string> words = {}) {
  return {std::move(verb), std::move(words)};
}

// A listening socket of loopback, for a worker to own.
inline OpenListener open_door() {
  auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
  if (!socket) throw std::runtime_error(socket.error().text);
  const Listener rules{.address = *net::local_endpoint(*socket)};
  return {rules, socket->release()};
}

class EdgeUnderTest {
 public:
  // Fills in the listener.
  explicit EdgeUnderTest(Config config, std::shared_ptr<const net::TlsServer> tls = nullptr) {
    OpenListener door = open_door();
    Listener& listener = door.rules;
    endpoint_ = listener.address;
    listener.tls = tls != nullptr;
    if (!config.listeners.empty()) listener.proxy_protocol = config.listeners[0].proxy_protocol;
    config.listeners = {listener};
    config.access_log.on = false;
    if (config.cache.on) {
      std::shared_ptr<DiskStore> disk;
      if (!config.cache.disk.empty()) {
        disk = std::make_shared<DiskStore>(
            DiskRules{config.cache.disk, config.cache.disk_bytes, config.cache.disk_files},
            [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
        disk->begin();
      }
      cache_ = std::make_shared<CacheStore>(config.cache.memory_bytes, disk);
    }
    evidence_ = std::make_shared<Evidence>(config);
    worker_ = std::make_unique<Worker>(
        Snapshot{.config = std::make_shared<const Config>(std::move(config)),
                 .tls = std::move(tls),
                 .page = nullptr,
                 .log = nullptr,
                 .cache = cache_,
                 .evidence = evidence_},
        std::vector<OpenListener>{door});
    worker_->start();
  }
  EdgeUnderTest(const EdgeUnderTest&) = delete;
  EdgeUnderTest& operator=(const EdgeUnderTest&) = delete;
  ~EdgeUnderTest() {
    worker_->drain();
    worker_->join();
    if (cache_ && cache_->disk()) cache_->disk()->finish(limits::kDiskFinish);
  }

  Endpoint endpoint() const { return endpoint_; }
  const Metrics& metrics() const { return worker_->metrics(); }
  Worker& worker() { return *worker_; }
  const Evidence& evidence() const { return *evidence_; }
  CacheStore& cache() const { return *cache_; }

 private:
  Endpoint endpoint_;
  std::shared_ptr<CacheStore> cache_;
  std::shared_ptr<Evidence> evidence_;
  std::unique_ptr<Worker> worker_;
};

class TestVisitor {
 public:
  explicit TestVisitor(Endpoint edge) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto to = net::to_sockaddr(edge);
    if (::connect(socket_.get(), to.get(), to.length) != 0) throw std::runtime_error("no edge");
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the edge has closed: what it said is still to be read
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Until `end` stands at the end of what came, or the connection ended, or nothing came in time.
  std::string read_until(std::string_view end) {
    std::string out;
    while (end.empty() || !out.ends_with(end)) {
      if (!more(out)) break;
    }
    return out;
  }

  std::string read_all() { return read_until({}); }

  // One answer: its head and as much body as Content-Length says.
  std::string read_answer() {
    std::string out;
    while (!out.contains("\r\n\r\n")) {
      if (!more(out)) return out;
    }
    const auto head = out.find("\r\n\r\n") + 4;
    const auto at = out.find("Content-Length: ");
    if (at == std::string::npos || at > head) return out;
    const auto length = std::stoul(out.substr(at + 16));
    while (out.size() < head + length) {
      if (!more(out)) return out;
    }
    return out;
  }

  bool ended() {
    std::string rest;
    return !more(rest) && closed_;
  }

  void end_writing() { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  bool more(std::string& out) {
    pollfd watched{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, 15'000) <= 0) return false;
    std::array<char, 65536> buffer{};
    const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    closed_ = got <= 0;
    if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  net::Fd socket_;
  bool closed_ = false;
};

inline Origin origin_at(Endpoint endpoint) {
  Origin out;
  out.host = endpoint.address.text();
  out.port = endpoint.port;
  out.name = endpoint.text();
  return out;
}

inline Config config_for(std::vector<Origin> origins) {
  Config out;
  Pool pool;
  pool.name = "test";
  pool.origins = std::move(origins);
  out.pools.push_back(std::move(pool));
  out.routes.push_back({.hosts = {}, .pool = "test"});
  out.workers = 1;
  return out;
}

inline std::string ask(Endpoint edge, std::string_view request) {
  TestVisitor visitor{edge};
  visitor.send(request);
  return visitor.read_answer();
}

inline int status_of(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.1 ") || answer.size() < 12) return 0;
  return std::stoi(std::string{answer.substr(9, 3)});
}

// One connection that answers once and ends.
inline net::Script once(const std::string& text) {
  return {step("read"), step("send", {text}), step("close")};
}

inline std::string page(std::string_view fields, std::string_view body = "hello") {
  return "HTTP/1.1 200 OK\r\n" + std::string{fields} +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

}  // namespace causeway::edge
