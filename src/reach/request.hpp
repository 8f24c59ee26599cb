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
  int status = 0;    // 0: any below `below` will do
  int below = 500;
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
  // The last stage that is asked about. Only a question that ends with the exchange is about a web
  // server, and goes to an edge.
  model::Stage until = model::Stage::exchange;
  std::optional<Family> family;  // only addresses of this one
  int most_addresses = limits::kAddressesTried;
  // A name may lead into private networks, where no edge would follow.
  bool private_names = false;
  // Beside the origins the way that DNS leads is asked, as an edge's.
  bool way_of_dns = false;
};

}  // namespace causeway::reach
