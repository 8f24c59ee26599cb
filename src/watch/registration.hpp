// When the registration of a watched domain ends: which domains are asked about, when, and what
// there is to say. Pure: the asking is the watcher's (reach/registry.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "reach/registry.hpp"

namespace causeway::watch {

// Of a zone ("www.example.net." too), what may be registered: "example.net" itself and what is
// above it, down to two labels, the longest first. Empty for names that nobody registers (RFC 6761,
// .internal, .local) and for single labels.
std::vector<std::string> registrable(std::string_view zone);

struct DomainNotice {
  std::string key;  // one of kDomainNotices
  std::string cause;
  std::string sentence;
};
// Ends within its share; within a quarter of that, or has ended; the registry holds it back.
inline constexpr std::string_view kDomainSoon = "domain-soon";
inline constexpr std::string_view kDomainNow = "domain-now";
inline constexpr std::string_view kDomainHeld = "domain-held";

// `share`: of its term that is left, 0: never. Its term counts as a year at most: that is how
// domains are renewed, whatever was paid for once.
std::optional<DomainNotice> domain_notice(const reach::Registration& seen, double share,
                                          WallTime now);

struct Domain {
  std::map<std::uint32_t, double> members;  // targets in its zone, and the share each wants
  std::optional<reach::Registration> seen;
  std::string failed;     // why it is not known
  std::size_t asked = 0;  // which of registrable() is asked
  int failures = 0;       // in a row
  Instant ask_at{};

  double share() const;  // the largest
};

class Domains {
 public:
  // `zone` as its name servers were found. A target that was in another zone leaves that.
  void put(std::uint32_t target, const std::string& zone, double share, Instant now);
  void remove(std::uint32_t target);

  // The zone to ask about now, and the domain to ask for; nothing: none is due, or one was asked a
  // short while ago.
  struct Question {
    std::string zone;
    std::string domain;
  };
  std::optional<Question> due(Instant now);
  void answered(const Question& about, const reach::RegistryAnswer& answer, Instant now);

  const Domain* of(std::uint32_t target) const;  // null: it has none
  const std::map<std::string, Domain>& all() const { return all_; }

 private:
  std::map<std::string, Domain> all_;                              // by zone
  std::unordered_map<std::uint32_t, const std::string*> zone_of_;  // keys of `all_`
  Instant asked_{};
};

}  // namespace causeway::watch
