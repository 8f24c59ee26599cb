// Connect and send nothing: is a connection cut before anything is asked, or does the peer speak
// first?
#pragma once

#include "base/limits.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records `idle`.
net::Task<void> idle(Survey& survey, Endpoint remote, Duration listen = limits::kIdleListen);

}  // namespace causeway::reach
