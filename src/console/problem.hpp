// Errors of the API: problem details (RFC 9457).
#pragma once

#include <string>
#include <string_view>

#include "net/http_service.hpp"

namespace causeway::console {

// `title` names the kind of problem, `detail` says what to do about this one.
net::HttpReply problem(int status, std::string_view title, std::string_view detail);

// 422, or another status: what is wrong with one member of the body, named in `field`.
net::HttpReply wrong_field(int status, std::string_view field, std::string_view detail);
net::HttpReply not_found(std::string_view what);       // "no incident has this id"
net::HttpReply store_failed(std::string_view reason);  // 503: try again

}  // namespace causeway::console
