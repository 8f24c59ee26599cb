#include "watch/config_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "model/target_url.hpp"
#include "watch/config_names.hpp"
#include "watch/limits.hpp"
#include "watch/maintenance.hpp"

namespace causeway::watch {

std::span<const config::Word<CheckKind>> words(CheckKind) {
  static constexpr std::array kWords{
      config::Word<CheckKind>{"http", CheckKind::http},
      config::Word<CheckKind>{"tcp", CheckKind::tcp},
      config::Word<CheckKind>{"tls", CheckKind::tls},
      config::Word<CheckKind>{"ping", CheckKind::ping},
      config::Word<CheckKind>{"dns", CheckKind::dns},
      config::Word<CheckKind>{"heartbeat", CheckKind::heartbeat},
  };
  return kWords;
}

std::span<const config::Word<ChannelKind>> words(ChannelKind) {
  static constexpr std::array kWords{
      config::Word<ChannelKind>{"mail", ChannelKind::mail},
      config::Word<ChannelKind>{"webhook", ChannelKind::webhook},
      config::Word<ChannelKind>{"alertmanager", ChannelKind::alertmanager},
      config::Word<ChannelKind>{"webhook-v4", ChannelKind::webhook_v4},
      config::Word<ChannelKind>{"slack", ChannelKind::slack},
      config::Word<ChannelKind>{"discord", ChannelKind::discord},
      config::Word<ChannelKind>{"telegram", ChannelKind::telegram},
      config::Word<ChannelKind>{"pagerduty", ChannelKind::pagerduty},
      config::Word<ChannelKind>{"ntfy", ChannelKind::ntfy},
      config::Word<ChannelKind>{"command", ChannelKind::command},
  };
  return kWords;
}

std::span<const config::Word<Severity>> words(Severity) {
  static constexpr std::array kWords{
      config::Word<Severity>{"notice", Severity::notice},
      config::Word<Severity>{"degraded", Severity::degraded},
      config::Word<Severity>{"down", Severity::down},
  };
  return kWords;
}

namespace {

using config::at_least;
using config::between;
using config::Keys;
using config::Node;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct FileTarget {  // a target as it is written
  std::string id;
  std::string name;
  CheckKind kind = CheckKind::http;
  std::string url;
  std::string host;
  std::uint16_t port = 0;
  std::string record = "A";
  std::vector<std::string> origins;
  std::vector<IpAddress> known_addresses;
  std::optional<Endpoint> resolver;
  bool every_address = true;
  Expect expect;
  std::string ca_file;
  std::string origin_agent;
  Duration interval = seconds{60};
  Duration timeout = seconds{10};
  Duration retry = seconds{5};
  Confirm confirm;
  Duration resume = minutes{10};
  double certificate_share = 1.0 / 3;
  double domain_share = 1.0 / 12;
  std::string team;
  std::vector<std::string> tags;
  std::string owner;
  std::vector<std::string> parents;
  std::vector<std::string> channels;
  std::vector<Remedy> remedies;
  bool paused = false;
  bool on_status_page = true;
};

struct FileChannel {
  std::string name;
  ChannelKind kind = ChannelKind::webhook;
  std::string url;
  config::Secret secret;
  std::string user;
  std::string from;
  std::vector<std::string> to;
  std::vector<std::string> command;
  std::string ca_file;
  bool must_encrypt = true;
  Severity least = Severity::degraded;
  std::vector<std::string> teams;
  std::vector<std::string> tags;
  Duration remind = Duration::zero();
  Duration escalate = Duration::zero();
  bool recoveries = true;
  std::string quiet;  // "22:00-07:00 Europe/Berlin"
  bool quiet_all = false;
};

struct FileWatch {
  std::string vantage = "here";
  std::string console;
  std::string listen = "127.0.0.1:5230";
  std::vector<Prefix> trusted_proxies;
  std::string store;
  std::string as_database;
  std::string rdap{reach::kRdapBase};
  std::vector<Endpoint> anchors;
  std::vector<EdgePlace> edges;
  bool private_targets = false;
  bool diagnose = true;
  Duration gather = seconds{20};
  int quorum = 0;
  Duration keep_minutes = hours{48};
  Duration keep_hours = hours{24 * 90};
  std::vector<FileTarget> targets;
  std::vector<FileChannel> channels;
  std::vector<store::MaintenanceWindow> maintenance;
};

const Keys<Expect>& expect_keys() {
  static const auto keys =
      Keys<Expect>{}
          .add("status", &Expect::status, "HTTP status that is right; 0: any below 400.",
               between(std::int64_t{0}, std::int64_t{599}))
          .add("text", &Expect::text, "Text that must be in the page.")
          .add("absent", &Expect::absent, "Text that must not be in the page.")
          .add("headers", &Expect::fields, "Header fields and a part of their values.")
          .add("json", &Expect::json, "JSON pointers (RFC 6901) and the values they must have.")
          .add("values", &Expect::values, "dns: the whole set of values.");
  return keys;
}

const Keys<Confirm>& confirm_keys() {
  const auto range = between(std::int64_t{1}, std::int64_t{16});
  static const auto keys =
      Keys<Confirm>{}
          .add("open_failures", &Confirm::open_failures, "So many failures open an incident ...",
               range)
          .add("open_of", &Confirm::open_of, "... among so many newest checks.", range)
          .add("close_successes", &Confirm::close_successes, "So many successes end it ...", range)
          .add("close_of", &Confirm::close_of, "... among so many newest checks.", range);
  return keys;
}

const Keys<EdgeSwitch>& edge_switch_keys() {
  static const auto keys =
      Keys<EdgeSwitch>{}
          .add("admin", &EdgeSwitch::admin, "Its admin listener: http://127.0.0.1:9145.")
          .required()
          .add("from", &EdgeSwitch::from, "The pool that fails.")
          .required()
          .add("to", &EdgeSwitch::to, "The pool that serves its visitors meanwhile.")
          .required()
          .add("lasts", &EdgeSwitch::lasts, "Then the first pool serves again.",
               between(Duration{seconds{10}}, Duration{hours{24 * 7}}))
          .add("token_file", &EdgeSwitch::token_file, "Holds the token of the admin listener.");
  return keys;
}

const Keys<Remedy>& remedy_keys() {
  static const auto keys =
      Keys<Remedy>{}
          .add("name", &Remedy::name, "For the log.")
          .required()
          .add("command", &Remedy::command, "Program and arguments; no shell.")
          .add("agent", &Remedy::agent,
               "Instead of a command: the agent that runs the remedy of this name in its own file.")
          .add_table("edge", &Remedy::edge, edge_switch_keys(),
                     "Instead of a command: visitors of one pool of an edge go to another.")
          .add("wait", &Remedy::wait, "For the command to end.",
               between(Duration{seconds{1}}, Duration{limits::kWatchCommandMost}))
          .add("dry_run", &Remedy::dry_run, "Only say what would run.")
          .add("cool_down", &Remedy::cool_down, "Not again within this.", at_least(seconds{1}))
          .add("most_a_day", &Remedy::most_a_day, "Not more often in 24 hours.",
               between(std::int64_t{1}, std::int64_t{100}))
          .add("failures", &Remedy::failures, "Only for these failures; empty: for all.")
          .add("verify", &Remedy::verify, "Targets that must be well afterwards, beside itself.");
  return keys;
}

const Keys<FileTarget>& target_keys() {
  static const auto keys =
      Keys<FileTarget>{}
          .add("id", &FileTarget::id, "Unique: a-z 0-9 - _ . ; default: made of the address.")
          .add("name", &FileTarget::name, "For people.")
          .add("kind", &FileTarget::kind, "What is checked.")
          .add("url", &FileTarget::url, "http: https://www.example.net/; others: tcp://host:port.")
          .add("host", &FileTarget::host, "tcp, tls, ping, dns: a name or an address.")
          .add("port", &FileTarget::port, "tcp, tls.")
          .add("record", &FileTarget::record, "dns: A, AAAA, CNAME, MX, NS or TXT.")
          .add("origins", &FileTarget::origins,
               "Asked directly as well: tells the edge's fault from the origin's.")
          .add("known_addresses", &FileTarget::known_addresses, "Addresses that are the origin's.")
          .add("resolver", &FileTarget::resolver, "DNS resolver; default: the system's.")
          .add("every_address", &FileTarget::every_address, "Each address of the name.")
          .add_table("expect", &FileTarget::expect, expect_keys(), "What a right answer has.")
          .add("ca_file", &FileTarget::ca_file, "Trusted certificates, instead of the system's.")
          .add("origin_agent", &FileTarget::origin_agent,
               "The agent on its origin: what that finds on its machine is joined with a "
               "diagnosis. Default: the agent whose machine has one of its addresses.")
          .add("interval", &FileTarget::interval, "Between two checks.",
               between(Duration{limits::kWatchIntervalLeast}, Duration{limits::kWatchIntervalMost}))
          .add("timeout", &FileTarget::timeout, "Of one check.",
               between(Duration{limits::kWatchTimeoutLeast}, Duration{limits::kWatchTimeoutMost}))
          .add("retry", &FileTarget::retry, "Pause before a failure is checked again.",
               at_least(std::chrono::milliseconds{500}))
          .add_table("confirm", &FileTarget::confirm, confirm_keys(), "N of M.")
          .add("resume", &FileTarget::resume,
               "https: for so long after a full TLS handshake checks resume its session and do not "
               "see the certificate; 0: each one sees it.",
               between(Duration::zero(), Duration{limits::kWatchResumeMost}))
          .add("certificate_share", &FileTarget::certificate_share,
               "Share of its lifetime that a certificate has left when it is a notice; 0: never.")
          .add("domain_share", &FileTarget::domain_share,
               "Share of a year that a domain's registration has left when it is a notice; 0: "
               "never.")
          .add("team", &FileTarget::team, "Group of targets.")
          .add("tags", &FileTarget::tags, "Words; 'provider:NAME' groups by hosting provider.")
          .add("owner", &FileTarget::owner, "Whom to ask.")
          .add("parents", &FileTarget::parents,
               "Targets that this depends on: while one is down, alerts are held.")
          .add("channels", &FileTarget::channels, "Who is told; empty: every channel.")
          .add_tables("remedy", &FileTarget::remedies, remedy_keys(),
                      "What may be run when it is down.")
          .add("paused", &FileTarget::paused, "Not checked.")
          .add("public", &FileTarget::on_status_page, "Shown on the public status page.");
  return keys;
}

const Keys<FileChannel>& channel_keys() {
  static const auto keys =
      Keys<FileChannel>{}
          .add("name", &FileChannel::name, "Unique.")
          .required()
          .add("kind", &FileChannel::kind, "What stands at its other end.")
          .required()
          .add("url", &FileChannel::url, "Where; mail: smtp://host:587 or smtps://host.")
          .add("secret", &FileChannel::secret, "Password, token or routing key.")
          .add("user", &FileChannel::user, "mail: login; telegram: the chat's id.")
          .add("from", &FileChannel::from, "mail: sender.")
          .add("to", &FileChannel::to, "mail: receivers.")
          .add("command", &FileChannel::command, "command: program and arguments; no shell.")
          .add("ca_file", &FileChannel::ca_file, "Trusted certificates, instead of the system's.")
          .add("must_encrypt", &FileChannel::must_encrypt, "mail: never without TLS.")
          .add("least", &FileChannel::least, "Lesser incidents are not told here.")
          .add("teams", &FileChannel::teams, "Only for these teams.")
          .add("tags", &FileChannel::tags, "Only for targets with one of these tags.")
          .add("remind", &FileChannel::remind, "Again after this, while nobody acknowledged.")
          .add("escalate", &FileChannel::escalate,
               "Told only when nobody acknowledged for this long.")
          .add("recoveries", &FileChannel::recoveries, "Also told when it is over.")
          .add("quiet", &FileChannel::quiet,
               "Quiet hours, '22:00-07:00 Europe/Berlin': only what is down disturbs.")
          .add("quiet_all", &FileChannel::quiet_all, "Nothing disturbs in quiet hours.");
  return keys;
}

const Keys<store::MaintenanceWindow>& maintenance_keys() {
  using Window = store::MaintenanceWindow;
  static const auto keys =
      Keys<Window>{}
          .add("title", &Window::title, "What is done.")
          .required()
          .add("zone", &Window::zone, "IANA time zone: Europe/Berlin.")
          .required()
          .add("starts", &Window::starts, "Local time: 2026-11-29T02:00.")
          .required()
          .add("minutes", &Window::minutes, "How long.")
          .required()
          .add("repeats", &Window::repeats,
               "Empty, daily, weekly:mon,thu, monthly:1 or monthly:last.")
          .add("until", &Window::until, "Last local day: 2027-01-31.")
          .add("targets", &Window::targets, "Ids; with teams and tags empty: everything.")
          .add("teams", &Window::teams, "Teams.")
          .add("tags", &Window::tags, "Tags.")
          .add("note", &Window::note, "For the status page.");
  return keys;
}

const Keys<EdgePlace>& edge_keys() {
  static const auto keys =
      Keys<EdgePlace>{}
          .add("name", &EdgePlace::name, "For people; default: the address.")
          .add("admin", &EdgePlace::admin, "Its admin listener: http://127.0.0.1:9145.")
          .required()
          .add("token_file", &EdgePlace::token_file, "Holds the token of the admin listener.");
  return keys;
}

const Keys<FileWatch>& watch_keys() {
  static const auto keys =
      Keys<FileWatch>{}
          .add("vantage", &FileWatch::vantage, "The name of this place.")
          .add("console", &FileWatch::console,
               "Base of links in alerts: https://watch.example.net.")
          .add("listen", &FileWatch::listen, "Where the console listens.")
          .add("trusted_proxies", &FileWatch::trusted_proxies,
               "Proxies before the console, whose X-Forwarded-For and X-Forwarded-Proto are "
               "believed: [\"127.0.0.1\", \"::1\"] for one on this machine.")
          .add("store", &FileWatch::store, "A file, or postgresql://user@host/name.")
          .add("as_database", &FileWatch::as_database,
               "A MaxMind-format file with AS numbers: groups by autonomous system.")
          .add("rdap", &FileWatch::rdap,
               "Who is asked, once a day, when the registrations of domains end (RDAP); \"\": "
               "nobody.")
          .add("anchors", &FileWatch::anchors,
               "Addresses that always answer; when none does, this machine cannot see. Default: "
               "the system's resolvers.")
          .add("private_targets", &FileWatch::private_targets,
               "People of the console may have this machine and its private networks watched and "
               "diagnosed.")
          .add("diagnose", &FileWatch::diagnose, "A whole diagnosis when an incident opens.")
          .add("gather", &FileWatch::gather, "Alerts wait so long for others that fail with it.",
               between(Duration::zero(), Duration{minutes{10}}))
          .add("quorum", &FileWatch::quorum, "Vantages that must agree; 0: more than half.",
               between(std::int64_t{0}, std::int64_t{100}))
          .add("keep_minutes", &FileWatch::keep_minutes, "How long figures of minutes are kept.",
               at_least(Duration{hours{1}}))
          .add("keep_hours", &FileWatch::keep_hours, "How long figures of hours are kept.",
               at_least(Duration{hours{24}}))
          .add_tables("target", &FileWatch::targets, target_keys(), "What is watched.")
          .add_tables("channel", &FileWatch::channels, channel_keys(), "Who is told, and how.")
          .add_tables("edge", &FileWatch::edges, edge_keys(), "Edges that the console shows.")
          .add_tables("maintenance", &FileWatch::maintenance, maintenance_keys(),
                      "Times in which nobody is told.");
  return keys;
}

// What is asked; false, with a finding, when it cannot be read.
bool read_address(const FileTarget& file, const Node& table, Target& out,
                  config::Findings& findings) {
  if (file.kind == CheckKind::heartbeat) {
    out.kind = CheckKind::heartbeat;
    return true;
  }
  const std::string address =
      !file.url.empty() ? file.url
      : file.kind == CheckKind::http
          ? file.host
          : fmt::format("{}://{}{}", name(file.kind), file.host,
                        file.port == 0 ? "" : fmt::format(":{}", file.port));
  auto asked = target_of(address);
  if (asked) {
    out = std::move(*asked);
    return true;
  }
  const bool none = file.url.empty() && file.host.empty();
  // A value of a wrong type was refused and is not here.
  const std::string_view key =
      !file.url.empty() || (none && table.find("url") != nullptr) ? "url" : "host";
  refuse(table, key, "wrong-value",
         none ? "nothing says what to ask; expected a url, or a host" : asked.error().text,
         findings);
  return false;
}

// A whole target even when there is something wrong with it, so that all of it is said at once.
Target target_from(const FileTarget& file, const Node& table, config::Findings& findings) {
  Target out;
  const bool asks = read_address(file, table, out, findings);
  if (!file.id.empty()) out.id = file.id;
  out.name = file.name;
  out.record = file.record;
  for (const std::string& word : file.origins) {
    const auto origin = Endpoint::parse(word, out.port);
    if (origin) {
      out.origins.push_back(*origin);
    } else {
      refuse(table, "origins", "wrong-value", origin.error().text, findings);
    }
  }
  out.known_addresses = file.known_addresses;
  out.resolver = file.resolver;
  out.every_address = file.every_address;
  out.expect = file.expect;
  out.ca_file = file.ca_file;
  out.origin_agent = file.origin_agent;
  out.interval = file.interval;
  out.timeout = file.timeout;
  out.retry = file.retry;
  out.confirm = file.confirm;
  out.resume = file.resume;
  out.certificate_share = file.certificate_share;
  out.domain_share = file.domain_share;
  out.team = file.team;
  out.tags = file.tags;
  out.owner = file.owner;
  out.parents = file.parents;
  out.channels = file.channels;
  out.remedies = file.remedies;
  out.paused = file.paused;
  for (Fault& fault : faults(out)) {
    const bool of_address = fault.key == "host" || fault.key == "port" || fault.key == "id";
    if (!asks && of_address && (fault.key != "id" || file.id.empty())) continue;
    const bool by_url = fault.key == "host" && !file.url.empty();
    refuse(table, by_url ? "url" : fault.key, "wrong-value", std::move(fault.text), findings);
  }
  for (std::size_t i = 0; i < out.remedies.size(); ++i) {
    for (Fault& fault : faults(out.remedies[i])) {
      refuse(nth(table, "remedy", i), fault.key, "wrong-value", std::move(fault.text), findings);
    }
  }
  out.on_status_page = file.on_status_page;
  return out;
}

// "22:00-07:00 Europe/Berlin"
Parsed<QuietHours> quiet_from(const FileChannel& file) {
  QuietHours out;
  out.all = file.quiet_all;
  if (file.quiet.empty()) return out;
  const std::string_view text = file.quiet;
  const auto minute = [](std::string_view clock) {
    if (clock.size() != 5 || clock[2] != ':') return -1;
    const auto digit = [&](std::size_t at) { return clock[at] - '0'; };
    for (const std::size_t at : {0U, 1U, 3U, 4U}) {
      if (digit(at) < 0 || digit(at) > 9) return -1;
    }
    const int of_day = (digit(0) * 10 + digit(1)) * 60 + digit(3) * 10 + digit(4);
    return of_day < 24 * 60 ? of_day : -1;
  };
  if (text.size() > 12 && text[5] == '-' && text[11] == ' ') {
    out.from = minute(text.substr(0, 5));
    out.to = minute(text.substr(6, 5));
    out.zone = trim(text.substr(12));
    const auto known = validate(
        store::MaintenanceWindow{.zone = out.zone, .starts = "2026-01-01T00:00", .minutes = 1});
    if (!known) return error(known.error().text);
    if (out.from >= 0 && out.to >= 0) return out;
  }
  return error(fmt::format("quiet '{}' is not understood; expected like 22:00-07:00 Europe/Berlin",
                           printable(text, 80)));
}

Channel channel_from(const FileChannel& file, const Node& table, bool reveal_secrets,
                     config::Findings& findings) {
  Channel out;
  out.name = file.name;
  out.kind = file.kind;
  out.url = file.url;
  if (file.secret.given()) {
    out.secret = "given";
    if (reveal_secrets) {
      auto secret = config::reveal(file.secret);
      if (secret) {
        out.secret = std::move(*secret);
      } else {
        refuse(table, "secret", "wrong-value", secret.error().text, findings);
      }
    }
  }
  out.user = file.user;
  out.from = file.from;
  out.to = file.to;
  out.command = file.command;
  out.ca_file = file.ca_file;
  out.must_encrypt = file.must_encrypt;
  out.least = file.least;
  out.teams = file.teams;
  out.tags = file.tags;
  out.remind = file.remind;
  out.escalate = file.escalate;
  out.recoveries = file.recoveries;
  const auto quiet = quiet_from(file);
  if (quiet) {
    out.quiet = *quiet;
  } else {
    refuse(table, "quiet", "wrong-value", quiet.error().text, findings);
  }
  return out;
}

// Channels, windows and edges; targets have gone before.
void add_others(const Node& table, const FileWatch& file, const config::CheckContext& context,
                Settings& settings, config::Findings& findings) {
  for (std::size_t i = 0; i < file.edges.size(); ++i) {
    if (const auto fits = validate_admin(file.edges[i].admin); !fits) {
      refuse(nth(table, "edge", i), "admin", "wrong-value", fits.error().text, findings);
    }
    if (settings.edges[i].name.empty()) settings.edges[i].name = file.edges[i].admin;
  }
  for (std::size_t i = 0; i < file.channels.size(); ++i) {
    settings.channels.push_back(
        channel_from(file.channels[i], nth(table, "channel", i), context.files, findings));
  }
  for (std::size_t i = 0; i < file.maintenance.size(); ++i) {
    auto window = file.maintenance[i];
    window.id = fmt::format("file-{}", i + 1);
    window.source = "file";
    const Node& place = nth(table, "maintenance", i);
    for (Fault& fault : faults(window)) {
      // What is not there was said to be missing.
      if (place.find(fault.key) == nullptr) continue;
      refuse(place, fault.key, "wrong-value", std::move(fault.text), findings);
    }
    settings.maintenance.push_back(std::move(window));
  }
}

FileSettings settings_from(const Node& table, const config::CheckContext& context,
                           config::Findings& findings) {
  FileWatch file;
  watch_keys().read(table, file, findings);
  FileSettings out;
  out.store = file.store;
  out.listen = file.listen;
  out.trusted_proxies = file.trusted_proxies;
  Settings& settings = out.settings;
  settings.vantage = file.vantage;
  settings.console = file.console;
  settings.anchors = file.anchors;
  settings.as_database = file.as_database;
  settings.rdap = file.rdap;
  while (settings.rdap.ends_with('/')) settings.rdap.pop_back();
  if (const auto url = model::parse_target(settings.rdap); !settings.rdap.empty() && !url) {
    refuse(table, "rdap", "wrong-value", url.error().text, findings);
  }
  settings.private_targets = file.private_targets;
  settings.edges = file.edges;
  settings.diagnose = file.diagnose;
  settings.ledger.gather = file.gather;
  settings.ledger.quorum = file.quorum;
  settings.retention.minutes = std::chrono::duration_cast<hours>(file.keep_minutes);
  settings.retention.hours = std::chrono::duration_cast<hours>(file.keep_hours);
  for (std::size_t i = 0; i < file.targets.size(); ++i) {
    settings.targets.push_back(target_from(file.targets[i], nth(table, "target", i), findings));
  }
  add_others(table, file, context, settings, findings);
  check_names(table, settings, context, findings);
  return out;
}

constexpr std::string_view kExample = R"([watch]
# store = "/var/lib/causeway/watch.db"
# anchors = ["192.0.2.1:53"]

[[watch.target]]
url = "https://www.example.net/"
interval = "30s"
expect = { status = 200, text = "Welcome" }
origins = ["203.0.113.10"]
team = "web"
tags = ["provider:example-hosting"]

[[watch.channel]]
name = "mail"
kind = "mail"
url = "smtp://mail.example.net:587"
user = "alerts"
secret = { file = "/run/secrets/smtp" }
from = "alerts@example.net"
to = ["ops@example.net"]
remind = "4h"

[[watch.maintenance]]
title = "Updates"
zone = "Europe/Berlin"
starts = "2026-11-29T03:00"
minutes = 60
repeats = "weekly:sun"
)";

}  // namespace

std::expected<FileSettings, config::Findings> read_settings(const Node& root,
                                                            const config::CheckContext& context) {
  config::Findings findings;
  const Node* table = root.find("watch");
  if (table == nullptr) {
    findings.error("missing-key", root.place, "there is no [watch] in the file");
    return std::unexpected(std::move(findings));
  }
  FileSettings out = settings_from(*table, context, findings);
  if (findings.any_error()) return std::unexpected(std::move(findings));
  out.warnings = std::move(findings);
  return out;
}

config::Section config_section() {
  return {.name = "watch",
          .text = "Targets, who is told about them, and where it is kept.",
          .keys = watch_keys().infos(),
          .example = std::string{kExample},
          .check = [](const Node& table, const config::CheckContext& context,
                      config::Findings& findings) { settings_from(table, context, findings); }};
}

}  // namespace causeway::watch
