// The faces of a log's summary.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "app/explain_logs.hpp"
#include "app/phrases.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "explain/candidates.hpp"

namespace causeway::app {
namespace {

using explain::Group;
using explain::Part;
using explain::Summary;

constexpr std::size_t kGroupsShown = 8;
constexpr std::size_t kGroupsJudged = 24;
constexpr std::size_t kGroupsInJson = 500;
constexpr std::size_t kCausesShown = 3;
constexpr std::size_t kTopCauses = 5;
constexpr std::size_t kBegins = 10;
constexpr std::size_t kNext = 6;

std::string whole(std::uint64_t number) {  // "1 204 331"
  std::string out = fmt::format("{}", number);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<std::size_t>(at), 1, ' ');
  return out;
}

std::string stamp(std::int64_t at) { return rfc3339(WallTime{std::chrono::milliseconds{at}}); }

std::string moment(std::int64_t at) {  // "2026-11-24 14:02:11"
  auto out = stamp(at).substr(0, 19);
  out[10] = ' ';
  return out;
}

// The end of a span, without the day when it is the same.
std::string until(std::int64_t first, std::int64_t last) {
  const auto a = moment(first);
  const auto b = moment(last);
  return a.substr(0, 10) == b.substr(0, 10) ? b.substr(11) : b;
}

std::string percent(std::uint64_t part, std::uint64_t of) {
  if (of == 0) return "0 %";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(of);
  return share >= 9.95 ? fmt::format("{:.0f} %", share) : fmt::format("{:.2g} %", share);
}

std::string failure_words(const Group& group) {
  if (const auto failure = group.meaning.failure()) return std::string{name(*failure)};
  std::vector<std::string> out;
  for (const auto each : group.meaning.possible.all()) out.emplace_back(name(each));
  if (out.size() > 3) {
    out.resize(3);
    out.emplace_back("...");
  }
  return "one of " + join(out, ", ");
}

std::string code_text(const Group& group) {
  if (const int code = group.meaning.code(); code != 0) return fmt::format("{}", code);
  const auto& statuses = group.statuses.all();
  return statuses.empty() ? "-" : statuses.front().name;
}

struct Weighed {
  model::RankedCause cause;
  double weight = 0;
  const Group* group = nullptr;
};

// Causes over all groups: a group counts as much as what it stands for.
std::vector<Weighed> top_causes(const std::vector<const Group*>& groups) {
  std::map<model::CauseId, Weighed> all;
  double total = 0;
  for (const auto* group : groups) total += static_cast<double>(group->count);
  for (std::size_t i = 0; i < std::min(groups.size(), kGroupsJudged); ++i) {
    const double share = static_cast<double>(groups[i]->count) / total;
    for (auto& cause : explain::candidates(groups[i]->meaning, explain::place_of(*groups[i]))) {
      const double weight = cause.probability * share;
      auto& into = all[cause.cause];
      if (into.group == nullptr) into = {std::move(cause), 0, groups[i]};
      into.weight += weight;
    }
  }
  std::vector<Weighed> out;
  out.reserve(all.size());
  for (auto& [id, each] : all) out.push_back(std::move(each));
  std::ranges::sort(out, std::greater{}, &Weighed::weight);
  if (out.size() > kTopCauses) out.resize(kTopCauses);
  return out;
}

std::vector<std::string> next_commands(const std::vector<const Group*>& groups,
                                       const std::vector<Weighed>& causes) {
  std::vector<std::string> out;
  const auto add = [&](std::string command) {
    if (!command.empty() && out.size() < kNext && std::ranges::find(out, command) == out.end())
      out.push_back(std::move(command));
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(groups.size(), 3); ++i)
    add(explain::diagnose_command(explain::place_of(*groups[i])));
  for (std::size_t i = 0; i < std::min<std::size_t>(causes.size(), 2); ++i)
    add(fmt::format("causeway explain {}", name(causes[i].cause.cause)));
  return out;
}

class Text {
 public:
  Text(const Summary& summary, const std::vector<std::string>& files, const Screen& screen)
      : summary_(summary), files_(files), screen_(screen), failed_(summary.groups(Part::failed)) {
    for (const auto* group : summary.groups(Part::trouble)) failed_.push_back(group);
  }

  std::string write() {
    head();
    for (std::size_t i = 0; i < std::min(failed_.size(), kGroupsShown); ++i) group(*failed_[i]);
    if (failed_.size() > kGroupsShown) {
      out_ += fmt::format("  and {} more kinds of failure; --format json has them all.\n",
                          failed_.size() - kGroupsShown);
    }
    client_left();
    begins();
    causes();
    unknown();
    not_read();
    return std::move(out_);
  }

 private:
  void title(std::string_view text) { out_ += "\n" + screen_.paint(Tone::strong, text) + "\n"; }

  void head() {
    std::vector<std::string> formats;
    for (std::size_t i = 0; i < summary_.formats().size(); ++i) {
      if (summary_.formats()[i] > 0) formats.emplace_back(name(static_cast<codec::LogFormat>(i)));
    }
    out_ += screen_.paint(Tone::accent, printable(join(files_, ", "), limits::kTextKept));
    out_ += fmt::format("  {} lines", whole(summary_.lines()));
    if (!formats.empty()) out_ += ", " + join(formats, ", ");
    out_ += "\n";
    if (summary_.first() != codec::kNoTime) {
      out_ += fmt::format(
          "  {} to {} UTC{}\n", moment(summary_.first()), until(summary_.first(), summary_.last()),
          summary_.zoned() ? "" : " (the log names no zone: --zone says which it is)");
    }
    std::vector<std::string> counts;
    const auto requests = summary_.fine() + summary_.failed() + summary_.client_left();
    if (summary_.failed() > 0)
      counts.push_back(fmt::format("{} requests failed ({})", whole(summary_.failed()),
                                   percent(summary_.failed(), requests)));
    if (summary_.messages() > 0)
      counts.push_back(fmt::format("{} messages about failures", whole(summary_.messages())));
    if (summary_.fine() > 0) counts.push_back(fmt::format("{} fine", whole(summary_.fine())));
    if (summary_.client_left() > 0)
      counts.push_back(fmt::format("{} given up by the client", whole(summary_.client_left())));
    if (summary_.unknown() > 0)
      counts.push_back(fmt::format("{} lines not understood", whole(summary_.unknown())));
    if (summary_.outside() > 0)
      counts.push_back(
          fmt::format("{} lines outside the time asked for", whole(summary_.outside())));
    if (!counts.empty()) out_ += hanging("  ", join(counts, ", "), screen_.width);
    if (failed_.empty() && summary_.lines() > summary_.unknown() + summary_.outside()) {
      const bool whole = summary_.not_read().empty();
      out_ += "  " +
              screen_.paint(whole ? Tone::good : Tone::warning,
                            whole ? "No failure on the way to an origin."
                                  : "No failure on the way to an origin in what was read.") +
              "\n";
    }
    if (!failed_.empty()) title("What failed");
  }

  void group(const Group& group) {
    out_ += fmt::format("  {}  {}  {} x", screen_.paint(Tone::bad, padded(code_text(group), 3)),
                        screen_.paint(Tone::accent, failure_words(group)), whole(group.count));
    if (!group.origin.empty()) out_ += fmt::format("  {}", group.origin);
    out_ += "\n";
    out_ += hanging("       ", std::string{group.meaning.reading}, screen_.width);
    if (group.first() != codec::kNoTime) {
      std::string when =
          fmt::format("{} to {} UTC", moment(group.first()), until(group.first(), group.last()));
      const auto rate = summary_.rate(group.first(), group.last());
      if (rate.requests > 0)
        when += fmt::format(", when {} of {} requests failed ({})", whole(rate.failed),
                            whole(rate.requests), percent(rate.failed, rate.requests));
      out_ += hanging("       ", when, screen_.width);
    }
    if (const auto& hosts = group.hosts.all(); !hosts.empty()) {
      std::vector<std::string> names;
      for (const auto& host : hosts) {
        if (names.size() == 4) break;
        names.push_back(fmt::format("{} ({})", host.name, whole(host.count)));
      }
      out_ += hanging("       hosts: ", join(names, ", "), screen_.width);
    }
    std::vector<std::string> may;
    for (const auto& cause : explain::candidates(group.meaning, explain::place_of(group))) {
      if (may.size() == kCausesShown) break;
      may.push_back(fmt::format("{} ({})", name(cause.cause), confidence_word(cause.probability)));
    }
    if (!may.empty()) out_ += hanging("       may be: ", join(may, ", "), screen_.width);
    out_ += hanging(fmt::format("       line {}: ", group.first_line),
                    group.first_text.substr(0, 200), screen_.width);
  }

  void client_left() {
    const auto groups = summary_.groups(Part::client_left);
    if (groups.empty()) return;
    title("Given up by the client");
    for (std::size_t i = 0; i < std::min<std::size_t>(groups.size(), 3); ++i) {
      out_ += hanging(fmt::format("  {} x  ", whole(groups[i]->count)),
                      std::string{groups[i]->meaning.reading}, screen_.width);
    }
  }

  void begins() {
    struct Begin {
      const Group* group;
      explain::Episode episode;
    };
    std::vector<Begin> all;
    for (const auto* each : failed_) {
      for (const auto& episode : each->episodes) all.push_back({each, episode});
    }
    if (all.size() < 2) return;
    std::ranges::sort(all, std::greater{}, [](const Begin& b) { return b.episode.count; });
    if (all.size() > kBegins) all.resize(kBegins);
    std::ranges::sort(all, {}, [](const Begin& b) { return b.episode.first; });
    title("What began when (UTC)");
    for (const auto& [each, episode] : all) {
      std::string line = fmt::format("{} {}", code_text(*each), failure_words(*each));
      if (!each->origin.empty()) line += " at " + each->origin;
      line +=
          fmt::format(", {} x until {}", whole(episode.count), until(episode.first, episode.last));
      out_ += hanging(fmt::format("  {}  ", moment(episode.first)), line, screen_.width);
    }
  }

  void causes() {
    if (failed_.empty()) return;
    const auto top = top_causes(failed_);
    if (!top.empty()) title("Causes to look at first");
    for (const auto& each : top) {
      out_ += hanging(fmt::format("  {}: ", screen_.paint(Tone::accent, name(each.cause.cause))),
                      fmt::format("{} (to act: {})", model::row(each.cause.cause).title,
                                  owner_phrase(model::row(each.cause.cause).owner)),
                      screen_.width);
    }
    const auto commands = next_commands(failed_, top);
    if (!commands.empty()) title("What to run next");
    for (const auto& command : commands) out_ += "  " + screen_.paint(Tone::accent, command) + "\n";
  }

  void not_read() {
    if (summary_.not_read().empty()) return;
    title("Not read");
    for (const auto& why : summary_.not_read()) out_ += hanging("  ", why, screen_.width);
  }

  void unknown() {
    if (summary_.unknown() == 0) return;
    title("Not understood");
    out_ += hanging(fmt::format("  line {}: ", summary_.unknown_line()),
                    summary_.unknown_text().substr(0, 160), screen_.width);
  }

  const Summary& summary_;
  const std::vector<std::string>& files_;
  const Screen& screen_;
  std::vector<const Group*> failed_;
  std::string out_;
};

using Json = nlohmann::ordered_json;

Json time_or_null(std::int64_t at) {
  return at == codec::kNoTime ? Json(nullptr) : Json(stamp(at));
}

Json counted(const explain::TopNames& names) {
  Json out = Json::array();
  for (const auto& each : names.all()) out.push_back({{"name", each.name}, {"count", each.count}});
  return out;
}

Json cause_json(const model::RankedCause& cause, double probability) {
  const auto& row = model::row(cause.cause);
  return {{"id", row.id},
          {"probability", std::round(probability * 1000) / 1000},
          {"owner", name(row.owner)},
          {"title", row.title}};
}

std::string_view part_word(Part part) {
  switch (part) {
    case Part::fine: return "fine";
    case Part::failed: return "failed";
    case Part::client_left: return "client-left";
    case Part::trouble: return "trouble";
  }
  std::unreachable();
}

Json group_json(const Summary& summary, const Group& group, bool judged) {
  const auto failure = group.meaning.failure();
  const int code = group.meaning.code();
  Json possible = Json::array();
  for (const auto each : group.meaning.possible.all()) possible.push_back(name(each));
  Json episodes = Json::array();
  for (const auto& each : group.episodes) {
    const auto rate = summary.rate(each.first, each.last);
    episodes.push_back({{"from", stamp(each.first)},
                        {"to", stamp(each.last)},
                        {"count", each.count},
                        {"requests", rate.requests},
                        {"requests_failed", rate.failed}});
  }
  Json causes = Json::array();
  const auto place = explain::place_of(group);
  if (judged) {
    for (const auto& cause : explain::candidates(group.meaning, place))
      causes.push_back(cause_json(cause, cause.probability));
  }
  const auto next = explain::diagnose_command(place);
  return {
      {"part", part_word(group.meaning.part)},
      {"failure", failure ? Json(name(*failure)) : Json(nullptr)},
      {"code", code == 0 ? Json(nullptr) : Json(code)},
      {"possible", std::move(possible)},
      {"reading", group.meaning.reading},
      {"origin", group.origin},
      {"count", group.count},
      {"from", time_or_null(group.first())},
      {"to", time_or_null(group.last())},
      {"episodes", std::move(episodes)},
      {"hosts", counted(group.hosts)},
      {"statuses", counted(group.statuses)},
      {"rays", group.rays},
      {"causes", std::move(causes)},
      {"next", next.empty() ? Json::array() : Json::array({next})},
      {"example", {{"file", group.file}, {"line", group.first_line}, {"text", group.first_text}}}};
}

}  // namespace

std::string logs_text(const Summary& summary, const std::vector<std::string>& files,
                      const Screen& screen) {
  return Text{summary, files, screen}.write();
}

std::string logs_json(const Summary& summary, const std::vector<std::string>& files) {
  Json formats = Json::array();
  for (std::size_t i = 0; i < summary.formats().size(); ++i) {
    if (summary.formats()[i] == 0) continue;
    const auto format = static_cast<codec::LogFormat>(i);
    formats.push_back(
        {{"id", id(format)}, {"name", name(format)}, {"lines", summary.formats()[i]}});
  }
  auto failed = summary.groups(Part::failed);
  for (const auto* group : summary.groups(Part::trouble)) failed.push_back(group);
  const auto top = top_causes(failed);
  Json groups = Json::array();
  auto all = failed;
  for (const auto* group : summary.groups(Part::client_left)) all.push_back(group);
  for (std::size_t i = 0; i < std::min(all.size(), kGroupsInJson); ++i) {
    groups.push_back(group_json(summary, *all[i],
                                i < kGroupsJudged && all[i]->meaning.part != Part::client_left));
  }
  Json causes = Json::array();
  for (const auto& each : top) causes.push_back(cause_json(each.cause, each.weight));
  const Json out{{"schema", "causeway.logs/1"},
                 {"files", files},
                 {"formats", std::move(formats)},
                 {"lines", summary.lines()},
                 {"bytes", summary.bytes()},
                 {"from", time_or_null(summary.first())},
                 {"to", time_or_null(summary.last())},
                 {"zone", summary.zoned() ? "written" : "assumed"},
                 {"requests",
                  {{"fine", summary.fine()},
                   {"failed", summary.failed()},
                   {"client_left", summary.client_left()}}},
                 {"messages", summary.messages()},
                 {"outside", summary.outside()},
                 {"unknown",
                  {{"lines", summary.unknown()},
                   {"first_line", summary.unknown_line()},
                   {"text", summary.unknown_text()}}},
                 {"not_read", summary.not_read()},
                 {"not_grouped", summary.not_grouped()},
                 {"groups_left_out", all.size() - groups.size()},
                 {"groups", std::move(groups)},
                 {"causes", std::move(causes)},
                 {"next", next_commands(failed, top)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::app
