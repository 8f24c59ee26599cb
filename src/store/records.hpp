// The rows of a watch's store as plain values. Texts that belong to higher folders (outcomes,
// failures, causes) are kept as their names; lists as JSON inside the store, as vectors here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace causeway::store {

// What is watched. `spec` is the whole target in JSON (watch/target.hpp reads and writes it); the
// other fields are its parts that people search for.
struct Target {
  std::string id;  // "shop", unique
  std::string name;
  std::string kind;     // watch::name(CheckKind): http tcp tls ping dns heartbeat
  std::string subject;  // the URL, "db.example.net:5432", a name
  std::string team;     // the group that it belongs to; may be empty
  std::vector<std::string> tags;
  std::string owner;   // whom to ask; may be empty
  std::string source;  // file | api | flag
  std::string spec;
  bool paused = false;
  WallTime created;
  WallTime updated;
  WallTime removed;  // the epoch: it is still watched
};

// How a target stands. Written when it changes: `checked`, `elapsed_us` are of then.
struct TargetState {
  std::string target;
  std::string outcome;  // ok | degraded | down | unknown
  WallTime since;       // of the outcome
  WallTime checked;     // the newest check
  std::string failure;  // model/failures.def; empty when nothing failed
  int status = 0;       // HTTP
  std::string address;  // that was asked, "203.0.113.7:443"
  std::string detail;   // one line for a person
  std::int64_t elapsed_us = 0;
  WallTime certificate_until;  // the epoch: none was seen
  std::string facts = "{}";    // JSON: addresses, name servers, certificate, what members share
};

// A change of a target's outcome or failure, as one vantage saw it: the probe log keeps these.
struct Transition {
  std::int64_t id = 0;  // given by the store
  std::string target;
  std::string vantage;
  WallTime at;
  std::string before;
  std::string outcome;
  std::string failure;
  int status = 0;
  std::string address;
  std::int64_t elapsed_us = 0;
  std::string detail;
};

enum class Span : std::int64_t { minute = 60, hour = 3600, day = 86400 };  // seconds

// All checks of one target and vantage that began within [start, start + span).
struct Rollup {
  std::string target;
  std::string vantage;
  Span span = Span::minute;
  WallTime start;
  std::int64_t ok = 0;  // numbers of checks
  std::int64_t degraded = 0;
  std::int64_t down = 0;
  std::int64_t unknown = 0;
  // Microseconds, over the checks that were answered (ok and degraded).
  std::int64_t total_sum = 0;
  std::int64_t total_min = 0;
  std::int64_t total_max = 0;
  std::int64_t resolve_sum = 0;
  std::int64_t connect_sum = 0;
  std::int64_t secure_sum = 0;
  std::int64_t wait_sum = 0;  // request to first byte
};

struct Incident {
  std::string id;
  std::string severity;  // down | degraded | notice
  std::string title;     // "shop is down: the port refuses connections"
  std::string cause;     // model/causes.def; "unknown" until a diagnosis names one
  std::string owner;     // you | host | edge | network
  std::string failure;   // model/failures.def
  int code = 0;          // what an edge shows, 523
  std::string sentence;  // the verdict's
  std::string notice;    // severity notice: what it is about, "certificate"; one open for a target
  // What its members share; empty for an incident of one target.
  std::string shared_kind;  // address prefix as provider nameserver certificate
  std::string shared_value;
  int shared_all = 0;         // targets that share it
  int shared_failing = 0;     // of these
  double expected_share = 0;  // share failing among all other targets at that moment, 0 to 1
  WallTime first_failed;
  WallTime opened;        // confirmed
  WallTime closed;        // the epoch: open
  WallTime acknowledged;  // the epoch: not
  std::string acknowledged_by;
  std::string merged_into;  // another incident's id
  std::string diagnosis;    // a document's id
  std::string told;         // the severity that people were told; empty: nobody yet
  int round = 0;            // how often it was opened again
  WallTime updated;
};

struct Member {
  std::string incident;
  std::string target;
  WallTime since;  // its first failed check
  WallTime until;  // the epoch: still failing
  std::string failure;
};

struct IncidentEvent {
  std::int64_t id = 0;
  std::string incident;
  WallTime at;
  // first-failed confirmed member-joined member-recovered diagnosed change alert acknowledged note
  // merged split remedy reopened closed
  std::string kind;
  std::string author;  // a user, or "causeway"
  std::string text;    // a sentence
  std::string data = "{}";
};

// Something long that belongs to an incident: a diagnosis (causeway.diagnosis/1), a response's
// excerpt, a DNS snapshot.
struct Document {
  std::string id;
  std::string incident;
  std::string target;
  std::string kind;  // diagnosis | excerpt | dns
  WallTime at;
  std::string body;
};

// One message to one channel: the outbox. `token` says what it is about, so that the same thing is
// never queued twice.
struct Alert {
  std::string id;
  std::string token;
  std::string incident;  // empty for a test
  std::string channel;
  std::string kind;   // opened | reminder | escalated | recovered | test
  std::string state;  // pending | sent | suppressed | expired | cancelled
  WallTime created;
  WallTime due;      // not before
  WallTime expires;  // given up after
  int attempts = 0;
  WallTime sent;
  std::string reason;  // of suppressed, expired, cancelled; the last error of pending
  std::string body;    // JSON: watch/message.hpp
};

struct Delivery {  // one try
  std::int64_t id = 0;
  std::string alert;
  std::string channel;
  WallTime at;
  bool ok = false;
  std::int64_t elapsed_us = 0;
  std::string detail;  // "250 2.0.0 Ok: queued", "HTTP 503: ..."
};

// Local wall time in an IANA zone; see calendar/maintenance.hpp for what repeats means.
struct MaintenanceWindow {
  std::string id;
  std::string title;
  std::string zone;    // "Europe/Berlin"
  std::string starts;  // "2026-11-25T02:00", local in the zone
  int minutes = 0;
  std::string repeats;  // "" once | daily | weekly:mon,thu | monthly:1 | monthly:last
  std::string until;    // last local day, "2027-01-31"; empty: for ever
  std::vector<std::string> targets;
  std::vector<std::string> teams;
  std::vector<std::string> tags;  // with targets and teams empty too: everything
  std::string note;
  std::string source;  // file | api
  std::string author;
  WallTime created;
  WallTime removed;
};

// A time in which a vantage could not see: its own network was down. Counts as unknown.
struct Blind {
  std::int64_t id = 0;
  std::string vantage;
  WallTime since;
  WallTime until;
  std::string reason;
};

struct Beat {  // the last one of a heartbeat target
  std::string target;
  WallTime at;
  bool ok = true;
  std::string note;
};

struct RemedyRun {
  std::int64_t id = 0;
  std::string target;
  std::string incident;
  std::string name;
  WallTime at;
  bool dry = true;
  std::string outcome;  // dry-run | verified | failed | not-verified | refused
  std::string detail;
};

struct OriginFacts {  // what an agent found on its own machine
  std::string agent;
  std::string host;
  WallTime at;  // when the inspection began, by that machine's clock
  int findings = 0;
  std::string gravest;   // title of the gravest finding
  std::string document;  // causeway.facts/1; empty in a list
};

struct VantageState {
  std::string name;
  WallTime seen;
  std::vector<std::string> addresses;
  std::string state;  // ok | blind | silent
  std::string detail;
};

}  // namespace causeway::store
