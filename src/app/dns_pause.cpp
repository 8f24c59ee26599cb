// causeway dns pause and resume: out of the proxy for a direct test, and surely back again.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "app/command.hpp"
#include "app/dns.hpp"
#include "app/dns_change.hpp"
#include "app/screen.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
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

// What a person types to end the pause, wherever this program is by then.
std::string resume_command(DnsSession& session) {
  const auto& flags = session.flags();
  std::string out = "causeway dns resume " + shell_word(session.zone()) + " --yes";
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) out += fmt::format(" {} {}", flag, shell_word(value));
  };
  add("--store", flags.store);
  if (flags.api != zone::kCloudflareApi) add("--api", flags.api);
  add("--token-file", flags.token_file);
  add("--ca", flags.ca);
  if (flags.no_servers) out += " --no-servers";
  return out;
}

enum class Ending : std::uint8_t { ended, trouble, refused };

// Brings back what the pause changed.
Ending try_to_end(DnsSession& session, zone::Change& change) {
  const auto now = read_for_change(session);
  if (!now) {
    dns_failed(now.error().text);
    return Ending::trouble;
  }
  if (change.zone_paused_before) {
    const auto answer =
        run_on_loop(set_paused(*session.provider(), change.zone_id, *change.zone_paused_before));
    if (!answer) dns_failed(answer.error().text);
    return answer ? Ending::ended : Ending::trouble;
  }
  const auto edits = zone::plan_undo(change, now->records, false);
  if (!edits) {
    dns_failed(edits.error().text);
    return Ending::refused;
  }
  return make_change(session, *now, "undo", *edits) == kCouldNotTell ? Ending::trouble
                                                                     : Ending::ended;
}

int not_ended(DnsSession& session, std::string_view why) {
  print(
      fmt::format("the pause has not ended: {}. To end it:\n  {}\n", why, resume_command(session)));
  return kCouldNotTell;
}

// Tried again while the provider has trouble: a name that stays out of the proxy shows its origin.
int end_pause(DnsSession& session, zone::Change& change) {
  const Instant last = Clock::now() + limits::kResumePatience;
  Duration pause = limits::kResumePause;
  while (true) {
    const Ending ending = try_to_end(session, change);
    if (ending == Ending::ended) break;
    if (ending == Ending::refused)
      return not_ended(session, "the records are no longer as the pause left them");
    if (Clock::now() + pause > last) return not_ended(session, "the provider's trouble goes on");
    fmt::print(stderr,
               "causeway dns: the pause has not ended; tries again in {:.0f} s (Ctrl-C stops "
               "that). By hand: {}\n",
               milliseconds(pause) / 1e3, resume_command(session));
    if (!run_on_loop(wait_until(Clock::now() + pause))) return not_ended(session, "interrupted");
    pause = std::min<Duration>(pause * 2, limits::kResumePauseMost);
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
  if (!answer) {
    change.state = answer.error().unknown_outcome ? "unknown" : "failed";
    keep_change(session, change);
    if (answer.error().unknown_outcome) not_ended(session, "whether it began is not known");
    return error(answer.error().text);
  }
  change.state = "done";
  return change;
}

}  // namespace

int dns_pause(const DnsFlags& flags) {
  const auto span = parse_duration(flags.pause_for);
  if (!span || *span <= Duration{} || *span > limits::kPauseMost) {
    return wrong_use("dns pause", "--for: expected a time up to 24h, such as 10m");
  }
  const auto session = DnsSession::open_for_change(flags);
  if (!session) return wrong_use("dns pause", session.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  const SignalsKept kept;  // what was begun is ended, whenever Ctrl-C comes
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
    if (flags.yes && change.state == "unknown")
      return not_ended(**session, "whether it began is not known");
    if (!flags.yes || change.state != "done") return code;
  }
  change.until = wall_now() + std::chrono::duration_cast<std::chrono::milliseconds>(*span);
  keep_change(**session, change);
  print(
      fmt::format("DNS only until {}: test with 'causeway diagnose {}'. Ctrl-C ends the pause "
                  "now.\nShould this program be killed: {}\n",
                  rfc3339(*change.until), (*session)->zone(), resume_command(**session)));
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
  const auto session = DnsSession::open_for_change(flags);
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
