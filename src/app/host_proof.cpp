#include "app/host_proof.hpp"

#include <mutex>
#include <thread>

#include "app/proof_flags.hpp"

namespace causeway::app {

struct HostProof::State {
  std::mutex mutex;
  console::ProofSeen newest;
  bool asked = false;
  std::thread thread;
};

namespace {

// As `causeway guard prove` without flags.
console::ProofSeen prove_host() {
  console::ProofSeen out{.at = wall_now()};
  const ProofFlags flags;
  const auto request = read_request(flags);
  const auto gathered = gather(flags);
  if (!request || !gathered) {
    out.why = request ? gathered.error().text : request.error().text;
    return out;
  }
  out.wants_root = gathered->wants_root;
  out.document = firewall::to_json(firewall::prove(gathered->collection, *request));
  return out;
}

}  // namespace

HostProof::HostProof() : state_(std::make_shared<State>()) {}

HostProof::~HostProof() {
  if (state_->thread.joinable()) state_->thread.join();
}

console::ProofSeen HostProof::seen(bool anew) {
  const std::scoped_lock lock{state_->mutex};
  if (state_->newest.running || (state_->asked && !anew)) return state_->newest;
  if (state_->thread.joinable()) state_->thread.join();  // it has ended: nothing runs
  state_->asked = true;
  state_->newest.running = true;
  state_->thread = std::thread{[state = state_.get()] {
    auto proof = prove_host();
    const std::scoped_lock done{state->mutex};
    state->newest = std::move(proof);
  }};
  return state_->newest;
}

}  // namespace causeway::app
