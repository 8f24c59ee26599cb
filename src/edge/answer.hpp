// An answer the edge makes itself: status, headers and body for one problem and one request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "edge/accept.hpp"
#include "edge/error_page.hpp"
#include "edge/problem.hpp"

namespace causeway::edge {

struct AnswerHeader {
  std::string_view name;  // lower case, as HTTP/2 wants it
  std::string value;
};

struct Answer {
  int status = 500;
  std::string_view reason;            // for HTTP/1.1: "Connection timed out"
  std::vector<AnswerHeader> headers;  // all but date, server, the ray and content-length
  std::string body;                   // send none to HEAD, but its length
};

// `accept`: the request's Accept. `page`: the owner's template, or null for the built-in page.
Answer answer(const Problem& problem, const AnswerFacts& facts, std::string_view accept,
              const PageTemplate* page = nullptr);

}  // namespace causeway::edge
