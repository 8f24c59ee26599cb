// causeway dns pause and resume: out of the proxy for a direct test, and surely back again.
#include <fmt/format.h>

#include <algorithm>

#include "app/command.hpp"
#include "app/dns.hpp"
#include "app/dns_change.hpp"
#include "app/screen.hpp"
#include "base/id.hpp"
#include "zone/limits.hpp"

namespace causeway::app {
namespace {

net::Task<zone::ApiResult<zone::ApiAnswer>> set_paused(zone::Cloudflare& provider,
                                                       std::string zone_id, bool paused) {
  co_return co_await provider.call(
      {"PATCH", "/zones/" + zone_id, paused ? "{\"paused\":true}" : "{\"paused\":false}"});
}

net::Task<bool> wait_until(Instant at) { co_return co_await net::Loop::current().sleep_until(at); }

std::vector<zone::RecordEdit> unproxied(const Changing& now, const std::string& name) {
  std::vector<zone::RecordEdit> out;
  for (const auto& record : now.records) {
    if (record.name != name || !record.proxied.value_or(false)) continue;
    const auto edits = zone::plan_wish({record}, {.name = record.name,
                                                  .type = record.type,
                                                  .contents = {record.content},
                                                  .ttl = {},
                                                  .proxied = false,
                                                  .priority = {}});
    if (edits) std::ranges::copy(*edits, std::back_inserter(out));
  }
  return out;
}

// Brings back what the pause changed. Tried again while the provider has trouble: a name that stays
// out of the proxy shows its origin.
int end_pause(DnsSession& session, zone::Change& change) {
  const auto now = read_for_change(session);
  if (!now) return dns_failed("the pause was not ended: " + now.error().text);
  if (change.zone_paused_before) {
    const auto answer =
        run_on_loop(set_paused(*session.provider(), change.zone_id, *change.zone_paused_before));
    if (!answer) return dns_failed("the pause was not ended: " + answer.error().text);
  } else {
    const auto edits = zone::plan_undo(change, now->records, false);
    if (!edits) return dns_failed("the pause was not ended: " + edits.error().text);
    const int code = make_change(session, *now, "undo", *edits);
    if (code == kCouldNotTell) return code;
  }
  change.state = "undone";
  keep_change(session, change);
  print("the pause has ended: the proxy is as it was\n");
  return kFine;
}

Parsed<zone::Change> begin_zone_pause(DnsSession& session, const Changing& now) {
  zone::Change change{.id = random_id(),
                      .at = wall_now(),
                      .zone = now.zone.name,
                      .zone_id = now.zone.id,
                      .api = session.provider()->base(),
                      .kind = "pause",
                      .state = "planned",
                      .edits = {},
                      .zone_paused_before = now.zone.paused,
                      .until = {}};
  if (!keep_change(session, change))
    return error("the pause could not be noted, so it was not begun");
  const auto answer = run_on_loop(set_paused(*session.provider(), now.zone.id, true));
  if (!answer) return error(answer.error().text);
  change.state = "done";
  return change;
}

}  // namespace

int dns_pause(const DnsFlags& flags) {
  const auto span = parse_duration(flags.pause_for);
  if (!span || *span <= Duration{} || *span > limits::kPauseMost) {
    return wrong_use("dns pause", "--for: expected a time up to 24h, such as 10m");
  }
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns pause", session.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  zone::Change change;
  if (flags.whole_zone) {
    print(fmt::format("~ {}: paused\n  PATCH /zones/{} {{\"paused\":true}}\n", now->zone.name,
                      now->zone.id));
    if (!flags.yes) {
      print("nothing was changed; --yes sends it\n");
      return kFine;
    }
    auto begun = begin_zone_pause(**session, *now);
    if (!begun) return dns_failed(begun.error().text);
    change = std::move(*begun);
  } else {
    const auto edits = unproxied(*now, (*session)->zone());
    if (edits.empty()) {
      return wrong_use("dns pause", fmt::format("no record of {} is proxied; --whole-zone pauses "
                                                "everything in {}",
                                                (*session)->zone(), now->zone.name));
    }
    const int code = make_change(**session, *now, "pause", edits, &change);
    if (!flags.yes || change.id.empty()) return code;
  }
  change.until = wall_now() + std::chrono::duration_cast<std::chrono::milliseconds>(*span);
  keep_change(**session, change);
  print(
      fmt::format("DNS only until {}: test with 'causeway diagnose {}'. Ctrl-C ends the pause "
                  "now.\n",
                  rfc3339(*change.until), (*session)->zone()));
  run_on_loop(wait_until(Clock::now() + *span));  // an interrupt ends it early
  return end_pause(**session, change);
}

namespace {

// A pause that was begun, or may have been (its program was killed, an answer was lost), of this
// name or of everything in the zone.
bool is_open_pause(const zone::Change& change, const std::string& name) {
  const bool over = change.state == "failed" || change.state == "undone";
  if (change.kind != "pause" || over) return false;
  return name == change.zone || change.zone_paused_before ||
         std::ranges::any_of(change.edits, [&](const zone::RecordEdit& edit) {
           return edit.before && edit.before->name == name;
         });
}

}  // namespace

int dns_resume(const DnsFlags& flags) {
  const auto session = DnsSession::open(flags);
  if (!session) return wrong_use("dns resume", session.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  const auto stored = (*session)->store().list(zone::StoredKind::change, now->zone.name);
  if (!stored) return dns_failed(stored.error().text);
  for (auto each = stored->rbegin(); each != stored->rend(); ++each) {
    auto change = kept_change(**session, now->zone.name, each->id);
    if (!change || !is_open_pause(*change, (*session)->zone())) continue;
    if (!flags.yes) {
      print(fmt::format("would end the pause {} of {}; --yes does it\n", change->id,
                        rfc3339(change->at)));
      return kFine;
    }
    return end_pause(**session, *change);
  }
  if (now->zone.paused) {
    print(fmt::format("~ {}: no longer paused\n  PATCH /zones/{} {{\"paused\":false}}\n",
                      now->zone.name, now->zone.id));
    if (!flags.yes) {
      print("nothing was changed; --yes sends it\n");
      return kFine;
    }
    const auto answer = run_on_loop(set_paused(*(*session)->provider(), now->zone.id, false));
    if (!answer) return dns_failed(answer.error().text);
    return kFine;
  }
  print("nothing is paused\n");
  return kFine;
}

}  // namespace causeway::app
