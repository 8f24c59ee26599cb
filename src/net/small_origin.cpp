#include "net/small_origin.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "net/fd.hpp"
#include "net/sockaddr.hpp"
#include "net/tls_openssl.hpp"

namespace causeway::net {
namespace {

constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr std::size_t kRequestBytes = std::size_t{16} * 1024;

using BioPtr = std::unique_ptr<BIO, OpenSslFree<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

BioPtr memory(const std::string& text) {
  return BioPtr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

SslCtx context_of(const Identity& identity, bool old_tls) {
  SslCtx out{SSL_CTX_new(TLS_server_method())};
  const X509Ptr leaf{
      PEM_read_bio_X509(memory(identity.certificate).get(), nullptr, nullptr, nullptr)};
  const KeyPtr key{PEM_read_bio_PrivateKey(memory(identity.key).get(), nullptr, nullptr, nullptr)};
  if (!out || !leaf || !key || SSL_CTX_use_certificate(out.get(), leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(out.get(), key.get()) != 1) {
    return nullptr;
  }
  if (old_tls) SSL_CTX_set_max_proto_version(out.get(), TLS1_2_VERSION);
  return out;
}

// One connection, with or without TLS.
class Peer {
 public:
  Peer(const Fd& socket, SSL_CTX* context) : socket_(socket) {
    if (context == nullptr) return;
    ssl_.reset(SSL_new(context));
    if (ssl_) SSL_set_fd(ssl_.get(), socket.get());
  }

  bool handshake() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }

  long read(char* into, std::size_t most) {
    if (ssl_) return SSL_read(ssl_.get(), into, static_cast<int>(most));
    return ::recv(socket_.get(), into, most, 0);
  }

  bool write(std::string_view text) {
    if (text.empty()) return true;
    if (ssl_) return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<long>(text.size());
  }

  void finish() {
    if (ssl_) SSL_shutdown(ssl_.get());
    ::shutdown(socket_.get(), SHUT_WR);
  }

 private:
  const Fd& socket_;
  Ssl ssl_;
};

}  // namespace

class SmallOrigin::Server {
 public:
  Server(SmallOriginPlan plan, SslCtx context, Fd listener, Fd stop)
      : plan_(std::move(plan)),
        context_(std::move(context)),
        listener_(std::move(listener)),
        stop_(std::move(stop)) {
    if (plan_.manner != Manner::refuse) acceptor_ = std::thread{[this] { accept_all(); }};
  }
  ~Server() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    if (acceptor_.joinable()) acceptor_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Endpoint endpoint() const { return local_endpoint(listener_).value_or(Endpoint{}); }

 private:
  struct Guest {
    std::atomic<bool> gone = false;
    std::thread thread;
  };

  // Until there is something to read, or the server stops (then false).
  bool wait(const Fd& socket) const {
    std::array<pollfd, 2> watched{
        {{socket.get(), POLLIN | POLLRDHUP, 0}, {stop_.get(), POLLIN, 0}}};
    while (true) {
      const int ready = ::poll(watched.data(), watched.size(), -1);
      if (ready < 0 && errno == EINTR) continue;
      return ready > 0 && watched[1].revents == 0;
    }
  }

  void accept_all() {
    std::list<Guest> guests;
    const auto sweep = [&] {
      for (auto at = guests.begin(); at != guests.end();) {
        if (!at->gone) {
          ++at;
          continue;
        }
        at->thread.join();
        at = guests.erase(at);
      }
    };
    while (wait(listener_)) {
      Fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      sweep();
      if (!socket || guests.size() >= limits::kSmallOriginPeers) continue;
      Guest& guest = guests.emplace_back();
      guest.thread = std::thread{[this, &guest, peer = std::move(socket)] {
        serve(peer);
        guest.gone = true;
      }};
    }
    for (auto& guest : guests) guest.thread.join();
  }

  void serve(const Fd& socket) const {
    // A peer that stalls in the middle of something is given up, so that stopping stays quick.
    const timeval limit{2, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (plan_.manner == Manner::mute) return watch_until_gone(socket);
    if (!wait(socket)) return;
    Peer peer{socket, context_.get()};
    if (!peer.handshake()) return;
    while (request(peer, socket)) {
      if (plan_.keeps_waiting) return watch_until_gone(socket);
      if (!peer.write(plan_.reply)) return;
      if (plan_.reply.find("keep-alive") == std::string::npos) break;
    }
    peer.finish();
    watch_until_gone(socket);
  }

  // True when the head of a request has come. Bytes after it belong to nobody: this server takes
  // no bodies and no pipelining.
  bool request(Peer& peer, const Fd& socket) const {
    std::string head;
    std::array<char, 4096> buffer{};
    while (head.find("\r\n\r\n") == std::string::npos && head.size() < kRequestBytes) {
      if (!context_ && !wait(socket)) return false;
      const long got = peer.read(buffer.data(), buffer.size());
      if (got <= 0) return false;
      head.append(buffer.data(), static_cast<std::size_t>(got));
      const bool method = head.front() >= 'A' && head.front() <= 'Z';
      if (!method) {  // a TLS greeting on a plain port: servers say so at once
        peer.write(page_reply(400, "Bad Request", "Bad request"));
        peer.finish();
        return false;
      }
    }
    return head.size() < kRequestBytes;
  }

  // Reads what comes and forgets it, so that closing sends no reset.
  void watch_until_gone(const Fd& socket) const {
    std::array<char, 4096> buffer{};
    while (wait(socket)) {
      if (::recv(socket.get(), buffer.data(), buffer.size(), 0) <= 0) return;
    }
  }

  SmallOriginPlan plan_;
  SslCtx context_;
  Fd listener_;
  Fd stop_;
  std::thread acceptor_;
};

SmallOrigin::SmallOrigin(std::unique_ptr<Server> server) : server_(std::move(server)) {}

SmallOrigin::~SmallOrigin() = default;

Parsed<std::unique_ptr<SmallOrigin>> SmallOrigin::open(SmallOriginPlan plan) {
  SslCtx context;
  if (!plan.identity.key.empty()) {
    context = context_of(plan.identity, plan.old_tls);
    if (!context) {
      return error(fmt::format("cannot use the certificate: {}", take_openssl_reason()));
    }
  }
  Fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Fd stop{::eventfd(0, EFD_CLOEXEC)};
  const SockAddr any = to_sockaddr({IpAddress::v4(kLoopback), 0});
  const bool bound = listener && stop && ::bind(listener.get(), any.get(), any.length) == 0;
  // A bound socket that does not listen keeps the port and lets the kernel refuse.
  if (!bound || (plan.manner != Manner::refuse && ::listen(listener.get(), SOMAXCONN) != 0)) {
    return error(fmt::format("cannot listen on loopback: {}", std::strerror(errno)));
  }
  return std::unique_ptr<SmallOrigin>{new SmallOrigin{std::make_unique<Server>(
      std::move(plan), std::move(context), std::move(listener), std::move(stop))}};
}

Endpoint SmallOrigin::endpoint() const { return server_->endpoint(); }

std::string page_reply(int status, std::string_view reason, std::string_view title) {
  const std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><title>{0}</title></head><body><h1>{0}</h1>"
      "</body></html>\n",
      title);
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: keep-alive\r\n\r\n{}",
      status, reason, page.size(), page);
}

}  // namespace causeway::net
