// The console: the API, the pages and the status page, served from a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "console/desk.hpp"
#include "net/http_service.hpp"
#include "store/store.hpp"

namespace causeway::console {

struct ConsoleOptions {
  Endpoint listen;
  DeskSettings settings;  // `address` empty: made of where it listens
  std::function<net::Task<std::unique_ptr<net::Stream>>(net::Fd, Instant)> secure;  // TLS
};

class Console {
 public:
  // Listens and serves at once. The store must outlive it.
  static Parsed<std::unique_ptr<Console>> open(store::Store& store, ConsoleOptions options,
                                               Controls controls);
  ~Console();  // lets requests under way end first
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  const std::string& address() const;  // "http://127.0.0.1:5230"
  Endpoint endpoint() const;

 private:
  class Server;
  explicit Console(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

// One request, answered. Pure but for the desk: what tests ask.
net::HttpReply answer(Desk& desk, const net::HttpRequest& request);

}  // namespace causeway::console
