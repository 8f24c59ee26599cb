// What every probe of one diagnosis is handed: the question, the place for answers, the end of
// time.
#pragma once

#include "base/time.hpp"
#include "net/reply_tap.hpp"
#include "reach/record.hpp"
#include "reach/request.hpp"

namespace causeway::reach {

struct Survey {
  const Request& request;
  Record& record;
  Instant deadline;  // of the whole diagnosis: no probe waits beyond it
  net::ReplyTaps* taps = nullptr;  // raw replies, where this machine lets us see them

  // The earlier of the diagnosis' end and `wait` from `now`.
  Instant until(Instant now, Duration wait) const {
    return now + wait < deadline ? now + wait : deadline;
  }
};

}  // namespace causeway::reach
