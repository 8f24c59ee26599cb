// An origin for tests: does on each connection what a line of script says, step by step, on a
// thread of its own. It never sleeps: where it stalls it waits for the client to go.
//
//   read              until an empty line, or what TLS or HTTP/2 sends first, has come
//   send "TEXT"       with \r \n \0 \\ \" \xNN
//   repeat N "TEXT"
//   hex 0a1b..        bytes
//   tls KEY=VALUE..   handshake as server: cert=NAME chain=NAME version=1.2 ciphers=LIST
//   groups=LIST
//                     alpn=h2 client-cert=required
//   stall             until the client is gone
//   hold              until the test ends, without taking a byte
//   echo              what comes, back, until the client is gone
//   cork, uncork      what is sent between them leaves together
//   ticket            of TLS 1.3: another one
//   close             orderly
//   reset             RST
#pragma once

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/fd.hpp"
#include "net/scripted_certificate.hpp"
#include "net/sockaddr.hpp"
#include "net/tls_openssl.hpp"

namespace causeway::net {

struct ScriptStep {
  std::string verb;
  std::vector<std::string> words;  // texts without their quotes and escapes

  std::string value(std::string_view key) const {
    for (const auto& word : words) {
      if (word.starts_with(key) && word.size() > key.size() && word[key.size()] == '=') {
        return word.substr(key.size() + 1);
      }
    }
    return {};
  }
};
using Script = std::vector<ScriptStep>;  // of one connection

class ScriptedOrigin {
 public:
  enum class Hearing {
    good,
    narrow,  // the kernel takes a few kilobytes and closes the window
    deaf,    // the kernel drops every segment that carries data, unseen and unacknowledged
  };

  // The n-th connection gets the n-th script; the last one goes on for all that follow.
  ScriptedOrigin(std::vector<Script> scripts, const ScriptedCertificates& certificates,
                 Hearing hearing = Hearing::good)
      : scripts_(std::move(scripts)), certificates_(certificates) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    listener_ = Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (hearing == Hearing::deaf) drop_data(listener_);
    if (hearing == Hearing::narrow) {
      const int little = 4096;
      ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    }
    const SockAddr any = to_sockaddr({IpAddress::v4(0x7f000001), 0});
    if (::bind(listener_.get(), any.get(), any.length) != 0 || ::listen(listener_.get(), 16) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    stop_ = Fd{::eventfd(0, EFD_CLOEXEC)};
    thread_ = std::thread{[this] { serve(); }};
  }
  ScriptedOrigin(const ScriptedOrigin&) = delete;
  ScriptedOrigin& operator=(const ScriptedOrigin&) = delete;
  ~ScriptedOrigin() {
    const std::uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) < 0) std::abort();
    thread_.join();
  }

  Endpoint endpoint() const { return *local_endpoint(listener_); }

 private:
  struct Peer {
    Fd socket;
    SslCtx context;
    Ssl ssl;
    std::string unread;  // came together with what a `read` waited for
  };

  // A filter on a TCP socket sees each segment before TCP does; what it refuses was never there
  // (tcp_v4_rcv). Accepted sockets inherit it. No privilege is needed.
  static void drop_data(const Fd& socket) {
    std::array<sock_filter, 8> code{{
        {BPF_LD | BPF_B | BPF_ABS, 0, 0, 12},  // data offset, upper half byte
        {BPF_ALU | BPF_RSH | BPF_K, 0, 0, 4},
        {BPF_ALU | BPF_LSH | BPF_K, 0, 0, 2},  // header length
        {BPF_MISC | BPF_TAX, 0, 0, 0},
        {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
        {BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0},  // longer than its header: has data
        {BPF_RET | BPF_K, 0, 0, 0},
        {BPF_RET | BPF_K, 0, 0, 0xffffffff},
    }};
    const sock_fprog program{code.size(), code.data()};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }

  bool wait(const Fd& socket) const {
    std::array<pollfd, 2> watched{
        {{socket.get(), POLLIN | POLLRDHUP, 0}, {stop_.get(), POLLIN, 0}}};
    constexpr int kMost = 20'000;  // a test that hangs should fail, not block
    return ::poll(watched.data(), watched.size(), kMost) > 0 && watched[1].revents == 0;
  }

  void serve() {
    for (std::size_t n = 0; wait(listener_); ++n) {
      Peer peer;
      peer.socket = Fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      const timeval limit{10, 0};
      ::setsockopt(peer.socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      for (const auto& step : scripts_.at(std::min(n, scripts_.size() - 1))) {
        if (!run(peer, step)) break;
      }
    }
  }

  bool run(Peer& peer, const ScriptStep& step) {
    if (step.verb == "read") return read(peer);
    if (step.verb == "send") return send(peer, step.words.at(0));
    if (step.verb == "repeat") return repeat(peer, step);
    if (step.verb == "hex") return send(peer, unhex(step.words));
    if (step.verb == "tls") return handshake(peer, step);
    if (step.verb == "echo") return echo(peer);
    if (step.verb == "cork" || step.verb == "uncork") return cork(peer, step.verb == "cork");
    if (step.verb == "ticket") {
      return SSL_new_session_ticket(peer.ssl.get()) == 1 && SSL_do_handshake(peer.ssl.get()) == 1;
    }
    if (step.verb == "stall") return stall(peer);
    if (step.verb == "hold") return wait(stop_);
    if (step.verb == "reset") {
      const linger at_once{1, 0};
      ::setsockopt(peer.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    peer.socket.reset();  // close, reset
    return false;
  }

  static int receive(Peer& peer, std::span<char> into) {
    if (peer.ssl) return SSL_read(peer.ssl.get(), into.data(), static_cast<int>(into.size()));
    return static_cast<int>(::recv(peer.socket.get(), into.data(), into.size(), 0));
  }

  bool read(Peer& peer) const {
    std::string all = std::exchange(peer.unread, {});
    std::array<char, 4096> buffer{};
    while (!all.contains("\r\n\r\n") && !(all.starts_with('\x16') && all.size() > 100)) {
      const bool buffered = peer.ssl && SSL_pending(peer.ssl.get()) > 0;
      if (!buffered && !wait(peer.socket)) return false;
      const int got = receive(peer, buffer);
      if (got <= 0) return false;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const auto end = all.find("\r\n\r\n");
    if (end != std::string::npos) peer.unread = all.substr(end + 4);
    return true;
  }

  static bool send(Peer& peer, std::string_view text) {
    while (!text.empty()) {
      const int sent =
          peer.ssl
              ? SSL_write(peer.ssl.get(), text.data(), static_cast<int>(text.size()))
              : static_cast<int>(::send(peer.socket.get(), text.data(), text.size(), MSG_NOSIGNAL));
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  static bool repeat(Peer& peer, const ScriptStep& step) {
    for (int left = std::stoi(step.words.at(0)); left > 0; --left) {
      if (!send(peer, step.words.at(1))) return false;
    }
    return true;
  }

  static std::string unhex(const std::vector<std::string>& words) {
    std::string digits;
    for (const auto& word : words) digits += word;
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      int value = 0;
      std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
      out += static_cast<char>(value);
    }
    return out;
  }

  bool echo(Peer& peer) const {
    std::string all = std::exchange(peer.unread, {});
    std::array<char, 4096> buffer{};
    while (send(peer, all) && wait(peer.socket)) {
      const int got = receive(peer, buffer);
      if (got <= 0) break;
      all.assign(buffer.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

  static bool cork(const Peer& peer, bool on) {
    const int value = on ? 1 : 0;
    return ::setsockopt(peer.socket.get(), IPPROTO_TCP, TCP_CORK, &value, sizeof value) == 0;
  }

  bool stall(Peer& peer) const {
    std::array<char, 4096> buffer{};
    while (wait(peer.socket)) {
      if (::recv(peer.socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) break;
    }
    return true;
  }

  static int choose_h2(SSL*, const unsigned char** out, unsigned char* length, const unsigned char*,
                       unsigned, void*) {
    static constexpr unsigned char kProtocol[] = {'h', '2'};
    *out = kProtocol;
    *length = sizeof kProtocol;
    return SSL_TLSEXT_ERR_OK;
  }

  bool handshake(Peer& peer, const ScriptStep& step) const {
    peer.context.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX* context = peer.context.get();
    SSL_CTX_set_security_level(context, 0);
    const auto cert = step.value("cert");
    SSL_CTX_use_certificate(context, certificates_.certificate(cert));
    SSL_CTX_use_PrivateKey(context, certificates_.key(cert));
    if (const auto chain = step.value("chain"); !chain.empty()) {
      SSL_CTX_add1_chain_cert(context, certificates_.certificate(chain));
    }
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    if (step.value("version") == "1.2") SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    if (step.value("version") == "1.0") SSL_CTX_set_max_proto_version(context, TLS1_VERSION);
    if (const auto list = step.value("ciphers"); !list.empty()) {
      SSL_CTX_set_cipher_list(context, (list + ":@SECLEVEL=0").c_str());
    }
    if (const auto list = step.value("groups"); !list.empty()) {
      SSL_CTX_set1_groups_list(context, list.c_str());
    }
    if (step.value("alpn") == "h2") SSL_CTX_set_alpn_select_cb(context, choose_h2, nullptr);
    if (step.value("client-cert") == "required") {
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    peer.ssl.reset(SSL_new(context));
    SSL_set_fd(peer.ssl.get(), peer.socket.get());
    const bool done = SSL_accept(peer.ssl.get()) == 1;
    ERR_clear_error();
    return done;
  }

  std::vector<Script> scripts_;
  const ScriptedCertificates& certificates_;
  Fd listener_;
  Fd stop_;
  std::thread thread_;
};

}  // namespace causeway::net
