// Server-Sent Events (html.spec.whatwg.org, section 9.2).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "net/http_service.hpp"

namespace causeway::console {

std::string event(std::string_view name, const nlohmann::ordered_json& data);  // one, whole
net::HttpReply event_stream();  // its fields; the caller sets `stream`

}  // namespace causeway::console
