// A target that a person typed into the console: what it may say beside the configuration file,
// and where it may lead.
#pragma once

#include <expected>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "watch/target.hpp"

namespace causeway::watch {

struct Refused {
  std::string field;  // "expect.status"; empty: the whole
  std::string text;   // what is wrong and what is expected, without the field
};
// "expect.status: expected ..." taken apart.
Refused refused(std::string_view error);

// Read by the rules of the file, with `group` for its `team`. What would make this machine run a
// command or read a file (remedies, ca_file) is for the file alone. Unless `private_targets`, no
// address of this machine or its private networks.
std::expected<Target, Refused> typed_target(std::string_view json, bool private_targets);

// The first of what the target has asked (host, origins, known addresses, resolver) that is of
// this machine or its private networks: "origins: 10.0.0.1 is private"; empty: none. A name is
// looked at when it is resolved.
std::string private_place(const Target& target);

// The parents of a target; null: it is not known.
using ParentsOf = std::function<const std::vector<std::string>*(const std::string& id)>;

// Targets that depend on each other: the way round that `start` leads into, "a, b, c, a"; empty:
// none. What was looked at goes to `done` and is not looked at again.
std::vector<std::string> way_round(const std::string& start, const ParentsOf& parents_of,
                                   std::set<std::string>& done);

// What the target names must be there, and none of its parents may depend on it: "parents: there is
// no ...; did you mean ...".
Parsed<bool> references(const Target& target, const std::vector<std::string>& targets,
                        const std::vector<std::string>& channels, const ParentsOf& parents_of);

}  // namespace causeway::watch
