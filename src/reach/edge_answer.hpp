// The same URL asked of the edge: which error it shows, who made it, and what it says about it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/failure.hpp"
#include "model/stage.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// What an answer of an edge says about itself (edge-semantics: structured error, HTML page, plain
// "error code: 522", headers). Every field absent when it does not say.
struct EdgeReading {
  std::string mark;     // which edge's marks the answer carries
  std::string made_by;  // edge | origin | unknown
  int status = 0;
  int code = 0;     // 520-527, 530 and the like, when the edge made the answer
  int subcode = 0;  // 1000, 1016 ...
  std::string ray;
  std::string location_code;  // data centre: "FRA"
  std::string error_name;
  std::optional<bool> retryable;
  std::string cache;
};

EdgeReading read_edge_answer(int status,
                             const std::vector<std::pair<std::string, std::string>>& fields,
                             std::string_view body);

struct EdgeAsked {
  EdgeReading reading;
  std::optional<model::Stage> failed_at;  // towards the edge itself
  std::optional<model::FailureId> failure;
  std::string because;
};

// Connects to the edge's address with the target's name. Records `connect`, `tls`, `certificate`,
// `http` (via edge) and `edge-answer`.
net::Task<EdgeAsked> ask_edge(Survey& survey, Endpoint edge);

}  // namespace causeway::reach
