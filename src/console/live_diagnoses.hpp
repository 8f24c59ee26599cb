// Diagnoses that run while somebody watches: each on a thread of its own, its observations handed
// to the page as they come.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "console/desk.hpp"
#include "console/limits.hpp"
#include "model/diagnosis.hpp"

namespace causeway::console {

// Not for strangers: an address of this machine or its private networks, in a URL that a person
// typed (SSRF). Names are looked at when they are resolved (reach/diagnose.cpp). The error says
// why.
Parsed<bool> open_to_people(const model::Target& target);

class LiveDiagnoses {
 public:
  // What a running diagnosis has said so far. Shared by its thread and its page.
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

  LiveDiagnoses() = default;
  ~LiveDiagnoses();  // ends those that run
  LiveDiagnoses(const LiveDiagnoses&) = delete;
  LiveDiagnoses& operator=(const LiveDiagnoses&) = delete;

  // How a diagnosis is told; both run on its thread.
  struct Telling {
    std::function<std::string(const model::Observation&)> seen;  // unset: nothing before the end
    std::function<std::string(const Parsed<model::Diagnosis>&)> end;
  };

  // Null when `most` run already.
  std::shared_ptr<Channel> start(const Controls& controls, DiagnosisOrder order, Telling telling,
                                 std::size_t most);

 private:
  struct Run {
    std::shared_ptr<Channel> channel;
    std::thread thread;
  };
  void sweep();

  std::list<Run> runs_;
};

}  // namespace causeway::console
