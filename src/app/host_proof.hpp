// The firewall proof of the machine that a console runs on, made on a thread of its own.
#pragma once

#include <memory>

#include "console/desk.hpp"

namespace causeway::app {

class HostProof {
 public:
  HostProof();
  ~HostProof();  // waits for one under way: programs that list rules, a few seconds
  HostProof(const HostProof&) = delete;
  HostProof& operator=(const HostProof&) = delete;

  // At once. Begins one when there is none or `anew` asks for it, and none runs.
  console::ProofSeen seen(bool anew);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace causeway::app
