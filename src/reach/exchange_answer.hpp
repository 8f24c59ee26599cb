// What one request came to, the same for HTTP/1.1 and HTTP/2. Internal to src/reach/exchange*.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/task.hpp"
#include "reach/exchange.hpp"

namespace causeway::reach {

struct Answer {
  std::string_view outcome;  // model/kinds.def, http.outcome
  std::string protocol;
  std::string detail;  // what is wrong, for a person
  std::string reason;  // reason phrase
  int status = 0;
  bool head_complete = false;
  int interim = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<std::uint64_t> announced;
  std::uint64_t body_bytes = 0;
  std::string body;
  std::string body_hash;
  bool capped = false;
  bool reusable = false;
  std::string first_bytes;
  std::optional<Duration> to_first_byte;
  Duration elapsed{};
  int os_code = 0;
  int alert = -1;
};

net::Task<Answer> ask_http1(Survey& survey, net::Stream& stream, const ExchangeQuestion& question);
net::Task<Answer> ask_http2(Survey& survey, net::Stream& stream, const ExchangeQuestion& question,
                            net::H2Client& session);

}  // namespace causeway::reach
