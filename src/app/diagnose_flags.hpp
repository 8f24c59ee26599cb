// The flags of `causeway diagnose`, as written and as understood.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/json.hpp"
#include "reach/request.hpp"

namespace causeway::app {

struct DiagnoseFlags {  // each as it stands on the command line; empty = not given
  std::string target;
  std::vector<std::string> origins;
  std::string via_edge;
  std::string expect_status;
  std::string expect_text;
  std::vector<std::string> known_addresses;
  std::vector<std::string> with;
  std::string edge;
  std::string ca;
  std::string source;
  std::string resolver;
  std::vector<std::string> authorities;
  std::string ssl;
  std::string deadline;
  bool quick = false;
  bool thorough = false;
  std::string format;
  bool plain = false;
  bool no_color = false;
};

enum class Face : std::uint8_t { text, plain, json, html, junit, nagios };

struct DiagnosePlan {
  reach::Request request;
  std::vector<model::Document> documents;  // of --with, in order
  std::vector<std::string> pipes;          // of --with: read when the probes are done
  std::vector<std::string> warnings;       // worth a line on stderr
  Face face = Face::text;
  bool no_color = false;
};

// Reads the files that the flags name. The error says which flag, what is wrong, what is expected.
Parsed<DiagnosePlan> understand(const DiagnoseFlags& flags);

}  // namespace causeway::app
