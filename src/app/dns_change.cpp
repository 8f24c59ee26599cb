#include "app/dns_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/command.hpp"
#include "app/diagnose.hpp"
#include "app/dns_drift.hpp"
#include "app/screen.hpp"
#include "base/id.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "model/edge_ranges.hpp"
#include "zone/diff.hpp"
#include "zone/limits.hpp"
#include "zone/record_form.hpp"

namespace causeway::app {
namespace {

using zone::RecordEdit;

zone::RecordChange shown(const RecordEdit& edit) {
  const auto changes =
      zone::diff_records(edit.before ? std::vector{*edit.before} : std::vector<zone::Record>{},
                         edit.after ? std::vector{*edit.after} : std::vector<zone::Record>{});
  return changes.empty() ? zone::RecordChange{edit.before, edit.after, {}} : changes.front();
}

std::vector<std::string> names_in(const std::vector<RecordEdit>& edits) {
  std::set<std::string> out;
  for (const auto& edit : edits) out.insert((edit.after ? *edit.after : *edit.before).name);
  return {out.begin(), out.end()};
}

zone::ApiCall purge_call(const std::string& zone_id, const std::vector<std::string>& hosts) {
  return {"POST", fmt::format("/zones/{}/purge_cache", zone_id),
          nlohmann::ordered_json{{"hosts", hosts}}.dump()};
}

// Only what passed through the edge can be in its cache.
std::vector<std::string> hosts_to_purge(const std::vector<RecordEdit>& edits) {
  std::vector<std::string> hosts;
  for (const auto& name : names_in(edits)) {
    const bool through_edge = std::ranges::any_of(edits, [&](const RecordEdit& edit) {
      const auto& record = edit.after ? *edit.after : *edit.before;
      const bool was = edit.before && edit.before->proxied.value_or(false);
      const bool is = edit.after && edit.after->proxied.value_or(false);
      return record.name == name && (was || is) && !name.starts_with("*");
    });
    if (through_edge) hosts.push_back(name);
  }
  return hosts;
}

void show_plan(DnsSession& session, const std::vector<RecordEdit>& edits,
               const std::vector<zone::ApiCall>& calls, const Screen& screen) {
  std::string out;
  for (const auto& edit : edits) {
    const Tone tone = !edit.before ? Tone::good : edit.after ? Tone::warning : Tone::bad;
    out += screen.paint(tone, zone::text_of(shown(edit))) + "\n";
  }
  out += screen.paint(Tone::dim, fmt::format("calls to {}:", session.provider()->base())) + "\n";
  for (const auto& call : calls) out += fmt::format("  {}\n", zone::text_of(call));
  print(out);
}

// The provider's ids of what was made, from the answer to the one call that was sent.
void take_ids(const std::string& result, std::vector<RecordEdit>& edits) {
  const auto json = nlohmann::ordered_json::parse(result, nullptr, false);
  std::vector<zone::Record> made;
  const auto take = [&](const nlohmann::ordered_json& list) {
    const auto records = zone::read_records(list.dump());
    if (records) std::ranges::copy(*records, std::back_inserter(made));
  };
  if (json.is_object() && json.contains("posts")) {
    for (const char* part : {"posts", "puts", "patches"}) {
      if (json.contains(part) && json.at(part).is_array()) take(json.at(part));
    }
  } else if (json.is_object() && json.contains("type")) {
    take(nlohmann::ordered_json::array({json}));
  }
  for (auto& edit : edits) {
    if (!edit.after) continue;
    const auto match = std::ranges::find_if(made, [&](const zone::Record& record) {
      return edit.before ? record.id == edit.before->id : zone::same_statement(record, *edit.after);
    });
    if (match == made.end()) continue;
    edit.after = *match;
    made.erase(match);
  }
}

// What a name server should answer, once it has the change; nothing where the edge answers itself.
struct Expected {
  std::string name;
  std::string type;
  std::vector<std::string> contents;
  bool by_edge = false;
};

std::vector<Expected> expectations(const std::vector<RecordEdit>& edits,
                                   const std::vector<zone::Record>& now) {
  std::vector<Expected> out;
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& edit : edits) {
    const auto& record = edit.after ? *edit.after : *edit.before;
    if (!seen.insert({record.name, record.type}).second || record.name.starts_with("*")) continue;
    const bool proxied = std::ranges::any_of(now, [&](const zone::Record& other) {
      return other.name == record.name && other.proxied.value_or(false);
    });
    out.push_back(
        {record.name, record.type, zone::contents_of(now, record.name, record.type), proxied});
  }
  return out;
}

bool is_as_expected(const Expected& expected, const std::vector<zone::Record>& served) {
  const auto contents = zone::contents_of(served, expected.name, expected.type);
  if (!expected.by_edge) return contents == expected.contents;
  // The edge's own addresses stand there: the origin's must not.
  return std::ranges::none_of(contents, [&](const std::string& content) {
    return std::ranges::count(expected.contents, content) > 0;
  });
}

net::Task<std::vector<std::string>> wait_for_servers(DnsSession& session,
                                                     std::vector<Expected> expected) {
  std::vector<std::string> open;
  const Instant last = Clock::now() + limits::kVerifyWait;
  while (true) {
    open.clear();
    zone::ServersQuestion question = session.servers();
    question.transfer = false;
    for (const auto& each : expected) {
      question.expected.push_back(
          {.name = each.name, .type = each.type, .content = "", .proxied = {}, .priority = {}});
    }
    zone::Served served = co_await zone::ask_servers(std::move(question));
    bool answered = false;
    for (const auto& server : served.servers) {
      answered = answered || server.outcome == "answered";
      for (const auto& answers : server.differs) {
        open.push_back(fmt::format(
            "{} answers otherwise for {} {}",
            server.name.empty() && server.address ? server.address->text() : server.name,
            answers.name, answers.type));
      }
    }
    if (!answered) open.emplace_back("no name server answers");
    for (const auto& each : expected) {
      if (!is_as_expected(each, served.records)) {
        open.push_back(fmt::format("{} {} is not served as set", each.name, each.type));
      }
    }
    if (open.empty() || Clock::now() >= last) co_return open;
    if (!co_await net::Loop::current().sleep_until(Clock::now() + limits::kVerifyPause)) {
      co_return open;
    }
  }
}

net::Task<zone::ApiResult<zone::ApiAnswer>> send(zone::Cloudflare& provider, zone::ApiCall call) {
  co_return co_await provider.call(std::move(call));
}

net::Task<Parsed<Changing>> read_zone(zone::Cloudflare& provider, std::string name) {
  Changing out;
  auto zone = co_await provider.find_zone(std::move(name));
  if (!zone) co_return error(zone.error().text);
  out.zone = std::move(*zone);
  auto records = co_await provider.records(out.zone.id);
  if (!records) co_return error(records.error().text);
  out.records = std::move(*records);
  co_return out;
}

// What visitors of the changed names get now: through the edge where the name is proxied.
bool ask_as_visitor(DnsSession& session, const zone::Change& change, const Screen& screen) {
  bool good = true;
  for (const auto& name : names_in(change.edits)) {
    const bool web = std::ranges::any_of(change.edits, [&](const RecordEdit& edit) {
      return edit.after && edit.after->name == name &&
             (edit.after->is_address() || edit.after->type == "CNAME");
    });
    if (!web || name.starts_with("*") || name.contains('_')) continue;
    DiagnosePlan plan;
    plan.request.target.host = name;
    plan.request.target.url = fmt::format("https://{}/", name);
    plan.request.resolver = session.servers().resolver;
    plan.request.authorities = session.servers().authorities;
    plan.request.source = session.servers().source;
    plan.request.ca_file = session.flags().ca;
    plan.request.mode = model::Mode::quick;
    const auto diagnosis = run_diagnosis(plan, {});
    const bool fine = diagnosis.verdict.state == model::State::ok;
    print(fmt::format("{} {}: {}\n", fine ? screen.good() : screen.warning(), name,
                      diagnosis.verdict.sentence));
    if (!fine) {
      print(
          fmt::format("  resolvers may keep the old answer for its TTL; look closer: causeway "
                      "diagnose {}\n",
                      name));
    }
    good = good && diagnosis.verdict.state != model::State::failing;
  }
  return good;
}

bool purge(DnsSession& session, const std::string& zone_id, const std::vector<std::string>& hosts,
           const Screen& screen) {
  if (session.flags().no_purge || hosts.empty()) return true;
  const auto purged = run_on_loop(send(*session.provider(), purge_call(zone_id, hosts)));
  print(purged ? fmt::format("{} purged the edge's cache\n", screen.good())
               : fmt::format("{} the edge's cache was not purged: {}\n", screen.warning(),
                             purged.error().text));
  return purged.has_value();
}

// After the change: is it served, and the cache gone. True when all is well.
bool settle(DnsSession& session, const zone::Change& change, const Screen& screen) {
  const DnsFlags& flags = session.flags();
  bool good = true;
  purge(session, change.zone_id, hosts_to_purge(change.edits), screen);
  if (flags.no_verify || flags.no_servers) return good;
  const auto now = read_for_change(session);
  if (!now) return false;
  const auto open =
      run_on_loop(wait_for_servers(session, expectations(change.edits, now->records)));
  for (const auto& line : open) print(fmt::format("{} {}\n", screen.bad(), line));
  good = open.empty();
  if (good) print(fmt::format("{} every name server serves it\n", screen.good()));
  return ask_as_visitor(session, change, screen) && good;
}

}  // namespace

Parsed<Changing> read_for_change(DnsSession& session) {
  return run_on_loop(read_zone(*session.provider(), session.zone()));
}

bool keep_change(DnsSession& session, const zone::Change& change) {
  const auto path = session.store().save(zone::StoredKind::change, change.zone, change.at,
                                         change.id, zone::to_json(change));
  if (!path) fmt::print(stderr, "causeway dns: {}\n", path.error().text);
  return path.has_value();
}

namespace {

// The newest change that can be taken back: neither one that failed nor what an undo did.
Parsed<zone::Change> newest_change(DnsSession& session, const std::string& zone) {
  const auto stored = session.store().list(zone::StoredKind::change, zone);
  if (!stored) return std::unexpected(stored.error());
  for (auto each = stored->rbegin(); each != stored->rend(); ++each) {
    auto change = kept_change(session, zone, each->id);
    const bool open =
        change && change->kind != "undo" && change->state != "failed" && change->state != "undone";
    if (open) return change;
  }
  return error(fmt::format("no change of {} is kept that can be taken back", zone));
}

}  // namespace

Parsed<zone::Change> kept_change(DnsSession& session, const std::string& zone,
                                 const std::string& which) {
  const auto stored =
      session.store().find(zone::StoredKind::change, zone, which.empty() ? "latest" : which);
  if (!stored) return std::unexpected(stored.error());
  const auto text = session.store().read(*stored);
  if (!text) return std::unexpected(text.error());
  return zone::parse_change(*text, stored->path);
}

int make_change(DnsSession& session, const Changing& changing, std::string_view kind,
                const std::vector<RecordEdit>& edits, zone::Change* done) {
  const DnsFlags& flags = session.flags();
  const Screen screen = screen_of_stdout(flags.no_color);
  if (edits.empty()) {
    print("nothing to change: the records are like that already\n");
    return kFine;
  }
  const auto calls = zone::calls_for(changing.zone.id, edits);
  show_plan(session, edits, calls, screen);
  if (!flags.yes) {
    print("nothing was changed; --yes sends it\n");
    return kFine;
  }
  zone::Change change{.id = random_id(),
                      .at = wall_now(),
                      .zone = changing.zone.name,
                      .zone_id = changing.zone.id,
                      .api = session.provider()->base(),
                      .kind = std::string{kind},
                      .state = "planned",
                      .edits = edits,
                      .zone_paused_before = {},
                      .until = {}};
  // Kept before it is sent: whatever happens, what was there is on the disk.
  if (!keep_change(session, change)) return kCouldNotTell;
  const auto answer = run_on_loop(send(*session.provider(), calls.front()));
  if (!answer) {
    change.state = answer.error().unknown_outcome ? "unknown" : "failed";
    keep_change(session, change);
    if (done != nullptr) *done = change;
    return dns_failed(fmt::format("{}: {}",
                                  answer.error().unknown_outcome
                                      ? "whether the change was made is not known"
                                      : "nothing was changed",
                                  answer.error().text));
  }
  take_ids(answer->result, change.edits);
  change.state = "done";
  if (!keep_change(session, change)) return kCouldNotTell;
  print(fmt::format("{} done\n", screen.good()));
  const bool good = settle(session, change, screen);
  if (kind != "undo") {
    print(fmt::format("undo: causeway dns undo {} {} --yes\n", change.zone, change.id));
  }
  if (done != nullptr) *done = std::move(change);
  return good ? kFine : kProblem;
}

int dns_undo(const DnsFlags& flags) {
  const auto session = DnsSession::open_for_change(flags);
  if (!session) return wrong_use("dns undo", session.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  auto change = flags.change.empty() ? newest_change(**session, now->zone.name)
                                     : kept_change(**session, now->zone.name, flags.change);
  if (!change) return wrong_use("dns undo", change.error().text);
  if (change->zone_paused_before) {
    return wrong_use("dns undo", fmt::format("{} paused the whole zone: 'causeway dns resume {}' "
                                             "ends that",
                                             change->id, now->zone.name));
  }
  if (change->zone_id != now->zone.id) {
    return wrong_use("dns undo", "the change was made in another zone of this name");
  }
  const auto edits = zone::plan_undo(*change, now->records, flags.force);
  if (!edits) return dns_failed(edits.error().text);
  const int code = make_change(**session, *now, "undo", *edits);
  if (!flags.yes || code == kCouldNotTell) return code;
  const auto after = read_for_change(**session);
  if (!after) return dns_failed(after.error().text);
  const auto missing = zone::not_restored(*change, after->records);
  for (const auto& record : missing) {
    fmt::print(stderr, "causeway dns: not as it was: {}\n", record);
  }
  if (!missing.empty()) return kProblem;
  change->state = "undone";
  keep_change(**session, *change);
  print("the records are byte for byte as they were\n");
  return code;
}

namespace {

Parsed<bool> read_ttl(const DnsFlags& flags, zone::Wish& wish) {
  if (flags.ttl.empty()) return true;
  wish.ttl = zone::kAutomaticTtl;
  if (flags.ttl == "auto") return true;
  if (wish.proxied.value_or(false))
    return error("--ttl: what goes through the edge has an automatic one; leave it out");
  const auto span = parse_duration(flags.ttl);
  constexpr auto kLeast = std::chrono::seconds{30};
  constexpr auto kMost = std::chrono::seconds{86'400};
  if (!span || *span < kLeast || *span > kMost)
    return error("--ttl: expected 'auto' or 30 to 86400 seconds");
  wish.ttl = static_cast<std::uint32_t>(milliseconds(*span) / 1e3);
  return true;
}

// What the flags ask for, refused where the provider would have to.
Parsed<bool> read_wish(const DnsFlags& flags, zone::Wish& wish) {
  if (!flags.proxied.empty()) wish.proxied = flags.proxied == "yes";
  if (wish.proxied.value_or(false) && !zone::can_be_proxied(wish.type)) {
    return error(
        fmt::format("--proxied: a record of type {} does not go through the edge (A, AAAA "
                    "and CNAME do)",
                    wish.type));
  }
  if (const auto good = read_ttl(flags, wish); !good) return good;
  if (!flags.priority.empty()) {
    const auto number = parse_port(flags.priority == "0" ? "1" : flags.priority);
    if (!number) return error("--priority: expected 0 to 65535");
    wish.priority = flags.priority == "0" ? 0 : *number;
  }
  if (const auto good = zone::check_name(wish.type, wish.name); !flags.remove && !good) return good;
  const auto given = wish.priority;
  for (const auto& value : flags.values) {
    const auto written = zone::written_content(wish.type, value, given);
    if (!written) return std::unexpected(written.error());
    if (std::ranges::count(wish.contents, written->content) > 0)
      return error(fmt::format("'{}' is given twice", written->content));
    if (written->priority) wish.priorities.push_back(*written->priority);
    wish.contents.push_back(written->content);
  }
  return true;
}

}  // namespace

int dns_set(const DnsFlags& flags) {
  const auto session = DnsSession::open_for_change(flags);
  if (!session) return wrong_use("dns set", session.error().text);
  zone::Wish wish{.name = (*session)->zone(),
                  .type = {},
                  .contents = {},
                  .ttl = {},
                  .proxied = {},
                  .priority = {},
                  .priorities = {},
                  .replace = flags.replace};
  const auto type = zone::record_type(flags.type);
  if (!type) return wrong_use("dns set", type.error().text);
  wish.type = *type;
  if (flags.remove != flags.values.empty()) {
    return wrong_use("dns set", "expected the values the name shall have, or --delete");
  }
  if (const auto good = read_wish(flags, wish); !good)
    return wrong_use("dns set", good.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  const auto edits = zone::plan_wish(now->records, wish);
  if (!edits) return wrong_use("dns set", edits.error().text);
  return make_change(**session, *now, "set", *edits);
}

int dns_fix(const DnsFlags& flags) {
  const auto session = DnsSession::open_for_change(flags);
  if (!session) return wrong_use("dns fix", session.error().text);
  const auto seen = see_drift(**session);
  if (!seen) return dns_failed(seen.error().text);
  const auto now = read_for_change(**session);
  if (!now) return dns_failed(now.error().text);
  std::vector<RecordEdit> edits;
  std::set<std::string> stored;                         // names whose copies must go
  std::set<std::pair<std::string, std::string>> taken;  // one change for one name and type
  for (const auto& finding : seen->findings) {
    if (finding.purge && !flags.no_purge) {
      print(fmt::format("{}: {}\n", finding.name, finding.sentence));
      stored.insert(finding.name);
    }
    if (!finding.fix) continue;
    print(fmt::format("{}: {}\n", finding.name, finding.sentence));
    if (!taken.insert({finding.fix->name, finding.fix->type}).second) continue;
    auto more = zone::plan_wish(now->records, *finding.fix);
    if (!more) return dns_failed(more.error().text);
    std::ranges::move(*more, std::back_inserter(edits));
  }
  for (const auto& host : hosts_to_purge(edits)) stored.erase(host);  // goes with the change
  if (edits.empty() && stored.empty()) {
    print(seen->findings.empty() ? "nothing drifted\n"
                                 : "nothing that a change of records would mend; see 'causeway dns "
                                   "drift'\n");
    return kFine;
  }
  const int code = edits.empty() ? kFine : make_change(**session, *now, "fix", edits);
  if (stored.empty() || code == kCouldNotTell) return code;
  const std::vector<std::string> hosts{stored.begin(), stored.end()};
  print(fmt::format("  {}\n", zone::text_of(purge_call(now->zone.id, hosts))));
  if (!flags.yes) {
    print("nothing was purged; --yes sends it\n");
    return code;
  }
  return purge(**session, now->zone.id, hosts, screen_of_stdout(flags.no_color)) ? code : kProblem;
}

}  // namespace causeway::app
