// A zone as its own name servers serve it: whole by transfer where they allow it, else name by
// name, each server alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/task.hpp"
#include "zone/snapshot.hpp"

namespace causeway::zone {

struct ServersQuestion {
  std::string zone;
  std::vector<Endpoint> authorities;  // empty: found by the delegation from the root down
  std::optional<Endpoint> resolver;   // for the delegation; empty: the system's
  std::optional<IpAddress> source;
  std::vector<Record> expected;    // names and types worth asking, from a provider or a snapshot
  std::vector<std::string> names;  // further names to ask
  bool transfer = true;            // try AXFR
  Instant deadline = kNever;
};

struct Served {
  std::vector<ServerState> servers;  // `differs` against the answer of most servers
  std::vector<Record> records;       // sorted; of the answer of most servers
  bool transferred = false;          // the records are whole
  std::vector<std::string> notes;
};

net::Task<Served> ask_servers(ServersQuestion question);

// One server's answers, whoever gave them.
struct ServerAnswers {
  ServerState state;
  std::vector<Record> records;
  std::vector<std::pair<std::string, std::string>> asked;  // name and type; empty: everything
};

// The records that most servers serve, and in each server what differs from them. Pure.
Served agree(std::vector<ServerAnswers> answers);

// What `servers` serve otherwise than `records` of a provider say. Proxied records are left out
// (the edge's own addresses stand there), and so are aliases at the apex, which providers flatten.
// Pure.
void compare_with_provider(std::vector<ServerState>& servers, const std::vector<Record>& served,
                           const std::vector<Record>& records, std::string_view zone);

}  // namespace causeway::zone
