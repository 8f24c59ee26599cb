// A name server for tests: answers on loopback, over UDP and TCP, what a function says.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "codec/dns.hpp"
#include "net/fd.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {

class ScriptedDns {
 public:
  struct Asked {
    codec::DnsMessage message;
    bool tcp = false;
  };
  // The messages to send back, in order; none: silence. Runs on the server's own thread.
  using Script = std::function<std::vector<std::string>(const Asked&)>;

  // `address` and `port` choose where to listen; port 0 lets the kernel choose. With `tcp` false
  // nothing listens there.
  explicit ScriptedDns(Script script, bool tcp = true, const std::string& address = "127.0.0.1",
                       std::uint16_t port = 0)
      : script_(std::move(script)) {
    // The kernel chooses a port that is free for UDP; for TCP somebody else may have it.
    constexpr int kPortsTried = 20;
    int left = port == 0 ? kPortsTried : 1;
    while (!listen({IpAddress::parse(address).value(), port}, tcp)) {
      if (--left == 0) std::abort();
    }
    thread_ = std::thread{[this] { serve(); }};
  }
  ScriptedDns(const ScriptedDns&) = delete;
  ScriptedDns& operator=(const ScriptedDns&) = delete;
  ~ScriptedDns() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(end_.get(), &one, sizeof one));
    thread_.join();
  }

  const Endpoint& endpoint() const { return endpoint_; }
  std::vector<Asked> asked() const {
    const std::scoped_lock lock{mutex_};
    return asked_;
  }

 private:
  bool listen(const Endpoint& wanted, bool tcp) {
    udp_ = Fd{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const SockAddr any = to_sockaddr(wanted);
    if (::bind(udp_.get(), any.get(), any.length) != 0) return false;
    endpoint_ = local_endpoint(udp_).value();
    if (!tcp) return true;
    tcp_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(tcp_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const SockAddr own = to_sockaddr(endpoint_);
    return ::bind(tcp_.get(), own.get(), own.length) == 0 && ::listen(tcp_.get(), 8) == 0;
  }

  std::vector<std::string> answer(std::span<const std::byte> bytes, bool tcp) {
    auto message = codec::parse_dns(bytes);
    if (!message) return {};
    Asked asked{std::move(*message), tcp};
    {
      const std::scoped_lock lock{mutex_};
      asked_.push_back(asked);
    }
    return script_(asked);
  }

  void serve() {
    while (true) {
      std::array<pollfd, 3> waits{
          {{end_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_ ? tcp_.get() : -1, POLLIN, 0}}};
      ::poll(waits.data(), waits.size(), -1);
      if (waits[0].revents != 0) return;
      if (waits[1].revents != 0) serve_udp();
      if (waits[2].revents != 0) serve_tcp();
    }
  }

  void serve_udp() {
    std::array<std::byte, 4096> buffer{};
    SockAddr from{.storage = {}, .length = sizeof(sockaddr_storage)};
    const auto got =
        ::recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, from.get(), &from.length);
    if (got < 0) return;
    for (const auto& reply : answer({buffer.data(), static_cast<std::size_t>(got)}, false)) {
      ::sendto(udp_.get(), reply.data(), reply.size(), 0, from.get(), from.length);
    }
  }

  void serve_tcp() {
    const Fd client{::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    std::array<std::byte, 4096> buffer{};
    const auto got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
    if (got < 3) return;
    const std::span question{buffer.data() + 2, static_cast<std::size_t>(got) - 2};
    for (const auto& reply : answer(question, true)) {
      std::string framed{static_cast<char>((reply.size() >> 8) & 0xff),
                         static_cast<char>(reply.size() & 0xff)};
      framed += reply;
      static_cast<void>(::send(client.get(), framed.data(), framed.size(), MSG_NOSIGNAL));
    }
  }

  Script script_;
  Fd udp_;
  Fd tcp_;
  Fd end_{::eventfd(0, EFD_CLOEXEC)};
  Endpoint endpoint_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::thread thread_;
};

}  // namespace causeway::net
