// One accepted connection, plain or TLS, with the rude endings that ordinary libraries hide.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "options.hpp"

namespace misbehave {

struct Asked {
  std::string method;
  std::string path;
  std::string host;
  std::string accept;
  std::string head;  // everything up to and with the blank line
};

class Channel {
 public:
  explicit Channel(int fd);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int fd() const { return fd_; }

  // Speaks TLS from here on. False when the handshake fails.
  bool secure(SSL_CTX* context);
  // The ALPN protocol agreed on, or empty.
  std::string protocol() const;

  // All of it, or false when the peer is gone.
  bool send(std::string_view bytes);
  // What is there within `wait`: empty at its end, on FIN, RST or error.
  std::string receive(std::size_t most, Millis wait);
  // Exactly so many bytes, or fewer at an end.
  std::string receive_exactly(std::size_t count, Millis wait);
  // The next request head (a body announced by Content-Length is read and dropped).
  std::optional<Asked> request(Millis wait = Millis{60'000});
  // The first TLS record as it came, without speaking TLS.
  bool client_hello();

  // Ends our half with FIN, then waits for the peer's end: no unread byte may turn FIN into RST.
  void finish();
  // RST (SO_LINGER of zero seconds).
  void reset();
  // Nothing more is said; returns when the peer leaves or the limit is reached.
  void hold(Millis most = Millis{120'000});
  // False when the peer went away meanwhile.
  bool pause(Millis wait);

 private:
  long read_some(char* into, std::size_t most, Millis wait);

  int fd_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  std::string held_;  // read past the end of a request
};

}  // namespace misbehave
