// A message in the words of each channel. Pure: what is sent, not the sending.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "net/outbound.hpp"
#include "watch/message.hpp"
#include "watch/settings.hpp"

namespace causeway::watch {

struct CommandCall {
  std::vector<std::string> arguments;    // the program first
  std::vector<std::string> environment;  // "CAUSEWAY_KIND=opened"
  std::string input;
};

using Call = std::variant<net::OutboundRequest, net::OutboundMail, CommandCall>;

// `now` dates the message; `id` is the alert's, for receivers that drop what they had already.
Call call_of(const Channel& channel, const Message& message, const std::string& id, WallTime now);

// What a channel needs and does not have, as a sentence; empty when it can be used.
std::string missing(const Channel& channel);

// Whether an answer means that it was taken; `again`: that a later try may succeed.
struct Taken {
  bool ok = false;
  bool again = true;
  std::string detail;
};
Taken taken(const net::OutboundReply& reply);

// The window of quiet hours that `now` lies in ends then; nothing when it is not quiet.
Parsed<std::optional<WallTime>> quiet_until(const QuietHours& quiet, WallTime now);

}  // namespace causeway::watch
