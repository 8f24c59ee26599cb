// Carrying out a change of records: shown first, sent on --yes, kept with its undo, verified.
#pragma once

#include <string>
#include <vector>

#include "app/dns.hpp"
#include "zone/change.hpp"

namespace causeway::app {

struct Changing {
  zone::ZoneEntry zone;
  std::vector<zone::Record> records;  // as they are now
};

// The zone of the session's name and its records, from the provider.
Parsed<Changing> read_for_change(DnsSession& session);

// Shows the edits and the exact calls; on --yes sends them, keeps the change, verifies at every
// name server and purges the edge's cache. Gives the exit code; `done` gets the change that was
// kept.
int make_change(DnsSession& session, const Changing& changing, std::string_view kind,
                const std::vector<zone::RecordEdit>& edits, zone::Change* done = nullptr);

// Keeps `change` anew, under its old name.
bool keep_change(DnsSession& session, const zone::Change& change);

// The change that `which` names ("" = the latest), of the session's zone.
Parsed<zone::Change> kept_change(DnsSession& session, const std::string& zone,
                                 const std::string& which);

}  // namespace causeway::app
