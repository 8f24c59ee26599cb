// Names to addresses for checks: asked of the target's resolver or the system's, kept as long as
// the answer says (within limits), asked once for all who wait for the same name.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "codec/dns.hpp"
#include "model/failure.hpp"
#include "net/event.hpp"
#include "net/task.hpp"

namespace causeway::watch {

struct Named {
  std::vector<IpAddress> addresses;         // IPv4 first, each family sorted
  std::optional<model::FailureId> failure;  // when there is none
  std::string because;
  Duration elapsed{};  // zero: it was known
  Instant until{};     // when it is asked again
};

struct Values {                     // of one record type
  std::vector<std::string> values;  // sorted, presentation form
  std::optional<model::FailureId> failure;
  std::string because;
};

// What a TXT record says: its strings joined (RFC 7208 section 3.3), without the quotes of their
// presentation form (RFC 1035 section 5.1). What does not begin with one is taken as it is.
std::string text_of_record(std::string_view presentation);

struct Zone {
  std::string name;                       // "example.net."; empty: it cannot be found
  std::vector<std::string> name_servers;  // sorted
};

class Names {
 public:
  Names() = default;
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // `host` may be an address. Waits at most `wait`.
  net::Task<Named> addresses(std::string host, std::optional<Endpoint> resolver, Duration wait);
  // What is known now, without asking: null when it must be asked.
  const Named* known(const std::string& host, const std::optional<Endpoint>& resolver) const;
  net::Task<Values> values(std::string host, std::string type, std::optional<Endpoint> resolver,
                           Duration wait);
  // The zone that a host is in: the nearest name above with name servers.
  net::Task<Zone> zone_of(std::string host, std::optional<Endpoint> resolver);
  // A name that failed is asked anew at the next check; this forgets all.
  void forget();

 private:
  struct Slot {
    Named named;
    bool asking = false;
    std::unique_ptr<net::Event> answered = std::make_unique<net::Event>();
  };
  net::Task<Named> ask(std::string host, std::optional<Endpoint> resolver, Duration wait);

  std::map<std::string, Slot> slots_;  // by host and resolver
};

}  // namespace causeway::watch
