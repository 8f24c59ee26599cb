// Everything a watch is told: by its configuration file, or by the flags of `causeway watch`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "reach/registry.hpp"
#include "store/records.hpp"
#include "store/rollups.hpp"
#include "watch/ledger.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

enum class ChannelKind : std::uint8_t {
  mail,          // SMTP
  webhook,       // our own JSON, POSTed
  alertmanager,  // Alertmanager's API v2: it groups and routes
  webhook_v4,    // the shape that Alertmanager's own webhooks have, version 4
  slack,
  discord,
  telegram,
  pagerduty,  // Events API v2
  ntfy,
  command,  // a program of this machine; the message on its standard input
};
std::string_view name(ChannelKind kind);
std::optional<ChannelKind> channel_kind_named(std::string_view name);

struct QuietHours {  // in which only severity `down` may disturb, or nothing when `all`
  std::string zone;  // IANA; empty: no quiet hours
  int from = 0;      // minutes after local midnight; may lie after `to`: over midnight
  int to = 0;
  bool all = false;
};

struct Channel {
  std::string name;
  ChannelKind kind = ChannelKind::webhook;
  std::string url;     // where; mail: smtp://host:587 or smtps://host
  std::string secret;  // password, token, routing key
  std::string user;    // mail: login; telegram: chat id
  std::string from;    // mail
  std::vector<std::string> to;
  std::vector<std::string> command;
  std::string ca_file;
  bool must_encrypt = true;             // mail
  Severity least = Severity::degraded;  // what is below is not told here
  std::vector<std::string> teams;       // only these; empty: all
  std::vector<std::string> tags;
  Duration remind = Duration::zero();    // again this long after, while open and unacknowledged
  Duration escalate = Duration::zero();  // only when nobody acknowledged for so long
  bool recoveries = true;
  QuietHours quiet;
};

struct Settings {
  std::string vantage = "here";
  std::string console;  // base of links in alerts, "https://watch.example.net"; empty: none
  std::vector<Target> targets;
  std::vector<Channel> channels;
  std::vector<store::MaintenanceWindow> maintenance;
  // Addresses that answer whenever this machine's own network works; any answer counts, a refusal
  // too. Empty: the system's resolvers.
  std::vector<Endpoint> anchors;
  std::string rdap{reach::kRdapBase};  // who is asked when registrations end; empty: nobody
  std::string as_database;             // a MaxMind-format file with AS numbers; empty: none
  store::Retention retention;
  LedgerOptions ledger;
  std::vector<EdgePlace> edges;  // that the console shows
  bool private_targets = false;  // people of the console may have private addresses watched
  bool diagnose = true;          // a full diagnosis when an incident opens
};

}  // namespace causeway::watch
