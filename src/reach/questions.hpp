// Which second questions are worth asking about an address, given how its main question stands.
// Pure: the plan's decisions can be read and tested without a network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnosis.hpp"
#include "model/failure.hpp"

namespace causeway::reach {

enum class Question : std::uint8_t {
  ping,               // is the machine there at all?
  udp,                // does its kernel answer where its firewall may not?
  side_ports,         // is it this port, or every port?
  trace,              // how far do packets come?
  other_source,       // is it our address?
  idle,               // is the connection cut before anything is asked?
  other_name,         // TLS with another server name: is it the name?
  no_name,            // TLS without a server name
  older_tls,          // TLS 1.2 only: is it the version?
  small_handshake,    // TLS in small segments: is it the packet size?
  plain_on_tls_port,  // HTTP spoken to the TLS port
  tls_on_plain_port,  // TLS spoken to the HTTP port
  small_segments,     // the request in small segments
  fetch_again,        // the same request on a fresh connection
  connect_after,      // is somebody still there?
  connect_again,      // is the refusal said once, or every time?
  proxy_header,       // the same after a PROXY header: is one expected?
  redirects,          // where does the redirect lead?
  reuse,              // a second request on the same connection
  burst,              // several connections at once
  count,
};

std::string_view name(Question question);

// How the main question stands.
struct Standing {
  model::Stage stage = model::Stage::connect;  // where it is, or where it failed
  bool pending = false;                        // still unanswered after limits::kPatience
  std::optional<model::FailureId> failure;
  bool at_once = false;  // the stage failed before a router could have looked for a neighbour
  bool tls = true;       // the attempt speaks TLS
  int status = 0;        // when an answer came
  std::string page;      // http.page of that answer
  bool redirected = false;
  model::Mode mode = model::Mode::normal;
};

std::vector<Question> second_questions(const Standing& standing);

// Other ports worth a look beside `port`: enough to tell one port from all, and to find a service
// that moved.
std::vector<std::uint16_t> side_ports(std::uint16_t port, bool tls);

}  // namespace causeway::reach
