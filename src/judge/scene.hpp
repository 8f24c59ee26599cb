// The evidence, indexed the way the judge asks for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "judge/judge.hpp"

namespace causeway::judge {

using Seen = const model::Observation*;

// What a rule's {address}, {port} ... stand for at the moment.
struct Focus {
  std::string address;  // empty: about the target as a whole
  int port = 0;
};

class Scene {
 public:
  // `evidence` must outlive the scene.
  explicit Scene(const Evidence& evidence);

  const Evidence& evidence() const { return evidence_; }
  const std::vector<Seen>& of(model::Kind kind) const {
    return by_kind_.at(static_cast<std::size_t>(kind));
  }
  bool ours(const model::Observation& seen) const;

  Seen target() const;  // null when absent
  std::string host() const;
  std::string scheme() const;
  int port() const;

  // Addresses of our vantage's attempts and observations, in order of appearance, without those
  // that are only there for comparison (--known-address).
  const std::vector<std::string>& addresses() const { return addresses_; }
  // The address observation of our vantage, or null.
  Seen address(std::string_view text) const;
  // Only named by the owner as right; DNS does not lead there and --origin does not name it.
  bool for_comparison_only(std::string_view address) const;
  // Our own address as a connection to `address` showed it (any connection when empty); empty: not
  // known. Nothing may have translated it on the way.
  std::string source(std::string_view address) const;

  // How the machine that `vantage` inspected stands with an address.
  enum class Holds : std::uint8_t { unknown, yes, translated, no };
  Holds holds(std::string_view vantage, std::string_view address) const;
  // Is what an inspection found true for the connections in focus: their port, family, address,
  // source, and that machine?
  bool applies(const model::Observation& fact, const Focus& focus) const;

 private:
  bool concerns_us(const model::Observation& fact, const Focus& focus) const;

  const Evidence& evidence_;
  std::vector<std::vector<Seen>> by_kind_;
  std::vector<std::string> addresses_;
};

// Our observations of `kind` about `address`.
std::vector<Seen> ours_about(const Scene& scene, model::Kind kind, std::string_view address);

}  // namespace causeway::judge
