// One thread of the edge: its own loop, its own listening sockets, its own connections to origins.
// Nothing is shared with the others but immutable snapshots.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "edge/access_log.hpp"
#include "edge/cached.hpp"
#include "edge/drill_board.hpp"
#include "edge/evidence.hpp"
#include "edge/metrics.hpp"
#include "edge/overload.hpp"
#include "edge/pool_switches.hpp"
#include "edge/runtime.hpp"
#include "edge/scratch.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/tls_server.hpp"

namespace causeway::edge {

// Everything that comes from one reading of the configuration.
struct Snapshot {
  ConfigPtr config;
  std::shared_ptr<const net::TlsServer> tls;  // null without a TLS listener
  std::shared_ptr<const PageTemplate> page;   // null: the built-in one
  std::shared_ptr<LogFile> log;               // null: none
  std::shared_ptr<CacheStore> cache;          // null: nothing is stored
  std::shared_ptr<Evidence> evidence;         // of every origin
  std::shared_ptr<DrillBoard> drills;         // null: none is ever run
  std::shared_ptr<PoolSwitches> switches;     // null: no pool ever stands in for another
};

// A listening socket as a worker is handed it.
struct OpenListener {
  Listener rules;
  int fd = -1;  // the worker's own
};

// A connection that must hear of a drain. Linked in its worker's list.
struct Drainable {
  Drainable* next = nullptr;
  Drainable** back = nullptr;
  virtual void drain() = 0;  // ends what is idle; lets what is under way end

 protected:
  ~Drainable() = default;
};

class Worker {
 public:
  Worker(Snapshot snapshot, std::vector<OpenListener> listeners);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();  // its thread
  // From other threads.
  void reload(Snapshot snapshot, std::vector<OpenListener> listeners);
  void drain();  // no new connections; ends when the last is over, or after Timeouts::drain
  void join() { thread_.join(); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  const Metrics& metrics() const { return metrics_; }

  // On its own thread.
  const Config& config() const { return runtime_->config(); }
  const std::shared_ptr<Runtime>& runtime() const { return runtime_; }
  const Snapshot& snapshot() const { return snapshot_; }
  bool draining() const { return draining_; }
  Instant now() const { return net::Loop::current().now(); }
  std::string_view http_date();
  void name_ray(Ray& ray);
  std::uint64_t chance();  // evenly spread
  void finished(const Visitor& visitor, const Scratch& scratch);
  Metrics& counts() { return metrics_; }
  CacheFlights& flights() { return flights_; }
  bool sheds();  // whether the request at hand is to be refused: the worker is behind
  void start_beside(net::Task<void> task);  // beside the visitors, and ended with them
  void link(Drainable& connection);
  static void unlink(Drainable& connection);

 private:
  struct Orders {
    std::optional<Snapshot> snapshot;
    std::vector<OpenListener> listeners;
    bool drain = false;
  };

  void run();
  void keep_evidence(const Attempt& attempt, const Story& story, WallTime now);
  net::Task<void> serve();
  net::Task<void> accept_all(net::Fd from_server, Listener rules);
  net::Task<void> connection(int fd, Visitor visitor, bool proxied);
  // Its PROXY header and TLS handshake, where they are due; null when they fail.
  [[gnu::noinline]] net::Task<std::unique_ptr<net::Stream>> meet(net::Fd socket, Visitor& visitor,
                                                                 bool proxied);
  net::Task<void> keep_house();
  net::Task<void> write_log();
  net::Task<void> watch_delay();
  void start_checks();
  void obey();
  void use(Snapshot snapshot);
  void open(std::vector<OpenListener> listeners);

  Snapshot snapshot_;
  std::shared_ptr<Runtime> runtime_;
  std::vector<OpenListener> listeners_;
  std::thread thread_;
  net::Fd bell_;  // eventfd: orders have come
  std::mutex orders_mutex_;
  Orders orders_;
  std::atomic<bool> ended_ = false;

  bool draining_ = false;
  std::uint64_t ray_state_;
  LogWriter log_;
  Metrics metrics_;
  CacheFlights flights_;
  Overload overload_;
  std::int64_t date_second_ = -1;
  std::string date_;
  Drainable* connections_ = nullptr;
  net::Event* log_event_ = nullptr;
  net::Group* acceptors_ = nullptr;
  net::Group* sessions_ = nullptr;
  net::Group* checks_ = nullptr;
};

}  // namespace causeway::edge
