#include "watch/config_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "config/keys.hpp"
#include "model/target_url.hpp"
#include "watch/channels.hpp"
#include "watch/maintenance.hpp"
#include "watch/typed_target.hpp"

namespace causeway::watch {
namespace {

using config::Findings;
using config::Node;
using Texts = std::vector<std::string>;

// Of one kind of thing: what it is called, and the names there are.
struct Known {
  std::string_view what;  // "target"
  Texts list;
  std::set<std::string> set;

  void add(const std::string& name) {
    if (set.insert(name).second) list.push_back(name);
  }
};

class NameCheck {
 public:
  NameCheck(const Node& table, const Settings& settings, const config::CheckContext& context,
            Findings& findings)
      : table_(table), settings_(settings), now_(context.now), findings_(findings) {}

  void check() {
    gather();
    for (std::size_t i = 0; i < settings_.targets.size(); ++i) check_target(i);
    check_circles();
    for (std::size_t i = 0; i < settings_.channels.size(); ++i) check_channel(i);
    for (std::size_t i = 0; i < settings_.maintenance.size(); ++i) check_window(i);
  }

 private:
  void gather() {
    for (std::size_t i = 0; i < settings_.targets.size(); ++i) {
      const Target& target = settings_.targets[i];
      all_known_ = all_known_ && !target.id.empty();
      if (!target.team.empty()) teams_.add(target.team);
      for (const std::string& tag : target.tags) tags_.add(tag);
      if (target.id.empty()) continue;
      if (targets_.set.contains(target.id)) {
        refuse(
            nth(table_, "target", i), "id", "duplicate",
            fmt::format("another target has the id '{}'; give one of them its own id", target.id),
            findings_);
      }
      targets_.add(target.id);
    }
    for (std::size_t i = 0; i < settings_.channels.size(); ++i) {
      const Channel& channel = settings_.channels[i];
      if (channels_.set.contains(channel.name)) {
        refuse(nth(table_, "channel", i), "name", "duplicate",
               fmt::format("another channel is called '{}'", channel.name), findings_);
      }
      channels_.add(channel.name);
    }
    for (const auto& row : model::failure_rows()) failures_.add(std::string{row.id});
  }

  // The place of one word of a list, or of the one that stands for a list of one.
  static config::Place place_of(const Node& table, std::string_view key, std::size_t n) {
    const Node* list = table.find(key);
    if (list == nullptr) return table.place;
    return n < list->items.size() ? list->items[n].place : list->place;
  }

  static std::string there_is_no(const Known& known, std::string_view word) {
    return fmt::format("there is no {} '{}'", known.what, printable(word, 80));
  }

  void refers(const Node& table, std::string_view key, const Texts& used, const Known& known) {
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (known.set.contains(used[i])) continue;
      findings_.error(
          "dangling-reference", place_of(table, key, i),
          fmt::format("{}; {}", there_is_no(known, used[i]), config::hint(used[i], known.list)));
    }
  }

  // Groups and tags are also those of targets that people add in the console: only what looks like
  // a slip is refused.
  void may_refer(const Node& table, std::string_view key, const Texts& used, const Known& known) {
    if (settings_.targets.empty()) return;
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (known.set.contains(used[i])) continue;
      const std::string near = nearest(used[i], known.list);
      const auto place = place_of(table, key, i);
      if (near.empty()) {
        findings_.warning("dangling-reference", place,
                          fmt::format("no target of this file has the {} '{}'", known.what,
                                      printable(used[i], 80)));
      } else {
        findings_.error("dangling-reference", place,
                        fmt::format("no target has the {} '{}'; did you mean `{}`?", known.what,
                                    printable(used[i], 80), near));
      }
    }
  }

  void check_target(std::size_t i) {
    const Target& target = settings_.targets[i];
    const Node& table = nth(table_, "target", i);
    if (all_known_) refers(table, "parents", target.parents, targets_);
    refers(table, "channels", target.channels, channels_);
    for (std::size_t n = 0; n < target.remedies.size(); ++n) {
      const Remedy& remedy = target.remedies[n];
      const Node& inner = nth(table, "remedy", n);
      if (all_known_) refers(inner, "verify", remedy.verify, targets_);
      refers(inner, "failures", remedy.failures, failures_);
    }
  }

  void check_circles() {
    std::map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < settings_.targets.size(); ++i) {
      numbers.emplace(settings_.targets[i].id, i);
    }
    const auto parents_of = [&](const std::string& id) -> const Texts* {
      const auto found = numbers.find(id);
      return found == numbers.end() ? nullptr : &settings_.targets[found->second].parents;
    };
    std::set<std::string> done;
    for (const Target& target : settings_.targets) {
      const Texts round = way_round(target.id, parents_of, done);
      if (round.empty()) continue;
      refuse(nth(table_, "target", numbers.at(round.front())), "parents", "contradiction",
             round.size() == 2
                 ? fmt::format("'{}' depends on itself: {}", round[0], join(round, ", "))
                 : fmt::format("{} depend on each other: while one is down, alerts of all are held",
                               join(round, ", ")),
             findings_);
    }
  }

  void check_channel(std::size_t i) {
    const Channel& channel = settings_.channels[i];
    const Node& table = nth(table_, "channel", i);
    if (const std::string why = missing(channel); !why.empty()) {
      findings_.error("missing-key", table.place, why);
    }
    if (const std::string why = wrong_url(channel); !why.empty()) {
      refuse(table, "url", "wrong-value", why, findings_);
    }
    may_refer(table, "teams", channel.teams, teams_);
    may_refer(table, "tags", channel.tags, tags_);
  }

  void check_window(std::size_t i) {
    const store::MaintenanceWindow& window = settings_.maintenance[i];
    const Node& table = nth(table_, "maintenance", i);
    if (all_known_ && !settings_.targets.empty()) {
      refers(table, "targets", window.targets, targets_);
    }
    may_refer(table, "teams", window.teams, teams_);
    may_refer(table, "tags", window.tags, tags_);
    // A file may keep what is over: it would else stop being right while nobody looks.
    if (const std::string why = past(window, now_); now_ != WallTime{} && !why.empty()) {
      const auto colon = why.find(':');
      const config::Member* key = table.member(why.substr(0, colon));
      findings_.warning("unused", key == nullptr ? table.place : key->place, why);
    }
  }

  const Node& table_;
  const Settings& settings_;
  WallTime now_;
  Findings& findings_;
  Known targets_{.what = "target"};
  Known channels_{.what = "channel"};
  Known failures_{.what = "failure"};
  Known teams_{.what = "team"};
  Known tags_{.what = "tag"};
  bool all_known_ = true;  // no target without an id: what it is called could be what is meant
};

}  // namespace

const Node& nth(const Node& table, std::string_view key, std::size_t n) {
  const Node* list = table.find(key);
  return list != nullptr && n < list->items.size() ? list->items[n] : table;
}

void refuse(const Node& table, std::string_view path, std::string_view rule, std::string text,
            Findings& findings) {
  const Node* at = &table;
  config::Place place = table.place;
  for (const auto key : split(path, '.')) {
    const config::Member* member = at->member(key);
    if (member == nullptr) break;
    if (findings.any_at(member->value.place)) return;
    place = member->place;
    at = &member->value;
  }
  findings.error(rule, place, std::move(text));
}

void check_names(const Node& table, const Settings& settings, const config::CheckContext& context,
                 Findings& findings) {
  NameCheck{table, settings, context, findings}.check();
}

std::string wrong_url(const Channel& channel) {
  if (channel.url.empty() || channel.kind == ChannelKind::command) return {};
  const bool mail = channel.kind == ChannelKind::mail;
  const std::string_view expected =
      mail ? "smtp://mail.example.net:587 or smtps://mail.example.net" : "https://www.example.net/";
  const std::string_view url = channel.url;
  const auto refused = [&](std::string_view why) {
    return fmt::format("'{}' is no address: {}; expected one like {}",
                       printable(url, limits::kTextKept), why, expected);
  };
  const auto mark = url.find("://");
  const std::string scheme = lower(url.substr(0, mark));
  const bool known =
      mail ? scheme == "smtp" || scheme == "smtps" : scheme == "http" || scheme == "https";
  if (mark == std::string_view::npos) return refused("it has no scheme");
  if (!known) return refused(fmt::format("the scheme is '{}'", printable(scheme, 40)));
  std::string_view rest = url.substr(mark + 3);
  const auto name_end = rest.substr(0, rest.find_first_of("/?#")).rfind('@');
  if (name_end != std::string_view::npos) rest.remove_prefix(name_end + 1);  // user:password@
  const auto read = model::parse_target("https://" + std::string{rest});
  return read ? std::string{} : refused(read.error().text.substr(0, read.error().text.find(';')));
}

}  // namespace causeway::watch
