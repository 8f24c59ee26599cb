// From incidents to channels: which alerts are queued, and their delivery from the store, with
// retries, until they are taken or too old. What was queued survives a restart and a dead network.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "net/group.hpp"
#include "net/outbound.hpp"
#include "net/task.hpp"
#include "store/store.hpp"
#include "watch/channels.hpp"
#include "watch/ledger.hpp"
#include "watch/settings.hpp"

namespace causeway::watch {

// The rows for one change; written in the same transaction as the incident. Pure. `targets`: of
// its members.
std::vector<store::Alert> alerts_for(const Change& change, const std::vector<Channel>& channels,
                                     const std::vector<const Target*>& targets, WallTime now,
                                     const NewId& new_id);

// How long until the next try: doubling, with an upper limit. `attempts` were made.
Duration retry_pause(int attempts);

class Outbox {
 public:
  // `said(line)`: for the terminal, when a delivery fails for good.
  Outbox(store::Store& store, std::function<void(std::string)> said);
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void configure(std::vector<Channel> channels, std::string console);
  // Starts sending what is due on each channel, among `tasks`; a channel that still waits for an
  // answer holds up no other. `queued`: there is more than when this was asked last.
  void serve(net::Group& tasks, Instant now, WallTime wall, bool queued);
  // A test message, past the queue: the answer of the channel.
  net::Task<Taken> test(std::string channel, WallTime wall);

 private:
  struct Line {  // of one channel
    bool busy = false;
    bool queued = true;  // more came since it was looked at
    Instant at{};        // when the next is due
  };

  net::Task<void> serve_line(std::string channel, Instant now, WallTime wall);
  // Sends what is due now. Returns when the next is due (kNever: none).
  net::Task<Instant> deliver(std::string channel, Instant now, WallTime wall);
  net::Task<Taken> send(const Channel& channel, const Message& message, std::string id,
                        WallTime wall);
  net::Task<void> deliver_one(store::Alert alert, WallTime wall);
  net::Task<void> deliver_digest(std::vector<store::Alert> alerts, WallTime wall);
  Parsed<Message> compose(const store::Alert& alert, WallTime wall);
  bool still_wanted(store::Alert& alert, const Channel& channel, const store::Incident& incident,
                    WallTime wall);
  // What each is about. Nothing: it is settled, or cannot be looked at now.
  std::vector<std::optional<store::Incident>> due_still(std::vector<store::Alert>& alerts,
                                                        WallTime wall);
  void say_failure(const std::string& channel, const Taken& how) const;
  void settle(store::Alert alert, const Taken& how, Duration took, WallTime wall);
  const Channel* channel(const std::string& name) const;
  bool gathers(const store::Alert& alert) const;

  store::Store& store_;
  std::function<void(std::string)> said_;
  std::vector<Channel> channels_;
  std::map<std::string, Line> lines_;  // by channel
  std::string console_;
  // Tries of alerts settled here: the store may not have heard of the last one yet.
  std::map<std::string, int> settled_;
  std::map<std::string, int> settled_before_;  // the older ones
  net::Outbound outbound_;
};

}  // namespace causeway::watch
