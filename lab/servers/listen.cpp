#include "listen.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace misbehave {
namespace {

constexpr int kConnections = 2000;  // more at once are closed: the lab must not run out of threads

std::atomic<int> open_connections{0};
std::atomic<int> connections_seen{0};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "misbehave: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void* wanted_protocol) {
  const auto& wanted = *static_cast<const std::string*>(wanted_protocol);
  for (unsigned at = 0; at < offered_length; at += offered[at] + 1U) {
    const std::string_view one(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (one != wanted) continue;
    *out = offered + at + 1;
    *length = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX* tls_context(const Options& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr ||
      SSL_CTX_use_certificate_chain_file(context, options.cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    std::exit(1);
  }
  if (!options.alpn.empty()) {
    auto* wanted = const_cast<std::string*>(&options.alpn);  // the library's callback is not const
    SSL_CTX_set_alpn_select_cb(context, &choose_protocol, wanted);
  }
  return context;
}

bool is_turn(const Options& options) {
  const int number = ++connections_seen;
  return number > options.after && (number - options.after) % options.every == 0;
}

void handle(int fd, const Mode& mode, const Options& options, SSL_CTX* tls) {
  Channel channel(fd);
  const bool misbehaves = is_turn(options);
  const bool raw = misbehaves && mode.on_raw;
  if (!raw && tls != nullptr && !channel.secure(tls)) return;
  // A server whose HTTP/2 is broken is fine with those who ask for HTTP/1.1.
  const bool declined =
      tls != nullptr && !raw && !options.alpn.empty() && channel.protocol().empty();
  (misbehaves && !declined ? mode.run : &answer_well)(channel, options);
}

void start_connection(int fd, const Mode& mode, const Options& options, SSL_CTX* tls) {
  if (open_connections.fetch_add(1) >= kConnections) {
    --open_connections;
    ::close(fd);
    return;
  }
  std::thread([fd, &mode, &options, tls] {
    handle(fd, mode, options, tls);
    --open_connections;
  }).detach();
}

int bound_socket(const Place& place, const Options& options, int type, int backlog) {
  const int family = place.address.ss_family;
  const int fd = ::socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (options.receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
  }
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&place.address), place.length) != 0)
    fail("bind");
  if (backlog >= 0 && ::listen(fd, backlog) != 0) fail("listen");
  return fd;
}

}  // namespace

const Mode* find_mode(std::string_view name) {
  for (const auto group :
       {connection_modes(), http_modes(), body_modes(), http2_modes(), tls_modes(), edge_modes()}) {
    for (const Mode& mode : group) {
      if (mode.name == name) return &mode;
    }
  }
  return nullptr;
}

Place place_of(const std::string& address, std::uint16_t port) {
  Place place;
  auto* four = reinterpret_cast<sockaddr_in*>(&place.address);
  auto* six = reinterpret_cast<sockaddr_in6*>(&place.address);
  if (::inet_pton(AF_INET, address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    place.length = sizeof *four;
  } else if (::inet_pton(AF_INET6, address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    place.length = sizeof *six;
  } else {
    usage("\"" + address + "\" is not an IPv4 or IPv6 address");
  }
  return place;
}

std::vector<int> bound_sockets(const Options& options, int type, int backlog) {
  const std::vector<std::string> everywhere{"0.0.0.0", "::"};
  std::vector<int> sockets;
  for (const std::string& bind : options.binds.empty() ? everywhere : options.binds) {
    for (const std::uint16_t port : options.ports)
      sockets.push_back(bound_socket(place_of(bind, port), options, type, backlog));
  }
  return sockets;
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

int serve(const Mode& mode, const Options& options) {
  SSL_CTX* tls = options.tls ? tls_context(options) : nullptr;
  std::vector<pollfd> listeners;
  for (const int fd : bound_sockets(options, SOCK_STREAM, options.backlog))
    listeners.push_back({fd, POLLIN, 0});
  say_ready();
  while (true) {
    if (::poll(listeners.data(), listeners.size(), -1) < 0 && errno != EINTR) fail("poll");
    for (const pollfd& listener : listeners) {
      if ((listener.revents & POLLIN) == 0) continue;
      const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) start_connection(fd, mode, options, tls);
    }
  }
}

}  // namespace misbehave
