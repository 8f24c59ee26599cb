// What is watched, and how its checks become a state: one target in types. JSON form: what the
// store keeps in Target::spec and the API takes and gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/fault.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/diagnosis.hpp"
#include "store/records.hpp"

namespace causeway::watch {

enum class CheckKind : std::uint8_t {
  http,       // a URL, http or https, with everything below it
  tcp,        // a port takes connections
  tls,        // and its certificate holds
  ping,       // the machine answers
  dns,        // a name has the expected values
  heartbeat,  // somebody calls us, at least once an interval
};
std::string_view name(CheckKind kind);
std::optional<CheckKind> check_kind_named(std::string_view name);

struct Expect {
  int status = 0;                                           // 0: any below 400
  std::string text;                                         // must be in the body
  std::string absent;                                       // must not be in the body
  std::vector<std::pair<std::string, std::string>> fields;  // header: name, part of its value
  std::vector<std::pair<std::string, std::string>> json;    // JSON pointer (RFC 6901), value
  std::vector<std::string> values;                          // dns: the whole set

  bool needs_body() const { return !text.empty() || !absent.empty() || !json.empty(); }
  bool operator==(const Expect&) const = default;
};

// N of M: opened by `open_failures` failures among the newest `open_of` checks, closed by
// `close_successes` successes among the newest `close_of`.
struct Confirm {
  int open_failures = 3;
  int open_of = 3;
  int close_successes = 2;
  int close_of = 2;

  bool operator==(const Confirm&) const = default;
};

struct EdgePlace {  // an edge of one's own, for the console
  std::string name;
  std::string admin;       // "http://127.0.0.1:9145": its admin listener
  std::string token_file;  // as the edge's own; empty: none

  bool operator==(const EdgePlace&) const = default;
};
// An admin listener may be asked by https, or on this machine: else who stands between could
// switch the edge. The error says what is expected.
Parsed<bool> validate_admin(std::string_view admin);

struct EdgeSwitch {   // visitors of one pool of an edge go to another (docs/edge.md)
  std::string admin;  // "http://127.0.0.1:9145": its admin listener
  std::string from;   // pools
  std::string to;
  Duration lasts = std::chrono::minutes{30};  // then the pool serves itself again
  std::string token_file;                     // as the edge's own; empty: none

  bool operator==(const EdgeSwitch&) const = default;
};

struct Remedy {  // run when an incident of the target was confirmed; see watch/remedy.hpp
  std::string name;
  std::vector<std::string> command;  // program and arguments, no shell
  // Instead of `command`: the agent that runs the remedy of this name in its own file; a switch of
  // an edge's pools, when `edge.admin` is given.
  std::string agent;
  EdgeSwitch edge;
  Duration wait = std::chrono::minutes{1};  // for the command to end
  bool dry_run = true;
  Duration cool_down = std::chrono::minutes{30};
  int most_a_day = 3;
  std::vector<std::string> failures;  // only for these ("connect.refused"); empty: any
  std::vector<std::string> verify;    // ids of targets that must be ok afterwards; itself always

  bool operator==(const Remedy&) const = default;
};

struct Target {
  std::string id;    // a-z 0-9 - _ . ; unique
  std::string name;  // for people; empty: the id
  CheckKind kind = CheckKind::http;
  model::Target url;              // http
  std::string host;               // tcp, tls, ping, dns: a name or an address
  std::uint16_t port = 0;         // tcp, tls
  std::string record = "A";       // dns: A AAAA CNAME MX NS TXT
  std::vector<Endpoint> origins;  // http: asked directly, beside the way that DNS leads
  std::vector<IpAddress> known_addresses;
  std::optional<Endpoint> resolver;  // empty: the system's
  std::optional<Family> family;      // only this one
  bool every_address = true;         // each address of the name, not only the first
  Expect expect;
  std::string ca_file;
  std::string origin_agent;  // whose machine serves it; empty: told by the addresses
  Duration interval = std::chrono::seconds{60};
  Duration timeout = std::chrono::seconds{10};
  Duration retry = std::chrono::seconds{5};  // pause before a failure is checked again
  Confirm confirm;
  // https: for so long after a full handshake checks resume its session and do not see the
  // certificate; 0: each one sees it.
  Duration resume = std::chrono::minutes{10};
  double certificate_share = 1.0 / 3;  // of its lifetime left: a notice; 0: never
  double domain_share = 1.0 / 12;      // of a registration's term (a year at most); 0: never
  std::string team;
  std::vector<std::string> tags;  // "provider:hetzner" groups by provider
  std::string owner;
  std::vector<std::string> parents;   // ids: while one of them is down, alerts are held
  std::vector<std::string> channels;  // names; empty: all
  std::vector<Remedy> remedies;
  bool paused = false;
  bool on_status_page = true;  // key "public"
  // Added by people of the console: nothing of this machine or its private networks is asked, also
  // not when the name leads there (watch/typed_target.hpp).
  bool public_only = false;

  bool operator==(const Target& other) const;
  std::string shown() const { return name.empty() ? id : name; }
  std::string subject() const;  // the URL, "db.example.net:5432", the name
  // The first tag "provider:NAME", without its head; empty: none.
  std::string_view provider() const;
};

// The target of a URL or of "tcp://host:port", "tls://host:port", "ping://host", "dns://name":
// what --target takes. Its id is made of the host.
Parsed<Target> target_of(std::string_view address);

std::string to_json(const Target& target);
// Refused with "expect.status: expected an integer from 100 to 599" and the like.
Parsed<Target> target_from_json(std::string_view json);

// What both ways in must keep: an id, something to ask, sane times. Remedies stand for themselves.
std::vector<Fault> faults(const Target& target);
std::vector<Fault> faults(const Remedy& remedy);
Parsed<bool> validate(const Target& target);  // the first of all of them

store::Target row_of(const Target& target, std::string source, WallTime now);

}  // namespace causeway::watch
