// How far do packets to the real port come? SYNs with rising TTL, a few at a time, without
// privileges: routers that expire them name themselves in the error queue.
#pragma once

#include "base/address.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records `trace`.
net::Task<void> trace(Survey& survey, Endpoint remote);

}  // namespace causeway::reach
