// Questions with a known answer: do they fail too, the resolver is dead; else the zone is.
#pragma once

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/event.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct DnsControl {
  bool alive = false;  // the resolver answered something to some question
  bool world = false;  // it also answered one that it cannot answer from its own head
};

// Asks `server` for localhost (answered by every resolver itself: RFC 6761 section 6.3), the root's
// name servers and those of the target's parent. Records `dns` with role control. resolve() does
// this by itself when the name fails. `alive` is set at the first sign of life.
net::Task<DnsControl> ask_control(Survey& survey, Endpoint server, Instant deadline,
                                  net::Event* alive = nullptr);

}  // namespace causeway::reach
