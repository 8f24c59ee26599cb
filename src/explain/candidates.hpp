// Which causes can leave what a log shows: the same judge that a diagnosis has, asked with no more
// evidence than the log holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "explain/meaning.hpp"
#include "explain/summary.hpp"
#include "model/diagnosis.hpp"

namespace causeway::explain {

// Where the origin of a log line is, as far as the line says.
struct Place {
  std::string host;                  // the site; empty when the log has none
  std::optional<Endpoint> endpoint;  // the origin's address
  std::string name;                  // as written: "bk/s1", "unix:/run/php.sock"
  bool secure = false;
};

Place place_of(const Group& group);
Place place_of(const codec::LogLine& line);

// Most probable first. Where the meaning has several failures, their causes share the probability.
std::vector<model::RankedCause> candidates(const Meaning& meaning, const Place& place);

// "causeway diagnose https://www.example.net/ --origin 10.0.0.5:8080": what to ask next, where the
// place says enough; else empty.
std::string diagnose_command(const Place& place);

}  // namespace causeway::explain
