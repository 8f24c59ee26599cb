// Drift: where a zone's records and what really serves have parted. Pure: whoever probed hands in
// what was seen, and gets findings with their evidence, each with the change that would mend it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/edge_ranges.hpp"
#include "model/failure.hpp"
#include "reach/registry.hpp"
#include "zone/change.hpp"
#include "zone/diff.hpp"
#include "zone/snapshot.hpp"

namespace causeway::zone {

// One address asked as an edge would ask it for one host name.
struct AddressView {
  IpAddress address;
  bool answers = false;                     // a whole HTTP answer came
  std::optional<model::FailureId> failure;  // when not
  std::string because;                      // one line for a person
  int status = 0;
  bool has_certificate = false;
  bool certificate_fits = false;  // the host's name is on it
  std::string fingerprint;        // of the certificate
  std::string page;               // model/kinds.def, http.page; empty: an ordinary one
  std::string title;
  std::string body_hash;
  bool steady = false;  // asked twice, and the same page came: not made anew each time

  // This machine's own trouble: says nothing about the address.
  bool says_nothing() const;
  // Serves this host and not merely something: its certificate fits, or, without TLS, an ordinary
  // page.
  bool serves_host() const;
};

struct AliasView {
  std::string target;                       // of the CNAME
  std::vector<std::string> chain;           // the names followed, the target first
  std::optional<model::FailureId> failure;  // when it leads to no address
  std::string because;
};

// What a resolver keeps of a name where the zone's own servers say something else.
struct KeptView {
  Endpoint resolver;
  std::string type;
  std::vector<std::string> contents;  // canonical, sorted; empty: "there is none"
  std::vector<std::string> right;     // what the zone says
  std::uint32_t ttl = 0;              // seconds it may keep it; 0: not known
};

// What visitors of a proxied name get from the edge.
struct EdgeView {
  IpAddress address;
  std::string cache;  // its cache status header, as sent
  int status = 0;
  std::string title;
  std::string body_hash;

  // A copy that the edge had, not an answer of the origin.
  bool stored() const;
};

struct HostView {
  std::string name;
  std::optional<AliasView> alias;
  std::vector<AddressView> addresses;  // of its records, or of its alias
  std::vector<AddressView> known;      // what the owner says is right, asked for this host
  std::optional<EdgeView> edge;        // where the name is proxied and the edge answered
  std::vector<KeptView> kept;
};

struct DnssecView {
  bool has_ds = false;   // the parent promises signatures
  bool has_key = false;  // the zone serves keys
  bool bogus = false;    // a validating resolver refuses what it would give unchecked
  std::optional<WallTime> signatures_end;
};

struct ZoneView {
  Snapshot now;
  std::optional<Snapshot> before;  // the last one kept
  std::vector<HostView> hosts;
  std::optional<DnssecView> dnssec;
  std::optional<reach::Registration> registry;
  const model::EdgeRanges* edge = &model::cloudflare_ranges();
};

enum class Severity : std::uint8_t { bad, warning, advice };
std::string_view name(Severity severity);

struct Finding {
  std::string id;  // a cause of model/causes.def where there is one, else "zone.*"
  Severity severity = Severity::bad;
  std::string name;  // the host, or the zone
  std::string sentence;
  std::vector<std::string> evidence;
  std::string advice;       // what to do, when no change of records does it
  std::optional<Wish> fix;  // the change of records that does it
  bool purge = false;       // the edge's copies of the name must go
};

// Worst first, then by name.
std::vector<Finding> find_drift(const ZoneView& view);

// Names worth probing as web hosts, sorted: of A, AAAA and CNAME records, without service labels
// (_dmarc) and mail hosts that are not proxied. A wildcard stands for itself.
std::vector<std::string> web_hosts(const Snapshot& snapshot);

// A name outside the zone where anybody may claim what nobody holds.
struct Service {
  std::string_view suffix;  // of the alias' target
  std::string_view name;
  std::string_view marker;  // in the page of something that nobody holds; empty: none is known
};
const Service* claimable_service(std::string_view target);

// schema causeway.drift/1
std::string to_json(const ZoneView& view, const std::vector<Finding>& findings);

}  // namespace causeway::zone
