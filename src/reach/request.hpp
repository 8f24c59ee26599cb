// What a diagnosis is asked to do: the command line in types.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "model/diagnosis.hpp"
#include "model/edge_ranges.hpp"

namespace causeway::reach {

struct Expectation {
  int status = 0;    // 0: any below 500 will do
  std::string text;  // empty: none
};

struct Request {
  model::Target target;
  std::vector<Endpoint> origins;  // empty: where DNS leads
  std::optional<IpAddress> via_edge;
  Expectation expect;
  std::vector<IpAddress> known_addresses;
  model::EdgeRanges edge = model::cloudflare_ranges();
  bool edge_given = false;
  std::string ca_file;                // empty: the system's trust store
  std::optional<IpAddress> source;    // own address to connect from
  std::optional<Endpoint> resolver;   // empty: the system's
  std::vector<Endpoint> authorities;  // empty: found by walking the delegation
  model::SslMode ssl = model::SslMode::strict;
  Duration deadline = limits::kDiagnosisDeadline;
  model::Mode mode = model::Mode::normal;
};

}  // namespace causeway::reach
