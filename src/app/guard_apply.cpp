// guard apply, sync, confirm, rollback and restore.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/command.hpp"
#include "app/guard.hpp"
#include "app/guard_ranges.hpp"
#include "app/render_proof.hpp"
#include "app/screen.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "guard/layers.hpp"
#include "guard/limits.hpp"
#include "guard/plan.hpp"
#include "guard/programs.hpp"
#include "guard/settings.hpp"
#include "guard/transaction.hpp"
#include "inspect/ruleset_dumps.hpp"
#include "inspect/run_program.hpp"

namespace causeway::app {
namespace {

int failed(const char* command, std::string_view what) {
  fmt::print(stderr, "causeway {}: {}\n", command, what);
  return kCouldNotTell;
}

std::string sources_words(const firewall::IntervalSet& sources, Family family) {
  std::vector<std::string> parts;
  for (const auto& part : sources.parts()) {
    if (parts.size() == 4) {
      parts.push_back(fmt::format("{} more", sources.parts().size() - 4));
      break;
    }
    parts.push_back(range_text(part, family));
  }
  return join(parts, ", ");
}

// What the change was tried with: the addresses that rules name.
std::string own_words(const guard::Grant& grant, Family family) {
  std::vector<std::string> own;
  for (const auto& one : grant.addresses_of(family)) own.push_back(one.text());
  return own.empty() ? "" : " of " + join(own, ", ");
}

void print_changes(const guard::Plan& plan, const Screen& screen) {
  if (plan.changes.empty()) {
    print(plan.surer() ? "What may get in now certainly does afterwards.\n"
                       : "Nobody gains or loses by it.\n");
  }
  for (const auto& change : plan.changes) {
    if (!change.gain.empty()) {
      print(hanging(screen.paint(Tone::good, "gains ") + " ",
                    fmt::format("port {}{}: {}", change.port, own_words(plan.grant, change.family),
                                sources_words(change.gain, change.family)),
                    screen.width));
    }
    if (!change.lose.empty()) {
      print(hanging(
          screen.paint(Tone::bad, "loses ") + " ",
          fmt::format("port {}: {}", change.port, sources_words(change.lose, change.family)),
          screen.width));
    }
  }
}

// Names of chains and jails are words of others.
std::string shown_safely(const guard::Action& action) {
  std::string out;
  for (const auto line : split(shown(action), '\n')) {
    if (!line.empty()) out += printable(line, limits::kRuleTextShown) + "\n";
  }
  return out;
}

void print_lists(const guard::Plan& plan, const Screen& screen) {
  for (const auto& one : plan.gains) {
    print(hanging(screen.paint(Tone::good, "gains ") + " ", printable(one, limits::kRuleTextShown),
                  screen.width));
  }
  for (const auto& one : plan.notes) {
    print(hanging(screen.paint(Tone::warning, "note ") + "  ",
                  printable(one, limits::kRuleTextShown), screen.width));
  }
}

void print_actions(const std::vector<guard::Action>& all) {
  print("\nWhat is done, layer by layer:\n");
  for (const auto& action : all) {
    print(fmt::format("  {}: {}", action.layer, shown_safely(action)));
  }
}

void print_left(const std::vector<std::string>& left, const Screen& screen) {
  for (const auto& one : left) {
    print(hanging(screen.paint(Tone::warning, screen.warning()) + " still stopped: ",
                  printable(one, limits::kRuleTextShown), screen.width));
  }
}

// A change under way: what was asked, what is there, what will be.
struct Work {
  firewall::ProofRequest request;
  firewall::Dumps dumps;
  firewall::Collection now;
  guard::Journal journal;
  guard::Settings settings;
  guard::Texts wanted;  // files that have to change
  guard::Plan plan;

  // Every layer is as the plan wants it, or nobody would gain by another way to the same end.
  bool done() const {
    if (!plan.changes.empty() || !wanted.empty() || plan.surer()) return false;
    const auto& kept = journal.kept;
    if (kept.empty()) return !plan.grant.only;
    auto same_ways = plan.grant;
    same_ways.places = kept.places;
    same_ways.ufw = kept.ufw;
    same_ways.zones = kept.zones;
    same_ways.zone_files = kept.zone_files;
    same_ways.jails = kept.jails;
    same_ways.lifted = kept.lifted;
    same_ways.csf = kept.csf;
    same_ways.crowdsec = kept.crowdsec;
    same_ways.decisions = kept.decisions;
    same_ways.web = kept.web;
    same_ways.files = kept.files;
    return same_ways == kept;
  }
  std::vector<guard::Action> actions() const {
    auto all = guard::checks(plan.grant, settings, wanted);
    for (auto& one : guard::csf_actions(journal.kept, plan.grant, settings, wanted)) {
      all.push_back(std::move(one));
    }
    for (auto& one : guard::actions(journal.kept, plan.grant, dumps)) all.push_back(std::move(one));
    for (auto& one : guard::settings_actions(journal.kept, plan.grant, settings, wanted)) {
      all.push_back(std::move(one));
    }
    return all;
  }
};

// What is wrong with the flags whatever was kept; empty: nothing.
std::string mistake_in(const GuardFlags& flags) {
  for (const auto& word : flags.also) {
    if (const auto prefix = Prefix::parse(word); !prefix) return "--also: " + prefix.error().text;
  }
  if (flags.only_edge && flags.anyone) return "--only-edge or --anyone, not both";
  return "";
}

// What the flags add to what was kept.
Parsed<guard::Grant> asked(const GuardFlags& flags, const guard::Grant& kept) {
  guard::Grant out = kept;
  if (flags.only_edge) out.only = true;
  if (flags.anyone) {
    out.only = false;
    out.also.clear();
  }
  if (flags.real_ip) out.real_ip = true;
  for (const auto& word : flags.also) {
    const auto prefix = Prefix::parse(word);
    if (!prefix) return error(fmt::format("--also: {}", prefix.error().text));
    if (std::ranges::find(out.also, *prefix) == out.also.end()) out.also.push_back(*prefix);
  }
  if (!flags.also.empty() && !out.only) return error("--also belongs to --only-edge");
  return out;
}

// Why nobody but the edge must not be shut out as asked; empty: nothing speaks against it.
std::string against_only(const Work& work) {
  if (!work.plan.grant.only) return "";
  for (const auto port : work.plan.grant.ports) {
    if (work.settings.ssh_ports.contains(port) || port == 22) {
      return fmt::format("port {} is SSH's: --only-edge would shut you out", port);
    }
  }
  if (!work.plan.after.all_open()) {
    return "the edge itself would not get in everywhere, and then nobody would: see what is still "
           "stopped";
  }
  if (inspect::find_program("nft").empty()) return "--only-edge needs the program nft";
  return "";
}

bool is_local(const firewall::Collection& now, const IpAddress& address) {
  return now.host.local_type(address.family(), firewall::key_of(address)) == firewall::kLocal;
}

// Rules are made for the host's own addresses alone.
Parsed<void> read_address(const GuardFlags& flags, firewall::Collection& now) {
  if (const auto named = name_arrival(flags.proof, now.arrival); !named) return named;
  if (!now.arrival.named) return {};
  const auto& address =
      now.arrival.address4 ? now.arrival.address4.value() : now.arrival.address6.value();
  if (is_local(now, address)) return {};
  return error(fmt::format("--address: this host does not have {}", address.text()));
}

// What was confirmed is brought up to date at the addresses that it was confirmed for; one that the
// host has no more is followed to the one that it has instead.
void stay_at(const guard::Grant& kept, firewall::Collection& now) {
  if (kept.addresses.empty()) return;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    auto& arrival = family == Family::ipv4 ? now.arrival.address4 : now.arrival.address6;
    const auto had = kept.addresses_of(family);
    const auto at = std::ranges::find_if(had, [&](const auto& one) { return is_local(now, one); });
    if (had.empty()) arrival.reset();
    if (at != had.end()) arrival = *at;
  }
  now.arrival.named = true;
}

enum class Purpose : std::uint8_t { apply, sync };

Parsed<Work> prepare(const GuardFlags& flags, guard::Store& store, Purpose purpose,
                     const std::optional<model::EdgeRanges>& published = std::nullopt) {
  Work out;
  auto request = read_request(flags.proof);
  if (!request) return error(request.error().text);
  out.request = std::move(*request);
  if (published) out.request.edge = *published;
  auto journal = store.load();
  if (!journal) return error(journal.error().text);
  out.journal = std::move(*journal);
  auto dumps = inspect::collect_rulesets();
  if (!dumps.unreadable.empty()) {
    return error(fmt::format("not all rules could be read: {}{}", dumps.unreadable.front(),
                             dumps.wants_root ? "; run it as root" : ""));
  }
  out.now = firewall::load(dumps.texts);
  if (!out.now.unreadable.empty()) return error(out.now.unreadable.front());
  if (const auto named = read_address(flags, out.now); !named) return error(named.error().text);
  if (purpose == Purpose::sync) stay_at(out.journal.kept, out.now);
  out.dumps = std::move(dumps.texts);
  const auto grant = asked(flags, out.journal.kept);
  if (!grant) return error(grant.error().text);
  out.settings = guard::collect_settings({&out.journal.kept});
  auto tools = guard::find_tools();
  tools.csf = out.settings.csf;
  tools.crowdsec = out.settings.decisions.has_value();
  out.plan = guard::make_plan(out.now, out.request, *grant, tools);
  guard::add_bans(out.plan.grant);
  const guard::WebQuestion question{out.request.edge.name, out.request.edge.prefixes,
                                    out.plan.grant.real_ip};
  if (auto planned = guard::plan_settings(out.settings, question, out.plan); !planned) {
    return std::unexpected(planned.error());
  }
  for (const auto& one : out.settings.unreadable) out.plan.notes.push_back("not read: " + one);
  auto wanted = guard::wanted_files(out.plan.grant, out.settings);
  if (!wanted) return std::unexpected(wanted.error());
  out.wanted = std::move(*wanted);
  return out;
}

// Proof on the host as it is now; empty when all is as planned.
std::string check_result(const Work& work) {
  const auto dumps = inspect::collect_rulesets();
  if (!dumps.unreadable.empty()) return dumps.unreadable.front();
  auto is = firewall::load(dumps.texts);
  if (work.now.arrival.named) is.arrival = work.now.arrival;
  const auto proof = firewall::prove(is, work.request);
  for (const auto& row : proof.rows) {
    if (!proof.concerns(row)) continue;
    const bool open = row.certain && row.causes.front().ending.result == firewall::Result::accept;
    const auto said = fmt::format("{} to port {}: {}: {}", row.range.text(), row.port,
                                  text(row.causes.front().ending), row.causes.front().rule.text);
    if (!open && std::ranges::find(work.plan.left, said) == work.plan.left.end()) {
      return "still stopped: " + said;
    }
  }
  // The rules alone: an address or a route that came meanwhile is not this change's doing.
  auto ruled = is;
  ruled.host = work.now.host;
  ruled.host.finish();
  ruled.arrival = work.now.arrival;
  const auto others = guard::still_open(ruled, work.plan.grant);
  if (!others.empty()) {
    return fmt::format("on port {} others still get in: {}", others.front().port,
                       sources_words(others.front().gain, others.front().family));
  }
  const auto files = guard::wanted_files(
      work.plan.grant, guard::collect_settings({&work.journal.kept, &work.plan.grant}));
  if (!files) return files.error().text;
  if (!files->empty()) {
    return fmt::format("'{}' is not as it was written", files->begin()->first);
  }
  const auto changes = guard::compare(work.now, ruled, work.request.ports);
  if (!guard::somebody_loses(changes, work.journal.kept, work.plan.grant)) return "";
  for (const auto& change : changes) {
    if (change.lose.empty()) continue;
    return fmt::format("on port {} these would not get in any more: {}", change.port,
                       sources_words(change.lose, change.family));
  }
  return "";
}

// Makes the change and leaves it under trial. Answers what went wrong, after undoing it.
std::string make_change(guard::Store& store, Work& work, std::int64_t seconds) {
  work.journal.phase = guard::Journal::Phase::applying;
  work.journal.wanted = work.plan.grant;
  if (const auto saved = store.save(work.journal); !saved) return saved.error().text;
  auto guardian = guard::Guardian::start(store);
  std::string problem;
  if (!guardian) {
    problem = guardian.error().text;
  } else {
    const auto problems = guard::change_layers(work.journal.kept, work.plan.grant, true);
    problem = problems.empty() ? check_result(work) : problems.front();
  }
  if (!problem.empty()) {
    guard::roll_back(store, work.journal);
    return problem;
  }
  work.journal.phase = guard::Journal::Phase::trying;
  work.journal.until = guard::unix_now() + seconds;
  if (const auto saved = store.save(work.journal); !saved) {
    guard::roll_back(store, work.journal);
    return saved.error().text;
  }
  guardian->trial_begins();
  return "";
}

Parsed<std::int64_t> trial_seconds(const std::string& text) {
  if (text.empty()) return std::chrono::seconds{guard::limits::kConfirm}.count();
  const auto span = parse_duration(text);
  if (!span) return error(fmt::format("--confirm-within: {}", span.error().text));
  if (*span < guard::limits::kConfirmLeast || *span > guard::limits::kConfirmMost) {
    return error("--confirm-within: out of range; expected 5s to 1h");
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*span).count();
}

// Locked, and whatever a crash left is put right.
Parsed<void> open_store(guard::Store& store) {
  if (const auto locked = store.lock(guard::limits::kLockWait); !locked)
    return error(locked.error().text);
  const auto did = guard::recover(store);
  if (!did.empty()) fmt::print(stderr, "causeway guard: {}\n", did);
  return {};
}

int report_problems(const char* command, const std::vector<std::string>& problems,
                    std::string_view done) {
  for (const auto& problem : problems) fmt::print(stderr, "causeway {}: {}\n", command, problem);
  if (!problems.empty()) return kProblem;
  print(fmt::format("{}\n", done));
  return kFine;
}

}  // namespace

int run_apply(const GuardFlags& flags) {
  if (!flags.proof.from.empty()) {
    return wrong_use("guard apply", "--from is for proofs; apply works on this host's own rules");
  }
  const auto seconds = trial_seconds(flags.confirm_within);
  if (!seconds) return wrong_use("guard apply", seconds.error().text);
  if (const auto wrong = mistake_in(flags); !wrong.empty()) return wrong_use("guard apply", wrong);
  guard::Store store{flags.state};
  if (flags.yes) {
    if (const auto opened = open_store(store); !opened) {
      return failed("guard apply", opened.error().text);
    }
  }
  auto work = prepare(flags, store, Purpose::apply);
  if (!work) return failed("guard apply", work.error().text);
  if (work->journal.phase == guard::Journal::Phase::trying) {
    return failed("guard apply", "a change waits for 'causeway guard confirm' or 'rollback'");
  }
  const auto screen = screen_of_stdout(flags.proof.no_color);
  const auto all = work->actions();
  if (work->done() || all.empty()) {
    print_lists({.notes = work->plan.notes}, screen);
    print_left(work->plan.left, screen);
    print(work->plan.before.all_open()
              ? "Nothing to do: the edge gets in.\n"
              : fmt::format("Nothing {}that guard could change lets the edge in.\n",
                            work->journal.kept.empty() ? "" : "more "));
    return work->plan.before.all_open() ? kFine : kProblem;
  }
  print_changes(work->plan, screen);
  print_lists(work->plan, screen);
  print_left(work->plan.left, screen);
  print_actions(all);
  if (const auto why = against_only(*work); !why.empty()) {
    return failed("guard apply", "refused: " + why);
  }
  if (guard::somebody_loses(work->plan.changes, work->journal.kept, work->plan.grant)) {
    return failed("guard apply", "refused: somebody who gets in now would not any more");
  }
  if (!flags.yes) {
    print("\nNothing is changed yet. To do it: causeway guard apply --yes\n");
    return kProblem;
  }
  const auto problem = make_change(store, *work, *seconds);
  if (!problem.empty()) return failed("guard apply", fmt::format("undone: {}", problem));
  print(
      fmt::format("\nDone, and proved again. It is undone in {} s unless you run:\n"
                  "  causeway guard confirm\n",
                  *seconds));
  return kFine;
}

int run_sync(const GuardFlags& flags) {
  guard::Store store{flags.state};
  if (const auto opened = open_store(store); !opened) {
    return failed("guard sync", opened.error().text);
  }
  GuardFlags kept_flags = flags;
  const auto journal = store.load();
  if (!journal) return failed("guard sync", journal.error().text);
  if (journal->phase == guard::Journal::Phase::trying) {
    return failed("guard sync", "a change waits for 'causeway guard confirm' or 'rollback'");
  }
  if (journal->kept.empty()) {
    print("Nothing to bring up to date: guard added nothing here.\n");
    return kFine;
  }
  kept_flags.proof.ports = fmt::format("{}", fmt::join(journal->kept.ports, ","));
  std::optional<model::EdgeRanges> published;
  if (flags.proof.edge == "cloudflare" && !flags.no_refresh) {
    auto fetched = fetch_ranges(flags.api);
    // The built-in list may be older than what is granted: nothing is taken away on its word.
    if (!fetched) return failed("guard sync", "nothing is changed: " + fetched.error().text);
    published = std::move(fetched->ranges);
  }
  auto work = prepare(kept_flags, store, Purpose::sync, published);
  if (!work) return failed("guard sync", work.error().text);
  if (work->done()) {
    print_left(work->plan.left, screen_of_stdout(flags.proof.no_color));
    print("Up to date.\n");
    return kFine;
  }
  // Ranges that the edge gave up lose on purpose, and nobody else.
  const auto problem =
      make_change(store, *work, std::chrono::seconds{guard::limits::kConfirm}.count());
  if (!problem.empty()) return failed("guard sync", fmt::format("undone: {}", problem));
  return report_problems("guard sync", guard::keep(store, work->journal),
                         "Brought up to date, and proved.");
}

int run_confirm(const GuardFlags& flags) {
  guard::Store store{flags.state};
  if (const auto opened = open_store(store); !opened) {
    return failed("guard confirm", opened.error().text);
  }
  const auto journal = store.load();
  if (!journal) return failed("guard confirm", journal.error().text);
  if (journal->phase != guard::Journal::Phase::trying) {
    return failed("guard confirm", "no change waits for a confirmation");
  }
  const auto problems = guard::keep(store, *journal);
  if (problems.empty() && !guard::in_place(journal->wanted, inspect::collect_rulesets().texts)) {
    fmt::print(
        stderr,
        "causeway guard confirm: kept, but not in place now: something has loaded other rules "
        "since 'apply'.\n'causeway guard restore' puts guard's rules back.\n");
    return kCouldNotTell;
  }
  return report_problems("guard confirm", problems, "Kept.");
}

int run_rollback(const GuardFlags& flags) {
  guard::Store store{flags.state};
  if (const auto locked = store.lock(guard::limits::kLockWait); !locked) {
    return failed("guard rollback", locked.error().text);
  }
  const auto journal = store.load();
  if (!journal) return failed("guard rollback", journal.error().text);
  if (journal->phase != guard::Journal::Phase::settled) {
    return report_problems("guard rollback", guard::roll_back(store, *journal),
                           "Undone: as before the last apply.");
  }
  if (journal->kept.empty()) {
    print("Nothing to undo.\n");
    return kFine;
  }
  return report_problems("guard rollback", guard::remove_kept(store, *journal),
                         "Removed all that guard had added.");
}

int run_restore(const GuardFlags& flags) {
  guard::Store store{flags.state};
  if (const auto opened = open_store(store); !opened) {
    return failed("guard restore", opened.error().text);
  }
  const auto journal = store.load();
  if (!journal) return failed("guard restore", journal.error().text);
  return report_problems("guard restore", guard::change_layers(journal->kept, journal->kept, false),
                         "In place.");
}

}  // namespace causeway::app
