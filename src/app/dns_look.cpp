// causeway dns snapshot, history, diff, export.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/dns.hpp"
#include "app/screen.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "zone/change.hpp"
#include "zone/diff.hpp"
#include "zone/export.hpp"

namespace causeway::app {
namespace {

Tone tone_of(const zone::RecordChange& change) {
  if (!change.before) return Tone::good;
  return change.after ? Tone::warning : Tone::bad;
}

std::string diff_text(const zone::Diff& diff, const Screen& screen) {
  std::string out;
  for (const auto& change : diff.records) {
    out += screen.paint(tone_of(change), zone::text_of(change)) + "\n";
  }
  for (const auto& state : diff.states) {
    out += screen.paint(Tone::warning,
                        fmt::format("~ {}: {} -> {}", state.what, state.before, state.after)) +
           "\n";
  }
  return out;
}

std::string server_text(const zone::ServerState& server) {
  const std::string who =
      server.name.empty() && server.address ? server.address->text() : server.name;
  std::string out = fmt::format("  {}", padded(who, 32));
  if (server.address && !server.name.empty()) out += fmt::format(" {}", server.address->text());
  out += server.serial ? fmt::format("  serial {}", *server.serial) : "";
  out += fmt::format("  {}", server.outcome);
  if (server.transfer != "not-tried") out += fmt::format(", transfer {}", server.transfer);
  if (!server.differs.empty()) {
    out +=
        fmt::format(", {} answer{} differ{}", server.differs.size(),
                    server.differs.size() == 1 ? "" : "s", server.differs.size() == 1 ? "s" : "");
  }
  return out + "\n";
}

std::string summary(const zone::Snapshot& snapshot, const std::string& path) {
  std::string out =
      fmt::format("{}: {} records from {}, {}\n", snapshot.zone, snapshot.records.size(),
                  snapshot.source, snapshot.complete ? "complete" : "as far as names are known");
  if (snapshot.provider) {
    const auto ssl = snapshot.provider->settings.find("ssl");
    out += fmt::format("  provider: {}, {}{}{}\n", snapshot.provider->name,
                       snapshot.provider->status, snapshot.provider->paused ? ", paused" : "",
                       ssl == snapshot.provider->settings.end() ? "" : ", ssl " + ssl->second);
    for (const auto& missing : snapshot.provider->missing) {
      out += fmt::format("  not read: {}\n", missing);
    }
  }
  for (const auto& server : snapshot.servers) out += server_text(server);
  for (const auto& note : snapshot.notes) out += fmt::format("  note: {}\n", note);
  return out + fmt::format("kept as {}\n  {}\n", snapshot.id, path);
}

// The zone whose folder is in the store, for a name in it.
std::string stored_zone(const zone::Store& store, const std::string& name) {
  const auto zones = store.zones();
  for (std::string zone = name; zone.contains('.'); zone = codec::dns_parent(zone)) {
    if (std::ranges::count(zones, zone) > 0) return zone;
  }
  return name;
}

}  // namespace

int dns_snapshot(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns snapshot", session.error().text);
  const auto snapshot = (*session)->take(true);
  if (!snapshot) return dns_failed(snapshot.error().text);
  const auto before = (*session)->store().snapshot(snapshot->zone, "latest");
  const std::string json = to_json(*snapshot);
  const auto path = (*session)->store().save(zone::StoredKind::zone, snapshot->zone,
                                             snapshot->taken, snapshot->id, json);
  if (!path) return dns_failed(path.error().text);
  if (flags.format == "json") {
    print(json);
    return kFine;
  }
  const Screen screen = screen_of_stdout(flags.no_color);
  std::string out = summary(*snapshot, *path);
  if (before && before->source == snapshot->source) {
    const auto changed = zone::diff(*before, *snapshot);
    out += changed.empty() ? fmt::format("nothing changed since {}\n", rfc3339(before->taken))
                           : fmt::format("changed since {}:\n{}", rfc3339(before->taken),
                                         diff_text(changed, screen));
  }
  print(out);
  return kFine;
}

int dns_history(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns history", session.error().text);
  const zone::Store& store = (*session)->store();
  const std::string zone = stored_zone(store, (*session)->zone());
  const auto snapshots = store.list(zone::StoredKind::zone, zone);
  const auto changes = store.list(zone::StoredKind::change, zone);
  if (!snapshots) return dns_failed(snapshots.error().text);
  if (!changes) return dns_failed(changes.error().text);
  nlohmann::ordered_json json{{"schema", "causeway.zone-history/1"}, {"zone", zone}};
  json["snapshots"] = nlohmann::ordered_json::array();
  json["changes"] = nlohmann::ordered_json::array();
  std::string out;
  std::optional<zone::Snapshot> previous;
  for (const auto& stored : *snapshots) {
    auto snapshot = store.snapshot(zone, stored.path);
    if (!snapshot) {
      fmt::print(stderr, "causeway dns: {}\n", snapshot.error().text);
      continue;
    }
    const std::size_t changed =
        previous ? zone::diff_records(previous->records, snapshot->records).size() : 0;
    out += fmt::format("{}  {}  {:<10} {:>6} records{}{}\n", rfc3339(stored.at), stored.id,
                       snapshot->source, snapshot->records.size(),
                       snapshot->serial() ? fmt::format("  serial {}", *snapshot->serial()) : "",
                       previous ? fmt::format("  {} changed", changed) : "");
    json["snapshots"].push_back({{"id", stored.id},
                                 {"at", rfc3339(stored.at)},
                                 {"source", snapshot->source},
                                 {"records", snapshot->records.size()},
                                 {"changed", changed}});
    previous = std::move(*snapshot);
  }
  for (const auto& stored : *changes) {
    const auto text = store.read(stored);
    if (!text) continue;
    const auto change = zone::parse_change(*text, stored.path);
    if (!change) continue;
    out += fmt::format("{}  {}  change: {} ({}), {} record{}\n", rfc3339(stored.at), stored.id,
                       change->kind, change->state, change->edits.size(),
                       change->edits.size() == 1 ? "" : "s");
    json["changes"].push_back({{"id", stored.id},
                               {"at", rfc3339(stored.at)},
                               {"kind", change->kind},
                               {"state", change->state},
                               {"records", change->edits.size()}});
  }
  if (flags.format == "json") {
    print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  } else {
    print(out.empty() ? fmt::format("nothing of {} is kept in '{}'\n", zone, store.directory())
                      : out);
  }
  return kFine;
}

int dns_diff(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns diff", session.error().text);
  const zone::Store& store = (*session)->store();
  const std::string zone = stored_zone(store, (*session)->zone());
  const auto before = store.snapshot(zone, flags.before);
  if (!before) return wrong_use("dns diff", before.error().text);
  const auto after = store.snapshot(zone, flags.after);
  if (!after) return wrong_use("dns diff", after.error().text);
  const auto changed = zone::diff(*before, *after);
  if (flags.format == "json") {
    print(zone::to_json(changed, *before, *after));
  } else {
    std::string out = fmt::format("{} ({}) -> {} ({})\n", rfc3339(before->taken), before->id,
                                  rfc3339(after->taken), after->id);
    if (before->source != after->source) {
      out +=
          fmt::format("note: one is from {}, the other from {}: not every difference is a change\n",
                      before->source, after->source);
    }
    out += changed.empty() ? "nothing differs\n"
                           : diff_text(changed, screen_of_stdout(flags.no_color));
    print(out);
  }
  return changed.empty() ? kFine : kProblem;
}

int dns_export(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns export", session.error().text);
  const zone::Store& store = (*session)->store();
  const auto snapshot = store.snapshot(stored_zone(store, (*session)->zone()), flags.which);
  if (!snapshot) return wrong_use("dns export", snapshot.error().text);
  if (flags.format == "octodns") {
    print(zone::to_octodns(*snapshot));
  } else if (flags.format == "dnscontrol") {
    print(zone::to_dnscontrol(*snapshot));
  } else if (flags.format == "json") {
    print(to_json(*snapshot));
  } else {
    print(zone::to_bind(*snapshot));
  }
  return kFine;
}

}  // namespace causeway::app
