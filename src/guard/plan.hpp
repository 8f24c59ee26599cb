// From the proof to what has to be done: pure, and tried out on a copy of the rules first.
#pragma once

#include <string>
#include <vector>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"
#include "guard/grant.hpp"

namespace causeway::guard {

// What is at hand on this host to speak to a layer in its own way.
struct Tools {
  bool ufw = false;        // installed and active
  bool firewalld = false;  // running
  bool fail2ban = false;   // its server answers
  bool csf = false;        // installed
  bool crowdsec = false;   // its local API answers, and knows allowlists
};

// Sources that one port opens or closes for, over the whole address space.
struct Change {
  Family family = Family::ipv4;
  std::uint16_t port = 0;
  firewall::IntervalSet gain;
  firewall::IntervalSet lose;
};

struct Plan {
  Grant grant;
  firewall::Proof before;
  firewall::Proof after;           // with the grant, on a copy of the rules
  std::vector<Change> changes;     // every listening port, everybody
  std::vector<std::string> left;   // what stops the edge and is not in guard's hands
  std::vector<std::string> gains;  // in web servers' lists
  std::vector<std::string> notes;  // what is left as it is on purpose

  // Some range that got in perhaps, or not at all, certainly gets in afterwards.
  bool surer() const;
};

// `kept` is what guard added before: the plan is the whole new grant, not a difference.
Plan make_plan(const firewall::Collection& now, const firewall::ProofRequest& request,
               const Grant& kept, const Tools& tools);

// Everybody but the edge and `grant.also` who still reaches a port that is for them only, as rows
// of who would gain. Empty when the grant asks for no such thing.
std::vector<Change> still_open(const firewall::Collection& collection, const Grant& grant);

// The same collection with the grant's rules in front of its places.
firewall::Collection with_grant(const firewall::Collection& now, const Grant& grant);

// Who gets in before and after, on every port that something listens on or that is asked for.
std::vector<Change> compare(const firewall::Collection& before, const firewall::Collection& after,
                            const std::vector<std::uint16_t>& ports);

// Some port where somebody who got in does not any more. Ranges that guard had let in and that the
// edge has given up since lose on purpose, and so does everybody else where only the edge is to get
// in.
bool somebody_loses(const std::vector<Change>& changes, const Grant& before, const Grant& after);

}  // namespace causeway::guard
