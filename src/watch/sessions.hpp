// TLS sessions that checks resume: a full handshake costs three times a short one, and a
// certificate does not change every half minute. What a resumed check cannot see, and when it must
// not resume: docs/watch.md "TLS".
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "net/tls.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

struct Session {  // with one target at one address
  Endpoint remote;
  std::string host;     // the name and the issuers that its certificate
  std::string ca_file;  // was verified for
  std::shared_ptr<net::TlsPast> past;
  Instant full_at{};  // the newest full handshake
  WallTime full_at_wall;
};

class Sessions {
 public:
  // For a check that begins now. Null: this target's checks always see the certificate. Holds
  // nothing to resume when the last full handshake is Target::resume ago, or its certificate has
  // ended since.
  std::shared_ptr<Session> begin(const Target& target, const Endpoint& remote, Instant now,
                                 WallTime wall);
  // After it: what failed is looked at anew, with a full handshake. `seen`: the certificate.
  static void ended(Session& session, bool ok, bool resumed, Instant began, WallTime seen);
  // The next checks of this target are full ones.
  void forget(const std::string& target) { of_target_.erase(target); }
  void forget_all() { of_target_.clear(); }

 private:
  std::unordered_map<std::string, std::vector<std::shared_ptr<Session>>> of_target_;  // by id
};

}  // namespace causeway::watch
