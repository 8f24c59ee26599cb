// The edge as a process: its workers, its signals, what it hands over to its successor.
//   TERM, INT  drain and stop       HUP   read the configuration and certificates again
//   USR2       start the program anew with the same listening sockets, then drain
//   USR1       open the access log again
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "edge/admin.hpp"
#include "edge/config.hpp"
#include "edge/worker.hpp"

namespace causeway::edge {

class Server {
 public:
  // Called at start and at every reload: the same configuration, read again.
  using Load = std::function<Parsed<ConfigPtr>()>;
  // One line for the person who started it.
  using Tell = std::function<void(const std::string&)>;

  // Blocks the signals above, reads everything, listens. Nothing is served yet.
  static Parsed<std::unique_ptr<Server>> open(Load load, Tell tell);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Until it is told to stop and the last request has ended.
  void run();
  // From any thread: as TERM does.
  void stop();

  std::vector<Endpoint> endpoints() const;
  std::optional<Endpoint> admin_endpoint() const;
  std::vector<const Metrics*> metrics() const;

 private:
  struct Door {  // one listening address
    Listener rules;
    std::vector<net::Fd> sockets;  // one a worker, or more: a predecessor's
  };
  struct Share {  // of a worker in a door
    Listener rules;
    net::Fd socket;
  };

  Server(Load load, Tell tell);
  Parsed<Snapshot> read() const;
  std::shared_ptr<CacheStore> cache_for(const CacheRules& rules) const;
  Parsed<std::vector<Door>> open_doors(const Config& config, std::size_t workers);
  static Parsed<std::vector<std::vector<Share>>> shares_of(const std::vector<Door>& doors,
                                                           std::size_t workers);
  static std::vector<OpenListener> given(std::vector<Share> shares);
  void drop_handed();
  std::vector<net::Fd> inherited(const Endpoint& address);
  void reload();
  void upgrade();
  void drain();
  net::Task<void> obey();
  bool all_ended() const;

  Load load_;
  Tell tell_;
  net::Fd signals_;
  net::Fd stop_;
  Snapshot snapshot_;
  std::vector<Door> doors_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::pair<Endpoint, int>> handed_;  // descriptors of a predecessor, not yet used
  std::unique_ptr<net::HttpService> admin_;       // null when there is none
  std::string program_;
  bool succeeded_ = false;  // a successor was started
  bool draining_ = false;
};

}  // namespace causeway::edge
