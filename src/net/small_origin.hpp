// A small real server on loopback that behaves in one way: what `causeway demo` diagnoses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/result.hpp"
#include "net/small_identity.hpp"

namespace causeway::net {

enum class Manner : std::uint8_t {
  refuse,  // the port is taken, and nobody listens
  mute,    // takes connections and never says a word
  answer,  // speaks TLS when it has an identity, then sends `reply` to each request
};

struct SmallOriginPlan {
  Manner manner = Manner::answer;
  Identity identity;           // empty: no TLS
  std::string reply;           // bytes of the whole answer; empty: closes without one
  bool keeps_waiting = false;  // takes the request and sends nothing
  bool old_tls = false;        // 1.2 at most
};

// Serves from threads of its own, at most limits::kSmallOriginPeers connections at a time, until it
// goes away.
class SmallOrigin {
 public:
  static Parsed<std::unique_ptr<SmallOrigin>> open(SmallOriginPlan plan);
  ~SmallOrigin();
  SmallOrigin(const SmallOrigin&) = delete;
  SmallOrigin& operator=(const SmallOrigin&) = delete;

  Endpoint endpoint() const;

 private:
  class Server;
  explicit SmallOrigin(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

// A whole HTTP/1.1 answer with a page of this title.
std::string page_reply(int status, std::string_view reason, std::string_view title);

}  // namespace causeway::net
