#include "console/event_stream.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace causeway::console {

std::string event(std::string_view name, const nlohmann::ordered_json& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name,
                     data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

net::HttpReply event_stream() {
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", "text/event-stream");
  reply.fields.emplace_back("Cache-Control", "no-store");
  reply.fields.emplace_back("X-Accel-Buffering", "no");  // or nginx holds the events back
  return reply;
}

}  // namespace causeway::console
