// What runs while somebody watches: diagnoses and plans, each on a thread of its own, handed to the
// page as it comes.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/address.hpp"
#include "base/result.hpp"
#include "model/diagnosis.hpp"
#include "net/http_service.hpp"

namespace causeway::console {

// Not for strangers: an address of this machine or its private networks, that a person typed
// (SSRF). Names are looked at when they are resolved (reach/diagnose.cpp). The error says why.
Parsed<bool> open_to_people(const IpAddress& address);
Parsed<bool> open_to_people(const model::Target& target);

class LiveRuns {
 public:
  // What one run has said so far. Shared by its thread and its page.
  class Channel {
   public:
    void say(std::string line);  // one event, whole
    void end(std::string line);
    void leave();  // nobody listens any more
    bool left() const;
    bool ended() const;
    // What was said since the last call; true when nothing more will come.
    bool take(std::string& into);

   private:
    mutable std::mutex mutex_;
    std::string said_;
    bool ended_ = false;
    bool left_ = false;
  };

  LiveRuns() = default;
  ~LiveRuns();  // ends those that run
  LiveRuns(const LiveRuns&) = delete;
  LiveRuns& operator=(const LiveRuns&) = delete;

  // On its thread; says what it finds, and soon after left() it ends. What it returns is said last.
  using Job = std::function<std::string(Channel&)>;

  // Null when `most` run already, of any kind.
  std::shared_ptr<Channel> start(Job job, std::size_t most);

 private:
  struct Run {
    std::shared_ptr<Channel> channel;
    std::thread thread;
  };
  void sweep();

  std::list<Run> runs_;
};

// The channel as Server-Sent Events; 503 when there is none.
net::HttpReply relayed(const std::shared_ptr<LiveRuns::Channel>& channel);

}  // namespace causeway::console
